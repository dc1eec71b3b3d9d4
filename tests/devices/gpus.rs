//! Every adapter of the machine, for tests that run on all of them.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hope::gpu::{Choice, Engine, Tiling, adapters, wgpu};
use libtest_mimic::{Conclusion, Failed, Trial};

/// Set in CI: a machine without an adapter is an error there.
const REQUIRED: &str = "HOPE_REQUIRE_GPU";

/// An adapter's name in tests, and an engine on it.
pub type Adapter = (String, Arc<Engine>);

/// All adapters.
pub fn all() -> Vec<Adapter> {
    let mut seen = HashSet::new();
    let found = pollster::block_on(adapters());
    let names = found.into_iter().map(|a| a.info.name).filter(|name| seen.insert(name.clone()));
    names
        .map(|name| {
            let engine = pollster::block_on(Engine::open(&Choice::Named(name.clone()), None)).unwrap();
            (name.replace(' ', "-"), Arc::new(engine))
        })
        .collect()
}

/// The engine's adapter with each other way of computing matrix products that it can.
pub fn other_tilings(engine: &Engine) -> Vec<(Tiling, Arc<Engine>)> {
    let choice = Choice::Named(engine.info().name.clone());
    let others = Tiling::ALL.into_iter().filter(|&tiling| tiling != engine.tiling());
    others
        .filter_map(|tiling| {
            let engine = pollster::block_on(Engine::open(&choice, None)).unwrap();
            Some((tiling, Arc::new(engine.with_tiling(tiling).ok()?)))
        })
        .collect()
}

/// The engine's adapter again, with these limits.
pub fn opened(engine: &Arc<Engine>, limits: wgpu::Limits) -> Arc<Engine> {
    let choice = Choice::Named(engine.info().name.clone());
    Arc::new(pollster::block_on(Engine::open(&choice, Some(limits))).unwrap())
}

/// Submits a host's commands: a copy of the points into the input, what `record` records, a copy of the output; returns what that
/// holds.
pub fn embedded(
    engine: &Engine,
    points: &[f64],
    output_bytes: u64,
    record: impl FnOnce(&mut wgpu::CommandEncoder, &wgpu::Buffer, &wgpu::Buffer),
) -> Vec<f32> {
    use wgpu::BufferUsages as Usage;

    let (device, queue) = (engine.device(), engine.queue());
    let numbers: Vec<f32> = points.iter().map(|&p| p as f32).collect();
    let input_bytes = 4 * numbers.len() as u64;
    let buffer = |size, usage| {
        device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    };
    let copied = Usage::COPY_SRC | Usage::COPY_DST;
    let (source, input) = (buffer(input_bytes, copied), buffer(input_bytes, copied));
    let output = buffer(output_bytes, copied);
    let staging = buffer(output_bytes, Usage::MAP_READ | Usage::COPY_DST);
    queue.write_buffer(&source, 0, bytemuck::cast_slice(&numbers));
    let mut encoder = device.create_command_encoder(&Default::default());
    encoder.copy_buffer_to_buffer(&source, 0, &input, 0, input_bytes);
    record(&mut encoder, &input, &output);
    encoder.copy_buffer_to_buffer(&output, 0, &staging, 0, output_bytes);
    queue.submit([encoder.finish()]);
    staging.slice(..).map_async(wgpu::MapMode::Read, |result| result.unwrap());
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let range = staging.slice(..).get_mapped_range().unwrap();
    bytemuck::pod_collect_to_vec(&range[..])
}

/// A test that says that there is no adapter: ignored, or failing where one is required.
pub fn missing() -> Option<Trial> {
    if !pollster::block_on(adapters()).is_empty() {
        return None;
    }
    let required = std::env::var_os(REQUIRED).is_some();
    let trial = Trial::test("no adapter to test on", || {
        Err(Failed::from("install a Vulkan driver, such as Debian's mesa-vulkan-drivers"))
    });
    Some(trial.with_ignored_flag(!required))
}

/// Counts what the validation layer complains of.
///
/// With `WGPU_VALIDATION=1` wgpu turns on Khronos' layer, where it is installed, and logs its messages.
struct ValidationLog;

static COMPLAINTS: AtomicUsize = AtomicUsize::new(0);

impl log::Log for ValidationLog {
    fn enabled(&self, metadata: &log::Metadata) -> bool {
        metadata.level() <= log::Level::Error
    }

    fn log(&self, record: &log::Record) {
        let message = record.args().to_string();
        // Layers before 2023 don't know the number of WGSL, which debug builds of wgpu write into shaders.
        let too_old = message.contains("Invalid source language operand: 10");
        if self.enabled(record.metadata()) && message.contains("VALIDATION") && !too_old {
            COMPLAINTS.fetch_add(1, Ordering::Relaxed);
            eprintln!("validation: {message}");
        }
    }

    fn flush(&self) {}
}

/// Listens to the validation layer from now on.
pub fn watch_validation() {
    log::set_logger(&ValidationLog).unwrap();
    log::set_max_level(log::LevelFilter::Error);
}

/// Ends a test program: any validation message is a failure.
pub fn conclude(conclusion: Conclusion) -> ! {
    let complaints = COMPLAINTS.load(Ordering::Relaxed);
    if complaints > 0 {
        eprintln!("{complaints} validation messages");
        std::process::exit(101);
    }
    conclusion.exit()
}
