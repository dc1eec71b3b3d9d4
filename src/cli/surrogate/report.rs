//! What `hope surrogate` has found, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use hope::backend::Kind;
use hope::results::{Claim, StandInRecord};
use hope::surrogate::Principal;
use hope::{Expansion, TaylorPolynomial, Terms};

use super::args::SurrogateArgs;
use super::errors::Measured;
use super::timing::{Contest, Row};
use crate::cli::model::header;
use crate::cli::setup::Setup;
use crate::cli::text::{at_most, count, grouped, lines, number};
use crate::cli::verdict::Verdict;

/// Everything that is known in the end.
pub struct Done<'a> {
    pub args: &'a SurrogateArgs,
    pub setup: &'a Setup,
    pub output: usize,
    /// The directions that the variables run along, if they are those of data.
    pub principal: Option<Principal>,
    pub expansion: &'a Expansion,
    pub polynomial: &'a TaylorPolynomial,
    pub measured: Measured,
    /// How far the stand-in is from the network, if the polynomial is that of one.
    pub difference: Option<StandInRecord>,
    pub times: Contest,
}

/// For stdout.
pub fn summary(done: &Done) -> String {
    let Done { args, setup, expansion, polynomial, measured, .. } = done;
    let network = setup.network();
    let parameters = count(network.parameters(), "parameter");
    let mut rows = vec![("model", format!("{}, {parameters}", header(&setup.name(), network)))];
    let verdict = done.setup.verdict(&expansion.report, done.difference.as_ref());
    let verdict = Verdict { label: "coefficients", ..verdict };
    rows.extend(verdict.of_network());
    if done.difference.is_some() {
        rows.push(("", "errors and times below are against the network itself".into()));
    }
    let variables = polynomial.variables();
    let names = match variables {
        [name] => name.clone(),
        [first, .., last] => format!("{first} to {last}"),
        [] => String::new(),
    };
    rows.push((
        "polynomial",
        format!(
            "of output {}: degree {}, {} in {}: {names}{}",
            done.output,
            polynomial.degree(),
            count(polynomial.len(), "term"),
            count(variables.len(), "variable"),
            subspace(done),
        ),
    ));
    if let Some(principal) = &done.principal {
        let shares: Vec<String> = principal.explained().iter().map(|share| percent(*share)).collect();
        let sum: f64 = principal.explained().iter().sum();
        rows.push((
            "principal",
            format!(
                "of {}; explained variance {}{}",
                count(principal.samples, "sample"),
                few(&shares),
                if shares.len() > 1 { format!(", together {}", percent(sum)) } else { String::new() }
            ),
        ));
    }
    rows.extend([verdict.of_result(), verdict.kinks()].concat());
    let accuracy = measured.accuracy;
    if let (Some((reach, estimate)), Some(tolerance)) = (measured.reach, args.tolerance) {
        let from = estimate
            .map_or_else(String::new, |r| format!(" (estimated from the coefficients: {})", number(r)));
        let text = if reach.limited {
            format!(
                "{}: the largest whose measured error is within {}{from}",
                number(accuracy.radius),
                number(tolerance)
            )
        } else {
            format!(
                "at least {}: measured errors are within {} as far as was looked{from}",
                number(accuracy.radius),
                number(tolerance)
            )
        };
        rows.push(("radius", text));
    }
    rows.push((
        "error",
        format!(
            "within {}: largest {}, mean {}, measured at {}",
            number(accuracy.radius),
            number(accuracy.largest),
            number(accuracy.mean),
            count(accuracy.samples, "random point"),
        ),
    ));
    if let Some(bound) = polynomial.bound() {
        let most = at_most(bound.remainder);
        let text = format!(
            "at most {most} wherever each variable is within {} of the centre",
            number(accuracy.radius)
        );
        rows.push(("proved", text));
    }
    rows.push((
        "relative",
        if accuracy.spread > 0.0 {
            format!(
                "largest {}, mean {} of the network's standard deviation there, {}",
                percent(accuracy.largest / accuracy.spread),
                percent(accuracy.mean / accuracy.spread),
                number(accuracy.spread)
            )
        } else {
            "the network is constant there".into()
        },
    ));
    if let Some(out) = &args.out {
        rows.push(("written", format!("{}, for `hope eval`", out.display())));
    }
    let mut text = lines(&rows);
    text.push_str(&table(done));
    text
}

/// Where the variables run.
fn subspace(done: &Done) -> String {
    let args = done.args;
    match (&args.subspace, &args.principal) {
        (Some(path), _) => {
            let note = if is_orthonormal(done) {
                ""
            } else {
                "; they are not orthonormal: distances are those of t"
            };
            format!(" along the directions of {}{note}", path.display())
        }
        (_, Some(path)) => format!(" along the principal directions of {}", path.display()),
        _ => String::new(),
    }
}

/// Whether distances of t are distances of x.
fn is_orthonormal(done: &Done) -> bool {
    let Terms::Mixed(Some(rows)) = &done.setup.request.terms else { return true };
    let rows: Vec<&[f64]> = rows.chunks_exact(done.setup.model.inputs()).collect();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    (0..rows.len())
        .all(|i| (0..=i).all(|j| (product(rows[i], rows[j]) - f64::from(u8::from(i == j))).abs() < 1e-6))
}

fn table(done: &Done) -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let device = match &done.setup.request.device {
        device if device.kind() == Kind::Processor => format!("the CPU ({})", count(threads, "core")),
        device => format!("{}, points sent and values read back included", device.name()),
    };
    let mut text = format!("\nTime per evaluation on {device}, medians:\n  batch");
    for name in &done.times.names {
        let _ = write!(text, "  {name:>14}");
    }
    text.push_str("  network / polynomial\n");
    for row in &done.times.rows {
        let _ = write!(text, "{:>7}", grouped(row.batch));
        match &row.times {
            None => text.push_str("  left out: the network takes too long or too much memory"),
            Some(times) => {
                for timed in times {
                    let _ = write!(text, "  {:>14}", duration(timed.seconds / row.batch as f64));
                }
            }
        }
        let _ = writeln!(text, "{}", row.ratio().map_or(String::new(), |r| format!("  {:>20}", ratio(r))));
    }
    let outputs = done.setup.network().outputs();
    let passes = match outputs {
        1 => "Network: a forward pass of hope's own engine".to_string(),
        _ => format!(
            "Network: a forward pass of hope's own engine, which gives all {outputs} outputs; the polynomial gives one"
        ),
    };
    let _ = writeln!(text, "{passes}. A tuned runtime may be faster.");
    let coordinates = match done.polynomial.frame() {
        Some(_) => {
            " Inputs are given as x to the network, as t to the polynomial; finding t for an x is not in the times."
        }
        None => "",
    };
    let _ = writeln!(text, "The ratio is to the fastest network column.{coordinates}");
    text
}

/// For programs. Numbers that are not finite are null.
pub fn record(done: &Done) -> String {
    let Done { args, setup, expansion, polynomial, measured, times, .. } = done;
    let accuracy = measured.accuracy;
    let row = |row: &Row| {
        let mut fields = serde_json::Map::from_iter([("batch".to_string(), json!(row.batch))]);
        match &row.times {
            None => drop(fields.insert("left_out".into(), json!(true))),
            Some(all) => {
                for (name, t) in times.names.iter().zip(all) {
                    let timed = json!({ "seconds": t.seconds, "repeats": t.repeats });
                    fields.insert(name.replace(' ', "_"), timed);
                }
                fields.insert("ratio".into(), json!(row.ratio()));
            }
        }
        Value::Object(fields)
    };
    let times: Vec<Value> = times.rows.iter().map(row).collect();
    let relative = |error: f64| (accuracy.spread > 0.0).then(|| error / accuracy.spread);
    let mut record = json!({
        "model": args.network.model.to_string_lossy(),
        "output_name": setup.network().output_name(),
        "output": done.output,
        "outputs_of_network": setup.network().outputs(),
        "at": *setup.request.points,
        "order": args.order,
        "terms": polynomial.len(),
        "variables": polynomial.variables(),
        "polynomial": args.out.as_ref().map(|out| out.to_string_lossy()),
        "principal": done.principal.as_ref().map(|principal| json!({
            "data": args.principal.as_ref().map(|path| path.to_string_lossy()),
            "samples": principal.samples,
            "variance": principal.variances,
            "explained": principal.explained(),
        })),
        "tolerance": args.tolerance,
        "radius": accuracy.radius,
        "estimated_radius": measured.reach.and_then(|(_, estimate)| estimate),
        "limited_by_tolerance": measured.reach.map(|(reach, _)| reach.limited),
        "error": {
            "largest": accuracy.largest,
            "mean": accuracy.mean,
            "rms": accuracy.rms,
            "samples": accuracy.samples,
            "spread": accuracy.spread,
            "largest_relative": relative(accuracy.largest),
            "mean_relative": relative(accuracy.mean),
        },
        "proved": polynomial.bound().map(|bound| bound.remainder.next_up()),
        "device": setup.request.device.name(),
        "seconds_per_batch": times,
        "version": concat!("hope ", env!("CARGO_PKG_VERSION")),
    });
    if let Value::Object(fields) = &mut record {
        fields.extend(Claim { report: &expansion.report, stand_in: done.difference.as_ref() }.fields());
    }
    format!("{record:#}\n")
}

/// The first of many texts.
fn few(texts: &[String]) -> String {
    match texts.len() {
        0..=8 => texts.join(", "),
        n => format!("{}, ... ({n})", texts[..8].join(", ")),
    }
}

fn percent(share: f64) -> String {
    format!("{} %", digits(100.0 * share))
}

/// Three digits.
fn digits(x: f64) -> String {
    match x.abs() {
        a if a >= 99.95 => format!("{x:.0}"),
        a if a >= 9.995 => format!("{x:.1}"),
        a if a >= 0.01 => format!("{x:.2}"),
        0.0 => "0".into(),
        _ => format!("{x:.1e}"),
    }
}

/// `123 ns`, `1.24 ms`.
fn duration(seconds: f64) -> String {
    let (factor, unit) = match seconds {
        s if s < 1e-6 => (1e9, "ns"),
        s if s < 1e-3 => (1e6, "µs"),
        s if s < 1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    format!("{} {unit}", digits(seconds * factor))
}

fn ratio(x: f64) -> String {
    if x >= 1000.0 { grouped(x.round() as usize) } else { digits(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers() {
        assert_eq!(duration(1.234e-7), "123 ns");
        assert_eq!(duration(1.234e-5), "12.3 µs");
        assert_eq!(duration(0.0012), "1.20 ms");
        assert_eq!(duration(3.0), "3.00 s");
        assert_eq!(percent(0.1234), "12.3 %");
        assert_eq!(percent(1e-7), "1.0e-5 %");
        assert_eq!((ratio(0.5), ratio(2345.6)), ("0.50".into(), "2,346".into()));
    }
}
