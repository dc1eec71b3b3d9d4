"""Where and how to compute, as every call takes it."""

from __future__ import annotations

from typing import Any, TypedDict

from . import _inputs


class Place(TypedDict, total=False):
    """Keywords of every call that expands a network: see `Model.expand`."""

    method: str
    device: str
    precision: Any
    threads: int | None
    memory: int | str | None
    verify: int | None


def wanted(
    order: int,
    terms: str = "unmixed",
    rows: _inputs.Floats | None = None,
    outputs: list[int] | None = None,
    inputs: list[int] | None = None,
    operator: list[tuple[list[int], list[float]]] | None = None,
    sampled: tuple[list[int], int, int, int] | None = None,
    *,
    method: str = "exact",
    device: str = "auto",
    precision: Any = None,
    threads: int | None = None,
    memory: int | str | None = None,
    verify: int | None = None,
) -> dict[str, Any]:
    """What the part in Rust takes."""
    return {
        "order": _inputs.whole(order, "order"),
        "terms": terms,
        "rows": rows,
        "inputs": inputs,
        "operator": operator,
        "sampled": sampled,
        "method": method,
        "outputs": outputs,
        "device": device,
        "precision": _inputs.precision(precision),
        "threads": None if threads is None else _inputs.whole(threads, "threads", 1),
        "memory": _inputs.memory(memory),
        "verify": None if verify is None else _inputs.whole(verify, "verify"),
    }
