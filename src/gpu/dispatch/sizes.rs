//! Whether the words of every dispatch fill the `Params` of its shader, as naga lays that struct out.

use std::collections::BTreeSet;

use super::{Machine, dispatches};
use crate::activation::Tanh;
#[cfg(feature = "bench")]
use crate::gpu::bench;
use crate::gpu::{Tiling, combine, polynomial, shader};
use crate::kernels::conv::ConvShape;
use crate::kernels::linear::LinearShape;
use crate::kernels::reduction::Reduction;
use crate::model::{Pool, Strided, StridedDim, Window};
use crate::plan::{ConstantId, Kernel, Method, PerUnitId, Plan, Step, Value, ValueId};

const UNITS: usize = 4;

/// One of each kernel, on two values and into a third of four units each.
fn kernels() -> Vec<Kernel> {
    let window = Window {
        input: [2, 2],
        output: [2, 2],
        kernel: [1, 1],
        stride: [1, 1],
        dilation: [1, 1],
        pad_begin: [0, 0],
        pad_end: [0, 0],
    };
    let shape = LinearShape { inputs: UNITS, outputs: UNITS };
    let conv = ConvShape { in_channels: 1, out_channels: 1, groups: 1, window };
    let pool = Pool { channels: 1, window, count_include_pad: false };
    let copy = Strided {
        dims: vec![StridedDim { size: UNITS, input: 1, output: 1 }],
        input_offset: 0,
        output_offset: 0,
        scale: 1.0,
        fill: 0.0,
    };
    let (weight, bias) = (ConstantId(0), Some(ConstantId(0)));
    let constant = Some(PerUnitId { values: weight, inner: 1 });
    let reduce = |reduction| Kernel::Reduce { reduction, axis: 2 };
    vec![
        Kernel::Linear { shape, weight, bias },
        Kernel::LinearOfUnitRays { shape, weight, bias },
        Kernel::LinearAdjoint { shape, weight },
        Kernel::Conv { shape: conv, weight, bias },
        Kernel::ConvAdjoint { shape: conv, weight },
        Kernel::AveragePool(pool.clone()),
        Kernel::AveragePoolAdjoint(pool.clone()),
        Kernel::MaxPool(pool.clone()),
        Kernel::MaxPoolAdjoint(pool),
        Kernel::Compose(Tanh.into()),
        Kernel::Bell(Tanh.into()),
        Kernel::Affine { scale: constant, shift: constant },
        Kernel::AffineAdjoint { scale: constant },
        Kernel::Copy,
        Kernel::Multiply,
        Kernel::Divide,
        Kernel::Strided { copy: copy.clone(), fill: true },
        Kernel::StridedAdjoint(copy),
        reduce(Reduction::Softmax),
        reduce(Reduction::LogSoftmax),
        reduce(Reduction::Normalize { epsilon: 1e-5 }),
    ]
}

/// A plan of steps that all read values 0 and 1 and write value 2.
fn plan() -> Plan {
    let value = |slot| Value { units: UNITS, degree: 1, primal: true, slot };
    let step = |kernel| Step {
        layer: 0,
        kernel,
        inputs: vec![ValueId(0), ValueId(1)],
        output: ValueId(2),
        accumulate: false,
    };
    Plan {
        method: Method::Exact,
        order: 1,
        values: vec![value(0), value(1), value(2)],
        steps: kernels().into_iter().map(step).collect(),
        constants: vec![vec![1.0; UNITS * UNITS].into()],
        layers: Vec::new(),
        slots: 3,
        input: ValueId(0),
        output: ValueId(2),
        unit_rays: None,
        seed: None,
        adjoints: Vec::new(),
    }
}

/// Bytes of the uniform of a shader.
fn span(name: &str, source: &str) -> usize {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(source)));
    let (_, uniform) = module
        .global_variables
        .iter()
        .find(|(_, variable)| variable.space == naga::AddressSpace::Uniform)
        .unwrap_or_else(|| panic!("{name} has no uniform"));
    match module.types[uniform.ty].inner {
        naga::TypeInner::Struct { span, .. } => span as usize,
        ref other => panic!("{name}: the uniform is {other:?}"),
    }
}

#[test]
fn params_fill_the_shaders_struct() {
    let plan = &plan();
    let mut dispatched = BTreeSet::new();
    let machine = |tiling| Machine { room: 1 << 20, tiling };
    let of_steps = Tiling::ALL.into_iter().flat_map(|tiling| {
        plan.steps.iter().flat_map(move |step| dispatches(plan, step, 2, 3, machine(tiling)))
    });
    let combine = combine::params(plan.values[0].layout(2, 3), 5);
    let polynomial = polynomial::params(2, 3, 5, true, 1.0);
    let of_steps = of_steps.map(|dispatch| (dispatch.shader, dispatch.params));
    #[cfg_attr(not(feature = "bench"), expect(unused_mut, reason = "nothing more without benches"))]
    let mut others = vec![(combine::SHADER, combine), (polynomial::SHADER, polynomial)];
    #[cfg(feature = "bench")]
    others.extend(["fused", "separate", "triad"].map(|entry| (bench::shader(entry, 1), bench::params(2, 3))));
    for (shader, params) in of_steps.chain(others) {
        let source = shader::source(&shader).unwrap();
        let name = format!("{} ({})", shader.file, shader.entry);
        // A uniform is bound in whole vectors of four words.
        let written = (4 * params.0.len()).next_multiple_of(16);
        assert_eq!(written, span(&name, &source), "{name}: bytes written, bytes of Params");
        dispatched.insert((shader.file.to_string(), shader.entry));
    }
    // Every entry point of every file has been seen.
    for variant in shader::variants().unwrap() {
        let file = variant.name.split(' ').next().unwrap().to_string();
        for entry in variant.entries {
            assert!(dispatched.contains(&(file.clone(), entry)), "no dispatch of {entry} in {file}");
        }
    }
}
