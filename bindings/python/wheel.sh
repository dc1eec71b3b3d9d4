#!/usr/bin/env bash
# Builds what is published: a wheel for Linux (manylinux_2_28, all Pythons from 3.10), linked by zig against an old glibc, and the source distribution.
# On other systems `maturin build --release` makes theirs. Usage: bindings/python/wheel.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")"
folder=${1:-dist}

python=$PWD/../../.venv-wheel/bin/python
[ -x "$python" ] || python3 -m venv ../../.venv-wheel
"$python" -c "import maturin, ziglang" 2>/dev/null || "$python" -m pip install --quiet "maturin[zig]"

PATH="$(dirname "$python"):$PATH" "$python" -m maturin build --release --zig --compatibility manylinux_2_28 --out "$folder"
"$python" -m maturin sdist --out "$folder"
ls -l "$folder"
