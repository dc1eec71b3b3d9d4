//! Reads the JSON that `hope bench --json` writes, see `hope::bench::json`: of any machine, so it believes nothing.

use std::borrow::Cow;

use anyhow::{Result, anyhow, bail};
use serde::Deserialize;

use hope::KernelTime;
use hope::bench::json::{SCHEMA, VERSION};
use hope::bench::record::{DeviceRun, Figures, Machine, Row, Run, Status};
use hope::bench::{Peak, Spread};

/// Reads a run.
///
/// # Errors
/// If the text isn't one; the message says what it is instead.
pub fn parse(text: &str) -> Result<Run> {
    #[derive(Deserialize)]
    struct Named<'a> {
        #[serde(borrow)]
        schema: Cow<'a, str>,
    }
    #[derive(Deserialize)]
    struct Versioned {
        schema_version: u64,
    }
    match serde_json::from_str::<Named>(text) {
        Ok(named) if named.schema == SCHEMA => {}
        Err(error) if !error.is_data() => {
            bail!("it is not JSON ({error}): give files that `hope bench --json` wrote")
        }
        _ => bail!("it is JSON, but not of hope bench: give files that `hope bench --json` wrote"),
    }
    match serde_json::from_str::<Versioned>(text).map(|run| run.schema_version) {
        Ok(VERSION) => {}
        Ok(newer) if newer > VERSION => {
            bail!(
                "its schema has version {newer}, this program reads {VERSION}: use a newer hope, or measure again"
            )
        }
        _ => bail!("its schema_version is missing or none: measure again with `hope bench --json`"),
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let run: wire::Run = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let (place, key) =
            path.rsplit_once('.').map_or((String::new(), &*path), |(p, k)| (format!("{p}: "), k));
        anyhow!("{place}'{key}': {}: measure again with `hope bench --json`", error.inner())
    })?;
    Ok(Run {
        hope: run.hope.0,
        started: run.started.unwrap_or(0),
        quick: run.quick.unwrap_or(false),
        budget: run.budget_seconds.unwrap_or(0.0),
        machine: Machine {
            cpu: run.machine.cpu.0,
            cores: run.machine.cores.unwrap_or(0),
            system: run.machine.system.0,
        },
        devices: run.devices.into_iter().map(read_device).collect::<Result<_>>()?,
    })
}

/// The schema as it is read, value by value: a tree of values would take 65 times the text. What else is there is skipped.
mod wire {
    use serde::Deserialize;

    /// A text of another machine's file: shown on terminals and in pictures, so nothing in it may be more than text.
    #[derive(Deserialize)]
    #[serde(from = "String")]
    pub struct Text(pub String);

    impl From<String> for Text {
        fn from(text: String) -> Self {
            Self(crate::cli::text::plain(&text))
        }
    }

    #[derive(Deserialize)]
    pub struct Run {
        pub hope: Text,
        pub started: Option<u64>,
        pub quick: Option<bool>,
        pub budget_seconds: Option<f64>,
        pub machine: Machine,
        pub devices: Vec<Device>,
    }

    #[derive(Deserialize)]
    pub struct Machine {
        pub cpu: Text,
        pub cores: Option<usize>,
        pub system: Text,
    }

    #[derive(Deserialize)]
    pub struct Device {
        pub name: Text,
        pub kind: Text,
        pub backend: Text,
        pub driver: Text,
        pub precision: Text,
        pub error: Option<Text>,
        pub peak: Option<Peak>,
        pub workloads: Vec<Row>,
    }

    #[derive(Deserialize)]
    pub struct Peak {
        pub flops_per_second: f64,
        pub bytes_per_second: f64,
    }

    #[derive(Deserialize)]
    pub struct Row {
        pub workload: Text,
        pub unit: Text,
        pub status: Text,
        pub reason: Option<Text>,
        pub per_second: Option<f64>,
        pub seconds: Option<Seconds>,
        pub flops_per_second: Option<f64>,
        pub bytes_per_second: Option<f64>,
        pub share_of_peak_flops: Option<f64>,
        pub share_of_peak_bytes: Option<f64>,
        pub limit: Option<Text>,
        pub deviation: Option<f64>,
        pub tolerance: Option<f64>,
        pub reduced: Option<Text>,
        pub clock: Option<Text>,
        pub kernels: Option<Vec<Kernel>>,
    }

    #[derive(Deserialize)]
    pub struct Seconds {
        pub median: f64,
        pub low: f64,
        pub high: f64,
        pub repeats: Option<usize>,
    }

    #[derive(Deserialize)]
    pub struct Kernel {
        pub kernel: Text,
        pub dispatches: Option<u64>,
        pub seconds: Option<f64>,
    }
}

fn read_device(device: wire::Device) -> Result<DeviceRun> {
    let peak = |peak: wire::Peak| {
        Ok::<_, anyhow::Error>(Peak {
            flops: positive(Some(peak.flops_per_second), "flops_per_second")?,
            bytes: positive(Some(peak.bytes_per_second), "bytes_per_second")?,
        })
    };
    Ok(DeviceRun {
        name: device.name.0,
        kind: device.kind.0,
        backend: device.backend.0,
        driver: device.driver.0,
        precision: device.precision.0,
        peak: device.peak.map(peak).transpose()?,
        error: device.error.map(|error| error.0),
        rows: device.workloads.into_iter().map(read_row).collect::<Result<_>>()?,
    })
}

fn read_row(mut row: wire::Row) -> Result<Row> {
    let reason = row.reason.take().map_or_else(String::new, |reason| reason.0);
    let status = match row.status.0.as_str() {
        "ok" => Status::Right,
        "wrong" => Status::Wrong,
        "skipped" => Status::Skipped(reason),
        "failed" => Status::Failed(reason),
        other => bail!("a workload has the status '{other}': measure again with `hope bench --json`"),
    };
    let measured = matches!(status, Status::Right | Status::Wrong);
    let (workload, unit) = (std::mem::take(&mut row.workload.0), std::mem::take(&mut row.unit.0));
    Ok(Row { workload, unit, figures: if measured { Some(read_figures(row)?) } else { None }, status })
}

fn read_figures(row: wire::Row) -> Result<Figures> {
    let seconds = row.seconds.ok_or_else(|| missing("seconds", "object"))?;
    let kernel = |kernel: wire::Kernel| KernelTime {
        kernel: kernel.kernel.0,
        dispatches: kernel.dispatches.unwrap_or(0),
        seconds: kernel.seconds.unwrap_or(0.0),
    };
    Ok(Figures {
        per_second: positive(row.per_second, "per_second")?,
        seconds: Spread {
            median: positive(Some(seconds.median), "median")?,
            low: positive(Some(seconds.low), "low")?,
            high: positive(Some(seconds.high), "high")?,
            repeats: seconds.repeats.unwrap_or(0),
        },
        flops_per_second: positive(row.flops_per_second, "flops_per_second")?,
        bytes_per_second: row.bytes_per_second,
        share_of_flops: row.share_of_peak_flops,
        share_of_bytes: row.share_of_peak_bytes,
        limit: row.limit.map(|limit| limit.0),
        deviation: row.deviation.unwrap_or(f64::INFINITY),
        tolerance: positive(row.tolerance, "tolerance")?,
        reduced: row.reduced.map(|reduced| reduced.0),
        on_device: row.clock.is_some_and(|clock| clock.0 == "device"),
        kernels: row.kernels.ok_or_else(|| missing("kernels", "list"))?.into_iter().map(kernel).collect(),
    })
}

fn missing(key: &str, what: &str) -> anyhow::Error {
    anyhow!("'{key}' is missing or no {what}: measure again with `hope bench --json`")
}

fn positive(x: Option<f64>, key: &str) -> Result<f64> {
    x.filter(|x| *x > 0.0).ok_or_else(|| missing(key, "positive number"))
}

#[cfg(test)]
mod tests {
    use hope::bench::json::text;

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
