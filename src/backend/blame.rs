//! Which layer a result that isn't finite comes of.

use super::work::{Chunk, ChunkResult, Source};
use crate::error::Error;
use crate::kernel::{Kernel, Series};
use crate::plan::{Plan, Step};
use crate::scalar::{Precision, Scalar};

/// Looks at all layers, one after the other, when a result isn't finite.
///
/// The first layer with such numbers is to blame, but for those of which a choice takes something else: `where(x > 0, log x, 0)` has its value
/// whatever the logarithm is. Of these one is to blame only if the choice fails at the same point and order.
#[derive(Debug)]
pub(crate) struct Blame<'a> {
    plan: &'a Plan,
    /// Of each value, whether a result depends on all of its numbers.
    exposed: Vec<bool>,
    /// The first failures of others.
    hidden: Vec<(At, Error)>,
}

/// Where a number isn't finite.
#[derive(Clone, Copy, Debug)]
struct At {
    order: usize,
    point: usize,
    /// Whether it is no number at all.
    nan: bool,
}

impl<'a> Blame<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        let mut exposed = vec![false; plan.values.len()];
        for id in plan.adjoints.iter().chain([&plan.output]) {
            exposed[id.0] = true;
        }
        for step in plan.steps.iter().rev() {
            let chooses = matches!(step.kernel, Kernel::Select(_));
            for (position, input) in step.inputs.iter().enumerate() {
                exposed[input.0] |= exposed[step.output.0] && !(chooses && position == 1);
            }
        }
        Self { plan, exposed, hidden: Vec::new() }
    }

    /// Looks at a step's output; the failure that is to blame is the error.
    pub fn look<T: Scalar>(&mut self, chunk: &Chunk, step: &Step, output: Series<T>) -> Result<(), Error> {
        let Some(at) = first(self.plan, chunk, output) else { return Ok(()) };
        let error = at.error::<T>(self.plan, step.layer);
        if !self.exposed[step.output.0] {
            self.hidden.push((at, error));
            return Ok(());
        }
        let same = |(hidden, _): &(At, Error)| (hidden.order, hidden.point) == (at.order, at.point);
        match self.hidden.iter().position(same) {
            Some(index) if matches!(step.kernel, Kernel::Select(_)) => Err(self.hidden.swap_remove(index).1),
            _ => Err(error),
        }
    }
}

/// The first number of a step's output that isn't finite.
fn first<T: Scalar>(plan: &Plan, chunk: &Chunk, output: Series<T>) -> Option<At> {
    for order in 0..=output.layout.degree {
        let units = output.layout.units;
        let block = output.block(order);
        if let Some(i) = block.iter().position(|x| !x.f64().is_finite()) {
            let row = i / units;
            let sample = row / (output.layout.rows(order) / output.layout.samples);
            let nan = block[i].f64().is_nan();
            return Some(At { order: plan.degree(order), point: chunk.points.start + sample, nan });
        }
    }
    None
}

/// The error of a result that isn't finite though all layers' numbers are: it is so large only without the radii.
pub(crate) fn beyond_f64(plan: &Plan, chunk: &Chunk, source: Source, result: &ChunkResult) -> Error {
    let series = result.series.iter().position(|c| !c.is_finite());
    let value = result.value.iter().position(|c| !c.is_finite());
    let (order, sample) = match (value, series) {
        (Some(at), _) => (0, at / source.outputs.len()),
        (None, Some(at)) => {
            let per_point = result.series.len() / chunk.points.len();
            let row = match plan.seed {
                None => chunk.lanes.len(),
                Some(_) => per_point / (chunk.lanes.len() * plan.order),
            };
            let block = at / row % plan.coefficients() + 1;
            (plan.monomials.as_ref().map_or(block, |m| m.degree(block)), at / per_point)
        }
        (None, None) => (0, 0),
    };
    let at = At { order, point: chunk.points.start + sample, nan: false };
    at.error::<f64>(plan, plan.layers.len() - 1)
}

impl At {
    /// The error that names the layer.
    fn error<T: Scalar>(self, plan: &Plan, layer: usize) -> Error {
        let Self { order, point, nan } = self;
        let jumps = nan
            && order == 1
            && plan.steps.iter().any(|step| step.layer == layer && matches!(step.kernel, Kernel::Select(_)));
        let layer = &plan.layers[layer];
        let lower = if order > 1 { format!("order at most {}, or ", order - 1) } else { String::new() };
        Error::NonFinite {
        layer: layer.name.clone(),
        op: layer.kind.clone(),
        order,
        point,
        place: None,
        hint: match (T::PRECISION, order) {
            _ if jumps => "it jumps there, from its value at the point to another one along the ray, which has no series: choose a point beside it, or a ray to its side".to_owned() + if T::PRECISION == Precision::F32 { "; f64 may find the point beside it" } else { "" },
            (Precision::F32, 0) => "the network has no value there, or one on the way overflows f32: check the point, or use --precision f64".into(),
            (Precision::F64, 0) => "the network has no value there, or one on the way overflows: check the point".into(),
            (Precision::F32, _) => format!("the coefficient overflows f32, or isn't finite at all: use --precision f64, {lower}shorter directions"),
            (Precision::F64, _) => format!("use {lower}shorter directions, or check whether the function is smooth there"),
        },
    }
    }
}
