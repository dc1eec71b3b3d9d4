//! Softmax and LogSoftmax.

use super::prelude::*;

pub fn softmax(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    lower(node, importer, false)
}

pub fn log_softmax(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    lower(node, importer, true)
}

fn lower(node: &Node, importer: &mut Importer, log: bool) -> Result<Vec<Value>> {
    let value = node.value(0)?;
    let shape = importer.shape(value);
    // Until opset 12 it runs over all axes from the given one on together.
    let together = node.opset < 13;
    let axis = node.axis(node.int("axis")?.unwrap_or(if together { 1 } else { -1 }), shape.len())?;
    importer.not_the_batch(value, axis)?;
    importer.check_softmax(value, axis, if together { 0 } else { shape[axis] }, log)?;
    if let Value::Constant(tensor) = value {
        let last = if together { shape.len() } else { axis + 1 };
        let axes: Vec<usize> = (axis..last).collect();
        return Ok(vec![constant(importer, tensor, &axes, log)?.into()]);
    }
    let mut x = importer.node(value)?;
    let sample = importer.builder.shape(x).to_vec();
    if together {
        let Some(last) = count(&sample[axis..]) else { return node.fail("its input is too large") };
        let flat: Vec<usize> = sample[..axis].iter().copied().chain([last]).collect();
        x = importer.builder.reshape(x, &flat)?;
    }
    let y = importer.builder.softmax(x, axis, log)?;
    Ok(vec![importer.builder.reshape(y, &sample)?.into()])
}

impl Importer {
    /// Softmax over the last axis.
    pub fn softmax(&mut self, value: &Value) -> Result<Value> {
        let Some(axis) = self.shape(value).len().checked_sub(1) else {
            return self.fail("a softmax needs an axis");
        };
        self.along(value, axis, false)
    }

    /// Logarithm of a softmax over one of the axes.
    pub fn log_softmax(&mut self, value: &Value, axis: usize) -> Result<Value> {
        self.not_the_batch(value, axis)?;
        self.along(value, axis, true)
    }

    fn along(&mut self, value: &Value, axis: usize, log: bool) -> Result<Value> {
        if let Value::Constant(tensor) = value {
            return Ok(constant(self, tensor, &[axis], log)?.into());
        }
        let x = self.node(value)?;
        let y = self.builder.softmax(x, axis, log)?;
        self.follow(y, &[x]);
        Ok(y.into())
    }
}

/// Of a constant: `e^(x - max) / Σ`, or its logarithm.
fn constant(importer: &mut Importer, x: &Tensor, axes: &[usize], log: bool) -> Result<Tensor> {
    let largest = importer.fold_reduce(x, Binary::Max, axes, true)?;
    let combined = |importer: &Importer, a: &Tensor, op: Binary, b: &Tensor| {
        a.combined(op, b, &x.shape).or_else(|cause| importer.fail(cause))
    };
    let shifted = combined(importer, x, Binary::Sub, &largest)?;
    let exponentials = shifted.mapped(f64::exp);
    let sum = importer.fold_reduce(&exponentials, Binary::Add, axes, true)?;
    match log {
        true => combined(importer, &shifted, Binary::Sub, &sum.mapped(f64::ln)),
        false => combined(importer, &exponentials, Binary::Div, &sum),
    }
}
