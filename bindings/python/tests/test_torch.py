"""Modules of PyTorch, where it is installed: exported in memory, and right to the last order of nested differentiation."""

from __future__ import annotations

import pickle
from typing import Any

import hope
import numpy as np
import pytest

torch: Any = pytest.importorskip("torch")


def module() -> Any:
    torch.manual_seed(0)
    layers = (torch.nn.Linear(3, 8), torch.nn.Dropout(0.5), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    return torch.nn.Sequential(*layers).double()


def test_a_module_and_its_derivatives() -> None:
    network = module().train()
    x = torch.randn(4, 3, dtype=torch.float64, requires_grad=True)
    model = hope.load(network, example=x)
    assert network.training  # as it was
    expansion = model.expand(x, order=3)
    network.eval()
    np.testing.assert_allclose(expansion.value, network(x).detach().numpy(), rtol=1e-12)
    for o in range(2):
        for i in range(3):
            derivative, factorial = network(x)[:, o], 1
            for k in range(1, 4):
                (gradient,) = torch.autograd.grad(derivative.sum(), x, create_graph=True)
                derivative, factorial = gradient[:, i], factorial * k
                truth = derivative.detach().numpy() / factorial
                np.testing.assert_allclose(expansion.unmixed[:, o, k - 1, i], truth, rtol=1e-9, atol=1e-12)
    again = pickle.loads(pickle.dumps(model)).expand(x, order=3)
    assert again.unmixed.tobytes() == expansion.unmixed.tobytes()


@pytest.mark.parametrize("dynamo", [True, False])
def test_both_exporters(dynamo: bool) -> None:
    from hope import _torch

    if dynamo:
        pytest.importorskip("onnxscript")
    else:
        pytest.importorskip("onnx")
    network = module().eval()
    x = torch.randn(1, 3, dtype=torch.float64)
    model = hope.load(_torch._export(torch, network, (x,), dynamo))
    np.testing.assert_allclose(model(x), network(x).detach().numpy(), rtol=1e-12)


def test_an_example_is_needed() -> None:
    with pytest.raises(hope.RequestError, match="example="):
        hope.load(module())


def test_what_no_exporter_takes_is_an_error() -> None:
    class Odd(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any) -> Any:
            raise RuntimeError("no such thing")

    with pytest.raises(hope.UnsupportedError, match="no such thing"):
        hope.load(Odd(), example=torch.zeros(1, 2))
