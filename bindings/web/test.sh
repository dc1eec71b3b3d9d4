#!/usr/bin/env bash
# Builds the package for browsers, and runs its tests, TypeScript and clippy. Needs Node.js; the compiler comes by itself on Debian (cargo.sh).
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; "$@"; }

step cargo fmt --check --all
step cargo clippy --quiet --all -- -D warnings
step ./build.sh
[ node_modules/.package-lock.json -nt package-lock.json ] || step npm ci --no-audit --no-fund --silent
step npx tsc --noEmit --strict --target es2022 --module nodenext tests/types.ts
step node --test --test-concurrency=1 tests/*.test.js
