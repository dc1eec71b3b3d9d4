//! Dispatches of `shaders/pool.wgsl`.

use super::{AveragePool, AveragePoolAdjoint, MaxPool, MaxPoolAdjoint};
use crate::geometry::Pool;
use crate::kernel::dispatch::{
    Dispatch, Ends, FUNCTIONS, File, GRADING, GpuCall, OnGpu, Unsupported, Variants, ends, grid, params,
    wgsl, word,
};
use crate::kernel::kink::Grading;
use crate::kernel::{Exponent, Shapes};

const FILE: File = File {
    name: "pool",
    source: wgsl!("pool"),
    includes: &[FUNCTIONS, GRADING],
    entries: &["average_pool", "average_pool_adjoint", "max_pool", "max_pool_adjoint"],
    constants: &["STRIDE_Y", "STRIDE_X", "DILATION_Y", "DILATION_X"],
    examples: &[&[1, 1, 1, 1], &[2, 3, 1, 2]],
    variants: Variants::One,
    params: Params::MEMBERS,
};

params! {
    struct Params of FILE {
        input: [i32; 2],
        output: [i32; 2],
        kernel: [i32; 2],
        pad_begin: [i32; 2],
        counted_begin: [i32; 2],
        counted_end: [i32; 2],
        ends: Ends,
        variables: u32,
        accumulate: u32,
        powers: u32,
    }
}

impl OnGpu for AveragePool {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    fn turns(&self, _shapes: &Shapes) -> usize {
        self.0.window.kernel_size()
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![dispatch(call, "average_pool", &self.0, Grading::One, Exponent::One, call.output().len())]
    }
}

impl OnGpu for AveragePoolAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// A power of the mean for each window that holds a pixel.
    fn turns(&self, shapes: &Shapes) -> usize {
        self.pool.window.most_at_a_pixel() * (shapes.output.degree + 1)
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let elements = call.adjoint_orders() * call.output().rows(1) * call.output().units;
        vec![dispatch(call, "average_pool_adjoint", &self.pool, Grading::One, self.exponent, elements)]
    }
}

impl OnGpu for MaxPool {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// The largest cell, then the kinks; between them a copy of each order.
    fn turns(&self, shapes: &Shapes) -> usize {
        2 * self.0.window.kernel_size() + shapes.output.degree + 1
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        vec![largest(call, &self.0, Grading::One)]
    }
}

impl OnGpu for MaxPoolAdjoint {
    const FILES: &'static [&'static File] = &[&FILE];

    fn supported(&self) -> Result<(), Unsupported> {
        Ok(())
    }

    /// For each window that holds a pixel its largest cell, those as large, and the orders if it is the pixel.
    fn turns(&self, shapes: &Shapes) -> usize {
        let degree = shapes.output.degree;
        self.0.window.most_at_a_pixel() * (3 * self.0.window.kernel_size() + degree + 1) + degree
    }

    fn dispatches(&self, call: &GpuCall) -> Vec<Dispatch> {
        let output = call.output();
        let series = output.rows(1) * output.units;
        vec![dispatch(call, "max_pool_adjoint", &self.0, Grading::One, Exponent::One, series)]
    }
}

/// Max pooling of series of one variable or several.
pub(in crate::kernel) fn largest(call: &GpuCall, pool: &Pool, grading: Grading) -> Dispatch {
    let output = call.output();
    let series = output.rows(output.degree.min(1)) * output.units;
    dispatch(call, "max_pool", pool, grading, Exponent::One, series)
}

fn dispatch(
    call: &GpuCall,
    entry: &'static str,
    pool: &Pool,
    grading: Grading,
    exponent: Exponent,
    invocations: usize,
) -> Dispatch {
    let window = &pool.window;
    let [[stride_y, stride_x], [dilation_y, dilation_x]] = [window.stride, window.dilation];
    let end = |axis: usize| {
        let pad = if pool.count_include_pad { window.pad_end[axis] } else { 0 };
        window.pad_begin[axis] + window.input[axis] + pad
    };
    let pair = |pair: [usize; 2]| pair.map(|size| size as i32);
    let params = Params {
        layouts: call.layouts(),
        input: pair(window.input),
        output: pair(window.output),
        kernel: pair(window.kernel),
        pad_begin: pair(window.pad_begin),
        counted_begin: pair(if pool.count_include_pad { [0, 0] } else { window.pad_begin }),
        counted_end: pair([end(0), end(1)]),
        ends: ends(grading),
        variables: word(grading.variables()),
        accumulate: call.accumulate(),
        powers: call.powers(exponent),
    };
    Dispatch::new(entry, params, grid(invocations))
        .constant("STRIDE_Y", stride_y)
        .constant("STRIDE_X", stride_x)
        .constant("DILATION_Y", dilation_y)
        .constant("DILATION_X", dilation_x)
}
