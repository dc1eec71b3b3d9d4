//! The summary at the end of a run, for people.

use std::fmt::Write as _;

use hope::backend::Kind;
use hope::plan::Method;
use hope::{Job, Largest, Report, Terms, memory};

use crate::cli::expand::record::peak_bytes;
use crate::cli::expand::sink::terms_name;
use crate::cli::expand::{Setup, Timings};
use crate::cli::smooth::Difference;
use crate::cli::text::{count, grouped, number, seconds, shape};

/// Writes the summary.
pub fn summary(
    setup: &Setup,
    job: &Job,
    report: &Report,
    timings: &Timings,
    bytes: u64,
    difference: Option<&Difference>,
) -> String {
    let mut lines = Lines::default();
    let (model, request) = (&setup.model, &setup.request);
    lines.add(
        "model",
        format!(
            "{}: input {}, output '{}' {}",
            setup.model_name(),
            shape(model.input_shape()),
            model.output_name(),
            shape(model.output_shape())
        ),
    );
    lines.add(
        "method",
        match request.method {
            Method::Exact => "exact: Taylor series along rays".to_string(),
            Method::Hope => "hope: the published rule, one backward pass".to_string(),
        },
    );
    match difference {
        None => exactness(&mut lines, report, "exact"),
        Some(difference) => {
            lines.add("STAND-IN", difference.reason());
            lines.add("", difference.text());
            if report.certificate.kinks != hope::Kinks::None {
                lines.add("", "it still has kinks: --smooth can round off more than one kind".into());
            }
            exactness(&mut lines, report, "its series");
        }
    }
    let device = match &request.device {
        device if device.kind() == Kind::Processor => format!("cpu, {}", count(setup.threads, "thread")),
        device => device.name(),
    };
    lines.add("device", format!("{device}, {}", request.precision.name()));
    lines.add(
        "points",
        format!(
            "{}, {}, order {}, {}",
            grouped(job.points()),
            count(job.outputs().len(), "output"),
            request.order,
            scope(setup, job)
        ),
    );
    let Timings { load, plan, compute, write } = *timings;
    lines.add(
        "time",
        format!(
            "{} (load {}, plan {}, compute {}, write {})",
            seconds(load + plan + compute + write),
            seconds(load),
            seconds(plan),
            seconds(compute),
            seconds(write)
        ),
    );
    if let Some(peak) = peak_bytes() {
        lines.add("memory", format!("{} at the most", memory::human(peak)));
    }
    lines.add(
        "results",
        format!("{} ({}), {}", setup.target.npz.display(), memory::human(bytes), setup.target.json.display()),
    );
    if let Some((smallest, median)) = report.kink_distance {
        lines.add(
            "kinks",
            format!("nearest at t = {}, median over the rays {}", distance(smallest), distance(median)),
        );
        if smallest == 0.0 {
            lines.add("", "some rays begin on a kink: there the coefficients hold on one side of it".into());
        }
    }
    if let Some(condition) = report.condition {
        lines.add("condition", format!("{} of the interpolation", number(condition)));
    }
    if let Some(v) = report.verification {
        lines.add(
            "verify",
            format!(
                "{} in f64: largest relative deviation of an order {}",
                count(v.rays, "random ray"),
                number(v.deviation)
            ),
        );
    }
    let all: f64 = report.kernels.iter().map(|k| k.seconds).sum();
    for (i, k) in report.kernels.iter().enumerate() {
        lines.add(
            if i == 0 { "kernels" } else { "" },
            format!(
                "{:<20} {:>10.3} ms, {:>5.1} % of the device's time, dispatched {}",
                k.kernel,
                1e3 * k.seconds,
                100.0 * k.seconds / all.max(f64::MIN_POSITIVE),
                count(k.dispatches as usize, "time")
            ),
        );
    }
    for (i, largest) in report.largest.iter().enumerate() {
        lines.add(if i == 0 { "largest" } else { "" }, coefficient(setup, job, largest));
    }
    lines.text
}

/// Says whether the numbers are right, and if not, so that nobody misses it.
fn exactness(lines: &mut Lines, report: &Report, label: &str) {
    let certificate = &report.certificate;
    if certificate.exact {
        let yes = if label == "exact" { "yes" } else { "exact" };
        lines.add(label, format!("{yes}: {}", certificate.reason));
        return;
    }
    lines.add("NOT EXACT", certificate.reason.clone());
    let measured = report.verification.and_then(|v| v.deviation_from_exact);
    lines.add(
        "",
        match measured {
            Some(deviation) => {
                format!(
                    "measured: off from the exact coefficients by {} (relative, worst order)",
                    number(deviation)
                )
            }
            None => "add --verify 20 to measure how far off".into(),
        },
    );
    lines.add("", "--method exact gives the right numbers".into());
}

/// What the coefficients belong to.
fn scope(setup: &Setup, job: &Job) -> String {
    let name = terms_name(&setup.request.terms);
    match (&setup.request.terms, job.variables()) {
        (Terms::Unmixed, _) => format!("{name} along {}", count(setup.model.inputs(), "input")),
        (Terms::Along(directions), _) => format!("{name} {}", count(directions.len(), "direction")),
        (Terms::Mixed(_), variables) => {
            let variables = variables.unwrap_or(1);
            format!(
                "{name}: {} in {}",
                count(job.exponents().len() / variables, "term"),
                count(variables, "variable")
            )
        }
    }
}

fn distance(t: f64) -> String {
    if t.is_finite() { number(t) } else { "infinity".into() }
}

/// A coefficient, readably: `point 3, output 7: c_2 along input 412 (14,20) = -0.031`.
fn coefficient(setup: &Setup, job: &Job, largest: &Largest) -> String {
    let output = job.outputs().get(largest.output).copied().unwrap_or(largest.output);
    let inputs = setup.model.inputs();
    let what = match (&setup.request.terms, job.variables()) {
        (Terms::Unmixed, _) => {
            let input = largest.index % inputs;
            let place = coordinates(input, setup.model.input_shape());
            format!("c_{} along input {input}{place}", largest.index / inputs + 1)
        }
        (Terms::Along(directions), _) => {
            let rays = directions.len().max(1);
            format!("c_{} along direction {}", largest.index / rays + 1, largest.index % rays)
        }
        (Terms::Mixed(basis), variables) => {
            let variables = variables.unwrap_or(1);
            let exponents = job.exponents().chunks_exact(variables).nth(largest.index).unwrap_or(&[]);
            monomial(exponents, if basis.is_some() { 't' } else { 'x' })
        }
    };
    format!("point {}, output {output}: {what} = {}", largest.point, number(largest.coefficient))
}

/// Where a flattened input lies in an image: ` (14,20)`; nothing for vectors.
fn coordinates(mut input: usize, shape: &[usize]) -> String {
    let axes: Vec<usize> = shape.iter().copied().filter(|&size| size > 1).collect();
    if axes.len() < 2 {
        return String::new();
    }
    let mut place: Vec<String> = Vec::new();
    for size in axes.iter().rev() {
        place.push((input % size).to_string());
        input /= size;
    }
    place.reverse();
    format!(" ({})", place.join(","))
}

/// A monomial: `x0^2 x3`.
fn monomial(exponents: &[u8], variable: char) -> String {
    let factors =
        exponents.iter().enumerate().filter(|(_, power)| **power > 0).map(|(i, power)| match power {
            1 => format!("{variable}{i}"),
            power => format!("{variable}{i}^{power}"),
        });
    let factors: Vec<String> = factors.collect();
    if factors.is_empty() { "constant term".into() } else { factors.join(" ") }
}

/// Lines with a label in front.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn add(&mut self, label: &str, text: String) {
        let _ = writeln!(self.text, "{label:<10} {text}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_monomials() {
        assert_eq!(coordinates(412, &[1, 28, 28]), " (14,20)");
        assert_eq!(coordinates(23, &[2, 3, 4]), " (1,2,3)");
        assert_eq!(coordinates(3, &[5]), "");
        assert_eq!(monomial(&[2, 0, 0, 1], 'x'), "x0^2 x3");
        assert_eq!(monomial(&[0, 0], 't'), "constant term");
    }
}
