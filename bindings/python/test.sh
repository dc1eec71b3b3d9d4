#!/usr/bin/env bash
# Builds the Python package into .venv, and runs its tests, mypy and clippy. HOPE_PROGRAM names the program that numbers are compared with; by default
# it is target/release/hope, then target/debug/hope.
set -euo pipefail
cd "$(dirname "$0")/../.."

step() { printf '\n== %s\n' "$*"; "$@"; }

python=$PWD/.venv/bin/python
[ -x "$python" ] || python3 -m venv .venv
"$python" -c "import maturin, mypy, numpy, onnx, pytest, sympy, tqdm" 2>/dev/null ||
    step "$python" -m pip install --quiet maturin mypy numpy onnx pytest sympy tqdm
[ -n "${XDG_RUNTIME_DIR:-}" ] || export XDG_RUNTIME_DIR="${TMPDIR:-/tmp}"

cd bindings/python
step cargo fmt --check
step "$python" -m mypy
VIRTUAL_ENV=$(dirname "$(dirname "$python")") step "$python" -m maturin develop --quiet
step cargo clippy --quiet -- -D warnings
step "$python" -m pytest --quiet "$@"
