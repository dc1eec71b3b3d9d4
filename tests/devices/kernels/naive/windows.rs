//! Layers inside windows: each on whole maps, for each ray by itself.

use hope::kernel::windows::{WindowLayer, WindowOp, Windowed};

use super::linear::for_each_product;
use super::pools::windows;
use super::series::{substitute, taylor};
use super::{Row, Run};

impl Run<'_> {
    /// Orders 1 and above; order 0 is the last of the primal values.
    pub(super) fn windowed(&mut self, kernel: &Windowed) -> Vec<f64> {
        let case = self.case;
        let layout = case.output_layout();
        let rays = case.unit_rays.as_deref().expect("the case says them");
        let mut output = vec![0.0; layout.len()];
        for sample in 0..layout.samples {
            let primal = self.row(case.inputs.len() - 1, Row { order: 0, sample, lane: 0 });
            output[layout.row(0, sample, 0)].copy_from_slice(&primal);
            for lane in 0..layout.lanes {
                let mut x = vec![vec![0.0; kernel.windows.image.iter().product()]; 2];
                let ray = rays[case.first_lane + lane];
                x[1][ray] = case.radius(ray);
                for layer in &kernel.windows.layers {
                    x = self.layer(kernel, layer, &x, Row { order: 1, sample, lane });
                }
                for order in 1..=layout.degree {
                    output[layout.row(order, sample, lane)].copy_from_slice(&x[order]);
                }
            }
        }
        output
    }

    /// The series of all units, by order; order 0 says nothing.
    fn layer(&mut self, kernel: &Windowed, layer: &WindowLayer, x: &[Vec<f64>], row: Row) -> Vec<Vec<f64>> {
        let weight = |position: usize| self.case.constant_of(kernel.weights[position]);
        let primal = |position: usize| self.row(position, Row { order: 0, ..row });
        let mut y = vec![vec![0.0; layer.shape.iter().product()]; layer.degree + 1];
        let mut distances = Vec::new();
        match &layer.op {
            WindowOp::Conv { shape, weight: w } => {
                for (x, y) in x.iter().zip(&mut y) {
                    for_each_product(shape, |at, from, to| y[to] += weight(*w)[at] * x[from]);
                }
            }
            WindowOp::AveragePool(pool) => {
                for (x, y) in x.iter().zip(&mut y) {
                    for window in windows(pool) {
                        let sum: f64 = window.pixels.iter().map(|&pixel| x[pixel]).sum();
                        y[window.unit] = sum / window.counted as f64;
                    }
                }
            }
            WindowOp::MaxPool { pool, primal: p } => {
                let primal = primal(*p);
                for window in windows(pool) {
                    let winner = window.largest(&primal);
                    for (x, y) in x.iter().zip(&mut y) {
                        y[window.unit] = x[winner];
                    }
                    for &other in window.pixels.iter().filter(|&&pixel| x[1][pixel] != x[1][winner]) {
                        distances.push((primal[winner] - primal[other]) / (x[1][other] - x[1][winner]));
                    }
                }
            }
            WindowOp::Compose { function, primal: p } => {
                for (unit, primal) in primal(*p).into_iter().enumerate() {
                    let series: Vec<f64> =
                        (0..=layer.degree).map(|k| x.get(k).map_or(0.0, |x| x[unit])).collect();
                    let composed = substitute(&taylor(*function, primal, layer.degree), &series);
                    y.iter_mut().zip(composed).for_each(|(y, c)| y[unit] = c);
                    let meets = function.kinks().into_iter().map(|kink| (kink - primal) / x[1][unit]);
                    distances.extend(meets);
                }
            }
            WindowOp::Scale { weight: w } => {
                let area = layer.shape[1] * layer.shape[2];
                for (x, y) in x.iter().zip(&mut y) {
                    for unit in 0..y.len() {
                        y[unit] = weight(*w)[unit / area] * x[unit];
                    }
                }
            }
        }
        distances.into_iter().for_each(|distance| self.note_kink(row, distance));
        y
    }
}
