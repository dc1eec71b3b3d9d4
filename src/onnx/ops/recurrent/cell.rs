//! One step of a recurrent layer: equations in the module above.

use super::super::along::linear;
use super::super::prelude::*;
use super::functions::Function;
use crate::activation::Clip;

/// What has passed from step to step; none where that is zero.
pub struct State {
    pub h: Option<Value>,
    pub c: Option<Value>,
}

/// The state after a step.
pub type Step = fn(&Cell, &mut Importer, &Value, &State) -> Result<State>;

/// Weights of one direction.
pub struct Cell {
    pub hidden: usize,
    /// A part of R for each block, with a bias where that stays with it.
    pub recurrent: Vec<(Tensor, Option<Tensor>)>,
    pub functions: Vec<Function>,
    pub clip: Option<f64>,
    pub peepholes: Option<Value>,
    pub coupled: bool,
    pub linear_before_reset: bool,
}

pub fn rnn_step(cell: &Cell, importer: &mut Importer, x: &Value, state: &State) -> Result<State> {
    let sum = cell.with_product(importer, 0, x, state.h.as_ref())?;
    Ok(State { h: Some(cell.apply(importer, 0, &sum)?), c: None })
}

pub fn gru_step(cell: &Cell, importer: &mut Importer, x: &Value, state: &State) -> Result<State> {
    let h = state.h.as_ref();
    let n = cell.hidden;
    let x_gates = importer.slice(x, 1, 0, 1, 2 * n)?;
    let gates = cell.with_product(importer, 0, &x_gates, h)?;
    let gates = cell.apply(importer, 0, &gates)?;
    let (z, r) = (cell.gate(importer, &gates, 0)?, cell.gate(importer, &gates, 1)?);
    let x_new = cell.gate(importer, x, 2)?;
    let new = match cell.linear_before_reset {
        true => {
            let product = cell.product(importer, 1, h)?;
            let reset = times(importer, &r, product.as_ref())?;
            plus(importer, &x_new, reset.as_ref())?
        }
        false => {
            let reset = times(importer, &r, h)?;
            cell.with_product(importer, 1, &x_new, reset.as_ref())?
        }
    };
    let new = cell.apply(importer, 1, &new)?;
    let rest = importer.arithmetic(Binary::Sub, &Tensor::scalar(1.0).into(), &z)?;
    let (new, old) = (importer.arithmetic(Binary::Mul, &rest, &new)?, times(importer, &z, h)?);
    Ok(State { h: Some(plus(importer, &new, old.as_ref())?), c: None })
}

pub fn lstm_step(cell: &Cell, importer: &mut Importer, x: &Value, state: &State) -> Result<State> {
    let (h, c) = (state.h.as_ref(), state.c.as_ref());
    let gates = cell.with_product(importer, 0, x, h)?;
    // In the file: i, o, e, n for the gates; i, o, e for the peepholes.
    let i = cell.gate_with_peephole(importer, &gates, 0, c)?;
    let n = cell.gate(importer, &gates, 3)?;
    let n = cell.apply(importer, 1, &n)?;
    let new = importer.arithmetic(Binary::Mul, &i, &n)?;
    let old = match c {
        None => None,
        Some(_) => {
            let e = match cell.coupled {
                true => importer.arithmetic(Binary::Sub, &Tensor::scalar(1.0).into(), &i)?,
                false => cell.gate_with_peephole(importer, &gates, 2, c)?,
            };
            times(importer, &e, c)?
        }
    };
    let c = plus(importer, &new, old.as_ref())?;
    let o = cell.gate_with_peephole(importer, &gates, 1, Some(&c))?;
    let shown = cell.apply(importer, 2, &c)?;
    Ok(State { h: Some(importer.arithmetic(Binary::Mul, &o, &shown)?), c: Some(c) })
}

fn plus(importer: &mut Importer, a: &Value, b: Option<&Value>) -> Result<Value> {
    b.map_or_else(|| Ok(a.clone()), |b| importer.arithmetic(Binary::Add, a, b))
}

fn times(importer: &mut Importer, a: &Value, b: Option<&Value>) -> Result<Option<Value>> {
    b.map(|b| importer.arithmetic(Binary::Mul, a, b)).transpose()
}

impl Cell {
    /// A block of R times a state, with its bias.
    fn product(&self, importer: &mut Importer, block: usize, h: Option<&Value>) -> Result<Option<Value>> {
        let (weight, bias) = &self.recurrent[block];
        match h {
            Some(h) => linear(importer, h, weight, bias.as_ref()).map(Some),
            None => Ok(bias.clone().map(Value::from)),
        }
    }

    fn with_product(
        &self,
        importer: &mut Importer,
        block: usize,
        x: &Value,
        h: Option<&Value>,
    ) -> Result<Value> {
        let product = self.product(importer, block, h)?;
        plus(importer, x, product.as_ref())
    }

    /// The units of one gate.
    fn gate(&self, importer: &mut Importer, gates: &Value, index: usize) -> Result<Value> {
        importer.slice(gates, 1, index * self.hidden, 1, self.hidden)
    }

    /// `f(gate + p ∘ c)`, the peephole of the same index.
    fn gate_with_peephole(
        &self,
        importer: &mut Importer,
        gates: &Value,
        index: usize,
        c: Option<&Value>,
    ) -> Result<Value> {
        let mut gate = self.gate(importer, gates, index)?;
        if let (Some(peepholes), Some(c)) = (&self.peepholes, c) {
            let p = self.gate(importer, peepholes, index)?;
            let seen = importer.arithmetic(Binary::Mul, c, &p)?;
            gate = importer.arithmetic(Binary::Add, &gate, &seen)?;
        }
        self.apply(importer, 0, &gate)
    }

    /// A function of the layer.
    fn apply(&self, importer: &mut Importer, function: usize, x: &Value) -> Result<Value> {
        let mut y = x.clone();
        if let Some(bound) = self.clip {
            y = importer.activation(&y, Clip { min: -bound, max: bound })?;
        }
        let Function { inner, activation, outer, shift } = self.functions[function];
        y = importer.arithmetic(Binary::Mul, &y, &Tensor::scalar(inner).into())?;
        if let Some(activation) = activation {
            y = importer.activation(&y, activation)?;
        }
        y = importer.arithmetic(Binary::Mul, &y, &Tensor::scalar(outer).into())?;
        importer.arithmetic(Binary::Add, &y, &Tensor::scalar(shift).into())
    }
}
