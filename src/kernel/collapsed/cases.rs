//! Sums over rays: nonlinear kernels of one and of two inputs, some without a sum; and what is linear, which acts on sums as on any other row.

use hope::activation::{Activation, Exp, Pow, Sin, Tanh};
use hope::kernel::arithmetic::{Affine, Copy, Multiply};
use hope::kernel::collapsed::Collapsed;
use hope::kernel::conv::{Conv, ConvShape};
use hope::kernel::elementwise::Compose;
use hope::kernel::linear::{Linear, LinearShape};
use hope::kernel::matmul::{MatMul, MatMulShape};
use hope::kernel::pool::AveragePool;
use hope::kernel::reduction::{Reduce, Reduction};
use hope::kernel::strided::StridedCopy;
use hope::kernel::{ConstantId, Kernel, PerUnitId};
use hope::model::{Pool, Strided, StridedDim};
use hope::plan::Value;

use crate::kernels::case::{Case, Chunk, Geometry, POINT, Tolerance, value};

/// Compositions and products, and sums of them over all rays.
const TOLERANCE: Tolerance = Tolerance { f64: 1e-12, f32: 2e-5 };

const CHUNKS: [Chunk; 5] = [
    Chunk { samples: 1, lanes: 1, degree: 2 },
    Chunk { samples: 3, lanes: 5, degree: 2 },
    Chunk { samples: 1, lanes: 64, degree: 3 },
    Chunk { samples: 2, lanes: 25, degree: 4 },
    Chunk { samples: 2, lanes: 3, degree: 8 },
];

/// A value to a degree, with a sum if that is the highest one.
fn of(chunk: Chunk, units: usize, degree: usize) -> Value {
    Value { collapsed: degree == chunk.degree, ..value(units, degree, true) }
}

fn case(name: &str, kernel: impl Into<Kernel>, chunk: Chunk, units: usize) -> Case {
    let name = format!("collapsed::{name}-{}", chunk.name());
    Case::new(name, kernel, chunk, of(chunk, units, chunk.degree), TOLERANCE)
}

fn nonlinear(name: &str, kernel: impl Into<Kernel>, chunk: Chunk, units: usize) -> Case {
    case(name, Collapsed(Box::new(kernel.into())), chunk, units)
}

fn weights() -> Value {
    value(1, 1, false)
}

pub fn cases() -> Vec<Case> {
    let functions: [(Activation, (f64, f64)); 4] = [
        (Tanh.into(), (-2.0, 2.0)),
        (Sin.into(), (-6.0, 6.0)),
        (Exp.into(), (-2.0, 1.0)),
        (Pow { exponent: 3.0 }.into(), (-2.0, 2.0)),
    ];
    let mut cases = Vec::new();
    for chunk in CHUNKS {
        let below = chunk.degree - 1;
        for (function, bounds) in functions {
            for (degree, units) in [(1, 17), (below, 1), (chunk.degree, 33)] {
                if function.degree(degree, chunk.degree) < chunk.degree {
                    continue;
                }
                let name = format!("{function}-of{degree}-{units}");
                let case = nonlinear(&name, Compose(function), chunk, units);
                cases.push(case.input(of(chunk, units, degree), bounds, 0.5).plain_input(weights()));
            }
        }
        for (a, b) in [(chunk.degree, chunk.degree), (1, chunk.degree), (chunk.degree, 0), (below, 1)] {
            let name = format!("multiply-of{a}and{b}");
            let case = nonlinear(&name, Multiply, chunk, 19).plain_input(of(chunk, 19, a));
            cases.push(case.plain_input(of(chunk, 19, b)).plain_input(weights()));
            let shape = MatMulShape { groups: 2, rows: 3, inner: 4, columns: 5 };
            let kernel = MatMul { shape, variables: None };
            let case = nonlinear(&format!("matmul-of{a}and{b}"), kernel, chunk, 30);
            let case = case.plain_input(of(chunk, 24, a)).plain_input(of(chunk, 40, b));
            cases.push(case.plain_input(weights()));
        }
        for (name, reduction) in [
            ("softmax", Reduction::Softmax),
            ("log_softmax", Reduction::LogSoftmax),
            ("layer_norm", Reduction::Normalize { epsilon: 1e-3 }),
        ] {
            for degree in [1, chunk.degree] {
                let kernel = Reduce { reduction, axis: 7 };
                let case = nonlinear(&format!("{name}-of{degree}"), kernel, chunk, 21);
                let input = of(chunk, 21, degree);
                cases.push(case.input(input, (-2.0, 2.0), 0.3).plain_input(weights()));
            }
        }
        cases.extend(linear(chunk));
    }
    cases
}

fn linear(chunk: Chunk) -> Vec<Case> {
    let (first, second) = (ConstantId(0), Some(ConstantId(1)));
    let window = Geometry { input: [5, 7], kernel: [3, 3], pad_begin: [1, 1], ..POINT }.window();
    let (pixels, positions) = (window.input_size(), window.output_size());
    let shape = LinearShape { inputs: 9, outputs: 4 };
    let conv = ConvShape { in_channels: 2, out_channels: 3, groups: 1, window };
    let pool = Pool { channels: 2, window, count_include_pad: false };
    let per_unit = |id| Some(PerUnitId { values: ConstantId(id), inner: 1 });
    let turned = Strided {
        dims: vec![StridedDim { size: 3, input: 1, output: 4 }, StridedDim { size: 4, input: 3, output: 1 }],
        input_offset: 0,
        output_offset: 0,
        scale: 0.5,
        fill: 0.0,
    };
    let all = of(chunk, 12, chunk.degree);
    vec![
        case("linear", Linear { shape, weight: first, bias: second }, chunk, 8)
            .plain_input(of(chunk, 18, chunk.degree))
            .constant(36, (-1.0, 1.0))
            .constant(4, (-1.0, 1.0)),
        case("conv", Conv { shape: conv, weight: first, bias: second }, chunk, 3 * positions)
            .plain_input(of(chunk, 2 * pixels, chunk.degree))
            .constant(54, (-1.0, 1.0))
            .constant(3, (-1.0, 1.0)),
        case("average_pool", AveragePool(pool), chunk, 2 * positions).plain_input(of(
            chunk,
            2 * pixels,
            chunk.degree,
        )),
        case("affine", Affine { scale: per_unit(0), shift: per_unit(1) }, chunk, 12)
            .plain_input(all)
            .constant(12, (-1.0, 1.0))
            .constant(12, (-1.0, 1.0)),
        case("copy", Copy, chunk, 12).plain_input(all),
        case("adding", Copy, chunk, 12).plain_input(of(chunk, 12, 1)).accumulating(),
        case("strided", StridedCopy { copy: turned, fill: true }, chunk, 12).plain_input(all),
    ]
}
