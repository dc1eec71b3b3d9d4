"""Which inputs matter: each alone, all together on the way to a baseline, in pairs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _errors, _hope, _inputs, _place, _plot
from ._applications import _certificate, _loaded, _output, _point
from ._expansion import Certificate
from ._model import Model

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from typing_extensions import Unpack

    from ._place import Place

Floats = NDArray[np.float64]


def _groups(model: Model, groups: Any) -> list[int] | None:
    if groups is None:
        return None
    given = np.asarray(groups)
    inputs = int(np.prod(model.input_shape, dtype=np.int64))
    if given.size != inputs or not np.issubdtype(given.dtype, np.integer):
        raise _errors.ShapeError(
            f"groups are whole numbers, one for each of the model's {inputs} inputs, not {given.dtype} of shape {given.shape}"
        )
    if given.min(initial=0) < 0:
        raise _errors.RequestError("groups are numbered from 0")
    numbers: list[int] = given.ravel().tolist()
    return numbers


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Predicted changes of an output for changing each input, or group of inputs, alone.

    Attributes
    ----------
    value : float
        The output at the point.
    predicted : ndarray, shape (n, ...input shape), or (n, G) of groups
        ``predicted[k - 1]`` is the change that the polynomial of order k predicts.
    across_kinks : int
        Number of inputs or groups that meet a kink on their way: there the prediction need not hold.
    """

    value: float
    predicted: Floats
    across_kinks: int
    certificate: Certificate

    def plot(self) -> Figure:
        """A map for each order, by matplotlib; of groups a row of numbers."""
        titles = [f"order {k + 1}" for k in range(len(self.predicted))]
        return _plot.maps(titles, list(self.predicted), f"predicted change of {self.value:.3f}")


def heatmap(
    model: Any,
    x: Any,
    order: int = 3,
    *,
    output: int | None = None,
    delta: Any = 0.5,
    baseline: Any = None,
    groups: Any = None,
    **place: Unpack[Place],
) -> Heatmap:
    """Predicts the change of an output for changing each input of a point, alone: which inputs matter.

    Parameters
    ----------
    x : array_like
        One point.
    delta : float or array_like of the input's shape
        The change of each input.
    baseline : array_like of the input's shape
        Change each input to this number instead: zeros, a data set's mean.
    groups : array_like of int, of the input's shape
        Change inputs of one number together, numbered from 0: the patches of an image.
    """
    loaded = _loaded(model, x)
    many = None if np.ndim(delta) == 0 else _point(loaded, delta)
    to = None if baseline is None else _point(loaded, baseline)
    push = (float(delta) if many is None else 0.0, many, to)
    together = _groups(loaded, groups)
    found = _hope.heatmap(
        loaded._network, _point(loaded, x), _output(loaded, output), push, together, _place.wanted(order, **place)
    )
    predicted = found["predicted"]
    if together is None:
        predicted = predicted.reshape(-1, *loaded.input_shape)
    return Heatmap(found["value"], predicted, found["across_kinks"], _certificate(found, place))


@dataclass(frozen=True, eq=False)
class Along:
    """The change of an output on the way to a baseline, shared among the inputs.

    Attributes
    ----------
    value, change : float
        The output at the point, and by how much the network changes it to the end of the way.
    shares : ndarray, shape (n, ...input shape)
        ``shares[k - 1]``: the share of each input in the term of order k. All of them together are the predicted change.
    steps : int
        At how many points of the way it was expanded.
    reached : bool
        Whether the sum is within the tolerance.
    estimated, measured : ndarray, shape (n,)
        Up to which part of the way the polynomial of each order holds: from its coefficients, and by asking the network.
    """

    value: float
    change: float
    shares: Floats
    steps: int
    reached: bool
    estimated: Floats
    measured: Floats
    certificate: Certificate

    @property
    def total(self) -> Floats:
        """All orders together, in the input's shape."""
        total: Floats = self.shares.sum(0)
        return total

    def plot(self) -> Figure:
        """A map for each order, and of all together, by matplotlib."""
        titles = [f"order {k + 1}" for k in range(len(self.shares))]
        return _plot.maps([*titles, "all orders"], [*self.shares, self.total], f"shares in the change by {self.change:.3f}")


def along(
    model: Any,
    x: Any,
    baseline: Any = 0.0,
    order: int = 3,
    *,
    output: int | None = None,
    steps: int | None = None,
    tolerance: float = 0.01,
    **place: Unpack[Place],
) -> Along:
    """Shares the change of an output on the way from a point to a baseline among the inputs, order by order.

    With one step and order 1 that is the gradient times the way, with many steps integrated gradients; higher orders need fewer steps.

    Parameters
    ----------
    x : array_like
        One point.
    baseline : float or array_like of the input's shape
        Where the way ends.
    steps : int
        At how many points of the way to expand; default: 1, 2, 4, … 64 until the orders together explain the change within the tolerance.
    tolerance : float
        A part of the output's largest change on the way.
    """
    loaded = _loaded(model, x)
    point = _point(loaded, x)
    end = np.full_like(point, float(baseline)) if np.ndim(baseline) == 0 else _point(loaded, baseline)
    most = (None if steps is None else _inputs.whole(steps, "steps"), 64 if steps is None else int(steps), float(tolerance))
    found = _hope.along(loaded._network, point, end, _output(loaded, output), most, _place.wanted(order, **place))
    return Along(
        found["value"],
        found["change"],
        found["shares"].reshape(-1, *loaded.input_shape),
        found["steps"],
        found["reached"],
        found["estimated"],
        found["measured"],
        _certificate(found, place),
    )


@dataclass(frozen=True, eq=False)
class Interactions:
    """Which inputs act together: second-order coefficients.

    Attributes
    ----------
    inputs : list of int
        The K inputs, flattened; or the groups.
    matrix : ndarray, shape (K, K)
        Mixed second derivatives of two inputs; on the diagonal half the second derivative of one.
    pairs : list of (int, int, float)
        All pairs and their coefficients, the largest by magnitude first.
    """

    inputs: list[int]
    matrix: Floats
    pairs: list[tuple[int, int, float]]
    certificate: Certificate

    def plot(self) -> Figure:
        """The matrix, without its diagonal, by matplotlib."""
        return _plot.matrix(self.matrix, self.inputs, "mixed second derivatives")


def interactions(
    model: Any,
    x: Any,
    *,
    output: int | None = None,
    inputs: Iterable[int] | None = None,
    strongest: int = 24,
    delta: float = 1.0,
    groups: Any = None,
    **place: Unpack[Place],
) -> Interactions:
    """Second-order coefficients of all pairs of some inputs, or of groups of them, at a point.

    Parameters
    ----------
    inputs : sequence of int
        The inputs; default: the `strongest`, by what orders 1 and 2 say of changing one by `delta`.
    groups : array_like of int, of the input's shape
        Pairs of groups instead, numbered from 0: what changing all inputs of two does beyond the two changes alone.
    """
    loaded = _loaded(model, x)
    point = _point(loaded, x)
    chosen = None if inputs is None else [_inputs.index(i, len(point), "input") for i in inputs]
    most = (min(_inputs.whole(strongest, "strongest"), len(point)), float(delta))
    found = _hope.interactions(
        loaded._network,
        point,
        _output(loaded, output),
        chosen,
        most,
        _groups(loaded, groups),
        _place.wanted(2, **place),
    )
    return Interactions(found["inputs"], found["matrix"], found["pairs"], _certificate(found, place))


@dataclass(frozen=True, eq=False)
class Spectrum:
    """In which directions an output bends, and how much: eigenvalues and -vectors of its Hessian, the largest by absolute value first.

    Attributes
    ----------
    value : float
        The output at the point.
    eigenvalues : ndarray, shape (K,)
    eigenvectors : ndarray, shape (K, ...input shape)
        Of length 1; the largest component by absolute value is positive.
    residuals : ndarray, shape (K,)
        About how long ``H v - λ v`` is.
    products : int or None
        Products with the Hessian that were computed; None where all of it was.
    """

    value: float
    eigenvalues: Floats
    eigenvectors: Floats
    residuals: Floats
    products: int | None
    certificate: Certificate

    def plot(self, first: int = 6) -> Figure:
        """The first eigenvectors as maps, by matplotlib."""
        shown = min(first, len(self.eigenvalues))
        titles = [f"{value:.3g}" for value in self.eigenvalues[:shown]]
        return _plot.maps(titles, list(self.eigenvectors[:shown]), "eigenvectors of the Hessian")


def spectrum(
    model: Any,
    x: Any,
    *,
    output: int | None = None,
    count: int | None = None,
    **place: Unpack[Place],
) -> Spectrum:
    """Eigenvalues and -vectors of an output's Hessian at a point.

    Parameters
    ----------
    x : array_like
        One point.
    count : int
        How many, the largest by absolute value; default: all of up to 1,024 inputs, and 16 of more, by products of the Hessian with single vectors.
    """
    loaded = _loaded(model, x)
    many = None if count is None else _inputs.whole(count, "count")
    found = _hope.spectrum(loaded._network, _point(loaded, x), _output(loaded, output), many, _place.wanted(2, **place))
    return Spectrum(
        found["value"],
        found["eigenvalues"],
        found["eigenvectors"].reshape(-1, *loaded.input_shape),
        found["residuals"],
        found["products"],
        _certificate(found, place),
    )
