//! The first layers of a convolutional network, for rays along unit vectors.
//!
//! Along a ray of a single pixel a layer's coefficients of orders 1 and above are zero outside the window that the
//! pixel reaches: 5 x 5 of 24 x 24 after a first convolution of that size. So they are computed inside the window
//! only, for groups of neighbouring pixels together, until it covers the map; there the ordinary kernels go on.
//! Order 0 is not sparse: the ordinary kernels have computed it before, and it is read here where a layer isn't linear.
//!
//! A convolution between small windows is a matrix, whose entries are gathered from the kernel; between large ones it
//! is a convolution with other padding.

mod cpu;
mod patch;

use std::ops::Range;

pub use cpu::windows;
pub use patch::{Patch, begins_before};

use super::conv::ConvShape;
use super::{Call, Constant, ConstantId, Definition, Orders, Shapes};
use crate::activation::Activation;
use crate::geometry::Pool;
use crate::packing;
use crate::scalar::Scalar;

#[cfg(feature = "gpu")]
super::dispatch::only_for_cpus!(Windowed);

/// Pixels of a group along each axis.
pub const GROUP: usize = 4;

/// The layers and the rays.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    /// Channels, height and width of the input.
    pub image: [usize; 3],
    /// The layers; each reads the one before.
    pub layers: Vec<WindowLayer>,
}

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowLayer {
    /// What it computes.
    pub op: WindowOp,
    /// Channels, height and width of its output.
    pub shape: [usize; 3],
    /// Highest order of its output.
    pub degree: usize,
}

/// What a layer computes. Weights and primal values are given by their positions in the lists that the kernel takes.
#[derive(Clone, Debug, PartialEq)]
pub enum WindowOp {
    /// A convolution.
    Conv {
        /// Its shape.
        shape: ConvShape,
        /// Position of its weight.
        weight: usize,
    },
    /// Average pooling with equal counts.
    AveragePool(Pool),
    /// Max pooling.
    MaxPool {
        /// Its shape.
        pool: Pool,
        /// Position of its input's primal value.
        primal: usize,
    },
    /// An elementwise function.
    Compose {
        /// The function.
        function: Activation,
        /// Position of its input's primal value.
        primal: usize,
    },
    /// Multiplication by a constant per channel.
    Scale {
        /// Position of the constants.
        weight: usize,
    },
}

impl Windows {
    /// The unit vectors in the order of the lanes: all channels of a pixel, pixel by pixel of a group.
    pub fn rays(&self) -> Vec<usize> {
        let [channels, height, width] = self.image;
        let groups = |size: usize| (0..size).step_by(GROUP).map(move |at| at..size.min(at + GROUP));
        let mut rays = Vec::with_capacity(channels * height * width);
        for rows in groups(height) {
            for columns in groups(width) {
                for y in rows.clone() {
                    for x in columns.clone() {
                        rays.extend((0..channels).map(|channel| (channel * height + y) * width + x));
                    }
                }
            }
        }
        rays
    }

    /// Rays of a full group.
    pub fn group(&self) -> usize {
        self.image[0] * GROUP.min(self.image[1]) * GROUP.min(self.image[2])
    }

    /// The windows of a group in the middle of the image, as it goes through the layers: the input's first.
    pub fn patches(&self) -> Vec<Patch> {
        let mut patches = vec![Patch::middle(self.image, GROUP)];
        for layer in &self.layers {
            patches.push(layer.reached(&patches[patches.len() - 1]));
        }
        patches
    }

    /// Elements of scratch for a chunk, about.
    pub fn scratch(&self, samples: usize, lanes: usize) -> usize {
        let rows = |degree: usize| samples * (1 + degree * lanes.min(self.group()));
        let mut before = self.group();
        let mut most = 0;
        for (layer, patch) in self.layers.iter().zip(&self.patches()[1..]) {
            let units = layer.shape[0] * patch.area();
            let weights = match &layer.op {
                WindowOp::Conv { shape, .. } => {
                    let packed = packing::elements(rows(layer.degree), before, units);
                    (before * units + packed).max(shape.scratch())
                }
                _ => 0,
            };
            most = most.max(rows(layer.degree) * (before + units) + weights);
            before = units;
        }
        most
    }

    /// Multiplications and additions for a chunk, about.
    pub fn flops(&self, samples: usize, lanes: usize) -> f64 {
        let series = (samples * lanes) as f64;
        let mut before = self.group();
        let mut degree = 1;
        let mut sum = 0.0;
        for (layer, patch) in self.layers.iter().zip(&self.patches()[1..]) {
            let units = layer.shape[0] * patch.area();
            sum += match &layer.op {
                WindowOp::Conv { .. } => 2.0 * series * (degree * units * before) as f64,
                WindowOp::Compose { .. } if degree > 1 => {
                    series * units as f64 * (layer.degree as f64).powi(3) / 3.0
                }
                _ => series * (units * layer.degree) as f64,
            };
            (before, degree) = (units, layer.degree);
        }
        sum
    }

    /// Cuts lanes into runs that lie in one group; each with the window of its pixels.
    fn groups(&self, rays: &[usize]) -> Vec<(Range<usize>, Patch)> {
        let [_, height, width] = self.image;
        let pixel = |ray: usize| (ray / width % height, ray % width);
        let group = |&ray: &usize| {
            let (y, x) = pixel(ray);
            (y / GROUP, x / GROUP)
        };
        let mut runs = Vec::new();
        let mut start = 0;
        for run in rays.chunk_by(|a, b| group(a) == group(b)) {
            runs.push((start..start + run.len(), Patch::around(run.iter().map(|&ray| pixel(ray)))));
            start += run.len();
        }
        runs
    }
}

impl WindowLayer {
    /// The window of the output that a window of the input reaches.
    pub fn reached(&self, patch: &Patch) -> Patch {
        match &self.op {
            WindowOp::Conv { shape, .. } => patch.reached(&shape.window),
            WindowOp::AveragePool(pool) | WindowOp::MaxPool { pool, .. } => patch.reached(&pool.window),
            WindowOp::Compose { .. } | WindowOp::Scale { .. } => patch.clone(),
        }
    }
}

/// The first layers of a network, their orders 1 and above inside windows; reads primal values.
#[derive(Clone, Debug, PartialEq)]
pub struct Windowed {
    /// The layers.
    pub windows: Windows,
    /// Their weights.
    pub weights: Vec<ConstantId>,
}

impl Definition for Windowed {
    const NAME: &'static str = "windows";
    const PORTABLE: bool = false;

    fn function(&self) -> Option<&'static str> {
        None
    }

    fn constants(&self) -> Vec<Constant> {
        self.weights.iter().copied().map(Constant::whole).collect()
    }

    fn reads(&self, _input: usize) -> Orders {
        Orders::Primal
    }

    fn scratch(&self, shapes: &Shapes) -> usize {
        self.windows.scratch(shapes.output.samples, shapes.output.lanes)
    }

    fn flops(&self, shapes: &Shapes) -> f64 {
        self.windows.flops(shapes.output.samples, shapes.output.lanes)
    }

    fn run<T: Scalar>(&self, call: &mut Call<T>) {
        let weights: Vec<&[T]> = self.weights.iter().map(|&id| call.constant(id)).collect();
        let (rays, primals) = (call.unit_rays, call.inputs);
        let branches = cpu::Branches { kinks: call.kinks, side: call.side };
        cpu::windows(&self.windows, rays, primals, &weights, &mut call.output, branches, call.parallel);
    }
}
