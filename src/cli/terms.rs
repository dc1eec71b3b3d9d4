//! `--terms`, `--directions`, `--subspace`: which coefficients.

use std::path::Path;

use anyhow::{Result, bail};
use clap::ValueEnum;

/// Which coefficients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TermsArg {
    /// Pure powers of each input.
    Unmixed,
    /// All monomials, in the inputs or in the coordinates of --subspace.
    Mixed,
    /// Along --directions.
    Along,
    /// Gradients with respect to all inputs, to order N along --directions; without them the gradient itself.
    Gradient,
    /// Second derivatives, the rows of --inputs.
    Hessian,
}

/// Which terms the options mean; none if they leave it open.
///
/// # Errors
/// If they contradict each other.
pub fn meant(
    terms: Option<TermsArg>,
    directions: Option<&Path>,
    subspace: Option<&Path>,
) -> Result<Option<TermsArg>> {
    let (directions, subspace) = (directions.is_some(), subspace.is_some());
    match terms {
        Some(TermsArg::Along) if !directions => bail!("--terms along needs --directions D.npy"),
        Some(TermsArg::Unmixed | TermsArg::Mixed | TermsArg::Hessian) if directions => {
            bail!(
                "--directions goes with --terms along and gradient only; for mixed terms of a subspace use --subspace"
            )
        }
        Some(TermsArg::Unmixed | TermsArg::Along | TermsArg::Gradient | TermsArg::Hessian) if subspace => {
            bail!("--subspace goes with --terms mixed only")
        }
        Some(terms) => Ok(Some(terms)),
        None if directions => Ok(Some(TermsArg::Along)),
        None if subspace => Ok(Some(TermsArg::Mixed)),
        None => Ok(None),
    }
}
