//! Smooth stand-ins for networks with kinks.
//!
//! With a sharpness β, softplus s(x) = ln(1 + e^βx) / β is at most ln 2 / β above max(x, 0), at x = 0, and comes exponentially
//! close away from it. From it follow
//! - ReLU: s(x); leaky ReLU with slope a below 0: a x + (1 - a) s(x);
//! - |x|: s(x) + s(-x); clipping to \[l, h\]: l + s(x - l) - s(x - h), without the parts that a bound at infinity leaves out;
//! - the maximum over a window: the log-sum-exp `ln(Σ e^βx) / β`, at most ln(cells) / β above it. It is put together from pairs,
//!   `lse(a, b) = a + ln(1 + e^(b-a))`, which is stable, needs no kernel of its own, and lets cells in the padding be left out.
//!
//! Rounding, as quantised networks have it, is left out: what they stand for themselves, before their quantisation.
//!
//! The larger β, the closer the stand-in, and the smaller its radius of convergence: the singularities of s are at ±iπ/β.

use super::{Constant, Model, ModelBuilder, Node, NodeId, Op, Pool};
use crate::activation::{Activation, Clip, LeakyRelu, Quantize, Softplus};
use crate::error::{Error, Result};

/// What to replace by something smooth, each with its sharpness β; none: keep.
///
/// Read from text as the command line takes it:
/// ```
/// use hope::model::Smoothing;
///
/// let smoothing: Smoothing = "relu=softplus:20, max_pool=logsumexp:50".parse()?;
/// assert_eq!((smoothing.relu, smoothing.max_pool, smoothing.abs), (Some(20.0), Some(50.0), None));
/// assert_eq!(smoothing.to_string(), "relu=softplus:20,max_pool=logsumexp:50");
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Smoothing {
    /// ReLU, by softplus.
    pub relu: Option<f64>,
    /// Leaky ReLU, by softplus.
    pub leaky_relu: Option<f64>,
    /// Absolute value, by softplus.
    pub abs: Option<f64>,
    /// Clipping (ReLU6 is one), by softplus.
    pub clip: Option<f64>,
    /// Max pooling, by log-sum-exp.
    pub max_pool: Option<f64>,
    /// Rounding to whole numbers, as quantised networks round their values, by the values themselves. Where their range ends they are still clipped.
    pub quantize: bool,
}

/// Nodes at which a stand-in is too large: padded windows may need some of their own for each position.
const MAX_NODES: usize = 1 << 18;

/// What can be replaced, and by what.
const PAIRS: [(&str, &str); 5] = [
    ("relu", "softplus"),
    ("leaky_relu", "softplus"),
    ("abs", "softplus"),
    ("clip", "softplus"),
    ("max_pool", "logsumexp"),
];

/// What has no sharpness.
const QUANTIZE: (&str, &str) = ("quantize", "identity");

impl Smoothing {
    /// Rounds off whatever can be in a network, with one sharpness.
    pub fn of(model: &Model, sharpness: f64) -> Self {
        let mut all = Self::default();
        model.nodes().iter().filter_map(|node| Self::kind(&node.op)).for_each(|kind| {
            *all.field(kind) = Some(sharpness);
        });
        all.quantize = model.quantized().is_some();
        all
    }

    /// Whether nothing is replaced.
    pub fn is_empty(&self) -> bool {
        !self.quantize && self.fields().iter().all(Option::is_none)
    }

    /// These rules, and those of `others` for what they leave.
    pub fn or(self, others: Self) -> Self {
        let mut all = self;
        for (kind, beta) in others.fields().into_iter().enumerate() {
            let field = all.field(kind);
            *field = field.or(beta);
        }
        all.quantize |= others.quantize;
        all
    }

    fn fields(&self) -> [Option<f64>; 5] {
        [self.relu, self.leaky_relu, self.abs, self.clip, self.max_pool]
    }

    fn field(&mut self, index: usize) -> &mut Option<f64> {
        match index {
            0 => &mut self.relu,
            1 => &mut self.leaky_relu,
            2 => &mut self.abs,
            3 => &mut self.clip,
            _ => &mut self.max_pool,
        }
    }

    /// Which of [`PAIRS`] an operator is.
    fn kind(op: &Op) -> Option<usize> {
        match op {
            Op::Elementwise(Activation::Relu(_)) => Some(0),
            Op::Elementwise(Activation::LeakyRelu(_)) => Some(1),
            Op::Elementwise(Activation::Abs(_)) => Some(2),
            Op::Elementwise(Activation::Clip(_)) => Some(3),
            Op::MaxPool(_) => Some(4),
            _ => None,
        }
    }
}

impl std::str::FromStr for Smoothing {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut smoothing = Self::default();
        for rule in text.split(',').map(str::trim) {
            let wrong = |why: &str| {
                let rules = PAIRS.iter().map(|(from, to)| format!("{from}={to}:BETA"));
                let all: Vec<String> = rules.chain([format!("{}={}", QUANTIZE.0, QUANTIZE.1)]).collect();
                let cause = format!("'{rule}' {why}: write one or more of {}", all.join(","));
                Err(Error::Text { text: rule.into(), cause })
            };
            if rule.split_once('=').is_some_and(|(from, to)| (from.trim(), to.trim()) == QUANTIZE) {
                if std::mem::replace(&mut smoothing.quantize, true) {
                    return wrong("is given twice");
                }
                continue;
            }
            let Some((from, (to, beta))) =
                rule.split_once('=').and_then(|(from, to)| Some((from.trim(), to.split_once(':')?)))
            else {
                return wrong("is no smoothing");
            };
            let Some(index) = PAIRS.iter().position(|pair| *pair == (from, to.trim())) else {
                return wrong("is no smoothing that there is");
            };
            match beta.trim().parse::<f64>() {
                Ok(beta) if beta > 0.0 && beta.is_finite() => {
                    if smoothing.field(index).replace(beta).is_some() {
                        return wrong("is given twice");
                    }
                }
                _ => return wrong("has a sharpness that is no positive number"),
            }
        }
        Ok(smoothing)
    }
}

impl std::fmt::Display for Smoothing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let given = self.fields().into_iter().zip(PAIRS);
        let mut rules: Vec<String> =
            given.filter_map(|(beta, (from, to))| Some(format!("{from}={to}:{}", beta?))).collect();
        rules.extend(self.quantize.then(|| format!("{}={}", QUANTIZE.0, QUANTIZE.1)));
        f.write_str(&rules.join(","))
    }
}

impl Model {
    /// A smooth stand-in: the same network with the chosen kinks rounded off. What isn't chosen stays, so that the
    /// stand-in may still have kinks: [`Kinks::of`](crate::Kinks::of) tells.
    ///
    /// # Errors
    /// If a sharpness isn't positive, something chosen doesn't occur in the network, or the stand-in becomes too large.
    pub fn smooth(&self, smoothing: &Smoothing) -> Result<Self> {
        let nothing = |from: &'static str| {
            let cause =
                format!("there is no {from} in this network to smooth; `hope check` lists its layers");
            Err(Error::NoLayer { wanted: from, cause })
        };
        for (beta, (from, to)) in smoothing.fields().into_iter().zip(PAIRS) {
            if let Some(value) = beta.filter(|&beta| !(beta > 0.0 && beta.is_finite())) {
                let cause = format!("{from}={to}: the sharpness has to be a positive number");
                return Err(Error::OutOfRange { what: "sharpness", value, cause });
            }
            let occurs = |node: &Node| Smoothing::kind(&node.op).is_some_and(|i| PAIRS[i].0 == from);
            if beta.is_some() && !self.nodes.iter().any(occurs) {
                return nothing(from);
            }
        }
        if smoothing.quantize && self.quantized().is_none() {
            return nothing(QUANTIZE.0);
        }
        let mut builder = Model::builder(self.input_shape());
        builder.origin(self.origin.clone());
        let mut renamed = vec![NodeId(0)];
        for node in &self.nodes[1..] {
            let inputs: Vec<NodeId> = node.inputs.iter().map(|input| renamed[input.0]).collect();
            let beta = Smoothing::kind(&node.op).and_then(|kind| smoothing.fields()[kind]);
            renamed.push(match beta {
                None if smoothing.quantize && rounds(&node.op) => inputs[0],
                None => builder.add_node(Node { inputs, ..node.clone() }),
                Some(beta) => {
                    builder.name(&node.name).kind(format!("smooth {}", node.kind));
                    builder.rounded(&node.op, inputs[0], beta)?
                }
            });
        }
        builder.build_named(renamed[self.output.0], self.output_name.clone())
    }
}

impl Model {
    /// The first of the nodes that round values, if the network is a quantised one.
    pub fn quantized(&self) -> Option<&Node> {
        self.nodes.iter().find(|node| rounds(&node.op))
    }
}

fn rounds(op: &Op) -> bool {
    matches!(op, Op::Elementwise(Activation::Quantize(Quantize)))
}

impl ModelBuilder {
    fn rounded(&mut self, op: &Op, x: NodeId, beta: f64) -> Result<NodeId> {
        match op {
            Op::Elementwise(Activation::LeakyRelu(LeakyRelu { alpha })) => {
                let below = self.scale(x, *alpha)?;
                let ramp = self.ramp(x, 1.0, 0.0, 1.0 - alpha, beta)?;
                self.add(below, ramp)
            }
            Op::Elementwise(Activation::Abs(_)) => {
                let (right, left) = (self.ramp(x, 1.0, 0.0, 1.0, beta)?, self.ramp(x, -1.0, 0.0, 1.0, beta)?);
                self.add(right, left)
            }
            Op::Elementwise(Activation::Clip(Clip { min, max })) => self.clipped(x, *min, *max, beta),
            Op::MaxPool(pool) => self.log_sum_exp_pool(pool, x, beta),
            _ => self.ramp(x, 1.0, 0.0, 1.0, beta),
        }
    }

    /// `factor · s(sign x - from)`.
    fn ramp(&mut self, x: NodeId, sign: f64, from: f64, factor: f64, beta: f64) -> Result<NodeId> {
        let (scale, shift) = ([sign * beta], [-from * beta]);
        let one = |values| Constant { shape: &[], values };
        let u = self.affine(x, Some(one(&scale)), (from != 0.0).then(|| one(&shift)))?;
        let y = self.activation(u, Softplus)?;
        self.scale(y, factor / beta)
    }

    fn clipped(&mut self, x: NodeId, low: f64, high: f64, beta: f64) -> Result<NodeId> {
        let mut y = x;
        if low > f64::NEG_INFINITY {
            let ramp = self.ramp(x, 1.0, low, 1.0, beta)?;
            y = self.affine(ramp, None, Some(Constant { shape: &[], values: &[low] }))?;
        }
        if high < f64::INFINITY {
            let ramp = self.ramp(x, 1.0, high, 1.0, beta)?;
            y = self.sub(y, ramp)?;
        }
        Ok(y)
    }

    /// The log-sum-exp over windows: along one image axis, then along the other.
    fn log_sum_exp_pool(&mut self, pool: &Pool, x: NodeId, beta: f64) -> Result<NodeId> {
        let axes = self.shape(x).len() - 1;
        let mut y = self.scale(x, beta)?;
        for axis in 1..=axes {
            y = self.log_sum_exp_along(pool, axis, 2 - axes + axis - 1, y)?;
        }
        self.scale(y, 1.0 / beta)
    }

    fn log_sum_exp_along(&mut self, pool: &Pool, axis: usize, side: usize, x: NodeId) -> Result<NodeId> {
        let window = &pool.window;
        let mut parts = Vec::new();
        let mut position = 0;
        while position < window.output[side] {
            self.few_parts()?;
            // Neighbouring positions whose windows have the same cells inside the image go together.
            let (cells, count) = (window.cells(side, position), window.positions_alike(side, position));
            let neighbours = window.dilation[side] == 1;
            parts.push(match window.source(side, position, cells.start) {
                Some(start) if count == 1 && neighbours && cells.len() > 1 => {
                    let all = self.slice(x, axis, start, 1, cells.len())?;
                    self.log_sum_exp_of_all(axis, all)?
                }
                _ => {
                    let slice = |k: usize| {
                        self.few_parts()?;
                        let cell = window.source(side, position, k).unwrap_or(0); // inside, all of them
                        self.slice(x, axis, cell, window.stride[side] as isize, count)
                    };
                    let slices: Vec<NodeId> = cells.map(slice).collect::<Result<_>>()?;
                    self.log_sum_exp_of_parts(slices)?
                }
            });
            position += count;
        }
        if parts.is_empty() {
            return self.reject("MaxPool", "it has no windows");
        }
        self.concat(&parts, axis)
    }

    /// Refuses to go on where the model has grown out of proportion.
    fn few_parts(&self) -> Result<()> {
        match self.nodes.len() > MAX_NODES {
            true => self
                .reject("MaxPool", "its smooth stand-in has too many parts: leave max_pool out of --smooth"),
            false => Ok(()),
        }
    }

    /// Over a whole axis, by halves: as global pooling has it.
    fn log_sum_exp_of_all(&mut self, axis: usize, mut x: NodeId) -> Result<NodeId> {
        while self.shape(x)[axis] > 1 {
            let size = self.shape(x)[axis];
            let half = size / 2;
            let low = self.slice(x, axis, 0, 1, half)?;
            let high = self.slice(x, axis, half, 1, half)?;
            let joint = self.log_sum_exp_of_parts(vec![low, high])?;
            x = if size.is_multiple_of(2) {
                joint
            } else {
                let last = self.slice(x, axis, size - 1, 1, 1)?;
                self.concat(&[joint, last], axis)?
            };
        }
        Ok(x)
    }

    /// Unit by unit: `lse(a, b) = a + ln(1 + e^(b-a))`.
    fn log_sum_exp_of_parts(&mut self, parts: Vec<NodeId>) -> Result<NodeId> {
        let mut parts = parts.into_iter();
        let Some(mut sum) = parts.next() else { return self.reject("MaxPool", "a window has no cells") };
        for part in parts {
            let difference = self.sub(part, sum)?;
            let more = self.activation(difference, Softplus)?;
            sum = self.add(sum, more)?;
        }
        Ok(sum)
    }
}
