//! Numbers of results as typed arrays with shapes.

use js_sys::{Array, Float64Array, Object, Reflect, Uint8Array};
use wasm_bindgen::JsValue;

/// Sets a property.
///
/// # Errors
/// Never: it is a plain object.
pub fn set(object: &Object, key: &str, value: impl Into<JsValue>) -> Result<(), JsValue> {
    Reflect::set(object, &key.into(), &value.into()).map(drop)
}

/// `{ data, shape }`.
///
/// # Errors
/// Never.
pub fn array(numbers: &[f64], shape: &[usize]) -> Result<Object, JsValue> {
    shaped(&Float64Array::from(numbers), shape)
}

/// The same of small whole numbers.
///
/// # Errors
/// Never.
pub fn bytes(numbers: &[u8], shape: &[usize]) -> Result<Object, JsValue> {
    shaped(&Uint8Array::from(numbers), shape)
}

/// A list of whole numbers.
pub fn list(numbers: &[usize]) -> Array {
    numbers.iter().map(|&n| JsValue::from(n as f64)).collect()
}

fn shaped(data: &JsValue, shape: &[usize]) -> Result<Object, JsValue> {
    let object = Object::new();
    set(&object, "data", data.clone())?;
    set(&object, "shape", list(shape))?;
    Ok(object)
}
