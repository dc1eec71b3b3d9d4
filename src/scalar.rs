//! The number types: `f32` and `f64`.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{AddAssign, DivAssign, MulAssign, SubAssign};
use std::sync::Arc;

/// The number type to compute in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single precision.
    F32,
    /// Double precision.
    F64,
}

impl Precision {
    /// Bytes per number.
    pub fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }

    /// Name as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
        }
    }
}

/// A real number that the kernels compute in.
pub trait Scalar:
    num_traits::Float
    + faer::traits::RealField
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
    + Debug
    + Default
    + Send
    + Sync
    + 'static
{
    /// Which type it is.
    const PRECISION: Precision;

    /// Weights in this type: converted, or as they are.
    fn weights(weights: &Arc<[f64]>) -> Arc<[Self]>;

    /// Rounds a double to this type.
    fn of(x: f64) -> Self;

    /// Widens to a double.
    fn f64(self) -> f64;

    /// The largest power of two up to its size, for exact scaling: a normal number, whose inverse is one, too. 1 for 0 and what
    /// isn't finite.
    fn binade(self) -> Self;

    /// The error function.
    fn erf(self) -> Self;

    /// The complementary error function, accurate relatively in the right tail.
    fn erfc(self) -> Self;
}

/// `x 2^exponent`, as exactly as its type can hold it.
pub(crate) fn times_two_to(x: f64, exponent: i32) -> f64 {
    libm::scalbn(x, exponent)
}

impl Scalar for f32 {
    const PRECISION: Precision = Precision::F32;

    fn weights(weights: &Arc<[f64]>) -> Arc<[Self]> {
        weights.iter().map(|&x| x as f32).collect()
    }

    fn of(x: f64) -> Self {
        x as f32
    }

    fn binade(self) -> Self {
        if self == 0.0 || !self.is_finite() {
            return 1.0;
        }
        Self::from_bits(((self.abs().to_bits() >> 23).clamp(2, 252)) << 23)
    }

    fn f64(self) -> f64 {
        self as f64
    }

    fn erf(self) -> Self {
        libm::erff(self)
    }

    fn erfc(self) -> Self {
        libm::erfcf(self)
    }
}

impl Scalar for f64 {
    const PRECISION: Precision = Precision::F64;

    fn weights(weights: &Arc<[f64]>) -> Arc<[Self]> {
        weights.clone()
    }

    fn of(x: f64) -> Self {
        x
    }

    fn binade(self) -> Self {
        if self == 0.0 || !self.is_finite() {
            return 1.0;
        }
        Self::from_bits(((self.abs().to_bits() >> 52).clamp(2, 2044)) << 52)
    }

    fn f64(self) -> f64 {
        self
    }

    fn erf(self) -> Self {
        libm::erf(self)
    }

    fn erfc(self) -> Self {
        libm::erfc(self)
    }
}
