//! Errors of the library as JavaScript's, which say by their name of what kind they are.

use hope::{Error, ErrorKind};
use wasm_bindgen::JsValue;

/// `js/errors.js` has the same names, and says the library's words for the command line in those of JavaScript.
fn name(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Shape => "ShapeError",
        ErrorKind::Selection => "SelectionError",
        ErrorKind::Value => "RequestError",
        ErrorKind::File => "FileError",
        ErrorKind::Format => "FormatError",
        ErrorKind::Unsupported => "UnsupportedError",
        ErrorKind::Memory => "MemoryLimitError",
        ErrorKind::Numbers => "NumericalError",
        ErrorKind::Device => "DeviceError",
        ErrorKind::Interrupted => "AbortError",
    }
}

/// An error of the library, to be thrown.
pub fn thrown(error: Error) -> JsValue {
    let thrown = js_sys::Error::new(&error.to_string());
    thrown.set_name(name(error.kind()));
    thrown.into()
}

/// An option that means nothing.
pub fn wrong(cause: &serde_json::Error) -> JsValue {
    let thrown = js_sys::Error::new(&format!("the options: {cause}"));
    thrown.set_name("RequestError");
    thrown.into()
}

/// A name that means nothing.
pub fn unknown(what: &str, name: &str, choices: &str) -> Error {
    Error::Text { text: name.into(), cause: format!("{what} '{name}': choose {choices}") }
}
