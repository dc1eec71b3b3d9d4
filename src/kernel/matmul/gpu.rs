//! Dispatches of `shaders/matmul.wgsl`.

use super::MatMul;
use crate::kernel::Shapes;
use crate::kernel::dispatch::{
    Dispatch, File, GpuCall, MONOMIALS, OnGpu, Product, Unsupported, Variants, params, turns_of_product,
    wgsl, word,
};

const FILE: File = File {
    name: "matmul",
    source: wgsl!("matmul"),
    includes: &[MONOMIALS],
    entries: &["matmul"],
    constants: &["MIXED"],
    examples: &[&[0], &[1]],
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
        let params = Params {
            layouts: call.layouts(),
            groups: word(self.shape.groups),
            rows: word(self.shape.rows),
            inner: word(self.shape.inner),
            columns: word(self.shape.columns),
            monomials: self.variables.as_ref().map_or(1, |v| word(v.monomials.blocks() + 1)),
        };
        let product = Product {
            entry: "matmul",
            adjoint: false,
            size: [self.shape.rows, self.shape.columns],
            layers: call.output().total_rows() * self.shape.groups,
            conv: None,
        };
        let mut dispatch = product
            .dispatch(call.machine.tiling, params)
            .constant("MIXED", usize::from(self.variables.is_some()));
        dispatch.constants[0] = self.variables.as_ref().map(|variables| variables.table);
        vec![dispatch]
    }
}
