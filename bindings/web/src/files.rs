//! numpy's files, to read and to write.

use std::io::Cursor;

use hope::Precision;
use hope::npy::{self, NpzWriter};
use js_sys::Object;
use wasm_bindgen::prelude::*;

use crate::error::thrown;
use crate::numbers::array;

/// An .npz archive under construction: arrays of f64, or of bytes.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Archive(NpzWriter<Cursor<Vec<u8>>>);

#[wasm_bindgen]
impl Archive {
    /// Without arrays.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::new_without_default)] // of JavaScript
    pub fn new() -> Self {
        Self(NpzWriter::new(Cursor::default(), Precision::F64))
    }

    /// Adds an array of numbers.
    ///
    /// # Errors
    /// If the shape is another one.
    pub fn numbers(&mut self, name: &str, shape: &[usize], values: &[f64]) -> Result<(), JsValue> {
        self.0.array(name, shape, values).map_err(failed)
    }

    /// Adds an array of small whole numbers.
    ///
    /// # Errors
    /// If the shape is another one.
    pub fn bytes(&mut self, name: &str, shape: &[usize], values: &[u8]) -> Result<(), JsValue> {
        self.0.bytes(name, shape, values).map_err(failed)
    }

    /// The file.
    ///
    /// # Errors
    /// If an array lacks numbers.
    pub fn finish(self) -> Result<Vec<u8>, JsValue> {
        self.0.into_inner().map(Cursor::into_inner).map_err(failed)
    }
}

/// Reads an .npy file: `{ data, shape }`.
///
/// # Errors
/// If it isn't one, or holds something else than real numbers.
#[wasm_bindgen(js_name = readNpy)]
pub fn read_npy(file: &[u8]) -> Result<Object, JsValue> {
    let found = npy::read_from(file, file.len() as u64).map_err(thrown)?;
    array(&found.values, &found.shape)
}

fn failed(error: std::io::Error) -> JsValue {
    js_sys::Error::new(&error.to_string()).into()
}
