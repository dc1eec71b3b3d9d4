"""JAX: Taylor mode (`jax.experimental.jet`) along rays under jit and vmap, on all that JAX is given.

The same mathematics as ours. jet computes raw derivatives, which are divided by factorials at the end. The
series of the point itself is shared by its rays: vmap leaves it unbatched.

Rays go to one compiled function in pieces of the size that was measured to be fastest, from a loop in Python:
inside `lax.map` JAX runs convolutions on the CPU about 4 times slower.
"""

from math import factorial

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental.jet import jet

import peer
from networks import AveragePool, Convolution, Elementwise, Flatten, Linear

RAYS_AT_ONCE = 784
RAYS_AT_ONCE_OF_CONVOLUTIONS = 98


def function(network, dtype):
    """x [p] -> y [m]."""
    elementwise = {"tanh": jnp.tanh, "sin": jnp.sin}

    def apply(layer, x):
        match layer:
            case Linear(weight, bias):
                return weight.astype(dtype) @ x + bias.astype(dtype)
            case Convolution(weight, bias):
                y = lax.conv_general_dilated(x[None], weight.astype(dtype), (1, 1), "VALID")[0]
                return y + bias.astype(dtype).reshape(-1, 1, 1)
            case AveragePool(size):
                c, h, w = x.shape
                return x.reshape(c, h // size, size, w // size, size).sum((2, 4)) / size**2
            case Elementwise(name):
                return elementwise[name](x)
            case Flatten():
                return x.reshape(-1)

    def network_function(x):
        x = x.reshape(network.input_shape)
        for layer in network.layers:
            x = apply(layer, x)
        return x

    return network_function


def prepare(network, points, directions, order, precision):
    jax.config.update("jax_enable_x64", precision == "f64")
    dtype = np.dtype(precision.replace("f", "float"))
    f = function(network, dtype)
    scale = np.array([1 / factorial(k) for k in range(1, order + 1)], dtype)[:, None]

    def along(point, direction):
        zero = jnp.zeros_like(direction)
        _, derivatives = jet(f, (point,), ([direction] + [zero] * (order - 1),))
        return jnp.stack(derivatives) * scale  # [orders, m]

    at_all_rays = jax.vmap(along, (None, 0))
    expand = jax.jit(jax.vmap(at_all_rays, (0, None)))  # [B, R, orders, m]

    convolves = any(isinstance(layer, Convolution) for layer in network.layers)
    at_once = RAYS_AT_ONCE_OF_CONVOLUTIONS if convolves else RAYS_AT_ONCE
    rays = min(at_once, len(directions))
    block = at_once // rays
    points, directions = points.astype(dtype), directions.astype(dtype)

    def compute():
        return jax.block_until_ready([
            [expand(points[i : i + block], directions[j : j + rays]) for j in range(0, len(directions), rays)]
            for i in range(0, len(points), block)
        ])

    def collect(blocks):
        return np.concatenate([np.concatenate(row, axis=1) for row in blocks]).transpose(0, 3, 2, 1)

    return compute, collect


if __name__ == "__main__":
    peer.serve(prepare)
