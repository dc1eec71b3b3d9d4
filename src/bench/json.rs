//! Measurements as JSON, for programs and for `hope bench report`.
//!
//! The schema, version 1; what is not known is left out or null:
//!
//! ```text
//! schema "hope-bench", schema_version 1, hope (version), started (seconds since 1970), quick, budget_seconds,
//! machine { cpu, cores, system },
//! devices [ { name, kind "cpu" | "gpu" | "software", backend, driver, precision, error,
//!             peak { flops_per_second, bytes_per_second },
//!             workloads [ { workload, unit "expansions" | "runs", status "ok" | "wrong" | "skipped" | "failed", reason,
//!                           per_second, seconds { median, low, high, repeats },
//!                           flops_per_second, bytes_per_second, share_of_peak_flops, share_of_peak_bytes, limit,
//!                           deviation, tolerance, reduced, clock "device" | "wall",
//!                           kernels [ { kernel, dispatches, seconds } ] } ] } ]
//! ```

use serde_json::{Map, Value, json};

use super::record::{DeviceRun, Row, Run, Status};
use crate::backend::KernelTime;

/// What the file is.
pub const SCHEMA: &str = "hope-bench";

/// Version of the schema.
pub const VERSION: u64 = 1;

/// Writes a run.
pub fn text(run: &Run) -> String {
    let value = json!({
        "schema": SCHEMA,
        "schema_version": VERSION,
        "hope": run.hope,
        "started": run.started,
        "quick": run.quick,
        "budget_seconds": run.budget,
        "machine": { "cpu": run.machine.cpu, "cores": run.machine.cores, "system": run.machine.system },
        "devices": run.devices.iter().map(device).collect::<Vec<_>>(),
    });
    format!("{value:#}\n")
}

fn device(run: &DeviceRun) -> Value {
    json!({
        "name": run.name,
        "kind": run.kind,
        "backend": run.backend,
        "driver": run.driver,
        "precision": run.precision,
        "error": run.error,
        "peak": run.peak.map(|p| json!({ "flops_per_second": p.flops, "bytes_per_second": p.bytes })),
        "workloads": run.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let (status, reason) = match &row.status {
        Status::Right => ("ok", None),
        Status::Wrong => ("wrong", None),
        Status::Skipped(reason) => ("skipped", Some(reason)),
        Status::Failed(reason) => ("failed", Some(reason)),
    };
    let mut fields = Map::new();
    let mut put = |key: &str, value: Value| {
        if !value.is_null() {
            fields.insert(key.into(), value);
        }
    };
    put("workload", json!(row.workload));
    put("unit", json!(row.unit));
    put("status", json!(status));
    put("reason", json!(reason));
    if let Some(f) = &row.figures {
        let s = &f.seconds;
        put("per_second", json!(f.per_second));
        put("seconds", json!({ "median": s.median, "low": s.low, "high": s.high, "repeats": s.repeats }));
        put("flops_per_second", json!(f.flops_per_second));
        put("bytes_per_second", json!(f.bytes_per_second));
        put("share_of_peak_flops", json!(f.share_of_flops));
        put("share_of_peak_bytes", json!(f.share_of_bytes));
        put("limit", json!(f.limit));
        // Not finite if nothing could be compared; JSON has no such number, then it is left out.
        put("deviation", json!(f.deviation));
        put("tolerance", json!(f.tolerance));
        put("reduced", json!(f.reduced));
        put("clock", json!(if f.on_device { "device" } else { "wall" }));
        let kernel =
            |k: &KernelTime| json!({ "kernel": k.kernel, "dispatches": k.dispatches, "seconds": k.seconds });
        put("kernels", f.kernels.iter().map(kernel).collect());
    }
    Value::Object(fields)
}
