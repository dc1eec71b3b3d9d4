"""Attributions with the call shape of Captum's: a notebook that uses these changes one line.

>>> from hope.captum import TaylorAttribution                    # doctest: +SKIP
>>> taylor = TaylorAttribution(network, order=3)                 # doctest: +SKIP
>>> attributions = taylor.attribute(images, target=7)            # doctest: +SKIP

Captum itself isn't needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _errors
from ._attribution import along
from ._model import Model, load

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ._place import Place

__all__ = ["TaylorAttribution"]


class TaylorAttribution:
    """Shares the difference of an output between an input and its baseline among the input's numbers, by Taylor terms of orders 1 to n.

    As with integrated gradients, positive numbers raise the output, and their sum is the difference: exactly with enough steps, of which higher orders
    need fewer.

    Parameters
    ----------
    forward_func : torch.nn.Module, hope.Model, path or bytes of an ONNX model
        The network. A module is exported at the first call.
    order : int
        Highest order.
    """

    def __init__(self, forward_func: Any, order: int = 3, **place: Unpack[Place]) -> None:
        self._given, self._order, self._place = forward_func, order, place
        self._model = forward_func if isinstance(forward_func, Model) else None

    def attribute(
        self,
        inputs: Any,
        baselines: Any = None,
        target: int | Sequence[int] | None = None,
        n_steps: int | None = None,
        return_convergence_delta: bool = False,
    ) -> Any:
        """Attributions of a batch of inputs, in their shape; a tensor for a tensor.

        Parameters
        ----------
        inputs : tensor or array_like, shape (B, ...)
        baselines : number, tensor or array_like, shape (B, ...) or (1, ...)
            Default: zero.
        target : int or sequence of B int
            The output, if there are several.
        n_steps : int
            At how many points of the way to expand; default: as many as it takes.
        return_convergence_delta : bool
            Return also, of each input, the sum of its attributions less the true difference.
        """
        if isinstance(inputs, tuple):
            raise _errors.RequestError("give one tensor: a model of several inputs is loaded with input=, their numbers side by side")
        if self._model is None:
            self._model = load(self._given, example=inputs)
        batch = np.asarray(inputs.detach().cpu() if hasattr(inputs, "detach") else inputs, dtype=np.float64)
        ends = self._baselines(baselines, batch)
        targets = [target] * len(batch) if target is None or isinstance(target, int) else [int(t) for t in target]
        if len(targets) != len(batch):
            raise _errors.ShapeError(f"{len(targets)} targets were given for {len(batch)} inputs")
        found = [
            along(self._model, x, end, self._order, output=output, steps=n_steps, **self._place)
            for x, end, output in zip(batch, ends, targets, strict=True)
        ]
        # From the baseline to the input, as Captum has it.
        attributions = np.stack([-one.total.reshape(batch.shape[1:]) for one in found])
        deltas = np.array([-one.shares.sum() + one.change for one in found])
        both = tuple(_like(inputs, part) for part in (attributions, deltas))
        return both if return_convergence_delta else both[0]

    @staticmethod
    def _baselines(baselines: Any, batch: Any) -> Any:
        if baselines is None:
            return np.zeros_like(batch)
        given = np.asarray(baselines.detach().cpu() if hasattr(baselines, "detach") else baselines, dtype=np.float64)
        try:
            return np.broadcast_to(given, batch.shape)
        except ValueError:
            raise _errors.ShapeError(f"baselines of shape {given.shape} for inputs of shape {batch.shape}") from None


def _like(inputs: Any, found: Any) -> Any:
    """A tensor of the input's type and device for a tensor, else the array."""
    if not hasattr(inputs, "detach"):
        return found
    import torch

    return torch.as_tensor(found, dtype=inputs.dtype, device=inputs.device)
