//! `hope converge`: measured errors over orders and radii.

mod chart;

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::str::FromStr;

use anyhow::{Result, anyhow, bail};
use clap::Args;
use serde_json::{Value, json};

use hope::picture::Format;
use hope::trust::{Cell, Study};

use crate::cli::rays::{RayArgs, Setup, positive};
use crate::cli::smooth::Difference;
use crate::cli::temporary::{Temporary, folder};
use crate::cli::text::{self, number};
use crate::cli::{Failure, rays};

/// Random rays of a study, unless the user gives other ones.
const RANDOM: usize = 16;

const EXAMPLES: &str = "\
Examples:
  Errors of the polynomials of orders 2 to 10 of a network with two inputs, over nine radii of its choice
      hope converge tests/fixtures/reference/discover_2d.onnx --at 0.5,-0.5 --orders 2,4,6,8,10

  On one logit of a classifier, along 30 random directions, over radii from 0.1 to 10 by equal factors
      hope converge examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --outputs 3 \\
          --orders 1,2,4,8 --radii 0.1:10:7 --random 30

STUDY.csv has one row per order and radius: order, radius, largest_error, mean_error (over points, outputs and
both ways along the rays), estimated_error (the largest; empty beyond a radius of convergence or a kink).";

/// Study how the errors of Taylor polynomials fall with the order and grow with the distance.
///
/// The network is evaluated at each distance along each ray, both ways, and compared with the polynomials of each order.
/// Beside the measured errors stand those that the coefficients alone let expect.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct ConvergeArgs {
    #[command(flatten)]
    pub rays: RayArgs,

    /// Orders, 1 to 28.
    #[arg(long, value_name = "LIST", default_value = "1,2,3,4,6,8", help_heading = "What to compute")]
    pub orders: Orders,

    /// Radii: a list such as 0.1,0.2,0.5, or FROM:TO:COUNT by equal factors [default: nine, from 1/20 to 1.5 of the estimated
    /// radius of convergence].
    #[arg(long, value_name = "LIST", allow_hyphen_values = true, help_heading = "What to compute")]
    pub radii: Option<Radii>,

    /// The table, overwritten if it exists; STUDY.json, .svg and .png (the chart) are written beside it [default: the model's name with .converge.csv, in
    /// the current folder].
    #[arg(long, value_name = "STUDY.csv", help_heading = "Output")]
    pub out: Option<PathBuf>,
}

/// A list of orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orders(Vec<usize>);

impl FromStr for Orders {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let highest = hope::series::MAX_ORDER - hope::trust::MORE_ORDERS;
        let order = |part: &str| match part.trim().parse() {
            Ok(order) if (1..=highest).contains(&order) => Ok(order),
            _ => Err(format!("'{part}' is no order: give numbers from 1 to {highest}, such as 1,2,4")),
        };
        text.split(',').map(order).collect::<Result<_, _>>().map(Self)
    }
}

/// A list of radii.
#[derive(Clone, Debug, PartialEq)]
pub struct Radii(Vec<f64>);

impl FromStr for Radii {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split(':').collect();
        let [from, to, number] = parts[..] else {
            return text.split(',').map(positive).collect::<Result<_, _>>().map(Self);
        };
        let (from, to) = (positive(from)?, positive(to)?);
        let number: usize = number.trim().parse().map_err(|_| format!("'{number}' is no number of radii"))?;
        if !(2..=10_000).contains(&number) || from >= to {
            return Err(format!("'{text}': FROM has to be less than TO, and COUNT 2 to 10000"));
        }
        let step = (to / from).ln() / (number - 1) as f64;
        Ok(Self(
            (0..number).map(|i| if i + 1 == number { to } else { from * (step * i as f64).exp() }).collect(),
        ))
    }
}

/// Runs the command.
pub fn run(args: &ConvergeArgs) -> Result<(), Failure> {
    let target = Target::new(args).map_err(Failure::Input)?;
    let highest = args.orders.0.iter().copied().max().unwrap_or(1);
    let setup = Setup::new(&args.rays, highest, Some(RANDOM)).map_err(Failure::Input)?;
    hope::Job::new(&setup.model, &setup.request).map_err(|error| Failure::Input(setup.explain(&error)))?;
    let files = target.begin().map_err(Failure::Input)?;
    if !args.rays.quiet {
        text::complain(&format!("expanding to order {} and sampling the network\n", highest + 2));
    }
    let failed = |error: &hope::Error| Failure::Run(anyhow!("{}; nothing was written", setup.explain(error)));
    let radii = args.radii.as_ref().map(|radii| &radii.0[..]);
    let study =
        Study::run(&setup.model, &setup.request, &args.orders.0, radii).map_err(|error| failed(&error))?;
    setup.check(&study.report).map_err(Failure::Run)?;
    let difference = match &setup.original {
        None => None,
        Some(original) => {
            let radius = study.radii.last().copied().unwrap_or(1.0);
            let measured = original.measure(&setup.model, &setup.request, radius);
            Some(measured.map_err(|error| failed(&error))?)
        }
    };
    let (table, record) = (csv(&study), record(&setup, &study, difference.as_ref()));
    let title = format!("{}: error of the Taylor polynomials", setup.name());
    let figure = chart::chart(&study, &title)
        .map_err(|error| Failure::Run(anyhow!("{error}; nothing was written")))?;
    let [svg, png] = [Format::Svg, Format::Png].map(|format| figure.bytes(format));
    let drawn = |picture: hope::Result<Vec<u8>>| {
        picture.map_err(|error| Failure::Run(anyhow!("{error}; nothing was written")))
    };
    files.finish(&[table.as_bytes(), record.as_bytes(), &drawn(svg)?, &drawn(png)?]).map_err(Failure::Run)?;
    if args.rays.quiet {
        return Ok(());
    }
    text::print(summary(&setup, &study, difference.as_ref(), &target)).map_err(Failure::Run)
}

/// The files of a study.
struct Target {
    csv: PathBuf,
    json: PathBuf,
    svg: PathBuf,
    png: PathBuf,
}

impl Target {
    fn new(args: &ConvergeArgs) -> Result<Self> {
        let csv = args.out.clone().unwrap_or_else(|| {
            let stem = args.rays.model.file_stem().unwrap_or_default().to_string_lossy();
            PathBuf::from(format!("{stem}.converge.csv"))
        });
        if !csv.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
            bail!("--out {}: the result is a table, its name has to end in .csv", csv.display());
        }
        let [json, svg, png] = ["json", "svg", "png"].map(|extension| csv.with_extension(extension));
        Ok(Self { csv, json, svg, png })
    }

    fn begin(&self) -> Result<Files> {
        let begin = |path: &PathBuf| {
            if path.exists() && !path.is_file() {
                bail!("cannot write {}: it exists and is not a file", path.display());
            }
            Temporary::create(path)
                .map_err(|error| anyhow!("cannot write into the folder {}: {error}", folder(path).display()))
        };
        [&self.csv, &self.json, &self.svg, &self.png].into_iter().map(begin).collect::<Result<_>>().map(Files)
    }
}

/// The files under construction.
struct Files(Vec<(Temporary, File)>);

impl Files {
    /// Fills them, in the order of [`Target::begin`], and gives them their names.
    fn finish(self, contents: &[&[u8]]) -> Result<()> {
        let cannot = |error| anyhow!("cannot write the study: {error}; nothing was written");
        let mut done = Vec::new();
        for ((temporary, mut file), content) in self.0.into_iter().zip(contents) {
            file.write_all(content).and_then(|()| file.sync_all()).map_err(cannot)?;
            done.push(temporary);
        }
        Temporary::commit(done).map_err(cannot)
    }
}

fn csv(study: &Study) -> String {
    let mut text = String::from("order,radius,largest_error,mean_error,estimated_error\n");
    for Cell { order, radius, largest, mean, estimate } in &study.cells {
        let estimate = estimate.map_or_else(String::new, |e| format!("{e:e}"));
        let _ = writeln!(text, "{order},{radius:e},{largest:e},{mean:e},{estimate}");
    }
    text
}

fn record(setup: &Setup, study: &Study, difference: Option<&Difference>) -> String {
    let mut fields = setup.record();
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
        "kinks": study.report.kink_distance.map(|(smallest, median)| json!({ "smallest": smallest, "median": median })),
        "samples_per_radius": study.samples,
        "errors": cells,
        "smooth": difference.map(Difference::json),
    });
    if let Value::Object(more) = more {
        fields.extend(more.into_iter().filter(|(_, value)| !value.is_null()));
    }
    format!("{:#}\n", Value::Object(fields))
}

fn summary(setup: &Setup, study: &Study, difference: Option<&Difference>, target: &Target) -> String {
    let mut rows = setup.head();
    if let Some(difference) = difference {
        rows.push(("STAND-IN", difference.reason()));
        rows.push(("", difference.text()));
    }
    let (smallest, median) = study.convergence;
    rows.push((
        "convergence",
        format!("estimated radius: smallest {}, median {}", number(smallest), number(median)),
    ));
    if let Some((smallest, median)) = study.report.kink_distance {
        rows.push((
            "kinks",
            format!("nearest at {}, median over the rays {}", number(smallest), number(median)),
        ));
    }
    rows.push(("samples", format!("{} evaluations of the network per radius", text::grouped(study.samples))));
    rows.push((
        "results",
        format!(
            "{}, {}, {}, {}",
            target.csv.display(),
            target.json.display(),
            target.svg.display(),
            target.png.display()
        ),
    ));
    let mut text = rays::lines(&rows);
    for (title, pick) in [
        ("Largest error", (|cell: &Cell| number(cell.largest)) as fn(&Cell) -> String),
        ("Mean error", |cell| number(cell.mean)),
        ("Largest error as the coefficients let expect (-: beyond convergence or a kink)", |cell| {
            cell.estimate.map_or_else(|| "-".into(), number)
        }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_orders_and_radii() {
        assert_eq!("1, 4,28".parse(), Ok(Orders(vec![1, 4, 28])));
        for wrong in ["", "0", "29", "1,", "a", "-1", "1.5"] {
            assert!(wrong.parse::<Orders>().is_err(), "{wrong}");
        }
        assert_eq!("0.5, 2".parse(), Ok(Radii(vec![0.5, 2.0])));
        let Ok(Radii(radii)) = "0.1:10:3".parse() else { panic!("a range") };
        assert!(radii.len() == 3 && (radii[1] - 1.0).abs() < 1e-12 && radii[2] == 10.0);
        for wrong in ["", "0", "-1", "nan", "inf", "1,", "1:2", "1:2:3:4", "2:1:3", "0:1:3", "1:2:1", "1:2:x"]
        {
            assert!(wrong.parse::<Radii>().is_err(), "{wrong}");
        }
    }
}
