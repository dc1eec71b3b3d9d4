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

use anyhow::{Result, anyhow, bail};
use serde_json::{Map, Value, json};

use hope::KernelTime;
use hope::bench::{Peak, Spread};

use super::record::{DeviceRun, Figures, Machine, Row, Run, Status};

const SCHEMA: &str = "hope-bench";
const VERSION: u64 = 1;

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

/// Reads a run.
///
/// # Errors
/// If the text isn't one; the message says what it is instead.
pub fn parse(text: &str) -> Result<Run> {
    let value: Value = serde_json::from_str(text)
        .map_err(|error| anyhow!("it is not JSON ({error}): give files that `hope bench --json` wrote"))?;
    if value["schema"].as_str() != Some(SCHEMA) {
        bail!("it is JSON, but not of hope bench: give files that `hope bench --json` wrote");
    }
    match value["schema_version"].as_u64() {
        Some(VERSION) => {}
        Some(newer) if newer > VERSION => {
            bail!(
                "its schema has version {newer}, this program reads {VERSION}: use a newer hope, or measure again"
            )
        }
        _ => bail!("its schema_version is missing or none: measure again with `hope bench --json`"),
    }
    let machine = &value["machine"];
    Ok(Run {
        hope: string(&value, "hope")?,
        started: value["started"].as_u64().unwrap_or(0),
        quick: value["quick"].as_bool().unwrap_or(false),
        budget: value["budget_seconds"].as_f64().unwrap_or(0.0),
        machine: Machine {
            cpu: string(machine, "cpu")?,
            cores: machine["cores"].as_u64().unwrap_or(0) as usize,
            system: string(machine, "system")?,
        },
        devices: list(&value, "devices")?.iter().map(read_device).collect::<Result<_>>()?,
    })
}

fn read_device(value: &Value) -> Result<DeviceRun> {
    let peak = match &value["peak"] {
        Value::Null => None,
        peak => Some(Peak {
            flops: positive(peak, "flops_per_second")?,
            bytes: positive(peak, "bytes_per_second")?,
        }),
    };
    Ok(DeviceRun {
        name: string(value, "name")?,
        kind: string(value, "kind")?,
        backend: string(value, "backend")?,
        driver: string(value, "driver")?,
        precision: string(value, "precision")?,
        peak,
        error: value["error"].as_str().map(String::from),
        rows: list(value, "workloads")?.iter().map(read_row).collect::<Result<_>>()?,
    })
}

fn read_row(value: &Value) -> Result<Row> {
    let reason = || value["reason"].as_str().unwrap_or_default().to_string();
    let status = match string(value, "status")?.as_str() {
        "ok" => Status::Right,
        "wrong" => Status::Wrong,
        "skipped" => Status::Skipped(reason()),
        "failed" => Status::Failed(reason()),
        other => bail!("a workload has the status '{other}': measure again with `hope bench --json`"),
    };
    let measured = matches!(status, Status::Right | Status::Wrong);
    Ok(Row {
        workload: string(value, "workload")?,
        unit: string(value, "unit")?,
        figures: if measured { Some(read_figures(value)?) } else { None },
        status,
    })
}

fn read_figures(value: &Value) -> Result<Figures> {
    let seconds = &value["seconds"];
    let maybe = |key: &str| value[key].as_f64();
    let kernel = |k: &Value| -> Result<KernelTime> {
        Ok(KernelTime {
            kernel: string(k, "kernel")?,
            dispatches: k["dispatches"].as_u64().unwrap_or(0),
            seconds: k["seconds"].as_f64().unwrap_or(0.0),
        })
    };
    Ok(Figures {
        per_second: positive(value, "per_second")?,
        seconds: Spread {
            median: positive(seconds, "median")?,
            low: positive(seconds, "low")?,
            high: positive(seconds, "high")?,
            repeats: seconds["repeats"].as_u64().unwrap_or(0) as usize,
        },
        flops_per_second: positive(value, "flops_per_second")?,
        bytes_per_second: maybe("bytes_per_second"),
        share_of_flops: maybe("share_of_peak_flops"),
        share_of_bytes: maybe("share_of_peak_bytes"),
        limit: value["limit"].as_str().map(String::from),
        deviation: maybe("deviation").unwrap_or(f64::INFINITY),
        tolerance: positive(value, "tolerance")?,
        reduced: value["reduced"].as_str().map(String::from),
        on_device: value["clock"].as_str() == Some("device"),
        kernels: list(value, "kernels")?.iter().map(kernel).collect::<Result<_>>()?,
    })
}

fn missing(key: &str, what: &str) -> anyhow::Error {
    anyhow!("'{key}' is missing or no {what}: measure again with `hope bench --json`")
}

fn string(value: &Value, key: &str) -> Result<String> {
    value[key].as_str().map(String::from).ok_or_else(|| missing(key, "text"))
}

fn positive(value: &Value, key: &str) -> Result<f64> {
    value[key].as_f64().filter(|x| *x > 0.0).ok_or_else(|| missing(key, "positive number"))
}

fn list<'a>(value: &'a Value, key: &str) -> Result<&'a Vec<Value>> {
    value[key].as_array().ok_or_else(|| missing(key, "list"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run() -> Run {
        let figures = Figures {
            per_second: 12.5,
            seconds: Spread { median: 0.08, low: 0.07, high: 0.09, repeats: 9 },
            flops_per_second: 1e9,
            bytes_per_second: Some(2e9),
            share_of_flops: Some(0.25),
            share_of_bytes: Some(0.5),
            limit: Some("memory".into()),
            deviation: 1e-6,
            tolerance: 1e-3,
            reduced: Some("98 of 784 rays".into()),
            on_device: true,
            kernels: vec![KernelTime { kernel: "conv".into(), dispatches: 2, seconds: 0.01 }],
        };
        let row = |name: &str, status, figures| Row {
            workload: name.into(),
            unit: "expansions".into(),
            status,
            figures,
        };
        Run {
            hope: "0.1.0".into(),
            started: 5,
            quick: true,
            budget: 0.2,
            machine: Machine { cpu: "a processor".into(), cores: 2, system: "a system".into() },
            devices: vec![DeviceRun {
                name: "a device".into(),
                kind: "gpu".into(),
                backend: "vulkan".into(),
                driver: "a driver".into(),
                precision: "f32".into(),
                peak: Some(Peak { flops: 4e9, bytes: 4e9 }),
                error: None,
                rows: vec![
                    row("a", Status::Right, Some(figures.clone())),
                    row("b", Status::Wrong, Some(Figures { deviation: f64::INFINITY, ..figures })),
                    row("c", Status::Skipped("too slow".into()), None),
                    row("d", Status::Failed("it broke".into()), None),
                ],
            }],
        }
    }

    #[test]
    fn what_is_written_is_read() -> Result<()> {
        assert_eq!(parse(&text(&run()))?, run());
        Ok(())
    }

    #[test]
    fn every_damaged_file_is_an_error_or_a_run() {
        let whole = text(&run());
        for end in 0..whole.trim_end().len() {
            assert!(parse(&whole[..end]).is_err(), "cut at {end}");
        }
        // Each line left out: the rest is no JSON, or lacks something; nothing panics.
        let lines: Vec<&str> = whole.lines().collect();
        for left_out in 0..lines.len() {
            let rest: Vec<&str> = (0..lines.len()).filter(|i| *i != left_out).map(|i| lines[i]).collect();
            let _ = parse(&rest.join("\n"));
        }
        assert!(parse(&whole.replace("\"per_second\": 12.5", "\"per_second\": -1")).is_err());
    }
}
