//! Pools: their windows, and the maximum as the largest beside t = 0.

use hope::model::Pool;

use super::linear::{pairs, source};
use super::{Row, Run, rows};

/// One position of a pool.
pub(super) struct PoolWindow {
    /// The output unit.
    pub(super) unit: usize,
    /// The input units inside the image, row by row.
    pub(super) pixels: Vec<usize>,
    /// What a mean divides by: cells on the image, or with `count_include_pad` also on the padding, but never beyond.
    pub(super) counted: usize,
}

impl PoolWindow {
    /// The largest; the first among equals; what is not a number before all.
    pub(super) fn largest(&self, x: &[f64]) -> usize {
        let mut best = self.pixels[0];
        for &pixel in &self.pixels {
            if x[pixel] > x[best] || x[pixel].is_nan() {
                best = pixel;
            }
        }
        best
    }
}

pub(super) fn windows(pool: &Pool) -> Vec<PoolWindow> {
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

impl Run<'_> {
    pub(super) fn max_pool(&mut self, pool: &Pool) -> Vec<f64> {
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
    pub(super) fn largest_beside(&self, row: Row, window: &PoolWindow, first: usize) -> usize {
        let primal = self.row(0, Row { order: 0, ..row });
        let tied = window.pixels.iter().filter(|&&pixel| primal[pixel] == primal[first]);
        tied.fold(first, |best, &pixel| {
            if self.moves(&self.difference(row, pixel, best)) == Some(true) { pixel } else { best }
        })
    }

    /// Difference of two units of the first input along a lane.
    pub(super) fn difference(&self, row: Row, a: usize, b: usize) -> Vec<f64> {
        let degree = self.case.layout(0).degree;
        let series = |unit| self.series(0, degree, row.sample, row.lane, unit);
        series(a).iter().zip(series(b)).map(|(a, b)| a - b).collect()
    }
}
