#!/usr/bin/env bash
# Builds the package: js/pkg is the compiled code, the rest of js/ is as it is. Says how large it is.
set -euo pipefail
cd "$(dirname "$0")"

./cargo.sh build --quiet --release --locked
cargo run --quiet --locked --package bindgen -- target/wasm32-unknown-unknown/release/hope_web.wasm js/pkg
cp ../../examples/mnist/mnist_cnn_tanh.onnx js/pkg/ # what is measured
printf 'js/pkg/hope_web_bg.wasm: %d bytes, %d compressed\n' "$(stat -c %s js/pkg/hope_web_bg.wasm)" "$(gzip -9c js/pkg/hope_web_bg.wasm | wc -c)"
