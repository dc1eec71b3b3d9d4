"""Taylor polynomials to work with."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _hope, _onnx, _plot
from ._errors import RequestError, ShapeError
from ._inputs import numbers, whole

if TYPE_CHECKING:
    import onnx
    import sympy
    from matplotlib.axes import Axes

# Terms that are shown of a polynomial.
_SHOWN = 24


class Polynomial:
    """One output of a network as a polynomial around a centre, ``p(x) = sum of c_a (x - x0)^a`` with normalised coefficients c_a.

    Called with points, it evaluates itself:

    >>> p(x)             # doctest: +SKIP
    >>> p.gradient(x)    # doctest: +SKIP

    Made by `Expansion.polynomial`.
    """

    __slots__ = ("_inner",)

    def __init__(self, inner: _hope.Polynomial) -> None:
        self._inner = inner

    def _points(self, x: Any) -> tuple[NDArray[np.float64], tuple[int, ...]]:
        """Points as rows, and the shape of what there is one of for each point."""
        array, variables = numbers(x, "points"), len(self.variables)
        if variables == 1 and (array.ndim == 0 or array.shape[-1] != 1):
            return array.reshape(-1, 1), array.shape
        # A point may be in the shape of the network's input.
        size = 1
        for axis in range(array.ndim - 1, -1, -1):
            size *= array.shape[axis]
            if size == variables:
                front = array.shape[:axis]
                return array.reshape(math.prod(front), variables), front
        raise ShapeError(f"points of shape {list(array.shape)}: the polynomial has {variables} variables, give one number for each")

    def __call__(self, x: Any) -> Any:
        """Values at points: an array of shape (..., variables) gives one of shape (...), a single point a number.

        A polynomial in one variable takes an array of any shape. In a subspace, points are its coordinates t.
        """
        points, front = self._points(x)
        return self._inner.evaluate(points).reshape(front)[()]

    def gradient(self, x: Any) -> NDArray[np.float64]:
        """Derivatives by each variable at points: shape (..., variables)."""
        points, front = self._points(x)
        return self._inner.gradient(points).reshape(*front, len(self.variables))

    @property
    def bound(self) -> tuple[NDArray[np.float64], NDArray[np.float64], float] | None:
        """What is proved of it: ``(low, high, remainder)``, nowhere between low and high is the network farther from it; else None."""
        found = self._inner.bound
        return None if found is None else (np.array(found[0]), np.array(found[1]), found[2])

    def bounds(self, x: Any) -> NDArray[np.float64]:
        """Between which numbers the network lies, evaluation's rounding included: shape (..., 2); infinite outside of what is proved."""
        points, front = self._points(x)
        return self._inner.bounds(points).reshape(*front, 2)

    @property
    def variables(self) -> list[str]:
        """Names of the variables."""
        return self._inner.variables

    @property
    def centre(self) -> NDArray[np.float64]:
        """The point x0 around which it stands, one number for each variable."""
        return self._inner.centre

    @property
    def frame(self) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
        """``(x0, S)`` with S of shape (variables, p), if the variables are the coordinates t of ``x = x0 + t S``; else None."""
        return self._inner.frame

    @property
    def degree(self) -> int:
        """The highest degree of a term."""
        return self._inner.degree

    @property
    def is_additive(self) -> bool:
        """Whether no term mixes variables."""
        return self._inner.additive

    def __len__(self) -> int:
        return len(self._inner)

    def terms(self) -> list[tuple[float, dict[str, int]]]:
        """All terms, by degree: the coefficient, and the power of each variable that the term has."""
        names = self.variables
        return [(c, {names[variable]: power for variable, power in factors}) for c, factors in self._inner.terms()]

    def recentre(self, centre: Any) -> Polynomial:
        """The same polynomial around another centre, exact up to rounding."""
        return Polynomial(self._inner.recentre(numbers(centre, "coordinates of the centre").reshape(-1)))

    def rename(self, names: Iterable[str]) -> Polynomial:
        """The same polynomial with other names of its variables, such as SymPy reads."""
        return Polynomial(self._inner.renamed(list(names)))

    def truncate(self, degree: int) -> Polynomial:
        """Without the terms of a higher degree."""
        return Polynomial(self._inner.truncate(whole(degree, "degree")))

    def largest(self, count: int) -> Polynomial:
        """Only the terms with the largest coefficients."""
        return Polynomial(self._inner.largest(whole(count, "count")))

    def to_sympy(self, digits: int | None = None) -> sympy.Expr:
        """As an expression of SymPy, which has to be installed."""
        import sympy

        names: Sequence[str] = self.variables
        symbols = {name: sympy.Symbol(name) for name in names}
        sympify: Any = sympy.sympify
        expression: sympy.Expr = sympify(self._inner.format("sympy", digits), locals=symbols)
        return expression

    def to_latex(self, digits: int | None = None) -> str:
        """As LaTeX, for math mode; with `digits`, numbers are rounded to so many significant ones."""
        return self._inner.format("latex", digits)

    def to_text(self, digits: int | None = None) -> str:
        """As plain text."""
        return self._inner.format("text", digits)

    def to_onnx(self) -> onnx.ModelProto:
        """As an ONNX model in f64, points ``x`` [B, variables] to values ``y`` [B]; the package onnx has to be installed."""
        return _onnx.of_polynomial(self)

    def plot(self, radius: float = 1.0, orders: Iterable[int] | None = None, ax: Axes | None = None) -> Axes:
        """Draws a polynomial in one variable around its centre, cut off at the given degrees (default: all), by matplotlib."""
        if len(self.variables) != 1:
            raise RequestError(f"a curve has one variable, this polynomial has {len(self.variables)}: expand along a direction")
        degrees = range(1, self.degree + 1) if orders is None else orders
        return _plot.curve(self, float(radius), [whole(order, "order") for order in degrees], ax)

    def to_json(self) -> str:
        """As the program's `hope eval` and `from_json` read it."""
        return self._inner.to_json()

    @classmethod
    def from_json(cls, text: str) -> Polynomial:
        """Reads what `to_json` or the program wrote."""
        return cls(_hope.Polynomial.from_json(text))

    def _repr_latex_(self) -> str:
        more = "" if len(self) <= _SHOWN else r" + \ldots"
        return f"$\\displaystyle {_first(self).to_latex(4)}{more}$"

    def __repr__(self) -> str:
        more = "" if len(self) <= _SHOWN else f" + … ({len(self)} terms)"
        return f"Polynomial({_first(self).to_text(6)}{more})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Polynomial) and self._inner.equals(other._inner)

    __hash__ = None  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return Polynomial.from_json, (self.to_json(),)


def _first(polynomial: Polynomial) -> Polynomial:
    """What is shown of it: all, or the largest terms."""
    return polynomial if len(polynomial) <= _SHOWN else polynomial.largest(_SHOWN)
