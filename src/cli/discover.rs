//! `hope discover`: the expression that a network has learnt.

use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::Args;

use hope::discovery::{Discovery, Quality, Search, TermEstimate, discover};
use hope::model::Model;
use hope::picture::{Axis, Bar, ErrorBars, Figure, Format, Group, Marker};
use hope::polynomial::Notation;
use hope::region::Region;
use hope::{Request, TaylorPolynomial};

use super::device::{PlaceArgs, check_deviation};
use super::files::Files;
use super::load::NetworkArgs;
use super::polynomial::Names;
use super::text::{self, number};
use super::{Failure, input, load};

const EXAMPLES: &str = "\
Examples:
  What has this network learnt? (0.5 x1^2 + 0.5 x2)
      hope discover tests/fixtures/reference/discover_2d.onnx --box -1:1 --order 4 --out found

  Five inputs with names of their own, another box for each
      hope discover net.onnx --box -1:1,-1:1,0:2,-1:1,-1:1 --order 3 --names a,b,c,d,e --out found

  Read it in Python
      sympy.sympify(open(\"found/expression.txt\").read())

Files in the folder:
  expression.txt         the expression, for SymPy
  expression.tex         for LaTeX's math mode
  coefficients.csv       every term: local value, mean, spread, consensus, fitted value
  coefficients.svg, .png the leading terms with their spread

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Terms that the chart shows, besides those of the expression.
const CHART_TERMS: usize = 12;

/// Find the polynomial that a network has learnt, from expansions at many points of a box.
///
/// All expansions are moved to one centre. Terms that they agree on are fitted to the network's values, and
/// those that aren't needed are left out: the shortest expression that fits. For networks that have learnt a polynomial, or
/// nearly one, of few inputs.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct DiscoverArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// Where the network was trained: an interval such as -1:1 for all inputs, or one for each, with commas.
    #[arg(long = "box", value_name = "LOW:HIGH", allow_hyphen_values = true, help_heading = "What to find")]
    pub region: String,

    /// Highest degree of terms, 1 to 30.
    #[arg(long, value_name = "N", help_heading = "What to find")]
    pub order: usize,

    /// Number of reference points, 3 or more.
    #[arg(long, value_name = "K", default_value_t = 100, help_heading = "What to find")]
    pub samples: usize,

    /// Centre of the expression [default: the origin if it is in the box, else the middle of the box].
    #[arg(long, value_name = "X0", allow_hyphen_values = true, help_heading = "What to find")]
    pub at: Option<String>,

    /// Misfit that the expression may have, relative to the standard deviation of the function: smaller finds more terms.
    #[arg(long, value_name = "T", default_value_t = 0.03, help_heading = "What to find")]
    pub tolerance: f64,

    /// Which output, from 0; needed if the network has several.
    #[arg(long, value_name = "K", help_heading = "What to find")]
    pub output: Option<usize>,

    #[command(flatten)]
    pub network: NetworkArgs,

    /// Which reference points.
    #[arg(long, value_name = "SEED", default_value_t = 0, help_heading = "How")]
    pub seed: u64,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Names of the variables, such as u,v [default: x1,x2,...].
    #[arg(long, value_name = "NAMES", help_heading = "Output")]
    pub names: Option<Names>,

    /// The folder for the results, made if there is none.
    #[arg(long, value_name = "DIR", help_heading = "Output")]
    pub out: PathBuf,

    /// Print nothing but errors.
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
}

/// Runs the command.
pub fn run(args: &DiscoverArgs) -> Result<(), Failure> {
    let (model, search, request) = setup(args).map_err(Failure::Input)?;
    let found = discover(&model, &search, &request).map_err(|error| {
        let told = load::in_model(&args.model, &error);
        match error {
            error if error.is_request() => Failure::Input(told),
            _ => Failure::Run(anyhow!("{told}; nothing was written")),
        }
    })?;
    let deviation = found.verification.map(|v| v.deviation);
    check_deviation(&request.device, request.method, deviation).map_err(Failure::Run)?;
    write(args, &found).map_err(Failure::Run)?;
    if args.quiet {
        return Ok(());
    }
    text::print(summary(args, &search, &found).map_err(Failure::Run)?).map_err(Failure::Run)
}

fn setup(args: &DiscoverArgs) -> Result<(Model, Search, Request)> {
    let model = load::model(&args.model, &args.network)?;
    let inputs = model.inputs();
    let region = region(&args.region, inputs)?;
    let mut search = Search::new(region, args.order);
    if let Some(at) = &args.at {
        search.at = input::points(at, &model)?;
    }
    search.output = input::output(args.output, &model)?;
    (search.samples, search.tolerance, search.seed) = (args.samples, args.tolerance, args.seed);
    search.check(&model)?;
    // Wrong names are to be found before anything is computed.
    named(args, TaylorPolynomial::from_terms(&search.at, [(vec![], 1.0)])?)?;
    if args.out.exists() && !args.out.is_dir() {
        bail!("--out {}: it exists and is not a folder", args.out.display());
    }
    let mut request = Request::new(Vec::new(), args.order);
    args.place.apply(&mut request, args.order, None)?;
    Ok((model, search, request))
}

/// Parses `-1:1` or `-1:1,0:2`.
fn region(given: &str, inputs: usize) -> Result<Region> {
    let wrong = || anyhow!("--box {given}: write an interval as -1:1, or one for each input as -1:1,0:2");
    let mut region = Region { low: Vec::new(), high: Vec::new() };
    for interval in given.split(',') {
        let (low, high) = interval.split_once(':').ok_or_else(wrong)?;
        let end = |text: &str| text.trim().parse::<f64>().ok().filter(|x| x.is_finite()).ok_or_else(wrong);
        region.low.push(end(low)?);
        region.high.push(end(high)?);
    }
    if let ([low], [high]) = (region.low.as_slice(), region.high.as_slice()) {
        region = Region::cube(*low, *high, inputs);
    }
    region.check(inputs).map_err(|error| anyhow!("--box {given}: {error}"))?;
    Ok(region)
}

fn named(args: &DiscoverArgs, polynomial: TaylorPolynomial) -> Result<TaylorPolynomial> {
    Ok(match &args.names {
        None => polynomial,
        Some(names) => polynomial.with_names(names.iter())?,
    })
}

fn write(args: &DiscoverArgs, found: &Discovery) -> Result<()> {
    let expression = named(args, found.expression.clone())?;
    let chart = chart(args, found)?;
    let contents: [(&str, Vec<u8>); 5] = [
        ("expression.txt", line(expression.format(Notation::Sympy, None))),
        ("expression.tex", line(expression.format(Notation::Latex, Some(6)))),
        ("coefficients.csv", table(args, found)?.into_bytes()),
        ("coefficients.svg", chart.bytes(Format::Svg)?),
        ("coefficients.png", chart.bytes(Format::Png)?),
    ];
    std::fs::create_dir_all(&args.out)
        .map_err(|error| anyhow!("cannot make the folder {}: {error}", args.out.display()))?;
    let paths: Vec<PathBuf> = contents.iter().map(|(name, _)| args.out.join(name)).collect();
    let mut files = Files::begin(paths.iter().map(PathBuf::as_path), &[&args.model])?;
    for (path, (_, bytes)) in paths.iter().zip(&contents) {
        files.write(path, bytes)?;
    }
    files.commit()
}

fn line(mut text: String) -> Vec<u8> {
    text.push('\n');
    text.into_bytes()
}

/// A term without its coefficient: `x1*x2^2`.
fn label(args: &DiscoverArgs, found: &Discovery, term: &TermEstimate) -> Result<String> {
    let one = TaylorPolynomial::from_terms(found.expression.centre(), [(term.powers(), 1.0)])?;
    Ok(named(args, one)?.format(Notation::Text, Some(6)))
}

fn table(args: &DiscoverArgs, found: &Discovery) -> Result<String> {
    let mut rows =
        vec!["term,degree,local,mean,spread,consensus,robust_spread,weight,kept,fitted".to_string()];
    for term in &found.terms {
        rows.push(format!(
            "{},{},{},{},{},{},{},{},{},{}",
            label(args, found, term)?,
            term.degree(),
            term.local,
            term.mean,
            term.spread,
            term.median,
            term.robust_spread,
            term.weight,
            u8::from(term.kept),
            term.fitted.map(|c| c.to_string()).unwrap_or_default(),
        ));
    }
    rows.push(String::new());
    Ok(rows.join("\n"))
}

/// The terms of the expression, then the next heaviest ones.
fn leading(found: &Discovery) -> Vec<&TermEstimate> {
    let mut terms: Vec<&TermEstimate> = found.terms.iter().collect();
    terms.sort_by(|a, b| b.kept.cmp(&a.kept).then(b.weight.total_cmp(&a.weight)));
    let kept = terms.iter().filter(|term| term.kept).count();
    terms.truncate(kept.max(CHART_TERMS));
    terms
}

fn chart(args: &DiscoverArgs, found: &Discovery) -> Result<Figure> {
    let terms = leading(found);
    let group = |name: &str, marker, bar: &dyn Fn(&TermEstimate) -> Option<Bar>| Group {
        name: name.into(),
        bars: terms.iter().map(|term| bar(term)).collect(),
        marker: Some(marker),
        colour: None,
    };
    let chart = ErrorBars {
        title: format!("{}: estimates of each coefficient", text::count(args.samples, "expansion")),
        rows: terms.iter().map(|term| label(args, found, term)).collect::<Result<_>>()?,
        groups: vec![
            group("mean ± spread", Marker::Circle, &|t| Some(Bar::with_spread(t.mean, t.spread))),
            group("consensus ± robust spread", Marker::Square, &|t| {
                Some(Bar::with_spread(t.median, t.robust_spread))
            }),
            group("the network's own at the centre", Marker::Triangle, &|t| Some(Bar::new(t.local))),
            group("found", Marker::Diamond, &|t| t.fitted.map(Bar::new)),
        ],
        value: Axis::new("coefficient"),
        ..ErrorBars::default()
    };
    Ok(chart.figure()?)
}

fn summary(args: &DiscoverArgs, search: &Search, found: &Discovery) -> Result<String> {
    let expression = named(args, found.expression.clone())?;
    let quality = |q: &Quality| format!("R² {:.6}, off by {} at most", q.r_squared, number(q.max_error));
    let rows = [
        ("expression", expression.format(Notation::Text, Some(5))),
        ("quality", format!("{}, at fresh points of the box", quality(&found.quality))),
        (
            "local",
            format!(
                "{}: the network's own polynomial of degree {} at the centre",
                quality(&found.local_quality),
                search.order
            ),
        ),
        (
            "terms",
            format!(
                "{} of {}, from {}; the function's standard deviation is {}",
                found.expression.len(),
                found.terms.len(),
                text::count(search.samples, "expansion"),
                number(found.deviation)
            ),
        ),
        (
            "results",
            format!(
                "{}: expression.txt, expression.tex, coefficients.csv, coefficients.svg, coefficients.png",
                args.out.display()
            ),
        ),
    ];
    let mut text = super::rays::lines(&rows);
    if found.quality.r_squared < POOR {
        text.push_str(
            "NOTE       the expression fits poorly: the network may not be close to a polynomial of this degree; \
             try a higher --order or a smaller --box\n",
        );
    }
    Ok(text)
}

/// R² below which the user is told that the expression isn't the network's.
const POOR: f64 = 0.99;
