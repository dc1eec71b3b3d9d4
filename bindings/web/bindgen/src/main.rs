//! Makes an ES module of compiled code: `bindgen CODE.wasm FOLDER`. It is what the program `wasm-bindgen --target web` does, in the version that
//! the code was compiled with.

use anyhow::Context;
use wasm_bindgen_cli_support::Bindgen;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (code, folder) = arguments.next().zip(arguments.next()).context("usage: bindgen CODE.wasm FOLDER")?;
    Bindgen::new()
        .input_path(code)
        .web(true)?
        .remove_name_section(true)
        .remove_producers_section(true)
        .typescript(true)
        .generate(folder)
}
