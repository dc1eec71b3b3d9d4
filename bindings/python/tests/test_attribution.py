"""Attributions along a way, of groups, and in Captum's call shape: closed forms and the library's fixtures."""

import numpy as np
import pytest
from conftest import FIXTURES, MNIST, Floats

import hope
from hope.captum import TaylorAttribution

CNN = MNIST / "mnist_cnn_tanh.onnx"
PATCHES = np.add.outer(np.arange(28) // 4 * 7, np.arange(28) // 4).reshape(1, 28, 28)


@pytest.fixture
def digit() -> Floats:
    found: Floats = np.load(MNIST / "digits.npy")[12:13].astype(np.float64)  # the first 3
    return found


def test_spectrum(digit: Floats) -> None:
    truth = np.load(FIXTURES / "spectrum.npz")
    output = int(np.load(FIXTURES / "attribution.npz")["class"].ravel()[0])
    found = hope.spectrum(CNN, digit, output=output, count=8, device="cpu")
    largest = np.sort(np.abs(truth["eigenvalues"]))[::-1][:8]
    np.testing.assert_allclose(np.abs(found.eigenvalues), largest, rtol=1e-6)  # of pixels in float64
    assert found.eigenvectors.shape == (8, 1, 28, 28)
    assert found.products is None and found.certificate.exact
    hessian = hope.load(CNN).expand(digit, 2, terms="hessian", outputs=output, device="cpu").hessian[0, 0]
    for value, vector, residual in zip(found.eigenvalues, found.eigenvectors, found.residuals, strict=True):
        off = np.linalg.norm(hessian @ vector.ravel() - value * vector.ravel())
        assert off < 1e-9 and abs(off - residual) < 1e-9
    assert found.plot(first=3).axes
    with pytest.raises(hope.RequestError, match="785 eigenvalues"):
        hope.spectrum(CNN, digit, output=output, count=785)


def test_shares_sum_up_to_the_change(digit: Floats) -> None:
    model = hope.load(CNN)
    found = hope.along(model, digit, 0.0, output=3)
    black = model(np.zeros_like(digit), outputs=3)[0, 0]
    assert found.change == pytest.approx(black - found.value, rel=1e-12)
    assert found.reached and found.steps > 1 and found.certificate.exact
    assert found.total.sum() == pytest.approx(found.change, abs=0.02 * abs(found.change))
    one = hope.along(model, digit, 0.0, 2, output=3, steps=1)
    gradient = model.expand(digit, 1, terms="gradient", outputs=3).gradient[0, 0, 0, 0]
    np.testing.assert_allclose(one.shares[0].ravel(), -gradient * digit.ravel(), atol=1e-12)
    assert one.shares.shape == (2, 1, 28, 28) and one.measured.shape == (2,)


def test_numbers_are_those_of_the_fixture() -> None:
    truth = np.load(FIXTURES / "attribution.npz")
    digit = np.load(MNIST / "digits.npy")[12:13]
    output = int(truth["class"][0])
    found = hope.along(CNN, digit, 0.0, 3, output=output, steps=1)
    scale = np.abs(truth["shares"]).max()
    # The fixture's digit is the PNG, in bytes divided by 255; the array has f32.
    np.testing.assert_allclose(found.shares.reshape(3, -1), truth["shares"], atol=1e-5 * scale)
    map = hope.heatmap(CNN, digit, 3, output=output, baseline=np.zeros(784), groups=PATCHES)
    np.testing.assert_allclose(map.predicted, truth["patches"], atol=1e-5 * np.abs(truth["patches"]).max())
    pairs = hope.interactions(CNN, digit, output=output, groups=PATCHES)
    np.testing.assert_allclose(pairs.matrix, truth["pairs"], atol=1e-5 * np.abs(truth["pairs"]).max())


def test_groups_that_cannot_be(digit: Floats) -> None:
    with pytest.raises(hope.ShapeError, match="784 inputs"):
        hope.heatmap(CNN, digit, output=3, groups=[0, 1])
    with pytest.raises(hope.ShapeError, match="whole numbers"):
        hope.heatmap(CNN, digit, output=3, groups=np.zeros(784))
    with pytest.raises(hope.RequestError, match="from 0"):
        hope.interactions(CNN, digit, output=3, groups=-np.ones(784, int))
    with pytest.raises(hope.RequestError, match="group 0"):
        hope.heatmap(CNN, digit, output=3, groups=np.ones(784, int))
    with pytest.raises(hope.RequestError, match="1024"):
        hope.along(CNN, digit, output=3, steps=5000)
    with pytest.raises(hope.RequestError, match="no input is changed"):
        hope.along(CNN, digit, digit, output=3)


def test_captums_call_shape(digit: Floats) -> None:
    taylor = TaylorAttribution(CNN, order=3)
    batch = np.concatenate([digit, digit[:, :, ::-1]])
    found, deltas = taylor.attribute(batch, target=[3, 5], return_convergence_delta=True)
    assert found.shape == batch.shape and deltas.shape == (2,)
    model = hope.load(CNN)
    scores, black = model(batch), model(np.zeros((1, 784)))
    for image, target in enumerate([3, 5]):
        difference = scores[image, target] - black[0, target]
        assert found[image].sum() - difference == pytest.approx(deltas[image], abs=1e-9)
        assert abs(deltas[image]) < 0.05 * abs(difference) + 0.05
    np.testing.assert_array_equal(taylor.attribute(digit, target=3, n_steps=1, baselines=0), -hope.along(CNN, digit, output=3, steps=1).total[None])
    with pytest.raises(hope.ShapeError, match="targets"):
        taylor.attribute(batch, target=[1])
    with pytest.raises(hope.ShapeError, match="baselines"):
        taylor.attribute(batch, target=1, baselines=np.zeros(3))
