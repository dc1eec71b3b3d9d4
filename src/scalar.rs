//! The number type of the CPU path: `f32` or `f64`.

use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

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
    /// Name as the command line spells it: `f32` or `f64`.
    const NAME: &'static str;

    /// Rounds a double to this type.
    fn of(x: f64) -> Self;

    /// Widens to a double.
    fn f64(self) -> f64;

    /// The error function.
    fn erf(self) -> Self;

    /// The complementary error function, accurate relatively in the right tail.
    fn erfc(self) -> Self;
}

impl Scalar for f32 {
    const NAME: &'static str = "f32";

    fn of(x: f64) -> Self {
        x as f32
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
    const NAME: &'static str = "f64";

    fn of(x: f64) -> Self {
        x
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
