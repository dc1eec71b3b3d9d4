"""Proofs: how far a network can be from its polynomial, anywhere in a region."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _errors, _hope, _inputs
from ._applications import _loaded, _point
from ._model import Model
from ._polynomial import Polynomial

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Certified:
    """What was proved over a region, with every rounding counted.

    Attributes
    ----------
    polynomials : list of Polynomial
        One for each selected output: in the inputs for a region of all of them, else in its coordinates.
    remainder : ndarray, shape (m,)
        ``|network - polynomial|`` is nowhere in the region larger: of real numbers, before evaluating either rounds.
    range : ndarray, shape (m, 2)
        What the network's values lie between.
    radius : ndarray, shape (d,)
        How far each coordinate of the region goes to either side.
    undecided : list of (str, int, int)
        Layers with kinks that the region leaves open: name, how many units, of how many.
    """

    polynomials: list[Polynomial]
    remainder: Floats
    range: Floats
    radius: Floats
    undecided: list[tuple[str, int, int]]


@dataclass(frozen=True)
class Verdict:
    """Whether a class is the largest output everywhere in a region.

    Attributes
    ----------
    verdict : {"proved", "refuted", "open"}
        Open: neither is known.
    other : int or None
        The class that exceeds it, or may.
    excess : float or None
        Where open: by so much at the most.
    point : ndarray or None
        Where refuted: a point of the region at which the other class is larger, in the input's shape. That is proved, too.
    """

    verdict: str
    other: int | None
    excess: float | None
    point: Floats | None


@dataclass(frozen=True)
class PropertyVerdict:
    """Whether a property holds.

    Attributes
    ----------
    verdict : {"proved", "refuted", "open"}
        Proved: no point of its boxes is unsafe. Open: neither is known.
    boxes : int
        How many were looked at, halves of others among them.
    proved : float
        The part of all boxes' volume in which no point is unsafe.
    point : ndarray or None
        Where refuted: a point that is unsafe, in the input's shape.
    outputs : ndarray or None
        Where refuted: the network's outputs there, as its forward pass in float64 has them, flat.
    """

    verdict: str
    boxes: int
    proved: float
    point: Floats | None
    outputs: Floats | None


def _region(
    model: Model, x: Any, radius: float | None, inputs: Iterable[int] | None, subspace: Any, box: tuple[Any, Any] | None
) -> dict[str, Any]:
    if (x is None) == (box is None):
        raise _errors.RequestError("a region is that around a point x, within a radius, or a box=(low, high): give one of them")
    if x is not None and radius is None:
        raise _errors.RequestError("a region around a point needs its radius")
    if subspace is not None and inputs is not None:
        raise _errors.RequestError("coordinates are inputs or those of a subspace: give one of them")
    count = int(np.prod(model.input_shape, dtype=np.int64))
    corners = None
    if box is not None:
        if inputs is not None or subspace is not None or radius is not None:
            raise _errors.RequestError("a box is in all inputs, from corner to corner: it goes with neither radius, inputs nor subspace")
        ends = [np.full(count, float(end)) if np.ndim(end) == 0 else _point(model, end) for end in box]
        corners = np.stack(ends)
        point = corners[0]
    else:
        point = _point(model, x)
    return {
        "point": point,
        "radius": 0.0 if radius is None else float(radius),
        "inputs": list(range(count)) if inputs is None else [_inputs.index(i, count, "input") for i in inputs],
        "subspace": None if subspace is None else _inputs.subspace(subspace, model.input_shape),
        "corners": corners,
    }


def certify(
    model: Any,
    x: Any = None,
    radius: float | None = None,
    order: int = 4,
    *,
    inputs: Iterable[int] | None = None,
    subspace: Any = None,
    box: tuple[Any, Any] | None = None,
    outputs: int | Iterable[int] | None = None,
    tolerance: float | None = None,
    threads: int | None = None,
    memory: int | str | None = None,
) -> Certified:
    """Proves how far a network can be from its polynomials, anywhere in a region (Taylor models, on the processor, in float64).

    Parameters
    ----------
    x : array_like
        The middle of the region, one point; with `radius`, how far each coordinate goes to either side.
    order : int
        Degree of the polynomials, 1 to 30. With many coordinates only 1 fits into memory.
    inputs : sequence of int
        Which inputs change, together; default: all.
    subspace : array_like, shape (d, p) or (d, ...input shape)
        Directions of the coordinates, in place of inputs; one makes a segment.
    box : (low, high)
        Two corners, each a number for all inputs or an array, in place of `x` and `radius`.
    outputs : int or sequence of int
        Default: all.
    tolerance : float
        Take the largest part of the region, around its middle, in which the remainders are within this.

    Raises
    ------
    NumericalError
        If a layer can't be enclosed over all of the region, or no part of it is within the tolerance.
    """
    loaded = _loaded(model, x)
    region = _region(loaded, x, radius, inputs, subspace, box)
    found = _hope.certify(loaded._network, region, tolerance, _how(order, loaded._outputs(outputs), threads, memory))
    if found is None:
        raise _errors.NumericalError(f"no part of the region is proved to be within {tolerance}: raise tolerance= or order=")
    polynomials = [Polynomial(inner) for inner in found["polynomials"]]
    return Certified(polynomials, found["remainder"], found["range"], found["radius"], found["undecided"])


def prove_class(
    model: Any,
    x: Any = None,
    radius: float | None = None,
    label: int | None = None,
    order: int = 1,
    *,
    inputs: Iterable[int] | None = None,
    subspace: Any = None,
    box: tuple[Any, Any] | None = None,
    pieces: int = 1,
    threads: int | None = None,
    memory: int | str | None = None,
) -> Verdict:
    """Whether a class exceeds all others everywhere in a region: proved, refuted by a point, or open.

    Parameters
    ----------
    label : int
        The class; default: that which the network gives to `x`, the middle of the region.
    x, radius, inputs, subspace, box
        The region: see `certify`.
    pieces : int
        It is cut into so many at the most where that is not proved at once.
    """
    loaded = _loaded(model, x)
    region = _region(loaded, x, radius, inputs, subspace, box)
    if label is None:
        if x is None:
            raise _errors.RequestError("a box has no middle whose class would be meant: give label=")
        label = int(loaded(x)[0].argmax())
    count = int(np.prod(loaded.output_shape, dtype=np.int64))
    label = _inputs.index(label, count, "output")
    verdict, other, excess, point = _hope.prove_class(
        loaded._network, region, (label, _inputs.whole(pieces, "pieces", 1)), _how(order, None, threads, memory)
    )
    return Verdict(verdict, other, excess, None if point is None else np.array(point).reshape(loaded.input_shape))


def prove_property(
    model: Any,
    path: str | os.PathLike[str],
    order: int = 1,
    *,
    pieces: int = 1000,
    threads: int | None = None,
    memory: int | str | None = None,
) -> PropertyVerdict:
    """Whether a property in VNN-LIB (version 1, as in VNN-COMP) holds: proved, refuted by a point, or open.

    Parameters
    ----------
    path : path
        The file: boxes of inputs ``X_i``, and linear constraints of outputs ``Y_j`` that are unsafe.
    order : int
        Degree of the polynomials: 1 for networks with kinks, more for smooth ones with few inputs.
    pieces : int
        Each box is cut into so many at the most.
    """
    loaded = _loaded(model, None)
    count = _inputs.whole(pieces, "pieces", 1)
    how = _how(order, None, threads, memory)
    verdict, boxes, proved, found = _hope.prove_property(loaded._network, os.fspath(path), count, how)
    point, outputs = (None, None) if found is None else (np.array(found[0]).reshape(loaded.input_shape), np.array(found[1]))
    return PropertyVerdict(verdict, boxes, proved, point, outputs)


def _how(
    order: int, outputs: list[int] | None, threads: int | None, memory: int | str | None
) -> tuple[int, list[int] | None, int | None, int | None]:
    threads = None if threads is None else _inputs.whole(threads, "threads", 1)
    return _inputs.whole(order, "order"), outputs, threads, _inputs.memory(memory)
