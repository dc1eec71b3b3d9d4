"""PyTorch: nested automatic differentiation along rays, eager, on all cores.

The first argument chooses how:

    jvp   forward mode in forward mode (`torch.func.jvp`), as deep as the order, under `torch.func.vmap` over
          rays and points
    grad  reverse mode in reverse mode (`torch.autograd.grad` with `create_graph`) of y(t) = f(x + t v) by t,
          all rays and points in one batch; one output only

The cost of both grows exponentially with the order.
"""

import sys
from math import factorial

import torch

import peer
from networks import AveragePool, Convolution, Elementwise, Flatten, Linear


def function(network, dtype):
    """x [b, p] -> y [b, m]."""
    layers = []
    for layer in network.layers:
        match layer:
            case Linear(weight, bias) | Convolution(weight, bias):
                call = torch.nn.functional.linear if isinstance(layer, Linear) else torch.nn.functional.conv2d
                weight, bias = (torch.tensor(w, dtype=dtype) for w in (weight, bias))
                layers.append(lambda x, call=call, weight=weight, bias=bias: call(x, weight, bias))
            case AveragePool(size):
                layers.append(lambda x, size=size: torch.nn.functional.avg_pool2d(x, size))
            case Elementwise(name):
                layers.append({"tanh": torch.tanh, "sin": torch.sin}[name])
            case Flatten():
                layers.append(lambda x: x.flatten(1))

    def network_function(x):
        x = x.reshape(-1, *network.input_shape)
        for layer in layers:
            x = layer(x)
        return x

    return network_function


def by_jvp(f, points, directions, order):
    """[B, R, m] per order."""
    zero, one = torch.zeros((), dtype=points.dtype), torch.ones((), dtype=points.dtype)

    def along(point, direction):
        def derivatives(k):
            if k == 0:
                return lambda t: (f((point + t * direction)[None])[0],)

            def lifted(t):
                values, tangents = torch.func.jvp(derivatives(k - 1), (t,), (one,))
                return (*values, tangents[-1])

            return lifted

        return derivatives(order)(zero)[1:]

    rays = torch.func.vmap(along, (None, 0))
    return torch.func.vmap(rays, (0, None))(points, directions)


def by_grad(f, points, directions, order):
    b, r = len(points), len(directions)
    t = torch.zeros(b, r, 1, dtype=points.dtype, requires_grad=True)
    y = f((points[:, None] + t * directions).reshape(b * r, -1))
    if y.shape[1] != 1:
        raise ValueError("nested reverse mode is for networks with one output")
    found = []
    for k in range(1, order + 1):
        (y,) = torch.autograd.grad(y.sum(), t, create_graph=k < order)
        found.append(y.detach())
    return found


def prepare(network, points, directions, order, precision):
    dtype = {"f32": torch.float32, "f64": torch.float64}[precision]
    f = function(network, dtype)
    points, directions = (torch.tensor(a, dtype=dtype) for a in (points, directions))

    def collect(derivatives):
        scaled = [d / factorial(k) for k, d in enumerate(derivatives, 1)]
        return torch.stack(scaled).permute(1, 3, 0, 2)  # [orders, B, R, m] -> [B, m, orders, R]

    return lambda: nested(f, points, directions, order), collect


if __name__ == "__main__":
    nested = {"jvp": by_jvp, "grad": by_grad}[sys.argv.pop(1)]
    peer.serve(prepare)
