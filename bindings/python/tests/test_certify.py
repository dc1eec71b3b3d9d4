"""Proofs over regions: closed forms, values at random points, and counterexamples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hope
import numpy as np
import pytest
from conftest import CNN, FIXTURES, Floats

SMALL = FIXTURES / "reference" / "discover_2d.onnx"


def test_the_network_stays_within_its_bounds() -> None:
    model = hope.load(SMALL)
    centre, rng = np.array([0.5, -0.5]), np.random.default_rng(1)
    found = hope.certify(model, centre, 0.2, 6)
    points = centre + rng.uniform(-0.2, 0.2, (2000, 2))
    values = model(points)[:, 0]
    off = np.abs(found.polynomials[0](points) - values)
    assert 0.01 * found.remainder[0] < off.max() <= found.remainder[0] + 1e-14
    assert found.remainder[0] < 1e-5
    assert found.range[0, 0] <= values.min() and values.max() <= found.range[0, 1]
    assert found.undecided == []
    same = hope.certify(model, box=(centre - 0.2, centre + 0.2), order=6)
    assert same.remainder[0] == pytest.approx(found.remainder[0], rel=1e-3)


def test_other_regions() -> None:
    model = hope.load(SMALL)
    one = hope.certify(model, [0.5, -0.5], 0.2, 6, inputs=[0])
    assert one.radius.tolist() == [0.2]
    t = np.linspace(-0.2, 0.2, 101)
    points = np.stack([0.5 + t, np.full_like(t, -0.5)], 1)
    assert np.abs(one.polynomials[0](t) - model(points)[:, 0]).max() <= one.remainder[0] + 1e-14
    segment = hope.certify(model, [0.5, -0.5], 0.2, 6, subspace=[[1.0, -1.0]])
    points = np.stack([0.5 + t, -0.5 - t], 1)
    assert np.abs(segment.polynomials[0](t) - model(points)[:, 0]).max() <= segment.remainder[0] + 1e-14
    part = hope.certify(model, [0.5, -0.5], 2.0, 4, tolerance=1e-3)
    assert part.remainder[0] <= 1e-3 and 0 < part.radius[0] < 2.0


def test_classes(digits: Floats) -> None:
    assert hope.prove_class(CNN, digits[0], 0.001).verdict == "proved"
    model = hope.load(CNN)
    wrong = int(model(digits[:1])[0].argmin())
    found = hope.prove_class(model, digits[0], 0.001, wrong)
    assert found.verdict == "refuted" and found.point is not None
    scores = model(found.point)[0]
    assert scores[found.other] > scores[wrong]
    assert np.abs(found.point - digits[0]).max() <= 0.001 * (1 + 1e-12)
    far = hope.prove_class(model, digits[0], 0.2)
    assert far.verdict == "open" and far.excess is not None and far.excess > 0


def test_properties(tmp_path: Path) -> None:
    model = hope.load(SMALL)
    values = model(np.random.default_rng(3).uniform(-1, 1, (4000, 2)))[:, 0]
    declared = "".join(f"(declare-const {name} Real)" for name in ["X_0", "X_1", "Y_0"])
    box = "".join(f"(assert (>= X_{i} -1))(assert (<= X_{i} 1))" for i in range(2))

    def prove(threshold: float) -> hope.PropertyVerdict:
        path = tmp_path / "p.vnnlib"
        path.write_text(f"{declared}{box}(assert (>= Y_0 {threshold!r}))")
        return hope.prove_property(model, path)

    held = prove(float(values.max()) + 0.2)
    assert (held.verdict, held.proved, held.point) == ("proved", 1.0, None)
    broken = prove(float(values.max()) - 0.2)
    assert broken.verdict == "refuted" and broken.point is not None and broken.outputs is not None
    assert broken.outputs[0] >= values.max() - 0.2
    assert model(broken.point)[0, 0] == pytest.approx(broken.outputs[0]) and np.abs(broken.point).max() <= 1
    (tmp_path / "p.vnnlib").write_text("(declare-const X_0 Int)")
    with pytest.raises(hope.FormatError, match="line 1"):
        hope.prove_property(model, tmp_path / "p.vnnlib")


def test_what_is_no_region() -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"x": [0.0, 0.0]}, "radius"),
        ({}, "region"),
        ({"x": [0.0, 0.0], "radius": 1.0, "box": (0, 1)}, "one of them"),
        ({"box": (1.0, 0.0)}, "empty"),
        ({"x": [0.0, 0.0], "radius": -1.0}, "negative"),
        ({"x": [0.0, 0.0], "radius": 1.0, "order": 0}, "order"),
        ({"x": [0.0, 0.0], "radius": 1.0, "inputs": [2]}, "no input 2"),
    ]
    for options, message in wrong:
        with pytest.raises(hope.Error, match=message):
            hope.certify(SMALL, **options)
    with pytest.raises(hope.NumericalError, match="tolerance"):
        hope.certify(SMALL, [0.0, 0.0], 1.0, 1, tolerance=1e-300)
