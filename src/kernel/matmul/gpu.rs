//! Dispatches of `shaders/matmul.wgsl`.

use super::{Factor, MatMul, MatMulAdjoint};
use crate::geometry::MatMulShape;
use crate::kernel::Shapes;
use crate::kernel::dispatch::{
    Dispatch, File, GpuCall, MONOMIALS, OnGpu, Product, Unsupported, Variants, params, turns_of_product,
    wgsl, word,
};

const FILE: File = File {
    name: "matmul",
    source: wgsl!("matmul"),
    includes: &[MONOMIALS],
    entries: &["matmul", "matmul_adjoint"],
    constants: &["MIXED", "SIDE"],
    examples: &[&[0, 0], &[1, 0], &[0, 1], &[0, 2]],
    variants: Variants::PerTiling,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        groups: u32,
        rows: u32,
        inner: u32,
        columns: u32,
        monomials: u32,
        accumulate: u32,
    }
}

impl OnGpu for MatMul {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        self.variables.as_ref().map_or(Ok(()), |variables| variables.supported())
    }

    /// A product for each pair of coefficients.
    fn turns(&self, shapes: &Shapes) -> usize {
        let highest = shapes.output.degree;
        let pairs = match &self.variables {
            None => highest + 1,
            Some(variables) => 2 + 2 * variables.monomials.products(highest).len(),
        };
        turns_of_product(self.shape.inner).saturating_mul(pairs)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let monomials = self.variables.as_ref().map_or(1, |v| word(v.monomials.blocks() + 1));
        let params = Params { monomials, ..params(call, self.shape) };
        let product = Product {
            entry: "matmul",
            adjoint: false,
            size: [self.shape.rows, self.shape.columns],
            layers: call.output().total_rows() * self.shape.groups,
            conv: None,
        };
        let mut dispatch = product
            .dispatch(call.machine.tiling, params)
            .constant("MIXED", usize::from(self.variables.is_some()))
            .constant("SIDE", 0);
        dispatch.constants[0] = self.variables.as_ref().map(|variables| variables.table);
        vec![dispatch]
    }
}

impl OnGpu for MatMulAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// A product for each pair of coefficients.
    fn turns(&self, shapes: &Shapes) -> usize {
        let depth = match self.factor {
            Factor::Left => self.shape.columns,
            Factor::Right => self.shape.rows,
        };
        turns_of_product(depth).saturating_mul(shapes.output.degree)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let (size, side) = match self.factor {
            Factor::Left => ([self.shape.rows, self.shape.inner], 1),
            Factor::Right => ([self.shape.inner, self.shape.columns], 2),
        };
        let product = Product {
            entry: "matmul_adjoint",
            adjoint: false,
            size,
            layers: call.output().total_rows() * self.shape.groups,
            conv: None,
        };
        let dispatch = product.dispatch(call.machine.tiling, params(call, self.shape));
        vec![dispatch.constant("MIXED", 0).constant("SIDE", side)]
    }
}

fn params(call: &GpuCall, shape: MatMulShape) -> Params {
    Params {
        layouts: call.layouts(),
        groups: word(shape.groups),
        rows: word(shape.rows),
        inner: word(shape.inner),
        columns: word(shape.columns),
        monomials: 1,
        accumulate: call.accumulate(),
    }
}
