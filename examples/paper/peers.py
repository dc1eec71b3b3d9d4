"""What the experiments are compared with, by other means than this engine:

    python peers.py truth       # coefficients of the sine and convolutional networks by JAX's Taylor mode: truth.npz
    python peers.py regression  # trains the regression network, and its function's coefficients by SymPy: regression.npz
    python peers.py cost [--peer torch|jax]  # time and memory of nested differentiation (PyTorch), or of JAX's Taylor mode

All in float64. Needs numpy, jax, torch and sympy. The networks' weights are pseudo-random numbers which the Rust example makes, too.
"""

import argparse
import gc
import pathlib
import time
from math import factorial, sqrt

import numpy as np

HERE = pathlib.Path(__file__).parent
GAINS = {"paper": 1 / 30, "large": 1.0}
SIZES = [1, 1024, 1024, 1024, 1024, 1]
REPEAT, PATIENCE, ENOUGH = 5, 20.0, 2048  # runs; seconds or MiB of one run beyond which no higher order is tried


def uniform(seed, count, bound):
    """Numbers within ±bound with 24 bits, exact in float32 (SplitMix64), as tests/truth/paper_network.py."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) * np.uint64(1 << 32) + np.arange(1, count + 1, dtype=np.uint64)
        z *= np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    unit = ((z >> np.uint64(40)).astype(np.float64) / 2**23 - 1).astype(np.float32)
    return (np.float32(bound) * unit).astype(np.float64)


def sine_weights(gain):
    bounds = [1.0] + [sqrt(6 / 1024) * gain] * 4
    return [
        uniform(i, m * n, bound).reshape(m, n) for i, (n, m, bound) in enumerate(zip(SIZES, SIZES[1:], bounds))
    ]


def sine_network(gain):
    import jax.numpy as jnp

    weights = [jnp.asarray(w) for w in sine_weights(gain)]

    def network(x):
        for w in weights:
            x = jnp.sin(w @ x)
        return x

    return network


def conv_network(gain):
    import jax.numpy as jnp
    from jax import lax

    first = jnp.asarray(uniform(10, 512, 1.0).reshape(256, 2))
    maps = [
        jnp.asarray(uniform(seed, 72 * n, gain * sqrt(6 / (9 * n))).reshape(8, n, 3, 3)) for seed, n in [(11, 4), (12, 8)]
    ]
    last = jnp.asarray(uniform(13, 512, gain * sqrt(6 / 512)).reshape(1, 512))

    def network(x):
        x = jnp.sin(first @ x).reshape(1, 4, 8, 8)
        for w in maps:
            x = jnp.sin(lax.conv_general_dilated(x, w, (1, 1), "SAME"))
        return last @ x.reshape(-1)

    return network


def taylor(network, order):
    """(x0, v) -> normalised coefficients 0..order of the network along x0 + t v, by jax.experimental.jet."""
    import jax
    import jax.numpy as jnp
    from jax.experimental.jet import jet

    scale = jnp.array([1 / factorial(k) for k in range(order + 1)])

    def along(x0, v):
        value, derivatives = jet(network, (x0,), ([v] + [jnp.zeros_like(v)] * (order - 1),))
        return jnp.stack([value, *derivatives])[:, 0] * scale

    return jax.jit(jax.vmap(along))


def nested(network, x0, v, order):
    """The same by differentiating repeatedly: for checking the above at low orders."""
    import jax

    function = lambda t: network(x0 + t * v)[0]
    result = []
    for k in range(order + 1):
        result.append(float(function(0.0)) / factorial(k))
        function = jax.jacfwd(function)
    return np.array(result)


def checked(network, points, directions, order):
    """Coefficients [points, order + 1], compared with nested differentiation up to order 4."""
    found = np.asarray(taylor(network, order)(points, directions))
    other = nested(network, points[0], directions[0], 4)
    assert np.abs(found[0, :5] - other).max() < 1e-12 * np.abs(found).max(), (found[0, :5], other)
    return found


def mixed(network, points, order):
    """All coefficients in two variables, [points, terms], from rays at equally spaced angles, degree by degree."""
    count = 2 * order + 1
    angles = np.pi * np.arange(count) / count
    rays = np.stack([np.cos(angles), np.sin(angles)], 1)
    all_points, all_rays = np.repeat(points, count, 0), np.tile(rays, (len(points), 1))
    series = checked(network, all_points, all_rays, order).reshape(len(points), count, order + 1)
    columns = [series[:, 0, 0]]
    for k in range(1, order + 1):
        # Larger powers of the first variable first.
        matrix = np.stack([rays[:, 0] ** (k - j) * rays[:, 1] ** j for j in range(k + 1)], 1)
        columns += list(np.linalg.lstsq(matrix, series[:, :, k].T, rcond=None)[0])
    return np.stack(columns, 1)


def truth(_):
    import jax

    jax.config.update("jax_enable_x64", True)
    arrays = {}
    for name, gain in GAINS.items():
        points = np.array([[-0.75], [0.0], [0.3125], [1.0]])
        found = checked(sine_network(gain), points, np.ones_like(points), 10)
        arrays |= {f"sine_{name}_points": points, f"sine_{name}_coefficients": found[:, 1:]}
        points = np.array([[0.0, 0.0], [0.5, -0.25], [-0.75, 0.625]])
        arrays |= {f"conv_{name}_points": points, f"conv_{name}_coefficients": mixed(conv_network(gain), points, 8)}
    np.savez(HERE / "truth.npz", **arrays)


def regression(_):
    import jax
    import jax.numpy as jnp
    import sympy
    import torch

    jax.config.update("jax_enable_x64", True)
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x1, x2 = symbols = sympy.symbols("x1 x2")
    formula = sympy.sin(2 * x1) * sympy.exp(-(x2**2) / 2) + x1 * x2 / 2
    function = lambda x: torch.sin(2 * x[:, 0]) * torch.exp(-(x[:, 1] ** 2) / 2) + x[:, 0] * x[:, 1] / 2

    net = torch.nn.Sequential(
        torch.nn.Linear(2, 48), torch.nn.Tanh(), torch.nn.Linear(48, 48), torch.nn.Tanh(), torch.nn.Linear(48, 1))
    x = 2 * torch.rand(1500, 2) - 1
    y = function(x)
    loss = lambda: torch.mean((net(x)[:, 0] - y) ** 2)
    optimizer = torch.optim.LBFGS(
        net.parameters(), max_iter=800, history_size=50, tolerance_grad=1e-12, tolerance_change=1e-14, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)
    print(f"root mean square misfit {loss().item() ** 0.5:.1e}")
    # Stored in float32: everything below belongs to the stored network.
    layers = [(m.weight.detach().numpy().astype(np.float32), m.bias.detach().numpy().astype(np.float32)) for m in net[::2]]

    def network(x):
        for i, (w, b) in enumerate(layers):
            x = w.astype(np.float64) @ x + b.astype(np.float64)
            x = jnp.tanh(x) if i < 2 else x
        return x

    points = np.array([[a, b] for a in (-0.5, 0.0, 0.5) for b in (-0.5, 0.0, 0.5)])
    order, columns = 4, []
    for k in range(order + 1):
        for j in range(k + 1):
            derivative = sympy.diff(formula, x1, k - j, x2, j) / (factorial(k - j) * factorial(j))
            evaluate = sympy.lambdify(symbols, derivative, "numpy")
            columns.append(np.array([float(evaluate(*p)) for p in points]))
    test = 2 * torch.rand(1000, 2) - 1
    arrays = {f"weight{i}": w for i, (w, _) in enumerate(layers)} | {f"bias{i}": b for i, (_, b) in enumerate(layers)}
    np.savez(
        HERE / "regression.npz", points=points, coefficients=np.stack(columns, 1), network_coefficients=mixed(network, points, order),
        test_points=test.numpy(), test_values=function(test).numpy(), **arrays)


def status(key):
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    return float("nan")


def measure(work):
    """Seconds, the fastest of some runs, and MiB of peak memory beyond what was resident before."""
    seconds, memory = [], 0.0
    for _ in range(REPEAT):
        gc.collect()
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before, start = status("VmRSS"), time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
        memory = max(memory, status("VmHWM") - before)
        if sum(seconds) > PATIENCE:
            break
    return min(seconds), memory


def cost(options):
    points = np.linspace(-1, 1, 16)[:, None]
    weights = sine_weights(1.0)
    print(f"16 points, float64; the fastest of {REPEAT} runs\n")
    if options.peer == "torch":
        import torch

        weights = [torch.from_numpy(w) for w in weights]

        def run(order):
            x0 = torch.from_numpy(points).clone().requires_grad_()
            y = x0
            for w in weights:
                y = torch.sin(y @ w.T)
            for k in range(order):
                (y,) = torch.autograd.grad(y.sum(), x0, create_graph=k + 1 < order)
            return y

        print(f"| order | nested (PyTorch {torch.__version__}) | memory |\n|---|---|---|")
    else:
        import jax

        jax.config.update("jax_enable_x64", True)
        network, compiled = sine_network(1.0), {}

        def run(order):
            if order not in compiled:
                start = time.perf_counter()
                compiled[order] = taylor(network, order).lower(points, np.ones_like(points)).compile()
                print(f"compilation of order {order}: {time.perf_counter() - start:.1f} s")
            return compiled[order](points, np.ones_like(points)).block_until_ready()

        print(f"| order | Taylor mode (JAX {jax.__version__}, jit) | memory |\n|---|---|---|")
    for order in range(1, 11):
        if options.peer == "jax":
            run(order)
        seconds, memory = measure(lambda: run(order))
        print(f"| {order} | {1000 * seconds:.0f} ms | {memory:.0f} MiB |", flush=True)
        if seconds > PATIENCE or memory > ENOUGH:
            break


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["truth", "regression", "cost"])
    parser.add_argument("--peer", choices=["torch", "jax"], default="torch")
    options = parser.parse_args()
    {"truth": truth, "regression": regression, "cost": cost}[options.what](options)


if __name__ == "__main__":
    main()
