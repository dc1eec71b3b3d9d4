"""Expansions as labelled arrays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import FIXTURES, Floats, Program, mlp

import hope

xarray = pytest.importorskip("xarray")

KINDS: list[tuple[dict[str, Any], tuple[str, ...]]] = [
    ({"order": 3}, ("point", "output", "order", "input")),
    ({"order": 3, "directions": np.eye(4)[:2]}, ("point", "output", "order", "direction")),
    ({"order": 2, "directions": np.ones((3, 2, 4))}, ("point", "output", "order", "direction")),
    ({"order": 2, "terms": "mixed"}, ("point", "output", "term")),
    ({"order": 2, "subspace": np.eye(4)[:2]}, ("point", "output", "term")),
    ({"terms": "gradient"}, ("point", "output", "power", "direction", "input")),
    ({"order": 3, "terms": "gradient", "directions": np.eye(4)[:2]}, ("point", "output", "power", "direction", "input")),
    ({"terms": "hessian", "inputs": [2, 0]}, ("point", "output", "row", "input")),
]


@pytest.mark.parametrize("function", ["Tanh", "Relu"])
@pytest.mark.parametrize(("options", "axes"), KINDS)
def test_every_axis_has_its_name(options: dict[str, Any], axes: tuple[str, ...], function: str, tmp_path: Path) -> None:
    expansion = hope.expand(mlp(4, 8, 3, function), np.full((3, 4), 0.3), outputs=[2, 0], **options)
    data = expansion.to_xarray()
    coefficients = data[expansion.terms]
    assert coefficients.dims == axes
    np.testing.assert_array_equal(coefficients, expansion.coefficients)
    np.testing.assert_array_equal(data["value"].sel(output=0), expansion.value[:, 1])
    if "order" in axes:
        np.testing.assert_array_equal(coefficients.sel(order=2), np.take(expansion.coefficients, 1, axis=2))
    if "row" in axes:
        np.testing.assert_array_equal(coefficients.sel(row=0), expansion.hessian[:, :, 1])
    if function == "Relu" and expansion.kink is not None:
        np.testing.assert_array_equal(data["kink"], expansion.kink)
    assert data.attrs["exact"] == int(expansion.certificate.exact)
    assert json.loads(data.attrs["report"]) == expansion.report


def test_saved_rows_are_those_of_the_program(program: Program, tmp_path: Path) -> None:
    model = FIXTURES / "reference" / "discover_2d.onnx"
    point = np.array([[0.5, -0.25]])
    np.save(tmp_path / "at.npy", point)
    program("expand", model, "--at", tmp_path / "at.npy", "--terms", "hessian", "--inputs", "1", "--out", tmp_path / "theirs.npz")
    hope.load(model).expand(point, terms="hessian", inputs=[1]).save(tmp_path / "ours.npz")
    theirs, ours = np.load(tmp_path / "theirs.npz"), np.load(tmp_path / "ours.npz")
    assert sorted(theirs) == sorted(ours)
    for name in theirs:
        _equal(theirs[name], ours[name])


def _equal(a: Floats, b: Floats) -> None:
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a, b)
