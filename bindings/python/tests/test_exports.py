"""Polynomials as ONNX models, estimators of scikit-learn, pictures."""

import numpy as np
import onnx
import pytest
from conftest import MNIST, Floats, mlp
from onnx.reference import ReferenceEvaluator

import hope

CNN = MNIST / "mnist_cnn_tanh.onnx"


def values(model: onnx.ModelProto, points: Floats) -> Floats:
    found = list(ReferenceEvaluator(model).run(None, {"x": points}))
    return np.asarray(found[0], dtype=np.float64)


def test_polynomials_as_onnx() -> None:
    x = np.array([[0.3, -0.2, 0.1]])
    points = np.random.default_rng(1).normal(size=(7, 3)) + x
    expansion = hope.expand(mlp(3, 5, 2), x, 4, terms="mixed")
    mixed = expansion.polynomial(output=1)
    np.testing.assert_allclose(values(mixed.to_onnx(), points), mixed(points), rtol=1e-12)
    additive = hope.expand(mlp(3, 5, 2), x, 5).polynomial(output=0)
    assert additive.is_additive
    np.testing.assert_allclose(values(additive.to_onnx(), points), additive(points), rtol=1e-12)
    constant = additive.truncate(0)
    np.testing.assert_allclose(values(constant.to_onnx(), points), constant(points))
    along = hope.expand(mlp(3, 5, 2), x, 6, directions=[[1.0, 2.0, 0.0]]).polynomial(output=0)
    t = np.linspace(-1, 1, 5)
    np.testing.assert_allclose(values(along.to_onnx(), t[:, None]), along(t), rtol=1e-12)
    # It is a network like any other.
    again = hope.expand(mixed.to_onnx(), x, 4, terms="mixed")
    first, second = (dict(map(_named, p.terms())) for p in (mixed, again.polynomial()))
    assert first.keys() == second.keys()
    assert all(second[key] == pytest.approx(value, abs=1e-12) for key, value in first.items())


def _named(term: tuple[float, dict[str, int]]) -> tuple[tuple[tuple[str, int], ...], float]:
    return tuple(sorted(term[1].items())), term[0]


def test_estimators() -> None:
    neural = pytest.importorskip("sklearn.neural_network")
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    random = np.random.default_rng(0)
    x = random.normal(size=(200, 4))
    regressor = make_pipeline(StandardScaler(), neural.MLPRegressor(hidden_layer_sizes=(8,), activation="tanh", max_iter=50, random_state=0))
    regressor.fit(x, np.sin(x[:, 0]) + x[:, 1] * x[:, 2])
    expansion = hope.expand(regressor, x[:3], 3)
    np.testing.assert_allclose(expansion.value[:, 0], regressor.predict(x[:3]), rtol=1e-6)
    h = 1e-4
    for i in range(4):
        step = h * np.eye(4)[i]
        slope = (regressor.predict(x[:3] + step) - regressor.predict(x[:3] - step)) / (2 * h)
        np.testing.assert_allclose(expansion.unmixed[:, 0, 0, i], slope, atol=1e-4)
    classifier = neural.MLPClassifier(hidden_layer_sizes=(8,), activation="tanh", max_iter=50, random_state=0)
    classifier.fit(x, (x[:, 0] > 0).astype(int) + (x[:, 1] > 0))
    model = hope.load(classifier)
    np.testing.assert_allclose(model(x[:5]), classifier.predict_proba(x[:5]), atol=1e-6)
    with pytest.raises(hope.RequestError, match="not fitted"):
        hope.load(neural.MLPRegressor())


def test_pictures() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    digit = np.load(MNIST / "digits.npy")[12:13]
    found = hope.along(CNN, digit, 0.0, 2, output=3, steps=1)
    assert len(found.plot().axes) == 4  # two orders, their sum, the colours
    assert len(hope.heatmap(CNN, digit, 2, output=3).plot().axes) == 3
    assert hope.interactions(CNN, digit, output=3, strongest=5).plot().axes
    along = hope.expand(mlp(3, 5, 2), [[0.3, -0.2, 0.1]], 3, directions=[[1.0, 0.0, 0.0]]).polynomial(output=0)
    axis = along.plot(radius=0.5)
    assert len(axis.get_lines()) == 4
    with pytest.raises(hope.RequestError, match="one variable"):
        hope.expand(mlp(3, 5, 2), [[0.3, -0.2, 0.1]], 2, terms="mixed").polynomial(output=0).plot()
    matplotlib.pyplot.close("all")
