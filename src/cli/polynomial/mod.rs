//! `hope polynomial`: from a network and a point to a polynomial.

mod args;

use anyhow::{Result, anyhow, bail};

use hope::polynomial::Notation;
use hope::polynomial::files::FileKind;
use hope::rays::Directions;
use hope::{Expansion, TaylorPolynomial, Terms};

pub use args::PolynomialArgs;

use super::failure::Failure;
use super::files::Files;
use super::points::given;
use super::setup::Setup;
use super::terms::{TermsArg, meant};
use super::verbosity::Verbosity;
use super::verdict::Verdict;
use super::{input, text};
use args::FormatArg;

/// Most mixed terms that are taken without being asked for.
const MANY_TERMS: usize = 5000;

/// Runs the command.
pub fn run(args: &PolynomialArgs, verbosity: Verbosity) -> Result<(), Failure> {
    let target = args.out.as_deref().map(|out| FileKind::of(out).map(|kind| (out, kind))).transpose();
    let target = target.map_err(|error| Failure::Input(anyhow!("--out {error}")))?;
    let setup = setup(args).map_err(Failure::Input)?;
    let job = setup.job().map_err(Failure::Input)?;
    let inputs = given([&args.directions, &args.subspace]).chain([setup.path.as_path()]);
    let inputs: Vec<_> = inputs.chain(args.point.files()).collect();
    let mut files = Files::begin(target.map(|(out, _)| out), &inputs).map_err(Failure::Input)?;

    setup.tell(verbosity);
    let expansion = setup.expand(&job, verbosity)?;
    let polynomial = polynomial(args, &setup, &expansion).map_err(Failure::Run)?;
    if !verbosity.quiet {
        let difference = setup.difference(1.0)?;
        let verdict = setup.verdict(&expansion.report, difference.as_ref());
        let verdict = Verdict { label: "coefficients", ..verdict };
        text::complain(&(about(args, &polynomial) + &text::lines(&verdict.rows())));
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

fn setup(args: &PolynomialArgs) -> Result<Setup> {
    if args.digits.is_some() && args.format == Some(FormatArg::Json) {
        bail!("--digits goes with --format text, latex and sympy; JSON keeps all digits");
    }
    let mut setup = Setup::new(&args.network, args.point.given(), args.order, args.place.memory)?;
    setup.smooth(&args.smooth)?;
    setup.at(args.point.read(&setup.model)?);
    setup.output(args.output)?;
    let (kind, note) = kind_of_terms(args, setup.model.inputs())?;
    setup.request.terms = match (kind, &args.directions, &args.subspace) {
        (TermsArg::Unmixed, ..) => Terms::Unmixed,
        (TermsArg::Mixed, _, Some(path)) => Terms::subspace(&input::subspace(path, &setup.model)?),
        (TermsArg::Mixed, _, None) => Terms::Mixed(None),
        (TermsArg::Along, Some(path), _) => {
            let directions = input::directions(path, &setup.model, 1)?;
            Terms::Along(one_of(&directions, args.ray, setup.model.inputs())?)
        }
        (TermsArg::Along, None, _) => bail!("--terms along needs --directions D.npy"),
        (TermsArg::Gradient | TermsArg::Hessian, ..) => {
            bail!("gradients make no polynomial by themselves: use --terms mixed, unmixed or along")
        }
    };
    note.into_iter().for_each(|note| setup.note(note));
    setup.request.method = args.method.into();
    setup.place(&args.place, args.order, None)?;
    reserve(args, &mut setup)?;
    check_names(args, &setup)?;
    Ok(setup)
}

/// Memory for the polynomial and its text, besides the coefficients.
fn reserve(args: &PolynomialArgs, setup: &mut Setup) -> Result<()> {
    /// A term, twice while they are sorted, and its coefficient as text; a factor likewise, with its name.
    const BYTES: [usize; 2] = [128, 64];
    let inputs = setup.model.inputs();
    let (terms, factors) = match &setup.request.terms {
        Terms::Mixed(rows) => {
            let variables = rows.as_ref().map_or(inputs, |rows| rows.len() / inputs);
            // Too many to be counted: the request will be refused.
            (mixed_terms(variables, args.order).filter(|&terms| terms < 1 << 24).unwrap_or(0), args.order)
        }
        Terms::Along(_) => (args.order, 1),
        _ => (inputs.saturating_mul(args.order), 1),
    };
    setup.reserve(terms, BYTES[0] + BYTES[1] * factors.min(hope::series::MAX_ORDER))
}

/// Wrong names are to be found before anything is computed.
fn check_names(args: &PolynomialArgs, setup: &Setup) -> Result<()> {
    let Some(names) = &args.names else { return Ok(()) };
    let inputs = setup.model.inputs();
    let variables = match &setup.request.terms {
        Terms::Along(_) => 1,
        Terms::Mixed(Some(rows)) => rows.len() / inputs,
        _ => inputs,
    };
    let blank = TaylorPolynomial::from_exponents(&vec![0.0; variables], &[], &[])?;
    blank.with_names(names.0.clone()).map_err(|error| anyhow!("--names: {error}"))?;
    Ok(())
}

fn polynomial(args: &PolynomialArgs, setup: &Setup, expansion: &Expansion) -> Result<TaylorPolynomial> {
    let mut polynomial = TaylorPolynomial::from_expansion(expansion, &setup.request, 0, 0)?;
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

/// Which terms the options mean, and what to tell of the choice.
fn kind_of_terms(args: &PolynomialArgs, inputs: usize) -> Result<(TermsArg, Option<String>)> {
    let missing = "terms that mix inputs are missing, it is not the network's full Taylor polynomial";
    match meant(args.terms, args.directions.as_deref(), args.subspace.as_deref())? {
        Some(TermsArg::Unmixed) if inputs > 1 => {
            Ok((TermsArg::Unmixed, Some(format!("unmixed terms: an additive polynomial; {missing}"))))
        }
        Some(terms) => Ok((terms, None)),
        None => Ok(match mixed_terms(inputs, args.order) {
            Some(terms) if terms <= MANY_TERMS => {
                let note = format!("mixed terms: up to {}", text::count(terms, "term"));
                (TermsArg::Mixed, Some(note))
            }
            terms => {
                let terms = terms.map_or("too many".into(), text::grouped);
                let note = format!(
                    "unmixed terms, because mixed ones would be {terms}: an additive polynomial; {missing} \
                     (--terms mixed or --subspace give one)"
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

/// What is known of the polynomial, for stderr.
fn about(args: &PolynomialArgs, polynomial: &TaylorPolynomial) -> String {
    format!(
        "{} of degree up to {} in {}{}\n",
        text::count(polynomial.len(), "term"),
        polynomial.degree(),
        text::count(polynomial.variables().len(), "variable"),
        args.out.as_ref().map_or(String::new(), |out| format!(", in {}", out.display())),
    )
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
