"""Differential operators: closed forms, and the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hope
import numpy as np
import pytest
from conftest import ROOT, Program, mlp

NETWORK = ROOT / "tests" / "fixtures" / "reference" / "discover_5d.onnx"
X = np.random.default_rng(1).normal(scale=0.3, size=(3, 5))


def test_operators_are_sums_of_mixed_terms() -> None:
    model = hope.load(NETWORK)
    mixed = model.expand(X, 4, terms="mixed", device="cpu")
    index = {tuple(row): at for at, row in enumerate(mixed.exponents.tolist())}

    def derivative(*inputs: int) -> np.ndarray:
        powers = tuple(inputs.count(i) for i in range(5))
        factorials = np.prod([float(np.prod(range(1, power + 1))) for power in powers])
        return np.asarray(mixed.mixed[..., index[powers]] * factorials)

    laplacian = model.expand(X, operator="laplacian", device="cpu")
    assert laplacian.terms == "operator" and laplacian.order == 2
    np.testing.assert_allclose(laplacian.operator, sum(derivative(i, i) for i in range(5)), rtol=1e-9)
    some = model.expand(X, operator="biharmonic", inputs=[0, 3], device="cpu")
    np.testing.assert_allclose(some.operator, derivative(0, 0, 0, 0) + derivative(3, 3, 3, 3) + 2 * derivative(0, 0, 3, 3), rtol=1e-9)
    speed = np.array([1.0, -2.0, 0.5])
    mine = model.expand(X, operator={(0, 0, 4): speed, (1,): -0.5, (): 2.0}, device="cpu")
    truth = speed[:, None] * derivative(0, 0, 4) - 0.5 * derivative(1) + 2.0 * mine.value
    np.testing.assert_allclose(mine.operator, truth, rtol=1e-9)
    assert mine.coefficients is mine.operator or np.array_equal(mine.coefficients, mine.operator)
    # Others of each point.
    again = model.expand(X, operator=[((0, 0, 4), -speed), ((1,), 0.5), ((), -2.0)], device="cpu")
    np.testing.assert_allclose(again.operator, -truth, rtol=1e-9)


def test_as_the_program(program: Program, tmp_path: Path) -> None:
    np.save(tmp_path / "at.npy", X)
    program("expand", NETWORK, "--at", tmp_path / "at.npy", "--operator", "laplacian", "--device", "cpu", "--out", tmp_path / "there.npz")
    hope.load(NETWORK).expand(X, operator="laplacian", device="cpu").save(tmp_path / "here.npz")
    there, here = np.load(tmp_path / "there.npz"), np.load(tmp_path / "here.npz")
    assert sorted(there) == sorted(here) == ["operator", "points", "value"]
    np.testing.assert_array_equal(there["operator"], here["operator"])


def test_wrong_operators() -> None:
    model = hope.load(mlp(3, 8, 2))
    x = np.zeros((1, 3))
    wrong: list[dict[str, Any]] = [
        {"operator": "laplace"},
        {"operator": 3},
        {"operator": {(0,): 1.0}, "inputs": [0]},
        {"operator": "laplacian", "terms": "mixed"},
        {"terms": "operator"},
    ]
    for given in wrong:
        with pytest.raises(hope.RequestError):
            model.expand(x, **given)
    with pytest.raises(hope.Error, match="3 inputs"):
        model.expand(x, operator="laplacian", inputs=[3])
    with pytest.raises(hope.Error, match="of order 2, not 3"):
        model.expand(x, 3, operator="laplacian")
