//! Elementwise arithmetic on values: with constants and between what depends on the input.

use super::fold::Binary;
use super::patterns;
use super::shape::joint;
use super::tensor::Tensor;
use super::values::{Importer, Value};
use crate::activation::{Activation, Exp, Log, Pow, Reciprocal};
use crate::error::Result;
use crate::model::NodeId;

impl Importer {
    /// An elementwise operator of two constants.
    pub fn fold_binary(&mut self, op: Binary, a: &Tensor, b: &Tensor) -> Result<Value> {
        let Some(shape) = joint(&a.shape, &b.shape) else {
            return self.fail(format!("shapes {:?} and {:?} do not broadcast", a.shape, b.shape));
        };
        self.charge_shape(&shape)?;
        match a.combined(op, b, &shape) {
            Ok(tensor) => Ok(self.folded(tensor, &[a, b])?.into()),
            Err(cause) => self.fail(cause),
        }
    }

    /// What was computed from constants; an error where numbers turned into none, as only here the node is known that did it.
    pub fn folded(&self, tensor: Tensor, operands: &[&Tensor]) -> Result<Tensor> {
        if tensor.has_nan() && !operands.iter().any(|operand| operand.has_nan()) {
            return self.fail(
                "its result is not a number (NaN), computed from constants outside its domain: repair the model",
            );
        }
        Ok(tensor)
    }

    /// An elementwise function.
    pub fn activation(&mut self, value: &Value, function: impl Into<Activation>) -> Result<Value> {
        let function = function.into();
        if let Value::Constant(tensor) = value {
            self.charge(tensor.len())?;
            return Ok(self.folded(tensor.activated(function), &[tensor])?.into());
        }
        let x = self.node(value)?;
        let y = match patterns::activation(&mut self.builder, x, function)? {
            Some(fused) => fused,
            None => self.builder.activation(x, function)?,
        };
        self.follow(y, &[x]);
        Ok(y.into())
    }

    /// Sum, difference, product, quotient, power or extreme, with broadcasting.
    pub fn arithmetic(&mut self, op: Binary, a: &Value, b: &Value) -> Result<Value> {
        if let (Value::Constant(a), Value::Constant(b)) = (a, b) {
            return self.fold_binary(op, a, b);
        }
        if matches!(a, Value::Integer(_)) || matches!(b, Value::Integer(_)) {
            return self.whole_arithmetic(op, a, b);
        }
        let ranks = [self.shape(a).len(), self.shape(b).len()];
        match (a, b) {
            (_, Value::Constant(c)) => {
                let x = self.node(a)?;
                let c = self.per_sample(c, ranks[0])?;
                self.with_constant(op, x, &c)
            }
            (Value::Constant(c), _) => {
                let x = self.node(b)?;
                let c = self.per_sample(c, ranks[1])?;
                self.constant_with(op, &c, x)
            }
            _ => {
                let (x, y) = (self.node(a)?, self.node(b)?);
                self.same_batch(&[a.clone(), b.clone()])?;
                let z = self.between_nodes(op, x, y)?;
                self.follow(z, &[x, y]);
                Ok(z)
            }
        }
        .map(Value::Node)
    }

    /// Refuses to combine values whose batches lie on different axes.
    pub fn same_batch(&self, values: &[Value]) -> Result<()> {
        let computed = || values.iter().filter(|value| !matches!(value, Value::Constant(_)));
        let rank = |value: &Value| self.shape(value).len();
        let most = computed().map(rank).max().unwrap_or(0);
        match computed().find(|value| rank(value) < most && self.has_batch(value)) {
            Some(shorter) => self.fail(format!(
                "values with {} and {most} axes would be combined along different batches: give both the same axes",
                rank(shorter)
            )),
            None => Ok(()),
        }
    }

    fn with_constant(&mut self, op: Binary, x: NodeId, c: &Tensor) -> Result<NodeId> {
        match op {
            Binary::Add => self.affine(x, None, Some(c)),
            Binary::Sub => self.affine(x, None, Some(&c.mapped(|v| -v))),
            Binary::Mul => self.affine(x, Some(c), None),
            Binary::Div => {
                if c.values().contains(&0.0) {
                    return self.fail("it divides by 0: the model is damaged");
                }
                self.affine(x, Some(&c.mapped(f64::recip)), None)
            }
            Binary::Pow => match c.uniform() {
                Some(exponent) => {
                    let x = self.broadcast_with(x, &c.shape)?;
                    if exponent == 1.0 { Ok(x) } else { self.builder.activation(x, Pow { exponent }) }
                }
                None => {
                    let log = self.builder.activation(x, Log)?;
                    let product = self.affine(log, Some(c), None)?;
                    self.builder.activation(product, Exp)
                }
            },
            Binary::Max | Binary::Min => {
                let constant = self.affine(x, Some(&Tensor::scalar(0.0)), Some(c))?;
                self.between_nodes(op, x, constant)
            }
            _ => self.fail("it is not supported on values that depend on the model's input"),
        }
    }

    fn constant_with(&mut self, op: Binary, c: &Tensor, x: NodeId) -> Result<NodeId> {
        match op {
            Binary::Add | Binary::Mul | Binary::Max | Binary::Min => self.with_constant(op, x, c),
            Binary::Sub => self.affine(x, Some(&Tensor::scalar(-1.0)), Some(c)),
            Binary::Div => {
                let inverse = self.activation(&x.into(), Reciprocal)?;
                let inverse = self.node(&inverse)?;
                self.affine(inverse, Some(c), None)
            }
            Binary::Pow => {
                if c.values().iter().any(|&base| base <= 0.0) {
                    return self
                        .fail("a power with a base that is not positive has no derivative in its exponent");
                }
                let product = self.affine(x, Some(&c.mapped(f64::ln)), None)?;
                self.builder.activation(product, Exp)
            }
            _ => self.fail("it is not supported on values that depend on the model's input"),
        }
    }

    fn between_nodes(&mut self, op: Binary, x: NodeId, y: NodeId) -> Result<NodeId> {
        match op {
            Binary::Add => self.builder.add(x, y),
            Binary::Sub => {
                let minus = patterns::affine(&mut self.builder, y, -1.0, 0.0)?;
                self.builder.add(x, minus)
            }
            Binary::Mul => match patterns::product(&mut self.builder, x, y)? {
                Some(fused) => Ok(fused),
                None => self.builder.mul(x, y),
            },
            Binary::Div => match patterns::quotient(&mut self.builder, x, y)? {
                Some(fused) => Ok(fused),
                None => self.builder.div(x, y),
            },
            Binary::Pow => {
                let log = self.builder.activation(x, Log)?;
                let product = self.builder.mul(y, log)?;
                self.builder.activation(product, Exp)
            }
            Binary::Max => self.builder.maximum(x, y),
            Binary::Min => {
                let x = patterns::affine(&mut self.builder, x, -1.0, 0.0)?;
                let y = patterns::affine(&mut self.builder, y, -1.0, 0.0)?;
                let largest = self.builder.maximum(x, y)?;
                patterns::affine(&mut self.builder, largest, -1.0, 0.0)
            }
            _ => self.fail("it is not supported on values that depend on the model's input"),
        }
    }

    /// Broadcasts a node against another shape of one sample.
    pub fn broadcast_with(&mut self, x: NodeId, shape: &[usize]) -> Result<NodeId> {
        match joint(self.builder.shape(x), shape) {
            Some(both) => self.builder.broadcast(x, &both),
            None => self.fail(format!(
                "shapes {:?} and {shape:?} (per sample) do not broadcast",
                self.builder.shape(x)
            )),
        }
    }
}
