//! Sums, scaling, products and quotients.

use hope::kernel::arithmetic::{
    Affine, AffineAdjoint, Copy, Divide, DivideAdjoint, Multiply, MultiplyAdjoint,
};
use hope::kernel::{ConstantId, Exponent, Kernel, PerUnitId};

use crate::kernels::case::{CHUNKS, Case, Chunk, EXPONENTS, Tolerance, value};

/// One rounding or two; powers of the scale to the 16th.
const LINEAR: Tolerance = Tolerance { f64: 1e-14, f32: 2e-6 };

/// Sums of up to 17 products.
const MULTIPLY: Tolerance = Tolerance { f64: 1e-14, f32: 1e-6 };

/// Each order from all orders before.
const DIVIDE: Tolerance = Tolerance { f64: 1e-12, f32: 1e-5 };

/// Units, distinct constants, neighbouring units that share one.
const CONSTANTS: [(usize, usize, usize); 6] =
    [(1, 1, 1), (63, 1, 1), (65, 65, 1), (129, 43, 3), (24, 3, 4), (257, 257, 1)];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (i, chunk) in CHUNKS.into_iter().enumerate() {
        for j in 0..3 {
            let (units, count, inner) = CONSTANTS[(i + 2 * j) % CONSTANTS.len()];
            cases.push(affine(units, count, inner, chunk, j != 1, j != 2));
            if chunk.degree > 0 {
                let degree = if j == 0 { chunk.degree } else { chunk.degree.div_ceil(2) };
                for exponent in EXPONENTS {
                    let sizes = [units, count, inner];
                    cases.push(affine_adjoint(sizes, chunk, degree, j != 2, exponent));
                    cases.push(affine_adjoint(sizes, chunk, degree, j != 1, exponent).accumulating());
                }
            }
        }
        for primal in [true, false] {
            let units = CONSTANTS[i % CONSTANTS.len()].0;
            for degree in [chunk.degree, chunk.degree / 2] {
                if degree > 0 || primal {
                    cases.push(copy(units, chunk, degree, primal));
                    cases.push(copy(units, chunk, degree, primal).accumulating());
                }
            }
        }
        // Full series; one constant; the product's degree is the sum of the factors', or less.
        let n = chunk.degree;
        let mut degrees = vec![(n, n), (0, n), (n, 0), (n.div_ceil(2), n / 2)];
        degrees.dedup();
        for (j, (a, b)) in degrees.into_iter().enumerate() {
            let units = CONSTANTS[(i + j) % CONSTANTS.len()].0;
            cases.push(pairwise(Multiply, units, chunk, a, b));
            cases.push(pairwise(Divide, units, chunk, a, b));
        }
        if let Some(below) = n.checked_sub(1) {
            let units = CONSTANTS[i % CONSTANTS.len()].0;
            for [b, z] in [[below, n], [0, 1], [below / 2, n.div_ceil(2)]] {
                let negative = b > 0;
                cases.push(passing(MultiplyAdjoint { negative }, units, chunk, b, z));
                cases.push(
                    passing(MultiplyAdjoint { negative: !negative }, units, chunk, b, z).accumulating(),
                );
                cases.push(passing(DivideAdjoint, units, chunk, b, z));
            }
            cases.push(passing(DivideAdjoint, units, chunk, below, n).accumulating());
        }
        if n > 2 {
            cases.push(limits(CONSTANTS[i % CONSTANTS.len()].0, chunk));
        }
    }
    cases
}

/// The constants' numbers, if wanted: the first constants of a case are factors, the second summands.
fn per_unit(id: usize, inner: usize, wanted: bool) -> Option<PerUnitId> {
    wanted.then_some(PerUnitId { values: ConstantId(id), inner })
}

fn affine(units: usize, count: usize, inner: usize, chunk: Chunk, scale: bool, shift: bool) -> Case {
    let kernel = Affine { scale: per_unit(0, inner, scale), shift: per_unit(1, inner, shift) };
    let which = ["", "shift", "scale", "both"][usize::from(shift) + 2 * usize::from(scale)];
    let name = format!("affine::{which}-{units}by{count}x{inner}-{}", chunk.name());
    Case::new(name, kernel, chunk, value(units, chunk.degree, true), LINEAR)
        .plain_input(value(units, chunk.degree, true))
        .constant(count, (-1.5, 1.5))
        .constant(count, (-1.5, 1.5))
}

fn affine_adjoint(
    [units, count, inner]: [usize; 3],
    chunk: Chunk,
    degree: usize,
    scale: bool,
    exponent: Exponent,
) -> Case {
    let kernel = AffineAdjoint { scale: per_unit(0, inner, scale), exponent };
    let which = if scale { "scale" } else { "none" };
    let name =
        format!("affine_adjoint::{which}-{units}by{count}x{inner}-{}-of{degree}-{exponent:?}", chunk.name());
    Case::new(name, kernel, chunk, value(units, chunk.degree, false), LINEAR)
        .plain_input(value(units, degree, false))
        .constant(count, (-1.5, 1.5))
}

fn copy(units: usize, chunk: Chunk, degree: usize, primal: bool) -> Case {
    let kind = if primal { "value" } else { "adjoint" };
    let name = format!("copy::{kind}-{units}-{}-of{degree}", chunk.name());
    Case::new(name, Copy, chunk, value(units, chunk.degree, primal), LINEAR)
        .plain_input(value(units, degree, primal))
}

fn pairwise(kernel: impl Into<Kernel>, units: usize, chunk: Chunk, a: usize, b: usize) -> Case {
    let kernel = kernel.into();
    let (name, tolerance) = match kernel {
        Kernel::Multiply(_) => ("multiply", MULTIPLY),
        _ => ("divide", DIVIDE),
    };
    let name = format!("{name}::{units}-{}-of{a}and{b}", chunk.name());
    Case::new(name, kernel, chunk, value(units, chunk.degree, true), tolerance)
        .input(value(units, a, true), (-1.0, 1.0), 0.7)
        .input(value(units, b, true), (1.0, 2.0), 0.7)
}

/// What passes to a factor, or a numerator.
fn passing(kernel: impl Into<Kernel>, units: usize, chunk: Chunk, b: usize, z: usize) -> Case {
    let kernel = kernel.into();
    let (name, tolerance) = match kernel {
        Kernel::MultiplyAdjoint(MultiplyAdjoint { negative: true }) => {
            ("multiply_adjoint::negative", MULTIPLY)
        }
        Kernel::MultiplyAdjoint(_) => ("multiply_adjoint::plain", MULTIPLY),
        _ => ("divide_adjoint::plain", DIVIDE),
    };
    let name = format!("{name}-{units}-{}-of{b}and{z}", chunk.name());
    Case::new(name, kernel, chunk, value(units, chunk.degree, false), tolerance)
        .input(value(units, b, true), (1.0, 2.0), 0.7)
        .input(value(units, z, false), (-1.0, 1.0), 0.7)
}

/// Quotients of which every second is 0/0, with the same limit along all rays.
fn limits(units: usize, chunk: Chunk) -> Case {
    let name = format!("divide::limits-{units}-{}", chunk.name());
    let mut case = Case::new(name, Divide, chunk, value(units, chunk.degree, true), DIVIDE)
        .input(value(units, 2, true), (-1.0, 1.0), 0.7)
        .input(value(units, 2, true), (1.0, 2.0), 0.7);
    let layout = case.layout(0);
    for at in (0..layout.len()).filter(|at| (at % units).is_multiple_of(2)) {
        let order = (0..=2).find(|&order| layout.block(order).contains(&at));
        match order {
            Some(0) => case.data.iter_mut().for_each(|data| data[at] = 0.0),
            Some(1) => {
                case.data[1][at] = f64::from((1.0 + 0.25 * case.data[1][at]) as f32);
                case.data[0][at] = 0.5 * case.data[1][at];
            }
            _ => {}
        }
    }
    case
}
