//! What a request takes: its plan, its rays, and how mixed coefficients come of them.

use std::sync::Arc;

use super::request::{Request, Terms};
use super::rule_mixed;
use crate::error::Result;
use crate::interpolation::{self, Interpolation};
use crate::model::Model;
use crate::plan::{Deeper, Kernels, Method, Plan, Rays, Target, first_linear_layers};
use crate::rays::Directions;
use crate::threads::Threads;

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
    /// From rays.
    Rays { interpolation: Arc<Interpolation>, exponents: Vec<u8> },
    /// From the adjoints of the first linear layers.
    Rule { matrix: Vec<f64>, exponents: Vec<u8>, variables: usize },
}

impl Mixing {
    /// Exponents `[terms, variables]`, and the number of variables.
    pub fn exponents(&self) -> Option<(&[u8], usize)> {
        match self {
            Self::None => None,
            Self::Rays { interpolation, exponents } => Some((exponents, interpolation.variables())),
            Self::Rule { exponents, variables, .. } => Some((exponents, *variables)),
        }
    }

    /// Number of terms; none: 0.
    pub fn terms(&self) -> usize {
        self.exponents().map_or(0, |(exponents, variables)| exponents.len() / variables)
    }
}

/// Plans a request with these kernels.
pub(super) fn plan(
    model: &Model,
    request: &Request,
    kernels: Kernels,
    threads: &Arc<Threads>,
) -> Result<Planned> {
    match request.method {
        Method::Exact => exact(model, request, kernels),
        Method::Hope => rule(model, request, kernels, threads),
    }
}

fn exact(model: &Model, request: &Request, kernels: Kernels) -> Result<Planned> {
    let inputs = model.inputs();
    let (rays, directions, mixing) = match &request.terms {
        Terms::Unmixed => (Rays::Unit, Directions::Unit { inputs }, Mixing::None),
        Terms::Along(directions) => (Rays::Any, directions.clone(), Mixing::None),
        Terms::Mixed(basis) => {
            let variables = basis.as_ref().map_or(inputs, |rows| rows.len() / inputs);
            // The plan checks the order; here it has to be checked before the terms are counted.
            let plan = Plan::exact(model, request.order, Rays::Any, kernels)?;
            let exponents = interpolation::exponents(variables, request.order)?;
            let interpolation = Arc::new(Interpolation::new(variables, request.order)?);
            let directions = Directions::Spanned {
                interpolation: interpolation.clone(),
                basis: basis.as_deref().map(<[f64]>::to_vec),
                inputs,
            };
            let mixing = Mixing::Rays { interpolation, exponents };
            let deeper = Deeper::new(model, request.order, Rays::Any, kernels);
            return Ok(Planned { plan, deeper, directions: Some(directions), mixing });
        }
    };
    let plan = Plan::exact(model, request.order, rays, kernels)?;
    let deeper = Deeper::new(model, request.order, rays, kernels);
    Ok(Planned { plan, deeper, directions: Some(directions), mixing })
}

fn rule(model: &Model, request: &Request, kernels: Kernels, threads: &Arc<Threads>) -> Result<Planned> {
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
    let exponents = interpolation::exponents(variables, request.order)?;
    let matrix = rule_mixed::first_layer_matrix(model, &layers, &directions, threads)?;
    Ok(Planned {
        plan,
        deeper: None,
        directions: None,
        mixing: Mixing::Rule { matrix, exponents, variables },
    })
}
