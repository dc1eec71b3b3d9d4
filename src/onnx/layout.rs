//! Layout and sums of values, whether they are constant or not: other shapes, orders of axes, parts, and joined ones.

use super::fold::Binary;
use super::shape::{count, joint};
use super::tensor::Tensor;
use super::values::{Importer, Value};
use crate::error::Result;

/// Largest number of units of one value, as for the builder.
const MAX_UNITS: usize = 1 << 31;

impl Importer {
    /// Another shape for the same units.
    pub fn reshape(&mut self, value: &Value, shape: &[usize]) -> Result<Value> {
        self.checked_rank(shape.len())?;
        match value {
            Value::Constant(tensor) if count(shape) == Some(tensor.len()) => {
                Ok(tensor.reshaped(shape).into())
            }
            Value::Constant(tensor) => {
                self.fail(format!("{:?} cannot be reshaped to {shape:?}", tensor.shape))
            }
            Value::Condition(condition) => {
                self.arrange(condition, &mut |importer, leaf| importer.reshape(leaf, shape))
            }
            Value::Integer(id) => Ok(self.reshape(&Value::Node(*id), shape)?.whole()),
            _ => {
                let x = self.node(value)?;
                let sample = self.sample_shape(shape)?;
                let y = self.builder.reshape(x, &sample)?;
                self.follow(y, &[x]);
                if y != x && sample.first() != Some(&1) && self.is_batched(x) {
                    self.moves(y, || "the batch is merged with other axes".into())?;
                }
                Ok(y.into())
            }
        }
    }

    /// Axis i of the result is axis `permutation[i]`, a permutation of all axes.
    pub fn transpose(&mut self, value: &Value, permutation: &[usize]) -> Result<Value> {
        if let Value::Constant(tensor) = value {
            self.charge(tensor.len())?;
            return Ok(tensor.transposed(permutation).into());
        }
        if let Value::Condition(condition) = value {
            return self.arrange(condition, &mut |importer, leaf| importer.transpose(leaf, permutation));
        }
        if let Value::Integer(id) = value {
            return Ok(self.transpose(&Value::Node(*id), permutation)?.whole());
        }
        let x = self.node(value)?;
        let y = self.builder.transpose(x, permutation)?;
        self.follow(y, &[x]);
        if permutation.first() != Some(&0) && self.is_batched(x) {
            self.moves(y, || format!("the permutation {permutation:?} moves axis 0"))?;
        }
        Ok(y.into())
    }

    /// `size` indices from `start` in steps along an axis; the caller has checked that they are inside.
    pub fn slice(
        &mut self,
        value: &Value,
        axis: usize,
        start: usize,
        step: isize,
        size: usize,
    ) -> Result<Value> {
        if start == 0 && step == 1 && size == self.shape(value)[axis] {
            return Ok(value.clone());
        }
        let step = if size <= 1 { 1 } else { step }; // which may be anything, even beyond what strides can hold
        if let Value::Constant(tensor) = value {
            let mut shape = tensor.shape.clone();
            shape[axis] = size;
            self.charge_shape(&shape)?;
            return Ok(tensor.sliced(axis, start, step, size).into());
        }
        if let Value::Condition(condition) = value {
            return self
                .arrange(condition, &mut |importer, leaf| importer.slice(leaf, axis, start, step, size));
        }
        if let Value::Integer(id) = value {
            return Ok(self.slice(&Value::Node(*id), axis, start, step, size)?.whole());
        }
        self.not_the_batch(value, axis)?;
        if size == 0 {
            // Nothing depends on nothing.
            let mut shape = self.shape(value);
            shape[axis] = 0;
            return Ok(Tensor::floats(shape, []).into());
        }
        let x = self.node(value)?;
        let y = self.builder.slice(x, axis, start, step, size)?;
        self.follow(y, &[x]);
        Ok(y.into())
    }

    /// Joins values along an axis.
    pub fn concat(&mut self, parts: &[Value], axis: usize) -> Result<Value> {
        let constants: Option<Vec<&Tensor>> = parts
            .iter()
            .map(|part| match part {
                Value::Constant(tensor) => Some(tensor.as_ref()),
                _ => None,
            })
            .collect();
        if let Some(constants) = constants {
            let shape = &constants[0].shape;
            for part in &constants {
                let others =
                    |s: &[usize]| (0..s.len()).filter(|&i| i != axis).map(|i| s[i]).collect::<Vec<_>>();
                if part.shape.len() != shape.len() || others(&part.shape) != others(shape) {
                    return self
                        .fail(format!("{:?} and {shape:?} cannot be joined along axis {axis}", part.shape));
                }
                self.charge(part.len())?;
            }
            return Ok(Tensor::concatenated(&constants, axis).into());
        }
        if Value::any_condition(parts) || Value::any_integer(parts) {
            return self.of_numbers(parts, |importer, parts| importer.concat(parts, axis));
        }
        if parts.iter().any(|part| self.shape(part).get(axis) == Some(&0)) {
            let some = |part: &&Value| self.shape(part).get(axis) != Some(&0);
            let parts: Vec<Value> = parts.iter().filter(some).cloned().collect();
            return if parts.is_empty() { self.fail("it joins nothing") } else { self.concat(&parts, axis) };
        }
        for part in parts {
            self.not_the_batch(part, axis)?;
        }
        let nodes = parts.iter().map(|part| self.node(part)).collect::<Result<Vec<_>>>()?;
        let y = self.builder.concat(&nodes, axis)?;
        self.follow(y, &nodes);
        Ok(y.into())
    }

    /// Repeats axes of size 1 and adds leading ones, as ONNX's Expand does: both ways.
    pub fn expand(&mut self, value: &Value, shape: &[usize]) -> Result<Value> {
        let from = self.shape(value);
        let Some(to) = joint(&from, shape) else {
            return self.fail(format!("{from:?} cannot be broadcast to {shape:?}"));
        };
        self.checked_rank(to.len())?;
        if count(&to).is_none_or(|units| units > MAX_UNITS) {
            return self.fail(format!("its result of shape {to:?} is too large"));
        }
        if let Value::Constant(tensor) = value {
            self.charge_shape(&to)?;
            return Ok(tensor.expanded(&to).into());
        }
        if let Value::Condition(condition) = value {
            return self.arrange(condition, &mut |importer, leaf| importer.expand(leaf, shape));
        }
        if let Value::Integer(id) = value {
            return Ok(self.expand(&Value::Node(*id), shape)?.whole());
        }
        let x = self.node(value)?;
        let sample = self.sample_shape(&to)?;
        let y = self.builder.broadcast(x, &sample)?;
        self.follow(y, &[x]);
        if y != x && (to.len() > from.len() || sample.first() != Some(&1)) && self.is_batched(x) {
            self.moves(y, || format!("the shape {shape:?} moves axis 0 or repeats it"))?;
        }
        Ok(y.into())
    }

    /// Sum or mean over axes.
    pub fn reduce(&mut self, value: &Value, axes: &[usize], keep_dims: bool, mean: bool) -> Result<Value> {
        if let Value::Constant(tensor) = value {
            let sum = self.fold_reduce(tensor, Binary::Add, axes, keep_dims)?;
            let size: usize = axes.iter().map(|&axis| tensor.shape[axis]).product();
            return Ok(if mean { sum.mapped(|v| v / size as f64) } else { sum }.into());
        }
        if let (Value::Integer(id), false) = (value, mean) {
            return Ok(self.reduce(&Value::Node(*id), axes, keep_dims, false)?.whole());
        }
        for &axis in axes {
            self.not_the_batch(value, axis)?;
        }
        let x = self.node(value)?;
        let y = self.builder.reduce(x, axes, keep_dims, mean)?;
        self.follow(y, &[x]);
        Ok(y.into())
    }

    /// Folds axes of a constant together.
    pub fn fold_reduce(
        &mut self,
        tensor: &Tensor,
        op: Binary,
        axes: &[usize],
        keep_dims: bool,
    ) -> Result<Tensor> {
        self.charge(tensor.len())?;
        match tensor.reduced(op, axes, keep_dims) {
            Ok(reduced) => self.folded(reduced, &[tensor]),
            Err(cause) => self.fail(cause),
        }
    }
}
