//! Dispatches of `shaders/arithmetic.wgsl`.

use super::{Affine, AffineAdjoint, Copy, Divide, DivideAdjoint, Multiply, MultiplyAdjoint};
use crate::kernel::dispatch::{
    Dispatch, FUNCTIONS, File, GpuCall, OnGpu, Unsupported, Variants, grid, params, wgsl, word,
};
use crate::kernel::{Exponent, PerUnitId, Shapes};

const FILE: File = File {
    name: "arithmetic",
    source: wgsl!("arithmetic"),
    includes: &[FUNCTIONS],
    entries: &[
        "affine",
        "affine_adjoint",
        "copy",
        "multiply",
        "divide",
        "limits",
        "multiply_adjoint",
        "divide_adjoint",
    ],
    constants: &["ORDER", "X_ORDER", "Y_ORDER"],
    examples: &[&[0, 0, 0], &[1, 1, 1], &[2, 2, 1], &[5, 1, 5], &[5, 5, 5], &[16, 16, 1], &[16, 16, 16]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        accumulate: u32,
        scale_inner: u32,
        scale_count: u32,
        shift_inner: u32,
        shift_count: u32,
        powers: u32,
        sign: f32,
    }
}

impl OnGpu for Affine {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        0
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![elementwise(call, "affine", self.scale, self.shift, Exponent::One)]
    }
}

impl OnGpu for AffineAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// Factor by factor.
    fn turns(&self, shapes: &Shapes) -> usize {
        shapes.output.degree
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![elementwise(call, "affine_adjoint", self.scale, None, self.exponent)]
    }
}

impl OnGpu for Copy {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        0
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![elementwise(call, "copy", None, None, Exponent::One)]
    }
}

impl OnGpu for Multiply {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        0
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![pairwise(call, "multiply", 1.0)]
    }
}

impl OnGpu for Divide {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// Where the denominator is 0, leading zeros, and a recurrence of the orders.
    fn turns(&self, shapes: &Shapes) -> usize {
        let orders = shapes.output.degree + 1;
        orders * (orders + 1)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![pairwise(call, "divide", 1.0), pairwise(call, "limits", 1.0)]
    }
}

impl OnGpu for MultiplyAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        0
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![pairwise(call, "multiply_adjoint", if self.negative { -1.0 } else { 1.0 })]
    }
}

impl OnGpu for DivideAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        0
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![pairwise(call, "divide_adjoint", 1.0)]
    }
}

/// An invocation per element: of the input where it is added to the output, else of the whole output. What `multiply` and `divide`
/// know of their series is of no use here: one shader serves all degrees.
fn elementwise(
    call: &GpuCall,
    entry: &'static str,
    scale: Option<PerUnitId>,
    shift: Option<PerUnitId>,
    exponent: Exponent,
) -> Dispatch {
    let written = if call.shapes.accumulate { call.input(0) } else { call.output() };
    let params = Params { powers: call.powers(exponent), ..params(call, scale, shift) };
    let dispatch = Dispatch::new(entry, params, grid(written.len()));
    Dispatch { constants: [scale.map(|c| c.values), shift.map(|c| c.values)], ..knowing(dispatch, [0; 3]) }
}

/// An invocation per series, or per number of block 0 where there are no higher orders.
fn pairwise(call: &GpuCall, entry: &'static str, sign: f32) -> Dispatch {
    let output = call.output();
    let series = output.rows(output.degree.min(1)) * output.units;
    let degrees = [output.degree, call.input(0).degree, call.input(1).degree];
    let params = Params { sign, ..params(call, None, None) };
    knowing(Dispatch::new(entry, params, grid(series)), degrees)
}

fn knowing(dispatch: Dispatch, [order, x, y]: [usize; 3]) -> Dispatch {
    dispatch.constant("ORDER", order).constant("X_ORDER", x).constant("Y_ORDER", y)
}

fn params(call: &GpuCall, scale: Option<PerUnitId>, shift: Option<PerUnitId>) -> Params {
    let inner = |c: Option<PerUnitId>| c.map_or(1, |c| word(c.inner));
    let count = |c: Option<PerUnitId>| c.map_or(0, |c| word(call.constants[c.values.0].len()));
    Params {
        layouts: call.layouts(),
        accumulate: call.accumulate(),
        scale_inner: inner(scale),
        scale_count: count(scale),
        shift_inner: inner(shift),
        shift_count: count(shift),
        powers: 0,
        sign: 1.0,
    }
}
