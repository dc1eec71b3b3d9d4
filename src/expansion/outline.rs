//! What a request takes, in numbers: before anything is made that is as long as the model's input or output, or as the list of terms.
//!
//! A file of a hundred bytes may describe a network of 2^31 outputs, so lists are made only when they and the smallest piece of work are known to fit
//! into the memory that is allowed.

use std::sync::Arc;

use super::mixing::{self, Mixing, Planned};
use super::radii;
use super::request::Request;
use crate::backend::{Chunking, Work};
use crate::error::{Error, Result};
use crate::kernel::Kink;
use crate::memory;
use crate::model::Model;
use crate::plan::{Deeper, Plan};
use crate::rays::Directions;
use crate::threads::Threads;

/// Bytes of a selected output in lists: its number, and what the record of a result makes of it.
const LISTED_OUTPUT: u64 = 64;

/// Into how many segments the forward pass is cut for a backward pass in less memory, one try after the other.
const SEGMENTS: [usize; 12] = [2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 32, 64];

/// Rays of a sum that are computed at once where it is verified.
pub(super) const AT_ONCE: usize = 8;

/// A planned request.
pub(super) struct Outline {
    pub plan: Plan,
    pub deeper: Option<Deeper>,
    pub directions: Option<Directions>,
    pub mixing: Mixing,
    pub threads: Arc<Threads>,
    pub sizes: Sizes,
}

/// How much of what there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    /// Selected outputs.
    pub outputs: usize,
    /// Rays or groups of variables of each point (exact method), or selected outputs (published rule): what chunks are cut along.
    pub lanes: usize,
    /// Results of each lane and order.
    lane_units: usize,
    /// Mixed terms.
    terms: usize,
    /// Whether lanes become mixed terms as they come, and aren't kept.
    as_they_come: bool,
    /// Bytes of all lists.
    lists: u64,
    /// Bytes allowed.
    pub budget: u64,
}

impl Outline {
    /// Plans a request; its points don't matter, but how many there are may: results of all of them are to have room.
    ///
    /// # Errors
    /// If the request doesn't fit the model, the method has no answer, the device can't, or the memory can't suffice.
    pub fn new(model: &Model, request: &Request) -> Result<Self> {
        let outputs = request.check(model)?;
        Threads::check_address_space()?;
        let budget = request.memory.unwrap_or_else(memory::default_budget);
        let threads = Arc::new(Threads::new(request.threads));
        let kernels = request.device.backend().abilities().kernels;
        let Planned { plan, deeper, directions, mixing } =
            mixing::plan(model, request, kernels, &threads, budget)?;
        request.device.check(&plan, request.precision)?;
        let of = |plan: &Plan| {
            Sizes::new(plan, (directions.as_ref(), &mixing), (model, request), &threads, outputs, budget)
        };
        let (plan, sizes) = fitted(plan, model.inputs(), request, &threads, of)?;
        Ok(Self { plan, deeper, directions, mixing, threads, sizes })
    }
}

/// The plan for which the memory suffices, and its sizes: where it doesn't for one of gradients, one that keeps checkpoints only. Results may be collected, too, if
/// that is possible.
fn fitted(
    plan: Plan,
    inputs: usize,
    request: &Request,
    threads: &Threads,
    of: impl Fn(&Plan) -> Sizes,
) -> Result<(Plan, Sizes)> {
    let fit = |plan: &Plan, reserved: u64| of(plan).chunking(plan, request, threads, 1, reserved).map(drop);
    // Results of all points, where they are known.
    let points = (request.points.len() / inputs.max(1)).max(1) as u64;
    let collected = of(&plan).kept(&plan).saturating_mul(points);
    let mut plans = vec![plan];
    if plans[0].is_gradient() && fit(&plans[0], collected).is_err() {
        let with_checkpoints = |&segments: &usize| plans[0].with_checkpoints(segments);
        let others: Vec<Plan> = SEGMENTS.iter().map_while(with_checkpoints).collect();
        plans.extend(others);
    }
    // The first that fits, or the error of the one that takes the least.
    let first = |reserved: u64| {
        let others = plans.iter().enumerate().skip(1);
        others.fold(fit(&plans[0], reserved).map(|()| 0), |found, (at, plan)| {
            let lesser = |least, error| if needed(&error) < needed(&least) { error } else { least };
            found.or_else(|least| fit(plan, reserved).map(|()| at).map_err(|error| lesser(least, error)))
        })
    };
    let at = first(collected).or_else(|_| first(0))?;
    let plan = plans.swap_remove(at);
    let sizes = of(&plan);
    Ok((plan, sizes))
}

/// Bytes that were missing.
fn needed(error: &Error) -> u64 {
    if let Error::Memory { needed, .. } = error { *needed } else { u64::MAX }
}

impl Sizes {
    /// How much a plan of a request makes.
    fn new(
        plan: &Plan,
        (directions, mixing): (Option<&Directions>, &Mixing),
        (model, request): (&Model, &Request),
        threads: &Threads,
        outputs: usize,
        budget: u64,
    ) -> Self {
        let adjoints = plan.adjoints.iter().map(|id| plan.values[id.0].units);
        let lane_units = match plan.seed {
            None => outputs,
            Some(_) => adjoints.fold(0, usize::saturating_add),
        };
        let (inputs, order) = (model.inputs() as u64, request.order as u64);
        let exponents = mixing.exponents().map_or(0, |(exponents, _)| exponents.len() as u64);
        // What is compared along a verified ray: series of outputs, or of gradients.
        let series = if plan.is_gradient() { inputs } else { outputs as u64 };
        let sample = inputs.saturating_add(series.saturating_mul(order)).saturating_mul(24);
        let lists = [
            (outputs as u64).saturating_mul(LISTED_OUTPUT),
            exponents,
            match mixing {
                Mixing::Operator(by_rays) => by_rays.operator().bytes(model.inputs()),
                Mixing::Estimate(_) => directions.map_or(0, |d| (d.len() as u64).saturating_mul(8 * inputs)),
                Mixing::None | Mixing::Groups { .. } | Mixing::Rows { .. } | Mixing::Rule { .. } => 0,
            },
            plan.monomials.as_ref().map_or(0, |monomials| monomials.bytes()),
            plan.unit_rays.as_ref().map_or(0, |rays| 8 * rays.len() as u64),
            (request.verify as u64).saturating_mul(sample),
            if request.verify > 0 {
                // All orders of rays have up to twice the rows that sums have.
                let lanes = if plan.weights.is_some() { 2 * AT_ONCE } else { 1 };
                plan.elements(1, lanes).saturating_mul(8 * threads.count() as u64)
            } else {
                0
            },
            if radii::matter(request) {
                let distinct = directions.map_or(0, Directions::count_distinct) as u64;
                radii::bytes(model).saturating_add(distinct.saturating_mul(2))
            } else {
                0
            },
        ];
        Self {
            outputs,
            lanes: match directions {
                None => outputs,
                Some(directions) if plan.is_gradient() => outputs.saturating_mul(directions.len()),
                Some(directions) => directions.len() / plan.directions(),
            },
            lane_units,
            // An estimate has its error beside it.
            terms: mixing.terms() + usize::from(matches!(mixing, Mixing::Estimate(_))),
            as_they_come: matches!(mixing, Mixing::Rows { .. }),
            lists: lists.into_iter().fold(0, u64::saturating_add),
            budget,
        }
    }

    /// Bytes of a point's results that lanes bring and that are kept.
    fn kept(&self, plan: &Plan) -> u64 {
        self.lane_kept(plan).saturating_mul(self.lanes as u64)
    }

    /// Bytes of a lane's results that are kept.
    fn lane_kept(&self, plan: &Plan) -> u64 {
        if self.as_they_come { 0 } else { self.lane_result(plan) }
    }

    /// Bytes of a lane's results.
    fn lane_result(&self, plan: &Plan) -> u64 {
        (self.lane_units as u64).saturating_mul(8).saturating_mul(plan.coefficients() as u64)
    }

    /// How the work at so many points is cut, if so many bytes are for what comes of it.
    ///
    /// # Errors
    /// If the memory can't suffice.
    pub fn chunking(
        &self,
        plan: &Plan,
        request: &Request,
        threads: &Threads,
        points: usize,
        reserved: u64,
    ) -> Result<Chunking> {
        let Self { outputs, lanes, terms, lists, budget, .. } = *self;
        let times = |a: usize, b: usize| (a as u64).saturating_mul(b as u64);
        let backend = request.device.backend();
        let abilities = backend.abilities();
        let work = Work {
            points,
            lanes,
            together: match plan.weights {
                Some(_) => mixing::in_a_sum(lanes),
                None if plan.is_of_one_output() => lanes / outputs.max(1),
                None => lanes,
            },
            whole: plan.weights.is_some(),
            scalar: request.precision.bytes(),
            lane_result: self.lane_result(plan),
            lane_kept: self.lane_kept(plan),
            point_result: times(outputs, terms + 1)
                .saturating_mul(8)
                .saturating_add(times(lanes, size_of::<Kink>() + 8)),
            kept: lists.saturating_add(reserved),
            series: match plan.weights {
                // Of fewer orders than others: as many rows.
                Some(_) => abilities.series * (4 / (plan.order - 1)).max(1),
                None => abilities.series,
            },
            budget,
            cores: abilities.at_once.unwrap_or(threads.count()),
        };
        Chunking::new(plan, &work, &|points, lanes| backend.fits(plan, points, lanes))
    }
}

/// How a differential operator goes through a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Passage {
    /// Rows of numbers of each layer at a point: its value, and coefficients.
    pub rows: usize,
    /// Sums over rays that go in place of their coefficients of the highest order; none where each ray goes by itself.
    pub sums: Option<usize>,
}

impl Passage {
    /// Of so many rays.
    pub(super) fn of(plan: &Plan, mixing: &Mixing, rays: usize) -> Option<Self> {
        let (Mixing::Operator(_) | Mixing::Estimate(_)) = mixing else { return None };
        let sums = plan.weights.map(|_| rays.div_ceil(mixing::in_a_sum(rays)));
        let rows = match sums {
            Some(sums) => 1 + (plan.order - 1) * rays + sums,
            None => 1 + plan.order * rays,
        };
        Some(Self { rows, sums })
    }
}

/// What an expansion at one point will take.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Cost {
    /// Rays of the exact method; none for the published rule.
    pub rays: Option<usize>,
    /// Of a differential operator: how it goes through the network.
    pub passage: Option<Passage>,
    /// Selected outputs.
    pub outputs: usize,
    /// Multiplications and additions, about.
    pub flops: f64,
    /// Bytes of memory that the run takes at most.
    pub bytes: u64,
    /// Gradients: at how many places checkpoints are kept for lack of memory, from which the rest of the forward pass is computed again; 0: nothing is.
    pub checkpoints: usize,
}

impl Cost {
    /// The cost of a request at a point, whatever its points are; nothing large is made to find it out.
    ///
    /// # Errors
    /// If the request doesn't fit the model, the method has no answer, the device can't, or the memory can't suffice.
    pub fn of(model: &Model, request: &Request) -> Result<Self> {
        let Outline { plan, directions, mixing, threads, sizes, .. } = Outline::new(model, request)?;
        let chunking = sizes.chunking(&plan, request, &threads, 1, 0)?;
        Ok(Self {
            rays: directions.as_ref().map(|directions| match plan.is_gradient() {
                true => directions.len(),
                false => sizes.lanes,
            }),
            passage: Passage::of(&plan, &mixing, sizes.lanes),
            outputs: sizes.outputs,
            flops: chunking.flops(&plan, 1, sizes.lanes),
            bytes: chunking.bytes,
            checkpoints: plan.checkpoints,
        })
    }
}
