//! Every adapter of the machine, for tests that run on all of them.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hope::gpu::{Choice, Engine, Tiling, adapters};
use libtest_mimic::{Conclusion, Failed, Trial};

/// Set in CI: a machine without an adapter is an error there.
const REQUIRED: &str = "HOPE_REQUIRE_GPU";

/// An engine on each adapter, with a name for tests.
pub fn engines() -> Vec<(String, Arc<Engine>)> {
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
