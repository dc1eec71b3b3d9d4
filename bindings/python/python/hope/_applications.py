"""From derivatives to answers: thin calls of the library's applications."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _errors, _hope, _inputs, _place, _progress
from ._errors import warn_unless
from ._expansion import Certificate
from ._model import Model, load
from ._polynomial import Polynomial

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._place import Place
    from ._progress import OnProgress

Floats = NDArray[np.float64]


def _loaded(model: Any, example: Any = None) -> Model:
    return model if isinstance(model, Model) else load(model, example=example)


def _certificate(found: _hope.Claimed, place: Place) -> Certificate:
    certificate = Certificate(found["exact"], found["reason"])
    warn_unless(certificate.exact, certificate.reason, found["stand_in"], place.get("method", "exact"), 4)
    return certificate


def _point(model: Model, x: Any) -> Floats:
    points = model._points(x)
    if len(points) != 1:
        raise _errors.ShapeError(f"this works at one point, not at {len(points)}")
    point: Floats = points[0]
    return point


def _output(model: Model, output: int | None) -> int:
    count = int(np.prod(model.output_shape, dtype=np.int64))
    if output is None and count != 1:
        raise _errors.RequestError(f"the network has {count} outputs: choose one by output=, from 0 to {count - 1}")
    return _inputs.index(output or 0, count, "output")


@dataclass(frozen=True)
class Discovery:
    """An expression that a network has learnt.

    Attributes
    ----------
    expression : Polynomial
        The terms that the expansions agree on, fitted to the network.
    r_squared, max_error : float
        How well it fits, at fresh points of the box.
    local : Polynomial
        The network's own Taylor polynomial at the centre.
    deviation : float
        Standard deviation of the network over the box.
    """

    expression: Polynomial
    r_squared: float
    max_error: float
    local: Polynomial
    deviation: float
    certificate: Certificate


def discover(
    model: Any,
    box: tuple[float, float] | Sequence[tuple[float, float]],
    order: int = 3,
    *,
    output: int | None = None,
    samples: int = 100,
    at: Any = None,
    tolerance: float = 0.03,
    seed: int = 0,
    **place: Unpack[Place],
) -> Discovery:
    """Finds the shortest polynomial expression that fits a network in a box.

    Parameters
    ----------
    box : (low, high), or one such pair for each input
        Where the network was trained.
    order : int
        Highest degree of terms.
    at : array_like
        Where the expression is centred; default: the origin if the box contains it, else the middle.
    tolerance : float
        Misfit that it may have (root mean square), relative to the network's standard deviation over the box.
    """
    loaded = _loaded(model)
    size = int(np.prod(loaded.input_shape, dtype=np.int64))
    ends = _inputs.numbers(box, "ends of the box")
    ends = np.tile(ends, (size, 1)) if ends.shape == (2,) else ends
    if ends.shape != (size, 2):
        raise _errors.ShapeError(f"the box is (low, high), or {size} such pairs, one for each input")
    found = _hope.discover(
        loaded._network,
        (ends[:, 0].tolist(), ends[:, 1].tolist()),
        _output(loaded, output),
        _inputs.whole(samples, "samples", 1),
        None if at is None else _point(loaded, at).tolist(),
        float(tolerance),
        _inputs.whole(seed, "seed"),
        _place.wanted(order, "mixed", **place),
    )
    r_squared, max_error = found["quality"]
    return Discovery(
        Polynomial(found["expression"]),
        r_squared,
        max_error,
        Polynomial(found["local"]),
        found["deviation"],
        _certificate(found, place),
    )


@dataclass(frozen=True)
class Surrogate:
    """A polynomial in place of a network near a point, and how far it is off, measured over a ball in its variables.

    Attributes
    ----------
    radius : float
        Of the ball; the largest within the tolerance, if one was asked for.
    largest, mean, rms : float
        Errors at random points, half of them in the ball, half on its sphere.
    spread : float
        Standard deviation of the network's values in the ball.
    limited : bool or None
        Whether the tolerance limits the radius; None without a tolerance.
    """

    polynomial: Polynomial
    certificate: Certificate
    radius: float
    samples: int
    largest: float
    mean: float
    rms: float
    spread: float
    limited: bool | None

    def __call__(self, x: Any) -> Any:
        """Values of the polynomial: see `Polynomial`."""
        return self.polynomial(x)


def surrogate(
    model: Any,
    x: Any,
    order: int = 8,
    *,
    output: int | None = None,
    terms: str = "mixed",
    subspace: Any = None,
    tolerance: float | None = None,
    radius: float = 1.0,
    samples: int = 2000,
    seed: int = 1,
    rigorous: bool = False,
    **place: Unpack[Place],
) -> Surrogate:
    """Puts the polynomial in place of the network near a point, and measures its errors. They are measurements, not bounds, but for `rigorous`.

    Parameters
    ----------
    x : array_like
        One point.
    subspace : array_like, shape (d, p)
        For networks of many inputs: the polynomial is one in these directions.
    tolerance : float
        Find the largest radius whose measured error stays below it; `radius` is where the search begins.
    rigorous : bool
        Prove how far the network can be from the polynomial wherever each variable is within the radius: see `Polynomial.bound`.
    """
    loaded = _loaded(model, x)
    chosen = _output(loaded, output)
    point = _point(loaded, x)
    expansion = loaded.expand(point, order, terms=terms, subspace=subspace, outputs=chosen, **place)
    polynomial = expansion.polynomial()
    found = _hope.accuracy(
        loaded._network,
        polynomial._inner,
        chosen,
        float(radius),
        None if tolerance is None else float(tolerance),
        _inputs.whole(samples, "samples"),
        _inputs.whole(seed, "seed"),
    )
    if rigorous:
        how = (polynomial.degree or 1, None, place.get("threads"), _inputs.memory(place.get("memory")))
        polynomial = Polynomial(_hope.bounded(loaded._network, polynomial._inner, chosen, found["radius"], how))
    return Surrogate(polynomial, expansion.certificate, **found)


@dataclass(frozen=True)
class Estimate:
    """An estimated error beside the measured one (None where the network has no finite value), at a distance t along a ray."""

    point: int
    output: int
    ray: int
    t: float
    estimated: float
    measured: float | None


@dataclass(frozen=True, eq=False)
class Trust:
    """How far polynomials along rays hold; arrays of shape (B, m, R). All are estimates but for the checks.

    Attributes
    ----------
    convergence : ndarray
        Radius of convergence, infinite where the series seems to end.
    growing : ndarray of bool
        Whether that still grows with the order.
    radius : ndarray
        Up to there the polynomial is within the tolerance.
    limit : ndarray of str
        What limits it: "tolerance", "convergence", "kink" or "nothing".
    order : ndarray of int, or None
        With a wanted radius: the lowest order that suffices for it, 0 if none does.
    proved : ndarray, or None
        If `rigorous`: up to there the polynomial is proved to be within the tolerance, 0 if nowhere.
    """

    convergence: Floats
    growing: NDArray[np.bool_]
    radius: Floats
    limit: NDArray[np.str_]
    order: NDArray[np.uint8] | None
    checks: list[Estimate]
    certificate: Certificate
    proved: Floats | None


def trust(
    model: Any,
    x: Any,
    order: int = 4,
    *,
    tolerance: float,
    radius: float | None = None,
    directions: Any = None,
    outputs: int | Iterable[int] | None = None,
    checks: int = 100,
    rigorous: bool = False,
    progress: bool | OnProgress | None = None,
    **place: Unpack[Place],
) -> Trust:
    """Estimates how far to trust the polynomials along each input, or along directions.

    Parameters
    ----------
    tolerance : float
        Largest error of an output that is tolerated, absolute.
    radius : float
        A radius that is wanted: which order it needs.
    checks : int
        Number of estimates to check against the network.
    rigorous : bool
        Prove, too, how far each polynomial is within the tolerance: less far than is estimated, but for certain.
    """
    loaded = _loaded(model, x)
    points, rows = loaded._points(x), None
    if directions is not None:
        rows = _inputs.directions(directions, loaded.input_shape, len(points))
    wanted = _place.wanted(order, "unmixed" if rows is None else "along", rows, loaded._outputs(outputs), **place)
    question = (float(tolerance), None if radius is None else float(radius), _inputs.whole(checks, "checks"), bool(rigorous))
    with _progress.shown(progress, "expanding") as update:
        found = _hope.trust(loaded._network, points, question, wanted, update)
    return Trust(
        found["convergence"],
        found["growing"],
        found["radius"],
        np.array(found["limit"]).reshape(found["radius"].shape),
        found["order"],
        [Estimate(*one) for one in found["checks"]],
        _certificate(found, place),
        found["proved"],
    )
