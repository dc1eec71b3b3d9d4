//! hope in browsers: the part in Rust, which computes on the thread that calls it. What people see is in `js/`.

mod along;
mod applications;
mod bench;
mod chart;
mod error;
mod files;
mod network;
mod numbers;
mod pictures;
mod place;
mod polynomial;
mod run;
mod wanted;

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn complain(message: &str);
}

/// A panic's message, which otherwise nobody sees.
#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| complain(&panic.to_string())));
}

/// The library's version.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").into()
}
