//! What the kernels mean, as plain loops in f64. All coefficients are normalised, `c[k] = (1/k!) d^k/dt^k` at t = 0.
//!
//! - The exact method carries series in t forward: linear operators act on each coefficient alike, the bias on order 0 only; a
//!   function, a product, a quotient and a softmax are those of power series, cut off behind the highest order.
//! - The published rule carries backward the coefficients v of an output with respect to one unit alone: a linear z = W x + b gives
//!   `v_x[k] = (W^k)^T v_z[k]`, the power elementwise; a function σ gives `v_x[k] = Σ_{s=1..k} B[k,s] v_z[s]`, where B[k,s] is the
//!   coefficient of t^k in (a_1 t + a_2 t² + …)^s and `a_j = σ^(j)(x)/j!`; where branches meet, their v are added.
//! - The adjoint of the exact method carries backward the derivatives of an output along the ray, as series: see `adjoint`.
//!
//! Nothing here is clever, and nothing comes from `src/kernel`: a linear layer is a sum over all pairs, a series of a function
//! is `Σ a_j u^j` with powers multiplied out, an adjoint walks the forward definition and goes the other way.

mod adjoint;
mod mixed;
mod series;
mod windows;

use hope::activation::Activation;
use hope::kernel::arithmetic::{Affine, AffineAdjoint, MultiplyAdjoint};
use hope::kernel::conv::{Conv, ConvAdjoint, ConvShape, PooledConvAdjoint};
use hope::kernel::elementwise::{Bell, Compose, ComposeAdjoint};
use hope::kernel::linear::{Linear, LinearAdjoint, LinearOfUnitRays, LinearShape};
use hope::kernel::matmul::{MatMul, MatMulAdjoint, MatMulShape};
use hope::kernel::multivariate::{ComposeMixed, MaxPoolMixed, Relative};
use hope::kernel::pool::{AveragePool, AveragePoolAdjoint, MaxPool, MaxPoolAdjoint};
use hope::kernel::reduction::{Reduce, ReduceAdjoint};
use hope::kernel::strided::{StridedAdjoint, StridedCopy};
use hope::kernel::{Exponent, Kernel, Layout, Side};
use hope::model::{Pool, Strided, Window};

use mixed::{Polynomials, total};
use series::{beside, divide, multiply, reduce, root, substitute, taylor};

use crate::kernels::case::{Case, Outcome};

/// What a kernel has to leave behind.
pub fn truth(case: &Case) -> Outcome {
    let mut run = Run { case, kinks: vec![f64::INFINITY; 2 * case.samples * case.lanes] };
    let output = run.output();
    Outcome { output, kinks: run.kinks }
}

/// A (order, sample, lane) whose row of units a linear kernel maps by itself.
#[derive(Clone, Copy)]
struct Row {
    order: usize,
    sample: usize,
    lane: usize,
}

impl Row {
    /// The power of weights that an adjoint takes.
    fn power(self, exponent: Exponent) -> i32 {
        match exponent {
            Exponent::One => 1,
            Exponent::Order => self.order as i32,
        }
    }
}

/// All rows of a layout: order 0 has one for each sample.
fn rows(layout: Layout) -> Vec<Row> {
    let mut rows = Vec::new();
    for order in 0..=layout.degree {
        for sample in 0..layout.samples {
            for lane in 0..layout.lanes {
                if order > 0 || (lane == 0 && layout.primal) {
                    rows.push(Row { order, sample, lane });
                }
            }
        }
    }
    rows
}

struct Run<'a> {
    case: &'a Case,
    kinks: Vec<f64>,
}

impl Run<'_> {
    /// The row of an input; zeros above its degree.
    fn row(&self, input: usize, row: Row) -> Vec<f64> {
        let layout = self.case.layout(input);
        if row.order > layout.degree {
            return vec![0.0; layout.units];
        }
        self.case.data[input][layout.row(row.order, row.sample, row.lane)].to_vec()
    }

    /// The series of one unit of an input, to an order.
    fn series(&self, input: usize, order: usize, sample: usize, lane: usize, unit: usize) -> Vec<f64> {
        let layout = self.case.layout(input);
        let at = |order| layout.row(order, sample, lane).start + unit;
        (0..=order).map(|k| if k <= layout.degree { self.case.data[input][at(k)] } else { 0.0 }).collect()
    }

    fn output(&mut self) -> Vec<f64> {
        let case = self.case;
        match &case.kernel {
            Kernel::Linear(Linear { shape, weight, bias }) => {
                let (w, b) = (case.constant_of(*weight), bias.map(|b| case.constant_of(b)));
                self.row_by_row(|row, x, y| linear(*shape, w, b.filter(|_| row.order == 0), x, y))
            }
            Kernel::LinearOfUnitRays(LinearOfUnitRays { shape, weight, bias }) => {
                let (w, b) = (case.constant_of(*weight), bias.map(|b| case.constant_of(b)));
                self.row_by_row(|row, x, y| {
                    if row.order == 0 {
                        return linear(*shape, w, b, x, y);
                    }
                    let mut ray = vec![0.0; shape.inputs];
                    let unit = case.first_lane + row.lane;
                    ray[unit] = case.radius(unit);
                    linear(*shape, w, None, &ray, y);
                })
            }
            Kernel::LinearAdjoint(LinearAdjoint { shape, weight, exponent }) => {
                let w = case.constant_of(*weight);
                self.row_by_row(|row, z, x| linear_adjoint(*shape, w, row.power(*exponent), z, x))
            }
            Kernel::Conv(Conv { shape, weight, bias }) => {
                let (w, b) = (case.constant_of(*weight), bias.map(|b| case.constant_of(b)));
                self.row_by_row(|row, x, y| {
                    for_each_product(shape, |weight, from, to| y[to] += w[weight] * x[from]);
                    if let Some(b) = b.filter(|_| row.order == 0) {
                        let size = shape.window.output_size();
                        y.iter_mut().enumerate().for_each(|(i, y)| *y += b[i / size]);
                    }
                })
            }
            Kernel::ConvAdjoint(ConvAdjoint { shape, weight, exponent }) => {
                let w = case.constant_of(*weight);
                self.row_by_row(|row, z, x| {
                    for_each_product(shape, |weight, from, to| {
                        x[from] += w[weight].powi(row.power(*exponent)) * z[to];
                    });
                })
            }
            Kernel::PooledConvAdjoint(PooledConvAdjoint { shape, pooled, weight }) => {
                let w = case.constant_of(*weight);
                let channels = shape.out_channels;
                let pool = Pool { channels, window: pooled.pool, count_include_pad: true };
                self.row_by_row(|row, z, x| {
                    let mut between = vec![0.0; channels * pooled.conv.output_size()];
                    for window in windows(&pool) {
                        for &pixel in &window.pixels {
                            between[pixel] += z[window.unit] / (window.counted as f64).powi(row.order as i32);
                        }
                    }
                    for_each_product(shape, |weight, from, to| {
                        x[from] += w[weight].powi(row.order as i32) * between[to];
                    });
                })
            }
            Kernel::AveragePool(AveragePool(pool)) => self.row_by_row(|_, x, y| {
                for window in windows(pool) {
                    let sum: f64 = window.pixels.iter().map(|&pixel| x[pixel]).sum();
                    y[window.unit] = sum / window.counted as f64;
                }
            }),
            Kernel::AveragePoolAdjoint(AveragePoolAdjoint { pool, exponent }) => {
                self.row_by_row(|row, z, x| {
                    for window in windows(pool) {
                        for &pixel in &window.pixels {
                            x[pixel] += z[window.unit] / (window.counted as f64).powi(row.power(*exponent));
                        }
                    }
                })
            }
            Kernel::MaxPool(MaxPool(pool)) => self.max_pool(pool),
            Kernel::MaxPoolAdjoint(MaxPoolAdjoint(pool)) => self.max_pool_adjoint(pool),
            Kernel::Compose(Compose(function)) => self.compose(*function),
            Kernel::Bell(Bell(function)) => self.bell(*function),
            Kernel::ComposeAdjoint(ComposeAdjoint(function)) => self.compose_adjoint(*function),
            Kernel::Affine(Affine { scale, shift }) => self.row_by_row(|row, x, y| {
                for unit in 0..y.len() {
                    let shift = if row.order == 0 { case.per_unit(*shift, unit, 0.0) } else { 0.0 };
                    y[unit] = case.per_unit(*scale, unit, 1.0) * x[unit] + shift;
                }
            }),
            Kernel::AffineAdjoint(AffineAdjoint { scale, exponent }) => self.row_by_row(|row, z, x| {
                for unit in 0..x.len() {
                    x[unit] = case.per_unit(*scale, unit, 1.0).powi(row.power(*exponent)) * z[unit];
                }
            }),
            Kernel::Copy(_) => self.row_by_row(|_, x, y| y.copy_from_slice(x)),
            Kernel::Multiply(_) => self.unit_by_unit(|run, n, s, l, u| {
                multiply(&run.series(0, n, s, l, u), &run.series(1, n, s, l, u))
            }),
            Kernel::Divide(_) => self.unit_by_unit(|run, n, s, l, u| {
                divide(&run.series(0, n, s, l, u), &run.series(1, n, s, l, u))
            }),
            Kernel::MultiplyAdjoint(MultiplyAdjoint { negative }) => {
                let sign = if *negative { -1.0 } else { 1.0 };
                self.pass_on(|b, z| multiply(b, z).into_iter().map(|x| sign * x).collect())
            }
            Kernel::DivideAdjoint(_) => self.pass_on(|b, z| divide(z, b)),
            Kernel::MatMulAdjoint(MatMulAdjoint { shape, factor }) => self.matmul_adjoint(*shape, *factor),
            Kernel::MatMul(MatMul { shape, variables: None }) => self.unit_by_unit(|run, n, s, l, u| {
                run.matrix_product(*shape, n, s, l, u, |sum, a, b| {
                    sum.iter_mut().zip(multiply(a, b)).for_each(|(sum, product)| *sum += product);
                })
            }),
            Kernel::MatMul(MatMul { shape, .. }) => self.in_variables(|polynomials, run, [n, s, l, u]| {
                run.matrix_product(*shape, n, s, l, u, |sum, a, b| {
                    let product = polynomials.multiply(a, b);
                    sum.iter_mut().zip(product).for_each(|(sum, product)| *sum += product);
                })
            }),
            Kernel::StridedCopy(StridedCopy { copy, fill }) => self.strided(copy, *fill),
            Kernel::StridedAdjoint(StridedAdjoint { copy, exponent }) => self.row_by_row(|row, z, x| {
                for_each_copy(copy, |from, to| x[from] += copy.scale.powi(row.power(*exponent)) * z[to]);
            }),
            Kernel::Reduce(Reduce { reduction, axis }) => self.unit_by_unit(|run, n, s, l, u| {
                let start = u - u % axis;
                let group: Vec<Vec<f64>> = (start..start + axis).map(|u| run.series(0, n, s, l, u)).collect();
                reduce(*reduction, &group, u % axis)
            }),
            Kernel::ReduceAdjoint(ReduceAdjoint { reduction, axis }) => {
                self.reduce_adjoint(*reduction, *axis)
            }
            Kernel::Windowed(windowed) => self.windowed(windowed),
            Kernel::ComposeMixed(ComposeMixed { function, .. }) => self.compose_mixed(*function),
            Kernel::MultiplyMixed(_) => self.in_variables(|polynomials, run, [n, s, l, u]| {
                polynomials.multiply(&run.series(0, n, s, l, u), &run.series(1, n, s, l, u))
            }),
            Kernel::DivideMixed(_) => self.in_variables(|polynomials, run, [n, s, l, u]| {
                polynomials.divide(&run.series(0, n, s, l, u), &run.series(1, n, s, l, u))
            }),
            Kernel::MaxPoolMixed(MaxPoolMixed { pool, .. }) => self.max_pool(pool),
            Kernel::Relative(Relative { axis }) => self.row_by_row(|row, x, y| {
                let primal = self.row(0, Row { order: 0, ..row });
                for (unit, y) in y.iter_mut().enumerate() {
                    let group = unit - unit % axis..unit - unit % axis + axis;
                    let largest = group.clone().rev().max_by(|&a, &b| primal[a].total_cmp(&primal[b]));
                    *y = x[unit] - x[largest.unwrap()];
                }
            }),
        }
    }

    /// A kernel that maps each row of its first input by itself; `map` is given the row and zeros.
    fn row_by_row(&self, map: impl FnMut(Row, &[f64], &mut [f64])) -> Vec<f64> {
        self.rows_of(0, map)
    }

    fn rows_of(&self, input: usize, mut map: impl FnMut(Row, &[f64], &mut [f64])) -> Vec<f64> {
        let layout = self.case.output_layout();
        let add = self.case.accumulate;
        let mut output = if add { self.case.before.clone() } else { vec![0.0; layout.len()] };
        for row in rows(layout) {
            // A series of lower degree says nothing of the orders above: they are zero.
            let mut mapped = vec![0.0; layout.units];
            map(row, &self.row(input, row), &mut mapped);
            let range = layout.row(row.order, row.sample, row.lane);
            output[range].iter_mut().zip(mapped).for_each(|(y, m)| *y += m);
        }
        output
    }

    /// A kernel that makes each unit's series at once: `make(self, order, sample, lane, unit)`.
    fn unit_by_unit(&self, make: impl Fn(&Self, usize, usize, usize, usize) -> Vec<f64>) -> Vec<f64> {
        let layout = self.case.output_layout();
        let mut output = self.case.before.clone();
        for sample in 0..layout.samples {
            for lane in 0..layout.lanes {
                for unit in 0..layout.units {
                    let series = make(self, layout.degree, sample, lane, unit);
                    for order in usize::from(!layout.primal)..=layout.degree {
                        let y = &mut output[layout.row(order, sample, lane).start + unit];
                        *y = if self.case.accumulate { *y + series[order] } else { series[order] };
                    }
                }
            }
        }
        output
    }

    /// A unit of the products of two values: the sum over the inner axis of products of series, each added by `add`.
    fn matrix_product(
        &self,
        shape: MatMulShape,
        order: usize,
        sample: usize,
        lane: usize,
        unit: usize,
        add: impl Fn(&mut [f64], &[f64], &[f64]),
    ) -> Vec<f64> {
        let MatMulShape { rows, inner, columns, .. } = shape;
        let (column, row, group) = (unit % columns, unit / columns % rows, unit / (columns * rows));
        let mut sum = vec![0.0; order + 1];
        for k in 0..inner {
            let (left, right) = ((group * rows + row) * inner + k, (group * inner + k) * columns + column);
            let a = self.series(0, order, sample, lane, left);
            let b = self.series(1, order, sample, lane, right);
            add(&mut sum, &a, &b);
        }
        sum
    }

    /// `σ(x0 + u(t)) = Σ a_j u(t)^j`.
    fn compose(&mut self, function: Activation) -> Vec<f64> {
        let x = self.case.layout(0);
        for row in rows(x).into_iter().filter(|row| row.order == 1) {
            let (primal, slope) = (self.row(0, Row { order: 0, ..row }), self.row(0, row));
            for (kink, (x, u)) in
                function.kinks().iter().flat_map(|k| primal.iter().zip(&slope).map(move |p| (k, p)))
            {
                self.note_kink(row, (kink - x) / u);
            }
        }
        for row in rows(x).into_iter().filter(|row| row.order == 1) {
            for unit in 0..x.units {
                let series = self.series(0, x.degree, row.sample, row.lane, unit);
                if function.kinks().contains(&series[0]) && self.moves(&series).is_some() {
                    self.note_kink(row, 0.0);
                }
            }
        }
        self.unit_by_unit(|run, n, s, l, u| {
            let x = run.series(0, n, s, l, u);
            let exponent = match function {
                Activation::Sqrt(_) => Some(0.5),
                Activation::Pow(p) => Some(p.exponent).filter(|p| p.fract() != 0.0),
                _ => None,
            };
            if let Some(exponent) = exponent.filter(|_| x[0] == 0.0) {
                return root(&x, exponent);
            }
            let branch = run.moves(&x).filter(|_| function.kinks().contains(&x[0]));
            substitute(
                &branch.map_or_else(|| taylor(function, x[0], n), |above| beside(function, x[0], above, n)),
                &x,
            )
        })
    }

    /// Whether a series' first coefficient that isn't zero takes it up as t leaves 0 to the case's side; none if all are zero.
    fn moves(&self, series: &[f64]) -> Option<bool> {
        let t: f64 = if self.case.side == Side::Ahead { 1.0 } else { -1.0 };
        let first = (1..series.len()).find(|&k| series[k] != 0.0)?;
        let degree = match &self.case.monomials {
            None => first,
            Some(monomials) => total(monomials.exponent(first)),
        };
        Some(series[first] * t.powi(degree as i32) > 0.0)
    }

    /// Each unit's series in several variables by itself; it is given the highest block, sample, lane and unit.
    fn in_variables(&self, make: impl Fn(&Polynomials, &Self, [usize; 4]) -> Vec<f64>) -> Vec<f64> {
        let monomials = self.case.monomials.as_ref().unwrap();
        let polynomials = Polynomials::new(monomials.variables(), monomials.order());
        self.unit_by_unit(|run, _, s, l, u| make(&polynomials, run, [monomials.blocks(), s, l, u]))
    }

    fn compose_mixed(&mut self, function: Activation) -> Vec<f64> {
        let x = self.case.layout(0);
        let variables = self.case.monomials.as_ref().unwrap().variables().min(x.degree);
        for row in rows(Layout { degree: 1, ..x }).into_iter().filter(|row| row.order == 1) {
            for unit in 0..x.units {
                let series = self.series(0, x.degree, row.sample, row.lane, unit);
                let slope = series[1..=variables].iter().fold(0.0, |length: f64, c| length.hypot(*c));
                for kink in function.kinks() {
                    if kink != series[0] {
                        self.note_kink(row, (kink - series[0]) / slope);
                    } else if self.moves(&series).is_some() {
                        self.note_kink(row, 0.0);
                    }
                }
            }
        }
        self.in_variables(|polynomials, run, [n, s, l, u]| {
            polynomials.compose(run, function, &run.series(0, n, s, l, u))
        })
    }

    /// Notes the lanes whose adjoint, the second input, passes a unit at which the primal lies on a kink: the published rule has no ray that
    /// would decide.
    fn note_passed(&mut self, on_kink: impl Fn(&[f64], usize) -> bool) {
        let z = self.case.layout(1);
        for row in rows(Layout { degree: 1, ..z }).into_iter().filter(|row| row.order == 1) {
            let primal = self.row(0, Row { order: 0, ..row });
            let passes = |unit| (1..=z.degree).any(|order| self.row(1, Row { order, ..row })[unit] != 0.0);
            if (0..z.units).any(|unit| on_kink(&primal, unit) && passes(unit)) {
                self.note_undecided(row);
            }
        }
    }

    /// `v_x[k] = Σ_s B[k,s] v_z[s]`, B[k,s] the coefficient of t^k in `(a_1 t + a_2 t² + …)^s`.
    fn bell(&mut self, function: Activation) -> Vec<f64> {
        self.note_passed(|primal, unit| function.kinks().contains(&primal[unit]));
        self.unit_by_unit(|run, n, s, l, u| {
            let x = run.series(0, 0, s, l, u)[0];
            // At a kink the function takes the branch below.
            let on_kink = function.kinks().contains(&x);
            let mut a = if on_kink { beside(function, x, false, n) } else { taylor(function, x, n) };
            a[0] = 0.0;
            let mut result = vec![0.0; n + 1];
            let mut power = a.clone();
            for order in 1..=run.case.layout(1).degree {
                let z = run.row(1, Row { order, sample: s, lane: l })[u];
                result.iter_mut().zip(&power).for_each(|(r, b)| *r += b * z);
                power = multiply(&power, &a);
            }
            result
        })
    }

    fn max_pool(&mut self, pool: &Pool) -> Vec<f64> {
        for row in rows(self.case.layout(0)).into_iter().filter(|row| row.order == 1) {
            let (primal, slope) = (self.row(0, Row { order: 0, ..row }), self.row(0, row));
            for window in windows(pool) {
                let winner = window.largest(&primal);
                let winner = self.largest_beside(row, &window, winner);
                for &other in window.pixels.iter().filter(|&&pixel| primal[pixel] != primal[winner]) {
                    // x_w + t u_w = x_o + t u_o, or in several variables along the steepest way.
                    let gap = primal[winner] - primal[other];
                    let approach = match &self.case.monomials {
                        None => slope[other] - slope[winner],
                        Some(monomials) => {
                            let difference = self.difference(row, other, winner);
                            let gradient = &difference[1..=monomials.variables()];
                            gradient.iter().fold(0.0, |length: f64, c| length.hypot(*c))
                        }
                    };
                    self.note_kink(row, gap / approach);
                }
                let tied = window.pixels.iter().filter(|&&pixel| primal[pixel] == primal[winner]);
                if tied.into_iter().any(|&pixel| self.moves(&self.difference(row, pixel, winner)).is_some()) {
                    self.note_kink(row, 0.0);
                }
            }
        }
        self.row_by_row(|row, x, y| {
            let primal = self.row(0, Row { order: 0, ..row });
            for window in windows(pool) {
                let first = window.largest(&primal);
                y[window.unit] =
                    x[if row.order == 0 { first } else { self.largest_beside(row, &window, first) }];
            }
        })
    }

    /// Of the pixels that are as large as the largest that which is so beside t = 0.
    fn largest_beside(&self, row: Row, window: &PoolWindow, first: usize) -> usize {
        let primal = self.row(0, Row { order: 0, ..row });
        let tied = window.pixels.iter().filter(|&&pixel| primal[pixel] == primal[first]);
        tied.fold(first, |best, &pixel| {
            if self.moves(&self.difference(row, pixel, best)) == Some(true) { pixel } else { best }
        })
    }

    /// Difference of two units of the first input along a lane.
    fn difference(&self, row: Row, a: usize, b: usize) -> Vec<f64> {
        let degree = self.case.layout(0).degree;
        let series = |unit| self.series(0, degree, row.sample, row.lane, unit);
        series(a).iter().zip(series(b)).map(|(a, b)| a - b).collect()
    }

    fn note_kink(&mut self, row: Row, distance: f64) {
        let at = 2 * (row.sample * self.case.lanes + row.lane) + usize::from(distance == 0.0);
        let nearest = &mut self.kinks[at];
        if distance.abs() < *nearest {
            *nearest = distance.abs();
        }
    }

    fn note_undecided(&mut self, row: Row) {
        self.kinks[2 * (row.sample * self.case.lanes + row.lane) + 1] = -1.0;
    }

    fn strided(&self, copy: &Strided, fill: bool) -> Vec<f64> {
        let (x, layout) = (self.case.layout(0), self.case.output_layout());
        let mut output = self.case.before.clone();
        for row in rows(layout) {
            let y = &mut output[layout.row(row.order, row.sample, row.lane)];
            if fill {
                y.fill(if row.order == 0 { copy.fill } else { 0.0 });
                for_each_copy(copy, |_, to| y[to] = 0.0);
            }
            if row.order <= x.degree {
                let x = self.row(0, row);
                for_each_copy(copy, |from, to| y[to] += copy.scale * x[from]);
            }
        }
        output
    }
}

/// `y_o = Σ_i W_oi x_i + b_o`, for each position.
fn linear(shape: LinearShape, w: &[f64], bias: Option<&[f64]>, x: &[f64], y: &mut [f64]) {
    for position in 0..x.len() / shape.inputs {
        for o in 0..shape.outputs {
            let mut sum = bias.map_or(0.0, |b| b[o]);
            for i in 0..shape.inputs {
                sum += w[o * shape.inputs + i] * x[position * shape.inputs + i];
            }
            y[position * shape.outputs + o] = sum;
        }
    }
}

/// `x̄_i = Σ_o W_oi^exponent z̄_o`, for each position.
fn linear_adjoint(shape: LinearShape, w: &[f64], exponent: i32, z: &[f64], x: &mut [f64]) {
    for position in 0..z.len() / shape.outputs {
        for i in 0..shape.inputs {
            for o in 0..shape.outputs {
                let power = w[o * shape.inputs + i].powi(exponent);
                x[position * shape.inputs + i] += power * z[position * shape.outputs + o];
            }
        }
    }
}

/// Coordinate in the image of a cell of a window, if it is inside.
fn source(window: &Window, axis: usize, position: usize, cell: usize) -> Option<usize> {
    let at = (position * window.stride[axis] + cell * window.dilation[axis]) as isize
        - window.pad_begin[axis] as isize;
    (at >= 0 && at < window.input[axis] as isize).then_some(at as usize)
}

/// Visits every product `W x` of a convolution: the indices of the weight, of the input unit and of the output unit.
fn for_each_product(shape: &ConvShape, mut visit: impl FnMut(usize, usize, usize)) {
    let w = &shape.window;
    let (of_in, of_out) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups);
    for out_channel in 0..shape.out_channels {
        for channel in 0..of_in {
            let in_channel = out_channel / of_out * of_in + channel;
            for (oy, ox) in pairs(w.output) {
                for (ky, kx) in pairs(w.kernel) {
                    let (Some(y), Some(x)) = (source(w, 0, oy, ky), source(w, 1, ox, kx)) else { continue };
                    let weight = ((out_channel * of_in + channel) * w.kernel[0] + ky) * w.kernel[1] + kx;
                    let from = (in_channel * w.input[0] + y) * w.input[1] + x;
                    visit(weight, from, (out_channel * w.output[0] + oy) * w.output[1] + ox);
                }
            }
        }
    }
}

fn pairs(size: [usize; 2]) -> impl Iterator<Item = (usize, usize)> {
    (0..size[0]).flat_map(move |y| (0..size[1]).map(move |x| (y, x)))
}

/// One position of a pool.
struct PoolWindow {
    /// The output unit.
    unit: usize,
    /// The input units inside the image, row by row.
    pixels: Vec<usize>,
    /// What a mean divides by: cells on the image, or with `count_include_pad` also on the padding, but never beyond.
    counted: usize,
}

impl PoolWindow {
    /// The largest; the first among equals; what is not a number before all.
    fn largest(&self, x: &[f64]) -> usize {
        let mut best = self.pixels[0];
        for &pixel in &self.pixels {
            if x[pixel] > x[best] || x[pixel].is_nan() {
                best = pixel;
            }
        }
        best
    }
}

fn windows(pool: &Pool) -> Vec<PoolWindow> {
    let w = &pool.window;
    let padded = |axis: usize, position: usize, cell: usize| {
        position * w.stride[axis] + cell * w.dilation[axis]
            < w.input[axis] + w.pad_begin[axis] + w.pad_end[axis]
    };
    let mut all = Vec::new();
    for channel in 0..pool.channels {
        for (oy, ox) in pairs(w.output) {
            let unit = (channel * w.output[0] + oy) * w.output[1] + ox;
            let mut window = PoolWindow { unit, pixels: Vec::new(), counted: 0 };
            for (ky, kx) in pairs(w.kernel) {
                let pixel = source(w, 0, oy, ky).zip(source(w, 1, ox, kx));
                if let Some((y, x)) = pixel {
                    window.pixels.push((channel * w.input[0] + y) * w.input[1] + x);
                }
                let counts = if pool.count_include_pad {
                    padded(0, oy, ky) && padded(1, ox, kx)
                } else {
                    pixel.is_some()
                };
                window.counted += usize::from(counts);
            }
            all.push(window);
        }
    }
    all
}

/// Visits every index tuple of a copy: the unit read and the unit written.
fn for_each_copy(copy: &Strided, mut visit: impl FnMut(usize, usize)) {
    let mut tuples = vec![(copy.input_offset as isize, copy.output_offset as isize)];
    for dim in &copy.dims {
        let steps =
            |(from, to)| (0..dim.size as isize).map(move |i| (from + i * dim.input, to + i * dim.output));
        tuples = tuples.into_iter().flat_map(steps).collect();
    }
    tuples.into_iter().for_each(|(from, to)| visit(from as usize, to as usize));
}
