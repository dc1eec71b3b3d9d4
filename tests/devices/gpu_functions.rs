//! The shaders' elementary functions: valid without a GPU, and exact on every adapter present.

use libtest_mimic::Failed;

use crate::common;
use crate::gpus::Adapter;
use crate::trials::Trials;

/// Allowed error in units in the last place.
const ULP: f64 = 4.0;

/// On devices of its own, which no engine has to accept.
pub fn add(_: &[Adapter], trials: &mut Trials) {
    trials.add("a_wrong_number_is_seen", || {
        a_wrong_number_is_seen();
        Ok(())
    });
    for function in FUNCTIONS {
        let name = function.name;
        trials.add(format!("valid::{name}"), move || validate(&function_shader(function)));
    }
    for gpu in Gpu::all() {
        for function in FUNCTIONS {
            let (name, gpu) = (format!("function::{}::{}", function.name, gpu.name), gpu.clone());
            trials.add(name, move || check_function(function, &gpu));
        }
    }
}

// Shaders.

fn shader(file: &str) -> String {
    std::fs::read_to_string(common::path("shaders").join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

const KERNEL: &str = "
@group(0) @binding(0) var<storage, read> given: array<f32>;
@group(0) @binding(1) var<storage, read_write> found: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
";

/// Applies a function to each input, or to each pair.
fn function_shader(function: &Function) -> String {
    let call = match function.truth {
        Arity::One(_) => "given[id.x]",
        Arity::Two(_) => "given[2u * id.x], given[2u * id.x + 1u]",
    };
    let name = function.name;
    let body = format!("if id.x < arrayLength(&found) {{ found[id.x] = hope_{name}({call}); }} }}");
    shader("functions.wgsl") + KERNEL + &body
}

fn validate(source: &str) -> Result<(), Failed> {
    let module = naga::front::wgsl::parse_str(source).map_err(|e| e.emit_to_string(source))?;
    // WebGPU's core, without extensions.
    let mut validator =
        naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty());
    validator.validate(&module).map_err(|e| e.emit_to_string(source))?;
    Ok(())
}

// Elementary functions.

enum Arity {
    One(fn(f64) -> f64),
    Two(fn(f64, f64) -> f64),
}

struct Function {
    name: &'static str,
    truth: Arity,
    /// Useful range of the argument; of a power, of the base.
    range: (f64, f64),
    /// Absolute error that is also allowed near zeros: of functions with zeros away from 0.
    absolute: f64,
    /// Arguments outside the range, or none for a power.
    limits: &'static [(f32, f32)],
}

const INF: f32 = f32::INFINITY;
const NAN: f32 = f32::NAN;

const FUNCTIONS: &[Function] = &[
    Function {
        name: "exp",
        truth: Arity::One(f64::exp),
        range: (-87.3, 88.72),
        absolute: 0.0,
        limits: &[(100.0, INF), (1e30, INF), (INF, INF), (-200.0, 0.0), (-INF, 0.0), (0.0, 1.0), (NAN, NAN)],
    },
    Function {
        name: "expm1",
        truth: Arity::One(f64::exp_m1),
        range: (-87.3, 88.72),
        absolute: 0.0,
        limits: &[(100.0, INF), (INF, INF), (-200.0, -1.0), (-INF, -1.0), (0.0, 0.0), (NAN, NAN)],
    },
    Function {
        name: "log",
        truth: Arity::One(f64::ln),
        range: (1.2e-38, 3.4e38),
        absolute: 0.0,
        limits: &[(0.0, -INF), (INF, INF), (1.0, 0.0), (-1.0, NAN), (-INF, NAN), (NAN, NAN)],
    },
    Function {
        name: "log1p",
        truth: Arity::One(f64::ln_1p),
        range: (-0.999_999, 3.4e38),
        absolute: 0.0,
        limits: &[(-1.0, -INF), (INF, INF), (0.0, 0.0), (-2.0, NAN), (NAN, NAN)],
    },
    Function {
        name: "sin",
        truth: Arity::One(f64::sin),
        range: (-1e4, 1e4),
        absolute: 2e-7,
        limits: &[(0.0, 0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    },
    Function {
        name: "cos",
        truth: Arity::One(f64::cos),
        range: (-1e4, 1e4),
        absolute: 2e-7,
        limits: &[(0.0, 1.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    },
    Function {
        name: "tanh",
        truth: Arity::One(f64::tanh),
        range: (-12.0, 12.0),
        absolute: 0.0,
        limits: &[(1e3, 1.0), (-1e3, -1.0), (INF, 1.0), (-INF, -1.0), (0.0, 0.0), (NAN, NAN)],
    },
    Function {
        name: "sigmoid",
        truth: Arity::One(|x| 1.0 / (1.0 + (-x).exp())),
        range: (-87.3, 30.0),
        absolute: 0.0,
        limits: &[(1e3, 1.0), (-1e3, 0.0), (INF, 1.0), (-INF, 0.0), (0.0, 0.5), (NAN, NAN)],
    },
    Function {
        name: "softplus",
        truth: Arity::One(|x| x.max(0.0) + (-x.abs()).exp().ln_1p()),
        range: (-87.3, 100.0),
        absolute: 0.0,
        limits: &[(1e3, 1e3), (3e38, 3e38), (-1e3, 0.0), (INF, INF), (-INF, 0.0), (NAN, NAN)],
    },
    Function {
        name: "erf",
        truth: Arity::One(libm::erf),
        range: (-6.0, 6.0),
        absolute: 0.0,
        limits: &[(100.0, 1.0), (-100.0, -1.0), (INF, 1.0), (-INF, -1.0), (0.0, 0.0), (NAN, NAN)],
    },
    Function {
        name: "erfc",
        truth: Arity::One(libm::erfc),
        range: (-6.0, 9.19),
        absolute: 0.0,
        limits: &[(100.0, 0.0), (-100.0, 2.0), (1e30, 0.0), (INF, 0.0), (-INF, 2.0), (0.0, 1.0), (NAN, NAN)],
    },
    Function {
        name: "atan",
        truth: Arity::One(f64::atan),
        range: (-1e6, 1e6),
        absolute: 0.0,
        limits: &[
            (3e38, std::f32::consts::FRAC_PI_2),
            (-INF, -std::f32::consts::FRAC_PI_2),
            (0.0, 0.0),
            (NAN, NAN),
        ],
    },
    Function {
        name: "sqrt",
        truth: Arity::One(f64::sqrt),
        range: (1.2e-38, 3.4e38),
        absolute: 0.0,
        limits: &[(0.0, 0.0), (4.0, 2.0), (INF, INF)],
    },
    Function { name: "pow", truth: Arity::Two(f64::powf), range: (1e-30, 1e30), absolute: 0.0, limits: &[] },
];

/// Evenly spaced over the range, and by order of magnitude; none subnormal, as those may be flushed to 0.
fn arguments(range: (f64, f64)) -> Vec<f32> {
    let (low, high) = range;
    let even = (0..=4000).map(|i| low + (high - low) * f64::from(i) / 4000.0);
    // Where the range is long, most functions are interesting near 0.
    let near = (0..=2000).map(|i| -10.0 + f64::from(i) / 100.0 + 1e-3);
    let magnitudes = (0..=1540).map(|i| 10f64.powf(-38.0 + f64::from(i) / 20.0));
    let signed = magnitudes.flat_map(|m| [m, -m]);
    even.chain(near)
        .chain(signed)
        .filter(|&x| low <= x && x <= high && (x == 0.0 || x.abs() > 1.2e-38))
        .map(|x| x as f32)
        .collect()
}

/// Pairs (base, exponent) for the power: every combination of some, and whole exponents of negative bases.
fn powers(range: (f64, f64)) -> Vec<f32> {
    let magnitudes = (0..=600).map(|i| (range.0.log10() + f64::from(i) / 10.0) as f32).map(|e| 10f32.powf(e));
    let near_one = (0..=400).map(|i| 0.5 + i as f32 / 250.0);
    let bases: Vec<f32> = magnitudes.chain(near_one).collect();
    let exponents = [
        -40.5, -7.0, -3.3, -2.0, -1.0, -0.5, 0.0, 1e-3, 0.333, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 17.25, 64.0,
        500.0,
    ];
    let mut pairs = Vec::new();
    for exponent in exponents {
        pairs.extend(bases.iter().flat_map(|&base| [base, exponent]));
        if exponent.fract() == 0.0 {
            pairs.extend(bases.iter().flat_map(|&base| [-base, exponent]));
        }
    }
    pairs.extend([
        0.0, 2.0, 0.0, 0.0, 0.0, -1.0, INF, 0.5, INF, -2.0, -2.0, 0.5, NAN, 2.0, 1.5, 1e30, 1.5, -1e30,
    ]);
    pairs
}

/// Size of the last place of an f32 near a number; subnormal numbers may be flushed to 0.
fn last_place(x: f64) -> f64 {
    2f64.powf(x.abs().max(f64::from(f32::MIN_POSITIVE)).log2().floor() - 23.0)
}

/// Error in last places; 0 where it is allowed for another reason.
fn error(found: f32, truth: f64, absolute: f64) -> f64 {
    let found64 = f64::from(found);
    let subnormal = f64::from(f32::MIN_POSITIVE);
    if truth.is_nan() || found.is_nan() {
        return if truth.is_nan() && found.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if found64 == truth || (truth.abs() < subnormal && found64.abs() <= subnormal) {
        return 0.0;
    }
    // Near the largest number either side of overflow is right.
    if truth.abs() > 0.999_999 * f64::from(f32::MAX) && found.is_infinite() && (found > 0.0) == (truth > 0.0)
    {
        return 0.0;
    }
    if !truth.is_finite() || !found.is_finite() {
        return f64::INFINITY;
    }
    let difference = (found64 - truth).abs();
    if difference <= absolute && truth.abs() < 0.05 { 0.0 } else { difference / last_place(truth) }
}

fn a_wrong_number_is_seen() {
    let one_off = 1.0 + 5.0 * f32::EPSILON;
    assert!(error(one_off, 1.0, 2e-7) > ULP);
    assert!(error(NAN, 1.0, 2e-7) > ULP && error(1.0, f64::NAN, 0.0) > ULP);
    assert!(error(INF, 1e30, 0.0) > ULP && error(INF, f64::NEG_INFINITY, 0.0) > ULP);
    assert!(error(1e38, f64::INFINITY, 0.0) > ULP && error(1e38, 1e300, 0.0) > ULP);
    assert!(error(0.0, 1e-30, 0.0) > ULP && error(3e-7, 0.0, 2e-7) > ULP);
    assert_eq!(error(0.0, 1e-39, 0.0), 0.0);
}

fn check_function(function: &Function, gpu: &Gpu) -> Result<(), Failed> {
    let (mut given, width) = match function.truth {
        Arity::One(_) => (arguments(function.range), 1),
        Arity::Two(_) => (powers(function.range), 2),
    };
    given.extend(function.limits.iter().map(|&(x, _)| x));
    let found = gpu.run(&function_shader(function), &given, given.len() / width);
    let limits = found.len() - function.limits.len();
    let (mut worst, mut at) = (0.0, &given[..width]);
    for (x, &y) in given.chunks_exact(width).zip(&found[..limits]) {
        let truth = match function.truth {
            Arity::One(f) => f(x[0].into()),
            Arity::Two(f) => f(x[0].into(), x[1].into()),
        };
        let error = error(y, truth, function.absolute);
        if error > worst {
            (worst, at) = (error, x);
        }
    }
    println!("{:10} {worst:.2} ULP at {at:?}, {}", function.name, gpu.name);
    if worst > ULP {
        return Err(format!("wrong by {worst:.2} ULP at {at:?}").into());
    }
    for (&(x, expected), &y) in function.limits.iter().zip(&found[limits..]) {
        if error(y, expected.into(), 0.0) > ULP {
            return Err(format!("{}({x}) is {y} instead of {expected}", function.name).into());
        }
    }
    Ok(())
}

// Execution.

#[derive(Clone)]
struct Gpu {
    name: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
}

impl Gpu {
    fn all() -> Vec<Self> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env());
        let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
        adapters
            .into_iter()
            .map(|adapter| {
                let info = adapter.get_info();
                let descriptor = wgpu::DeviceDescriptor {
                    required_limits: wgpu::Limits::downlevel_defaults(),
                    ..Default::default()
                };
                let (device, queue) = pollster::block_on(adapter.request_device(&descriptor)).unwrap();
                Self { name: format!("{} ({})", info.name, info.backend), device, queue }
            })
            .collect()
    }

    /// Runs `main` of a shader from a buffer of numbers to one of `length` numbers.
    fn run(&self, source: &str, given: &[f32], length: usize) -> Vec<f32> {
        use wgpu::BufferUsages as Usage;
        use wgpu::util::DeviceExt as _;
        let size = 4 * length as u64;
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(source.into()),
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        let input = self.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: None,
            contents: bytemuck::cast_slice(given),
            usage: Usage::STORAGE,
        });
        let buffer = |usage| {
            let descriptor = wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false };
            self.device.create_buffer(&descriptor)
        };
        let output = buffer(Usage::STORAGE | Usage::COPY_SRC);
        let readback = buffer(Usage::MAP_READ | Usage::COPY_DST);
        let bindings = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &[
                wgpu::BindGroupEntry { binding: 0, resource: input.as_entire_binding() },
                wgpu::BindGroupEntry { binding: 1, resource: output.as_entire_binding() },
            ],
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        let mut pass = encoder.begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bindings, &[]);
        pass.dispatch_workgroups((length as u32).div_ceil(64), 1, 1);
        drop(pass);
        encoder.copy_buffer_to_buffer(&output, 0, &readback, 0, size);
        self.queue.submit([encoder.finish()]);
        readback.map_async(wgpu::MapMode::Read, .., |result| result.unwrap());
        self.device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
        let bytes = readback.get_mapped_range(..).unwrap();
        bytemuck::pod_collect_to_vec(&bytes)
    }
}
