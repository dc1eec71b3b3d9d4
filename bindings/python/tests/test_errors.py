"""What goes wrong has a class and the library's words, in Python's terms."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import hope
import numpy as np
import pytest
from conftest import CNN, FIXTURES, MNIST, ROOT, mlp, model_of
from hope import _errors
from onnx import helper

BROKEN = FIXTURES / "broken"


@pytest.fixture(scope="module")
def model() -> hope.Model:
    return hope.load(mlp(3, 5, 2))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"x": np.zeros(4)}, hope.ShapeError, r"\[B, 3\]"),
        ({"x": np.zeros((0, 3))}, hope.ShapeError, r"\[0, 3\]"),
        ({"x": [[1.0, 2.0], [3.0]]}, hope.ShapeError, "no array of numbers"),
        ({"x": ["a", "b", "c"]}, hope.RequestError, "real numbers"),
        ({"x": [1.0, 2.0, 3j]}, hope.RequestError, "real numbers"),
        ({"x": [1.0, np.nan, 0.0]}, hope.RequestError, "not finite"),
        ({"order": 0}, hope.RequestError, "choose 1 to 30"),
        ({"order": 31, "device": "cpu"}, hope.RequestError, "choose 1 to 30"),
        ({"order": -1}, hope.RequestError, "order -1"),
        ({"order": 2.5}, TypeError, "integer"),
        ({"terms": "gradients"}, hope.RequestError, "'unmixed', 'along', 'mixed', 'gradient', 'hessian' or 'operator'"),
        ({"terms": "along"}, hope.RequestError, "need directions"),
        ({"terms": "mixed", "directions": np.eye(3)}, hope.RequestError, "don't go with directions"),
        ({"directions": np.eye(3), "subspace": np.eye(3)}, hope.RequestError, "give one of them"),
        ({"directions": np.eye(4)}, hope.ShapeError, r"\[R, 3\]"),
        ({"subspace": np.eye(4)}, hope.ShapeError, r"\[d, 3\]"),
        ({"directions": [[1.0, 0.0, np.inf]]}, hope.RequestError, "direction 0"),
        ({"outputs": 2}, hope.SelectionError, "output 2: they are 0 to 1"),
        ({"outputs": []}, hope.RequestError, "no outputs"),
        ({"method": "jet"}, hope.RequestError, "'exact', or 'hope'"),
        ({"device": "no such adapter"}, hope.DeviceError, "no such adapter"),
        ({"precision": "f16"}, hope.RequestError, "'f32' or 'f64'"),
        ({"memory": "lots"}, hope.RequestError, "'2GiB'"),
        ({"memory": 1000}, hope.MemoryLimitError, "raise memory=, lower the order"),
        ({"threads": 0}, hope.RequestError, "at least 1"),
        ({"verify": -1}, hope.RequestError, "at least 0"),
        ({"method": "hope", "directions": np.eye(3)}, hope.RequestError, 'use method="exact"'),
    ],
)
def test_requests(model: hope.Model, options: dict[str, Any], error: type[Exception], message: str) -> None:
    options = {"x": np.zeros(3), **options}
    with pytest.raises(error, match=message) as raised:
        model.expand(**options)
    assert "--" not in str(raised.value)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": "no/such/file.onnx"}, hope.FileError, "no/such/file.onnx"),
        ({"model": b""}, hope.FormatError, "it is empty"),
        ({"model": b"PK\x03\x04"}, hope.FormatError, "zip archive"),
        ({"model": BROKEN / "unsupported_det.onnx"}, hope.UnsupportedError, "Det"),
        ({"model": BROKEN / "external_missing.onnx"}, hope.UnsupportedError, "cannot be read"),
        ({"model": CNN, "output": "nothing"}, hope.SelectionError, "'nothing'"),
        ({"model": CNN, "logits": True}, hope.SelectionError, "drop logits="),
        ({"model": CNN, "smooth": {"relu": 20}}, hope.SelectionError, "`?hope.check"),
        ({"model": CNN, "smooth": "relu"}, hope.RequestError, "no smoothing"),
        ({"model": MNIST / "mnist_cnn_relu_bn.onnx", "smooth": {"relu": -1}}, hope.RequestError, "sharpness"),
    ],
)
def test_models(options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message) as raised:
        hope.load(**options)
    assert isinstance(raised.value, hope.Error)
    assert "--" not in str(raised.value)


def test_numbers_that_overflow() -> None:
    nodes = [helper.make_node("Exp", ["x"], ["y"])]
    model = hope.load(model_of(nodes, {"x": ["B", 1]}, {"y": ["B", 1]}, {}))
    with pytest.raises(hope.NumericalError, match="not finite"):
        model.expand([[1000.0]], device="cpu")
    with pytest.raises(ArithmeticError):
        model([[1000.0]])


def test_they_are_pythons_own_kinds_too() -> None:
    assert issubclass(hope.ShapeError, (hope.RequestError, ValueError))
    assert issubclass(hope.SelectionError, LookupError)
    assert issubclass(hope.FileError, OSError)
    assert issubclass(hope.UnsupportedError, NotImplementedError)
    assert issubclass(hope.MemoryLimitError, MemoryError)
    assert issubclass(hope.NumericalError, ArithmeticError)
    kinds = [getattr(hope, name) for name in hope.__all__ if name.endswith("Error")]
    assert len(kinds) == 10
    assert all(issubclass(kind, hope.Error) for kind in kinds)


def test_what_is_approximate_is_a_warning() -> None:
    with pytest.warns(hope.ApproximationWarning, match="leaves out mixed derivatives"):
        expansion = hope.load(CNN).expand(np.zeros(784), 2, method="hope", outputs=0)
    assert not expansion.certificate.exact
    exact = hope.load(MNIST / "mnist_mlp1_sigmoid.onnx").expand(np.zeros(784), 2, method="hope", outputs=0)
    assert exact.certificate.exact


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("use --precision f64 on the CPU", 'use precision="f64" on the CPU'),
        ("ask for fewer (--threads)", "ask for fewer (threads=)"),
        ("raise --memory, lower the order", "raise memory=, lower the order"),
        ("with --input NAME, and", "with input=NAME, and"),
        ("fix it with --fix NAME=VALUE.npy", "fix it with fix=NAME=VALUE.npy"),
        ("its sizes with --shape, for example --shape 1,3", "its sizes with shape=, for example shape=1,3"),
        ("--fix mask: the array has", "fix['mask']: the array has"),
        ("give --order 2, or --terms gradient with --directions", 'give order=2, or terms="gradient" with directions='),
        ("or --device cpu", 'or device="cpu"'),
        ("the output of `hope adapters`", "the output of hope.adapters"),
    ],
)
def test_options_become_arguments(said: str, meant: str) -> None:
    assert _errors.in_python(said) == meant


def test_all_options_in_the_librarys_messages_are_known() -> None:
    found = set()
    for path in (ROOT / "src").rglob("*.rs"):
        if "cli" in path.relative_to(ROOT).parts or path.name == "main.rs":
            continue
        for line in path.read_text().splitlines():
            if not line.lstrip().startswith("//"):
                found.update(re.findall(r"(?<![-\w])--([a-z]+(?:-[a-z]+)*)", line))
    assert len(found) > 10
    missing = found - set(_errors._OPTIONS) - {"out", "polynomial"}  # of commands that are named whole
    assert not missing, f"python/hope/_errors.py doesn't know {missing}"


def test_the_version_is_the_librarys() -> None:
    assert f'version = "{hope.__version__}"' in (ROOT / "Cargo.toml").read_text()


def test_paths_are_shown(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"\x08\x07")
    with pytest.raises(hope.FormatError, match=re.escape(str(path))):
        hope.load(path)
