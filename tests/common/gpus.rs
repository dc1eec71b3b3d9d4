//! Every adapter of the machine, for tests that run on all of them.
#![allow(dead_code, clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::Arc;

use hope::gpu::{Choice, Engine, adapters};
use libtest_mimic::{Failed, Trial};

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
