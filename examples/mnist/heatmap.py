"""Heat maps of Taylor coefficients: which pixels matter to a class, at which order.

    hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3 --out digits.npz
    python examples/mnist/heatmap.py digits.npz heatmap.png

Needs numpy and Pillow. A row per digit: the digit, then c_1, c_2, c_3 of its likeliest class along each pixel;
red raises the logit, blue lowers it.
"""

import sys

import numpy as np
from PIL import Image, ImageDraw

ZOOM, GAP, TITLE = 5, 8, 16


def red_and_blue(coefficients):
    """-max .. max to blue .. white .. red."""
    x = coefficients / np.abs(coefficients).max()
    fade = 1 - np.abs(x)
    return np.stack([np.where(x > 0, 1, fade), fade, np.where(x < 0, 1, fade)], -1)


def main(results, picture, rows=(28, 8, 36)):
    with np.load(results) as npz:
        points, value, unmixed = npz["points"], npz["value"], npz["unmixed"]
    orders = unmixed.shape[2]
    cell = 28 * ZOOM + GAP
    sheet = Image.new("RGB", (cell * (orders + 1) + GAP, cell * len(rows) + GAP + TITLE), "white")
    draw = ImageDraw.Draw(sheet)
    for column in range(orders + 1):
        draw.text((GAP + column * cell, 3), f"order {column}" if column else "digit", fill="black")
    for line, row in enumerate(rows):
        best = value[row].argmax()
        digit = np.repeat(1 - points[row].reshape(28, 28, 1), 3, -1)
        maps = [red_and_blue(unmixed[row, best, k].reshape(28, 28)) for k in range(orders)]
        for column, image in enumerate([digit, *maps]):
            tile = Image.fromarray((image.clip(0, 1) * 255).astype(np.uint8))
            tile = tile.resize((28 * ZOOM, 28 * ZOOM), Image.NEAREST)
            sheet.paste(tile, (GAP + column * cell, GAP + TITLE + line * cell))
    sheet.save(picture)


if __name__ == "__main__":
    main(*sys.argv[1:3])
