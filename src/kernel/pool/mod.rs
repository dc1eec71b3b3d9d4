//! Average and max pooling, and their adjoints.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use cpu::{average_pool, average_pool_adjoint, max_pool, max_pool_adjoint};
#[cfg(feature = "gpu")]
pub(super) use gpu::largest;

use super::kink::Grading;
use super::{Call, Constant, Definition, Exponent, Layout, Orders, Shapes};
use crate::geometry::Pool;
use crate::scalar::Scalar;

/// Mean over windows, each coefficient alike.
#[derive(Clone, Debug, PartialEq)]
pub struct AveragePool(
    /// The windows.
    pub Pool,
);

impl Definition for AveragePool {
    const NAME: &'static str = "average_pool";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// The weight of each position.
    fn scratch(&self, _shapes: &Shapes) -> usize {
        self.0.window.output_size()
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64 * self.0.window.kernel_size() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::average_pool(&self.0, call.inputs[0], &mut call.output);
    }
}

/// Adjoint of [`AveragePool`].
#[derive(Clone, Debug, PartialEq)]
pub struct AveragePoolAdjoint {
    /// The windows.
    pub pool: Pool,
    /// Of the weights, 1 / count.
    pub exponent: Exponent,
}

impl Definition for AveragePoolAdjoint {
    const NAME: &'static str = "average_pool_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// The weight of each position, and its power.
    fn scratch(&self, _shapes: &Shapes) -> usize {
        2 * self.pool.window.output_size()
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        2.0 * shapes.inputs[0].len() as f64 * self.pool.window.kernel_size() as f64
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let (z, add) = (call.inputs[0], call.accumulate);
        cpu::average_pool_adjoint(&self.pool, self.exponent, z, &mut call.output, add);
    }
}

/// The largest input of each window, and the series of that input.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPool(
    /// The windows.
    pub Pool,
);

impl Definition for MaxPool {
    const NAME: &'static str = "max_pool";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// The chosen inputs, at the point and along a ray.
    fn scratch(&self, shapes: &Shapes) -> usize {
        2 * shapes.output.units
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64 + comparisons(&self.0, shapes.output)
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::max_pool(&self.0, Grading::One, call.inputs[0], &mut call.output, call.side, call.kinks);
    }
}

/// Numbers that are compared to find the largest of each window, at the points; along rays as many, to find the nearest kink or who of equals rises.
pub(super) fn comparisons(pool: &Pool, series: Layout) -> f64 {
    let rays = if series.degree > 0 { series.lanes } else { 0 };
    let cells = pool.channels as f64 * pool.window.output_size() as f64 * pool.window.kernel_size() as f64;
    cells * series.samples as f64 * (1 + rays) as f64
}

/// Adjoint of [`MaxPool`]; reads the series and the adjoint. The published rule's series have their primal only: ties stay undecided.
#[derive(Clone, Debug, PartialEq)]
pub struct MaxPoolAdjoint(
    /// The windows.
    pub Pool,
);

impl Definition for MaxPoolAdjoint {
    const NAME: &'static str = "max_pool_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// The chosen inputs, at the point and along a ray.
    fn scratch(&self, shapes: &Shapes) -> usize {
        2 * shapes.inputs[1].units
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.len() as f64 + comparisons(&self.0, shapes.inputs[0])
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let [x, z] = [call.inputs[0], call.inputs[1]];
        let &mut Call { ref mut output, ref mut kinks, accumulate, side, .. } = call;
        cpu::max_pool_adjoint(&self.0, x, z, output, accumulate, side, kinks);
    }
}
