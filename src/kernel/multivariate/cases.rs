//! Series in several variables: few and many, low and high degrees, inputs of lower degree, kinks, groups of lanes.

use std::sync::Arc;

use hope::activation::{Activation, Exp, HardSwish, LeakyRelu, Log, Pow, Relu, Sin, Tanh};
use hope::kernel::multivariate::{
    ComposeMixed, DivideMixed, MaxPoolMixed, MultiplyMixed, Relative, Variables,
};
use hope::kernel::{ConstantId, Kernel, Side};
use hope::model::Pool;
use hope::monomials::Monomials;

use crate::kernels::case::{Case, Chunk, Geometry, POINT, Tolerance, value};

/// Thousands of products of series.
const PRODUCTS: Tolerance = Tolerance { f64: 1e-11, f32: 5e-5 };

/// A selection and a difference.
const SELECTION: Tolerance = Tolerance { f64: 1e-14, f32: 1e-6 };

/// Variables, degree, samples, lanes, units.
const SIZES: [[usize; 5]; 7] = [
    [1, 5, 2, 1, 7],
    [2, 1, 1, 1, 1],
    [2, 4, 3, 2, 17],
    [3, 3, 1, 3, 33],
    [6, 2, 2, 1, 64],
    [2, 8, 1, 1, 5],
    [9, 1, 2, 2, 3],
];

fn functions() -> Vec<(Activation, (f64, f64))> {
    vec![
        (Tanh.into(), (-2.0, 2.0)),
        (Sin.into(), (-6.0, 6.0)),
        (Exp.into(), (-2.0, 1.0)),
        (Log.into(), (0.7, 3.0)),
        (Relu.into(), (-1.0, 1.0)),
        (LeakyRelu { alpha: 0.125 }.into(), (-1.0, 1.0)),
        (HardSwish.into(), (-5.0, 5.0)),
        (Pow { exponent: 3.0 }.into(), (-2.0, 2.0)),
    ]
}

struct Size {
    name: String,
    monomials: Arc<Monomials>,
    chunk: Chunk,
    units: usize,
}

impl Size {
    fn variables(&self) -> Variables {
        Variables { monomials: self.monomials.clone(), table: ConstantId(0) }
    }

    fn case(&self, name: String, kernel: impl Into<Kernel>, units: usize, degree: usize) -> Case {
        let output = value(units, self.monomials.blocks_to(degree), true);
        let kernel = kernel.into();
        let is_selection = matches!(kernel, Kernel::MaxPoolMixed(_) | Kernel::Relative(_));
        let tolerance = if is_selection { SELECTION } else { PRODUCTS };
        Case::new(name, kernel, self.chunk, output, tolerance).in_variables(&self.monomials)
    }

    fn input(&self, case: Case, units: usize, degree: usize, bounds: (f64, f64)) -> Case {
        let blocks = self.monomials.blocks_to(degree);
        case.input(value(units, blocks, true), bounds, 0.9)
    }
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for [variables, degree, samples, lanes, units] in SIZES {
        let monomials = Monomials::new(variables, degree).unwrap();
        let chunk = Chunk { samples, lanes, degree: monomials.blocks() };
        let name = format!("{variables}vars-order{degree}-{samples}x{lanes}-{units}");
        let size = Size { name, monomials, chunk, units };
        let mut degrees = vec![0, 1, 2.min(degree), degree];
        degrees.dedup();
        for &of in &degrees {
            for (function, bounds) in functions() {
                cases.push(compose(&size, function, bounds, of));
                if of > 0 && !function.kinks().is_empty() {
                    let side = if units % 2 == 0 { Side::Ahead } else { Side::Behind };
                    cases.push(compose(&size, function, bounds, of).on_kinks(0, &function.kinks(), side));
                }
            }
        }
        for (of_a, of_b) in [(0, degree), (1, 1), (degree, 1), (degree, degree)] {
            cases.push(multiply(&size, of_a, of_b));
            cases.push(divide(&size, of_a, of_b));
        }
        cases.extend(max_pools(&size));
        for (axis, groups) in [(1, 3), (5, 2), (17, 1)] {
            let case = size.case(
                format!("relative::{groups}x{axis}-{}", size.name),
                Relative { axis },
                axis * groups,
                degree,
            );
            cases.push(size.input(case, axis * groups, degree, (-1.0, 1.0)));
        }
    }
    cases
}

fn compose(size: &Size, function: Activation, bounds: (f64, f64), of: usize) -> Case {
    let name = format!("compose_mixed::{function}-{}-of{of}", size.name);
    let kernel = ComposeMixed { function, variables: size.variables() };
    let degree = function.degree(of, size.monomials.order());
    size.input(size.case(name, kernel, size.units, degree), size.units, of, bounds)
}

fn multiply(size: &Size, of_a: usize, of_b: usize) -> Case {
    let name = format!("multiply_mixed::{}-of{of_a}and{of_b}", size.name);
    let degree = (of_a + of_b).min(size.monomials.order());
    let case = size.case(name, MultiplyMixed(size.variables()), size.units, degree);
    let case = size.input(case, size.units, of_a, (-1.0, 1.0));
    size.input(case, size.units, of_b, (-1.0, 1.0))
}

fn divide(size: &Size, of_a: usize, of_b: usize) -> Case {
    let name = format!("divide_mixed::{}-of{of_a}by{of_b}", size.name);
    let case = size.case(name, DivideMixed(size.variables()), size.units, size.monomials.order());
    let case = size.input(case, size.units, of_a, (-1.0, 1.0));
    size.input(case, size.units, of_b, (1.0, 2.0))
}

fn max_pools(size: &Size) -> Vec<Case> {
    let geometry = Geometry { name: "squares", input: [5, 6], kernel: [2, 3], stride: [2, 1], ..POINT };
    let pool = Pool { channels: 2, window: geometry.window(), count_include_pad: false };
    let (inputs, outputs) = (2 * pool.window.input_size(), 2 * pool.window.output_size());
    let order = size.monomials.order();
    let make = |tied: &str| {
        let kernel = MaxPoolMixed { pool: pool.clone(), variables: size.variables() };
        let case = size.case(format!("max_pool_mixed::{}{tied}", size.name), kernel, outputs, order);
        size.input(case, inputs, order, (-1.0, 1.0))
    };
    vec![
        make(""),
        make("").on_kinks(0, &[0.5], Side::Ahead),
        make("").on_kinks(0, &[0.25, -0.5, 0.25], Side::Behind),
    ]
}
