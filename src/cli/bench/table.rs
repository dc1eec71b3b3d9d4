//! The measurements as text.

use std::fmt::Write as _;

use hope::bench::Peak;
use hope::bench::record::{DeviceRun, Figures, Row, Run, Status};

/// Kernels listed with each workload.
const KERNELS: usize = 3;

/// All devices, one after the other.
pub fn text(run: &Run) -> String {
    let mut text = String::new();
    for device in &run.devices {
        let _ = writeln!(text, "{}, {}", device.name, device.precision);
        let _ = writeln!(text, "  {} ({})", device.driver, device.backend);
        if let Some(error) = &device.error {
            let _ = writeln!(text, "  FAILED: {error}");
        }
        if let Some(measured) = &device.peak {
            let _ = writeln!(text, "  {}", peak(measured));
        }
        rows(&mut text, device);
        text.push('\n');
    }
    text
}

fn rows(text: &mut String, device: &DeviceRun) {
    let expansions: Vec<&Row> = device.rows.iter().filter(|row| row.unit == "expansions").collect();
    let kernels: Vec<&Row> = device.rows.iter().filter(|row| row.unit != "expansions").collect();
    let wide = device.rows.iter().map(|row| row.workload.len()).max().unwrap_or(0).max(8);
    if !expansions.is_empty() {
        let _ = writeln!(
            text,
            "\n  {:wide$}  expansions/s  spread    GFLOP/s  of peak  deviation  slowest kernels",
            "workload"
        );
        for row in expansions {
            let rest = match &row.figures {
                None => reason(row),
                Some(f) => format!(
                    "{:>12}  {:>6}  {:>9}  {:>7}  {:>9}  {}{}",
                    rate(f.per_second),
                    spread(f),
                    rate(f.flops_per_second / 1e9),
                    share(f.share_of_flops),
                    deviation(row, f),
                    slowest(f),
                    f.reduced.as_ref().map(|part| format!(" [{part}]")).unwrap_or_default()
                ),
            };
            let _ = writeln!(text, "  {:wide$}  {}", row.workload, rest.trim_end());
        }
    }
    if !kernels.is_empty() {
        let _ = writeln!(
            text,
            "\n  {:wide$}        runs/s  spread    GFLOP/s  of peak       GB/s  of memory  deviation  limit",
            "kernel"
        );
        for row in kernels {
            let rest = match &row.figures {
                None => reason(row),
                Some(f) => format!(
                    "{:>12}  {:>6}  {:>9}  {:>7}  {:>9}  {:>9}  {:>9}  {}{}",
                    rate(f.per_second),
                    spread(f),
                    rate(f.flops_per_second / 1e9),
                    share(f.share_of_flops),
                    f.bytes_per_second.map_or("-".into(), |bytes| rate(bytes / 1e9)),
                    share(f.share_of_bytes),
                    deviation(row, f),
                    f.limit.as_deref().unwrap_or("-"),
                    if f.on_device { "" } else { " [wall clock]" }
                ),
            };
            let _ = writeln!(text, "  {:wide$}  {rest}", row.workload);
        }
    }
}

/// What a device can do, in words.
pub fn peak(peak: &Peak) -> String {
    format!(
        "peak {} GFLOP/s in multiply-adds, {} GB/s to and from memory",
        rate(peak.flops / 1e9),
        rate(peak.bytes / 1e9)
    )
}

/// A workload's outcome in a line.
pub fn line(row: &Row) -> String {
    let rest = match &row.figures {
        None => reason(row),
        Some(f) => format!(
            "{} {} per second, {} of peak, deviation {}",
            rate(f.per_second),
            row.unit,
            share(f.share_of_flops),
            deviation(row, f)
        ),
    };
    format!("{}: {rest}", row.workload)
}

fn reason(row: &Row) -> String {
    match &row.status {
        Status::Skipped(reason) => format!("skipped: {reason}"),
        Status::Failed(reason) => format!("FAILED: {reason}"),
        Status::Right | Status::Wrong => String::new(),
    }
}

fn deviation(row: &Row, figures: &Figures) -> String {
    let mark = if row.status == Status::Wrong { "WRONG " } else { "" };
    format!("{mark}{:.1e}", figures.deviation)
}

fn spread(figures: &Figures) -> String {
    format!("±{:.0} %", 100.0 * figures.seconds.relative())
}

/// A share in percent.
pub fn share(share: Option<f64>) -> String {
    match share {
        None => "-".into(),
        Some(share) if share < 0.00995 => format!("{:.2} %", 100.0 * share),
        Some(share) if share < 0.0995 => format!("{:.1} %", 100.0 * share),
        Some(share) => format!("{:.0} %", 100.0 * share),
    }
}

/// A number with three digits or so: `0.0123`, `4.56`, `789`, `12,345`.
pub fn rate(x: f64) -> String {
    match x {
        x if !x.is_finite() => "-".into(),
        x if x >= 99.95 => crate::cli::text::grouped(x.round() as usize),
        x if x >= 9.995 => format!("{x:.1}"),
        x if x >= 0.9995 => format!("{x:.2}"),
        x if x >= 0.000_995 => format!("{x:.*}", 2 + (-x.log10().floor()) as usize),
        x => format!("{x:.1e}"),
    }
}

/// The slowest kernels with their shares of the time.
fn slowest(figures: &Figures) -> String {
    let total: f64 = figures.kernels.iter().map(|k| k.seconds).sum();
    let named = figures.kernels.iter().take(KERNELS).filter(|_| total > 0.0);
    named.map(|k| format!("{} {:.0} %", k.kernel, 100.0 * k.seconds / total)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_three_digits() {
        for (x, text) in [
            (12_345.4, "12,345"),
            (123.4, "123"),
            (45.67, "45.7"),
            (4.567, "4.57"),
            (0.456_7, "0.457"),
            (0.012_34, "0.0123"),
            (0.000_012, "1.2e-5"),
            (f64::NAN, "-"),
        ] {
            assert_eq!(rate(x), text);
        }
        assert_eq!(
            (share(Some(0.031)), share(Some(0.5)), share(None)),
            ("3.1 %".into(), "50 %".into(), "-".into())
        );
    }
}
