//! Pooling: overlapping windows and gaps between them, padding that counts or not, overhang, dilation, ties.

use hope::kernel::pool::{AveragePool, AveragePoolAdjoint, MaxPool, MaxPoolAdjoint};
use hope::kernel::{Exponent, Side};
use hope::model::Pool;

use crate::kernels::case::{CHUNKS, Case, Chunk, EXPONENTS, Geometry, POINT, Tolerance, value};

/// Sums of up to 35 numbers; powers of the mean to the 16th.
const AVERAGE: Tolerance = Tolerance { f64: 1e-13, f32: 2e-6 };

/// A selection: only adjoints add, and distances to kinks divide.
const MAX: Tolerance = Tolerance { f64: 1e-14, f32: 1e-6 };

const SHAPES: &[(usize, Geometry)] = &[
    (3, Geometry { name: "squares", input: [6, 8], kernel: [2, 2], stride: [2, 2], ..POINT }),
    (
        2,
        Geometry {
            name: "overlapping",
            input: [6, 7],
            kernel: [3, 3],
            pad_begin: [1, 1],
            pad_end: [1, 1],
            ..POINT
        },
    ),
    (
        3,
        Geometry {
            name: "asymmetric",
            input: [7, 9],
            kernel: [3, 2],
            stride: [2, 1],
            dilation: [2, 3],
            pad_begin: [2, 0],
            pad_end: [1, 1],
            ceil: false,
        },
    ),
    (
        2,
        Geometry {
            name: "overhang",
            input: [7, 8],
            kernel: [3, 3],
            stride: [2, 2],
            pad_begin: [0, 1],
            ceil: true,
            ..POINT
        },
    ),
    (
        2,
        Geometry {
            name: "overhang-padded",
            input: [6, 7],
            kernel: [3, 4],
            stride: [2, 3],
            pad_begin: [1, 1],
            pad_end: [1, 0],
            ceil: true,
            ..POINT
        },
    ),
    (5, Geometry { name: "global", kernel: [5, 7], ..POINT }),
    (
        1,
        Geometry {
            name: "one-dimensional",
            input: [1, 129],
            kernel: [1, 4],
            stride: [1, 3],
            dilation: [1, 2],
            ..POINT
        },
    ),
    (3, Geometry { name: "gaps", input: [8, 7], kernel: [2, 1], stride: [3, 2], ..POINT }),
    (257, Geometry { name: "many-channels", input: [2, 2], kernel: [2, 1], ..POINT }),
    (3, POINT),
];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let higher: Vec<Chunk> = CHUNKS.into_iter().filter(|chunk| chunk.degree > 0).collect();
    for (i, (channels, geometry)) in SHAPES.iter().enumerate() {
        for count_include_pad in [false, true] {
            let pool = Pool { channels: *channels, window: geometry.window(), count_include_pad };
            let chunk = CHUNKS[(i + 4 * usize::from(count_include_pad)) % CHUNKS.len()];
            cases.push(average_pool(geometry, &pool, chunk));
            let chunk = higher[(i + 3 * usize::from(count_include_pad)) % higher.len()];
            for exponent in EXPONENTS {
                cases.push(average_pool_adjoint(geometry, &pool, chunk, chunk.degree, exponent));
                cases.push(average_pool_adjoint(geometry, &pool, chunk, 1, exponent).accumulating());
            }
        }
        let pool = Pool { channels: *channels, window: geometry.window(), count_include_pad: false };
        for ties in [false, true] {
            let chunk = CHUNKS[(i + 3 * usize::from(ties)) % CHUNKS.len()];
            cases.push(max_pool(geometry, &pool, chunk, ties));
            let side = if ties { Side::Behind } else { Side::Ahead };
            let chunk = higher[(i + usize::from(ties)) % higher.len()];
            // Flat regions, and few distinct numbers; rays along which several units stay equal at first.
            let numbers: &[f64] = if i % 2 == 0 { &[0.5] } else { &[-0.5, 0.25, 0.25] };
            cases.push(max_pool(geometry, &pool, chunk, false).on_kinks(0, numbers, side));
            let chunk = higher[(i + 2 * usize::from(ties)) % higher.len()];
            let n = chunk.degree;
            cases.push(max_pool_adjoint(geometry, &pool, chunk, [0, n], ties));
            cases.push(max_pool_adjoint(geometry, &pool, chunk, [0, 1], ties).accumulating());
            let case = || max_pool_adjoint(geometry, &pool, chunk, [n - 1, n], ties);
            cases.extend([case(), case().accumulating(), case().on_kinks(0, numbers, side)]);
        }
    }
    cases
}

fn units(pool: &Pool) -> (usize, usize) {
    (pool.channels * pool.window.input_size(), pool.channels * pool.window.output_size())
}

fn average_pool(geometry: &Geometry, pool: &Pool, chunk: Chunk) -> Case {
    let (inputs, outputs) = units(pool);
    let padding = if pool.count_include_pad { "-with-padding" } else { "" };
    let name = format!("average_pool::{}{padding}-{}", geometry.name, chunk.name());
    let kernel = AveragePool(pool.clone());
    Case::new(name, kernel, chunk, value(outputs, chunk.degree, true), AVERAGE).plain_input(value(
        inputs,
        chunk.degree,
        true,
    ))
}

fn average_pool_adjoint(
    geometry: &Geometry,
    pool: &Pool,
    chunk: Chunk,
    degree: usize,
    exponent: Exponent,
) -> Case {
    let (inputs, outputs) = units(pool);
    let padding = if pool.count_include_pad { "-with-padding" } else { "" };
    let name =
        format!("average_pool_adjoint::{}{padding}-{}-of{degree}-{exponent:?}", geometry.name, chunk.name());
    let kernel = AveragePoolAdjoint { pool: pool.clone(), exponent };
    Case::new(name, kernel, chunk, value(inputs, chunk.degree, false), AVERAGE)
        .plain_input(value(outputs, degree, false))
}

/// Of few distinct numbers several are the largest: the first has to win.
fn with_ties(mut case: Case, ties: bool) -> Case {
    if ties {
        let layout = case.layout(0);
        case.data[0][layout.block(0)].iter_mut().for_each(|x| *x = (2.0 * *x).round());
    }
    case
}

fn max_pool(geometry: &Geometry, pool: &Pool, chunk: Chunk, ties: bool) -> Case {
    let (inputs, outputs) = units(pool);
    let tied = if ties { "-ties" } else { "" };
    let name = format!("max_pool::{}{tied}-{}", geometry.name, chunk.name());
    let kernel = MaxPool(pool.clone());
    let case = Case::new(name, kernel, chunk, value(outputs, chunk.degree, true), MAX).plain_input(value(
        inputs,
        chunk.degree,
        true,
    ));
    with_ties(case, ties)
}

/// `of` is the degree of the series: of the published rule there are values only.
fn max_pool_adjoint(
    geometry: &Geometry,
    pool: &Pool,
    chunk: Chunk,
    [of, degree]: [usize; 2],
    ties: bool,
) -> Case {
    let (inputs, outputs) = units(pool);
    let tied = if ties { "-ties" } else { "" };
    let name = format!("max_pool_adjoint::{}{tied}-{}-of{of}and{degree}", geometry.name, chunk.name());
    let kernel = MaxPoolAdjoint(pool.clone());
    let case = Case::new(name, kernel, chunk, value(inputs, chunk.degree, false), MAX)
        .plain_input(value(inputs, of, true))
        .plain_input(value(outputs, degree, false));
    with_ties(case, ties)
}
