//! Composition and Bell matrices: functions with and without end, kinks and parameters.

use hope::activation::{
    Abs, Activation, Clip, Exp, HardSwish, LeakyRelu, Log, Pow, Reciprocal, Relu, Sigmoid, Sin, Sqrt, Tanh,
};
use hope::kernel::Side;
use hope::kernel::elementwise::{Bell, Compose, ComposeAdjoint};

use crate::kernels::case::{CHUNKS, Case, Chunk, Tolerance, value};

/// The function's own coefficients, and n³/6 products of them with the series.
const COMPOSE: Tolerance = Tolerance { f64: 1e-12, f32: 1e-5 };

/// The same, and a sum over the orders of the adjoint.
const BELL: Tolerance = Tolerance { f64: 1e-12, f32: 1e-5 };

const UNITS: [usize; 6] = [1, 63, 64, 65, 129, 257];

/// Functions with the range that their arguments come from.
fn functions() -> Vec<(Activation, (f64, f64))> {
    vec![
        (Tanh.into(), (-2.0, 2.0)),
        (Sin.into(), (-6.0, 6.0)),
        (Sigmoid.into(), (-4.0, 4.0)),
        (Exp.into(), (-2.0, 1.0)),
        (Log.into(), (0.7, 3.0)),
        (Sqrt.into(), (0.7, 3.0)),
        (Reciprocal.into(), (-3.0, -1.0)),
        (Relu.into(), (-1.0, 1.0)),
        (LeakyRelu { alpha: 0.125 }.into(), (-1.0, 1.0)),
        (HardSwish.into(), (-5.0, 5.0)),
        (Abs.into(), (-1.0, 1.0)),
        (Clip { min: -0.5, max: 0.75 }.into(), (-1.0, 1.0)),
        (Pow { exponent: 3.0 }.into(), (-2.0, 2.0)),
    ]
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for chunk in CHUNKS.into_iter().filter(|chunk| chunk.degree > 2) {
        // sqrt(t²) is t for t > 0; t^2.5 has two orders, (t²)^2.5 all.
        cases.push(root(Sqrt.into(), 2, chunk));
        cases.push(root(Pow { exponent: 2.5 }.into(), 2, chunk));
        cases.push(root(Pow { exponent: 1.5 }.into(), 2, chunk));
    }
    cases.push(root(Pow { exponent: 2.5 }.into(), 1, Chunk { samples: 2, lanes: 3, degree: 2 }));
    for (i, (function, bounds)) in functions().into_iter().enumerate() {
        for (j, chunk) in CHUNKS.into_iter().enumerate() {
            let units = match chunk.samples * chunk.lanes {
                ..16 => UNITS[(i + j) % UNITS.len()],
                _ => UNITS[(i + j) % 3],
            };
            // The input along a ray, after a quadratic function, and after anything.
            let mut degrees = vec![chunk.degree.min(1), chunk.degree.min(2), chunk.degree];
            degrees.dedup();
            for degree in degrees {
                cases.push(compose(function, bounds, units, chunk, degree));
                if !function.kinks().is_empty() && degree > 0 {
                    for side in [Side::Ahead, Side::Behind] {
                        let case = compose(function, bounds, units, chunk, degree);
                        cases.push(case.on_kinks(0, &function.kinks(), side));
                    }
                }
            }
            if let Some(below) = chunk.degree.checked_sub(1) {
                // Without a ray, along a line, behind other layers; of a linear output and of any.
                let of = [[0, 1], [1.min(below), below + 1], [below, below + 1], [below, 1]][(i + j) % 4];
                let case = compose_adjoint(function, bounds, units, chunk, of);
                cases.push(if j % 2 == 0 { case } else { case.accumulating() });
                if !function.kinks().is_empty() {
                    let side = if (i + j) % 2 == 0 { Side::Ahead } else { Side::Behind };
                    let case = compose_adjoint(function, bounds, units, chunk, [below, below + 1]);
                    cases.push(case.on_kinks(0, &function.kinks(), side));
                    // An adjoint of fewer blocks than the series that decides.
                    let case = compose_adjoint(function, bounds, units, chunk, [below, 1]);
                    let mut case = case.on_kinks(0, &function.kinks(), side);
                    case.output.degree = 1;
                    case.before.truncate(case.output_layout().len());
                    cases.push(case);
                }
            }
            if chunk.degree > 0 {
                // Directly below a linear output; below other nonlinear layers.
                cases.push(bell(function, bounds, units, chunk, 1));
                cases.push(bell(function, bounds, units, chunk, chunk.degree).accumulating());
                if !function.kinks().is_empty() {
                    let case = bell(function, bounds, units, chunk, chunk.degree);
                    cases.push(case.on_kinks(0, &function.kinks(), Side::Ahead));
                }
            }
        }
    }
    cases
}

fn compose(function: Activation, bounds: (f64, f64), units: usize, chunk: Chunk, degree: usize) -> Case {
    let output = value(units, function.degree(degree, chunk.degree), true);
    let name = format!("compose::{function}-{units}-{}-of{degree}", chunk.name());
    Case::new(name, Compose(function), chunk, output, COMPOSE).input(value(units, degree, true), bounds, 0.5)
}

fn bell(function: Activation, bounds: (f64, f64), units: usize, chunk: Chunk, degree: usize) -> Case {
    let name = format!("bell::{function}-{units}-{}-of{degree}", chunk.name());
    let output = value(units, chunk.degree, false);
    Case::new(name, Bell(function), chunk, output, BELL)
        .input(value(units, 0, true), bounds, 1.0)
        .plain_input(value(units, degree, false))
}

/// `of` is the degree of the series, and the blocks of the adjoint.
fn compose_adjoint(
    function: Activation,
    bounds: (f64, f64),
    units: usize,
    chunk: Chunk,
    [of, given]: [usize; 2],
) -> Case {
    let name = format!("compose_adjoint::{function}-{units}-{}-of{of}and{given}", chunk.name());
    Case::new(name, ComposeAdjoint(function), chunk, value(units, chunk.degree, false), COMPOSE)
        .input(value(units, of, true), bounds, 0.5)
        .plain_input(value(units, given, false))
}

/// Every second unit is at 0, and its first coefficient that isn't 0 is positive and of order `first`.
fn root(function: Activation, first: usize, chunk: Chunk) -> Case {
    let units = 65;
    let output = value(units, chunk.degree, true);
    // Less than all orders: what ends before them is known.
    let degree = first.max(chunk.degree - 2).min(chunk.degree - 1);
    let name = format!("roots::{function}-{}-from{first}", chunk.name());
    let mut case = Case::new(name, Compose(function), chunk, output, COMPOSE).input(
        value(units, degree, true),
        (0.7, 3.0),
        0.5,
    );
    let layout = case.layout(0);
    for order in 0..=first {
        for at in layout.block(order).filter(|at| (at % units) % 2 == 0) {
            let c = &mut case.data[0][at];
            *c = if order < first { 0.0 } else { f64::from((1.0 + 0.5 * *c) as f32) };
        }
    }
    case
}
