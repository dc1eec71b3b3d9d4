//! RESULT.json: what is known about a result, for programs.

use serde_json::{Value, json};

use hope::{Job, KernelTime, Report, Request};

use crate::cli::expand::sink::terms_name;
use crate::cli::expand::{Setup, Timings};
use crate::cli::smooth::Difference;

/// The record. Numbers that are not finite are null, as JSON has no others.
pub fn record(
    setup: &Setup,
    job: &Job,
    report: &Report,
    timings: &Timings,
    difference: Option<&Difference>,
) -> String {
    let reason = &report.certificate.reason;
    let request: &Request = &setup.request;
    let (device, driver) = crate::cli::device::describe(&request.device);
    let record = json!({
        "model": setup.model_path.to_string_lossy(),
        "model_sha256": setup.sha256,
        "output_name": setup.model.output_name(),
        "input_shape": setup.model.input_shape(),
        "output_shape": setup.model.output_shape(),
        "method": request.method.name(),
        "exact": report.certificate.exact && difference.is_none(),
        "exact_reason": difference.map_or(reason.clone(), |d| format!("{}; {reason}", d.reason())),
        "smooth": difference.map(Difference::json),
        "order": request.order,
        "terms": terms_name(&request.terms),
        "outputs": job.outputs(),
        "points": job.points(),
        "rays": job.rays(),
        "variables": job.variables(),
        "device": device,
        "driver": driver,
        "threads": setup.threads,
        "precision": request.precision.name(),
        "dtype": setup.dtype.name(),
        "kinks": report.kink_distance.map(|(smallest, median)| json!({ "smallest": smallest, "median": median })),
        "condition": report.condition,
        "seconds": {
            "load": timings.load,
            "plan": timings.plan,
            "compute": timings.compute,
            "write": timings.write,
        },
        "peak_bytes": peak_bytes(),
        "kernels": (!report.kernels.is_empty()).then(|| {
            let kernel = |k: &KernelTime| json!({
                "kernel": k.kernel, "dispatches": k.dispatches, "seconds": k.seconds,
            });
            report.kernels.iter().map(kernel).collect::<Vec<_>>()
        }),
        "verify": report.verification.map(|v| json!({
            "rays": v.rays,
            "max_relative_deviation": v.deviation,
            "deviation_from_exact": v.deviation_from_exact,
        })),
        "version": concat!("hope ", env!("CARGO_PKG_VERSION")),
    });
    let Value::Object(mut fields) = record else { return String::new() };
    // What doesn't apply is left out, except for what readers may rely on.
    fields.retain(|key, value| !value.is_null() || matches!(key.as_str(), "peak_bytes" | "verify"));
    format!("{:#}\n", Value::Object(fields))
}

/// The most memory that the process has had, where the system tells.
pub fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
