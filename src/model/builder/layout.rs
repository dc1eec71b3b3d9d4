//! Operators that move units: reshaping, permuting, slicing, padding, joining, broadcasting; and sums over axes.

use super::{MAX_UNITS, ModelBuilder, checked_units};
use crate::error::Result;
use crate::model::{NodeId, Op, Strided, StridedDim};

impl ModelBuilder {
    /// Another shape for the same units.
    pub fn reshape(&mut self, x: NodeId, shape: &[usize]) -> Result<NodeId> {
        if checked_units(shape) != Some(self.nodes[x.0].units()) {
            let cause = format!("{:?} per sample cannot be reshaped to {shape:?}", self.shape(x));
            return self.fail("Reshape", cause);
        }
        if self.shape(x) == shape {
            return Ok(x);
        }
        self.push("Reshape", Op::Reshape, vec![x], shape.to_vec())
    }

    /// Permutes the axes: axis i of the result is axis `permutation[i]` of x.
    pub fn transpose(&mut self, x: NodeId, permutation: &[usize]) -> Result<NodeId> {
        let shape = self.shape(x).to_vec();
        let mut sorted = permutation.to_vec();
        sorted.sort_unstable();
        if !sorted.into_iter().eq(0..shape.len()) {
            return self
                .fail("Transpose", format!("{permutation:?} is no permutation of the axes of {shape:?}"));
        }
        let y: Vec<usize> = permutation.iter().map(|&axis| shape[axis]).collect();
        if permutation.iter().copied().filter(|&a| shape[a] > 1).is_sorted() {
            return self.reshape(x, &y); // only axes of size 1 move
        }
        let (from, to) = (strides(&shape), strides(&y));
        let dims = permutation.iter().enumerate().map(|(i, &axis)| (y[i], from[axis], to[i]));
        let strided = copy(dims, 0, 0);
        self.push("Transpose", Op::Strided(strided), vec![x], y)
    }

    /// Takes `size` indices from `start` in steps of `step` along an axis.
    pub fn slice(
        &mut self,
        x: NodeId,
        axis: usize,
        start: usize,
        step: isize,
        size: usize,
    ) -> Result<NodeId> {
        let shape = self.shape(x).to_vec();
        let last = size
            .checked_sub(1)
            .and_then(|n| (n as isize).checked_mul(step))
            .and_then(|d| d.checked_add(start as isize));
        let inside = |i: isize, n: usize| i >= 0 && (i as usize) < n;
        if axis >= shape.len() || !last.is_some_and(|l| inside(l, shape[axis])) || start >= shape[axis] {
            let cause = format!(
                "a slice of {size} from {start} in steps of {step} on axis {axis} of {shape:?} is empty or outside"
            );
            return self.fail("Slice", cause);
        }
        if start == 0 && step == 1 && size == shape[axis] {
            return Ok(x);
        }
        let mut y = shape.clone();
        y[axis] = size;
        let (from, to) = (strides(&shape), strides(&y));
        let dims = (0..shape.len()).map(|i| (y[i], if i == axis { from[i] * step } else { from[i] }, to[i]));
        let strided = copy(dims, start * from[axis] as usize, 0);
        self.push("Slice", Op::Strided(strided), vec![x], y)
    }

    /// Pads each axis with a constant.
    pub fn pad(&mut self, x: NodeId, before: &[usize], after: &[usize], value: f64) -> Result<NodeId> {
        let shape = self.shape(x).to_vec();
        if before.len() != shape.len() || after.len() != shape.len() {
            return self.fail("Pad", format!("{} pads for the axes of {shape:?}", before.len()));
        }
        if before.iter().chain(after).all(|&p| p == 0) {
            return Ok(x);
        }
        let y: Option<Vec<usize>> =
            (0..shape.len()).map(|i| shape[i].checked_add(before[i])?.checked_add(after[i])).collect();
        let Some(y) = y.filter(|y| checked_units(y).is_some_and(|n| n <= MAX_UNITS)) else {
            return self.fail("Pad", format!("the padding {before:?}, {after:?} is too large"));
        };
        let (from, to) = (strides(&shape), strides(&y));
        let offset = (0..shape.len()).map(|i| before[i] * to[i] as usize).sum();
        let mut strided = copy((0..shape.len()).map(|i| (shape[i], from[i], to[i])), 0, offset);
        strided.fill = value;
        self.push("Pad", Op::Strided(strided), vec![x], y)
    }

    /// Repeats axes of size 1 (and new leading axes) to reach a shape.
    pub fn broadcast(&mut self, x: NodeId, shape: &[usize]) -> Result<NodeId> {
        let from = self.shape(x).to_vec();
        if from == shape {
            return Ok(x);
        }
        if self.broadcast_shape("Expand", &from, shape)? != shape {
            return self.fail("Expand", format!("{from:?} cannot be broadcast to {shape:?}"));
        }
        if checked_units(&from) == checked_units(shape) {
            return self.reshape(x, shape);
        }
        let missing = shape.len() - from.len();
        let (stride, to) = (strides(&from), strides(shape));
        let dims = (0..shape.len()).map(|i| {
            let repeated = i < missing || from[i - missing] == 1;
            (shape[i], if repeated { 0 } else { stride[i - missing] }, to[i])
        });
        let strided = copy(dims, 0, 0);
        self.push("Expand", Op::Strided(strided), vec![x], shape.to_vec())
    }

    /// Sum over axes, or mean.
    pub fn reduce(&mut self, x: NodeId, axes: &[usize], keep_dims: bool, mean: bool) -> Result<NodeId> {
        let shape = self.shape(x).to_vec();
        if axes.iter().any(|&axis| axis >= shape.len()) {
            return self.fail("Reduce", format!("axes {axes:?} are not all axes of {shape:?}"));
        }
        let kept: Vec<usize> =
            (0..shape.len()).map(|i| if axes.contains(&i) { 1 } else { shape[i] }).collect();
        let y = if keep_dims {
            kept.clone()
        } else {
            (0..shape.len()).filter(|i| !axes.contains(i)).map(|i| shape[i]).collect()
        };
        let (from, to) = (strides(&shape), strides(&kept));
        let dims = (0..shape.len()).map(|i| (shape[i], from[i], if axes.contains(&i) { 0 } else { to[i] }));
        let mut strided = copy(dims, 0, 0);
        if mean {
            strided.scale = axes.iter().map(|&axis| 1.0 / shape[axis] as f64).product();
        }
        let kind = if mean { "ReduceMean" } else { "ReduceSum" };
        self.push(kind, Op::Strided(strided), vec![x], y)
    }

    /// Joins values along an axis.
    pub fn concat(&mut self, parts: &[NodeId], axis: usize) -> Result<NodeId> {
        let Some(&first) = parts.first() else {
            return self.fail("Concat", "nothing to join".into());
        };
        let mut y = self.shape(first).to_vec();
        if axis >= y.len() {
            return self.fail("Concat", format!("axis {axis} is not an axis of {y:?}"));
        }
        let mut total = 0usize;
        for &part in parts {
            let shape = self.shape(part);
            let fits = shape.len() == y.len() && (0..y.len()).all(|i| i == axis || shape[i] == y[i]);
            let next = if fits { total.checked_add(shape[axis]) } else { None };
            let Some(next) = next else {
                let cause = format!("{shape:?} and {y:?} cannot be joined along axis {axis}");
                return self.fail("Concat", cause);
            };
            total = next;
        }
        if parts.len() == 1 {
            return Ok(first);
        }
        y[axis] = total;
        let to = strides(&y);
        let mut offset = 0;
        let mut copies = Vec::with_capacity(parts.len());
        for &part in parts {
            let shape = self.shape(part);
            let from = strides(shape);
            copies.push(copy((0..y.len()).map(|i| (shape[i], from[i], to[i])), 0, offset));
            offset += shape[axis] * to[axis] as usize;
        }
        self.push("Concat", Op::Concat(copies), parts.to_vec(), y)
    }
}

/// Row-major strides.
pub(super) fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1isize; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i] as isize;
    }
    strides
}

/// A copy over `(size, input stride, output stride)`, with ranges merged where both sides are contiguous.
fn copy(
    dims: impl Iterator<Item = (usize, isize, isize)>,
    input_offset: usize,
    output_offset: usize,
) -> Strided {
    let mut merged: Vec<StridedDim> = Vec::new();
    for (size, input, output) in dims.filter(|dim| dim.0 != 1) {
        match merged.last_mut() {
            Some(outer) if outer.input == input * size as isize && outer.output == output * size as isize => {
                *outer = StridedDim { size: outer.size * size, input, output };
            }
            _ => merged.push(StridedDim { size, input, output }),
        }
    }
    Strided { dims: merged, input_offset, output_offset, scale: 1.0, fill: 0.0 }
}
