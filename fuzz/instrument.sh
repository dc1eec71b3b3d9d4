#!/usr/bin/env bash
# Stands in for rustc (RUSTC_WRAPPER): our own crates say to libFuzzer which code an input reaches; dependencies and build scripts
# stay as they are.
set -euo pipefail
flags=(--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table)
case " $* " in
    *" --crate-name hope "* | *" --crate-name hope_fuzz "* | *" --crate-name onnx "* | *" --crate-name arrays "* | \
        *" --crate-name polynomials "* | *" --crate-name reports "*) exec "$@" "${flags[@]}" ;;
    *) exec "$@" ;;
esac
