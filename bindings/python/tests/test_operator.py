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


def test_estimates(program: Program, tmp_path: Path) -> None:
    model = hope.load(NETWORK)
    for name in ("laplacian", "biharmonic"):
        truth = model.expand(X, operator=name, inputs=[0, 2, 3], device="cpu")
        assert truth.operator_error is None
        with pytest.warns(hope.ApproximationWarning, match="estimate of 200 samples, not exact"):
            found = model.expand(X, operator=name, inputs=[0, 2, 3], samples=200, seed=4, device="cpu")
        assert found.operator_error is not None and found.operator_error.shape == truth.operator.shape
        assert (np.abs(found.operator - truth.operator) < 4.5 * found.operator_error).all()
        assert (found.report["samples"], found.report["seed"], found.certificate.exact) == (200, 4, False)
        np.save(tmp_path / "at.npy", X)
        there, here = tmp_path / f"{name}.npz", tmp_path / "here.npz"
        given = ["--operator", name, "--inputs", "0,2,3", "--samples", "200", "--seed", "4"]
        program("expand", NETWORK, "--at", tmp_path / "at.npy", *given, "--device", "cpu", "--out", there)
        found.save(here)
        np.testing.assert_array_equal(np.load(there)["operator_error"], np.load(here)["operator_error"])
        np.testing.assert_array_equal(np.load(there)["operator"], found.operator)
    mistakes: list[dict[str, Any]] = [{"operator": "laplacian", "samples": 1}, {"samples": 8}, {"operator": {(0, 0): 1.0}, "samples": 8}]
    for wrong in mistakes:
        with pytest.raises(hope.RequestError):
            model.expand(X, **wrong)
