//! Recurrent layers, unrolled: RNN, GRU and LSTM over a sequence of known length.
//!
//! With x the input's product with W and both biases, h and c the state so far, and ∘ elementwise (ONNX's operators of these names):
//! - RNN: `h' = f(x + R h)`;
//! - GRU: `z = f(x_z + R_z h)`, `r = f(x_r + R_r h)`, `n = g(x_n + R_n (r ∘ h))`, `h' = (1 - z) ∘ n + z ∘ h`; with `linear_before_reset`
//!   `n = g(x_n + r ∘ (R_n h + b_n))`, b_n the recurrent bias;
//! - LSTM: `i = f(x_i + R_i h + p_i ∘ c)`, `n = g(x_n + R_n h)`, `e = f(x_e + R_e h + p_e ∘ c)` or `1 - i` with `input_forget`,
//!   `c' = e ∘ c + i ∘ n`, `o = f(x_o + R_o h + p_o ∘ c')`, `h' = o ∘ l(c')`.
//!
//! x is one linear layer for all steps. `clip` bounds the arguments of f, g and l: a kink at each bound.

use super::along::linear;
use super::prelude::*;

mod cell;
mod functions;

use cell::{Cell, State, Step};
use functions::{Function, functions};

/// Nodes of one step, about.
const NODES: usize = 24;

/// One of the three.
struct Kind {
    /// Gates that each matrix is multiplied to at once, in the order of the file.
    blocks: &'static [usize],
    /// Functions, unless the file names others.
    functions: &'static [&'static str],
    /// Whether there are a state c and peepholes.
    has_cell: bool,
    step: Step,
}

const RNN: Kind = Kind { blocks: &[1], functions: &["Tanh"], has_cell: false, step: cell::rnn_step };

const GRU: Kind =
    Kind { blocks: &[2, 1], functions: &["Sigmoid", "Tanh"], has_cell: false, step: cell::gru_step };

const LSTM: Kind =
    Kind { blocks: &[4], functions: &["Sigmoid", "Tanh", "Tanh"], has_cell: true, step: cell::lstm_step };

pub fn rnn(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    lower(node, importer, &RNN)
}

pub fn gru(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    lower(node, importer, &GRU)
}

pub fn lstm(node: &Node, importer: &mut Importer) -> Result<Vec<Value>> {
    lower(node, importer, &LSTM)
}

fn lower(node: &Node, importer: &mut Importer, kind: &Kind) -> Result<Vec<Value>> {
    let layer = Layer::read(node, importer, kind)?;
    let functions = functions(node, kind.functions, layer.directions.len())?;
    importer.unroll(layer.read.saturating_mul(layer.directions.len() * NODES))?;
    let (mut sequences, mut last_h, mut last_c) = (Vec::new(), Vec::new(), Vec::new());
    for (direction, functions) in functions.chunks_exact(kind.functions.len()).enumerate() {
        let (sequence, state) = layer.run(importer, direction, functions)?;
        sequences.extend(sequence);
        for (last, all) in [(state.h, &mut last_h), (state.c, &mut last_c)] {
            if let Some(last) = last {
                all.push(importer.reshape(&last, &layer.shape(&[1]))?);
            }
        }
    }
    let mut results = vec![match sequences.is_empty() {
        true => Value::Unusable("a sequence that was not asked for"),
        false => importer.concat(&sequences, layer.time + 1)?,
    }];
    for last in [last_h, last_c] {
        if !last.is_empty() {
            results.push(importer.concat(&last, layer.time)?);
        }
    }
    Ok(results)
}

/// Sizes and weights of a layer.
struct Layer<'a> {
    node: &'a Node,
    kind: &'a Kind,
    /// The axis of the input that is the sequence, and of states that is the direction: 0, or 1 after the batch.
    time: usize,
    steps: usize,
    /// Steps before the end that `sequence_lens` gives.
    read: usize,
    rows: usize,
    inputs: usize,
    hidden: usize,
    /// Whether each direction goes backwards.
    directions: &'static [bool],
    weight: &'a Tensor,
    recurrent: &'a Tensor,
    bias: Option<&'a Tensor>,
}

impl<'a> Layer<'a> {
    fn read(node: &'a Node, importer: &Importer, kind: &'a Kind) -> Result<Self> {
        let time = match node.int("layout")?.unwrap_or(0) {
            layout @ 0..=1 => layout as usize,
            layout => return node.fail(format!("layout = {layout} is unknown: the file is damaged")),
        };
        let directions: &[bool] = match node.text("direction")?.as_deref() {
            None | Some("forward") => &[false],
            Some("reverse") => &[true],
            Some("bidirectional") => &[false, true],
            Some(other) => {
                return node.fail(format!("direction = '{other}' is unknown: the file is damaged"));
            }
        };
        let shape = importer.shape(node.value(0)?);
        let &[first, second, inputs] = &shape[..] else {
            return node.fail(format!(
                "its input has shape {shape:?}: three axes are needed, steps, a batch and features"
            ));
        };
        if time == 0 && importer.has_batch(node.value(0)?) {
            return node.fail(format!(
                "its sequence is axis 0, which is taken for a batch of samples: give all sizes of the model's input, as many steps as a \
                 sequence has and a batch of 1, with --shape, for example --shape 16,1,{inputs}"
            ));
        }
        let (steps, rows) = if time == 0 { (first, second) } else { (second, first) };
        if steps == 0 || rows == 0 {
            return node.fail(format!("its input of shape {shape:?} is an empty sequence"));
        }
        let (weight, recurrent) = (node.constant(1, "weight W")?, node.constant(2, "weight R")?);
        let bias = node.optional_constant(3, "bias B")?;
        let hidden = recurrent.shape.last().copied().unwrap_or(0);
        let gates: usize = kind.blocks.iter().sum();
        let units = gates.saturating_mul(hidden);
        let n = directions.len();
        let fits = weight.shape == [n, units, inputs] && recurrent.shape == [n, units, hidden] && hidden > 0;
        if !fits || bias.is_some_and(|b| b.shape != [n, 2 * units]) {
            return node.fail(format!(
                "its weights have shapes W {:?}, R {:?} and B {:?}: for {n} directions, {gates} gates and {inputs} features \
                 [{n}, {gates} hidden, {inputs}], [{n}, {gates} hidden, hidden] and [{n}, {} hidden] are needed",
                weight.shape,
                recurrent.shape,
                bias.map_or(&[][..], |b| &b.shape),
                2 * gates
            ));
        }
        if let Some(declared) = node.int("hidden_size")?.filter(|&declared| declared != hidden as i64) {
            return node.fail(format!(
                "hidden_size = {declared}, but its weights have {hidden}: the file is damaged"
            ));
        }
        let mut read = steps;
        if let Some(lengths) = node.optional_ints(4, "sequence_lens")? {
            let same = lengths
                .first()
                .copied()
                .filter(|first| lengths.len() == rows && lengths.iter().all(|n| n == first));
            read = match same.and_then(|n| usize::try_from(n).ok()) {
                Some(n) if (1..=steps).contains(&n) => n,
                _ => {
                    return node.fail(format!(
                        "sequence_lens = {lengths:?} for {rows} sequences of {steps} steps: one length for all is supported, from 1 on"
                    ));
                }
            };
        }
        Ok(Self { node, kind, time, steps, read, rows, inputs, hidden, directions, weight, recurrent, bias })
    }

    /// The shape of states with more axes, all of size 1: of what is joined in time and direction.
    fn shape(&self, more: &[usize]) -> Vec<usize> {
        match self.time {
            0 => [more, &[self.rows, self.hidden]].concat(),
            _ => [&[self.rows], more, &[self.hidden]].concat(),
        }
    }

    /// One direction: its outputs at all steps, if they are asked for, and the last state.
    fn run(
        &self,
        importer: &mut Importer,
        direction: usize,
        functions: &[Function],
    ) -> Result<(Option<Value>, State)> {
        let (cell, all) = self.cell(importer, direction, functions)?;
        let h = self.initial(importer, 5, direction)?;
        let c = if self.kind.has_cell { self.initial(importer, 6, direction)? } else { None };
        let mut state = State { h, c };
        let wanted = self.node.outputs.first().is_some_and(|name| !name.is_empty());
        let backwards = self.directions[direction];
        let units = self.weight.shape[1];
        let mut parts = Vec::new();
        for step in 0..self.read {
            let at = if backwards { self.read - 1 - step } else { step };
            let x = importer.slice(&all, self.time, at, 1, 1)?;
            let x = importer.reshape(&x, &[self.rows, units])?;
            state = (self.kind.step)(&cell, importer, &x, &state)?;
            if let Some(h) = state.h.as_ref().filter(|_| wanted) {
                parts.push(importer.reshape(h, &self.shape(&[1, 1]))?);
            }
        }
        if !wanted {
            return Ok((None, state));
        }
        if backwards {
            parts.reverse();
        }
        if self.read < self.steps {
            let after = self.shape(&[self.steps - self.read, 1]);
            importer.charge_shape(&after)?;
            parts.push(Tensor::scalar(0.0).expanded(&after).into());
        }
        Ok((Some(importer.concat(&parts, self.time)?), state))
    }

    /// The state before the first step; none if it is zero.
    fn initial(&self, importer: &mut Importer, input: usize, direction: usize) -> Result<Option<Value>> {
        let Some(value) = self.node.optional(input)? else { return Ok(None) };
        let expected = self.shape(&[self.directions.len()]);
        let shape = importer.shape(value);
        if shape != expected {
            return self
                .node
                .fail(format!("its initial state has shape {shape:?}, but {expected:?} is needed"));
        }
        if let Value::Constant(tensor) = value
            && tensor.uniform() == Some(0.0)
        {
            return Ok(None);
        }
        let part = importer.slice(value, self.time, direction, 1, 1)?;
        importer.reshape(&part, &[self.rows, self.hidden]).map(Some)
    }

    /// The weights of one direction, and all of its inputs times W with the biases that belong there.
    fn cell(
        &self,
        importer: &mut Importer,
        direction: usize,
        functions: &[Function],
    ) -> Result<(Cell, Value)> {
        let (node, kind, hidden) = (self.node, self.kind, self.hidden);
        importer.charge(3 * (self.weight.len() + self.recurrent.len()))?;
        let of = |tensor: &Tensor, shape: &[usize]| tensor.sliced(0, direction, 1, 1).reshaped(shape);
        let units = self.weight.shape[1];
        let weight = of(self.weight, &[units, self.inputs]);
        let recurrent = of(self.recurrent, &[units, hidden]);
        let linear_before_reset = kind.blocks.len() > 1 && node.flag("linear_before_reset")?.unwrap_or(false);
        let mut biases = match self.bias {
            Some(bias) => of(bias, &[2, units]),
            None => Tensor::scalar(0.0).expanded(&[2, units]),
        };
        let mut blocks = Vec::with_capacity(kind.blocks.len());
        let mut start = 0;
        for (block, gates) in kind.blocks.iter().enumerate() {
            let size = gates * hidden;
            let bias = (linear_before_reset && block > 0)
                .then(|| biases.sliced(0, 1, 1, 1).sliced(1, start, 1, size).reshaped(&[size]));
            blocks.push((recurrent.sliced(0, start, 1, size), bias));
            start += size;
        }
        if linear_before_reset {
            // The last gate's recurrent bias stays with its product.
            let mut values = biases.values().to_vec();
            values[2 * units - hidden..].fill(0.0);
            biases = Tensor::floats(vec![2, units], values);
        }
        let bias = importer.fold_reduce(&biases, Binary::Add, &[0], false)?;
        let all = linear(importer, node.value(0)?, &weight, self.bias.map(|_| &bias))?;
        let cell = Cell {
            hidden,
            recurrent: blocks,
            functions: functions.to_vec(),
            clip: node.float("clip")?.filter(|&bound| bound > 0.0),
            peepholes: if kind.has_cell { self.peepholes(importer, direction)? } else { None },
            coupled: kind.has_cell && node.flag("input_forget")?.unwrap_or(false),
            linear_before_reset,
        };
        Ok((cell, all))
    }

    fn peepholes(&self, importer: &mut Importer, direction: usize) -> Result<Option<Value>> {
        let Some(value) = self.node.optional(7)? else { return Ok(None) };
        let (shape, expected) =
            (importer.shape(value), [self.directions.len(), self.hidden.saturating_mul(3)]);
        if shape != expected {
            return self
                .node
                .fail(format!("its peepholes P have shape {shape:?}, but {expected:?} is needed"));
        }
        importer.slice(value, 0, direction, 1, 1).map(Some)
    }
}
