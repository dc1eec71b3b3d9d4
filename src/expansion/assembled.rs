//! Results of a batch of points, put together from those of its chunks.

use std::ops::Range;
use std::sync::Arc;

use super::mixing::Mixing;
use super::prepared::Parts;
use super::request::Terms;
use super::{by_rows, rule_mixed, sides};
use crate::backend::{Chunk, ChunkResult};
use crate::error::{Error, Result};
use crate::kernel::{Kernel, Kink};
use crate::plan::{Layer, Plan};

/// Puts results of some lanes where their rays are: `rays` are in the order of the lanes.
fn place_lanes<T: Copy>(rays: &Option<Arc<[usize]>>, lanes: &Range<usize>, from: &[T], all: &mut [T]) {
    match rays {
        None => all[lanes.clone()].copy_from_slice(from),
        Some(rays) => rays[lanes.clone()].iter().zip(from).for_each(|(&ray, &x)| all[ray] = x),
    }
}

/// The first quotient of a plan.
fn quotient(plan: &Plan) -> Option<Layer> {
    let step = plan.steps.iter().find(|step| matches!(step.kernel, Kernel::Divide(_)))?;
    Some(plan.layers[step.layer].clone())
}

/// What chunks bring.
#[derive(Clone, Copy)]
enum Form {
    /// `[points, outputs, orders, rays]`.
    Rays,
    /// `[points, outputs, orders, units]`, a lane for each output.
    Rule,
    /// As [`Self::Gradients`], of which only what mixed terms of order 2 are made of is kept: `[points, outputs, terms]`.
    Rows { terms: usize, inputs: usize },
    /// `[points, outputs, orders, rays, inputs]`, a lane for each output and ray; of orders the last so many, as of a Hessian the second one only.
    Gradients { orders: usize, inputs: usize },
}

/// Whether two gradients are further apart than rounding takes them, beside the larger one.
fn differ(a: &[f64], b: &[f64], tolerance: f64) -> bool {
    let largest = |numbers: &mut dyn Iterator<Item = f64>| numbers.fold(0.0, |m: f64, x| m.max(x.abs()));
    let size = largest(&mut a.iter().chain(b).copied());
    largest(&mut a.iter().zip(b).map(|(a, b)| a - b)) > tolerance * size
}

/// A ray of gradients that is on a kink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Open {
    /// Counted in the batch.
    pub point: usize,
    pub ray: usize,
}

/// Results of a batch, put together from its chunks.
pub(super) struct Assembled {
    pub value: Vec<f64>,
    /// `[points, outputs, orders, series]`: rays (exact) or units (rule), or gradients; then mixed terms.
    pub coefficients: Vec<f64>,
    /// Standard errors of estimates, `[points, outputs]`.
    pub errors: Vec<f64>,
    /// `[points, rays]`, of the published rule `[points, outputs]`; then of mixed terms `[points]`.
    pub kinks: Vec<Kink>,
    /// A quotient, whose value may be a limit of its own along each ray.
    quotient: Option<Layer>,
    /// Points of which some value is there.
    seen: Vec<bool>,
    tolerance: f64,
    form: Form,
    outputs: usize,
    order: usize,
    /// Rays, or units of all adjoints.
    columns: usize,
    /// Rays, or outputs.
    lanes: usize,
    /// Of gradients: points and rays of which some output is another one for t < 0.
    shows: Vec<bool>,
    /// See [`ChunkResult::inconsistency`].
    pub inconsistency: f64,
    /// See [`crate::plan::Plan::unit_rays`].
    rays: Option<Arc<[usize]>>,
}

impl Assembled {
    pub fn new(parts: &Parts, points: Range<usize>) -> Self {
        let (outputs, order) = (parts.outputs.len(), parts.plan.coefficients());
        let rays = parts.directions.as_ref().map(|directions| directions.len() / parts.plan.directions());
        let columns = rays.unwrap_or_else(|| parts.adjoint_units());
        let lanes = rays.unwrap_or(outputs);
        let form = match (&parts.request.terms, rays) {
            (Terms::Mixed(_), _) if parts.plan.is_gradient() => {
                Form::Rows { terms: parts.mixing.terms(), inputs: parts.model.inputs() }
            }
            (Terms::Gradient(_), _) => Form::Gradients { orders: order, inputs: parts.model.inputs() },
            (Terms::Hessian(_), _) => Form::Gradients { orders: 1, inputs: parts.model.inputs() },
            (_, Some(_)) => Form::Rays,
            (_, None) => Form::Rule,
        };
        let per_output = match form {
            Form::Rays | Form::Rule => order * columns,
            Form::Gradients { orders, inputs } => orders * columns * inputs,
            Form::Rows { terms, .. } => terms,
        };
        Self {
            value: vec![0.0; points.len() * outputs],
            coefficients: vec![0.0; points.len() * outputs * per_output],
            errors: Vec::new(),
            kinks: vec![Kink::NONE; points.len() * lanes],
            lanes,
            shows: vec![false; points.len() * lanes],
            inconsistency: 0.0,
            quotient: quotient(&parts.plan),
            seen: vec![false; points.len()],
            tolerance: sides::tolerance(parts.request.precision),
            form,
            outputs,
            order,
            columns,
            rays: parts.plan.unit_rays.clone(),
        }
    }

    /// Puts a chunk's result in.
    ///
    /// # Errors
    /// If a value is another one than along other rays.
    pub fn place(&mut self, parts: &Parts, chunk: &Chunk, result: &ChunkResult, first: usize) -> Result<()> {
        let (outputs, order, columns) = (self.outputs, self.order, self.columns);
        let lanes = &chunk.lanes;
        for (i, point) in chunk.points.clone().enumerate() {
            let point = point - first;
            let value = &mut self.value[point * outputs..][..outputs];
            let found = &result.value[i * outputs..][..outputs];
            if let Some(layer) = self.quotient.as_ref().filter(|_| self.seen[point]) {
                let differs = |(a, b): (&f64, &f64)| (a - b).abs() > self.tolerance * a.abs().max(b.abs());
                if value.iter().zip(found).any(differs) {
                    return Err(Error::NonFinite {
                        layer: layer.name.clone(),
                        op: layer.kind.clone(),
                        order: 0,
                        point: first + point,
                        place: None,
                        hint: "its limit is another one along each ray: the network has no value there"
                            .into(),
                    });
                }
            }
            self.seen[point] = true;
            value.copy_from_slice(found);
            self.inconsistency = self.inconsistency.max(result.inconsistency);
            match self.form {
                Form::Rays => {
                    let from = &result.series[i * outputs * order * lanes.len()..];
                    let kinks = &result.kinks[i * lanes.len()..][..lanes.len()];
                    let all = &mut self.kinks[point * columns..][..columns];
                    place_lanes(&self.rays, lanes, kinks, all);
                    for (row, from) in from.chunks_exact(lanes.len()).take(outputs * order).enumerate() {
                        let all = (point * outputs * order + row) * columns;
                        let all = &mut self.coefficients[all..][..columns];
                        place_lanes(&self.rays, lanes, from, all);
                    }
                }
                Form::Rule => {
                    let kinks = &result.kinks[i * lanes.len()..][..lanes.len()];
                    self.kinks[point * outputs..][lanes.clone()].copy_from_slice(kinks);
                    let length = lanes.len() * order * columns;
                    let at = (point * outputs + lanes.start) * order * columns;
                    self.coefficients[at..at + length]
                        .copy_from_slice(&result.series[i * length..][..length]);
                }
                Form::Gradients { .. } => {
                    for (at, lane) in lanes.clone().enumerate() {
                        let at = i * lanes.len() + at;
                        self.kinks[point * columns + lane % columns].join(result.kinks[at]);
                        for (to, from) in self.gradients(point, lane, at) {
                            self.coefficients[to].copy_from_slice(&result.series[from]);
                        }
                    }
                }
                Form::Rows { terms, inputs } => {
                    let Some(directions) = &parts.directions else { continue };
                    let size = order * inputs;
                    let gradients = result.series[i * lanes.len() * size..].chunks_exact(size);
                    for (lane, gradients) in lanes.clone().zip(gradients) {
                        let (output, variable) = (lane / columns, lane % columns);
                        let into = &mut self.coefficients[(point * outputs + output) * terms..][..terms];
                        into[0] = found[output];
                        by_rows::place(variable, gradients, directions, into);
                    }
                }
            }
        }
        Ok(())
    }

    /// Where the gradients of a lane are, `(here, in a chunk's series)` for each order; `at` counts the chunk's lanes.
    fn gradients(&self, point: usize, lane: usize, at: usize) -> Vec<(Range<usize>, Range<usize>)> {
        let Form::Gradients { orders, inputs } = self.form else { return Vec::new() };
        let (output, ray) = (lane / self.columns, lane % self.columns);
        let ranges = (0..orders).map(|k| {
            let to = (((point * self.outputs + output) * orders + k) * self.columns + ray) * inputs;
            let from = (at * self.order + self.order - orders + k) * inputs;
            (to..to + inputs, from..from + inputs)
        });
        ranges.collect()
    }

    /// Rays of gradients whose branches are left open, by kinks that they don't leave; and of second derivatives those that begin on a kink, whose
    /// sides may differ in the first ones.
    pub fn open_rays(&self) -> impl Iterator<Item = Open> {
        let orders = match self.form {
            Form::Gradients { orders, .. } => Some(orders),
            Form::Rays | Form::Rule | Form::Rows { .. } => None,
        };
        let open = move |kink: &Kink, shows: bool| {
            orders.is_some_and(|orders| kink.undecided || kink.begins && !shows && orders < self.order)
        };
        let all = self.kinks.iter().zip(&self.shows).enumerate();
        all.filter(move |(_, (kink, shows))| open(kink, **shows))
            .map(|(at, _)| Open { point: at / self.lanes, ray: at % self.lanes })
    }

    /// Takes the gradients of an open ray, `[outputs, orders, inputs]` with all orders, which are those on all sides for t > 0; where they are those that
    /// are there, up to rounding, these stay; false if they don't. `shows`: whether they are others for t < 0.
    pub fn decide(&mut self, open: Open, gradients: &[f64], shows: bool) -> bool {
        let Open { point, ray } = open;
        let mut stay = true;
        for output in 0..self.outputs {
            let lane = output * self.columns + ray;
            for (to, from) in self.gradients(point, lane, output) {
                if differ(&self.coefficients[to.clone()], &gradients[from.clone()], self.tolerance) {
                    self.coefficients[to].copy_from_slice(&gradients[from]);
                    stay = false;
                }
            }
        }
        let at = point * self.columns + ray;
        self.kinks[at].undecided = false;
        self.shows[at] = shows;
        stay
    }

    /// The rays of a chunk.
    pub fn rays_of(&self, chunk: &Chunk, first: usize) -> Vec<Open> {
        let points = chunk.points.clone();
        let rays = |point: usize| chunk.lanes.clone().map(move |lane| (point - first, lane % self.columns));
        points.flat_map(rays).map(|(point, ray)| Open { point, ray }).collect()
    }

    /// Takes what was found otherwise along a ray that has no numbers: the value of all outputs, and `[outputs, orders, inputs]`.
    pub fn fill(&mut self, open: Open, value: &[f64], gradients: &[f64], kink: Kink, shows: bool) {
        let Open { point, ray } = open;
        self.value[point * self.outputs..][..self.outputs].copy_from_slice(value);
        for output in 0..self.outputs {
            for (to, from) in self.gradients(point, output * self.columns + ray, output) {
                self.coefficients[to].copy_from_slice(&gradients[from]);
            }
        }
        let at = point * self.columns + ray;
        self.kinks[at].join(Kink { begins: kink.begins || shows, ..kink });
        self.shows[at] |= shows;
    }

    /// Notes that the sides of an open ray differ.
    pub fn leave_open(&mut self, open: Open) {
        self.kinks[open.point * self.columns + open.ray].leave_undecided();
    }

    /// Decides after [`Self::compare_behind`] which rays of gradients begin on a kink that shows.
    pub fn settle_gradients(&mut self) {
        if let Form::Gradients { .. } = self.form {
            for (kink, &shows) in self.kinks.iter_mut().zip(&self.shows) {
                kink.begins &= kink.undecided || shows;
            }
        }
    }

    /// Rays whose branches are left open, and the first of them: point, ray and layer.
    pub fn undecided(&self) -> (usize, Option<(usize, usize, Option<usize>)>) {
        let mut open = self.kinks.iter().enumerate().filter(|(_, kink)| kink.undecided);
        let first = open.next().map(|(at, kink)| (at / self.lanes, at % self.lanes, kink.begins_at));
        (usize::from(first.is_some()) + open.count(), first)
    }

    /// The first (point, lane) that begins on a kink, and the layer if it is known.
    pub fn first_on_kink(&self) -> Option<(usize, usize, Option<usize>)> {
        let found = self.kinks.iter().position(|kink| kink.begins)?;
        Some((found / self.lanes, found % self.lanes, self.kinks[found].begins_at))
    }

    /// Points of which some series begins on a kink.
    pub fn points_on_kinks(&self) -> impl Iterator<Item = usize> {
        let points = self.kinks.chunks(self.lanes).enumerate();
        points.filter(|(_, kinks)| kinks.iter().any(|kink| kink.begins)).map(|(point, _)| point)
    }

    /// Takes a chunk's series for t < 0: where they are those for t > 0, the ray doesn't begin on a kink that shows.
    pub fn compare_behind(&mut self, chunk: &Chunk, result: &ChunkResult, first: usize) {
        let (outputs, order, columns, lanes) = (self.outputs, self.order, self.columns, chunk.lanes.len());
        let tolerance = self.tolerance;
        for (i, point) in chunk.points.clone().enumerate() {
            let point = point - first;
            for (at, lane) in chunk.lanes.clone().enumerate() {
                if let Form::Gradients { .. } = self.form {
                    let at = i * lanes + at;
                    let differs = |(to, from): (Range<usize>, Range<usize>)| {
                        differ(&self.coefficients[to], &result.series[from], tolerance)
                    };
                    let shows = self.gradients(point, lane, at).into_iter().any(differs);
                    let ray = point * columns + lane % columns;
                    self.shows[ray] |= shows;
                    self.kinks[ray].join(result.kinks[at]);
                    continue;
                }
                let ray = self.rays.as_ref().map_or(lane, |rays| rays[lane]);
                let kink = &mut self.kinks[point * columns + ray];
                if !kink.begins {
                    continue;
                }
                let same = |output: usize| {
                    let row = point * outputs + output;
                    let ahead = sides::column(&self.coefficients, row * order, columns, ray, order);
                    let behind =
                        sides::column(&result.series, (i * outputs + output) * order, lanes, at, order);
                    sides::agree(self.value[row], &ahead, &behind, tolerance)
                };
                let shows = !(0..outputs).all(same);
                kink.join(result.kinks[i * lanes + at]);
                kink.begins = shows;
            }
        }
    }

    /// Notes series that there are none of for t < 0: their kinks show.
    pub fn differs_behind(&mut self, chunk: &Chunk, first: usize) {
        if let Form::Gradients { .. } = self.form {
            for point in chunk.points.clone() {
                for lane in chunk.lanes.clone() {
                    self.shows[(point - first) * self.columns + lane % self.columns] = true;
                }
            }
        }
    }

    /// Turns series into mixed coefficients or a differential operator, if they are asked for.
    /// The batch's points begin with `first`.
    pub fn mix(&mut self, parts: &Parts, first: usize) -> Result<()> {
        let terms = parts.mixing.terms();
        // Rows are placed as terms.
        if terms == 0 || matches!(parts.mixing, Mixing::Rows { .. }) {
            return Ok(());
        }
        let mut mixed = vec![0.0; self.value.len() * terms];
        let series = self.order * self.columns;
        match &parts.mixing {
            Mixing::None | Mixing::Rows { .. } => {}
            Mixing::Groups { groups, .. } => {
                for (into, &value) in mixed.chunks_exact_mut(terms).zip(&self.value) {
                    into[0] = value;
                }
                for group in 0..groups.len() {
                    for block in 1..=self.order {
                        let Some(term) = groups.term(group, block) else { continue };
                        let from =
                            self.coefficients[(block - 1) * self.columns + group..].iter().step_by(series);
                        let to = mixed[term..].iter_mut().step_by(terms);
                        to.zip(from).for_each(|(to, from)| *to = *from);
                    }
                }
            }
            Mixing::Operator(by_rays) => {
                let outputs = mixed.iter_mut().zip(self.coefficients.chunks_exact(series)).zip(&self.value);
                let summed = parts.plan.weights.is_some();
                for (at, ((into, series), &value)) in outputs.enumerate() {
                    *into = by_rays.combine(first + at / self.outputs, value, series, self.columns, summed);
                }
            }
            Mixing::Estimate(estimate) => {
                let outputs = mixed.iter_mut().zip(self.coefficients.chunks_exact(series));
                for (into, series) in outputs {
                    let (found, error) = estimate.combine(series);
                    *into = found;
                    self.errors.push(error);
                }
            }
            Mixing::Rule { matrix, exponents, variables } => {
                let outputs = mixed
                    .chunks_exact_mut(terms)
                    .zip(self.coefficients.chunks_exact(series))
                    .zip(&self.value);
                parts.threads.map(outputs, |((into, series), &value)| {
                    rule_mixed::combine(value, series, matrix, exponents, *variables, into);
                    Ok(())
                })?;
            }
        }
        self.coefficients = mixed;
        // The groups and rays are inner affairs: only the nearest kink of all says something.
        if parts.directions.is_some() {
            let joined = |rays: &[Kink]| {
                let mut all = Kink::NONE;
                rays.iter().for_each(|&ray| all.join(ray));
                all
            };
            self.kinks = self.kinks.chunks_exact(self.columns).map(joined).collect();
            self.lanes = 1;
        }
        Ok(())
    }
}
