//! Sums over rays in place of their highest coefficients: collapsed Taylor mode.
//!
//! Of all rays of a chunk only `S = Σ_r w_r c_n^(r)` is asked for at the highest order n, as of a Laplacian. In whatever a network computes the coefficient of
//! t^n is that of the arguments times a matrix that depends on their values alone, plus what lower coefficients make of it:
//! `c_n[f(u)] = J(u_0) u_n + c_n[f(u_0 + … + u_{n-1} t^{n-1})]`. So the sum goes through as one row, and rays need their lower orders only (Dangel et al.,
//! *Collapsing Taylor Mode Automatic Differentiation*, arXiv 2505.13644). Linear kernels act on that row as on any other; the others are called here
//! with lanes whose highest coefficients are zero, and with one more lane that has nothing but the sum.

mod cpu;

pub use cpu::collapsed;

use super::{Call, Constant, Definition, Kernel, Layout, Orders, Shapes};
use crate::scalar::Scalar;

/// A nonlinear kernel on values whose last block is a sum over the lanes. Its last input is what each lane weighs. The kernel is one that chooses no
/// branches: these would be another for each ray. For CPUs.
#[derive(Clone, Debug, PartialEq)]
pub struct Collapsed(
    /// The kernel.
    pub Box<Kernel>,
);

impl Collapsed {
    /// The layouts with which the kernel is called, one sample at a time.
    fn wide(shapes: &Shapes) -> Shapes {
        let wide = |layout: &Layout| layout.with_lane_of_sums();
        let of_kernel = &shapes.inputs[..shapes.inputs.len() - 1];
        Shapes {
            inputs: of_kernel.iter().map(wide).collect(),
            output: wide(&shapes.output),
            accumulate: false,
        }
    }
}

impl Definition for Collapsed {
    const NAME: &'static str = "collapsed";
    const PORTABLE: bool = false;

    fn function(&self) -> Option<&'static str> {
        Some(self.0.function().unwrap_or(self.0.kind()))
    }

    fn constants(&self) -> Vec<Constant> {
        self.0.constants()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    /// A sample with a lane more.
    fn scratch(&self, shapes: &Shapes) -> usize {
        let wide = Self::wide(shapes);
        wide.inputs.iter().chain([&wide.output]).map(Layout::len).sum::<usize>() + self.0.scratch(&wide)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        shapes.output.samples as f64 * self.0.flops(&Self::wide(shapes)) + shapes.output.series()
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        cpu::collapsed(&self.0, call);
    }
}

#[cfg(feature = "gpu")]
super::dispatch::only_for_cpus!(Collapsed);
