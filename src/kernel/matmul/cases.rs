//! Products of two values: rows and columns around tiles of 8, 64 and 128, several groups, inputs of lower degree, series in several variables.

use std::sync::Arc;

use hope::kernel::ConstantId;
use hope::kernel::matmul::{Factor, MatMul, MatMulAdjoint, MatMulShape};
use hope::kernel::multivariate::Variables;
use hope::monomials::Monomials;

use crate::kernels::case::{CHUNKS, Case, Chunk, Tolerance, value};

/// Sums of up to 17 times 40 products.
const TOLERANCE: Tolerance = Tolerance { f64: 1e-13, f32: 2e-5 };

/// Groups, rows, inner, columns.
const SHAPES: [[usize; 4]; 6] =
    [[1, 1, 1, 1], [3, 5, 7, 4], [2, 17, 3, 33], [1, 65, 2, 9], [2, 9, 40, 130], [4, 2, 16, 3]];

/// Variables, degree, samples, lanes.
const MIXED: [[usize; 4]; 4] = [[1, 4, 2, 1], [2, 3, 1, 2], [3, 2, 3, 1], [5, 1, 1, 3]];

fn shape([groups, rows, inner, columns]: [usize; 4]) -> MatMulShape {
    MatMulShape { groups, rows, inner, columns }
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (i, chunk) in CHUNKS.into_iter().enumerate() {
        let n = chunk.degree;
        let mut degrees = vec![[n, n], [n, 0], [0, n], [1.min(n), n / 2], [n / 2, 1.min(n)]];
        degrees.dedup();
        for (j, of) in degrees.into_iter().enumerate() {
            cases.push(of_rays(SHAPES[(i + j) % SHAPES.len()], chunk, of));
        }
    }
    for (i, chunk) in CHUNKS.into_iter().filter(|chunk| chunk.degree > 0).enumerate() {
        let n = chunk.degree;
        for (j, of) in [[n - 1, n], [0, n], [n - 1, 1]].into_iter().enumerate() {
            for (k, factor) in [Factor::Left, Factor::Right].into_iter().enumerate() {
                let case = adjoint(SHAPES[(i + 2 * j + k) % SHAPES.len()], factor, chunk, of);
                cases.push(if (i + j) % 2 == 0 { case } else { case.accumulating() });
            }
        }
    }
    let chunk = Chunk { samples: 2, lanes: 3, degree: 2 };
    cases.extend(SHAPES.map(|sizes| of_rays(sizes, chunk, [2, 2])));
    for (i, [variables, degree, samples, lanes]) in MIXED.into_iter().enumerate() {
        let monomials = Monomials::new(variables, degree).unwrap();
        for (j, of) in [[degree, degree], [1, degree], [0, degree], [1, 1]].into_iter().enumerate() {
            cases.push(mixed(SHAPES[(i + j) % SHAPES.len()], &monomials, [samples, lanes], of));
        }
    }
    cases
}

fn name(sizes: [usize; 4], chunk: &str, of: [usize; 2]) -> String {
    let [groups, rows, inner, columns] = sizes;
    format!("matmul::{groups}x{rows}x{inner}x{columns}-{chunk}-of{}and{}", of[0], of[1])
}

fn of_rays(sizes: [usize; 4], chunk: Chunk, of: [usize; 2]) -> Case {
    let kernel = MatMul { shape: shape(sizes), variables: None };
    let [groups, rows, inner, columns] = sizes;
    let degree = (of[0] + of[1]).min(chunk.degree);
    let output = value(groups * rows * columns, degree, true);
    Case::new(name(sizes, &chunk.name(), of), kernel, chunk, output, TOLERANCE)
        .plain_input(value(groups * rows * inner, of[0], true))
        .plain_input(value(groups * inner * columns, of[1], true))
}

/// `of` is the degree of the other factor, and the blocks of the product's adjoint.
fn adjoint(sizes: [usize; 4], factor: Factor, chunk: Chunk, of: [usize; 2]) -> Case {
    let kernel = MatMulAdjoint { shape: shape(sizes), factor };
    let [groups, rows, inner, columns] = sizes;
    let (units, other) = match factor {
        Factor::Left => (rows * inner, inner * columns),
        Factor::Right => (inner * columns, rows * inner),
    };
    let name = name(sizes, &chunk.name(), of).replace("matmul::", &format!("matmul_adjoint::{factor:?}-"));
    Case::new(name, kernel, chunk, value(groups * units, chunk.degree, false), TOLERANCE)
        .plain_input(value(groups * other, of[0], true))
        .plain_input(value(groups * rows * columns, of[1], false))
}

fn mixed(
    sizes: [usize; 4],
    monomials: &Arc<Monomials>,
    [samples, lanes]: [usize; 2],
    of: [usize; 2],
) -> Case {
    let variables = Variables { monomials: monomials.clone(), table: ConstantId(0) };
    let kernel = MatMul { shape: shape(sizes), variables: Some(variables) };
    let [groups, rows, inner, columns] = sizes;
    let chunk = Chunk { samples, lanes, degree: monomials.blocks() };
    let blocks = of.map(|degree| monomials.blocks_to(degree));
    let output = monomials.blocks_to((of[0] + of[1]).min(monomials.order()));
    let (vars, order) = (monomials.variables(), monomials.order());
    let of_chunk = format!("{vars}vars-order{order}-{samples}x{lanes}");
    Case::new(
        name(sizes, &of_chunk, of),
        kernel,
        chunk,
        value(groups * rows * columns, output, true),
        TOLERANCE,
    )
    .plain_input(value(groups * rows * inner, blocks[0], true))
    .plain_input(value(groups * inner * columns, blocks[1], true))
    .in_variables(monomials)
}
