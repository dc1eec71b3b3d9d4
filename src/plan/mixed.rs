//! The exact method in several variables: truncated multivariate series forward through the graph.
//!
//! The plan is that of rays, with a block for each monomial in place of each order. What is linear needs no other kernel; softmax and
//! normalisations are made of products, quotients and compositions:
//! - softmax: with d = x - x_w, w the largest unit of the group, `exp(d) / Σ exp(d)`; log-softmax `d - log Σ exp(d)`. e_w is exactly 1:
//!   nothing overflows, and where softmax is saturated nothing cancels;
//! - normalisation: with c = x - mean x, `c · (mean c² + ε)^(-1/2)`.

use std::sync::Arc;

use super::{Builder, Kernels, Method, Plan, Rays, ValueId};
use crate::activation::{Activation, Exp, Log, Pow};
use crate::geometry::{Strided, StridedDim};
use crate::kernel::arithmetic::{Affine, Copy};
use crate::kernel::multivariate::{ComposeMixed, DivideMixed, MultiplyMixed, Relative, Variables};
use crate::kernel::strided::StridedCopy;
use crate::kernel::{ConstantId, Kernel, PerUnitId};
use crate::model::{Model, NodeId};
use crate::monomials::Monomials;

pub(super) fn plan(model: &Model, monomials: Arc<Monomials>, kernels: Kernels) -> Plan {
    let mut builder = Builder::new(model, Method::Exact, monomials.order(), kernels);
    // CPUs have the table itself.
    let table = match kernels {
        Kernels::Cpu => Vec::new(),
        Kernels::Portable => monomials.table(),
    };
    builder.plan.constants.push(table.into());
    builder.plan.monomials = Some(monomials);
    builder.forward(builder.plan.order, Rays::Any);
    builder.finish()
}

impl Builder<'_> {
    /// The variables of a plan in several of them.
    pub(super) fn variables(&self) -> Option<Variables> {
        let monomials = self.plan.monomials.clone()?;
        Some(Variables { monomials, table: ConstantId(0) })
    }

    /// Highest degree of a value.
    pub(super) fn degree(&self, id: ValueId) -> usize {
        self.plan.degree(self.plan.values[id.0].degree)
    }

    /// Blocks above block 0 of a series of this degree.
    pub(super) fn blocks(&self, degree: usize) -> usize {
        self.plan.monomials.as_ref().map_or(degree, |monomials| monomials.blocks_to(degree))
    }
}

/// Steps of a node in several variables.
pub(super) struct Mixed<'b, 'a> {
    pub builder: &'b mut Builder<'a>,
    pub node: NodeId,
    pub variables: Variables,
    /// Units of a group.
    pub axis: usize,
}

impl Mixed<'_, '_> {
    /// Softmax or log-softmax over groups.
    pub fn softmax(&mut self, x: ValueId, log: bool) -> ValueId {
        let degree = self.builder.degree(x);
        let d = self.step(Relative { axis: self.axis }, vec![x], self.units(x), degree);
        let e = self.compose(Exp, d);
        let sum = self.sum(e, 1.0);
        if log {
            let log = self.compose(Log, sum);
            self.less(d, log)
        } else {
            let sum = self.spread(sum);
            self.quotient(e, sum)
        }
    }

    /// Normalisation over groups.
    pub fn normalize(&mut self, x: ValueId, epsilon: f64) -> ValueId {
        let share = 1.0 / self.axis as f64;
        let mean = self.sum(x, share);
        let c = self.less(x, mean);
        let square = self.product(c, c);
        let variance = self.sum(square, share);
        let degree = self.builder.degree(variance);
        let epsilon = self.builder.constant(&[epsilon].into());
        let shift = Some(PerUnitId { values: epsilon, inner: 1 });
        let shifted = self.step(Affine { scale: None, shift }, vec![variance], self.units(variance), degree);
        let scale = self.compose(Pow { exponent: -0.5 }, shifted);
        let scale = self.spread(scale);
        self.product(c, scale)
    }

    fn units(&self, id: ValueId) -> usize {
        self.builder.plan.values[id.0].units
    }

    fn order(&self, highest: usize) -> usize {
        if highest > 0 { self.builder.plan.order } else { 0 }
    }

    fn step(
        &mut self,
        kernel: impl Into<Kernel>,
        inputs: Vec<ValueId>,
        units: usize,
        degree: usize,
    ) -> ValueId {
        let output = self.builder.value(units, self.builder.blocks(degree), true);
        self.builder.step(self.node, kernel, inputs, output, false);
        output
    }

    fn compose(&mut self, function: impl Into<Activation>, x: ValueId) -> ValueId {
        let function = function.into();
        let degree = function.degree(self.builder.degree(x), self.builder.plan.order);
        let kernel = ComposeMixed { function, variables: self.variables.clone() };
        self.step(kernel, vec![x], self.units(x), degree)
    }

    fn product(&mut self, a: ValueId, b: ValueId) -> ValueId {
        let degree = (self.builder.degree(a) + self.builder.degree(b)).min(self.builder.plan.order);
        self.step(MultiplyMixed(self.variables.clone()), vec![a, b], self.units(a), degree)
    }

    fn quotient(&mut self, a: ValueId, b: ValueId) -> ValueId {
        let degree = self.order(self.builder.degree(a).max(self.builder.degree(b)));
        self.step(DivideMixed(self.variables.clone()), vec![a, b], self.units(a), degree)
    }

    /// Sum over each group, times a number.
    fn sum(&mut self, x: ValueId, scale: f64) -> ValueId {
        let groups = self.units(x) / self.axis;
        let copy = Strided { scale, ..self.between_groups(groups).adjoint() };
        let degree = self.builder.degree(x);
        self.step(StridedCopy { copy, fill: true }, vec![x], groups, degree)
    }

    /// A number for each group, at each of its units.
    fn spread(&mut self, x: ValueId) -> ValueId {
        let groups = self.units(x);
        let degree = self.builder.degree(x);
        let copy = self.between_groups(groups);
        self.step(StridedCopy { copy, fill: true }, vec![x], groups * self.axis, degree)
    }

    /// Each unit of `x` less the number of its group.
    fn less(&mut self, x: ValueId, number: ValueId) -> ValueId {
        let degree = self.builder.degree(x).max(self.builder.degree(number));
        let y = self.step(Copy, vec![x], self.units(x), degree);
        let copy = Strided { scale: -1.0, ..self.between_groups(self.units(number)) };
        self.builder.step(self.node, StridedCopy { copy, fill: false }, vec![number], y, true);
        y
    }

    /// From a number for each group to all its units.
    fn between_groups(&self, groups: usize) -> Strided {
        let axis = self.axis;
        Strided {
            dims: vec![
                StridedDim { size: groups, input: 1, output: axis as isize },
                StridedDim { size: axis, input: 0, output: 1 },
            ],
            input_offset: 0,
            output_offset: 0,
            scale: 1.0,
            fill: 0.0,
        }
    }
}
