"""What comes of an expansion."""

from __future__ import annotations

import html
import json
import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import _hope, _saved
from ._errors import FileError, FormatError, RequestError
from ._inputs import index
from ._polynomial import Polynomial

if TYPE_CHECKING:
    import xarray

# Axes of coefficients after those of points and outputs.
_AXES = {
    "unmixed": ("order", "input"),
    "along": ("order", "direction"),
    "mixed": ("term",),
    "gradient": ("power", "direction", "input"),
    "hessian": ("row", "input"),
    "operator": (),
}

# How arrays are written, by the ending of a name.
_ARCHIVES = {".npz": _saved.npz, ".safetensors": _saved.safetensors}

Reals = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Certificate:
    """Whether coefficients are the network's own up to rounding (and up to the nearest kink), and why."""

    exact: bool
    reason: str


@dataclass(frozen=True, eq=False, repr=False)
class Expansion:
    """Normalised Taylor coefficients, ``c_k = (1/k!) d^k y / dt^k``, of every selected output at every point.

    With B points, m selected outputs, n orders, p inputs, R directions, and T terms in d variables:

    Attributes
    ----------
    points : ndarray, shape (B, p)
    value : ndarray, shape (B, m)
        The network's outputs at the points.
    coefficients : ndarray
        The same as `unmixed`, `along`, `mixed`, `gradient`, `hessian` or `operator`, whichever there is.
    operator_error : ndarray, shape (B, m), or None
        The standard errors of an operator that was estimated.
    kink : ndarray, shape (B, R), or None
        How far each ray goes to the nearest kink, infinite if it meets none; (B, 1) for mixed terms. None where the network is
        smooth or the method has no rays.
    directions : ndarray, shape (R, p) or (B, R, p), or None
    subspace : ndarray, shape (d, p), or None
        The directions of the variables of mixed terms, if these aren't the inputs.
    rows : ndarray, shape (I,), or None
        The inputs whose rows `hessian` has.
    """

    terms: str
    points: NDArray[np.float64]
    value: Reals
    coefficients: Reals
    operator_error: Reals | None
    kink: Reals | None
    directions: NDArray[np.float64] | None
    subspace: NDArray[np.float64] | None
    rows: NDArray[np.float64] | None
    _exponents: NDArray[np.uint8] | None
    _record: str = field(repr=False)

    def _of_kind(self, terms: str) -> Reals:
        if self.terms != terms:
            raise AttributeError(f"this expansion has no coefficients '{terms}', it has '{self.terms}'")
        return self.coefficients

    @property
    def unmixed(self) -> Reals:
        """Coefficients along each input, shape (B, m, n, p): ``unmixed[b, o, k - 1, i]`` is c_k of output o along input i."""
        return self._of_kind("unmixed")

    @property
    def along(self) -> Reals:
        """Coefficients along directions, shape (B, m, n, R)."""
        return self._of_kind("along")

    @property
    def mixed(self) -> Reals:
        """Coefficients of all monomials, shape (B, m, T), in the order of `exponents`."""
        return self._of_kind("mixed")

    @property
    def gradient(self) -> Reals:
        """Gradients, shape (B, m, n, R, p): ``gradient[b, o, k, r, i]`` is the coefficient of t^k of dy_o/dx_i along ray r; R = 1 without directions."""
        return self._of_kind("gradient")

    @property
    def hessian(self) -> Reals:
        """Second derivatives (not halved), shape (B, m, I, p): those of the inputs `rows`."""
        return self._of_kind("hessian")

    @property
    def operator(self) -> Reals:
        """The differential operator that was asked for, shape (B, m)."""
        return self._of_kind("operator")

    @property
    def exponents(self) -> NDArray[np.uint8]:
        """Exponents of mixed terms, shape (T, d), by degree."""
        if self._exponents is None:
            raise AttributeError(f"only mixed terms have exponents, this expansion has '{self.terms}'")
        return self._exponents

    @property
    def report(self) -> dict[str, Any]:
        """What is known of the result, as the program writes it into RESULT.json."""
        report: dict[str, Any] = json.loads(self._record)
        return report

    @property
    def certificate(self) -> Certificate:
        """Whether the coefficients are exact, and why."""
        report = self.report
        return Certificate(report["exact"], report["exact_reason"])

    @property
    def order(self) -> int:
        """The highest order."""
        return int(self.report["order"])

    @property
    def outputs(self) -> list[int]:
        """The network's outputs that were selected, m of them."""
        return list(self.report["outputs"])

    def polynomial(
        self, output: int | None = None, point: int | None = None, direction: int | None = None
    ) -> Polynomial:
        """The Taylor polynomial of one output at one point.

        Mixed terms give the whole polynomial, in the inputs x1, x2, … or in the coordinates t1, t2, … of the subspace. Unmixed ones
        give an additive polynomial, right along each input and without the terms that mix inputs. Along a direction it is one in t.

        Parameters
        ----------
        output : int
            The network's output; needed if several were selected.
        point : int
            The point; needed if there are several.
        direction : int
            The direction; needed if there are several.
        """
        count = len(self.points)
        b = _chosen(point, count, "point")
        outputs = self.outputs
        if output is not None and output not in outputs:
            raise RequestError(f"output {output} was not selected; there are {outputs}")
        o = outputs.index(output) if output is not None else _chosen(None, len(outputs), "output")
        at, value = self.points[b], float(self.value[b, o])
        coefficients = np.asarray(self.coefficients[b, o], dtype=np.float64)
        if direction is not None and self.directions is None:
            raise RequestError(f"this expansion has no directions, it has '{self.terms}'")
        if self._exponents is not None:
            made = _hope.Polynomial.mixed(at, self._exponents, coefficients, self.subspace)
        elif self.directions is not None:
            r = _chosen(direction, self.coefficients.shape[-1], "direction")
            row = self.directions[b, r] if self.directions.ndim == 3 else self.directions[r]
            made = _hope.Polynomial.along(at, value, np.ascontiguousarray(coefficients[:, r]), row)
        else:
            made = _hope.Polynomial.unmixed(at, value, coefficients)
        return Polynomial(made)

    def to_dict(self) -> dict[str, Any]:
        """All arrays by their names in RESULT.npz, and the report."""
        return {**self._arrays(), "report": self.report}

    def _arrays(self) -> dict[str, NDArray[Any]]:
        arrays = {
            "points": self.points,
            "value": self.value,
            self.terms: self.coefficients,
            "operator_error": self.operator_error,
            "kink": self.kink,
            "directions": self.directions,
            "exponents": self._exponents,
            "inputs": self.rows,
        }
        return {name: array for name, array in arrays.items() if array is not None}

    def to_xarray(self) -> xarray.Dataset:
        """All arrays with named axes and coordinates, the report as attributes; the package xarray has to be installed."""
        import xarray

        report = self.report
        coordinates: dict[str, Any] = {"output": self.outputs}
        axes = {"points": ("point", "input"), "value": ("point", "output"), "operator_error": ("point", "output"), "exponents": ("term", "variable"), "inputs": ("row",)}
        axes[self.terms] = ("point", "output", *_AXES[self.terms])
        # One for each ray, or one for all of them.
        rays = {"unmixed": "input", "along": "direction", "gradient": "direction", "hessian": "row"}
        axes["kink"] = ("point", rays.get(self.terms, "all"))
        if self.kink is not None and self.kink.shape[1] == 1:
            axes["kink"] = ("point", "all")
        if self.directions is not None:
            axes["directions"] = (("point",) if self.directions.ndim == 3 else ()) + ("direction", "input")
        if "order" in axes[self.terms]:
            coordinates["order"] = range(1, self.order + 1)
        if "power" in axes[self.terms]:
            coordinates["power"] = range(self.order)
        if self.rows is not None:
            coordinates["row"] = self.rows
        arrays = {name: (axes[name], array) for name, array in self._arrays().items()}
        if self.subspace is not None:
            arrays["subspace"] = (("variable", "input"), self.subspace)
        # What netCDF and Zarr can hold: no nested tables, no booleans.
        plain = {name: int(value) if isinstance(value, bool) else value for name, value in report.items() if isinstance(value, (bool, int, float, str))}
        return xarray.Dataset(arrays, coordinates, {**plain, "report": self._record})

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the arrays and the record of a result, as the program does: all or none of them.

        ``RESULT.npz`` or ``RESULT.safetensors``, with ``RESULT.json`` beside it; or ``"RESULT/"``, a folder with an ``.npy`` for each array
        and ``result.json``, for ``numpy.load(..., mmap_mode="r")``. A folder that exists needs no slash.
        """
        target = Path(path)
        dtype = self.value.dtype
        arrays = {
            name: array if array.dtype == np.uint8 else array.astype(dtype, copy=False)
            for name, array in self._arrays().items()
        }

        record = self._record.encode()
        try:
            if os.fspath(path).endswith(("/", os.sep)) or (target.is_dir() and target.suffix.lower() not in _ARCHIVES):
                _saved.folder(target, arrays, record)
            elif (write := _ARCHIVES.get(target.suffix.lower())) and target.stem:
                archive, json = partial(write, arrays=arrays), partial(_saved.record, record=record)
                _saved.together([(target, archive), (target.with_suffix(".json"), json)])
            else:
                raise FormatError(
                    f"{target}: the name of a result has to end in .npz or .safetensors, or in / for a folder of .npy files"
                )
        except OSError as error:
            raise FileError(f"cannot write {target}: {error}") from error

    def _rows(self) -> list[tuple[str, str]]:
        report, certificate = self.report, self.certificate
        shape = " x ".join(map(str, self.coefficients.shape))
        rows = [
            ("exact" if certificate.exact else "NOT EXACT", certificate.reason),
            ("coefficients", f"{self.terms}, order {report['order']}, {shape}"),
            ("computed", f"{report['method']} on {report['device']} in {report['precision']}"),
        ]
        if (verify := report.get("verify")) and verify["rays"]:
            rows.append(("verified", f"{verify['rays']} rays, off by {verify['max_relative_deviation']:.1e} at most"))
        if kinks := report.get("kinks"):
            nearest = kinks["smallest"]  # null stands for infinity
            rows.append(("nearest kink", "none is reached" if nearest is None else f"at t = {nearest:.3g}"))
        return rows

    def __repr__(self) -> str:
        lines = [f"  {label}: {text}" for label, text in self._rows()]
        return "\n".join([f"Expansion at {len(self.points)} point(s) of {len(self.outputs)} output(s)", *lines])

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align: left'>{html.escape(label)}</th>"
            f"<td style='text-align: left'>{html.escape(text)}</td></tr>"
            for label, text in self._rows()
        )
        return f"<table>{rows}</table>"


def _chosen(given: int | None, count: int, what: str) -> int:
    if given is not None:
        return index(given, count, what)
    if count != 1:
        raise RequestError(f"there are {count} {what}s: choose one by {what}=, from 0 to {count - 1}")
    return 0
