//! What `hope plot` draws along.

use anyhow::{Result, bail};

use hope::model::Model;
use hope::picture::Axis;

use super::args::PlotArgs;
use crate::cli::input;

/// Points of a line, and cells along each side of a map.
const LINE: usize = 801;
pub const SIDE: usize = 101;

/// What to draw along: one or two directions.
pub struct Slice {
    /// `[d, inputs]`.
    pub basis: Vec<f64>,
    /// The inputs that the directions are, if they are inputs.
    pub inputs: Vec<usize>,
    /// Name of each coordinate, and its value at the centre.
    pub axes: Vec<(String, f64)>,
}

impl Slice {
    /// What the options choose.
    ///
    /// # Errors
    /// If they don't fit the model, or a picture.
    pub fn new(args: &PlotArgs, model: &Model, point: &[f64]) -> Result<Self> {
        let inputs = model.inputs();
        if let Some(path) = &args.subspace {
            let basis = input::subspace(path, model)?;
            let axes = match basis.len() / inputs {
                1 => vec![("t".to_string(), 0.0)],
                2 => vec![("t₁".to_string(), 0.0), ("t₂".to_string(), 0.0)],
                n => bail!("{}: {n} directions; one or two can be drawn", path.display()),
            };
            return Ok(Self { basis, inputs: Vec::new(), axes });
        }
        let chosen: Vec<usize> = match (&args.inputs[..], inputs) {
            ([], 1 | 2) => (0..inputs).collect(),
            ([], _) => bail!(
                "the model has {inputs} inputs, a picture has room for one or two: choose them with --inputs 0,1, or \
                 directions with --subspace"
            ),
            (chosen, _) => chosen.to_vec(),
        };
        if chosen.len() > 2 || chosen.first() == chosen.get(1) {
            bail!("--inputs: choose one input, or two different ones");
        }
        if let Some(i) = chosen.iter().find(|&&i| i >= inputs) {
            bail!("--inputs {i}: the model has inputs 0 to {}", inputs - 1);
        }
        let mut basis = vec![0.0; chosen.len() * inputs];
        for (row, &i) in chosen.iter().enumerate() {
            basis[row * inputs + i] = 1.0;
        }
        let name = |i: usize| if inputs == 1 { "x".to_string() } else { format!("input {i}") };
        let axes = chosen.iter().map(|&i| (name(i), point[i])).collect();
        Ok(Self { basis, inputs: chosen, axes })
    }

    /// Distances from the centre: along a line with both ends, or the cells' centres of a map, row by row.
    pub fn steps(&self, range: f64) -> Vec<Vec<f64>> {
        if self.axes.len() == 1 {
            return (0..LINE).map(|i| vec![range * (2.0 * i as f64 / (LINE - 1) as f64 - 1.0)]).collect();
        }
        let centre = |i: usize| range * ((2 * i + 1) as f64 / SIDE as f64 - 1.0);
        (0..SIDE * SIDE).map(|i| vec![centre(i % SIDE), centre(i / SIDE)]).collect()
    }

    /// The point at a distance from the centre.
    pub fn point(&self, centre: &[f64], t: &[f64]) -> Vec<f64> {
        let mut point = centre.to_vec();
        for (row, t) in self.basis.chunks_exact(centre.len()).zip(t) {
            point.iter_mut().zip(row).for_each(|(x, s)| *x += t * s);
        }
        point
    }

    /// The axis of a coordinate.
    pub fn axis(&self, i: usize, range: f64) -> Axis {
        let (name, at) = &self.axes[i];
        Axis::new(name.clone()).range(at - range, at + range)
    }
}
