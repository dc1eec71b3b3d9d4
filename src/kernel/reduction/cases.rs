//! Softmax, log-softmax and layer normalisation.

use hope::kernel::reduction::{Reduce, ReduceAdjoint, Reduction};

use crate::kernels::case::{CHUNKS, Case, Chunk, Tolerance, value};

/// Sums over up to 129 units of products of series.
const TOLERANCE: Tolerance = Tolerance { f64: 1e-11, f32: 5e-5 };

/// Size of the last axis, and groups of it in a row.
const AXES: [(usize, usize); 6] = [(5, 7), (3, 1), (63, 1), (64, 2), (65, 3), (129, 1)];

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let reductions: [(&str, Reduction); 3] = [
        ("softmax", Reduction::Softmax),
        ("log_softmax", Reduction::LogSoftmax),
        ("layer_norm", Reduction::Normalize { epsilon: 1e-3 }),
    ];
    for (i, (name, reduction)) in reductions.into_iter().enumerate() {
        for (j, chunk) in CHUNKS.into_iter().enumerate() {
            let (axis, groups) = match chunk.samples * chunk.lanes {
                // Mesa's llvmpipe leaves all loops of a shader after 65,535 turns in total; 129 units to order 16 take more.
                ..16 if chunk.degree == 16 => AXES[(i + j) % 5],
                ..16 => AXES[(i + j) % AXES.len()],
                _ => AXES[(i + j) % 3],
            };
            for degree in [chunk.degree, chunk.degree.min(1)] {
                let name = format!("{name}::{groups}x{axis}-{}-of{degree}", chunk.name());
                cases.push(reduce(name, reduction, axis, groups, chunk, degree));
            }
        }
    }
    for (i, (name, reduction)) in reductions.into_iter().enumerate() {
        for (j, chunk) in CHUNKS.into_iter().filter(|chunk| chunk.degree > 0).enumerate() {
            let (axis, groups) = AXES[(i + j) % if chunk.degree > 1 || chunk.lanes > 16 { 2 } else { 4 }];
            let n = chunk.degree;
            for (k, of) in
                [[n - 1, n], [[0, 1], [1.min(n - 1), n], [n - 1, 1]][(i + j) % 3]].into_iter().enumerate()
            {
                let [x, z] = of;
                let name = format!("{name}_adjoint::{groups}x{axis}-{}-of{x}and{z}", chunk.name());
                let case = adjoint(name, reduction, [axis, groups], chunk, of);
                cases.push(if k == 0 { case } else { case.accumulating() });
            }
        }
    }
    // Saturated: what is left of the adjoint is small, and has to be right.
    for (name, reduction) in &reductions[..2] {
        let chunk = Chunk { samples: 2, lanes: 3, degree: 3 };
        let mut case = adjoint(format!("{name}_adjoint::saturated"), *reduction, [5, 3], chunk, [2, 3]);
        let layout = case.layout(0);
        layout.block(0).filter(|at| at % 5 == 2).for_each(|at| case.data[0][at] = 40.0);
        // Of the largest alone.
        let layout = case.layout(1);
        (0..layout.len()).filter(|at| at % 5 != 2).for_each(|at| case.data[1][at] = 0.0);
        cases.push(case);
    }
    // So large and so small that squares leave the range of f32.
    for (i, (size, epsilon)) in
        [(1e20, 1e-3), (1e-25, 0.0), (1e-25, 1e-3), (3e38, 0.0)].into_iter().enumerate()
    {
        let mut case = reduce(
            format!("layer_norm::of{size:e}-{epsilon}"),
            Reduction::Normalize { epsilon },
            7,
            3,
            CHUNKS[[1, 3, 1, 1][i]],
            1,
        );
        case.data[0].iter_mut().for_each(|x| *x = f64::from((*x / 4.0 * size) as f32));
        cases.push(case);
    }
    // A single unit: softmax is 1, whatever it is.
    let chunk = Chunk { samples: 2, lanes: 3, degree: 5 };
    cases.push(reduce("softmax::3x1".into(), Reduction::Softmax, 1, 3, chunk, 5));
    cases.push(reduce("log_softmax::3x1".into(), Reduction::LogSoftmax, 1, 3, chunk, 5));
    cases.push(reduce("layer_norm::3x1".into(), Reduction::Normalize { epsilon: 0.5 }, 1, 3, chunk, 5));
    cases
}

fn reduce(
    name: String,
    reduction: Reduction,
    axis: usize,
    groups: usize,
    chunk: Chunk,
    degree: usize,
) -> Case {
    let (units, kernel) = (axis * groups, Reduce { reduction, axis });
    Case::new(name, kernel, chunk, value(units, chunk.degree, true), TOLERANCE).input(
        value(units, degree, true),
        (-2.0, 2.0),
        0.5,
    )
}

/// `of` is the degree of the series, and the blocks of the adjoint.
fn adjoint(
    name: String,
    reduction: Reduction,
    [axis, groups]: [usize; 2],
    chunk: Chunk,
    of: [usize; 2],
) -> Case {
    let (units, kernel) = (axis * groups, ReduceAdjoint { reduction, axis });
    Case::new(name, kernel, chunk, value(units, chunk.degree, false), TOLERANCE)
        .input(value(units, of[0], true), (-2.0, 2.0), 0.5)
        .input(value(units, of[1], false), (-1.0, 1.0), 0.7)
}
