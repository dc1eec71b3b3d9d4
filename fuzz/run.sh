#!/usr/bin/env bash
# Builds the fuzz targets with stable Rust and runs them, all or one: fuzz/run.sh [TARGET [RUNS [SEED [OPTION...]]]]
# Without arguments: a short run with fixed numbers of inputs and fixed seeds, the same on every machine.
set -euo pipefail
cd "$(dirname "$0")"

profile=${PROFILE:-release}
export RUSTC_WRAPPER=$PWD/instrument.sh CARGO_TARGET_DIR=$PWD/target
cargo build --quiet --profile "$profile"
built=$CARGO_TARGET_DIR/${profile/#dev/debug}

run() { # TARGET RUNS SEED OPTION...
    local target=$1 runs=$2 seed=$3 folders=()
    shift 3
    case $target in
        onnx) folders=(../tests/fixtures/operators ../tests/fixtures/broken ../tests/fixtures/cases/*/) ;;
        *) folders=("seeds/$target") ;;
    esac
    local dictionary=()
    [ ! -f "dictionaries/$target.dict" ] || dictionary=("-dict=dictionaries/$target.dict")
    mkdir -p "artifacts/$target"
    printf '\n== fuzz %s, %s runs, seed %s\n' "$target" "$runs" "$seed"
    # Memory: an expansion's 64 MiB, and what the program and its inputs take.
    "$built/$target" -runs="$runs" -seed="$seed" -max_len=8192 -timeout="${HANG:-1}" -rss_limit_mb=256 \
        -artifact_prefix="artifacts/$target/" "${dictionary[@]}" -print_final_stats=1 -verbosity=0 "$@" "${folders[@]}"
}

if [ $# -gt 0 ]; then
    target=$1 runs=${2:--1} seed=${3:-0}
    [ $# -le 3 ] && shift $# || shift 3
    mkdir -p "corpus/$target"
    run "$target" "$runs" "$seed" "$@" "corpus/$target"
else
    # On a busy machine a second may pass between two instructions.
    HANG=10
    # What reaches new code goes into the first folder: here it is thrown away.
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    for short in "onnx 6000" "arrays 30000" "polynomials 20000" "properties 30000" "reports 30000"; do
        read -r target runs <<<"$short"
        mkdir "$scratch/$target"
        run "$target" "$runs" 1 "$scratch/$target"
    done
fi
