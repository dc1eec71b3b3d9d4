#!/usr/bin/env bash
# Builds the Python package into .venv, and runs its tests, mypy, pyright, clippy and the documentation's build. What Rust builds goes into the root's target folder, where most of it is
# already after its own tests. --extras installs Ray and PyTorch too (gigabytes), whose tests are left out otherwise. HOPE_PROGRAM names the program that numbers are compared with; by default it is target/release/hope.
set -euo pipefail
cd "$(dirname "$0")/../.."

step() { printf '\n== %s\n' "$*"; "$@"; }

[ -x .venv/bin/python ] || python3 -m venv .venv
export VIRTUAL_ENV=$PWD/.venv CARGO_TARGET_DIR=$PWD/target
python=$VIRTUAL_ENV/bin/python
"$python" -c "import dask.array, ipykernel, matplotlib, maturin, mypy, nbclient, numpy, onnx, pyright, pytest, safetensors, skl2onnx, sympy, tqdm, xarray" 2>/dev/null ||
    step "$python" -m pip install --quiet "dask[array]" ipykernel matplotlib maturin mypy nbclient numpy onnx pyright pytest safetensors skl2onnx sympy tqdm xarray
if [ "${1:-}" = --extras ]; then
    shift
    step "$python" -m pip install --quiet "ray[data]" torch onnxscript
fi
[ -n "${XDG_RUNTIME_DIR:-}" ] || export XDG_RUNTIME_DIR="${TMPDIR:-/tmp}"

cd bindings/python
step cargo fmt --check
step cargo clippy --quiet -- -D warnings
step "$python" -m maturin develop --quiet --release
step "$python" -m mypy
step "$python" -m pyright --pythonpath "$python"
step "$python" -m pytest --quiet "$@"

# The site has the docstrings; a warning is an error.
step bash ../../docs/site/build.sh >/dev/null

# What people build it from has neither tests nor fixtures.
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
step "$python" -m maturin sdist --out "$folder" >/dev/null
if tar tzf "$folder"/*.tar.gz | grep /tests/; then
    echo "the source distribution has tests in it" >&2
    exit 1
fi
