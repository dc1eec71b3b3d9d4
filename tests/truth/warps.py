"""Cases of operators.py: images sampled at a grid, put together from blocks, cropped and padded."""

import numpy as np
import torch
import torch.nn.functional as F
from images import as_matrix


def register(layout_case):
    grids(layout_case)
    blocks(layout_case)
    crops(layout_case)


def sampled(shape, grid, opset, attributes):
    """The matrix by PyTorch, which agrees with ONNX Runtime; except where it rounds half a pixel another way."""
    if attributes.get("mode") == "nearest":
        return as_matrix("GridSample", shape, [grid], opset, attributes)
    count = int(np.prod(shape))
    mode = {"cubic": "bicubic"}.get(attributes.get("mode"), "bilinear")
    grids = torch.from_numpy(grid.astype(np.float64)).expand(count, *grid.shape[1:])
    units = torch.eye(count).reshape(count, *shape)
    y = F.grid_sample(units, grids, mode, attributes.get("padding_mode", "zeros"), bool(attributes.get("align_corners", 0)))
    return y.flatten(1), y.shape[1:]


def grids(layout_case):
    def sample(name, shape, result, opset=20, batch=1, **attributes):
        """Coordinates are multiples of 1/16, many of them beyond the borders: the reference evaluator has them in float32."""

        @layout_case(f"grid_sample_{name}", shape, opset=opset, batch=batch, rows=batch)
        def build(g, x):
            axes = len(shape) - 1
            grid = g.rng.integers(-40, 41, (1, *result, axes)).astype(np.float32) / 16
            matrix, found = sampled(shape, grid, opset, attributes)
            y = g.op("GridSample", x, g.constant(np.repeat(grid, batch, 0)), **attributes)
            return y, lambda x: (x.flatten(1) @ matrix).reshape(-1, *found)

    for padding in ("zeros", "border", "reflection"):
        for mode in ("nearest", "linear", "cubic"):
            for align in (0, 1):
                # With align_corners 5 pixels and 9 have coordinates that are exact in float32.
                shape = [2, 5, 9] if align else [2, 4, 8]
                sample(f"{padding}_{mode}_{align}", shape, [3, 4], mode=mode, padding_mode=padding, align_corners=align)
    sample("defaults", [1, 4, 4], [2, 3], opset=20)
    sample("volume", [2, 2, 4, 2], [2, 1, 3], mode="linear")
    sample("fixed_batch", [1, 4, 4], [2, 3], batch=2)

    for align in (0, 1):

        @layout_case(f"affine_grid_{align}", [2, 4, 5], opset=20, batch=1, rows=1)
        def build(g, x, align=align):
            t_name, t = g.weight(1, 2, 3)
            grid = g.op("AffineGrid", t_name, g.ints(1, 2, 3, 4), align_corners=align)
            y = g.op("GridSample", x, grid, align_corners=align)
            where = F.affine_grid(t, [1, 2, 3, 4], align_corners=bool(align)).numpy()
            matrix, found = sampled([2, 4, 5], where, 20, dict(align_corners=align))
            return y, lambda x: (x.flatten(1) @ matrix).reshape(-1, *found)


def blocks(layout_case):
    def col2im(name, image, block, channels=2, truth=True, **attributes):
        stride = attributes.get("strides", [1] * len(image))
        dilation = attributes.get("dilations", [1] * len(image))
        pads = attributes.get("pads", [0] * 2 * len(image))
        n = len(image)
        counts = [(image[i] + pads[i] + pads[n + i] - dilation[i] * (block[i] - 1) - 1) // stride[i] + 1 for i in range(n)]
        shape = [channels * int(np.prod(block)), int(np.prod(counts))]

        @layout_case(f"col2im_{name}", shape, opset=18)
        def build(g, x):
            y = g.op("Col2Im", x, g.ints(*image), g.ints(*block), **attributes)
            if truth:
                return y, lambda x: F.fold(x, image, block, dilation, pads[:n], stride)
            matrix, found = as_matrix("Col2Im", shape, [np.array(image), np.array(block)], 18, attributes)
            return y, lambda x: (x.flatten(1) @ matrix).reshape(-1, *found)

    col2im("plain", [4, 5], [2, 3])
    col2im("options", [5, 6], [2, 2], strides=[2, 1], dilations=[1, 2], pads=[1, 1, 1, 1])
    col2im("rest", [5, 6], [2, 2], strides=[2, 3], channels=1)
    col2im("uneven_pads", [4, 4], [2, 3], pads=[1, 0, 0, 1], truth=False)
    col2im("volume", [3, 3, 2], [2, 2, 2], truth=False)


def crops(layout_case):
    @layout_case("center_crop_pad", [5, 4, 3], opset=18)
    def build(g, x):
        # An odd and an even number less, an odd number more; negative axes.
        y = g.op("CenterCropPad", x, g.ints(2, 2, 6), axes=[1, -2, -1])
        return y, lambda x: F.pad(x[:, 1:3, 1:3], [1, 2])
