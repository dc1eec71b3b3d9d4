"""Modules of PyTorch as ONNX."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ._errors import RequestError, UnsupportedError


def exported(module: Any, example: Any) -> bytes:
    """The bytes of the module's ONNX model, exported in memory in evaluation mode."""
    import torch

    if example is None:
        raise RequestError("a torch module is exported by running it: give an input with its batch axis as example=")
    given = example if isinstance(example, tuple) else (example,)
    parameter = next(iter(module.parameters()), None)
    dtype = torch.get_default_dtype() if parameter is None else parameter.dtype
    device = torch.device("cpu") if parameter is None else parameter.device

    def tensor(part: Any) -> Any:
        part = torch.as_tensor(part).to(device)
        # One point is exported: every batch axis has size 1.
        part = part[:1] if part.ndim > 1 else part
        return part.to(dtype) if part.is_floating_point() else part

    arguments = tuple(tensor(part) for part in given)
    training = module.training
    module.eval()
    try:
        failures = []
        # The exporter of today first, then the one that traces; each knows modules that the other doesn't.
        for dynamo in (True, False):
            try:
                return _export(torch, module, arguments, dynamo)
            except Exception as error:  # noqa: BLE001 - exporters raise whatever they like
                failures.append(f"{'torch.export' if dynamo else 'tracing'}: {error}")
        raise UnsupportedError("torch cannot export this module to ONNX. " + "\n".join(failures))
    finally:
        module.train(training)


@contextmanager
def _without_warnings() -> Iterator[None]:
    """The exporter warns of packages that are not installed, whether or not the module needs them."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _export(torch: Any, module: Any, arguments: tuple[Any, ...], dynamo: bool) -> bytes:
    with torch.no_grad(), _without_warnings():
        if dynamo:
            program = torch.onnx.export(module, arguments, dynamo=True, verbose=False)
            serialized: bytes = program.model_proto.SerializeToString()
            return serialized
        buffer = io.BytesIO()
        torch.onnx.export(module, arguments, buffer, dynamo=False, opset_version=17)
        return buffer.getvalue()
