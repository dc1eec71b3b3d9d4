"""Pictures by matplotlib, which has to be installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ._errors import RequestError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]


def _pyplot() -> Any:
    try:
        from matplotlib import pyplot
    except ImportError:
        raise ImportError("pictures are drawn by matplotlib: pip install matplotlib") from None
    return pyplot


def image_of(numbers: Floats) -> Floats:
    """Numbers in the shape of a network's input as rows and columns: colours are summed, a vector is one row."""
    flat = numbers.reshape([size for size in numbers.shape if size != 1] or [1])
    if flat.ndim == 1:
        return flat[None]
    if flat.ndim == 2:
        return flat
    if flat.ndim == 3 and 3 in (flat.shape[0], flat.shape[2]):
        summed: Floats = flat.sum(0 if flat.shape[0] == 3 else 2)
        return summed
    raise RequestError(f"an input of shape {numbers.shape} is no image: draw its numbers yourself")


def maps(titles: list[str], numbers: list[Floats], title: str) -> Figure:
    """Signed maps side by side in one range of colours."""
    pyplot = _pyplot()
    images = [image_of(part) for part in numbers]
    most = max(float(np.abs(image).max(initial=0.0)) for image in images) or 1.0
    figure, axes = pyplot.subplots(1, len(images), squeeze=False, layout="constrained", figsize=(2.2 * len(images) + 1, 2.8))
    drawn = []
    for axis, name, image in zip(axes[0], titles, images, strict=True):
        drawn.append(axis.imshow(image, cmap="RdBu_r", vmin=-most, vmax=most, interpolation="nearest"))
        axis.set(title=name, xticks=[], yticks=[])
    figure.colorbar(drawn[-1], ax=axes[0].tolist(), shrink=0.8)
    figure.suptitle(title)
    return figure  # type: ignore[no-any-return]


def matrix(numbers: Floats, labels: list[int], title: str) -> Figure:
    """A symmetric matrix, without its diagonal."""
    pyplot = _pyplot()
    shown = numbers - np.diag(np.diag(numbers))
    most = float(np.abs(shown).max(initial=0.0)) or 1.0
    figure, axis = pyplot.subplots(layout="constrained")
    drawn = axis.imshow(shown, cmap="RdBu_r", vmin=-most, vmax=most)
    if len(labels) <= 32:
        axis.set_xticks(range(len(labels)), labels, rotation=90)
        axis.set_yticks(range(len(labels)), labels)
    figure.colorbar(drawn)
    axis.set_title(title)
    return figure  # type: ignore[no-any-return]


def curve(polynomial: Any, radius: float, orders: list[int], ax: Axes | None) -> Axes:
    """A polynomial in one variable around its centre, cut off at some degrees."""
    axis: Any = _pyplot().subplots()[1] if ax is None else ax
    centre = float(polynomial.centre[0])
    t = np.linspace(centre - radius, centre + radius, 201)
    for order in orders:
        axis.plot(t, polynomial.truncate(order)(t), label=f"order {order}")
    axis.axvline(centre, color="0.7", linewidth=0.8)
    axis.set_xlabel(polynomial.variables[0])
    axis.legend()
    return axis  # type: ignore[no-any-return]
