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
mod choices;
mod collapsed;
mod functions;
mod linear;
mod mixed;
mod pools;
mod series;
mod windows;

use hope::kernel::arithmetic::{Affine, AffineAdjoint, MultiplyAdjoint};
use hope::kernel::collapsed::Collapsed;
use hope::kernel::conv::{Conv, ConvAdjoint, PooledConvAdjoint};
use hope::kernel::elementwise::{Bell, Compose, ComposeAdjoint};
use hope::kernel::linear::{Linear, LinearAdjoint, LinearOfUnitRays};
use hope::kernel::matmul::{MatMul, MatMulAdjoint, MatMulShape};
use hope::kernel::multivariate::{ComposeMixed, MaxPoolMixed, Relative};
use hope::kernel::pool::{AveragePool, AveragePoolAdjoint, MaxPool, MaxPoolAdjoint};
use hope::kernel::reduction::{Reduce, ReduceAdjoint};
use hope::kernel::select::{Select, SelectAdjoint};
use hope::kernel::strided::{StridedAdjoint, StridedCopy};
use hope::kernel::{Exponent, Kernel, Layout};
use hope::model::Pool;

use linear::{for_each_copy, for_each_product, linear, linear_adjoint};
use mixed::Polynomials;
use pools::windows;
use series::{divide, multiply, reduce};

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

/// All rows of a layout: order 0 and sums have one for each sample.
fn rows(layout: Layout) -> Vec<Row> {
    let mut rows = Vec::new();
    for order in 0..=layout.degree {
        for sample in 0..layout.samples {
            for lane in 0..layout.lanes {
                let shared = order == 0 || layout.is_sum(order);
                if (lane == 0 || !shared) && (order > 0 || layout.primal) {
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
            Kernel::Select(Select { choice, .. }) => self.select(*choice),
            Kernel::SelectAdjoint(SelectAdjoint(choice)) => self.select_adjoint(*choice),
            Kernel::Windowed(windowed) => self.windowed(windowed),
            Kernel::Collapsed(Collapsed(kernel)) => collapsed::collapsed(case, kernel),
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

    /// Each unit's series in several variables by itself; it is given the highest block, sample, lane and unit.
    fn in_variables(&self, make: impl Fn(&Polynomials, &Self, [usize; 4]) -> Vec<f64>) -> Vec<f64> {
        let monomials = self.case.monomials.as_ref().unwrap();
        let polynomials = Polynomials::new(monomials.variables(), monomials.order());
        self.unit_by_unit(|run, _, s, l, u| make(&polynomials, run, [monomials.blocks(), s, l, u]))
    }
}
