"""What models are made of, and where they may be used."""

from __future__ import annotations

import copy
import os
import pickle
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import hope
import numpy as np
import pytest
from conftest import CNN, FIXTURES, MNIST, Floats, mlp, model_of
from onnx import helper


def same(a: hope.Expansion, b: hope.Expansion) -> bool:
    return a.coefficients.tobytes() == b.coefficients.tobytes() and a.value.tobytes() == b.value.tobytes()


def test_paths_bytes_and_messages(tmp_path: Path) -> None:
    network = mlp(3, 5, 2)
    path = tmp_path / "net.onnx"
    path.write_bytes(network.SerializeToString())
    given: list[Any] = [path, str(path), path.read_bytes(), bytearray(path.read_bytes()), network]
    expansions = [hope.load(model).expand([0.1, 0.2, 0.3]) for model in given]
    assert all(same(expansions[0], other) for other in expansions)
    model = hope.load(path)
    assert (model.input_shape, model.output_shape, model.output_name) == ((3,), (2,), "y")
    assert model.inputs == {"x": (3,)}
    assert model.parameters == 3 * 5 + 5 + 5 * 2
    assert repr(model) == f"Model({path}: input 3, output 'y' 2)"
    with pytest.raises(TypeError, match="not a builtins.int"):
        hope.load(7)


class OnlyDLPack:
    def __init__(self, array: Floats) -> None:
        self.array = array

    def __dlpack__(self, **options: Any) -> Any:
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.array.__dlpack_device__()


class OnlyArray:
    def __init__(self, array: Floats) -> None:
        self.array = array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return self.array


def test_points_of_all_kinds(digits: Floats) -> None:
    model = hope.load(MNIST / "mnist_mlp1_sigmoid.onnx")
    flat = digits[:2].reshape(2, 784)
    truth = model.expand(flat, 2)
    transposed = np.asfortranarray(flat)
    single = flat.astype(np.float32)  # these digits are numbers of f32
    for points in (flat.reshape(2, 28, 28), flat.tolist(), transposed, single, OnlyDLPack(flat), OnlyArray(flat)):
        assert same(model.expand(points, 2), truth)
    one = model.expand(flat[0], 2)
    assert one.value.shape == (1, 10)
    assert (one.unmixed[0] == truth.unmixed[0]).all()


def test_open_sizes_are_those_of_the_example() -> None:
    nodes = [helper.make_node("Tanh", ["x"], ["h"]), helper.make_node("ReduceSum", ["h"], ["y"], keepdims=0)]
    network = model_of(nodes, {"x": [1, "length"]}, {"y": []}, {})
    with pytest.raises(hope.Error, match="shape="):
        hope.load(network)
    assert hope.load(network, shape=(1, 5)).input_shape == (5,)
    assert hope.load(network, example=np.zeros((1, 6))).input_shape == (6,)
    assert hope.expand(network, np.zeros((1, 4)), 1).unmixed.shape == (1, 1, 1, 4)


def two_inputs() -> Any:
    nodes = [helper.make_node("Mul", ["a", "b"], ["h"]), helper.make_node("Tanh", ["h"], ["y"])]
    return model_of(nodes, {"a": ["B", 2], "b": ["B", 2]}, {"y": ["B", 2]}, {})


def test_several_inputs_by_name() -> None:
    model = hope.load(two_inputs(), input=["a", "b"])
    a, b = np.array([[0.1, 0.2]]), np.array([[0.3, 0.4]])
    expansion = model.expand({"b": b, "a": a}, 2)
    assert same(expansion, model.expand(np.concatenate([a, b], axis=1), 2))
    np.testing.assert_allclose(expansion.value, np.tanh(a * b))
    with pytest.raises(hope.SelectionError, match=r"\['a', 'b'\]"):
        model.expand({"a": a}, 2)
    fixed = hope.load(two_inputs(), fix={"b": 3.0})
    np.testing.assert_allclose(fixed(a), np.tanh(3 * a))
    np.testing.assert_allclose(hope.load(two_inputs(), fix={"b": [[3.0, 4.0]]})(a), np.tanh(a * [3.0, 4.0]))


def test_prepared_once() -> None:
    # Wide enough that converting its weights takes a while.
    model = hope.load(mlp(500, 2000, 1))
    x = np.zeros((1, 500))

    def seconds() -> float:
        started = time.perf_counter()
        model.expand(x, 2, directions=np.eye(500)[:1], device="cpu")
        return time.perf_counter() - started

    first = seconds()
    assert min(seconds() for _ in range(5)) < first


CHOICES: list[dict[str, Any]] = [
    {},
    {"output": "h2"},
    {"shape": (1, 3)},
    {"example": np.zeros((2, 3))},
    {"smooth": {"relu": 30}},
]


@pytest.mark.parametrize("choices", CHOICES, ids=lambda c: next(iter(c), "plain"))
def test_pickles_with_all_choices(choices: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(mlp(3, 5, 2, "Relu").SerializeToString())
    for source in (path, path.read_bytes()):
        model = hope.load(source, **choices)
        truth = model.expand([0.1, 0.2, 0.3], 3)
        again = pickle.loads(pickle.dumps(model))
        assert same(again.expand([0.1, 0.2, 0.3], 3), truth)
        assert same(pickle.loads(pickle.dumps(again)).expand([0.1, 0.2, 0.3], 3), truth)
        assert same(pickle.loads(pickle.dumps(truth)), truth)
        assert copy.copy(model) is copy.deepcopy(model) is model


def test_pickles_with_weights_of_other_files(tmp_path: Path) -> None:
    for file in FIXTURES.glob("operators/gemm_external_data.*"):
        shutil.copy(file, tmp_path)
    path = tmp_path / "gemm_external_data.onnx"
    model = hope.load(path)
    x = np.linspace(-1, 1, model.input_shape[0])
    truth, pickled = model.expand(x, 2), pickle.dumps(model)
    shutil.rmtree(tmp_path)
    assert same(pickle.loads(pickled).expand(x, 2), truth)
    assert same(model.expand(x, 2), truth)
    with pytest.raises(hope.FileError, match="cannot read"):
        pickle.dumps(model)


def test_a_file_that_has_changed_does_not_pickle(tmp_path: Path) -> None:
    path = tmp_path / "net.onnx"
    path.write_bytes(mlp(3, 5, 2).SerializeToString())
    model = hope.load(path)
    path.write_bytes(mlp(3, 6, 2).SerializeToString())
    with pytest.raises(hope.FileError, match="has changed"):
        pickle.dumps(model)


def test_several_threads_at_once(digits: Floats) -> None:
    model = hope.load(CNN)
    options = [{"outputs": i % 3, "order": 1 + i % 2, "threads": 1 + i % 2} for i in range(12)]

    def run(chosen: dict[str, int]) -> hope.Expansion:
        return model.expand(digits[:1], device="cpu", **chosen)  # type: ignore[arg-type]

    alone = [run(chosen) for chosen in options]
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(run, options))
    assert all(same(a, b) for a, b in zip(alone, together))


def test_other_threads_go_on_meanwhile(digits: Floats) -> None:
    stop, counted = threading.Event(), 0

    def count() -> None:
        nonlocal counted
        while not stop.wait(0.001):
            counted += 1

    counter = threading.Thread(target=count)
    counter.start()
    # A second's work on two cores, in one call: who holds the interpreter meanwhile lets nobody count.
    hope.load(CNN).expand(np.repeat(digits[:1], 1000, axis=0), 4, outputs=0, device="cpu")
    stop.set()
    counter.join()
    assert counted > 10


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_after_a_fork(digits: Floats) -> None:
    model = hope.load(CNN)
    truth = model.expand(digits[:1], 2, outputs=0)
    child = os.fork()
    if child == 0:
        try:
            right = True
            for _ in range(2):
                right &= same(model.expand(digits[:1], 2, outputs=0), truth)
            right &= same(hope.load(CNN).expand(digits[:1], 2, outputs=0, threads=2), truth)
        except BaseException:
            right = False
        os._exit(0 if right else 1)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            assert status == 0
            assert same(model.expand(digits[:1], 2, outputs=0), truth)
            return
        time.sleep(0.05)
    os.kill(child, 9)
    pytest.fail("the forked process hangs")


def test_joblib_and_dask_take_models_as_they_are() -> None:
    joblib = pytest.importorskip("joblib")
    model = hope.load(mlp(3, 8, 2))
    points = np.random.default_rng(4).normal(size=(12, 3))
    truth = model.expand(points, 3)
    parts = joblib.Parallel(n_jobs=2)(joblib.delayed(model.expand)(part, 3, threads=1) for part in np.array_split(points, 4))
    np.testing.assert_array_equal(np.concatenate([part.unmixed for part in parts]), truth.unmixed)
    array = pytest.importorskip("dask.array")
    blocks = array.from_array(points, chunks=(5, 3))
    value = blocks.map_blocks(lambda part: model.expand(part, 3, threads=1).value, chunks=(blocks.chunks[0], (2,)), dtype=float)
    np.testing.assert_array_equal(value.compute(scheduler="threads"), truth.value)
