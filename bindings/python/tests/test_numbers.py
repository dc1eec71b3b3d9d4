"""Whether the numbers are right: closed forms, finite differences, and the program's, bit for bit."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import hope
import numpy as np
import pytest
from conftest import CNN, MNIST, Floats, Program, mlp, model_of, weights_of
from onnx import helper


def exponential() -> hope.Model:
    """y = exp(2 x1 - x2)."""
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Exp", ["h"], ["y"])]
    return hope.load(model_of(nodes, {"x": ["B", 2]}, {"y": ["B", 1]}, {"w": np.array([[2.0], [-1.0]])}))


def test_closed_form_along_inputs() -> None:
    x = np.array([[0.0, 0.0], [0.3, -0.2]])
    expansion = exponential().expand(x, order=6)
    value = np.exp(2 * x[:, 0] - x[:, 1])
    np.testing.assert_allclose(expansion.value[:, 0], value, rtol=1e-15)
    assert expansion.unmixed.shape == (2, 1, 6, 2)
    for k in range(1, 7):
        truth = value[:, None] * np.array([2.0, -1.0]) ** k / math.factorial(k)
        np.testing.assert_allclose(expansion.unmixed[:, 0, k - 1], truth, rtol=1e-13)
    assert expansion.certificate.exact
    assert expansion.kink is None


def test_closed_form_mixed() -> None:
    expansion = exponential().expand([[0.1, 0.2]], order=5, terms="mixed")
    assert expansion.exponents.shape == (21, 2)
    for (a, b), c in zip(expansion.exponents.tolist(), expansion.mixed[0, 0]):
        truth = 2.0**a * (-1.0) ** b / math.factorial(a) / math.factorial(b)
        assert c == pytest.approx(truth, rel=1e-12)  # exp(0) = 1 at this point


def test_closed_form_along_directions() -> None:
    rays = np.array([[1.0, 1.0], [0.5, 0.0], [0.0, 3.0]])
    expansion = exponential().expand(np.zeros((2, 2)), order=4, directions=rays)
    slope = rays @ [2.0, -1.0]
    for k in range(1, 5):
        np.testing.assert_allclose(expansion.along[1, 0, k - 1], slope**k / math.factorial(k), rtol=1e-13)
    own = np.stack([rays, 2 * rays])
    expansion = exponential().expand(np.zeros((2, 2)), order=4, directions=own)
    np.testing.assert_allclose(expansion.along[1, 0, 2], (2 * slope) ** 3 / 6, rtol=1e-13)


def test_first_order_is_that_of_finite_differences() -> None:
    network = mlp(7, 16, 3)
    w = weights_of(network)

    def f(x: Floats) -> Floats:
        return np.tanh(x @ w["w1"] + w["b1"]) @ w["w2"]

    x = np.random.default_rng(0).normal(size=(4, 7))
    expansion = hope.expand(network, x, order=2)
    np.testing.assert_allclose(expansion.value, f(x), rtol=1e-13)
    h = 1e-5
    for i in range(7):
        step = h * np.eye(7)[i]
        first = (f(x + step) - f(x - step)) / (2 * h)
        np.testing.assert_allclose(expansion.unmixed[:, :, 0, i], first, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(hope.load(network)(x), f(x), rtol=1e-13)


def test_single_precision_gives_f32() -> None:
    x = np.random.default_rng(1).normal(size=(3, 7))
    model = hope.load(mlp(7, 16, 3))
    double, single = model.expand(x, 4, device="cpu"), model.expand(x, 4, device="cpu", precision=np.float32)
    assert double.unmixed.dtype == double.value.dtype == np.float64
    assert single.unmixed.dtype == single.value.dtype == np.float32
    scale = np.abs(double.unmixed).max(axis=(0, 1, 3), keepdims=True)
    assert np.abs((single.unmixed - double.unmixed) / scale).max() < 1e-5
    assert single.report["verify"]["rays"] == 3
    assert double.report["verify"] is None


def test_arrays_are_the_librarys_own_memory() -> None:
    expansion = hope.load(mlp(7, 16, 3)).expand(np.zeros((3, 7)))
    assert expansion.unmixed.base is not None
    assert not expansion.unmixed.flags.owndata
    assert expansion.unmixed.flags.c_contiguous
    expansion.unmixed[0, 0, 0, 0] = 7.0


CASES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "unmixed": ({}, []),
    "single": ({"precision": "f32"}, ["--precision", "f32", "--dtype", "f32"]),
    "outputs": ({"outputs": [8, 3]}, ["--outputs", "8,3"]),
    "rule": ({"method": "hope"}, ["--method", "hope"]),
    "along": ({"directions": "rows"}, ["--directions", "ROWS"]),
    "subspace": ({"subspace": "rows"}, ["--subspace", "ROWS"]),
}


@pytest.mark.filterwarnings("ignore::hope.ApproximationWarning")
@pytest.mark.parametrize("case", CASES)
def test_the_same_bits_and_record_as_the_programs(
    case: str, program: Program, digits: Floats, tmp_path: Path
) -> None:
    options, arguments = CASES[case]
    rows = np.random.default_rng(2).normal(size=(3, 784))
    np.save(tmp_path / "rows.npy", rows)
    np.save(tmp_path / "at.npy", digits[:2])
    given: dict[str, Any] = {name: rows if value == "rows" else value for name, value in options.items()}
    arguments = [str(tmp_path / "rows.npy") if a == "ROWS" else a for a in arguments]
    there = tmp_path / "there.npz"
    at = ["--at", tmp_path / "at.npy", "--order", "3", "--device", "cpu", "--out", there]
    program("expand", CNN, *at, *arguments)
    here = tmp_path / "here.npz"
    hope.load(CNN).expand(digits[:2], 3, device="cpu", **given).save(here)
    with np.load(there) as theirs, np.load(here) as ours:
        assert sorted(theirs) == sorted(ours)
        for name in theirs:
            assert theirs[name].dtype == ours[name].dtype, name
            assert theirs[name].tobytes() == ours[name].tobytes(), name
    records = [json.loads(path.with_suffix(".json").read_text()) for path in (there, here)]
    for record in records:
        for key in ("seconds", "peak_bytes"):
            del record[key]
        record["model"] = Path(record["model"]).name
    assert records[0] == records[1]


def test_bits_do_not_depend_on_threads_or_memory(digits: Floats) -> None:
    model = hope.load(CNN)
    truth = model.expand(digits[:3], 3, outputs=0, device="cpu")
    others: list[dict[str, Any]] = [{"threads": 1}, {"threads": 5}, {"memory": "64MiB"}]
    for options in others:
        again = model.expand(digits[:3], 3, outputs=0, device="cpu", **options)
        assert again.unmixed.tobytes() == truth.unmixed.tobytes()


def test_kinks_and_stand_ins(digits: Floats) -> None:
    path = MNIST / "mnist_cnn_relu_bn.onnx"
    expansion = hope.load(path).expand(digits[:1], 2, outputs=1, device="cpu")
    assert expansion.kink is not None and expansion.kink.shape == (1, 784)
    assert (expansion.kink >= 0).all()
    assert not expansion.unmixed[:, :, 1].any()
    smooth = hope.load(path, smooth={"relu": 20, "max_pool": 20})
    expansion = smooth.expand(digits[:1], 2, outputs=1, device="cpu", radius=0.5, terms="unmixed")
    assert expansion.unmixed[:, :, 1].any()
    assert not expansion.certificate.exact
    assert "stand-in" in expansion.certificate.reason
    assert expansion.report["smooth"]["radius"] == 0.5


def test_quantised_networks() -> None:
    folder = Path(__file__).parents[3] / "tests" / "fixtures" / "quantised"
    truth = np.load(folder / "qdq.npz")
    network = hope.load(folder / "qdq.onnx")
    np.testing.assert_allclose(network(truth["x"]), truth["value"], atol=1e-5)
    with pytest.raises(hope.UnsupportedError, match='smooth="quantize=identity"'):
        network.expand(truth["x"], 2)
    rules: list[Any] = [{"quantize": "identity"}, "quantize=identity"]
    for rule in rules:
        smooth = hope.load(folder / "qdq.onnx", smooth=rule)
        expansion = smooth.expand(truth["x"], 3, directions=truth["direction"].reshape(1, -1), device="cpu")
        np.testing.assert_allclose(expansion.along[..., 0], truth["c"][:, 1:].transpose(0, 2, 1), atol=1e-10)
        assert not expansion.certificate.exact


def test_a_gpu_or_its_software(digits: Floats) -> None:
    adapters = hope.adapters()
    if not adapters:
        pytest.skip("no adapter")
    model = hope.load(CNN)
    there = model.expand(digits[:1], 3, outputs=0, device=adapters[0]["name"])
    here = model.expand(digits[:1], 3, outputs=0, device="cpu")
    assert there.unmixed.dtype == np.float32
    assert there.report["device"] != "cpu"
    scale = np.abs(here.unmixed).max(axis=3, keepdims=True)
    assert np.abs((there.unmixed - here.unmixed) / scale).max() < 1e-4


def test_gradients_and_second_derivatives() -> None:
    model = exponential()
    x = np.array([[0.1, 0.2], [-0.3, 0.4]])
    value = np.exp(2 * x[:, 0] - x[:, 1])
    slope = np.array([2.0, -1.0])
    gradient = model.expand(x, terms="gradient")
    assert gradient.gradient.shape == (2, 1, 1, 1, 2) and gradient.directions is None
    np.testing.assert_allclose(gradient.gradient[:, 0, 0, 0], value[:, None] * slope, rtol=1e-14)
    # exp(2 x1 - x2 + t (2 v1 - v2)).
    v = np.array([[1.0, 0.5], [-1.0, 2.0]])
    along = model.expand(x, order=3, terms="gradient", directions=v)
    assert along.gradient.shape == (2, 1, 3, 2, 2)
    for k in range(3):
        truth = value[:, None, None] * (v @ slope)[None, :, None] ** k / math.factorial(k) * slope
        np.testing.assert_allclose(along.gradient[:, 0, k], truth, rtol=1e-13)
    hessian = model.expand(x, terms="hessian").hessian
    np.testing.assert_allclose(hessian[:, 0], value[:, None, None] * np.outer(slope, slope), rtol=1e-13)
    rows = model.expand(x, terms="hessian", inputs=[1])
    np.testing.assert_array_equal(rows.hessian, hessian[:, :, 1:])
    with pytest.raises(hope.RequestError, match="hessian"):
        model.expand(x, inputs=[1])
    with pytest.raises(hope.RequestError, match="directions"):
        model.expand(x, order=2, terms="gradient")
