"""Enclosures that are proved: hope certify beside autobound, immrax and plain interval propagation, on the same networks and regions.

The packages need different versions of JAX, so each part runs in a Python of its own, on files of one folder:

    python enclosures.py networks FOLDER              # numpy, onnx: writes the networks
    python enclosures.py hope FOLDER target/release/hope
    python enclosures.py interval FOLDER              # plain interval propagation, numpy
    python enclosures.py autobound FOLDER             # autobound 0.1.4 takes JAX 0.4.13 (not 0.10, not 0.4.30), numpy < 2
    python enclosures.py immrax FOLDER                # immrax 0.3.8, JAX 0.10
    python enclosures.py table FOLDER                 # prints Markdown

Networks are d-16-16-1 with sigmoid or softplus: autobound has no tanh. Widths are of the tube around the polynomial (twice the remainder; of autobound the
last coefficient's interval times the power of the radius), and of the range of the outputs.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

FUNCTIONS = ["sigmoid", "softplus"]
CASES = [(1, 0.1), (1, 0.5), (1, 1.0), (2, 0.1), (2, 0.5)]
ORDERS = [2, 4]
CENTRE = 0.25
REPEATS = 20


def layers(function: str, d: int) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng([len(function), d])
    sizes = [d, 16, 16, 1]
    return [(rng.normal(size=(n, m)) * 2 / np.sqrt(m), rng.normal(size=n) / 2) for m, n in zip(sizes, sizes[1:])]


def name(function: str, d: int) -> str:
    return f"{function}_{d}"


def networks(folder: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper, save

    for function in FUNCTIONS:
        for d in [1, 2]:
            nodes, weights, x = [], [], "x"
            for i, (w, b) in enumerate(layers(function, d)):
                weights += [numpy_helper.from_array(w.T.copy(), f"w{i}"), numpy_helper.from_array(b, f"b{i}")]
                out = "y" if i == 2 else f"h{i}"
                nodes.append(helper.make_node("Gemm", [x, f"w{i}", f"b{i}"], [out]))
                if i < 2:
                    nodes.append(helper.make_node(function.capitalize(), [out], [f"a{i}"]))
                x = f"a{i}"
            ends = [helper.make_tensor_value_info(n, TensorProto.DOUBLE, ["batch", k]) for n, k in [("x", d), ("y", 1)]]
            graph = helper.make_graph(nodes, "net", ends[:1], ends[1:], weights)
            model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
            save(model, folder / f"{name(function, d)}.onnx")


def hope(folder: Path, program: str) -> dict:
    found = {}

    def run(function: str, d: int, *options: str) -> tuple[dict, dict]:
        out = folder / "r.npz"
        at = ",".join([str(CENTRE)] * d)
        network = str(folder / f"{name(function, d)}.onnx")
        times = []
        for _ in range(REPEATS):
            subprocess.run([program, "certify", network, "--at", at, "--out", str(out), "--quiet", *options], check=True)
            times.append(json.loads(out.with_suffix(".json").read_text())["seconds"])
        with np.load(out) as arrays:
            entry = {
                "tube": 2 * float(arrays["remainder"].max()),
                "range": float(np.ptp(arrays["range"])),
                "ms": 1000 * float(np.median(times)),
                "radius": float(arrays["radius"].min()),
            }
        return entry

    for function in FUNCTIONS:
        for d, radius in CASES:
            for order in ORDERS:
                found[f"{function} {d} {radius} {order}"] = run(function, d, "--radius", str(radius), "--order", str(order))
        for d in [1, 2]:
            found[f"{function} {d} 1e-3"] = run(function, d, "--radius", "4", "--order", "4", "--tolerance", "1e-3")
    return found


def propagated(function: str, d: int, radius: float) -> float:
    """The width that plain interval propagation finds (in round-to-nearest, which is a little too narrow)."""
    act = {"sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.logaddexp(0, x)}[function]
    low, high = np.full(d, CENTRE - radius), np.full(d, CENTRE + radius)
    for i, (w, b) in enumerate(layers(function, d)):
        middle, reach = w @ (low + high) / 2 + b, np.abs(w) @ (high - low) / 2
        low, high = middle - reach, middle + reach
        if i < 2:
            low, high = act(low), act(high)
    return float((high - low)[0])


def interval(folder: Path) -> dict:
    found = {f"{f} {d} {r}": propagated(f, d, r) for f in FUNCTIONS for d, r in CASES}
    ours = json.loads((folder / "hope.json").read_text())
    for f in FUNCTIONS:
        for d in [1, 2]:
            found[f"{f} {d} 1e-3"] = propagated(f, d, ours[f"{f} {d} 1e-3"]["radius"])
    return found


def in_jax(function: str, d: int, plain: bool):
    """The network; `plain`: of operations that immrax knows, which are monotone and so lose nothing."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    act = {"sigmoid": jax.nn.sigmoid, "softplus": jax.nn.softplus}[function]
    if plain:
        act = {"sigmoid": lambda x: 1 / (1 + jnp.exp(-x)), "softplus": lambda x: jnp.log(1 + jnp.exp(x))}[function]

    def network(x):
        for i, (w, b) in enumerate(layers(function, d)):
            x = jnp.dot(jnp.asarray(w), x) + jnp.asarray(b)
            x = act(x) if i < 2 else x
        return x if plain else jnp.sum(x)

    return network


def timed(run, repeats: int = REPEATS) -> float:
    import jax

    jax.block_until_ready(run())
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        jax.block_until_ready(run())
        times.append(time.perf_counter() - start)
    return 1000 * float(np.median(times))


def autobound(folder: Path) -> dict:
    found = {}
    for function in FUNCTIONS:
        for d, radius in CASES:
            network = in_jax(function, d, plain=False)
            import jax.numpy as jnp
            from autobound.jax.jax_bound import taylor_bounds

            x0 = jnp.full(d, CENTRE)
            for order in ORDERS:
                bounds = taylor_bounds(network, max_degree=order)
                try:
                    # Not under jit: it looks at values.
                    def enclose(bounds=bounds, x=x0, r=radius):
                        return bounds(x, (x - r, x + r)).coefficients

                    last = enclose()[-1]
                    low, high = last if isinstance(last, tuple) else (last, last)
                    width = float(jnp.sum(jnp.abs(high - low))) * radius**order
                    found[f"{function} {d} {radius} {order}"] = {"tube": width, "ms": timed(enclose, 3)}
                    print(function, d, radius, order, found[f"{function} {d} {radius} {order}"], file=sys.stderr)
                except Exception as error:  # what a peer lacks is said in the table
                    found[f"{function} {d} {radius} {order}"] = {"error": f"{type(error).__name__}: {error}"[:120]}
    return found


def immrax(folder: Path) -> dict:
    import immrax as ir

    found = {}
    for function in FUNCTIONS:
        for d, radius in CASES:
            network = in_jax(function, d, plain=True)
            import jax
            import jax.numpy as jnp

            box = ir.interval(jnp.full(d, CENTRE - radius), jnp.full(d, CENTRE + radius))
            for method, make in [("natif", lambda: ir.natif(network)), ("jacif", lambda: ir.jacif(network))]:
                try:
                    enclose = jax.jit(make())
                    range_ = enclose(box)
                    width = float((range_.upper - range_.lower)[0])
                    found[f"{function} {d} {radius} {method}"] = {"range": width, "ms": timed(lambda: enclose(box))}
                except Exception as error:
                    found[f"{function} {d} {radius} {method}"] = {"error": f"{type(error).__name__}: {error}"[:120]}
    return found


def table(folder: Path) -> None:
    ours, plain, bound, ranges = (
        json.loads((folder / f"{part}.json").read_text()) for part in ["hope", "interval", "autobound", "immrax"]
    )
    print("| network, radius | order | hope: tube, ms | autobound: tube ÷ hope's, ms |\n|---|---|---|---|")
    for f in FUNCTIONS:
        for d, r in CASES:
            for n in ORDERS:
                a, b = ours[f"{f} {d} {r} {n}"], bound[f"{f} {d} {r} {n}"]
                other = b.get("error") or f"{b['tube'] / a['tube']:.2f}, {b['ms']:.2f}"
                print(f"| {f} {d}-16-16-1, {r} | {n} | {a['tube']:.2e}, {a['ms']:.2f} | {other} |")
    print("\n| network, radius | hope, order 2, 4: range, ms | plain intervals | immrax natif, jacif: ÷ hope's order 4, ms |\n|---|---|---|---|")
    for f in FUNCTIONS:
        for d, r in CASES:
            a = [ours[f"{f} {d} {r} {n}"] for n in ORDERS]
            b = [ranges[f"{f} {d} {r} {m}"] for m in ["natif", "jacif"]]
            best = a[1]["range"]
            others = "; ".join(e.get("error") or f"{e['range'] / best:.2f}, {e['ms']:.3f}" for e in b)
            mine = "; ".join(f"{e['range']:.3g}, {e['ms']:.2f}" for e in a)
            print(f"| {f} {d}-16-16-1, {r} | {mine} | {plain[f'{f} {d} {r}'] / best:.2f} | {others} |")
    print("\n| network | radius at which order 4 proves 1e-3 | hope: range | plain intervals ÷ hope's range | ÷ hope's tube |\n|---|---|---|---|---|")
    for f in FUNCTIONS:
        for d in [1, 2]:
            a, b = ours[f"{f} {d} 1e-3"], plain[f"{f} {d} 1e-3"]
            print(f"| {f} {d}-16-16-1 | {a['radius']:.3f} | {a['range']:.3g} | {b / a['range']:.2f} | {b / a['tube']:.0f} |")


if __name__ == "__main__":
    part, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(exist_ok=True)
    result = globals()[part](folder, *sys.argv[3:])
    if result is not None:
        (folder / f"{part}.json").write_text(json.dumps(result, indent=1))
