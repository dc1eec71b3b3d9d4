//! `hope::bench` on every adapter: what it measures is right, and peaks are peaks. Nothing depends on how fast the device is.

use hope::backend::Kind;
use hope::bench::{Effort, Outcome, Target, Workload};
use hope::{Device, Precision};
use pollster::block_on;

use crate::gpus::Adapter;
use crate::trials::Trials;

pub fn add(adapters: &[Adapter], trials: &mut Trials) {
    trials.on_each(
        adapters,
        &[("bench", |engine| bench(&Target::new(Device::gpu(engine.clone()), Precision::F32)))],
    );
}

fn bench(target: &Target) {
    let effort = Effort { budget: 0.02, repeats: Some(1) };
    let peak = block_on(target.peak(effort)).unwrap();
    assert!(peak.flops > 1e6 && peak.bytes > 1e6, "{peak:?}");
    let wanted = [
        "cnn-truth-6",
        "cnn-truth-gradient-3",
        "cnn-truth-hessian-2",
        "product-mlp",
        "compose-tanh-3",
        "bell-tanh-3",
        "mlp-exact-3-x1",
        "mlp-gradient-3-x1",
    ];
    for workload in Workload::all(true).unwrap().iter().filter(|w| wanted.contains(&w.name.as_str())) {
        match block_on(target.measure(workload, effort)).unwrap() {
            Outcome::Measured(m) => {
                assert!(m.is_right(), "{}: {:.1e}", workload.name, m.deviation);
                assert!(m.rate() > 0.0 && m.flops_rate() > 0.0);
            }
            Outcome::Skipped(reason) => {
                assert_eq!(target.device.kind(), Kind::Software, "{}: {reason}", workload.name)
            }
        }
    }
}
