//! What each kernel says of itself, and what it is called with.

use std::sync::Arc;

use faer::Par;

use super::kink::{Kink, Side};
use super::layout::{Layout, Series, SeriesMut};
use crate::geometry::LinearShape;
use crate::scalar::{Scalar, times_two_to};

/// Index of a constant in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ConstantId(pub usize);

/// A constant per unit: see [`Constants`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerUnitId {
    /// The distinct runs.
    pub values: ConstantId,
    /// Neighbouring units that share a value.
    pub inner: usize,
}

/// A constant that a kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    /// Which.
    pub id: ConstantId,
    /// Its shape, if the kernel can be given some of its rows at a time.
    pub rows: Option<LinearShape>,
}

impl Constant {
    /// A constant that has to be there as a whole.
    pub fn whole(id: ConstantId) -> Self {
        Self { id, rows: None }
    }

    /// A weight whose rows may be cut into parts.
    pub fn by_rows(id: ConstantId, shape: LinearShape) -> Self {
        Self { id, rows: Some(shape) }
    }
}

/// What a kernel reads of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orders {
    /// All blocks that there are.
    All,
    /// Block 0.
    Primal,
}

impl Orders {
    /// Numbers of a value that are read.
    pub fn numbers(self, layout: &Layout) -> usize {
        match self {
            Self::All => layout.len(),
            Self::Primal => layout.block(0).len(),
        }
    }
}

/// The layouts of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shapes {
    /// Of each input.
    pub inputs: Vec<Layout>,
    /// Of the output.
    pub output: Layout,
    /// Whether the call adds to the output instead of overwriting it.
    pub accumulate: bool,
}

/// What a kernel says of itself. There are no defaults: what a new kernel leaves out doesn't compile.
pub trait Definition {
    /// Its name, and that of the function in `cpu.rs` that computes it.
    const NAME: &'static str;

    /// Whether every backend has it; the others are for CPUs.
    const PORTABLE: bool;

    /// The function that it applies, where it has a choice of them.
    fn function(&self) -> Option<&'static str>;

    /// The constants that it reads.
    fn constants(&self) -> Vec<Constant>;

    /// What it reads of an input.
    fn reads(&self, input: usize) -> Orders;

    /// Elements of working memory that [`Self::run`] takes beside inputs and output, about.
    fn scratch(&self, shapes: &Shapes) -> usize;

    /// Multiplications and additions, about.
    fn flops(&self, shapes: &Shapes) -> f64;

    /// Computes it, on a CPU.
    fn run<T: Scalar>(&self, call: &mut Call<T>);
}

/// What a kernel computes with on a CPU: views of the inputs and the output in a chunk.
#[derive(Debug)]
pub struct Call<'a, T> {
    /// The inputs.
    pub inputs: &'a [Series<'a, T>],
    /// The output. What it holds before counts only if the call adds to it.
    pub output: SeriesMut<'a, T>,
    /// Add to the output instead of overwriting it.
    pub accumulate: bool,
    /// The plan's constants: see [`ConstantId`].
    pub constants: &'a [Arc<[T]>],
    /// What each (sample, lane) meets, to be noted; none where the plan doesn't ask.
    pub kinks: &'a mut [Kink],
    /// Where the series have to hold.
    pub side: Side,
    /// The lanes as rays along unit vectors, for kernels that know them without being given them.
    pub unit_rays: UnitRays<'a>,
    /// Cores that a matrix product may use.
    pub parallel: Par,
}

/// Rays along the inputs' unit vectors, one for each lane.
#[derive(Clone, Copy, Debug)]
pub struct UnitRays<'a> {
    /// Number of the first lane among all rays.
    pub first: usize,
    /// Which unit vector each lane is, where they aren't in the order of the inputs; else empty.
    pub order: &'a [usize],
    /// Exponents of two: how far t = 1 goes along each unit vector; empty: 1.
    pub exponents: &'a [i16],
}

impl UnitRays<'_> {
    /// Which unit vector a lane is.
    pub fn ray(&self, lane: usize) -> usize {
        self.order.get(lane).copied().unwrap_or(self.first + lane)
    }

    /// How far t = 1 goes along a lane.
    pub fn radius<T: Scalar>(&self, lane: usize) -> T {
        let exponent = self.exponents.get(self.ray(lane)).copied().unwrap_or(0);
        T::of(times_two_to(1.0, exponent.into()))
    }
}

impl<'a, T> Call<'a, T> {
    /// The numbers of a constant.
    pub fn constant(&self, id: ConstantId) -> &'a [T] {
        &self.constants[id.0]
    }

    /// The numbers of a constant, if there is one.
    pub fn optional(&self, id: Option<ConstantId>) -> Option<&'a [T]> {
        id.map(|id| self.constant(id))
    }

    /// A constant per unit, if there is one.
    pub fn per_unit(&self, id: Option<PerUnitId>) -> Option<Constants<'a, T>> {
        id.map(|id| Constants { values: self.constant(id.values), inner: id.inner })
    }
}

/// A constant per unit: unit u has `values[(u / inner) % values.len()]`.
#[derive(Clone, Copy, Debug)]
pub struct Constants<'a, T> {
    /// The distinct runs.
    pub values: &'a [T],
    /// Neighbouring units that share a value.
    pub inner: usize,
}

impl<T: Scalar> Constants<'_, T> {
    /// Calls `f(element, constant)` for each element of whole rows.
    pub(super) fn apply(&self, rows: &mut [T], mut f: impl FnMut(&mut T, T)) {
        if let &[value] = self.values {
            rows.iter_mut().for_each(|y| f(y, value));
            return;
        }
        for (run, &value) in rows.chunks_mut(self.inner).zip(self.values.iter().cycle()) {
            run.iter_mut().for_each(|y| f(y, value));
        }
    }
}
