"""How long JAX's Taylor mode (jax.experimental.jet) takes for what the engine does: the coefficients of all 10 logits
of the MNIST CNN along all 784 pixels, orders 1..n, float32, on the CPU, under jit and vmap.

    python benches/jax_jet.py [--model examples/mnist/mnist_cnn_tanh.onnx] [--orders 5 10] [--chunk 98] [--repeat 7]

Prints seconds per image: the median of several runs after compilation. Rays go in chunks, which keeps memory small
and is no slower than all at once. For comparing: JAX takes all cores that it is given, does not use that a ray of
one pixel is zero outside a window, and computes raw derivatives, which are scaled at the end.
"""

import argparse
import statistics
import time
from math import factorial

import jax
import jax.numpy as jnp
import numpy as np
import onnx
from jax import lax
from jax.experimental.jet import jet
from onnx import numpy_helper


def read_network(path):
    """The paper's CNN: (convolution, average pooling 2, tanh) twice, two linear layers with tanh between."""
    w = {i.name: jnp.asarray(numpy_helper.to_array(i)) for i in onnx.load(path).graph.initializer}

    def convolve(x, layer):
        y = lax.conv_general_dilated(x, w[f"{layer}.weight"], (1, 1), "VALID")
        return y + w[f"{layer}.bias"].reshape(1, -1, 1, 1)

    def pool(x):
        b, c, h, v = x.shape
        return x.reshape(b, c, h // 2, 2, v // 2, 2).sum((3, 5)) * 0.25

    def network(pixels):
        x = jnp.tanh(pool(convolve(pixels.reshape(1, 1, 28, 28), 0)))
        x = jnp.tanh(pool(convolve(x, 3))).reshape(-1)
        x = jnp.tanh(w["7.weight"] @ x + w["7.bias"])
        return w["9.weight"] @ x + w["9.bias"]

    return network


def expansion(network, order, chunk):
    """pixels [784] -> normalised coefficients [784, order, 10]."""
    scale = jnp.array([1 / factorial(k) for k in range(1, order + 1)], jnp.float32)[:, None]

    def along(pixels, direction):
        zero = jnp.zeros_like(direction)
        _, derivatives = jet(network, (pixels,), ([direction] + [zero] * (order - 1),))
        return jnp.stack(derivatives) * scale

    @jax.jit
    def all_pixels(pixels):
        rays = jnp.eye(784, dtype=jnp.float32).reshape(-1, chunk, 784)
        parts = lax.map(lambda part: jax.vmap(along, (None, 0))(pixels, part), rays)
        return parts.reshape(784, order, 10)

    return all_pixels


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="examples/mnist/mnist_cnn_tanh.onnx")
    parser.add_argument("--digits", default="examples/mnist/digits.npy")
    parser.add_argument("--truth", help="an npz with points and unmixed, to compare with")
    parser.add_argument("--orders", type=int, nargs="+", default=[5, 10])
    parser.add_argument("--chunk", type=int, default=98, help="rays at a time; divides 784")
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    network = read_network(options.model)
    digits = np.load(options.digits).reshape(-1, 784)
    print(f"JAX {jax.__version__} on {jax.devices()[0]}, chunks of {options.chunk} rays")
    for order in options.orders:
        expand = expansion(network, order, options.chunk)
        start = time.perf_counter()
        expand(digits[0]).block_until_ready()
        compiled = time.perf_counter() - start
        seconds = []
        for i in range(options.repeat):
            start = time.perf_counter()
            expand(digits[i % len(digits)]).block_until_ready()
            seconds.append(time.perf_counter() - start)
        print(f"order {order:2}: {statistics.median(seconds):.3f} s per image (fastest {min(seconds):.3f}, "
              f"first call with compilation {compiled:.1f})")
        if options.truth:
            truth = np.load(options.truth)
            found = np.asarray(expand(truth["points"][0].reshape(-1).astype(np.float32)), np.float64)
            for k in range(min(order, truth["unmixed"].shape[2])):
                expected = truth["unmixed"][0, :, k].T
                print(f"  order {k + 1}: deviation {np.linalg.norm(found[:, k] - expected) / np.linalg.norm(expected):.1e}")


if __name__ == "__main__":
    main()
