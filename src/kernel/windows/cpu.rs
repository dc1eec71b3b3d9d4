//! The layers of a group of rays after one another, in the windows that they reach.

use std::ops::Range;

use faer::Par;

use super::{Patch, WindowLayer, WindowOp, Windows, patch};
use crate::geometry::Pool;
use crate::kernel::arithmetic;
use crate::kernel::conv::{self, ConvShape};
use crate::kernel::kink::Grading;
use crate::kernel::linear::{self, LinearShape};
use crate::kernel::{Constants, Kink, Layout, Series, SeriesMut, Side, UnitRays, elementwise, pool};
use crate::scalar::Scalar;

/// Which branches to take on kinks, and where to note what the rays meet.
#[derive(Debug)]
pub struct Branches<'a> {
    /// `[samples, lanes]`.
    pub kinks: &'a mut [Kink],
    /// Where the series have to hold.
    pub side: Side,
}

/// Orders 1 and above of the last layer for rays along unit vectors, one per lane; order 0 is the last of `primals`.
///
/// `primals` and `weights` are what [`WindowOp`] counts; `kinks` and `side` are those of the ordinary kernels.
pub fn windows<T: Scalar>(
    windows: &Windows,
    rays: UnitRays,
    primals: &[Series<T>],
    weights: &[&[T]],
    y: &mut SeriesMut<T>,
    Branches { kinks, side }: Branches,
    parallel: Par,
) {
    if let Some(primal) = primals.last() {
        y.block(0).copy_from_slice(primal.block(0));
    }
    y.clear_above(0);
    let mut work = Work { primals, weights, side, parallel, matrix: Vec::new(), kinks: Vec::new() };
    let (mut x, mut next) = (Local::default(), Local::default());
    for (run, patch) in windows.groups(rays.order) {
        x.start(windows, rays, run.clone(), patch, y.layout.samples);
        work.kinks.clear();
        work.kinks.resize(y.layout.samples * run.len(), Kink::NONE);
        for layer in &windows.layers {
            work.layer(layer, &mut x, &mut next);
            std::mem::swap(&mut x, &mut next);
        }
        x.copy_higher(run.start, &Patch::whole(x.map), y);
        for (sample, near) in work.kinks.chunks_exact(run.len()).enumerate() {
            let all = &mut kinks[sample * y.layout.lanes + run.start..][..run.len()];
            all.iter_mut().zip(near).for_each(|(all, &near)| all.join(near));
        }
    }
}

/// Series of the rays of a group in a window.
///
/// Its block 0 is filled where the layer that reads it isn't linear.
#[derive(Debug)]
struct Local<T> {
    data: Vec<T>,
    layout: Layout,
    /// Channels, height and width of the map that the window lies in.
    map: [usize; 3],
    patch: Patch,
}

impl<T> Default for Local<T> {
    fn default() -> Self {
        let layout = Layout { samples: 0, lanes: 0, units: 0, degree: 0, primal: true, collapsed: false };
        Self { data: Vec::new(), layout, map: [0; 3], patch: Patch::default() }
    }
}

impl<T: Scalar> Local<T> {
    /// Another window, whose numbers are to be written.
    fn reset(&mut self, map: [usize; 3], patch: Patch, layout: Layout) {
        self.layout = Layout { units: map[0] * patch.area(), primal: true, ..layout };
        (self.map, self.patch) = (map, patch);
        self.data.resize(self.layout.len(), T::zero());
    }

    /// Another window, all zero.
    fn clear(&mut self, map: [usize; 3], patch: Patch, layout: Layout) {
        self.data.clear();
        self.reset(map, patch, layout);
    }

    /// The rays themselves.
    fn start(&mut self, windows: &Windows, rays: UnitRays, run: Range<usize>, patch: Patch, samples: usize) {
        let [_, height, width] = windows.image;
        let units = windows.image[0] * patch.area();
        self.clear(
            windows.image,
            patch,
            Layout { samples, lanes: run.len(), units, degree: 1, primal: true, collapsed: false },
        );
        for sample in 0..samples {
            for (lane, at) in run.clone().enumerate() {
                let ray = rays.ray(at);
                let unit = self.patch.unit(ray / (width * height), ray / width % height, ray % width);
                let row = self.layout.row(1, sample, lane);
                self.data[row][unit] = rays.radius(at);
            }
        }
    }

    fn series(&self) -> Series<'_, T> {
        Series { data: &self.data, layout: self.layout }
    }

    /// Orders 1 and above alone.
    fn higher(&self) -> Series<'_, T> {
        let layout = Layout { primal: false, ..self.layout };
        Series { data: &self.data[self.layout.block(0).end..], layout }
    }

    fn series_mut(&mut self) -> SeriesMut<'_, T> {
        SeriesMut { data: &mut self.data, layout: self.layout }
    }

    fn higher_mut(&mut self) -> SeriesMut<'_, T> {
        let layout = Layout { primal: false, ..self.layout };
        SeriesMut { data: &mut self.data[self.layout.block(0).end..], layout }
    }

    /// Fills block 0 from the whole map's.
    fn gather_primal(&mut self, primal: Series<T>) {
        for sample in 0..self.layout.samples {
            let row = self.layout.row(0, sample, 0);
            let whole = Patch::whole(self.map);
            patch::copy(self.map[0], (&whole, primal.row(0, sample, 0)), (&self.patch, &mut self.data[row]));
        }
    }

    /// Copies orders 1 and above into the lanes from `first` on of a series in a larger patch of the same map.
    fn copy_higher(&self, first: usize, patch: &Patch, y: &mut SeriesMut<T>) {
        for order in 1..=self.layout.degree {
            for sample in 0..self.layout.samples {
                for lane in 0..self.layout.lanes {
                    let from = &self.data[self.layout.row(order, sample, lane)];
                    let to = y.row(order, sample, first + lane);
                    patch::copy(self.map[0], (&self.patch, from), (patch, to));
                }
            }
        }
    }
}

/// What the layers of a group share.
struct Work<'a, T> {
    primals: &'a [Series<'a, T>],
    weights: &'a [&'a [T]],
    side: Side,
    parallel: Par,
    /// Of a convolution between small windows.
    matrix: Vec<T>,
    /// `[samples, lanes of the group]`.
    kinks: Vec<Kink>,
}

impl<T: Scalar> Work<'_, T> {
    fn layer(&mut self, layer: &WindowLayer, x: &mut Local<T>, y: &mut Local<T>) {
        let layout = Layout { degree: layer.degree, ..x.layout };
        y.reset(layer.shape, layer.reached(&x.patch), layout);
        if x.patch.area() == 0 || y.patch.area() == 0 {
            return;
        }
        match &layer.op {
            WindowOp::Conv { shape, weight } => self.conv(shape, self.weights[*weight], x, y),
            WindowOp::AveragePool(pool) => {
                let window = x.patch.window(&y.patch, &pool.window);
                let pool = Pool { window, count_include_pad: true, ..pool.clone() };
                pool::average_pool(&pool, x.higher(), &mut y.higher_mut());
            }
            WindowOp::MaxPool { pool, primal } => {
                // The cells outside the window don't move, but may be the largest.
                let mut all = Local::default();
                all.clear(x.map, y.patch.seen(&pool.window), x.layout);
                let patch = all.patch.clone();
                x.copy_higher(0, &patch, &mut all.series_mut());
                all.gather_primal(self.primals[*primal]);
                let window = all.patch.window(&y.patch, &pool.window);
                let pool = Pool { window, ..pool.clone() };
                pool::max_pool(
                    &pool,
                    Grading::One,
                    all.series(),
                    &mut y.series_mut(),
                    self.side,
                    &mut self.kinks,
                );
            }
            WindowOp::Compose { function, primal } => {
                x.gather_primal(self.primals[*primal]);
                let x = x.series();
                elementwise::compose(*function, x, &mut y.series_mut(), self.side);
                elementwise::roots(*function, x, &mut y.series_mut(), self.side, &mut self.kinks);
                elementwise::note_kinks(*function, Grading::One, x, &mut self.kinks);
            }
            WindowOp::Scale { weight } => {
                let scale = Constants { values: self.weights[*weight], inner: x.patch.area() };
                arithmetic::affine(Some(scale), None, x.higher(), &mut y.higher_mut());
            }
        }
    }

    /// A convolution between two windows.
    fn conv(&mut self, shape: &ConvShape, weight: &[T], x: &Local<T>, y: &mut Local<T>) {
        let (inputs, outputs) = (x.layout.units, y.layout.units);
        let rows = x.layout.degree * x.layout.samples * x.layout.lanes;
        // Gathering an entry of the matrix, or of an im2col panel, costs about as much as so many products.
        const GATHER: usize = 32;
        let as_matrix = inputs * outputs * (rows + GATHER);
        let depth = shape.in_channels / shape.groups * shape.window.kernel_size();
        let as_panel = depth * y.patch.area() * rows * (shape.out_channels + GATHER * shape.groups);
        if as_matrix <= as_panel {
            self.matrix.clear();
            self.matrix.resize(inputs * outputs, T::zero());
            patch::convolution_matrix(shape, weight, &x.patch, &y.patch, &mut self.matrix);
            let shape = LinearShape { inputs, outputs };
            linear::linear(shape, &self.matrix, None, x.higher(), &mut y.higher_mut(), self.parallel);
        } else {
            let shape = ConvShape { window: x.patch.window(&y.patch, &shape.window), ..*shape };
            conv::conv(&shape, weight, None, x.higher(), &mut y.higher_mut(), self.parallel);
        }
    }
}
