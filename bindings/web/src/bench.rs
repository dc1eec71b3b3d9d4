//! `hope bench` in the browser: the same workloads, and the same file.

use hope::Precision;
use hope::backend::Kind;
use hope::bench::record::{DeviceRun, Machine, Run};
use hope::bench::{Effort, Target, Workload, json};
use js_sys::{Date, Function};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

use crate::error::{thrown, unknown, wrong};
use crate::network::Network;
use crate::place::open_named;
use crate::run::{Watch, attended};

/// What to measure, and where.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wanted {
    device: String,
    /// Order 3 only, and short measurements.
    #[serde(default)]
    quick: bool,
    /// Only workloads whose names contain one of these.
    #[serde(default)]
    workloads: Vec<String>,
    /// What the browser says of the device, the machine and itself.
    name: String,
    cpu: String,
    cores: usize,
    system: String,
}

impl Wanted {
    /// The workloads that are left.
    fn workloads(&self, cnn: &Network) -> hope::Result<Vec<Workload>> {
        let all = Workload::all_with(cnn.model().clone(), self.quick)?;
        let wanted = |workload: &Workload| self.workloads.iter().any(|part| workload.name.contains(part));
        let left: Vec<Workload> =
            all.iter().filter(|w| self.workloads.is_empty() || wanted(w)).cloned().collect();
        if left.is_empty() {
            let names: Vec<&str> = all.iter().map(|workload| workload.name.as_str()).collect();
            return Err(unknown("workloads", &self.workloads.join(", "), &names.join(", ")));
        }
        Ok(left)
    }
}

/// Names of the workloads.
///
/// # Errors
/// Never.
#[wasm_bindgen]
pub fn workloads(cnn: &Network, quick: bool) -> Result<js_sys::Array, JsValue> {
    let all = Workload::all_with(cnn.model().clone(), quick).map_err(thrown)?;
    Ok(all.iter().map(|workload| JsValue::from(workload.name.as_str())).collect())
}

/// Measures a device; `cnn` is `examples/mnist/mnist_cnn_tanh.onnx`. `wanted` is JSON; `each` gets the file of what there is so far, after each workload.
///
/// # Errors
/// If there is no such device, or the run was stopped. What fails on the way is in the file.
#[wasm_bindgen]
pub async fn bench(
    cnn: &Network,
    wanted: String,
    each: Function,
    watch: &Watch,
    pause: Function,
) -> Result<(), JsValue> {
    let wanted: Wanted = serde_json::from_str(&wanted).map_err(|error| wrong(&error))?;
    attended(measure(cnn, &wanted, &each, watch), watch, &pause).await
}

async fn measure(cnn: &Network, wanted: &Wanted, each: &Function, watch: &Watch) -> hope::Result<()> {
    let workloads = wanted.workloads(cnn)?;
    let device = open_named(&wanted.device).await?;
    let (kind, precision) = (device.kind(), Precision::F32);
    let kind = match kind {
        Kind::Processor => "cpu",
        Kind::Software => "software",
        _ => "gpu",
    };
    let target = Target::new(device, precision);
    let budget = if wanted.quick { 0.2 } else { 2.0 };
    let effort = Effort { budget, repeats: None };
    let device = DeviceRun {
        name: wanted.name.clone(),
        kind: kind.into(),
        backend: if kind == "cpu" { "cpu, wasm" } else { "webgpu" }.into(),
        driver: wanted.system.clone(),
        precision: precision.name().into(),
        peak: None,
        error: None,
        rows: Vec::new(),
    };
    let machine = Machine { cpu: wanted.cpu.clone(), cores: wanted.cores, system: wanted.system.clone() };
    let mut run = Run {
        hope: env!("CARGO_PKG_VERSION").into(),
        started: (Date::now() / 1000.0) as u64,
        quick: wanted.quick,
        budget,
        machine,
        devices: vec![device],
    };
    let told = |run: &Run, done: usize| {
        watch.set(done, workloads.len() + 1);
        // What the listener does is its own affair.
        let _ = each.call1(&JsValue::NULL, &json::text(run).into());
    };
    run.devices[0].measure_peak(&target, effort).await;
    told(&run, 1);
    for (i, workload) in workloads.iter().enumerate() {
        run.devices[0].measure(&target, workload, effort).await;
        told(&run, i + 2);
    }
    Ok(())
}
