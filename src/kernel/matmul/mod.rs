//! Matrix products of two values, one for each of some groups: attention, above all.

mod cpu;
#[cfg(feature = "gpu")]
mod gpu;

pub use crate::geometry::MatMulShape;
pub use cpu::{matmul, matmul_adjoint};

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

/// A factor of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// The first.
    Left,
    /// The second.
    Right,
}

/// Adjoint of [`MatMul`] with respect to one factor: reads the other factor's series and the adjoint.
#[derive(Clone, Debug, PartialEq)]
pub struct MatMulAdjoint {
    /// Shapes of the matrices of the product.
    pub shape: MatMulShape,
    /// Whose adjoint it gives.
    pub factor: Factor,
}

impl Definition for MatMulAdjoint {
    const NAME: &'static str = "matmul_adjoint";
    const PORTABLE: bool = true;

    fn function(&self) -> Option<&'static str> {
        Some(match self.factor {
            Factor::Left => "left",
            Factor::Right => "right",
        })
    }

    fn constants(&self) -> Vec<Constant> {
        Vec::new()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::All
    }

    fn scratch(&self, _shapes: &Shapes) -> usize {
        let MatMulShape { rows, inner, columns, .. } = self.shape;
        match self.factor {
            Factor::Left => packing::elements(rows, columns, inner),
            Factor::Right => packing::elements(inner, rows, columns),
        }
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        let n = shapes.output.degree as f64;
        shapes.inputs[1].series() * self.shape.inner as f64 * n * (n + 1.0)
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let &mut Call { inputs, ref mut output, accumulate, parallel, .. } = call;
        cpu::matmul_adjoint(self.shape, self.factor, inputs[0], inputs[1], output, accumulate, parallel);
    }
}
