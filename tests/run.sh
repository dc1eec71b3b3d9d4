#!/usr/bin/env bash
# All tests. Needs Rust and Python 3. Installs what else they need: numpy, sympy and onnx into .venv if Python lacks them, and on
# Debian and Ubuntu a software Vulkan driver if the machine has no driver at all. With CI=true it installs two drivers and
# the validation layer, and a machine without an adapter is an error. With CI=true or --isa it also looks for spills in what AMD's
# compiler makes of the shaders, for which no GPU is needed: see benches/isa/README.md. cargo-deny, if it is installed, looks at the
# dependencies' licenses and sources; with CI=true or --deny it is installed first, into target/tools. With CI=true or --python the Python
# package is built and tested, too, which takes some minutes more: see bindings/python/README.md. With --web so is the package for browsers, which needs
# Node.js, and on Debian and Ubuntu fetches a compiler for WebAssembly: see bindings/web/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."

isa=${CI:-} deny=${CI:-} package=${CI:-} web=
for switch in "$@"; do
    case "$switch" in
        --isa) isa=true ;;
        --deny) deny=true ;;
        --python) package=true ;;
        --web) web=true ;;
        *) echo "usage: tests/run.sh [--isa] [--deny] [--python] [--web]" >&2; exit 2 ;;
    esac
done

step() { printf '\n== %s\n' "$*"; "$@"; }

install() {
    command -v apt-get >/dev/null || { echo "no apt-get: install $* yourself"; return 0; }
    local root=()
    [ "$(id -u)" = 0 ] || root=(sudo)
    step "${root[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive step "${root[@]}" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

swiftshader=/usr/lib/chromium/vk_swiftshader_icd.json
if [ "${CI:-}" = true ]; then
    if [ ! -f "$swiftshader" ] || ! ls /usr/share/vulkan/icd.d/lvp_icd*.json >/dev/null 2>&1 ||
        ! ls /usr/share/vulkan/explicit_layer.d/VkLayer_khronos_validation.json >/dev/null 2>&1; then
        install mesa-vulkan-drivers libvulkan1 vulkan-validationlayers chromium
    fi
    export HOPE_REQUIRE_GPU=1
elif ! ls /usr/share/vulkan/icd.d/*.json /etc/vulkan/icd.d/*.json >/dev/null 2>&1; then
    install mesa-vulkan-drivers libvulkan1
fi
# Mesa asks for this folder and complains without it.
[ -n "${XDG_RUNTIME_DIR:-}" ] || export XDG_RUNTIME_DIR="${TMPDIR:-/tmp}"

step cargo fmt --check
step cargo clippy --quiet --all-targets -- -D warnings
step cargo clippy --quiet --no-default-features --lib -- -D warnings
RUSTDOCFLAGS="-D warnings" step cargo doc --quiet --no-deps

PATH=$PATH:$PWD/target/tools/bin
if [ "$deny" = true ] && ! command -v cargo-deny >/dev/null; then
    # Unoptimised: it has little to do.
    CARGO_PROFILE_DEV_DEBUG=false step cargo install --quiet --debug --locked --root target/tools cargo-deny@0.20.2
fi
if command -v cargo-deny >/dev/null; then
    for workspace in . fuzz benches/isa bindings/python bindings/web; do
        step cargo deny --manifest-path "$workspace/Cargo.toml" --log-level error --locked check bans licenses sources
    done
else
    echo "skipped cargo deny: it is not installed (tests/run.sh --deny installs it)"
fi

# The fuzz targets share sources with the program; running them takes longer (fuzz/README.md). libFuzzer is C++.
command -v c++ >/dev/null || install g++
if command -v c++ >/dev/null; then
    step cargo check --quiet --manifest-path fuzz/Cargo.toml
else
    echo "skipped fuzz: no C++ compiler"
fi

# The optimised build once: the tests run thousands of expansions, and the program is read back with numpy below.
# The validation layer of Vulkan, where it is installed, listens: each of its messages is a failure.
export WGPU_VALIDATION=1 WGPU_DEBUG=0
step cargo test --quiet --release
if [ "${CI:-}" = true ] && [ -f "$swiftshader" ]; then
    # Once more on a driver of other habits: f32 only, 256 invocations, poor built-in functions.
    export VK_DRIVER_FILES="$swiftshader"
    step cargo test --quiet --release --test devices -- --skip cpu --skip gpu_bench
    unset VK_DRIVER_FILES
fi

if [ "$isa" = true ]; then
    if [ "${CI:-}" = true ] || [ -n "${VK_DRIVER_FILES:-}" ] || ls /usr/share/vulkan/icd.d/radeon_icd*.json >/dev/null 2>&1; then
        step cargo fmt --check --manifest-path benches/isa/Cargo.toml
        step cargo test --quiet --manifest-path benches/isa/Cargo.toml
    else
        echo "skipped benches/isa: no driver for AMD (Debian: mesa-vulkan-drivers)"
    fi
fi

# onnx carries the tests of its operators; tests/onnx_nodes.txt is about this version.
python=python3
onnx=1.23.2
needed="import numpy, sympy, onnx; assert onnx.__version__ == '$onnx'"
if ! "$python" -c "$needed" 2>/dev/null; then
    [ -x .venv/bin/python ] || python3 -m venv .venv
    .venv/bin/python -c "$needed" 2>/dev/null ||
        step .venv/bin/python -m pip install --quiet numpy sympy "onnx==$onnx"
    python=.venv/bin/python
fi
step cargo build --quiet --release
step "$python" tests/numpy_readback.py target/release/hope
step "$python" tests/polynomial_sympy.py target/release/hope
step "$python" tests/onnx_nodes.py target/release/hope

if [ "$package" = true ]; then
    if python3 -c "import sys; sys.exit(sys.version_info < (3, 10))"; then
        step bash bindings/python/test.sh
    else
        echo "skipped bindings/python: it needs Python 3.10"
    fi
fi

if [ "$web" = true ]; then
    step bash bindings/web/test.sh
fi
