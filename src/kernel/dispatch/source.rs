//! The texts of the shaders.

/// The text of a file in `shaders/`, with its name in front: see [`crate::gpu::Place`].
macro_rules! wgsl {
    ($name:literal) => {
        concat!(
            "// file: shaders/",
            $name,
            ".wgsl\n",
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $name, ".wgsl"))
        )
    };
}
pub(crate) use wgsl;

/// Powers of weights.
pub(crate) const POWERS: &str = wgsl!("powers");
/// Elementary functions.
pub(crate) const FUNCTIONS: &str = wgsl!("functions");
/// Degrees of blocks.
pub(crate) const GRADING: &str = wgsl!("grading");
/// Series in several variables.
pub(crate) const MONOMIALS: &str = wgsl!("monomials");
/// Power series for the activations.
pub(crate) const SERIES: &str = wgsl!("series");
