//! Strided copies, as the model's builder makes them.

use hope::kernel::Exponent;
use hope::kernel::strided::{StridedAdjoint, StridedCopy};
use hope::model::{Model, ModelBuilder, NodeId, Op, Strided};

use crate::kernels::case::{CHUNKS, Case, Chunk, EXPONENTS, Tolerance, value};

/// Sums of up to 65 numbers; powers of a mean's factor to the 16th.
const TOLERANCE: Tolerance = Tolerance { f64: 1e-13, f32: 2e-6 };

type Build = fn(&mut ModelBuilder, NodeId) -> hope::Result<NodeId>;

/// Name, shape of the input, what the builder does with it.
const COPIES: &[(&str, &[usize], Build)] = &[
    ("transpose", &[63, 5], |b, x| b.transpose(x, &[1, 0])),
    ("permute", &[3, 5, 2, 7], |b, x| b.transpose(x, &[2, 0, 3, 1])),
    ("slice", &[4, 9, 3], |b, x| b.slice(x, 1, 2, 3, 3)),
    ("reverse", &[65], |b, x| b.slice(x, 0, 64, -1, 65)),
    ("reverse-by-two", &[3, 9, 2], |b, x| b.slice(x, 1, 7, -2, 4)),
    ("pad", &[3, 5], |b, x| b.pad(x, &[1, 0], &[0, 2], 0.0)),
    ("pad-with-a-number", &[2, 3, 4], |b, x| b.pad(x, &[0, 2, 1], &[1, 0, 3], 2.5)),
    ("broadcast", &[3, 1, 5], |b, x| b.broadcast(x, &[2, 3, 4, 5])),
    ("broadcast-one", &[1], |b, x| b.broadcast(x, &[129])),
    ("sum-last", &[7, 65], |b, x| b.reduce(x, &[1], false, false)),
    ("sum-first", &[65, 3], |b, x| b.reduce(x, &[0], true, false)),
    ("mean-of-two-axes", &[3, 4, 5, 2], |b, x| b.reduce(x, &[0, 2], false, true)),
    ("mean-of-all", &[5, 7], |b, x| b.reduce(x, &[0, 1], false, true)),
];

/// What the builder makes of an operator: copies with the number of units they read and write.
fn copies(shape: &[usize], build: Build) -> (Vec<Strided>, usize, usize) {
    let mut b = Model::builder(shape);
    let x = b.input();
    let y = build(&mut b, x).unwrap();
    let copies = match &b.node(y).op {
        Op::Strided(copy) => vec![copy.clone()],
        Op::Concat(parts) => parts.clone(),
        other => panic!("not a copy: {other:?}"),
    };
    (copies, shape.iter().product(), b.node(y).units())
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let higher: Vec<Chunk> = CHUNKS.into_iter().filter(|chunk| chunk.degree > 0).collect();
    for (i, (name, shape, build)) in COPIES.iter().enumerate() {
        let (copies, inputs, outputs) = copies(shape, *build);
        for chunk in [CHUNKS[i % 8], CHUNKS[(3 * i + 4) % 8]] {
            let name = format!("strided::{name}-{}", chunk.name());
            cases.push(strided(name, &copies[0], (inputs, outputs), chunk, chunk.degree));
        }
        let chunk = higher[i % higher.len()];
        let name = format!("strided_adjoint::{name}-{}", chunk.name());
        let sizes = (inputs, outputs);
        for exponent in EXPONENTS {
            let case = |degree| strided_adjoint(name.clone(), &copies[0], sizes, chunk, degree, exponent);
            cases.extend([case(chunk.degree), case(chunk.degree.div_ceil(2)).accumulating()]);
        }
    }
    // The parts of a concatenation: the first fills the gaps for the others, which add to it.
    let (parts, inputs, outputs) = copies(&[3, 5, 2], |b, x| b.concat(&[x, x, x], 1));
    for (i, part) in parts.iter().enumerate() {
        for chunk in CHUNKS {
            let name = format!("strided::part{i}-{}", chunk.name());
            let case = strided(name, part, (inputs, outputs), chunk, chunk.degree / (i + 1));
            cases.push(if i == 0 { case } else { adding(case, part) });
        }
        let chunk = higher[i];
        let name = format!("strided_adjoint::part{i}-{}", chunk.name());
        let sizes = (inputs, outputs);
        cases.extend(EXPONENTS.map(|e| strided_adjoint(name.clone(), part, sizes, chunk, chunk.degree, e)));
    }
    cases
}

fn strided(
    name: String,
    copy: &Strided,
    (inputs, outputs): (usize, usize),
    chunk: Chunk,
    degree: usize,
) -> Case {
    let kernel = StridedCopy { copy: copy.clone(), fill: true };
    let name = format!("{name}-of{degree}");
    Case::new(name, kernel, chunk, value(outputs, chunk.degree, true), TOLERANCE)
        .plain_input(value(inputs, degree, true))
}

fn adding(case: Case, copy: &Strided) -> Case {
    let kernel = StridedCopy { copy: copy.clone(), fill: false };
    let mut case = case.accumulating();
    case.kernel = kernel.into();
    case
}

fn strided_adjoint(
    name: String,
    copy: &Strided,
    (inputs, outputs): (usize, usize),
    chunk: Chunk,
    degree: usize,
    exponent: Exponent,
) -> Case {
    let name = format!("{name}-of{degree}-{exponent:?}");
    let kernel = StridedAdjoint { copy: copy.clone(), exponent };
    Case::new(name, kernel, chunk, value(inputs, chunk.degree, false), TOLERANCE)
        .plain_input(value(outputs, degree, false))
}
