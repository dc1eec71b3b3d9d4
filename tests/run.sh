#!/usr/bin/env bash
# All tests. Needs Rust and Python 3; installs numpy into .venv if Python lacks it.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; "$@"; }

step cargo fmt --check
step cargo clippy --quiet --all-targets -- -D warnings
step cargo clippy --quiet --no-default-features --lib -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --quiet --no-deps

# The optimised build once: the tests run thousands of expansions, and the program is read back with numpy below.
step cargo test --quiet --release

python=python3
if ! "$python" -c 'import numpy' 2>/dev/null; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -c 'import numpy' 2>/dev/null || step .venv/bin/python -m pip install --quiet numpy
    python=.venv/bin/python
fi
step cargo build --quiet --release
step "$python" tests/numpy_readback.py target/release/hope
