//! From a step of a plan to the dispatches that run it: shader, parameters, bindings, grid.
//!
//! The number of dispatches of a step is fixed: it depends neither on the size of the chunk nor on the order.

mod arithmetic;
mod conv;
mod elementwise;
mod linear;
mod pool;
mod reduction;
#[cfg(test)]
mod sizes;
pub(super) mod strided;

use std::ops::Range;

use super::tiling::{Tile, Tiling, Window};
use crate::kernels::Layout;
use crate::kernels::linear::LinearShape;
use crate::plan::{ConstantId, Kernel, Plan, Step, ValueId};

/// Invocations of a workgroup of the kernels that number their invocations in one dimension.
pub(super) const WORKGROUP: u32 = 256;

/// Which compiled shader: a file, an entry point, and what the file includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Shader {
    /// File in `shaders/`, without extension.
    pub file: &'static str,
    /// Its entry point.
    pub entry: &'static str,
    /// Name of the elementwise function that it includes.
    pub activation: Option<&'static str>,
    /// How its matrix product is computed.
    pub tile: Option<Tile>,
    /// What it knows when it is compiled; `shader.rs` has the names.
    pub known: Known,
}

/// Numbers that a shader has as constants, the degrees of its series above all, so that loops over orders can be unrolled; zero where
/// it has fewer.
pub(super) type Known = [u32; 6];

impl Shader {
    /// An entry point of a file that includes nothing.
    pub const fn plain(file: &'static str, entry: &'static str) -> Self {
        Self { file, entry, activation: None, tile: None, known: [0; 6] }
    }

    /// The same with these constants.
    pub fn knowing<const N: usize>(mut self, known: [usize; N]) -> Self {
        for (to, number) in self.known.iter_mut().zip(known) {
            *to = number as u32;
        }
        self
    }

    /// Name for people: the kernel, and the function that it applies.
    pub fn name(&self) -> String {
        match self.activation {
            None => self.entry.into(),
            Some(function) => format!("{} {function}", self.entry),
        }
    }
}

/// One dispatch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dispatch {
    pub shader: Shader,
    /// The words of the shader's `Params`, in order.
    pub params: Params,
    /// Bound to `x` and `y`.
    pub inputs: [Option<ValueId>; 2],
    /// Bound to `weights` and `bias`.
    pub constants: [Option<ConstantId>; 2],
    /// Which part of the weights: see [`parts`].
    pub part: usize,
    /// Bound to `out`.
    pub output: ValueId,
    /// Workgroups.
    pub grid: [u32; 3],
}

impl Dispatch {
    /// The same with these constants: see [`Shader::known`].
    pub fn knowing<const N: usize>(self, known: [usize; N]) -> Self {
        Self { shader: self.shader.knowing(known), ..self }
    }
}

/// The words of a uniform buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Params(pub Vec<u32>);

impl Params {
    /// Starts with the three layouts that every `Params` begins with.
    pub fn new(x: Layout, y: Layout, out: Layout) -> Self {
        let mut params = Self::default();
        for layout in [x, y, out] {
            for word in
                [layout.samples, layout.lanes, layout.units, layout.degree, usize::from(layout.primal)]
            {
                params.push(word);
            }
            params.0.extend([0; 3]);
        }
        params
    }

    /// Appends an integer. Chunks are cut so that all counts fit 32 bits.
    pub fn push(&mut self, word: usize) {
        self.0.push(word as u32);
    }

    /// Appends a flag.
    pub fn flag(&mut self, flag: bool) {
        self.0.push(u32::from(flag));
    }

    /// Appends a signed integer.
    pub fn signed(&mut self, word: isize) {
        self.0.push(word as i32 as u32);
    }

    /// Appends a number.
    pub fn float(&mut self, number: f64) {
        self.0.push((number as f32).to_bits());
    }
}

/// Workgroups for a number of invocations, folded into two dimensions.
pub(super) fn grid(invocations: usize) -> [u32; 3] {
    let groups = invocations.div_ceil(WORKGROUP as usize).max(1);
    let width = groups.min(32_768);
    [width as u32, groups.div_ceil(width) as u32, 1]
}

/// The rows of a weight matrix, cut into parts that a binding of `room` numbers can hold.
///
/// Few weights are so large; a part is a buffer of its own, and each is a dispatch.
pub(super) fn parts(shape: LinearShape, room: usize) -> impl Iterator<Item = Range<usize>> {
    let rows = (room / shape.inputs.max(1)).clamp(1, shape.outputs.max(1));
    (0..shape.outputs).step_by(rows).map(move |first| first..shape.outputs.min(first + rows))
}

/// A power of two near the largest weight: see `shaders/powers.wgsl`.
fn power_scale(weights: &[f64]) -> f64 {
    crate::kernels::power_of_two_near(weights.iter().fold(0.0, |m: f64, w| m.max(w.abs())))
}

/// What dispatches depend on in a device.
#[derive(Clone, Copy, Debug)]
pub(super) struct Machine {
    /// Numbers that a binding can hold.
    pub room: usize,
    /// How it computes matrix products.
    pub tiling: Tiling,
}

/// A step in a chunk of some size.
pub(super) struct Call<'a> {
    pub plan: &'a Plan,
    pub step: &'a Step,
    pub samples: usize,
    pub lanes: usize,
    pub machine: Machine,
}

impl Call<'_> {
    /// Layout of an input; of the first one, where there is no such input.
    pub fn input(&self, index: usize) -> Layout {
        let id = self.step.inputs.get(index).unwrap_or(&self.step.inputs[0]);
        self.plan.layout(*id, self.samples, self.lanes)
    }

    /// Orders that an adjoint step has to write: all of the output, or when adding those of the input.
    pub fn adjoint_orders(&self) -> usize {
        if self.step.accumulate { self.input(0).degree } else { self.output().degree }
    }

    pub fn output(&self) -> Layout {
        self.plan.layout(self.step.output, self.samples, self.lanes)
    }

    /// The words that every `Params` begins with.
    pub fn params(&self) -> Params {
        Params::new(self.input(0), self.input(1), self.output())
    }

    /// A dispatch on the step's inputs and output, without constants.
    pub fn dispatch(
        &self,
        file: &'static str,
        entry: &'static str,
        params: Params,
        grid: [u32; 3],
    ) -> Dispatch {
        Dispatch {
            shader: Shader::plain(file, entry),
            params,
            inputs: [self.step.inputs.first().copied(), self.step.inputs.get(1).copied()],
            constants: [None, None],
            part: 0,
            output: self.step.output,
            grid,
        }
    }

    /// A dispatch of a matrix product.
    pub fn product(&self, file: &'static str, product: Product, params: Params) -> Dispatch {
        let Product { entry, adjoint, size: [m, n], layers, window } = product;
        let tile = Tile::new(self.machine.tiling, m, adjoint, window);
        let dispatch = self.dispatch(file, entry, params, tile.grid(m, n, layers));
        Dispatch { shader: Shader { tile: Some(tile), ..dispatch.shader }, ..dispatch }
    }
}

/// A matrix product.
#[derive(Clone, Copy)]
pub(super) struct Product {
    entry: &'static str,
    /// Whether it takes powers of the weights, a layer for each.
    adjoint: bool,
    /// Rows and columns.
    size: [usize; 2],
    layers: usize,
    /// Of a convolution.
    window: Option<Window>,
}

/// The dispatches of a step.
pub(super) fn dispatches(
    plan: &Plan,
    step: &Step,
    samples: usize,
    lanes: usize,
    machine: Machine,
) -> Vec<Dispatch> {
    let call = Call { plan, step, samples, lanes, machine };
    match &step.kernel {
        Kernel::Linear { shape, weight, bias } => linear::linear(&call, *shape, *weight, *bias),
        Kernel::LinearOfUnitRays { shape, weight, bias } => {
            linear::linear_of_unit_rays(&call, *shape, *weight, *bias)
        }
        Kernel::Windows { .. } | Kernel::PooledConvAdjoint { .. } => {
            unreachable!("programs are made of portable plans only")
        }
        Kernel::LinearAdjoint { shape, weight } => linear::linear_adjoint(&call, *shape, *weight),
        Kernel::Conv { shape, weight, bias } => conv::conv(&call, shape, *weight, *bias),
        Kernel::ConvAdjoint { shape, weight } => conv::conv_adjoint(&call, shape, *weight),
        Kernel::AveragePool(pool) => pool::average_pool(&call, pool),
        Kernel::AveragePoolAdjoint(pool) => pool::average_pool_adjoint(&call, pool),
        Kernel::MaxPool(pool) => pool::max_pool(&call, pool),
        Kernel::MaxPoolAdjoint(pool) => pool::max_pool_adjoint(&call, pool),
        Kernel::Compose(function) => elementwise::compose(&call, *function),
        Kernel::Bell(function) => elementwise::bell(&call, *function),
        Kernel::Affine { scale, shift } => arithmetic::affine(&call, *scale, *shift),
        Kernel::AffineAdjoint { scale } => arithmetic::affine_adjoint(&call, *scale),
        Kernel::Copy => arithmetic::copy(&call),
        Kernel::Multiply => arithmetic::multiply(&call),
        Kernel::Divide => arithmetic::divide(&call),
        Kernel::Strided { copy, fill } => strided::strided(&call, copy, *fill),
        Kernel::StridedAdjoint(copy) => strided::strided_adjoint(&call, copy),
        Kernel::Reduce { reduction, axis } => reduction::reduce(&call, *reduction, *axis),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activation::{Relu, Tanh};
    use crate::model::{Geometry, Model};
    use crate::plan::{Kernels, Rays, Target};

    fn model() -> Model {
        let mut b = Model::builder(&[2, 6, 6]);
        let x = b.input();
        let square = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
        let h = b.conv(x, &[2, 2, 2, 2], vec![0.25; 16], Some(vec![0.5; 2]), 1, &square).unwrap();
        let h = b.activation(h, Tanh).unwrap();
        let g = b.activation(h, Relu).unwrap();
        let h = b.add(h, g).unwrap();
        let h = b.reshape(h, &[18]).unwrap();
        let y = b.linear(h, &[3, 18], vec![0.1; 54], None).unwrap();
        b.build(y).unwrap()
    }

    fn count(plan: &Plan, samples: usize, lanes: usize) -> usize {
        let machine = Machine { room: 1 << 25, tiling: Tiling::Workgroup };
        plan.steps.iter().map(|step| dispatches(plan, step, samples, lanes, machine).len()).sum()
    }

    #[test]
    fn the_number_of_dispatches_depends_on_the_layers_only() {
        let model = model();
        let exact = |order| Plan::exact(&model, order, Rays::Unit, Kernels::Portable).unwrap();
        let hope = |order| Plan::hope(&model, order, &Target::Input, Kernels::Portable).unwrap();
        for make in [&exact as &dyn Fn(usize) -> Plan, &hope] {
            let least = count(&make(2), 1, 1);
            for (order, samples, lanes) in [(2, 9, 70), (8, 1, 1), (16, 100, 1000)] {
                assert_eq!(count(&make(order), samples, lanes), least);
            }
        }
    }

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
