//! Axes that appear in front of others, and disappear: a value of several, and one of them.

use super::values::{Importer, Value};
use crate::error::Result;

impl Importer {
    /// Another shape for the same units, in which axis 0 is another axis than before.
    pub fn reshape_from_the_front(&mut self, value: &Value, shape: &[usize]) -> Result<Value> {
        let y = self.reshape(value, shape)?;
        for part in y.nodes() {
            self.moves(part, || "axis 0 becomes another one".into())?;
        }
        Ok(y)
    }

    /// What is at an index of an axis, without that axis; the caller has checked that they are there.
    pub fn at(&mut self, value: &Value, axis: usize, index: usize) -> Result<Value> {
        self.check_left_out("Slice", std::slice::from_ref(value), &[])?;
        let part = self.slice(value, axis, index, 1, 1)?;
        let mut shape = self.shape(&part);
        shape.remove(axis);
        if axis == 0 { self.reshape_from_the_front(&part, &shape) } else { self.reshape(&part, &shape) }
    }

    /// Joins one or more values along a new axis, at most their number of axes.
    pub fn stack(&mut self, values: &[Value], axis: usize) -> Result<Value> {
        self.check_left_out("Concat", values, &[])?;
        let mut parts = Vec::with_capacity(values.len());
        for value in values {
            let mut shape = self.shape(value);
            if axis > shape.len() {
                return self
                    .fail(format!("values of different axes, of shape {shape:?} one, can't be joined"));
            }
            shape.insert(axis, 1);
            parts.push(match axis {
                0 => self.reshape_from_the_front(value, &shape)?,
                _ => self.reshape(value, &shape)?,
            });
        }
        self.concat(&parts, axis)
    }
}
