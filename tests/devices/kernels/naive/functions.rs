//! Functions of one unit, with the branch that each takes at a kink.

use hope::activation::Activation;
use hope::kernel::{Layout, Side};

use super::mixed::total;
use super::series::{beside, multiply, root, substitute, taylor};
use super::{Row, Run, rows};

impl Run<'_> {
    /// `σ(x0 + u(t)) = Σ a_j u(t)^j`.
    pub(super) fn compose(&mut self, function: Activation) -> Vec<f64> {
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
    pub(super) fn moves(&self, series: &[f64]) -> Option<bool> {
        let t: f64 = if self.case.side == Side::Ahead { 1.0 } else { -1.0 };
        let first = (1..series.len()).find(|&k| series[k] != 0.0)?;
        let degree = match &self.case.monomials {
            None => first,
            Some(monomials) => total(monomials.exponent(first)),
        };
        Some(series[first] * t.powi(degree as i32) > 0.0)
    }

    pub(super) fn compose_mixed(&mut self, function: Activation) -> Vec<f64> {
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
    pub(super) fn note_passed(&mut self, on_kink: impl Fn(&[f64], usize) -> bool) {
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
    pub(super) fn bell(&mut self, function: Activation) -> Vec<f64> {
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

    pub(super) fn note_kink(&mut self, row: Row, distance: f64) {
        let at = 2 * (row.sample * self.case.lanes + row.lane) + usize::from(distance == 0.0);
        let nearest = &mut self.kinks[at];
        if distance.abs() < *nearest {
            *nearest = distance.abs();
        }
    }

    pub(super) fn note_undecided(&mut self, row: Row) {
        self.kinks[2 * (row.sample * self.case.lanes + row.lane) + 1] = -1.0;
    }
}
