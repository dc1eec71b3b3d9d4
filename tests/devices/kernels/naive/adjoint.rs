//! The adjoint of the exact method: for z = f(x) along a ray, `x̄(t) = f'(x(t))ᵀ z̄(t)`, series in t. Block k of an adjoint is the coefficient
//! of t^(k-1).

use hope::activation::Activation;
use hope::kernel::matmul::{Factor, MatMulShape};
use hope::kernel::reduction::Reduction;
use hope::model::Pool;

use super::pools::windows;
use super::series::{beside, multiply, power, reduce, substitute, taylor};
use super::{Layout, Row, Run, rows};

impl Run<'_> {
    /// The series of one unit of an adjoint, the second input, so many coefficients from t^0 on.
    fn adjoint(&self, count: usize, sample: usize, lane: usize, unit: usize) -> Vec<f64> {
        (1..=count).map(|order| self.row(1, Row { order, sample, lane })[unit]).collect()
    }

    /// A kernel that makes each unit's adjoint of a series and another adjoint.
    pub fn pass_on(&self, make: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Vec<f64> {
        self.unit_by_unit(|run, n, s, l, u| {
            let mut blocks = make(&run.series(0, n - 1, s, l, u), &run.adjoint(n, s, l, u));
            blocks.insert(0, 0.0);
            blocks
        })
    }

    /// `σ'(x(t)) z̄(t)`, σ' the derivative of the branch that holds along the ray.
    pub fn compose_adjoint(&mut self, function: Activation) -> Vec<f64> {
        let (x, z) = (self.case.layout(0), self.case.layout(1));
        for row in rows(Layout { degree: 1, ..z }).into_iter().filter(|row| row.order == 1) {
            for unit in 0..x.units {
                let series = self.series(0, x.degree, row.sample, row.lane, unit);
                let passes = self.adjoint(z.degree, row.sample, row.lane, unit).iter().any(|c| *c != 0.0);
                if function.kinks().contains(&series[0]) && self.moves(&series).is_none() && passes {
                    self.note_undecided(row);
                }
            }
        }
        self.unit_by_unit(|run, n, s, l, u| {
            let x = run.series(0, n - 1, s, l, u);
            // All of the series decides.
            let above = run.moves(&run.series(0, run.case.layout(0).degree, s, l, u));
            let a = match function.kinks().contains(&x[0]) {
                true => beside(function, x[0], above.unwrap_or(false), n),
                false => taylor(function, x[0], n),
            };
            let slopes: Vec<f64> = (1..=n).map(|j| j as f64 * a[j]).collect();
            let mut blocks = multiply(&substitute(&slopes, &x), &run.adjoint(n, s, l, u));
            blocks.insert(0, 0.0);
            blocks
        })
    }

    /// To the input that each maximum is along the ray.
    pub fn max_pool_adjoint(&mut self, pool: &Pool) -> Vec<f64> {
        let z = self.case.layout(1);
        for row in rows(Layout { degree: 1, ..z }).into_iter().filter(|row| row.order == 1) {
            let primal = self.row(0, Row { order: 0, ..row });
            for window in windows(pool) {
                let winner = self.largest_beside(row, &window, window.largest(&primal));
                let passes =
                    self.adjoint(z.degree, row.sample, row.lane, window.unit).iter().any(|c| *c != 0.0);
                let same = |&pixel: &usize| {
                    pixel != winner
                        && primal[pixel] == primal[winner]
                        && self.moves(&self.difference(row, pixel, winner)).is_none()
                };
                if passes && window.pixels.iter().any(same) {
                    self.note_undecided(row);
                }
            }
        }
        self.rows_of(1, |row, z, x| {
            let primal = self.row(0, Row { order: 0, ..row });
            for window in windows(pool) {
                x[self.largest_beside(row, &window, window.largest(&primal))] += z[window.unit];
            }
        })
    }

    /// The sum over the outputs of their derivatives, from closed forms: `∂p_j/∂x_i = p_j (δ_ij - p_i)`, `∂ log p_j/∂x_i = δ_ij - p_i`, and of
    /// y_j = c_j s with s = (mean c² + ε)^(-1/2) `(δ_ij - 1/n) s - c_j s³ c_i / n`.
    pub fn reduce_adjoint(&self, reduction: Reduction, axis: usize) -> Vec<f64> {
        self.unit_by_unit(|run, n, s, l, u| {
            let start = u - u % axis;
            let group: Vec<Vec<f64>> = (start..start + axis).map(|u| run.series(0, n - 1, s, l, u)).collect();
            let share = 1.0 / axis as f64;
            let i = u % axis;
            let less = |a: &[f64], b: &[f64]| -> Vec<f64> { a.iter().zip(b).map(|(a, b)| a - b).collect() };
            let mean: Vec<f64> = (0..n).map(|k| group.iter().map(|x| x[k]).sum::<f64>() * share).collect();
            let centred: Vec<Vec<f64>> = group.iter().map(|x| less(x, &mean)).collect();
            // A common factor's power of two changes nothing, and squares stay in range.
            let size = centred.iter().fold(1e-300, |m: f64, c| m.max(c[0].abs()));
            let scaled: Vec<Vec<f64>> =
                centred.iter().map(|c| c.iter().map(|c| c / size).collect()).collect();
            let softmax: Vec<Vec<f64>> = match reduction {
                Reduction::Normalize { .. } => Vec::new(),
                _ => (0..axis).map(|l| reduce(Reduction::Softmax, &group, l)).collect(),
            };
            let derivative = |j: usize| -> Vec<f64> {
                let same = if i == j { 1.0 } else { 0.0 };
                match reduction {
                    Reduction::Softmax | Reduction::LogSoftmax => {
                        // 1 - p_i as the sum of the others: where softmax is saturated it would cancel.
                        let mut of_i = vec![0.0; n];
                        for (l, p) in softmax.iter().enumerate().filter(|(l, _)| (*l == i) != (i == j)) {
                            let sign = if l == i { -1.0 } else { 1.0 };
                            of_i.iter_mut().zip(p).for_each(|(sum, p)| *sum += sign * p);
                        }
                        match reduction {
                            Reduction::Softmax => multiply(&softmax[j], &of_i),
                            _ => of_i,
                        }
                    }
                    Reduction::Normalize { epsilon } => {
                        let mut variance = vec![0.0; n];
                        for c in &scaled {
                            let square = multiply(c, c);
                            variance.iter_mut().zip(square).for_each(|(v, c)| *v += c * share);
                        }
                        variance[0] += epsilon / (size * size);
                        let root = substitute(&power(variance[0], -0.5, n - 1), &variance);
                        let cube = multiply(&multiply(&root, &root), &root);
                        let along = multiply(&multiply(&scaled[j], &scaled[i]), &cube);
                        let terms = root.iter().zip(along).map(|(r, a)| (same - share) * r - share * a);
                        terms.map(|term| term / size).collect()
                    }
                }
            };
            let mut blocks = vec![0.0; n];
            for j in 0..axis {
                let product = multiply(&derivative(j), &run.adjoint(n, s, l, start + j));
                blocks.iter_mut().zip(product).for_each(|(sum, product)| *sum += product);
            }
            blocks.insert(0, 0.0);
            blocks
        })
    }

    /// `Ā = Z̄ Bᵀ`, `B̄ = Aᵀ Z̄`: each number of a factor is in a row or a column of products.
    pub fn matmul_adjoint(&self, shape: MatMulShape, factor: Factor) -> Vec<f64> {
        let MatMulShape { rows, inner, columns, .. } = shape;
        self.unit_by_unit(|run, n, s, l, u| {
            let mut blocks = vec![0.0; n];
            let mut add = |other: usize, of_z: usize| {
                let product = multiply(&run.series(0, n - 1, s, l, other), &run.adjoint(n, s, l, of_z));
                blocks.iter_mut().zip(product).for_each(|(sum, product)| *sum += product);
            };
            match factor {
                Factor::Left => {
                    let (k, row, group) = (u % inner, u / inner % rows, u / (inner * rows));
                    for column in 0..columns {
                        add((group * inner + k) * columns + column, (group * rows + row) * columns + column);
                    }
                }
                Factor::Right => {
                    let (column, k, group) = (u % columns, u / columns % inner, u / (columns * inner));
                    for row in 0..rows {
                        add((group * rows + row) * inner + k, (group * rows + row) * columns + column);
                    }
                }
            }
            blocks.insert(0, 0.0);
            blocks
        })
    }
}
