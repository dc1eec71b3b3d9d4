"""What is in a network."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from . import _errors, _hope, _inputs
from ._errors import Error
from ._expansion import Certificate
from ._model import Model, load


@dataclass(frozen=True)
class Layer:
    """A layer of a network, and what it does to smoothness: "input", "linear", "smooth", "constant", "steps" or "kinks"."""

    name: str
    operator: str
    shape: tuple[int, ...]
    parameters: int
    character: str


@dataclass(frozen=True)
class Cost:
    """What all unmixed coefficients at one point take, in f64 on the processor."""

    flops: float
    bytes: int


@dataclass(frozen=True, repr=False)
class Check:
    """What is in a network, and what an expansion of it will be.

    Attributes
    ----------
    obstacles : list of Error
        What stands in the way of the model; nothing, if it can be expanded. Then the rest is there.
    kinks : str
        "none" where it is smooth, "piecewise", or "piecewise linear": orders from 2 are zero between kinks.
    rule : dict
        Whether the published rule is exact, for "unmixed" and "mixed" terms, or the error of the one that it has no answer for.
    cost : dict
        By method, or the error of a method that has no answer.
    """

    obstacles: list[Error]
    model: Model | None
    layers: list[Layer]
    kinks: str
    rule: dict[str, Certificate | Error]
    cost: dict[str, Cost | Error]

    @property
    def supported(self) -> bool:
        """Whether the model can be expanded."""
        return not self.obstacles

    def __repr__(self) -> str:
        if self.obstacles:
            return "\n".join(["what stands in the way:", *(f"  {obstacle}" for obstacle in self.obstacles)])
        shapes = [" x ".join(map(str, layer.shape)) or "scalar" for layer in self.layers]
        rows = [("layer", "operator", "output", "parameters", "")]
        rows += [
            (layer.name, layer.operator, shape, str(layer.parameters or ""), layer.character)
            for layer, shape in zip(self.layers, shapes, strict=True)
        ]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        table = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        rules = [
            f"published rule, {terms}: {'' if isinstance(found, Error) else 'exact: ' if found.exact else 'NOT EXACT: '}{found if isinstance(found, Error) else found.reason}"
            for terms, found in self.rule.items()
        ]
        costs = [
            f"{method}: {found if isinstance(found, Error) else f'{found.flops:.2g} operations per point, {found.bytes / 2**20:.3g} MiB'}"
            for method, found in self.cost.items()
        ]
        return "\n".join([repr(self.model), *table, f"kinks: {self.kinks}", *rules, *costs])


def check(model: Any, order: int = 3, **choices: Any) -> Check:
    """Shows what is in a network, whether the published rule is exact on it, and what an expansion costs.

    Takes what `load` takes. A model that can't be loaded is no exception here: `Check.obstacles` says what stands in the way.
    """
    order = _inputs.whole(order, "order")
    try:
        loaded = model if isinstance(model, Model) else load(model, **choices)
    except Error as error:
        return Check(_obstacles(model, error), None, [], "", {}, {})
    network = loaded._network
    rule: dict[str, Certificate | Error] = {}
    for terms in ("unmixed", "mixed"):
        try:
            rule[terms] = Certificate(*_hope.rule(network, terms))
        except Error as error:
            rule[terms] = error
    cost: dict[str, Cost | Error] = {}
    for method in ("exact", "hope"):
        try:
            cost[method] = Cost(*_hope.cost(network, order, method))
        except Error as error:
            cost[method] = error
    layers = [
        Layer(name, operator, tuple(shape), parameters, character)
        for name, operator, shape, parameters, character in _hope.layers(network)
    ]
    return Check([], loaded, layers, _hope.kinks(network), rule, cost)


def _obstacles(model: Any, first: Error) -> list[Error]:
    """All that stands in the way where the library can tell: of files."""
    if not isinstance(model, (str, os.PathLike)) or not isinstance(first, _errors.UnsupportedError):
        return [first]
    found = [_errors.UnsupportedError(_errors.in_python(message)) for message in _hope.obstacles(model)]
    return [*found] or [first]
