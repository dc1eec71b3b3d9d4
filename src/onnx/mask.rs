//! Masks of attention: what is left out of a softmax.
//!
//! Models add -∞ to a score, or put -∞ in its place, so that its share is e^-∞ = 0. There is no series about -∞. A score that is left out
//! becomes a constant so low that its share is exactly 0 in every precision, and so are all of its coefficients. That is the same for a softmax
//! over the last axis only: whatever else reads such scores is refused, and so is a softmax of which nothing is left.

use super::fold::Binary;
use super::shape::joint;
use super::tensor::Tensor;
use super::values::{Importer, Value};
use crate::error::Result;

/// Below all scores, but so that its distance to any of them is a number, also in f32.
const LEFT_OUT: f64 = -1e38;

/// Operators that read scores of which some are left out, and whose results are such scores.
const PASS: &[&str] =
    &["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity", "Cast", "Dropout", "Expand", "Add", "Where"];

/// Whether a constant is added to scores to leave some out.
pub fn is_mask(tensor: &Tensor) -> bool {
    let values = tensor.values();
    values.contains(&f64::NEG_INFINITY) && values.iter().all(|&bias| bias < f64::INFINITY)
}

impl Importer {
    /// Scores plus a mask in which some numbers are -∞.
    pub fn add_mask(&mut self, scores: &Value, mask: &Tensor) -> Result<Value> {
        self.charge(mask.len())?;
        let keep = mask.mapped(|bias| f64::from(u8::from(bias != f64::NEG_INFINITY)));
        let bias = mask.mapped(|bias| if bias == f64::NEG_INFINITY { 0.0 } else { bias });
        self.leave_out(scores, &keep, &bias)
    }

    /// Scores plus a bias where `keep` is 1, left out where it is 0.
    ///
    /// # Errors
    /// If a row along the last axis is left out as a whole.
    pub fn leave_out(&mut self, scores: &Value, keep: &Tensor, bias: &Tensor) -> Result<Value> {
        let x = self.node(scores)?;
        let mut all = keep.clone();
        if let Some(earlier) = self.left_out.get(&x).cloned() {
            let Some(shape) = joint(&earlier.shape, &keep.shape) else {
                return self.fail("two masks that leave out scores (-∞) do not fit: join them in the model");
            };
            self.charge_shape(&shape)?;
            all = keep.combined(Binary::Mul, &earlier, &shape).or_else(|cause| self.fail(cause))?;
        }
        let row = all.shape.last().copied().unwrap_or(1).max(1);
        if all.values().chunks(row).any(|row| row.iter().all(|&kept| kept == 0.0)) {
            return self.fail("its mask leaves out a whole row (-∞), the softmax of which is not a number");
        }
        let Some(shape) = joint(&keep.shape, &bias.shape) else {
            return self.fail(format!("shapes {:?} and {:?} do not broadcast", keep.shape, bias.shape));
        };
        self.charge_shape(&shape)?;
        let shift = keep.choose(bias, &Tensor::scalar(LEFT_OUT), &shape);
        let kept = self.arithmetic(Binary::Mul, scores, &keep.clone().into())?;
        let y = self.arithmetic(Binary::Add, &kept, &shift.into())?;
        if let Value::Node(y) = y {
            self.left_out.insert(y, all.into());
        }
        Ok(y)
    }

    /// Refuses a softmax of scores that a mask leaves out, unless it is over their last axis, of this size.
    pub fn check_softmax(&self, scores: &Value, axis: usize, size: usize, log: bool) -> Result<()> {
        let Some(mask) = scores.node().and_then(|x| self.left_out.get(&x)) else { return Ok(()) };
        let last = mask.shape.last().is_none_or(|&n| n == size || n == 1);
        if !log && last && axis + 1 == self.shape(scores).len() {
            return Ok(());
        }
        self.fail("a mask leaves out scores (-∞), which is supported for a softmax over their last axis only")
    }

    /// Refuses what is no softmax over the last axis of scores of which some are left out; notes those that stay so.
    pub fn check_left_out(&mut self, op: &str, inputs: &[Value], outputs: &[Value]) -> Result<()> {
        let Some(mask) = inputs.iter().filter_map(Value::node).find_map(|x| self.left_out.get(&x).cloned())
        else {
            return Ok(());
        };
        if op == "Softmax" {
            return Ok(());
        }
        if !PASS.contains(&op) {
            return self.fail("it reads scores that a mask leaves out (-∞), which only a softmax over their last axis may do");
        }
        for y in outputs.iter().filter_map(Value::node) {
            self.left_out.entry(y).or_insert_with(|| mask.clone());
        }
        Ok(())
    }
}
