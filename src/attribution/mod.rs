//! Which inputs matter to an output, by how much, and in which pairs.
//!
//! - [`heatmap`]: the change of an output when one input is changed, `Σ_{k=1..n} c_k[i] δ_i^k` with the unmixed
//!   coefficients c_k; order by order, for pushes, and for replacing inputs by a baseline;
//! - [`heatmap_of`]: the same for inputs that are changed together, [`Groups`] such as the patches of an image;
//! - [`measured`], [`measured_of`]: the same by doing it, one forward pass per input or group, and [`Agreement`] of the two;
//! - [`along`]: all inputs together, on the way to a baseline: the change, shared among them without a rest, order by order;
//! - [`curves`]: how well a ranking of inputs explains a score, by deleting and inserting them;
//! - [`interactions`], [`interactions_of`] groups: pairs, `c_ij = ∂²y/∂x_i∂x_j`: what changing two inputs does beyond the sum of the two changes;
//! - [`spectrum`]: eigenvalues and -vectors of the Hessian: in which directions an output bends.

mod along;
mod compare;
mod curves;
mod groups;
mod heatmap;
mod interactions;
mod spectrum;

pub use along::{Along, MOST_STEPS, Way, along};
pub use compare::{Agreement, measured, measured_of};
pub use curves::{Curves, curves};
pub use groups::Groups;
pub use heatmap::{Heatmap, Push, heatmap, heatmap_async, heatmap_of};
pub use interactions::{
    Interactions, Pair, interactions, interactions_async, interactions_of, strongest, strongest_async,
};
pub use spectrum::{FEW, Spectrum, WHOLE, spectrum};
