//! First layers inside windows: rays of one group and of several, layers of each kind. For CPUs.

use hope::activation::{LeakyRelu, Tanh};
use hope::kernel::ConstantId;
use hope::kernel::conv::ConvShape;
use hope::kernel::windows::{WindowLayer, WindowOp, Windowed, Windows};
use hope::model::Pool;

use crate::kernels::case::{Case, Chunk, Geometry, POINT, Tolerance, value};

/// Two convolutions with a function between them.
const TOLERANCE: Tolerance = Tolerance { f64: 1e-12, f32: 1e-5 };

/// A 3 x 3 window with padding.
const SAME: Geometry =
    Geometry { name: "same", input: [9, 7], kernel: [3, 3], pad_begin: [1, 1], pad_end: [1, 1], ..POINT };

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (lanes, first) in [(1, 0), (37, 20), (126, 0)] {
        for (samples, degree) in [(1, 1), (2, 5)] {
            let chunk = Chunk { samples, lanes, degree };
            cases.push(smooth(chunk, first));
            cases.push(piecewise(chunk, first));
            cases.push(smooth(chunk, first).with_radii(126));
            cases.push(piecewise(chunk, first).with_radii(126));
        }
    }
    cases
}

fn conv(geometry: &Geometry, in_channels: usize, out_channels: usize, weight: usize) -> WindowLayer {
    let shape = ConvShape { in_channels, out_channels, groups: 1, window: geometry.window() };
    let [height, width] = shape.window.output;
    WindowLayer { op: WindowOp::Conv { shape, weight }, shape: [out_channels, height, width], degree: 1 }
}

/// Convolution, tanh, convolution with a stride.
fn smooth(chunk: Chunk, first: usize) -> Case {
    let second = Geometry { stride: [2, 2], ..SAME };
    let map = [3, 9, 7];
    let function = WindowOp::Compose { function: Tanh.into(), primal: 0 };
    let layers = vec![
        conv(&SAME, 2, 3, 0),
        WindowLayer { op: function, shape: map, degree: chunk.degree },
        WindowLayer { degree: chunk.degree, ..conv(&second, 3, 2, 1) },
    ];
    case("smooth", chunk, first, layers, 2)
        .input(value(3 * 9 * 7, 0, true), (-2.0, 2.0), 1.0)
        .plain_input(value(2 * 5 * 4, 0, true))
        .constant(3 * 2 * 9, (-0.5, 0.5))
        .constant(2 * 3 * 9, (-0.5, 0.5))
}

/// Convolution, leaky ReLU, max pooling, scale, average pooling: all of one order.
fn piecewise(chunk: Chunk, first: usize) -> Case {
    let pool = |input, channels| {
        let window = Geometry { input, kernel: [2, 2], stride: [2, 1], ..POINT }.window();
        Pool { channels, window, count_include_pad: true }
    };
    let layer = |op, shape| WindowLayer { op, shape, degree: 1 };
    let leaky = LeakyRelu { alpha: 0.125 };
    let layers = vec![
        conv(&SAME, 2, 3, 0),
        layer(WindowOp::Compose { function: leaky.into(), primal: 0 }, [3, 9, 7]),
        layer(WindowOp::MaxPool { pool: pool([9, 7], 3), primal: 1 }, [3, 4, 6]),
        layer(WindowOp::Scale { weight: 1 }, [3, 4, 6]),
        layer(WindowOp::AveragePool(pool([4, 6], 3)), [3, 2, 5]),
    ];
    case("piecewise", Chunk { degree: 1, ..chunk }, first, layers, 2)
        .plain_input(value(3 * 9 * 7, 0, true))
        .plain_input(value(3 * 9 * 7, 0, true))
        .plain_input(value(3 * 2 * 5, 0, true))
        .constant(3 * 2 * 9, (-0.5, 0.5))
        .constant(3, (0.5, 1.5))
}

/// Still without primal values and weights.
fn case(name: &str, chunk: Chunk, first: usize, layers: Vec<WindowLayer>, weights: usize) -> Case {
    let windows = Windows { image: [2, 9, 7], layers };
    let units = windows.layers.last().map_or(0, |layer| layer.shape.iter().product());
    let rays = windows.rays();
    let weights = (0..weights).map(ConstantId).collect();
    let name = format!("windows::{name}-{}-from{first}", chunk.name());
    let output = value(units, chunk.degree, true);
    let mut case = Case::new(name, Windowed { windows, weights }, chunk, output, TOLERANCE);
    (case.first_lane, case.unit_rays) = (first, Some(rays.into()));
    case
}
