//! `hope polynomial`: from a network and a point to a polynomial.

use std::fmt::Write as _;
use std::ops::ControlFlow;
use std::path::PathBuf;

use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};

use hope::polynomial::Notation;
use hope::polynomial::files::FileKind;
use hope::rays::Directions;
use hope::{Error, Expansion, Job, Request, TaylorPolynomial, Terms};

use super::args::{MethodArg, TermsArg};
use super::device::{PlaceArgs, check_deviation};
use super::files::Files;
use super::load::NetworkArgs;
use super::progress::Reporter;
use super::{Failure, input, load, text};

/// Most mixed terms that are taken without being asked for.
const MANY_TERMS: usize = 5000;

const EXAMPLES: &str = "\
Examples:
  The polynomial of degree 4 of a network with two inputs, as text
      hope polynomial two_inputs.onnx --at 0.5,-0.5 --order 4

  Its ten largest terms with three digits, in LaTeX, with names of your own
      hope polynomial two_inputs.onnx --at 0.5,-0.5 --order 4 --largest 10 --digits 3 \\
          --names u,v --format latex

  For SymPy: sympy.sympify(open(\"p.txt\").read())
      hope polynomial two_inputs.onnx --at 0.5,-0.5 --order 4 --format sympy > p.txt

  Logit 7 of a classifier along each of 784 pixels (additive), into a file for `hope eval`
      hope polynomial examples/mnist/mnist_cnn_tanh.onnx --at digit.npy --order 3 --output 7 --out p.npz

  All terms in the coordinates of a subspace of two directions, [2, 784]
      hope polynomial examples/mnist/mnist_cnn_tanh.onnx --at digit.npy --order 6 --output 7 \\
          --subspace s.npy --out p.json

Polynomials are written around the point: p(x) = sum of c (x1 - a)^i (x2 - b)^j ..., with c the derivative divided by
i! j! ...
Files: JSON to read and to edit, npz for many terms; both have a version and are checked when read.

Exit codes: 0 done; 1 failed on the way; 2 wrong usage or bad input, nothing written.";

/// Make the Taylor polynomial of one output of a network around a point, and print it or write it into a file.
///
/// With mixed terms it is the network's Taylor polynomial. With unmixed ones it is additive, a sum of functions of one
/// input each: right along each input, but the terms that mix inputs are missing.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct PolynomialArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// The point: numbers such as 0.5,-0.5, or an .npy file of the input's shape.
    #[arg(long, value_name = "POINT", allow_hyphen_values = true, help_heading = "What to compute")]
    pub at: String,

    /// Highest degree, 1 to 30.
    #[arg(long, value_name = "N", help_heading = "What to compute")]
    pub order: usize,

    /// Which terms [default: mixed if they are at most 5000, else unmixed; along with --directions; mixed with
    /// --subspace].
    #[arg(long, value_enum, help_heading = "What to compute")]
    pub terms: Option<TermsArg>,

    /// Direction v for a polynomial in t, x = x0 + t v: an .npy file of the input's shape, or of several (see --ray).
    #[arg(long, value_name = "D.npy", conflicts_with = "subspace", help_heading = "What to compute")]
    pub directions: Option<PathBuf>,

    /// Which of several --directions, from 0.
    #[arg(long, value_name = "K", requires = "directions", help_heading = "What to compute")]
    pub ray: Option<usize>,

    /// Directions S of the variables t1, t2, ... of mixed terms, x = x0 + S t: an .npy file of shape [d, p] or
    /// [d, ...input shape].
    #[arg(long, value_name = "S.npy", help_heading = "What to compute")]
    pub subspace: Option<PathBuf>,

    /// Which output, from 0; needed if the network has several.
    #[arg(long, value_name = "K", help_heading = "What to compute")]
    pub output: Option<usize>,

    #[command(flatten)]
    pub network: NetworkArgs,

    /// How to compute.
    #[arg(long, value_enum, default_value = "exact", help_heading = "How")]
    pub method: MethodArg,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// Names of the variables, such as u,v [default: x1,x2,...; t1,t2,... in a subspace; t along a direction].
    #[arg(long, value_name = "NAMES", help_heading = "Output")]
    pub names: Option<Names>,

    /// Only terms up to this degree.
    #[arg(long, value_name = "D", help_heading = "Output")]
    pub truncate: Option<usize>,

    /// Only the K terms with the largest coefficients.
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Output")]
    pub largest: Option<u64>,

    /// Round printed numbers to so many significant digits [default: all that f64 has].
    #[arg(long, value_name = "DIGITS", value_parser = clap::value_parser!(u8).range(1..=17), help_heading = "Output")]
    pub digits: Option<u8>,

    /// How to print it [default: text; nothing is printed with --out alone].
    #[arg(long, value_enum, help_heading = "Output")]
    pub format: Option<FormatArg>,

    /// Write it into a file, P.json or P.npz, overwritten if it exists.
    #[arg(long, value_name = "P.json|P.npz", help_heading = "Output")]
    pub out: Option<PathBuf>,

    /// Print nothing but the polynomial and errors.
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
}

/// Names with commas between them.
#[derive(Clone, Debug)]
pub struct Names(Vec<String>);

impl Names {
    /// The names.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl std::str::FromStr for Names {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.split(',').map(|name| name.trim().to_string()).collect()))
    }
}

/// How to print a polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FormatArg {
    /// Plain text.
    Text,
    /// LaTeX, for math mode.
    Latex,
    /// What sympy.sympify reads.
    Sympy,
    /// What is in P.json.
    Json,
}

/// Runs the command.
pub fn run(args: &PolynomialArgs) -> Result<(), Failure> {
    let target = args.out.as_deref().map(|out| FileKind::of(out).map(|kind| (out, kind))).transpose();
    let target = target.map_err(|error| Failure::Input(anyhow!("--out {error}")))?;
    let setup = Setup::new(args).map_err(Failure::Input)?;
    let job = Job::new(&setup.model, &setup.request)
        .map_err(|error| Failure::Input(load::in_model(&args.model, &error)))?;
    let mut files = Files::begin(target.map(|(out, _)| out), &[&args.model]).map_err(Failure::Input)?;

    if let (Some(note), false) = (&setup.note, args.quiet) {
        text::complain(note);
    }
    let expansion = compute(args, &job).map_err(Failure::Run)?;
    let deviation = expansion.report.verification.map(|v| v.deviation);
    check_deviation(&setup.request.device, setup.request.method, deviation).map_err(Failure::Run)?;
    let polynomial = setup.polynomial(args, &expansion).map_err(Failure::Run)?;
    if !args.quiet {
        text::complain(&about(args, &expansion, &polynomial));
    }
    let format = args.format.or((args.out.is_none()).then_some(FormatArg::Text));
    if let Some((out, kind)) = target {
        files.write_with(out, |file| polynomial.write(file, kind)).map_err(Failure::Run)?;
    }
    files.commit().map_err(Failure::Run)?;
    match format {
        None => Ok(()),
        Some(format) => text::print(printed(&polynomial, format, args.digits)).map_err(Failure::Run),
    }
}

/// What to compute, read and checked.
struct Setup {
    model: hope::model::Model,
    request: Request,
    /// What the user should know of the choice of terms.
    note: Option<String>,
}

impl Setup {
    fn new(args: &PolynomialArgs) -> Result<Self> {
        if args.digits.is_some() && args.format == Some(FormatArg::Json) {
            bail!("--digits goes with --format text, latex and sympy; JSON keeps all digits");
        }
        let model = load::model(&args.model, &args.network)?;
        let point = input::points(&args.at, &model)?;
        let inputs = model.inputs();
        if point.len() != inputs {
            bail!(
                "--at {}: a polynomial has one point, not {}; `hope expand` takes many",
                args.at,
                point.len() / inputs
            );
        }
        let output = input::output(args.output, &model)?;
        let (kind, note) = kind_of_terms(args, inputs)?;
        let mut request = Request::new(point, args.order);
        request.terms = match (kind, &args.directions, &args.subspace) {
            (TermsArg::Unmixed, ..) => Terms::Unmixed,
            (TermsArg::Mixed, _, Some(path)) => Terms::Mixed(Some(input::subspace(path, &model)?)),
            (TermsArg::Mixed, _, None) => Terms::Mixed(None),
            (TermsArg::Along, Some(path), _) => {
                Terms::Along(one_of(&input::directions(path, &model, 1)?, args.ray, inputs)?)
            }
            (TermsArg::Along, None, _) => bail!("--terms along needs --directions D.npy"),
        };
        request.method = args.method.into();
        request.outputs = Some(vec![output]);
        args.place.apply(&mut request, args.order, None)?;
        let setup = Self { model, request, note };
        setup.check_names(args)?;
        Ok(setup)
    }

    /// Wrong names are to be found before anything is computed.
    fn check_names(&self, args: &PolynomialArgs) -> Result<()> {
        let Some(names) = &args.names else { return Ok(()) };
        let inputs = self.model.inputs();
        let variables = match &self.request.terms {
            Terms::Along(_) => 1,
            Terms::Mixed(Some(rows)) => rows.len() / inputs,
            _ => inputs,
        };
        let blank = TaylorPolynomial::from_exponents(&vec![0.0; variables], &[], &[])?;
        blank.with_names(names.0.clone()).map_err(|error| anyhow!("--names: {error}"))?;
        Ok(())
    }

    fn polynomial(&self, args: &PolynomialArgs, expansion: &Expansion) -> Result<TaylorPolynomial> {
        let mut polynomial = TaylorPolynomial::from_expansion(expansion, &self.request, 0, 0)?;
        if let Some(names) = &args.names {
            polynomial = polynomial.with_names(names.0.clone())?;
        }
        if let Some(degree) = args.truncate {
            polynomial = polynomial.truncate(degree);
        }
        if let Some(count) = args.largest {
            polynomial = polynomial.largest(usize::try_from(count).unwrap_or(usize::MAX));
        }
        Ok(polynomial)
    }
}

/// Which terms the options mean, and what to tell of the choice.
fn kind_of_terms(args: &PolynomialArgs, inputs: usize) -> Result<(TermsArg, Option<String>)> {
    let (directions, subspace) = (args.directions.is_some(), args.subspace.is_some());
    let missing = "terms that mix inputs are missing, it is not the network's full Taylor polynomial";
    match args.terms {
        Some(TermsArg::Along) if !directions => bail!("--terms along needs --directions D.npy"),
        Some(TermsArg::Unmixed | TermsArg::Mixed) if directions => {
            bail!("--directions goes with --terms along only; for mixed terms of a subspace use --subspace")
        }
        Some(TermsArg::Unmixed | TermsArg::Along) if subspace => {
            bail!("--subspace goes with --terms mixed only")
        }
        Some(TermsArg::Unmixed) if inputs > 1 => {
            Ok((TermsArg::Unmixed, Some(format!("unmixed terms: an additive polynomial; {missing}\n"))))
        }
        Some(terms) => Ok((terms, None)),
        None if directions => Ok((TermsArg::Along, None)),
        None if subspace => Ok((TermsArg::Mixed, None)),
        None => Ok(match mixed_terms(inputs, args.order) {
            Some(terms) if terms <= MANY_TERMS => {
                let note = format!("mixed terms: up to {}\n", text::count(terms, "term"));
                (TermsArg::Mixed, Some(note))
            }
            terms => {
                let terms = terms.map_or("too many".into(), text::grouped);
                let note = format!(
                    "unmixed terms, because mixed ones would be {terms}: an additive polynomial; {missing} \
                     (--terms mixed or --subspace give one)\n"
                );
                (TermsArg::Unmixed, Some(note))
            }
        }),
    }
}

/// `binomial(inputs + order, order)`.
fn mixed_terms(inputs: usize, order: usize) -> Option<usize> {
    (1..=order.min(64)).try_fold(1usize, |terms, k| Some(terms.checked_mul(inputs.checked_add(k)?)? / k))
}

/// The direction to take.
fn one_of(directions: &Directions, ray: Option<usize>, inputs: usize) -> Result<Directions> {
    let rays = directions.len();
    let ray = match ray {
        Some(ray) if ray < rays => ray,
        Some(ray) => bail!("--ray {ray}: the directions are 0 to {}", rays - 1),
        None if rays == 1 => 0,
        None => bail!(
            "a polynomial runs along one direction: choose one of the {rays} with --ray 0 to --ray {}",
            rays - 1
        ),
    };
    let mut rows = vec![0.0; inputs];
    directions.write(0, ray, &mut rows);
    Ok(Directions::Shared { inputs, rows })
}

fn compute(args: &PolynomialArgs, job: &Job) -> Result<Expansion> {
    let name = args.model.file_name().unwrap_or_default().to_string_lossy();
    let reporter = Reporter::new(&format!("expanding {name} to order {}", args.order), args.quiet);
    let expansion = job.collect(&|progress| {
        reporter.update(progress);
        ControlFlow::Continue(())
    });
    reporter.finish();
    expansion.map_err(|error: Error| anyhow!("{}; nothing was written", load::in_model(&args.model, &error)))
}

/// What is known of the polynomial, for stderr.
fn about(args: &PolynomialArgs, expansion: &Expansion, polynomial: &TaylorPolynomial) -> String {
    let certificate = &expansion.report.certificate;
    let mut lines = format!(
        "{} of degree up to {} in {}{}\n",
        text::count(polynomial.len(), "term"),
        polynomial.degree(),
        text::count(polynomial.variables().len(), "variable"),
        args.out.as_ref().map_or(String::new(), |out| format!(", in {}", out.display())),
    );
    let coefficients = if certificate.exact { "exact" } else { "NOT EXACT" };
    let _ = writeln!(lines, "coefficients {coefficients}: {}", certificate.reason);
    if let Some((nearest, _)) = expansion.report.kink_distance
        && nearest.is_finite()
    {
        let _ = match nearest {
            0.0 => writeln!(lines, "the point lies on a kink: the coefficients hold on one side of it"),
            t => writeln!(lines, "nearest kink along the rays at t = {}: valid up to there", text::number(t)),
        };
    }
    lines
}

fn printed(polynomial: &TaylorPolynomial, format: FormatArg, digits: Option<u8>) -> String {
    let notation = match format {
        FormatArg::Json => return polynomial.to_json(),
        FormatArg::Text => Notation::Text,
        FormatArg::Latex => Notation::Latex,
        FormatArg::Sympy => Notation::Sympy,
    };
    polynomial.format(notation, digits) + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_mixed_terms() {
        assert_eq!(mixed_terms(2, 4), Some(15));
        assert_eq!(mixed_terms(5, 6), Some(462));
        assert_eq!(mixed_terms(784, 1), Some(785));
        assert_eq!(mixed_terms(1_000_000, 30), None);
    }
}
