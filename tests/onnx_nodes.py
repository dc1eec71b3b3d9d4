"""ONNX's own tests of its operators: each is right, or refused for a reason that is listed.

    cargo build --release
    python tests/onnx_nodes.py target/release/hope [PART_OF_A_NAME ...]
    python tests/onnx_nodes.py target/release/hope --update     # writes the list anew: read its difference

Needs numpy and onnx, which carries the tests, in the version below. Of each model whose inputs and outputs hold real numbers, the first
input of these is the variable, the others are fixed. Of each output of real numbers the value is compared with the one that comes with the
test, in the tolerance that comes with it, and c_1 along a ray with differences of values, where the ray begins on no kink.

`onnx_nodes.txt` lists what is refused: a line with words of the error, then the names. A case that is refused with other words, wrong, or
right in spite of the list, is a failure.
"""

import concurrent.futures
import json
import subprocess
import sys
import tempfile
import textwrap
import warnings
from pathlib import Path

import numpy as np

VERSION = "1.23.2"
LIST = Path(__file__).with_suffix(".txt")
STEP = 1e-4
# Numbers of these types are real: float, float16, double, bfloat16.
REAL = {1, 10, 11, 16}

HEAD = """\
# ONNX's own tests of operators that are refused, under words of the error that says so. `tests/onnx_nodes.py` compares; --update writes.
"""


def is_real(info):
    return info.type.HasField("tensor_type") and info.type.tensor_type.elem_type in REAL


def draw(name, shape):
    """Numbers of either sign, for a direction; the same in every run."""
    rng = np.random.default_rng(list(name.encode()))
    return rng.uniform(0.5, 1, shape) * rng.choice([-1.0, 1.0], shape)


def array_of(value):
    """A tensor of the test as numpy has it; none for sequences, optional values and texts."""
    if value is None or isinstance(value, (list, str)):
        return None
    if hasattr(value, "data_type"):
        from onnx import numpy_helper

        value = numpy_helper.to_array(value)
    array = np.asarray(value)
    try:
        return array.astype(np.float64) if array.dtype.kind not in "biuf" else array
    except (TypeError, ValueError):
        return None


def run(hope, case, folder):
    """The outcome for each real output: (output, None), (output, refusal), or (output, "WRONG …")."""
    model, (inputs, outputs) = case.model, case.data_sets[0]
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    declared = [i for i in model.graph.input if i.name not in {w.name for w in model.graph.initializer}]
    arrays = {i.name: array_of(value) for i, value in zip(declared, inputs)}
    first = next((i.name for i in declared if is_real(i) and arrays[i.name] is not None), None)
    if first is None:
        return [("", "no input of the test is an array")]
    x = arrays[first].astype(np.float64)
    options = ["--input", first]
    if x.ndim:
        options += ["--shape", ",".join(map(str, x.shape))]
    for name, array in arrays.items():
        if name != first and array is not None:
            # Numbers that aren't finite have no text in JSON, but an array has them.
            np.save(folder / f"{name}.npy", array)
            options += ["--fix", f"{name}={folder / f'{name}.npy'}"]
    v = draw(case.name, x.shape)
    scale = STEP * max(1.0, STEP * np.abs(x[np.isfinite(x)]).max(initial=0))
    np.save(folder / "points.npy", np.stack([x, x + scale * v, x - scale * v]).reshape(3, -1))
    np.save(folder / "directions.npy", v.reshape(1, -1))
    results = []
    for info, truth in zip(model.graph.output, outputs):
        if is_real(info) and array_of(truth) is not None:
            results.append((info.name, one(hope, folder, options, info.name, array_of(truth), case, scale)))
    return results


def one(hope, folder, options, output, truth, case, scale):
    """None if an output is right."""
    command = [hope, "expand", folder / "model.onnx", "--at", folder / "points.npy", *options, "--to", output]
    command += ["--terms", "along", "--directions", folder / "directions.npy", "--order", "1"]
    command += ["--device", "cpu", "--threads", "1", "--quiet", "--out", folder / "result.npz"]
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
    if done.returncode not in (0, 1, 2):
        return f"WRONG exit code {done.returncode}: {done.stderr.strip()[-300:]}"
    if done.returncode:
        return done.stderr.strip().replace(str(folder) + "/", "")
    with np.load(folder / "result.npz") as result:
        value, along = result["value"], result["along"][0, :, 0, 0]
    record = json.loads((folder / "result.json").read_text())
    truth = truth.astype(np.float64).ravel()
    if value.shape[1] != truth.size:
        return f"WRONG {value.shape[1]} numbers, not {truth.size}"
    # bfloat16 has 8 bits; the tests' own tolerances are for float32.
    narrow = any(i.type.tensor_type.elem_type in (10, 16) for i in case.model.graph.input)
    rtol = max(case.rtol, 1e-2) if narrow else case.rtol
    atol = max(case.atol, 1e-2 if narrow else 1e-6)
    if not np.allclose(value[0], truth, rtol=rtol, atol=atol):
        return f"WRONG value: {np.abs(value[0] - truth).max():.2g} off"
    nearest = (record.get("kinks") or {}).get("smallest")
    if record.get("one_sided") or (nearest is not None and nearest <= 2 * scale):
        return None
    slope = (value[1] - value[2]) / (2 * scale)
    size = max(np.abs(slope).max(initial=0), np.abs(value).max(initial=0), 1e-3)
    if not np.allclose(along, slope, rtol=0, atol=1e-4 * size):
        return f"WRONG slope: {np.abs(along - slope).max() / size:.2g} off"
    return None


def read_list():
    """Names of refused cases to words of the refusal."""
    refused, words = {}, None
    for line in LIST.read_text().splitlines():
        if line.startswith("    "):
            refused.update(dict.fromkeys(line.split(), words))
        elif line and not line.startswith("#"):
            words = line
    return refused


def words_of(refusal):
    """What is the same in the errors of many cases: the cause, without names, sizes and quotes."""
    text = refusal.splitlines()[0].removeprefix("error: ").removeprefix("model.onnx: ")
    if text.startswith("node "):
        operator = text.partition("(")[2].partition(")")[0]
        cause = text.partition("): ")[2]
    else:
        operator, cause = "", text
    cause = cause.split(";")[0]
    plain = cause
    for mark in "'[0123456789":
        plain = plain.split(mark)[0]
    plain = plain.split(": ")[0].strip()
    return f"{operator}: {plain}".removeprefix(": ") if len(plain) > 12 else f"{operator}: {cause}"[:100]


def write_list(refusals):
    by_words = {}
    for name, refusal in sorted(refusals.items()):
        by_words.setdefault(words_of(refusal), []).append(name)
    text = HEAD
    for words, names in sorted(by_words.items()):
        text += f"\n{words}\n"
        text += textwrap.fill(" ".join(names), 150, initial_indent="    ", subsequent_indent="    ",
                              break_long_words=False, break_on_hyphens=False) + "\n"
    LIST.write_text(text)


def main(hope, wanted, update):
    warnings.simplefilter("ignore")
    import onnx
    from onnx.backend.test.loader import load_model_tests

    if onnx.__version__ != VERSION:
        sys.exit(f"this is onnx {onnx.__version__}; the list is of {VERSION}: pip install onnx=={VERSION}")
    cases = [c for c in load_model_tests(kind="node")
             if any(map(is_real, c.model.graph.input)) and any(map(is_real, c.model.graph.output))]
    cases = [c for c in cases if not wanted or any(w in c.name for w in wanted)]

    def outcome(case):
        with tempfile.TemporaryDirectory() as folder:
            return case.name, run(hope, case, Path(folder))

    with concurrent.futures.ThreadPoolExecutor() as pool:
        outcomes = list(pool.map(outcome, cases))
    wrong, refusals, right = {}, {}, []
    for name, results in outcomes:
        faults = [f"{output}: {result}" for output, result in results if result and result.startswith("WRONG")]
        # An output of several may not depend on the first input.
        if len(results) > 1:
            results = [r for r in results if "is constant: it does not depend on the input" not in str(r[1])] or results[:1]
        refused = [result for _, result in results if result]
        if faults:
            wrong[name] = "; ".join(faults)
        elif refused:
            refusals[name] = refused[0]
        else:
            right.append(name)
    if update:
        write_list(refusals)
    listed, failed = read_list(), 0
    for name, fault in wrong.items():
        failed += 1
        print(f"{name}: {fault}")
    for name, refusal in refusals.items():
        if name not in listed or not words_of(refusal).startswith(listed[name]):
            failed += 1
            print(f"{name}: refused, not as listed: {refusal}")
    for name in set(right) & set(listed):
        failed += 1
        print(f"{name}: right, but listed as refused: take it off {LIST.name}")
    print(f"{len(cases)} cases: {len(right)} right, {len(refusals)} refused, {len(wrong)} wrong; {failed} other than listed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    arguments = sys.argv[2:]
    main(sys.argv[1], [a for a in arguments if not a.startswith("--")], "--update" in arguments)
