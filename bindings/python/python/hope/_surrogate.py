"""A Taylor polynomial as an estimator of scikit-learn's kind."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import RequestError, SelectionError, ShapeError
from ._expansion import Certificate
from ._inputs import numbers
from ._model import Model, load
from ._polynomial import Polynomial

Floats = NDArray[np.float64]


class TaylorSurrogate:
    """Taylor polynomials in place of a network, with scikit-learn's `predict` and `score`; there is nothing to learn, so that a fit takes a network.

    >>> surrogate = hope.TaylorSurrogate(order=6).fit(model, x0)   # doctest: +SKIP
    >>> surrogate.predict(X)                                       # doctest: +SKIP

    Parameters
    ----------
    order : int
        Degree of the polynomials.
    terms : {"mixed", "unmixed"}
        All monomials, or only those of one input each: for many inputs whose effects add up.
    subspace : array_like, shape (d, p), optional
        Directions of the variables, for networks of many inputs. What of a point lies outside of them is left out.
    outputs : int or sequence of int, optional
        The network's outputs; default: all.
    device, precision
        As in `Model.expand`.

    Attributes
    ----------
    centres_ : ndarray, shape (K, p)
        The points of expansion. A prediction is that of the nearest one.
    polynomials_ : list of list of Polynomial
        For each centre one for each output.
    certificate_ : Certificate
        Whether the coefficients are exact. How far a polynomial holds is another question: see `hope.trust` and `hope.surrogate`.
    n_features_in_ : int
        Inputs p of the network.
    """

    _estimator_type = "regressor"

    def __init__(
        self,
        order: int = 6,
        *,
        terms: str = "mixed",
        subspace: Any = None,
        outputs: int | Iterable[int] | None = None,
        device: str = "auto",
        precision: Any = None,
    ) -> None:
        self.order = order
        self.terms = terms
        self.subspace = subspace
        self.outputs = outputs
        self.device = device
        self.precision = precision

    def fit(self, model: Any, x0: Any) -> TaylorSurrogate:
        """Expands a network, whatever `load` takes, at one point or several."""
        if self.terms not in ("mixed", "unmixed"):
            raise RequestError(f"terms '{self.terms}': a surrogate has 'mixed' or 'unmixed' ones")
        loaded = model if isinstance(model, Model) else load(model, example=x0)
        expansion = loaded.expand(
            x0,
            self.order,
            terms=self.terms,
            subspace=self.subspace,
            outputs=self.outputs,
            device=self.device,
            precision=self.precision,
        )
        outputs = expansion.outputs
        self.polynomials_: list[list[Polynomial]] = [
            [expansion.polynomial(output, point) for output in outputs] for point in range(len(expansion.points))
        ]
        self.centres_: Floats = expansion.points
        self.certificate_: Certificate = expansion.certificate
        self.n_features_in_ = int(expansion.points.shape[1])
        self._single = isinstance(self.outputs, (int, np.integer)) or int(np.prod(loaded.output_shape, dtype=np.int64)) == 1
        return self

    def predict(self, X: Any) -> Floats:
        """Values at points: shape (N,) for a single output, else (N, m).

        Parameters
        ----------
        X : array_like, shape (N, p) or (N, ...input shape)
        """
        if not hasattr(self, "polynomials_"):
            raise SelectionError("this surrogate has no polynomial yet: fit(model, x0) makes it")
        points = numbers(X, "points")
        if points.ndim < 2 or int(np.prod(points.shape[1:], dtype=np.int64)) != self.n_features_in_:
            raise ShapeError(f"points of shape {list(points.shape)}: give an array of shape (N, {self.n_features_in_})")
        points = points.reshape(len(points), self.n_features_in_)
        nearest = self._nearest(points)
        values = np.empty((len(points), len(self.polynomials_[0])))
        for centre in np.unique(nearest):
            chosen = nearest == centre
            for column, polynomial in enumerate(self.polynomials_[centre]):
                values[chosen, column] = polynomial(_coordinates(polynomial, points[chosen]))
        return values[:, 0] if self._single else values

    def _nearest(self, points: Floats) -> NDArray[np.intp]:
        nearest = np.zeros(len(points), dtype=np.intp)
        best = np.full(len(points), np.inf)
        for index, centre in enumerate(self.centres_):
            distance = ((points - centre) ** 2).sum(axis=1)
            closer = distance < best
            nearest[closer], best[closer] = index, distance[closer]
        return nearest

    def score(self, X: Any, y: Any) -> float:
        """The coefficient of determination R² of predictions, the mean of those of all outputs."""
        truth = numbers(y, "values")
        found = self.predict(X)
        if truth.shape != found.shape:
            raise ShapeError(f"values of shape {list(truth.shape)} for predictions of {list(found.shape)}")
        rest = ((truth - found) ** 2).sum(axis=0)
        spread = ((truth - truth.mean(axis=0)) ** 2).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            # As scikit-learn has it: constant values are met or missed.
            r_squared = np.where(spread > 0, 1 - rest / spread, np.where(rest == 0, 1.0, 0.0))
        return float(np.mean(r_squared))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name, as scikit-learn's `clone` and searches ask for them."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **parameters: Any) -> TaylorSurrogate:
        """Sets parameters; takes effect at the next `fit`."""
        for name, value in parameters.items():
            if name not in _PARAMETERS:
                raise RequestError(f"there is no parameter '{name}', but {', '.join(_PARAMETERS)}")
            setattr(self, name, value)
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "polynomials_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import RegressorTags, Tags, TargetTags

        return Tags(estimator_type="regressor", target_tags=TargetTags(required=False), regressor_tags=RegressorTags())

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        changed = [
            f"{name}={value!r}"
            for name, value in self.get_params().items()
            if not (value is defaults[name].default or (isinstance(value, (int, str)) and value == defaults[name].default))
        ]
        return f"TaylorSurrogate({', '.join(changed)})"


_PARAMETERS = tuple(inspect.signature(TaylorSurrogate).parameters)


def _coordinates(polynomial: Polynomial, points: Floats) -> Floats:
    """What a polynomial takes: the inputs, or coordinates t of the nearest points x0 + t S of its subspace."""
    if polynomial.frame is None:
        return points
    origin, directions = polynomial.frame
    return np.asarray(np.linalg.lstsq(directions.T, (points - origin).T, rcond=None)[0].T, dtype=np.float64)
