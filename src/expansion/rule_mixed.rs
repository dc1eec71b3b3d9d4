//! Mixed coefficients of the published rule, `c_α = multinomial(α) Σ_i v_z[|α|]_i Π_j W_ij^α_j`.
//!
//! z is the output of the first linear layers, v_z their adjoints, W the layers' weights: for a subspace
//! x = x0 + S t it is the matrix of t ↦ z, each column a direction sent through the layers.

use std::sync::Arc;

use crate::backend::{Chunk, Source};
use crate::error::Result;
use crate::forward::Reference;
use crate::model::{Model, NodeId};
use crate::monomials::multinomial;
use crate::plan::{Kernels, Plan, Rays};
use crate::rays::Directions;
use crate::threads::Threads;

/// `[variables, units]`: each direction sent through the first linear layers, units one after the other.
pub(super) fn first_layer_matrix(
    model: &Model,
    layers: &[NodeId],
    directions: &Directions,
    threads: &Arc<Threads>,
) -> Result<Vec<f64>> {
    let variables = directions.len();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); variables];
    let origin = vec![0.0; model.inputs()];
    for &layer in layers {
        let part = model.truncated(layer);
        let reference = Reference::new(Plan::exact(&part, 1, Rays::Any, Kernels::Portable)?, threads);
        let outputs: Vec<usize> = (0..part.outputs()).collect();
        let source = Source {
            points: &origin,
            directions: Some(directions),
            outputs: &outputs,
            radii: None,
            weights: None,
        };
        let chunk = |first: usize| Chunk::ahead(0..1, first..variables.min(first + 64));
        let chunks: Vec<Chunk> = (0..variables).step_by(64).map(chunk).collect();
        pollster::block_on(reference.run(&chunks, source, |chunk, result| {
            let lanes = chunk.lanes.len();
            for (i, column) in columns[chunk.lanes.clone()].iter_mut().enumerate() {
                column.extend(result.series.iter().skip(i).step_by(lanes));
            }
        }))?;
    }
    Ok(columns.concat())
}

/// Mixed coefficients of one output from its adjoint `[orders, units]`.
pub(super) fn combine(
    value: f64,
    adjoint: &[f64],
    matrix: &[f64],
    exponents: &[u8],
    variables: usize,
    into: &mut [f64],
) {
    let units = matrix.len() / variables;
    let mut products = vec![0.0; units];
    for (exponent, into) in exponents.chunks_exact(variables).zip(into) {
        let degree: usize = exponent.iter().map(|&e| usize::from(e)).sum();
        if degree == 0 {
            *into = value;
            continue;
        }
        products.copy_from_slice(&adjoint[(degree - 1) * units..][..units]);
        for (j, &power) in exponent.iter().enumerate().filter(|(_, power)| **power > 0) {
            for (product, w) in products.iter_mut().zip(&matrix[j * units..]) {
                *product *= w.powi(i32::from(power));
            }
        }
        *into = multinomial(exponent) * products.iter().sum::<f64>();
    }
}
