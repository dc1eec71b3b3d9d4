//! What `hope converge` has found, for people and for programs.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};

use hope::results::{Claim, StandInRecord};
use hope::trust::{Cell, Study};

use crate::cli::rays::AlongRays;
use crate::cli::text::{self, number};

/// The table.
pub fn csv(study: &Study) -> String {
    let mut text = String::from("order,radius,largest_error,mean_error,estimated_error\n");
    for Cell { order, radius, largest, mean, estimate } in &study.cells {
        let estimate = estimate.map_or_else(String::new, |e| format!("{e:e}"));
        let _ = writeln!(text, "{order},{radius:e},{largest:e},{mean:e},{estimate}");
    }
    text
}

/// For programs.
pub fn record(run: &AlongRays, study: &Study, difference: Option<&StandInRecord>) -> String {
    let mut fields = run.record();
    let cells: Vec<Value> = study
        .cells
        .iter()
        .map(|cell| {
            json!({
                "order": cell.order,
                "radius": cell.radius,
                "largest_error": cell.largest,
                "mean_error": cell.mean,
                "estimated_error": cell.estimate,
            })
        })
        .collect();
    let more = json!({
        "orders": study.orders,
        "radii": study.radii,
        "convergence": { "smallest": study.convergence.0, "median": study.convergence.1 },
        "samples_per_radius": study.samples,
        "errors": cells,
    });
    if let Value::Object(more) = more {
        fields.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    fields.extend(Claim { report: &study.report, stand_in: difference }.fields());
    format!("{:#}\n", Value::Object(fields))
}

/// For stdout.
pub fn summary(
    run: &AlongRays,
    study: &Study,
    difference: Option<&StandInRecord>,
    targets: &[PathBuf],
) -> String {
    let mut rows = run.head();
    rows.extend(run.setup.verdict(&study.report, difference).rows());
    let (smallest, median) = study.convergence;
    rows.push((
        "convergence",
        format!("estimated radius: smallest {}, median {}", number(smallest), number(median)),
    ));
    rows.push(("samples", format!("{} evaluations of the network per radius", text::grouped(study.samples))));
    let names: Vec<String> = targets.iter().map(|target| target.display().to_string()).collect();
    rows.push(("results", names.join(", ")));
    let mut text = text::lines(&rows);
    let estimated = match study.report.kink_distance {
        None => "Largest error as the coefficients let expect (-: beyond convergence)",
        Some(_) => "Largest error as the coefficients let expect (-: beyond convergence or a kink)",
    };
    for (title, pick) in [
        ("Largest error", (|cell: &Cell| number(cell.largest)) as fn(&Cell) -> String),
        ("Mean error", |cell| number(cell.mean)),
        (estimated, |cell| cell.estimate.map_or_else(|| "-".into(), number)),
    ] {
        let _ = writeln!(text, "\n{title}, by radius (rows) and order (columns)");
        let _ = write!(text, "{:>10}", "");
        for order in &study.orders {
            let _ = write!(text, "{order:>11}");
        }
        for (i, &radius) in study.radii.iter().enumerate() {
            let _ = write!(text, "\n{:>10}", number(radius));
            for order in &study.orders {
                let cell = study.of_order(*order).nth(i).map(pick).unwrap_or_default();
                let _ = write!(text, "{cell:>11}");
            }
        }
        text.push('\n');
    }
    text
}
