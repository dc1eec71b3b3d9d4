"""From derivatives to answers."""

from __future__ import annotations

import math

import hope
import numpy as np
import pytest
from conftest import CNN, FIXTURES, MNIST, Floats, mlp, model_of
from onnx import helper


def product() -> hope.Model:
    """y = tanh(a b + 2 c) of x = (a, b, c)."""
    nodes = [
        helper.make_node("MatMul", ["x", "left"], ["l"]),
        helper.make_node("MatMul", ["x", "right"], ["r"]),
        helper.make_node("MatMul", ["x", "third"], ["c"]),
        helper.make_node("Mul", ["l", "r"], ["p"]),
        helper.make_node("Add", ["p", "c"], ["s"]),
        helper.make_node("Tanh", ["s"], ["y"]),
    ]
    weights = {
        "left": np.array([[1.0], [0.0], [0.0]]),
        "right": np.array([[0.0], [1.0], [0.0]]),
        "third": np.array([[0.0], [0.0], [2.0]]),
    }
    return hope.load(model_of(nodes, {"x": ["B", 3]}, {"y": ["B", 1]}, weights))


def test_discover() -> None:
    # Trained on 0.5 x1² + 0.5 x2.
    found = hope.discover(FIXTURES / "reference" / "discover_2d.onnx", (-1, 1), order=4)
    powers = {tuple(sorted(term.items())): c for c, term in found.expression.terms()}
    assert set(powers) == {(("x1", 2),), (("x2", 1),)}
    assert all(c == pytest.approx(0.5, abs=0.05) for c in powers.values())
    assert found.r_squared > 0.99
    assert found.certificate.exact
    again = hope.discover(FIXTURES / "reference" / "discover_2d.onnx", [(-1, 1), (-1, 1)], order=4)
    assert again.expression == found.expression
    with pytest.raises(hope.ShapeError, match="2 such pairs"):
        hope.discover(FIXTURES / "reference" / "discover_2d.onnx", [(-1, 1)] * 3)
    with pytest.raises(hope.RequestError, match="goes from 1 to -1"):
        hope.discover(FIXTURES / "reference" / "discover_2d.onnx", (1, -1))


def test_trust() -> None:
    nodes = [helper.make_node("Tanh", ["x"], ["y"])]
    model = hope.load(model_of(nodes, {"x": ["B", 1]}, {"y": ["B", 1]}, {}))
    found = hope.trust(model, [[0.0], [0.1]], order=8, tolerance=1e-3, radius=0.5, checks=2)
    assert found.radius.shape == found.convergence.shape == found.limit.shape == (2, 1, 1)
    assert found.convergence[0, 0, 0] == pytest.approx(math.pi / 2, rel=0.2)
    t = found.radius[0, 0, 0]
    series = model.expand([0.0], 8).polynomial()
    assert abs(series(t) - math.tanh(t)) < 1e-3 < abs(series(1.3 * t) - math.tanh(1.3 * t))
    assert found.order is not None and 3 <= found.order[0, 0, 0] <= 8
    assert len(found.checks) == 2
    assert all(check.measured is not None and check.measured < 1e-3 for check in found.checks)
    assert found.proved is None
    proved = hope.trust(model, [[0.0], [0.1]], order=8, tolerance=1e-3, checks=0, rigorous=True).proved
    assert proved is not None and proved.shape == found.radius.shape
    assert (proved > 0.3 * found.radius).all() and (proved < 1.2 * found.radius).all()
    along = hope.trust(model, [[0.0]], order=8, tolerance=1e-3, directions=[[2.0]], checks=0)
    assert along.convergence[0, 0, 0] == pytest.approx(math.pi / 4, rel=0.2)


def test_heatmap(digits: Floats) -> None:
    model = hope.load(MNIST / "mnist_mlp1_sigmoid.onnx")
    found = hope.heatmap(model, digits[0], order=4, output=3, delta=0.1)
    assert found.predicted.shape == (4, *model.input_shape)
    point = digits[0].reshape(-1)
    truth = model(point + 0.1 * np.eye(784), outputs=3)[:, 0] - model(point, outputs=3)[0, 0]
    np.testing.assert_allclose(found.predicted[3].reshape(-1), truth, atol=1e-5)
    to_zero = hope.heatmap(model, digits[0], order=4, output=3, baseline=np.zeros(784))
    each = hope.heatmap(model, digits[0], order=4, output=3, delta=-digits[0])
    np.testing.assert_array_equal(to_zero.predicted, each.predicted)
    with pytest.raises(hope.RequestError, match="10 outputs: choose one"):
        hope.heatmap(model, digits[0])
    with pytest.raises(hope.ShapeError, match="at one point"):
        hope.heatmap(model, digits[:2], output=3)


def test_interactions() -> None:
    x = np.array([0.3, -0.2, 0.1])
    found = hope.interactions(product(), x)
    s = x[0] * x[1] + 2 * x[2]
    first, second = 1 - math.tanh(s) ** 2, -2 * math.tanh(s) * (1 - math.tanh(s) ** 2)
    assert found.inputs == [0, 1, 2]
    assert found.matrix[0, 1] == pytest.approx(first + x[0] * x[1] * second, rel=1e-12)
    assert found.matrix[1, 2] == pytest.approx(2 * x[0] * second, rel=1e-12)
    assert found.matrix[2, 2] == pytest.approx(2 * second, rel=1e-12)
    assert found.pairs[0][:2] == (0, 1)
    assert hope.interactions(product(), x, inputs=[2, 0]).pairs[0][2] == pytest.approx(2 * x[1] * second, rel=1e-12)


def test_surrogate() -> None:
    model = hope.load(mlp(2, 6, 2))
    near = hope.surrogate(model, [0.1, 0.2], order=6, output=1, tolerance=1e-4)
    assert near.limited and near.largest <= 1e-4
    angle = np.linspace(0, 6, 50)
    ring = np.array([0.1, 0.2]) + near.radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert np.abs(near(ring) - model(ring)[:, 1]).max() < 1.1e-4
    within = hope.surrogate(model, [0.1, 0.2], order=6, output=1, radius=0.1)
    assert within.polynomial.bound is None
    proved = hope.surrogate(model, [0.1, 0.2], order=6, output=1, radius=0.1, rigorous=True)
    assert proved.polynomial.bound is not None and proved.polynomial.bound[2] >= 0.99 * within.largest
    low, high = proved.polynomial.bounds([[0.15, 0.15], [5.0, 5.0]]).T
    assert low[0] <= model([[0.15, 0.15]])[0, 1] <= high[0] and high[1] == np.inf
    assert within.limited is None and within.radius == 0.1
    assert within.mean <= within.rms <= within.largest
    line = hope.surrogate(model, [0.1, 0.2], order=6, output=1, subspace=[[1.0, 1.0]], radius=0.1)
    assert line(0.05) == pytest.approx(model([0.15, 0.25])[0, 1], abs=1e-6)


def test_check() -> None:
    found = hope.check(CNN, order=5)
    assert found.supported and found.model is not None
    assert found.kinks == "none"
    assert [layer.operator for layer in found.layers].count("Conv") == 2
    assert sum(layer.parameters for layer in found.layers) == found.model.parameters
    rule = found.rule["unmixed"]
    assert isinstance(rule, hope.Certificate) and not rule.exact
    assert all(cost.flops > 1e6 for cost in found.cost.values() if not isinstance(cost, hope.Error))
    text = repr(found)
    assert "node_conv2d" in text and "20 x 8 x 8" in text and "NOT EXACT" in text and "operations per point" in text
    relu = hope.check(MNIST / "mnist_cnn_relu_bn.onnx")
    assert relu.kinks == "piecewise linear"
    broken = hope.check(FIXTURES / "broken" / "unsupported_det.onnx")
    assert not broken.supported
    assert "Det" in str(broken.obstacles[0]) and str(broken.obstacles[0]) in repr(broken)
    assert isinstance(hope.check("no/such/file.onnx").obstacles[0], hope.FileError)


def test_warnings_name_the_callers_line(digits: Floats) -> None:
    with pytest.warns(hope.ApproximationWarning) as warned:
        hope.heatmap(CNN, digits[0], output=3, method="hope")
    assert warned[0].filename == __file__
    with pytest.warns(hope.ApproximationWarning) as warned:
        hope.load(CNN).expand(digits[0], 2, outputs=3, method="hope")
    assert warned[0].filename == __file__
