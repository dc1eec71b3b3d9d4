#!/usr/bin/env bash
# cargo for WebAssembly: `bindings/web/cargo.sh build --release`. Unpacks the compiler into target/toolchain first, where it isn't there yet.
#
# The compiler is Debian's rustc-web, which the archive of security updates of Debian 12 and later has for browsers, with its own linker and the
# standard library's source. As installed packages they conflict with rustup's, so they are only unpacked; cargo is the one that is there.
# Where `rustup target add wasm32-unknown-unknown` works, plain `cargo build --target wasm32-unknown-unknown` does, too.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
toolchain=$here/target/toolchain

unpack() {
    command -v apt-get >/dev/null || { echo "no apt-get: install the target wasm32-unknown-unknown yourself" >&2; exit 1; }
    local packages=(rustc-web libstd-rust-web-dev rust-web-src) new=$toolchain.new
    # What they need besides, in the versions that they need: the compiler's library, LLVM, the linker.
    local library llvm
    library=$(apt-cache depends libstd-rust-web-dev | grep -o 'libstd-rust-web-[0-9][0-9.]*' | head -1)
    llvm=$(apt-cache depends "$library" | grep -o 'libllvm[0-9][0-9]*' | head -1)
    packages+=("$library" "$llvm" "lld-${llvm#libllvm}")
    rm -rf "$new"
    mkdir -p "$new/packages"
    (cd "$new/packages" && apt-get download -qq "${packages[@]}" 2>/dev/null)
    for package in "$new"/packages/*.deb; do
        # Of the compiler's source only the standard library's is used, and nobody reads manuals here.
        dpkg-deb --fsys-tarfile "$package" | tar x -C "$new" --wildcards --no-wildcards-match-slash \
            --exclude='./usr/src/rustc-*/[!l]*' --exclude='./usr/src/rustc-*/library/vendor' --exclude=./usr/share
    done
    rm -r "$new/packages"
    mv "$new" "$toolchain"
}

[ -x "$toolchain/usr/bin/rustc" ] || unpack

linkers=("$toolchain"/usr/lib/llvm-*/bin/wasm-ld)
export RUSTC=$toolchain/usr/bin/rustc
export LD_LIBRARY_PATH=$toolchain/usr/lib/x86_64-linux-gnu${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=${linkers[0]}
export CARGO_BUILD_TARGET=wasm32-unknown-unknown CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}
# The packages have no standard library for the target: it is built along. It is a feature of unreleased compilers, hence the switch.
export RUSTC_BOOTSTRAP=1
cd "$here"
command=$1
shift
exec cargo "$command" -Zbuild-std=std,panic_abort "$@"
