#!/usr/bin/env bash
# Compares the program with its peers and prints one table: see README.md. PYTHON=... takes an environment that
# has the requirements already; otherwise one is made in .venv beside this file.
set -euo pipefail
cd "$(dirname "$0")/../.."

if [ -z "${PYTHON:-}" ]; then
    PYTHON=benches/peers/.venv/bin/python
    [ -x "$PYTHON" ] || python3 -m venv benches/peers/.venv
    "$PYTHON" -m pip install --quiet --requirement benches/peers/requirements.txt
fi
# Two commands: an example brings other features of the dependencies than the program alone has.
cargo build --quiet --release
cargo build --quiet --release --example steady
exec "$PYTHON" benches/peers/run.py --built "${CARGO_TARGET_DIR:-target}/release" "$@"
