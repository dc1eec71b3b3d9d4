//! Choices by the sign of a selector, the first input, beside t = 0.

use hope::kernel::Layout;
use hope::kernel::select::Choice;

use super::{Row, Run, rows};

/// What a unit of a lane takes.
#[derive(PartialEq)]
enum Taken {
    This,
    Other,
    Nothing,
}

impl Run<'_> {
    /// By the value alone, as all lanes share it.
    fn taken_at_point(&self, choice: Choice, row: Row, unit: usize) -> Taken {
        let u = self.row(0, Row { order: 0, ..row })[unit];
        if u.is_nan() {
            return Taken::Nothing;
        }
        let above = u > 0.0 || (u == 0.0 && choice.at_zero);
        if above == choice.above { Taken::This } else { Taken::Other }
    }

    fn taken_along(&self, choice: Choice, row: Row, unit: usize) -> Taken {
        let series = self.series(0, self.case.layout(0).degree, row.sample, row.lane, unit);
        let moves = series[1..].iter().find(|c| **c != 0.0);
        if series[0].is_nan() || (series[0] == 0.0 && moves.is_some_and(|c| c.is_nan())) {
            return Taken::Nothing;
        }
        let above = match series[0] {
            0.0 => self.moves(&series).unwrap_or(choice.at_zero),
            u => u > 0.0,
        };
        if above == choice.above { Taken::This } else { Taken::Other }
    }

    pub(super) fn select(&mut self, choice: Choice) -> Vec<f64> {
        let u = self.case.layout(0);
        let first = choice.above == choice.at_zero;
        let variables =
            self.case.monomials.as_ref().map_or(1, |monomials| monomials.variables()).min(u.degree);
        let slope = |run: &Self, row: Row, unit: usize| {
            let series = run.series(0, u.degree, row.sample, row.lane, unit);
            series[1..=variables].iter().fold(0.0, |length: f64, c| length.hypot(*c))
        };
        for row in
            rows(Layout { degree: u.degree.min(1), ..u }).into_iter().filter(|row| row.order == 1 && first)
        {
            for unit in 0..u.units {
                let series = self.series(0, u.degree, row.sample, row.lane, unit);
                if series[0] != 0.0 {
                    self.note_kink(row, series[0] / slope(self, row, unit));
                } else if series[1..].iter().any(|c| *c != 0.0) {
                    self.note_kink(row, 0.0);
                }
            }
        }
        let before = |unit: usize, sample: usize| match self.case.accumulate {
            true => self.case.before[self.case.output_layout().row(0, sample, 0).start + unit],
            false => 0.0,
        };
        self.rows_of(1, |row, v, y| {
            for (unit, y) in y.iter_mut().enumerate() {
                if row.order == 0 {
                    *y = match self.taken_at_point(choice, row, unit) {
                        Taken::This => v[unit],
                        Taken::Other => 0.0,
                        Taken::Nothing => f64::NAN,
                    };
                    continue;
                }
                let taken = self.taken_along(choice, row, unit);
                if taken == Taken::This {
                    *y = v[unit];
                }
                let value = self.row(1, Row { order: 0, ..row })[unit];
                let joins = self.taken_at_point(choice, row, unit) == Taken::This
                    || value == before(unit, row.sample);
                let selector = self.row(0, Row { order: 0, ..row })[unit];
                let way_is_lost =
                    first && u.degree > 0 && selector != 0.0 && !slope(self, row, unit).is_finite();
                let lost = taken == Taken::Nothing
                    || !selector.is_finite()
                    || (taken == Taken::This && !joins)
                    || way_is_lost;
                if row.order == 1 && lost {
                    *y = f64::NAN;
                }
            }
        })
    }

    pub(super) fn select_adjoint(&mut self, choice: Choice) -> Vec<f64> {
        let z = self.case.layout(1);
        for row in rows(Layout { degree: 1, ..z }).into_iter().filter(|row| row.order == 1) {
            for unit in 0..z.units {
                let series = self.series(0, self.case.layout(0).degree, row.sample, row.lane, unit);
                let passes = (1..=z.degree).any(|order| self.row(1, Row { order, ..row })[unit] != 0.0);
                if series.iter().all(|c| *c == 0.0) && passes {
                    self.note_undecided(row);
                }
            }
        }
        self.rows_of(1, |row, z, x| {
            for (unit, x) in x.iter_mut().enumerate() {
                let selector = self.row(0, Row { order: 0, ..row })[unit];
                match self.taken_along(choice, row, unit) {
                    _ if selector.is_infinite() => *x = f64::NAN,
                    Taken::This => *x = z[unit],
                    Taken::Other => {}
                    Taken::Nothing => *x = f64::NAN,
                }
            }
        })
    }
}
