//! Which inputs matter to an output, by how much, and in which pairs.
//!
//! - [`heatmap`]: the change of an output when one input is changed, `Σ_{k=1..n} c_k[i] δ_i^k` with the unmixed
//!   coefficients c_k; order by order, for pushes, and for replacing inputs by a baseline;
//! - [`measured`]: the same by doing it, one forward pass per input, and [`Agreement`] of the two;
//! - [`interactions`]: pairs, `c_ij = ∂²y/∂x_i∂x_j`: what changing two inputs does beyond the sum of the two changes.

mod compare;
mod heatmap;
mod interactions;

pub use compare::{Agreement, measured};
pub use heatmap::{Heatmap, Push, heatmap};
pub use interactions::{Interactions, Pair, interactions, strongest};
