//! Dispatches of `shaders/compose_mixed.wgsl` and `shaders/multivariate.wgsl`.

use super::{ComposeMixed, DivideMixed, MaxPoolMixed, MultiplyMixed, Relative, Variables};
use crate::kernel::Shapes;
use crate::kernel::dispatch::{
    Dispatch, Ends, FUNCTIONS, File, GRADING, GpuCall, MONOMIALS, OnGpu, SERIES, Unsupported, Variants, ends,
    four, grid, params, wgsl, word,
};
use crate::kernel::kink::Grading;
use crate::kernel::pool;

const COMPOSE: File = File {
    name: "compose_mixed",
    source: wgsl!("compose_mixed"),
    includes: &[FUNCTIONS, SERIES, GRADING, MONOMIALS],
    entries: &["compose_mixed"],
    constants: &["TERMS", "KINKS"],
    examples: &[&[0, 0], &[1, 1], &[2, 2], &[5, 0], &[16, 2]],
    variants: Variants::PerActivation,
    params: ComposeParams::MEMBERS,
};

const FILE: File = File {
    name: "multivariate",
    source: wgsl!("multivariate"),
    includes: &[FUNCTIONS, MONOMIALS],
    entries: &["multiply_mixed", "divide_mixed", "relative"],
    constants: &[],
    examples: &[&[]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct ComposeParams of COMPOSE {
        parameters: [f32; 4],
        kink_values: [f32; 4],
        ends: Ends,
        monomials: u32,
        variables: u32,
    }
}

params! {
    struct Params of FILE {
        monomials: u32,
        axis: u32,
    }
}

impl Variables {
    /// Whether shaders can read the table: it is of floats, which hold integers to 2^24.
    pub(in crate::kernel) fn supported(&self) -> Result<(), Unsupported> {
        let blocks = self.monomials.blocks();
        let products: usize = (0..=blocks).map(|monomial| self.monomials.products(monomial).len()).sum();
        if products < 1 << 24 { Ok(()) } else { Err(Unsupported::TooManyProducts) }
    }

    fn turns(&self, shapes: &Shapes) -> usize {
        self.products(shapes) as usize + shapes.output.degree
    }
}

impl OnGpu for ComposeMixed {
    const FILES: &'static [&'static File] = &[&COMPOSE];

    fn supported(&self) -> Result<(), Unsupported> {
        self.variables.supported()
    }

    /// The products of each stage.
    fn turns(&self, shapes: &Shapes) -> usize {
        let terms = self.terms(self.variables.monomials.degree(shapes.output.degree));
        terms * self.variables.turns(shapes)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let Variables { monomials, table } = &self.variables;
        let output = call.output();
        let params = ComposeParams {
            layouts: call.layouts(),
            parameters: four(self.function.parameters()),
            kink_values: four(self.function.kinks()),
            ends: ends(Grading::Several(monomials)),
            monomials: word(monomials.blocks() + 1),
            variables: word(monomials.variables()),
        };
        let series = output.rows(output.degree.min(1)) * output.units;
        let mut dispatch = Dispatch::new("compose_mixed", params, grid(series))
            .constant("TERMS", self.terms(monomials.degree(output.degree)))
            .constant("KINKS", self.function.kinks().len());
        dispatch.shader.activation = Some(self.function.name());
        dispatch.constants[0] = Some(*table);
        vec![dispatch]
    }
}

impl OnGpu for MultiplyMixed {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        self.0.supported()
    }

    fn turns(&self, shapes: &Shapes) -> usize {
        self.0.turns(shapes)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![pairwise(call, "multiply_mixed", &self.0)]
    }
}

impl OnGpu for DivideMixed {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        self.0.supported()
    }

    fn turns(&self, shapes: &Shapes) -> usize {
        self.0.turns(shapes)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![pairwise(call, "divide_mixed", &self.0)]
    }
}

fn pairwise(call: &GpuCall, entry: &'static str, variables: &Variables) -> Dispatch {
    let output = call.output();
    let params =
        Params { layouts: call.layouts(), monomials: word(variables.monomials.blocks() + 1), axis: 1 };
    let series = output.rows(output.degree.min(1)) * output.units;
    let constants = [Some(variables.table), None];
    Dispatch { constants, ..Dispatch::new(entry, params, grid(series)) }
}

impl OnGpu for MaxPoolMixed {
    const FILES: &'static [&'static File] = pool::MaxPool::FILES;

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// The largest cell, the series of its equals, then the kinks; between them a copy of each block.
    fn turns(&self, shapes: &Shapes) -> usize {
        pool::MaxPool(self.pool.clone()).turns(shapes)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![pool::largest(call, &self.pool, Grading::Several(&self.variables.monomials))]
    }
}

impl OnGpu for Relative {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        2 * self.axis
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let output = call.output();
        let params = Params { layouts: call.layouts(), monomials: 1, axis: word(self.axis) };
        let groups = output.total_rows() * (output.units / self.axis);
        vec![Dispatch::new("relative", params, grid(groups))]
    }
}
