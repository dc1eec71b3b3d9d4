"""Polynomials as estimators."""

from __future__ import annotations

import numpy as np
import pytest
from conftest import mlp, weights_of

import hope


def test_predictions_are_those_of_the_polynomials() -> None:
    model = hope.load(mlp(3, 8, 2))
    centres = np.array([[0.1, -0.2, 0.3], [1.0, 1.0, 1.0]])
    surrogate = hope.TaylorSurrogate(order=5).fit(model, centres)
    assert surrogate.certificate_.exact and surrogate.n_features_in_ == 3
    random = np.random.default_rng(1)
    points = np.concatenate([centre + 0.05 * random.normal(size=(20, 3)) for centre in centres])
    found = surrogate.predict(points)
    assert found.shape == (40, 2)
    np.testing.assert_allclose(found, model(points), atol=1e-6)
    assert surrogate.score(points, model(points)) > 1 - 1e-9
    # Twice as near, the error of order n is 2^(n + 1) times smaller.
    for order in (1, 2, 3, 4):
        surrogate = hope.TaylorSurrogate(order).fit(model, centres)
        nearer = centres[0] + (points[:20] - centres[0]) * np.array([[[1.0]], [[0.5]]])
        far, near = (np.abs(surrogate.predict(x) - model(x)).max() for x in nearer)
        assert far / near == pytest.approx(2 ** (order + 1), rel=0.5)


def test_one_output_is_one_column() -> None:
    network = mlp(2, 6, 3)
    model = hope.load(network)
    points = np.array([[0.1, 0.2], [0.3, -0.1]])
    one = hope.TaylorSurrogate(3, outputs=1).fit(model, points[:1])
    assert one.predict(points).shape == (2,)
    assert hope.TaylorSurrogate(3, outputs=[1]).fit(model, points[:1]).predict(points).shape == (2, 1)
    # The point itself, in closed form.
    w = weights_of(network)
    truth = np.tanh(points[0] @ w["w1"] + w["b1"]) @ w["w2"]
    np.testing.assert_allclose(one.predict(points)[0], truth[1], rtol=1e-12)


def test_a_subspace_takes_points_of_the_network() -> None:
    model = hope.load(mlp(5, 8, 1))
    random = np.random.default_rng(2)
    x0, directions = random.normal(size=5), random.normal(size=(2, 5))
    surrogate = hope.TaylorSurrogate(8, subspace=directions).fit(model, x0)
    t = 0.05 * random.normal(size=(10, 2))
    points = x0 + t @ directions
    np.testing.assert_allclose(surrogate.predict(points), model(points)[:, 0], atol=1e-8)
    # What is outside of the plane is left out.
    normal = np.linalg.svd(directions)[2][-1]
    np.testing.assert_allclose(surrogate.predict(points + normal), surrogate.predict(points), atol=1e-12)


def test_scikit_learn_sees_an_estimator() -> None:
    base = pytest.importorskip("sklearn.base")
    metrics = pytest.importorskip("sklearn.metrics")
    pipeline = pytest.importorskip("sklearn.pipeline")
    surrogate = hope.TaylorSurrogate(order=4, terms="unmixed")
    again = base.clone(surrogate)
    assert again.get_params() == surrogate.get_params() and base.is_regressor(surrogate)
    assert repr(surrogate) == "TaylorSurrogate(order=4, terms='unmixed')"
    model = hope.load(mlp(3, 8, 2))
    points = np.random.default_rng(3).normal(size=(30, 3)) * 0.3
    fitted = again.set_params(order=6, terms="mixed").fit(model, points[0])
    truth = model(points)
    assert fitted.score(points, truth) == pytest.approx(metrics.r2_score(truth, fitted.predict(points)))
    np.testing.assert_array_equal(pipeline.make_pipeline(fitted).predict(points), fitted.predict(points))


def test_what_a_surrogate_refuses() -> None:
    with pytest.raises(hope.SelectionError, match="fit"):
        hope.TaylorSurrogate().predict([[0.0]])
    with pytest.raises(hope.RequestError, match="mixed"):
        hope.TaylorSurrogate(terms="along").fit(mlp(2, 4, 1), [0.0, 0.0])
    with pytest.raises(hope.RequestError, match="no parameter"):
        hope.TaylorSurrogate().set_params(degree=3)
    fitted = hope.TaylorSurrogate(2).fit(mlp(2, 4, 1), [0.0, 0.0])
    with pytest.raises(hope.ShapeError, match="\\(N, 2\\)"):
        fitted.predict([0.0, 0.0])
    with pytest.raises(hope.ShapeError, match="predictions"):
        fitted.score([[0.0, 0.0]], [1.0, 2.0])
