"""Networks with known derivatives, and the program whose numbers are the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

ROOT = Path(__file__).resolve().parents[3]
MNIST = ROOT / "examples" / "mnist"
CNN = MNIST / "mnist_cnn_tanh.onnx"
FIXTURES = ROOT / "tests" / "fixtures"

Floats = NDArray[np.float64]


@pytest.fixture(scope="session")
def digits() -> Floats:
    images: Floats = np.load(MNIST / "digits.npy").astype(np.float64)
    return images


def mlp(inputs: int, hidden: int, outputs: int, function: str = "Tanh") -> onnx.ModelProto:
    """A network with one hidden layer in float64, random weights, and an open batch."""
    random = np.random.default_rng(inputs + hidden + outputs)
    weights = {
        "w1": random.normal(size=(inputs, hidden)) / np.sqrt(inputs),
        "b1": random.normal(size=hidden),
        "w2": random.normal(size=(hidden, outputs)) / np.sqrt(hidden),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "w1"], ["h1"]),
        helper.make_node("Add", ["h1", "b1"], ["h2"]),
        helper.make_node(function, ["h2"], ["h3"]),
        helper.make_node("MatMul", ["h3", "w2"], ["y"]),
    ]
    return model_of(nodes, {"x": ["B", inputs]}, {"y": ["B", outputs]}, weights)


def model_of(
    nodes: list[onnx.NodeProto],
    inputs: dict[str, list[int | str]],
    outputs: dict[str, list[int | str]],
    weights: dict[str, Floats],
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.DOUBLE, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def weights_of(model: onnx.ModelProto) -> dict[str, Floats]:
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}


Program = Callable[..., None]


@pytest.fixture(scope="session")
def program() -> Program:
    """The program `hope`: HOPE_PROGRAM, or what was built in this repository."""
    built = [ROOT / "target" / profile / "hope" for profile in ("release", "debug")]
    named = os.environ.get("HOPE_PROGRAM")
    found = named or next((str(path) for path in built if path.exists()), None) or shutil.which("hope")
    if found is None:
        pytest.skip("there is no program to compare with: cargo build --release, or set HOPE_PROGRAM")

    def run(*arguments: str | Path) -> None:
        subprocess.run([found, "-q", *map(str, arguments)], check=True, cwd=ROOT, stdout=subprocess.DEVNULL)

    return run
