//! What a shader is called with, as plain data: shader, parameters, constants, grid. The GPU backend reads it; nothing here knows wgpu.
//!
//! The number of dispatches of a kernel is fixed: it depends neither on the size of the chunk nor on the order.

mod ends;
mod member;
mod params;
mod product;
mod shader;
mod source;
mod tile;

use std::ops::Range;
use std::sync::Arc;

pub(crate) use ends::{Ends, ends};
pub use member::Member;
pub(crate) use params::params;
pub use params::{Layouts, Uniform, layout_members, word};
pub use product::Product;
pub(crate) use product::turns as turns_of_product;
pub use shader::{File, Shader, Variants};
pub(crate) use source::{FUNCTIONS, GRADING, MONOMIALS, POWERS, SERIES, wgsl};
pub use tile::{ConvTile, Tile, Tiling};

use super::powers::power_of_two_near;
use super::{ConstantId, Exponent, Layout, Shapes};
use crate::geometry::LinearShape;

/// Highest order that the shaders compute.
pub const MAX_ORDER: usize = 16;

/// Invocations of a workgroup of the kernels that number their invocations in one dimension.
pub const WORKGROUP: u32 = 256;

/// What a kernel says of its shaders. There are no defaults.
pub trait OnGpu {
    /// The files of `shaders/` that it uses.
    const FILES: &'static [&'static File];

    /// Whether the shaders can compute it.
    ///
    /// # Errors
    /// Says what they can't.
    fn supported(&self) -> Result<(), Unsupported>;

    /// Turns of loops that an invocation takes at the most, about. Loops over orders that are unrolled are none.
    fn turns(&self, shapes: &Shapes) -> usize;

    /// The dispatches that compute it, if it is supported.
    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch>;
}

/// Why a kernel can't run on GPUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsupported {
    /// It is a kernel for CPUs.
    OnlyCpus,
    /// It has more index ranges than the shader's parameters.
    TooManyAxes,
    /// Its monomials have more products than a table of floats can number.
    TooManyProducts,
}

/// Says of a kernel that it has no shader.
macro_rules! only_for_cpus {
    ($kernel:ident) => {
        impl crate::kernel::dispatch::OnGpu for $kernel {
            const FILES: &'static [&'static crate::kernel::dispatch::File] = &[];

            fn supported(&self) -> Result<(), crate::kernel::dispatch::Unsupported> {
                Err(crate::kernel::dispatch::Unsupported::OnlyCpus)
            }

            fn turns(&self, _shapes: &crate::kernel::Shapes) -> usize {
                0
            }

            fn dispatches(
                &self,
                _call: &crate::kernel::dispatch::GpuCall,
            ) -> Vec<crate::kernel::dispatch::Dispatch> {
                Vec::new()
            }
        }
    };
}
pub(crate) use only_for_cpus;

/// One dispatch. The backend binds the call's first and second input to `x` and `y`, its output to `out`.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispatch {
    /// What to run.
    pub shader: Shader,
    /// The words of the shader's `Params`, in whole vectors of four.
    pub params: Vec<u32>,
    /// Bound to `weights` and `bias`.
    pub constants: [Option<ConstantId>; 2],
    /// Which part of the weights: see [`parts`].
    pub part: usize,
    /// Workgroups.
    pub grid: [u32; 3],
}

impl Dispatch {
    /// A dispatch of an entry point of the file that the parameters belong to.
    pub fn new<P: Uniform>(entry: &'static str, params: P, grid: [u32; 3]) -> Self {
        let shader = Shader::new(P::FILE, entry);
        Self { shader, params: params.words(), constants: [None, None], part: 0, grid }
    }

    /// The same with one of the numbers that the file takes as constants.
    pub fn constant(self, name: &'static str, value: usize) -> Self {
        Self { shader: self.shader.constant(name, value), ..self }
    }
}

/// What dispatches depend on in a device.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Numbers that a binding can hold.
    pub room: usize,
    /// How it computes matrix products.
    pub tiling: Tiling,
}

/// What a kernel's dispatches depend on.
#[derive(Clone, Debug)]
pub struct GpuCall<'a> {
    /// The layouts.
    pub shapes: Shapes,
    /// The plan's constants: see [`ConstantId`].
    pub constants: &'a [Arc<[f64]>],
    /// The device.
    pub machine: Machine,
}

impl GpuCall<'_> {
    /// Layout of an input; of the first one, where there is no such input.
    pub fn input(&self, index: usize) -> Layout {
        *self.shapes.inputs.get(index).unwrap_or(&self.shapes.inputs[0])
    }

    /// Layout of the output.
    pub fn output(&self) -> Layout {
        self.shapes.output
    }

    /// Orders that an adjoint has to write: all of the output, or when adding those of the input.
    pub fn adjoint_orders(&self) -> usize {
        if self.shapes.accumulate { self.input(0).degree } else { self.output().degree }
    }

    /// What every `Params` begins with.
    pub fn layouts(&self) -> Layouts {
        Layouts::new(self.input(0), self.input(1), self.output())
    }

    /// Whether it adds, as a word.
    pub fn accumulate(&self) -> u32 {
        u32::from(self.shapes.accumulate)
    }

    /// A power of two near the largest weight, where powers are taken: see `shaders/powers.wgsl`.
    pub fn power_scale(&self, weight: ConstantId, exponent: Exponent) -> f64 {
        match exponent {
            Exponent::One => 1.0,
            Exponent::Order => {
                power_of_two_near(self.constants[weight.0].iter().fold(0.0, |m: f64, w| m.max(w.abs())))
            }
        }
    }

    /// Whether an adjoint takes powers of its weights, as a word.
    pub fn powers(&self, exponent: Exponent) -> u32 {
        u32::from(exponent == Exponent::Order)
    }
}

/// Up to four numbers. Infinite bounds of a clip: the largest numbers do as well, and WGSL has no infinity.
pub(crate) fn four(numbers: Vec<f64>) -> [f32; 4] {
    std::array::from_fn(|i| {
        numbers.get(i).map_or(0.0, |&x| x.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32)
    })
}

/// Workgroups for a number of invocations, folded into two dimensions.
pub fn grid(invocations: usize) -> [u32; 3] {
    let groups = invocations.div_ceil(WORKGROUP as usize).max(1);
    let width = groups.min(32_768);
    [width as u32, groups.div_ceil(width) as u32, 1]
}

/// The rows of a weight matrix, cut into parts that a binding of `room` numbers can hold.
///
/// Few weights are so large; a part is a buffer of its own, and each is a dispatch.
pub fn parts(shape: LinearShape, room: usize) -> impl Iterator<Item = Range<usize>> {
    let rows = (room / shape.inputs.max(1)).clamp(1, shape.outputs.max(1));
    (0..shape.outputs).step_by(rows).map(move |first| first..shape.outputs.min(first + rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_rows() {
        let shape = LinearShape { inputs: 10, outputs: 7 };
        let ends = |room| parts(shape, room).map(|part| part.end).collect::<Vec<_>>();
        assert_eq!(ends(100), [7]);
        assert_eq!(ends(39), [3, 6, 7]);
    }

    #[test]
    fn grids_fold_into_two_dimensions() {
        assert_eq!(grid(0), [1, 1, 1]);
        assert_eq!(grid(257), [2, 1, 1]);
        let [x, y, _] = grid(1 << 30);
        assert!(x <= 65_535 && y <= 65_535 && (x as usize * y as usize) * WORKGROUP as usize >= 1 << 30);
    }
}
