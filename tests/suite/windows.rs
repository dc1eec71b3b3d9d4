//! Rays of pixels through windows: the same as through whole maps, whatever the layers.
//!
//! The coefficients of whole networks are checked against float64 truth in `tests/devices/cases.rs`; here are the many geometries.

use hope::activation::{Activation, Relu, Sin, Tanh};
use hope::kernel::Kernel;
use hope::model::{Constant, Geometry, Model, ModelBuilder, NodeId};
use hope::plan::{Kernels, Plan, Rays, Target};
use hope::rays::Directions;
use hope::{Expansion, Method, Precision, Request, Terms, expand};
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Layer {
    kind: usize,
    kernel: [usize; 2],
    stride: [usize; 2],
    dilation: [usize; 2],
    pad: [usize; 2],
    grouped: bool,
}

fn layer() -> impl Strategy<Value = Layer> {
    (0usize..10, [1usize..5, 1..5], [1usize..4, 1..4], [1usize..3, 1..3], [0usize..3, 0..3], any::<bool>())
        .prop_map(|(kind, kernel, stride, dilation, pad, grouped)| Layer {
            kind,
            kernel,
            stride,
            dilation,
            pad,
            grouped,
        })
}

fn noise(seed: usize, count: usize) -> Vec<f64> {
    (0..count).map(|i| ((i as f64 + 1.0) * 12.9898 + seed as f64 * 78.233).sin() * 43758.5453 % 1.0).collect()
}

/// Adds a layer; none if it doesn't fit the image.
fn add(b: &mut ModelBuilder, x: NodeId, layer: &Layer, seed: usize) -> Option<NodeId> {
    let [channels, height, width] = b.shape(x).try_into().ok()?;
    let geometry = Geometry {
        kernel: layer.kernel.to_vec(),
        stride: layer.stride.to_vec(),
        dilation: layer.dilation.to_vec(),
        pad_begin: layer.pad.to_vec(),
        pad_end: vec![layer.pad[1], layer.pad[0]],
        ..Default::default()
    };
    let plain = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
    let activation = |b: &mut ModelBuilder, f: Activation| b.activation(x, f).ok();
    match layer.kind {
        0..4 => {
            let groups = if layer.grouped { channels } else { 1 };
            let [ky, kx] = layer.kernel;
            let shape = [2 * groups, channels / groups, ky, kx];
            let count: usize = shape.iter().product();
            let weight: Vec<f64> = noise(seed, count).iter().map(|w| w * 0.5).collect();
            b.conv(x, &shape, weight, Some(noise(seed + 1, 2 * groups)), groups, &geometry).ok()
        }
        4 => b.average_pool(x, if height > 3 && width > 3 { &plain } else { &geometry }, layer.grouped).ok(),
        5 => b.max_pool(x, &geometry).ok(),
        6 => activation(b, Relu.into()),
        7 => activation(b, Sin.into()),
        8 => {
            let (scale, shift) = (noise(seed, channels), noise(seed + 1, channels));
            let shape = [channels, 1, 1];
            let constant = |values| Some(Constant { shape: &shape, values });
            b.affine(x, constant(&scale), constant(&shift)).ok()
        }
        _ => activation(b, Tanh.into()),
    }
}

fn network(image: [usize; 3], layers: &[Layer]) -> Model {
    let mut b = Model::builder(&image);
    let mut x = b.input();
    for (i, layer) in layers.iter().enumerate() {
        x = add(&mut b, x, layer, 3 * i).unwrap_or(x);
    }
    let units: usize = b.shape(x).iter().product();
    x = b.reshape(x, &[units]).unwrap();
    let weight: Vec<f64> = noise(77, 2 * units).iter().map(|w| w / (units as f64).sqrt()).collect();
    let y = b.linear(x, &[2, units], weight, None).unwrap();
    b.build(y).unwrap()
}

fn same(a: &Expansion, b: &Expansion) {
    let largest = b.coefficients.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
    for (i, (a, b)) in a.coefficients.iter().zip(&b.coefficients).enumerate() {
        assert!((a - b).abs() <= 1e-12 * largest, "coefficient {i}: {a} instead of {b}");
    }
    assert_eq!(a.coefficients.len(), b.coefficients.len());
    for (a, b) in a.value.iter().zip(&b.value) {
        assert!((a - b).abs() <= 1e-12 * b.abs().max(1.0), "value {a} instead of {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn windows_change_nothing(
        channels in 1usize..4,
        height in 1usize..15,
        width in 4usize..15,
        layers in prop::collection::vec(layer(), 1..7),
        memory in prop::sample::select(vec![None, Some(4 << 20)]),
    ) {
        let model = network([channels, height, width], &layers);
        let inputs = model.inputs();
        let unmixed = Request {
            precision: Precision::F64, memory, ..Request::new(noise(5, 2 * inputs), 4)
        };
        let mut rows = vec![0.0; inputs * inputs];
        (0..inputs).for_each(|i| rows[i * inputs + i] = 1.0);
        let along = Request {
            terms: Terms::Along(Directions::Shared { inputs, rows }), memory: None, ..unmixed.clone()
        };
        let (windows, maps) = (expand(&model, &unmixed).unwrap(), expand(&model, &along).unwrap());
        same(&windows, &maps);
        prop_assert_eq!(windows.kinks.len(), maps.kinks.len());
        for (a, b) in windows.kinks.iter().zip(&maps.kinks) {
            prop_assert!(a == b || (a - b).abs() <= 1e-9 * b.abs(), "kink at {} instead of {}", a, b);
        }
    }
}

/// The layers that the example network's windows go through, and what is fused.
#[test]
fn the_plan_of_a_network_of_convolutions_has_windows() {
    let conv =
        Layer { kind: 0, kernel: [5, 5], stride: [1; 2], dilation: [1; 2], pad: [0; 2], grouped: false };
    let tanh = Layer { kind: 9, ..conv.clone() };
    let pool = Layer { kind: 4, ..conv.clone() };
    let layers = [conv.clone(), pool.clone(), tanh.clone(), conv, pool, tanh];
    let model = network([1, 28, 28], &layers);
    let count = |plan: &Plan, name: &str| plan.steps.iter().filter(|step| step.kernel.kind() == name).count();

    let cpu = Plan::exact(&model, 5, Rays::Unit, Kernels::Cpu).unwrap();
    assert_eq!((count(&cpu, "windows"), count(&cpu, "conv"), count(&cpu, "average_pool")), (1, 2, 0));
    let layers = cpu.steps.iter().find_map(|step| match &step.kernel {
        Kernel::Windowed(windowed) => Some(windowed.windows.layers.len()),
        _ => None,
    });
    assert_eq!(layers, Some(3), "convolution, tanh, convolution; pooling is part of the convolutions");

    let any = Plan::exact(&model, 5, Rays::Any, Kernels::Cpu).unwrap();
    let portable = Plan::exact(&model, 5, Rays::Unit, Kernels::Portable).unwrap();
    for plan in [&any, &portable] {
        assert!(plan.steps.iter().all(|step| step.kernel.is_portable()));
    }
    let rule = Plan::hope(&model, 5, &Target::Input, Kernels::Cpu).unwrap();
    assert_eq!((count(&rule, "pooled_conv_adjoint"), count(&rule, "average_pool_adjoint")), (2, 0));
}

/// The published rule with fused poolings is what it is without, checked by the engine's own check in f64.
#[test]
fn fused_adjoints_change_nothing() {
    let conv =
        Layer { kind: 0, kernel: [3, 2], stride: [1; 2], dilation: [1; 2], pad: [1, 0], grouped: false };
    let layers = [
        conv.clone(),
        Layer { kind: 4, ..conv.clone() },
        Layer { kind: 9, ..conv.clone() },
        Layer { kind: 0, grouped: true, ..conv.clone() },
        Layer { kind: 4, ..conv.clone() },
        Layer { kind: 7, ..conv.clone() },
    ];
    let model = network([2, 13, 12], &layers);
    let points = noise(1, 3 * model.inputs());
    let request =
        Request { method: Method::Hope, precision: Precision::F64, verify: 20, ..Request::new(points, 6) };
    let verification = expand(&model, &request).unwrap().report.verification.unwrap();
    assert!(verification.deviation < 1e-12, "{verification:?}");
}
