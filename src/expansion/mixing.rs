//! What a request takes: its plan, its rays, and how mixed coefficients come of them.

use std::sync::Arc;

use super::by_rays::ByRays;
use super::by_rows::{self, MixedCost};
use super::estimate::Estimate;
use super::radii::Slopes;
use super::request::{Request, Terms};
use super::rule_mixed;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::monomials::{self, Groups};
use crate::plan::{Deeper, Kernels, Method, Plan, Rays, Target, check_order, first_linear_layers};
use crate::rays::Directions;
use crate::threads::Threads;

/// Rays of which one sum is made, at the most: their number is part of what is computed, whatever chunks there is room for.
const IN_A_SUM: usize = 64;

/// Numbers of a point that are kept at once, at the most, if all rays of a sum are: of wider networks each ray goes by itself.
const WIDEST: u64 = 1 << 23;

/// Rays of which one sum is made, out of so many: those of other sums are as many, up to one.
pub(super) fn in_a_sum(rays: usize) -> usize {
    rays.div_ceil(rays.div_ceil(IN_A_SUM).max(1)).max(1)
}

/// What a request takes.
pub(super) struct Planned {
    pub plan: Plan,
    /// What to do where orders get lost.
    pub deeper: Option<Deeper>,
    /// Rays of the exact method.
    pub directions: Option<Directions>,
    pub mixing: Mixing,
}

/// How mixed coefficients come about.
#[derive(Debug)]
pub(super) enum Mixing {
    /// They aren't asked for.
    None,
    /// They are the coefficients of series in groups of variables.
    Groups { groups: Arc<Groups>, exponents: Vec<u8> },
    /// They are of order 2, and those of the Hessian's rows: see [`by_rows`].
    Rows { exponents: Vec<u8>, variables: usize },
    /// They aren't: a differential operator comes of all series.
    Operator(ByRays),
    /// Nor here: it is estimated, with an error for each number.
    Estimate(Estimate),
    /// From the adjoints of the first linear layers.
    Rule { matrix: Vec<f64>, exponents: Vec<u8>, variables: usize },
}

impl Mixing {
    /// Exponents `[terms, variables]`, and the number of variables.
    pub fn exponents(&self) -> Option<(&[u8], usize)> {
        match self {
            Self::None | Self::Operator(_) | Self::Estimate(_) => None,
            Self::Groups { groups, exponents } => Some((exponents, groups.variables())),
            Self::Rule { exponents, variables, .. } | Self::Rows { exponents, variables } => {
                Some((exponents, *variables))
            }
        }
    }

    /// Numbers of an output that series become; none: 0.
    pub fn terms(&self) -> usize {
        match self {
            Self::Operator(_) | Self::Estimate(_) => 1,
            _ => self.exponents().map_or(0, |(exponents, variables)| exponents.len() / variables),
        }
    }
}

/// Plans a request with these kernels.
pub(super) fn plan(
    model: &Model,
    request: &Request,
    kernels: Kernels,
    threads: &Arc<Threads>,
    budget: u64,
) -> Result<Planned> {
    match request.method {
        Method::Exact => exact(model, request, kernels, threads, budget),
        Method::Hope => rule(model, request, kernels, threads, budget),
    }
}

fn exact(
    model: &Model,
    request: &Request,
    kernels: Kernels,
    threads: &Arc<Threads>,
    budget: u64,
) -> Result<Planned> {
    let inputs = model.inputs();
    let (rays, directions, mixing) = match &request.terms {
        Terms::Gradient(directions) => {
            let directions = directions.clone().unwrap_or(Directions::Still { inputs });
            return gradient(model, request, kernels, directions);
        }
        Terms::Hessian(rows) => {
            let directions = match rows {
                None => Directions::Unit { inputs },
                Some(rows) => Directions::Units { inputs, which: rows.clone() },
            };
            return gradient(model, request, kernels, directions);
        }
        Terms::Operator(operator) => {
            check_lists(operator.bytes(inputs), budget)?;
            if let Some(sampled) = operator.sampled() {
                let (estimate, directions) = Estimate::new(sampled, inputs);
                let plan = Plan::exact(model, request.order, Rays::Any, kernels)?;
                let deeper = Deeper::new(model, request.order, Rays::Any, kernels);
                let (directions, mixing) = (Some(directions), Mixing::Estimate(estimate));
                return Ok(Planned { plan, deeper, directions, mixing });
            }
            let slopes = operator.mixes().then(|| Slopes::new(model, threads)).flatten();
            let (by_rays, directions) = ByRays::new(operator, inputs, slopes.as_ref());
            let rays = if let Directions::Unit { .. } = directions { Rays::Unit } else { Rays::Any };
            let few =
                |plan: &Plan| directions.len() > 1 && plan.elements(1, in_a_sum(directions.len())) <= WIDEST;
            if let Some(plan) = Plan::collapsed(model, request.order, rays, kernels)?.filter(few) {
                let (directions, mixing) = (Some(directions), Mixing::Operator(by_rays));
                return Ok(Planned { plan, deeper: None, directions, mixing });
            }
            (rays, directions, Mixing::Operator(by_rays))
        }
        Terms::Unmixed => (Rays::Unit, Directions::Unit { inputs }, Mixing::None),
        Terms::Along(directions) => (Rays::Any, directions.clone(), Mixing::None),
        Terms::Mixed(basis) => {
            let variables = basis.as_ref().map_or(inputs, |rows| rows.len() / inputs);
            check_order(request.order)?; // before the terms are counted
            let exponents = exponents(variables, request.order, budget)?;
            if let Some(plan) = by_rows::plan(model, request, variables, kernels, threads)?
                && MixedCost::beside(model, request, variables, kernels, Some(&plan))?.by_rows
            {
                let directions = Some(by_rows::directions(basis.as_deref(), inputs));
                let mixing = Mixing::Rows { exponents, variables };
                return Ok(Planned { plan, deeper: None, directions, mixing });
            }
            // Half of the memory for the coefficients of a chunk on each thread.
            let share = budget / 2 / threads.count() as u64;
            let block = Plan::forward(model).elements(1, 1).saturating_mul(request.precision.bytes());
            let room = usize::try_from(share / block.max(1)).unwrap_or(usize::MAX);
            let groups = Arc::new(Groups::new(variables, request.order, room)?);
            let plan = Plan::mixed(model, groups.monomials().clone(), kernels)?;
            let basis = basis.as_deref().map(<[f64]>::to_vec);
            let directions = Directions::Spanned { groups: groups.clone(), basis, inputs };
            let mixing = Mixing::Groups { groups, exponents };
            return Ok(Planned { plan, deeper: None, directions: Some(directions), mixing });
        }
    };
    let plan = Plan::exact(model, request.order, rays, kernels)?;
    let deeper = Deeper::new(model, request.order, rays, kernels);
    Ok(Planned { plan, deeper, directions: Some(directions), mixing })
}

/// One backward pass for each output and ray.
fn gradient(model: &Model, request: &Request, kernels: Kernels, directions: Directions) -> Result<Planned> {
    let plan = Plan::gradients(model, request.order, kernels, directions.len())?;
    Ok(Planned { plan, deeper: None, directions: Some(directions), mixing: Mixing::None })
}

/// All exponents, if there is memory for them.
fn exponents(variables: usize, order: usize, budget: u64) -> Result<Vec<u8>> {
    let terms = monomials::check_count(variables, order)? as u64;
    check_lists(terms.saturating_mul(variables as u64), budget)?;
    monomials::exponents(variables, order)
}

fn rule(
    model: &Model,
    request: &Request,
    kernels: Kernels,
    threads: &Arc<Threads>,
    budget: u64,
) -> Result<Planned> {
    let inputs = model.inputs();
    let Terms::Mixed(basis) = &request.terms else {
        let plan = Plan::hope(model, request.order, &Target::Input, kernels)?;
        return Ok(Planned { plan, deeper: None, directions: None, mixing: Mixing::None });
    };
    let layers = first_linear_layers(model)?;
    let plan = Plan::hope(model, request.order, &Target::Nodes(layers.clone()), kernels)?;
    let directions = match basis {
        None => Directions::Unit { inputs },
        Some(rows) => Directions::Shared { inputs, rows: rows.to_vec() },
    };
    let variables = directions.len();
    let exponents = exponents(variables, request.order, budget)?;
    let units =
        layers.iter().fold(0u64, |units, &layer| units.saturating_add(model.node(layer).units() as u64));
    // The matrix, and its columns before they are joined.
    check_lists(units.saturating_mul(variables as u64).saturating_mul(16), budget)?;
    let matrix = rule_mixed::first_layer_matrix(model, &layers, &directions, threads)?;
    Ok(Planned {
        plan,
        deeper: None,
        directions: None,
        mixing: Mixing::Rule { matrix, exponents, variables },
    })
}

/// An error if lists are too long for the memory that is allowed.
fn check_lists(needed: u64, allowed: u64) -> Result<()> {
    if needed > allowed { Err(Error::Memory { needed, allowed }) } else { Ok(()) }
}
