//! The tests of each module, named after it.

use std::fmt::Display;
use std::sync::{Arc, PoisonError, RwLock};

use hope::gpu::Engine;
use libtest_mimic::{Failed, Trial};

use crate::gpus::Adapter;

/// Held for writing by a test that runs alone, for reading by all others.
static MACHINE: RwLock<()> = RwLock::new(());

/// A module's tests.
pub struct Module {
    pub name: &'static str,
    /// Whether nothing else may run beside one of its tests.
    pub alone: bool,
    pub add: fn(&[Adapter], &mut Trials),
}

/// A test on an adapter.
pub type Case = fn(&Arc<Engine>);

/// The tests of a module so far.
pub struct Trials {
    module: &'static str,
    alone: bool,
    list: Vec<Trial>,
}

impl Module {
    pub fn trials(&self, adapters: &[Adapter]) -> Vec<Trial> {
        let mut trials = Trials { module: self.name, alone: self.alone, list: Vec::new() };
        (self.add)(adapters, &mut trials);
        trials.list
    }
}

impl Trials {
    pub fn add(&mut self, name: impl Display, run: impl FnOnce() -> Result<(), Failed> + Send + 'static) {
        let alone = self.alone;
        self.list.push(Trial::test(format!("{}::{name}", self.module), move || {
            // A test that failed leaves nothing behind that could be wrong.
            if alone {
                let _machine = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
                run()
            } else {
                let _machine = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
                run()
            }
        }));
    }

    /// Each case on every adapter.
    pub fn on_each(&mut self, adapters: &[Adapter], cases: &[(&str, Case)]) {
        for (name, engine) in adapters {
            for &(case, run) in cases {
                let engine = engine.clone();
                self.add(format_args!("{case}::{name}"), move || {
                    run(&engine);
                    Ok(())
                });
            }
        }
    }
}
