//! Matrix products of two values, one for each of some groups: attention, above all.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use crate::geometry::MatMulShape;
pub use cpu::matmul;

use super::multivariate::Variables;
use super::{Call, Constant, Definition, Orders, Shapes};
use crate::packing;
use crate::scalar::Scalar;

/// `Y = A B` in each group, of series.
#[derive(Clone, Debug, PartialEq)]
pub struct MatMul {
    /// Shapes of the matrices.
    pub shape: MatMulShape,
    /// The variables, where there are several.
    pub variables: Option<Variables>,
}

impl MatMul {
    /// Products of coefficients that a series of the result takes.
    fn pairs(&self, shapes: &Shapes) -> f64 {
        let degree = shapes.output.degree;
        let of = |order: usize| match &self.variables {
            None => cpu::orders(order, shapes.inputs[0].degree, shapes.inputs[1].degree).count(),
            Some(variables) if order > 0 => 2 + 2 * variables.monomials.products(order).len(),
            Some(_) => 1,
        };
        (0..=degree).map(of).sum::<usize>() as f64
    }
}

impl Definition for MatMul {
    const NAME: &'static str = "matmul";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        self.variables.iter().map(|variables| Constant::whole(variables.table)).collect()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        packing::elements(self.shape.rows, self.shape.inner, self.shape.columns)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        2.0 * shapes.output.series() * self.shape.inner as f64 * self.pairs(shapes)
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let monomials = self.variables.as_ref().map(|variables| &*variables.monomials);
        let &mut Call { inputs, ref mut output, parallel, .. } = call;
        cpu::matmul(self.shape, monomials, inputs[0], inputs[1], output, parallel);
    }
}
