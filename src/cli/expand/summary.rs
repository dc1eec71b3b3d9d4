//! The summary at the end of a run, for people.

use hope::backend::Kind;
use hope::plan::Method;
use hope::results::{Record, Seconds, Target};
use hope::{Job, Largest, Terms, memory};

use crate::cli::setup::Setup;
use crate::cli::text::{self, count, grouped, number, passage, seconds};

/// What a run came to.
pub struct Outcome<'a> {
    pub setup: &'a Setup,
    pub target: &'a Target,
    pub record: Record<'a>,
    /// Size of the archive.
    pub bytes: u64,
}

/// Writes the summary.
pub fn summary(outcome: &Outcome) -> String {
    let Outcome { setup, target, record, bytes } = outcome;
    let (job, report, request) = (record.job, record.report, &setup.request);
    let mut lines = vec![setup.header()];
    lines.push((
        "method",
        match request.method {
            Method::Exact if matches!(request.terms, Terms::Gradient(_) | Terms::Hessian(_)) => {
                "exact: Taylor series along rays, and one backward pass for each output and ray".to_string()
            }
            Method::Exact => "exact: Taylor series along rays".to_string(),
            Method::Hope => "hope: the published rule, one backward pass".to_string(),
        },
    ));
    let verdict = setup.verdict(report, record.smooth);
    lines.extend([verdict.of_network(), verdict.of_result()].concat());
    if request.method == Method::Hope && !report.certificate.exact && report.verification.is_none() {
        lines.push(("", "add --verify 20 to measure how far off".into()));
    }
    let device = match &request.device {
        device if device.kind() == Kind::Processor => format!("cpu, {}", count(job.threads(), "thread")),
        device => device.name(),
    };
    lines.push(("device", format!("{device}, {}", request.precision.name())));
    lines.push((
        "points",
        format!(
            "{}, {}, order {}, {}",
            grouped(job.points()),
            count(job.outputs().len(), "output"),
            request.order,
            scope(setup, job)
        ),
    ));
    let Seconds { load, plan, compute, write } = record.seconds;
    lines.push((
        "time",
        format!(
            "{} (load {}, plan {}, compute {}, write {})",
            seconds(load + plan + compute + write),
            seconds(load),
            seconds(plan),
            seconds(compute),
            seconds(write)
        ),
    ));
    if let Some(peak) = memory::peak() {
        lines.push(("memory", format!("{} at the most", memory::human(peak))));
    }
    lines.push((
        "results",
        format!("{} ({}), {}", target.archive.display(), memory::human(*bytes), target.json.display()),
    ));
    lines.extend(verdict.kinks());
    if let Some(v) = report.verification {
        lines.push((
            "verify",
            match v.rays {
                0 => "nothing to compare: the rays that were chosen were found in f64, on kinks".into(),
                rays => format!(
                    "{} in f64: largest relative deviation of an order {}",
                    count(rays, "random ray"),
                    number(v.deviation)
                ),
            },
        ));
    }
    let all: f64 = report.kernels.iter().map(|k| k.seconds).sum();
    for (i, k) in report.kernels.iter().enumerate() {
        lines.push((
            if i == 0 { "kernels" } else { "" },
            format!(
                "{:<20} {:>10.3} ms, {:>5.1} % of the device's time, dispatched {}",
                k.kernel,
                1e3 * k.seconds,
                100.0 * k.seconds / all.max(f64::MIN_POSITIVE),
                count(k.dispatches as usize, "time")
            ),
        ));
    }
    for (i, largest) in report.largest.iter().enumerate() {
        lines.push((if i == 0 { "largest" } else { "" }, coefficient(setup, job, largest)));
    }
    text::lines(&lines)
}

/// What the coefficients belong to.
fn scope(setup: &Setup, job: &Job) -> String {
    let name = setup.request.terms.name();
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
        (Terms::Gradient(None), _) => name.into(),
        (Terms::Gradient(Some(directions)), _) => {
            format!("{name} along {}", count(directions.len(), "direction"))
        }
        (Terms::Operator(operator), _) => {
            let rays = job.rays().unwrap_or(0);
            if let Some((inputs, power)) = operator.estimates() {
                let (of, inputs) =
                    (if power == 1 { "Laplacian" } else { "biharmonic operator" }, inputs.len());
                let inputs = count(inputs, "input");
                return format!(
                    "{of} of {inputs}, estimated by {}{}",
                    count(rays, "random ray"),
                    passage(job.passage())
                );
            }
            let terms = count(operator.terms().len(), "term");
            format!("{name} of {terms}, by {}{}", count(rays, "ray"), passage(job.passage()))
        }
        (Terms::Hessian(rows), _) => {
            let rows = rows.as_ref().map_or(setup.model.inputs(), Vec::len);
            format!("{name}: {}", count(rows, "row"))
        }
        _ => name.into(),
    }
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
        (Terms::Gradient(directions), _) => {
            let rays = directions.as_ref().map_or(1, |directions| directions.len().max(1));
            let (input, row) = (largest.index % inputs, largest.index / inputs);
            let place = coordinates(input, setup.model.input_shape());
            let along =
                if directions.is_some() { format!(" along direction {}", row % rays) } else { String::new() };
            format!("g_{} of input {input}{place}{along}", row / rays)
        }
        (Terms::Operator(_), _) => "operator".into(),
        (Terms::Hessian(rows), _) => {
            let (input, row) = (largest.index % inputs, largest.index / inputs);
            let row = rows.as_ref().map_or(row, |rows| rows[row]);
            let place = |input| coordinates(input, setup.model.input_shape());
            format!("second derivative by inputs {row}{} and {input}{}", place(row), place(input))
        }
        _ => format!("coefficient {}", largest.index),
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
