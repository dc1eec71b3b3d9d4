//! Matrix products: sizes around the tile of 64 x 64 numbers and its strips of 16.

use hope::kernel::linear::{Linear, LinearAdjoint, LinearOfUnitRays, LinearShape};
use hope::kernel::{ConstantId, Exponent};

use crate::kernels::case::{CHUNKS, Case, Chunk, EXPONENTS, Tolerance, value};

/// Sums of up to 257 products, and one of 4096; powers of weights to the 16th.
const TOLERANCE: Tolerance = Tolerance { f64: 1e-13, f32: 1e-5 };

const SIZES: [usize; 6] = [1, 63, 64, 65, 129, 257];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    // One side of the product at a time, and all at once: (rows, outputs, inputs).
    let sides = SIZES.iter().flat_map(|&n| [(n, 65, 17), (7, n, 33), (5, 3, n), (n, n, n)]);
    for (rows, outputs, inputs) in sides {
        let shape = LinearShape { inputs, outputs };
        // Orders 0 and 1 of one sample; the adjoint has no order 0.
        let lanes = rows.max(2) - 1;
        let chunk = Chunk { samples: 1, lanes, degree: usize::from(rows > 1) };
        cases.push(linear(shape, chunk, 1, rows % 2 == 1));
        let chunk = Chunk { samples: 1, lanes: rows, degree: 1 };
        cases.extend(EXPONENTS.map(|exponent| linear_adjoint(shape, chunk, 1, 1, exponent)));
    }
    // (outputs, inputs, positions).
    let shapes = [(65, 63, 1), (3, 67, 3), (1, 5, 7), (33, 1, 1), (17, 129, 2)];
    for (i, chunk) in CHUNKS.into_iter().enumerate() {
        let (outputs, inputs, positions) = shapes[i % shapes.len()];
        let shape = LinearShape { inputs, outputs };
        cases.push(linear(shape, chunk, positions, i % 2 == 0));
        if chunk.degree > 0 {
            for (degree, exponent) in
                [1, chunk.degree].into_iter().flat_map(|degree| EXPONENTS.map(|e| (degree, e)))
            {
                let case = || linear_adjoint(shape, chunk, positions, degree, exponent);
                cases.extend([case(), case().accumulating()]);
            }
        }
    }
    // A long sum.
    cases.push(linear(LinearShape { inputs: 4096, outputs: 2 }, CHUNKS[0], 1, false));
    // Some of all rays of a sample, beginning anywhere.
    for (outputs, inputs, lanes, first) in [(65, 67, 67, 0), (3, 129, 63, 66), (1, 5, 1, 4), (257, 9, 3, 2)] {
        for samples in [1, 5] {
            let case = || linear_of_unit_rays(LinearShape { inputs, outputs }, samples, lanes, first);
            cases.extend([case(), case().with_radii(inputs)]);
        }
    }
    cases
}

fn name(kernel: &str, shape: LinearShape, chunk: Chunk, positions: usize) -> String {
    let LinearShape { inputs, outputs } = shape;
    format!("{kernel}::{outputs}x{inputs}-at{positions}-{}", chunk.name())
}

fn linear(shape: LinearShape, chunk: Chunk, positions: usize, bias: bool) -> Case {
    let kernel = Linear { shape, weight: ConstantId(0), bias: bias.then_some(ConstantId(1)) };
    let output = value(positions * shape.outputs, chunk.degree, true);
    Case::new(name("linear", shape, chunk, positions), kernel, chunk, output, TOLERANCE)
        .plain_input(value(positions * shape.inputs, chunk.degree, true))
        .constant(shape.outputs * shape.inputs, (-1.0, 1.0))
        .constant(shape.outputs, (-1.0, 1.0))
}

fn linear_of_unit_rays(shape: LinearShape, samples: usize, lanes: usize, first: usize) -> Case {
    let kernel = LinearOfUnitRays { shape, weight: ConstantId(0), bias: Some(ConstantId(1)) };
    let chunk = Chunk { samples, lanes, degree: 1 };
    let name = format!("{}-from{first}", name("linear_of_unit_rays", shape, chunk, 1));
    let mut case = Case::new(name, kernel, chunk, value(shape.outputs, 1, true), TOLERANCE)
        .plain_input(value(shape.inputs, 0, true))
        .constant(shape.outputs * shape.inputs, (-1.0, 1.0))
        .constant(shape.outputs, (-1.0, 1.0));
    case.first_lane = first;
    case
}

/// `degree` is that of the adjoint given: the orders above become zero, or stay as they are.
fn linear_adjoint(
    shape: LinearShape,
    chunk: Chunk,
    positions: usize,
    degree: usize,
    exponent: Exponent,
) -> Case {
    let kernel = LinearAdjoint { shape, weight: ConstantId(0), exponent };
    let name = format!("{}-of{degree}-{exponent:?}", name("linear_adjoint", shape, chunk, positions));
    let output = value(positions * shape.inputs, chunk.degree, false);
    // Small weights, as of a trained layer: their powers reach 1e-16.
    Case::new(name, kernel, chunk, output, TOLERANCE)
        .plain_input(value(positions * shape.outputs, degree, false))
        .constant(shape.outputs * shape.inputs, (-0.1, 0.1))
}
