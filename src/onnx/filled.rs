//! Large constants of one number, as files have them in place of weights (ConstantOfShape).
//!
//! They are made where they are read. What a layer holds of them is as much as the network has then, and comes out of the memory that is allowed;
//! whatever else is computed with them comes out of what the file's size allows.

use std::rc::Rc;

use super::budget::COPIES;
use super::shape::{MAX_RANK, count};
use super::tensor::{Filled, Tensor};
use super::values::{Importer, Value};
use crate::error::Result;
use crate::memory;

/// Constants of fewer elements are made at once.
const LARGE: usize = 1 << 10;

/// Operators that hold their second input, if only the first one depends on the model's.
const LAYERS: &[&str] = &["Conv", "ConvTranspose", "Gemm", "MatMul"];

/// Operators that look at what their first input says without making it.
const CHOOSE: &[&str] = &["Where", "Not"];

impl Importer {
    /// A constant of this shape, all of whose elements are one number, without axes.
    pub fn filled(&mut self, number: Tensor, shape: &[usize]) -> Result<Value> {
        match count(shape) {
            Some(elements) if elements > LARGE && shape.len() <= MAX_RANK => {
                Ok(Value::Filled(Rc::new(Filled { shape: shape.to_vec(), number })))
            }
            _ => {
                self.charge_shape(shape)?;
                Ok(number.expanded(shape).into())
            }
        }
    }

    /// A value as operators take it: made, if it isn't yet.
    pub fn made(&mut self, value: &Value) -> Result<Value> {
        let Value::Filled(filled) = value else { return Ok(value.clone()) };
        self.charge_shape(&filled.shape)?;
        Ok(filled.number.expanded(&filled.shape).into())
    }

    /// What a node reads, made; a layer's weights of memory that is allowed.
    pub fn made_for(&mut self, op: &str, inputs: &mut [Option<Value>]) -> Result<()> {
        let computed = matches!(inputs.first(), Some(Some(Value::Node(_))));
        for (index, input) in inputs.iter_mut().enumerate() {
            if let Some(Value::Filled(filled)) = input
                && !(index == 0 && CHOOSE.contains(&op))
            {
                if computed && index == 1 && LAYERS.contains(&op) {
                    self.hold(&filled.shape)?;
                }
                *input = Some(self.made(&Value::Filled(filled.clone()))?);
            }
        }
        Ok(())
    }

    /// Grants what a layer of such weights takes at importing.
    fn hold(&mut self, shape: &[usize]) -> Result<()> {
        let elements = count(shape).unwrap_or(usize::MAX);
        match self.budget.hold(elements) {
            Ok(()) => Ok(()),
            Err(left) => self.fail(format!(
                "its weights of shape {shape:?}, which the file does not hold, take {} of memory, but only {} of that allowed are left: raise --memory",
                memory::human((elements as u64).saturating_mul(COPIES * size_of::<f64>() as u64)),
                memory::human(left)
            )),
        }
    }
}
