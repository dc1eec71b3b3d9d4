//! Arithmetic on constant tensors: what a model computes from its weights and shapes alone.
//!
//! What is not a number stays so, and what nothing can be told from (a comparison with it, an integer of it) is an error:
//! no operator makes a number of it again.
//!
//! Callers count the elements against the import's budget before anything here allocates them. What has no elements may still have axes of any size,
//! so loops run over elements, never over axes.

use std::sync::Arc;

use super::shape::MAX_RANK;
use super::tensor::{Data, Tensor};
use crate::activation::Activation;

const OVERFLOW: &str = "integer arithmetic on constants overflows or divides by zero: the model is damaged";

fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1isize; shape.len()];
    for i in (1..shape.len()).rev() {
        strides[i - 1] = strides[i] * shape[i] as isize;
    }
    strides
}

/// Reads a strided view.
fn pick<T: Copy>(source: &[T], shape: &[usize], stride: &[isize], offset: isize) -> Arc<[T]> {
    let mut index = [0usize; MAX_RANK];
    let mut at = offset;
    let total = shape.iter().product();
    let mut values = Vec::with_capacity(total);
    while values.len() < total {
        values.push(source[at as usize]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            at += stride[axis];
            if index[axis] < shape[axis] {
                break;
            }
            at -= stride[axis] * shape[axis] as isize;
            index[axis] = 0;
        }
    }
    values.into()
}

/// Elementwise operators of two constants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Add,
    Sub,
    Mul,
    Div,
    Pow,
    Max,
    Min,
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    And,
    Or,
}

impl Binary {
    fn is_logical(self) -> bool {
        use Binary::*;
        matches!(self, Equal | Greater | GreaterOrEqual | Less | LessOrEqual | And | Or)
    }

    /// Not a number if one of them isn't; `f64::max` and `powf` would take the other one.
    fn of_floats(self, a: f64, b: f64) -> f64 {
        let truth = |t: bool| t as u8 as f64;
        match self {
            _ if a.is_nan() || b.is_nan() => f64::NAN,
            Self::Add => a + b,
            Self::Sub => a - b,
            Self::Mul => a * b,
            Self::Div => a / b,
            Self::Pow => a.powf(b),
            Self::Max => a.max(b),
            Self::Min => a.min(b),
            Self::Equal => truth(a == b),
            Self::Greater => truth(a > b),
            Self::GreaterOrEqual => truth(a >= b),
            Self::Less => truth(a < b),
            Self::LessOrEqual => truth(a <= b),
            Self::And => truth(a != 0.0 && b != 0.0),
            Self::Or => truth(a != 0.0 || b != 0.0),
        }
    }

    fn of_ints(self, a: i64, b: i64) -> Option<i64> {
        Some(match self {
            Self::Add => a.checked_add(b)?,
            Self::Sub => a.checked_sub(b)?,
            Self::Mul => a.checked_mul(b)?,
            Self::Div => a.checked_div(b)?,
            Self::Pow => a.checked_pow(u32::try_from(b).ok()?)?,
            Self::Max => a.max(b),
            Self::Min => a.min(b),
            Self::Equal => (a == b) as i64,
            Self::Greater => (a > b) as i64,
            Self::GreaterOrEqual => (a >= b) as i64,
            Self::Less => (a < b) as i64,
            Self::LessOrEqual => (a <= b) as i64,
            Self::And => (a != 0 && b != 0) as i64,
            Self::Or => (a != 0 || b != 0) as i64,
        })
    }
}

impl Tensor {
    /// Another shape for the same elements; the counts agree.
    pub fn reshaped(&self, shape: &[usize]) -> Self {
        Self { shape: shape.to_vec(), ..self.clone() }
    }

    fn view(&self, shape: Vec<usize>, stride: &[isize], offset: isize) -> Self {
        let data = match &self.data {
            Data::Float(values) => Data::Float(pick(values, &shape, stride, offset)),
            Data::Int(values) => Data::Int(pick(values, &shape, stride, offset)),
        };
        Self { shape, data, range: self.range }
    }

    /// Axis i of the result is axis `permutation[i]`.
    pub fn transposed(&self, permutation: &[usize]) -> Self {
        let from = strides(&self.shape);
        let stride: Vec<isize> = permutation.iter().map(|&axis| from[axis]).collect();
        self.view(permutation.iter().map(|&axis| self.shape[axis]).collect(), &stride, 0)
    }

    /// The last two axes exchanged.
    pub fn matrix_transposed(&self) -> Self {
        let mut permutation: Vec<usize> = (0..self.shape.len()).collect();
        let n = permutation.len();
        permutation.swap(n - 2, n - 1);
        self.transposed(&permutation)
    }

    /// `size` indices from `start` in steps along an axis.
    pub fn sliced(&self, axis: usize, start: usize, step: isize, size: usize) -> Self {
        let mut stride = strides(&self.shape);
        let offset = start as isize * stride[axis];
        stride[axis] *= step;
        let mut shape = self.shape.clone();
        shape[axis] = size;
        self.view(shape, &stride, offset)
    }

    /// Repeated to a shape that it broadcasts to.
    pub fn expanded(&self, shape: &[usize]) -> Self {
        if self.shape == shape {
            return self.clone();
        }
        let from = strides(&self.shape);
        let missing = shape.len() - self.shape.len();
        let stride: Vec<isize> = (0..shape.len())
            .map(|i| if i < missing || self.shape[i - missing] == 1 { 0 } else { from[i - missing] })
            .collect();
        self.view(shape.to_vec(), &stride, 0)
    }

    /// The elements at some indices along an axis.
    pub fn gathered(&self, axis: usize, indices: &[usize]) -> Self {
        fn take<T: Copy>(source: &[T], size: usize, inner: usize, indices: &[usize]) -> Arc<[T]> {
            let mut values = Vec::with_capacity(source.len() / size.max(1) * indices.len());
            for block in source.chunks_exact((size * inner).max(1)) {
                for &index in indices {
                    values.extend_from_slice(&block[index * inner..][..inner]);
                }
            }
            values.into()
        }
        let inner = self.shape[axis + 1..].iter().product();
        let size = self.shape[axis];
        let data = match &self.data {
            Data::Float(values) => Data::Float(take(values, size, inner, indices)),
            Data::Int(values) => Data::Int(take(values, size, inner, indices)),
        };
        let mut shape = self.shape.clone();
        shape[axis] = indices.len();
        Self { shape, data, range: self.range }
    }

    /// Joins tensors that agree in all other axes.
    pub fn concatenated(parts: &[&Self], axis: usize) -> Self {
        fn join<T: Copy>(parts: &[(&[T], usize)], outer: usize) -> Arc<[T]> {
            let mut values = Vec::new();
            let outer = if parts.iter().all(|(source, _)| source.is_empty()) { 0 } else { outer };
            for o in 0..outer {
                for (source, run) in parts {
                    values.extend_from_slice(&source[o * run..(o + 1) * run]);
                }
            }
            values.into()
        }
        let mut shape = parts[0].shape.clone();
        shape[axis] = parts.iter().map(|part| part.shape[axis]).sum();
        let outer = shape[..axis].iter().product();
        let run = |part: &Self| part.shape[axis..].iter().product::<usize>();
        let ints: Option<Vec<(&[i64], usize)>> = parts
            .iter()
            .map(|part| match &part.data {
                Data::Int(values) => Some((&values[..], run(part))),
                Data::Float(_) => None,
            })
            .collect();
        let data = match ints {
            Some(ints) => Data::Int(join(&ints, outer)),
            None => {
                let values: Vec<_> = parts.iter().map(|part| part.values()).collect();
                let floats: Vec<(&[f64], usize)> =
                    values.iter().zip(parts).map(|(v, part)| (&v[..], run(part))).collect();
                Data::Float(join(&floats, outer))
            }
        };
        Self { shape, data, range: None }
    }

    /// An elementwise operator of two tensors, broadcast to `shape`.
    pub fn combined(&self, op: Binary, other: &Self, shape: &[usize]) -> Result<Self, String> {
        let (a, b) = (self.expanded(shape), other.expanded(shape));
        if let (Data::Int(a), Data::Int(b)) = (&a.data, &b.data) {
            let values: Option<Arc<[i64]>> =
                a.iter().zip(b.iter()).map(|(&a, &b)| op.of_ints(a, b)).collect();
            return match values {
                Some(values) => Ok(Self::ints(shape.to_vec(), values)),
                None => Err(OVERFLOW.into()),
            };
        }
        let (a, b) = (a.values(), b.values());
        let values = a.iter().zip(b.iter()).map(|(&a, &b)| op.of_floats(a, b));
        if op.is_logical() {
            let values: Option<Arc<[i64]>> = values.map(|v| (!v.is_nan()).then_some(v as i64)).collect();
            return match values {
                Some(values) => Ok(Self::ints(shape.to_vec(), values)),
                None => {
                    Err("it compares with a constant that is not a number (NaN): repair the model".into())
                }
            };
        }
        Ok(Self::floats(shape.to_vec(), values.collect::<Arc<[f64]>>()))
    }

    /// Whether an element is not a number.
    pub fn has_nan(&self) -> bool {
        match &self.data {
            Data::Float(values) => values.iter().any(|v| v.is_nan()),
            Data::Int(_) => false,
        }
    }

    /// Elements of `a` where this is true, of `b` elsewhere; all broadcast to `shape`.
    pub fn choose(&self, a: &Self, b: &Self, shape: &[usize]) -> Self {
        let (mask, a, b) = (self.expanded(shape).values(), a.expanded(shape), b.expanded(shape));
        if let (Data::Int(a), Data::Int(b)) = (&a.data, &b.data) {
            let values = (0..mask.len()).map(|i| if mask[i] != 0.0 { a[i] } else { b[i] });
            return Self::ints(shape.to_vec(), values.collect::<Arc<[i64]>>());
        }
        let (a, b) = (a.values(), b.values());
        let values = (0..mask.len()).map(|i| if mask[i] != 0.0 { a[i] } else { b[i] });
        Self::floats(shape.to_vec(), values.collect::<Arc<[f64]>>())
    }

    /// A function of each element as a number.
    pub fn mapped(&self, f: impl Fn(f64) -> f64) -> Self {
        Self::floats(self.shape.clone(), self.values().iter().map(|&v| f(v)).collect::<Arc<[f64]>>())
    }

    /// An elementwise function.
    pub fn activated(&self, function: Activation) -> Self {
        let x = self.values();
        let mut y = vec![0.0; x.len()];
        if !x.is_empty() {
            function.taylor(&x, &mut y);
        }
        Self::floats(self.shape.clone(), y)
    }

    /// Folds axes together, one after the other: sums, products, extremes.
    pub fn reduced(&self, op: Binary, axes: &[usize], keep_dims: bool) -> Result<Self, String> {
        let mut result = self.clone();
        for &axis in axes {
            result = result.folded(op, axis)?;
        }
        if !keep_dims {
            let shape: Vec<usize> =
                (0..result.shape.len()).filter(|i| !axes.contains(i)).map(|i| result.shape[i]).collect();
            result = result.reshaped(&shape);
        }
        Ok(result)
    }

    /// Folds an axis, which becomes one of size 1.
    fn folded(&self, op: Binary, axis: usize) -> Result<Self, String> {
        fn fold<T: Copy>(
            source: &[T],
            size: usize,
            inner: usize,
            op: impl Fn(T, T) -> Option<T>,
        ) -> Option<Arc<[T]>> {
            let mut totals = Vec::with_capacity(source.len() / size);
            for block in source.chunks_exact((size * inner).max(1)) {
                let (first, rest) = block.split_at(inner);
                let start = totals.len();
                totals.extend_from_slice(first);
                for row in rest.chunks_exact(inner) {
                    for (total, &x) in totals[start..].iter_mut().zip(row) {
                        *total = op(*total, x)?;
                    }
                }
            }
            Some(totals.into())
        }
        let (size, inner) = (self.shape[axis], self.shape[axis + 1..].iter().product());
        if size == 0 {
            return Err("a reduction over no elements".into());
        }
        let data = match &self.data {
            Data::Float(values) => {
                fold(values, size, inner, |a, b| Some(op.of_floats(a, b))).map(Data::Float)
            }
            Data::Int(values) => fold(values, size, inner, |a, b| op.of_ints(a, b)).map(Data::Int),
        };
        let mut shape = self.shape.clone();
        shape[axis] = 1;
        Ok(Self { shape, data: data.ok_or(OVERFLOW)?, range: None })
    }
}
