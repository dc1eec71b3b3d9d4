"""Networks: read once, expanded often."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _errors, _hope, _inputs, _place, _progress
from ._expansion import Expansion

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._progress import OnProgress


class Options(_place.Place, total=False):
    """What `Model.expand` takes by name."""

    terms: str | None
    directions: Any
    subspace: Any
    outputs: int | Iterable[int] | None
    radius: float
    progress: bool | OnProgress | None


class Model:
    """A trained network, ready to be expanded; made by `load`.

    What an expansion takes besides points (plan, converted or uploaded weights) is made once for each set of options and kept. A model
    may be used from several threads at once and after a fork, and pickles with all of its weights.
    """

    __slots__ = ("_choices", "_network", "_source")

    def __init__(self, network: _hope.Network, source: Path | bytes, choices: dict[str, Any]) -> None:
        self._network = network
        self._source = source
        self._choices = choices

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of the input for one point."""
        return tuple(self._network.input_shape)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the output for one point."""
        return tuple(self._network.output_shape)

    @property
    def output_name(self) -> str:
        """Name of the output."""
        return self._network.output_name

    @property
    def inputs(self) -> dict[str, tuple[int, ...]]:
        """Name and shape of each input that a point is made of, one after the other."""
        return {name: tuple(shape) for name, shape in self._network.inputs}

    @property
    def parameters(self) -> int:
        """Number of weights, biases included."""
        return self._network.parameters

    def _points(self, x: Any) -> NDArray[np.float64]:
        return _inputs.points(x, self._network.input_shape, self._network.inputs)

    def _outputs(self, outputs: int | Iterable[int] | None) -> list[int] | None:
        count = int(np.prod(self._network.output_shape, dtype=np.int64))
        return _inputs.outputs(outputs, count)

    def __call__(
        self,
        x: Any,
        *,
        outputs: int | Iterable[int] | None = None,
        device: str = "cpu",
        precision: Any = None,
        threads: int | None = None,
    ) -> NDArray[np.floating[Any]]:
        """The network's outputs at points, shape (B, m); points as in `expand`."""
        threads = None if threads is None else _inputs.whole(threads, "threads", 1)
        number_type = _inputs.precision(precision)
        return self._network.forward(self._points(x), self._outputs(outputs), device, number_type, threads)

    def expand(
        self,
        x: Any,
        order: int | None = None,
        *,
        terms: str | None = None,
        directions: Any = None,
        subspace: Any = None,
        operator: Any = None,
        samples: int | None = None,
        seed: int = 1,
        outputs: int | Iterable[int] | None = None,
        inputs: Iterable[int] | None = None,
        method: str = "exact",
        device: str = "auto",
        precision: Any = None,
        threads: int | None = None,
        memory: int | str | None = None,
        verify: int | None = None,
        radius: float = 1.0,
        progress: bool | OnProgress | None = None,
    ) -> Expansion:
        """Expands the network into Taylor polynomials at points.

        Parameters
        ----------
        x : array_like, shape (B, ...input shape), (B, p), or that of one point
            Points: whatever numpy can view, by ``__array__``, DLPack or as nested lists. For several inputs, a mapping with an array for
            each by name.
        order : int
            Highest order, 1 to 30; on GPUs to 16. Default: 4; 2 for second derivatives, 1 for a gradient without directions, that of
            an operator.
        terms : {"unmixed", "along", "mixed", "gradient", "hessian", "operator"}
            Which coefficients: along each input (default), along `directions` (default with them), or of all monomials in the inputs, or
            in a `subspace` (default with it); gradients by all inputs at once as series along `directions`, or without them the gradient
            itself; second derivatives; or an `operator` (default with it).
        directions : array_like, shape (R, p), (R, ...input shape), or (B, R, p) for directions of their own at each point
        subspace : array_like, shape (d, p) or (d, ...input shape)
            Directions of the variables of mixed terms.
        operator : {"laplacian", "biharmonic"} or mapping
            A differential operator, the sum of its terms: each a tuple of inputs to derive by, with its coefficient, a number or B of them:
            ``{(0, 0): 1.0, (0, 0, 1): speed, (): -2.0}``. Pairs will do, too.
        samples : int
            Estimate "laplacian" or "biharmonic" by so many random rays, 2 or more: for many inputs. Unbiased, not exact: the standard error of each
            number is `Expansion.operator_error`, and there is an `ApproximationWarning`.
        seed : int
            Of the samples: equal seeds give equal rays.
        outputs : int or sequence of int
            Selected outputs; default: all m of them.
        inputs : sequence of int
            Rows of second derivatives, or what a named operator derives by; default: all p inputs.
        method : {"exact", "hope"}
            Exact Taylor series, or HOPE's published rule, which is exact for some networks only: where it isn't, there is an
            `ApproximationWarning`, and the certificate says why.
        device : str
            "auto" (a hardware GPU if there is one that suits, else the processor), "cpu", "gpu", or part of an adapter's name.
        precision : {"f32", "f64"} or numpy's names
            Number type to compute in, which that of the result is, too; default: f64 on the processor, f32 on GPUs.
        threads : int
            Threads of the processor; default: RAYON_NUM_THREADS, else all cores. Results don't depend on it.
        memory : int or str
            Bytes, or a size such as "2GiB", for the work and the result; default: half of the free memory.
        verify : int
            Number of random rays to compute once more in f64; default: 3 for runs in f32, else none.
        radius : float
            For a smooth stand-in: distance from the points up to which it is compared with the network.
        progress : bool or callable
            True: a bar of tqdm, or lines without it; a callable gets the pieces of work done and their number.

        Returns
        -------
        Expansion
        """
        points = self._points(x)
        rows = None
        if directions is not None and subspace is not None:
            raise _errors.RequestError("directions are those of rays, a subspace has those of variables: give one of them")
        if directions is not None:
            rows = _inputs.directions(directions, self._network.input_shape, len(points))
        elif subspace is not None:
            rows = _inputs.subspace(subspace, self._network.input_shape)
        kind = "along" if directions is not None else "mixed" if subspace is not None else "operator" if operator is not None else "unmixed"
        if operator is not None and kind != "operator":
            raise _errors.RequestError("an operator has rays of its own: it goes with neither directions nor a subspace")
        free = operator is None
        fits = terms in (None, kind) or (terms in ("mixed", "hessian") and rows is None and free) or (terms == "gradient" and subspace is None and free)
        if not fits:
            if terms not in ("unmixed", "along", "mixed", "gradient", "hessian", "operator"):
                raise _errors.RequestError(f"terms '{terms}': choose 'unmixed', 'along', 'mixed', 'gradient', 'hessian' or 'operator'")
            given = "directions" if directions is not None else "a subspace" if subspace is not None else "an operator"
            missing = {"along": "need directions", "operator": "need an operator"}.get(terms, f"don't go with {given}")
            raise _errors.RequestError(f"terms '{terms}' {missing}")
        terms = terms or kind
        if inputs is not None and terms != "hessian" and not isinstance(operator, str):
            raise _errors.RequestError("inputs are the rows of second derivatives, or those of a named operator: they go with terms='hessian' or operator='laplacian'")
        chosen = None if inputs is None else [int(i) for i in inputs]
        of_inputs = range(points.shape[1]) if chosen is None else chosen
        if samples is not None and operator is None:
            raise _errors.RequestError("samples estimate an operator: give operator='laplacian' or 'biharmonic' with them")
        sampled = None if samples is None else _inputs.estimate(operator, of_inputs, samples, seed)
        of_operator = None if operator is None or sampled is not None else _inputs.operator_terms(operator, of_inputs)
        if order is None:
            order = 2 * sampled[1] if sampled is not None else max(1, *(len(derivative) for derivative, _ in of_operator), 1) if of_operator is not None else 2 if terms == "hessian" else 1 if terms == "gradient" and rows is None else 4
        wanted = _place.wanted(
            order,
            terms,
            rows,
            self._outputs(outputs),
            chosen if operator is None else None,
            of_operator,
            sampled,
            method=method,
            device=device,
            precision=precision,
            threads=threads,
            memory=memory,
            verify=verify,
        )
        with _progress.shown(progress, "expanding") as update:
            found = self._network.expand(points, wanted, float(radius), update)
        expansion = Expansion(
            terms=terms,
            points=points,
            value=found["value"],
            coefficients=found["coefficients"],
            operator_error=found["operator_error"],
            kink=found["kink"],
            directions=rows if terms in ("along", "gradient") else None,
            subspace=rows if terms == "mixed" else None,
            rows=np.array(range(points.shape[1]) if chosen is None else chosen, dtype=np.float64) if terms == "hessian" else None,
            _exponents=found["exponents"],
            _record=found["record"],
        )
        certificate = expansion.certificate
        stand_in = "smooth" in expansion.report
        _errors.warn_unless(certificate.exact, certificate.reason, stand_in, method)
        return expansion

    def to_bytes(self) -> bytes:
        """The bytes of the ONNX file, with weights inside that are in other files."""
        if isinstance(self._source, bytes):
            return self._source
        try:
            file = self._source.read_bytes()
        except OSError as error:
            raise _errors.FileError(f"cannot read {self._source}: {error}") from error
        if hashlib.sha256(file).hexdigest() != self._network.sha256:
            raise _errors.FileError(f"{self._source} has changed since the model was loaded: load it again")
        if self._network.external:
            return _hope.file_bytes(self._source, self._choices["allow_external"])
        return file

    def __reduce__(self) -> tuple[Any, tuple[bytes, dict[str, Any]]]:
        return _restored, (self.to_bytes(), {**self._choices, "allow_external": []})

    def __copy__(self) -> Model:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Model:
        return self  # nothing of it can be changed

    def __repr__(self) -> str:
        shapes = (" x ".join(map(str, shape)) or "1" for shape in (self.input_shape, self.output_shape))
        source = str(self._source) if isinstance(self._source, Path) else f"{len(self._source)} bytes"
        return "Model({}: input {}, output '{}' {})".format(source, next(shapes), self.output_name, next(shapes))


def _restored(file: bytes, choices: dict[str, Any]) -> Model:
    return Model(_hope.read_bytes(file, choices), file, choices)


def load(
    model: Any,
    *,
    example: Any = None,
    output: str | None = None,
    input: str | Sequence[str] | None = None,
    fix: Mapping[str, Any] | None = None,
    shape: Sequence[int] | None = None,
    logits: bool = False,
    smooth: str | Mapping[str, float | str] | None = None,
    allow_external: Sequence[str | os.PathLike[str]] = (),
) -> Model:
    """Loads a trained network.

    Parameters
    ----------
    model : path, bytes, onnx.ModelProto, torch.nn.Module or estimator of scikit-learn
        An ONNX file, its bytes, or the model itself. A torch module is exported to ONNX in memory (torch and onnxscript have to be
        installed); it takes an `example`. A fitted estimator or pipeline is converted by skl2onnx; a classifier's output are its probabilities,
        unless `output` says otherwise.
    example : array_like, or a mapping of them by input's name
        An input with its batch axis, such as the points that you will expand at: sizes that the model leaves open are its.
    output : str
        Which of the model's outputs, or an inner tensor at which to stop; default: the first output.
    input : str or sequence of str
        Which of its inputs to expand in, or an inner tensor at which to start; several are one point together. Default: the only one
        that isn't fixed.
    fix : mapping of str to array_like
        Inputs that are constants: arrays of their shape, or numbers for all of their elements.
    shape : sequence of int
        Sizes of the input's axes, axis 0 among them, where the model leaves some open. If axis 0 is of another size than 1, it is no
        batch but an axis of each point.
    logits : bool
        Leave out a softmax or log-softmax at the very end.
    smooth : str or mapping
        Expand a smooth stand-in for the network, whose kinks are rounded off, the less the larger the number:
        ``{"relu": 20, "max_pool": 20}`` or ``"relu=softplus:20,max_pool=logsumexp:20"``; also leaky_relu, abs and clip.
        ``{"quantize": "identity"}`` leaves out the rounding of a quantised network.
    allow_external : sequence of paths
        Folders in which weights outside the model's file may be, besides its own.

    Returns
    -------
    Model
    """
    shapes, named = None, []
    if isinstance(example, Mapping):
        named = [(name, np.shape(_inputs.numbers(part, "examples"))) for name, part in example.items()]
    elif example is not None and not isinstance(example, tuple):
        shapes = _inputs.numbers(example, "examples").shape
    choices: dict[str, Any] = {
        "output": output,
        "inputs": [input] if isinstance(input, str) else list(input or ()),
        "fixed": [(name, _inputs.numbers(value, f"numbers of '{name}'")) for name, value in (fix or {}).items()],
        "shape": None if shape is None else [_inputs.whole(size, "size", 1) for size in shape],
        "points": shapes,
        "named_points": named,
        "allow_external": [os.fspath(folder) for folder in allow_external],
        "logits": bool(logits),
        "smooth": _inputs.smoothing(smooth),
    }
    if isinstance(model, (str, os.PathLike)):
        path = Path(model)
        return Model(_hope.read_file(path, choices), path, choices)
    if isinstance(model, (bytes, bytearray, memoryview)):
        return _restored(bytes(model), choices)
    if hasattr(model, "SerializeToString"):
        return _restored(model.SerializeToString(), choices)
    if hasattr(model, "state_dict") and hasattr(model, "forward"):
        from ._torch import exported

        return _restored(exported(model, example), choices)
    if hasattr(model, "get_params") and hasattr(model, "fit"):
        from ._onnx import of_estimator

        if hasattr(model, "classes_") and output is None:
            choices["output"] = "probabilities"
        return _restored(of_estimator(model, example), choices)
    kind = type(model)
    raise TypeError(
        f"a model is a path, bytes, an onnx.ModelProto, a torch.nn.Module or an estimator of scikit-learn, not a {kind.__module__}.{kind.__qualname__}"
    )


def expand(model: Any, x: Any, order: int | None = None, **options: Unpack[Options]) -> Expansion:
    """Loads a model, unless it is a `Model` already, and expands it: see `load` and `Model.expand`."""
    loaded = model if isinstance(model, Model) else load(model, example=x)
    return loaded.expand(x, order, **options)
