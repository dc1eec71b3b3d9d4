"""What people give, as the arrays and numbers that the library takes."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import RequestError, SelectionError, ShapeError

Floats = NDArray[np.float64]

_UNITS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_PRECISIONS = {"f32": "f32", "float32": "f32", "f64": "f64", "float64": "f64"}


def numbers(x: Any, what: str) -> Floats:
    """Anything that numpy can view, as float64 in row-major order."""
    if hasattr(x, "detach") and hasattr(x, "cpu"):  # a torch tensor, whose gradients nobody asks for
        x = x.detach().cpu()
    try:
        if hasattr(x, "__dlpack__") and not hasattr(x, "__array__"):
            x = np.from_dlpack(x)
        array = np.asarray(x)
    except (ValueError, BufferError, RuntimeError) as error:
        raise ShapeError(f"the {what} are no array of numbers: {error}") from error
    if array.dtype.kind not in "fiub":
        raise RequestError(f"the {what} are of type {array.dtype}, not real numbers")
    return np.asarray(array, dtype=np.float64, order="C")


def operator_terms(given: Any, inputs: Iterable[int]) -> list[tuple[list[int], list[float]]]:
    """The terms of a differential operator: inputs to derive by, and coefficients."""
    chosen = list(inputs)
    if isinstance(given, str):
        if given == "laplacian":
            return [([i, i], [1.0]) for i in chosen]
        if given == "biharmonic":
            pairs = [(i, j) for at, i in enumerate(chosen) for j in chosen[at:]]
            return [([i, i, j, j], [1.0 if i == j else 2.0]) for i, j in pairs]
        raise RequestError(f"operator '{given}': choose 'laplacian', 'biharmonic', or give its terms, such as {{(0, 0): 1.0, (1,): -0.5}}")
    try:
        terms = [(list(derivative), coefficient) for derivative, coefficient in (given.items() if isinstance(given, Mapping) else given)]
    except (TypeError, ValueError) as error:
        raise RequestError("an operator is a mapping of inputs to derive by to coefficients, such as {(0, 0): 1.0, (1,): -0.5}") from error
    return [
        ([whole(i, "input") for i in derivative], numbers(coefficient, "coefficients of the operator").ravel().tolist())
        for derivative, coefficient in terms
    ]


def estimate(given: Any, inputs: Iterable[int], samples: Any, seed: Any) -> tuple[list[int], int, int, int]:
    """A named operator that random rays estimate: the inputs of a Laplacian, its power, how many rays, and their seed."""
    powers = {"laplacian": 1, "biharmonic": 2}
    if not isinstance(given, str) or given not in powers:
        raise RequestError("samples estimate operator='laplacian' or 'biharmonic': others are computed exactly")
    return list(inputs), powers[given], whole(samples, "samples", 2), whole(seed, "seed")


def _squeezed(shape: Iterable[int]) -> tuple[int, ...]:
    # Axes of size 1 don't change the order of the numbers: [B, 28, 28] is as good as [B, 1, 28, 28].
    return tuple(size for size in shape if size != 1)


def rows(x: Any, shape: Sequence[int], what: str) -> Floats:
    """Points or samples, `[count, …shape]`, flat ones, or a single one, as `[count, size]`."""
    array, size = numbers(x, what), math.prod(shape)
    count = array.size // size if size else 0
    fits = {_squeezed((count, *shape)), _squeezed((count, size))}
    if count == 0 or count * size != array.size or _squeezed(array.shape) not in fits:
        taken = " or ".join(dict.fromkeys([_shape("B", shape), _shape("B", [size])]))
        raise ShapeError(f"the {what} have shape {list(array.shape)}, but this model takes {taken}")
    return array.reshape(count, size)


def points(x: Any, shape: Sequence[int], inputs: Sequence[tuple[str, Sequence[int]]]) -> Floats:
    """Points `[B, p]`: an array, or one for each of several inputs by name."""
    if not isinstance(x, Mapping):
        return rows(x, shape, "points")
    names = [name for name, _ in inputs]
    if set(names) != set(x):
        raise SelectionError(f"points are arrays by the names {names}, not {list(x)}")
    parts = [rows(x[name], part, f"points of '{name}'") for name, part in inputs]
    if len({len(part) for part in parts}) != 1:
        counts = {name: len(part) for name, part in zip(names, parts)}
        raise ShapeError(f"the inputs have different numbers of points: {counts}")
    return np.concatenate(parts, axis=1)


def directions(x: Any, shape: Sequence[int], count: int) -> Floats:
    """Directions `[R, p]` for all points, or `[B, R, p]` of their own for each; each flat or in the input's shape."""
    array, size = numbers(x, "directions"), math.prod(shape)
    shared = _rows_of(array.shape, size, shape)
    own = None
    if array.ndim > 2 and array.shape[0] == count:
        own = _rows_of(array.shape[1:], size, shape)
    if shared and own and shared != own:
        raise ShapeError(
            f"directions of shape {list(array.shape)} could be {shared} for all points or {own} for each point: "
            f"give them as {_shape(shared, [size])} or {_shape(count, [own, size])}"
        )
    if shared:
        return array.reshape(shared, size)
    if own:
        return array.reshape(count, own, size)
    raise ShapeError(
        f"the directions have shape {list(array.shape)}, but for this model and {count} point(s) they are "
        f"{_shape('R', [size])}, {_shape('R', shape)} or {_shape(count, ['R', size])}"
    )


def subspace(x: Any, shape: Sequence[int]) -> Floats:
    """Directions of variables, `[d, p]`; each flat or in the input's shape."""
    array, size = numbers(x, "directions of the subspace"), math.prod(shape)
    count = _rows_of(array.shape, size, shape)
    if not count:
        raise ShapeError(
            f"the subspace has shape {list(array.shape)}, but for this model it is {_shape('d', [size])} or {_shape('d', shape)}"
        )
    return array.reshape(count, size)


def _rows_of(found: tuple[int, ...], size: int, shape: Sequence[int]) -> int:
    """Number of rows of a shape, flat or not; 0 if it is another one."""
    for row in ((size,), tuple(shape)):
        if found == row:
            return 1
        if found[1:] == row:
            return found[0]
    return 0


def _shape(front: object, shape: Sequence[object]) -> str:
    return f"[{', '.join(map(str, (front, *shape)))}]"


def outputs(given: int | Iterable[int] | None, count: int) -> list[int] | None:
    """Numbers of outputs; negative ones count from the end."""
    if given is None:
        return None
    if not isinstance(given, Iterable):
        given = [given]
    return [index(output, count, "output") for output in given]


def index(given: int, count: int, what: str) -> int:
    """A position; negative ones count from the end."""
    position = operator.index(given)
    if not -count <= position < count:
        raise SelectionError(f"there is no {what} {given}: they are 0 to {count - 1}")
    return position % count


def whole(given: int, what: str, least: int = 0) -> int:
    """A whole number that isn't too small."""
    number = operator.index(given)
    if number < least:
        raise RequestError(f"{what} {number}: it has to be at least {least}")
    return number


def memory(given: int | str | None) -> int | None:
    """Bytes: a number, or a size such as "2GiB" or "500MB"."""
    if given is None or not isinstance(given, str):
        return given if given is None else whole(given, "memory", 1)
    match = _SIZE.fullmatch(given)
    if not match:
        raise RequestError(f"memory '{given}': give a number of bytes, or a size such as '2GiB' or '500MB'")
    number, unit, binary = match.groups()
    return whole(int(float(number) * (1024 if binary else 1000) ** _UNITS[unit.lower()]), "memory", 1)


def precision(given: Any) -> str | None:
    """`f32` or `f64`, also by numpy's names and types."""
    if given is None:
        return None
    name = given if isinstance(given, str) else np.dtype(given).name
    if name not in _PRECISIONS:
        raise RequestError(f"precision '{name}': choose 'f32' or 'f64'")
    return _PRECISIONS[name]


def smoothing(given: str | Mapping[str, float | str] | None) -> str | None:
    """Rules as the library reads them: `relu=softplus:20,max_pool=logsumexp:20,quantize=identity`."""
    if given is None or isinstance(given, str):
        return given
    stand_in = {"max_pool": "logsumexp"}
    return ",".join(
        f"{kink}={beta}" if isinstance(beta, str) else f"{kink}={stand_in.get(kink, 'softplus')}:{beta}"
        for kink, beta in given.items()
    )
