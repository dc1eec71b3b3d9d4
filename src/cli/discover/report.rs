//! What `hope discover` has found: an expression, a table, a chart.

use anyhow::Result;

use hope::TaylorPolynomial;
use hope::discovery::{Discovery, Quality, Search, TermEstimate};
use hope::picture::{Axis, Bar, ErrorBars, Figure, Group, Marker};
use hope::polynomial::Notation;

use super::args::DiscoverArgs;
use crate::cli::text::{self, number};
use crate::cli::verdict::Verdict;

/// Terms that the chart shows, besides those of the expression.
const CHART_TERMS: usize = 12;

/// R² below which the user is told that the expression isn't the network's.
const POOR: f64 = 0.99;

/// A polynomial with the names that the user wants.
///
/// # Errors
/// If names can't be used.
pub fn named(args: &DiscoverArgs, polynomial: TaylorPolynomial) -> Result<TaylorPolynomial> {
    Ok(match &args.names {
        None => polynomial,
        Some(names) => polynomial.with_names(names.0.clone())?,
    })
}

/// A term without its coefficient: `x1*x2^2`.
fn label(args: &DiscoverArgs, found: &Discovery, term: &TermEstimate) -> Result<String> {
    let one = TaylorPolynomial::from_terms(found.expression.centre(), [(term.powers(), 1.0)])?;
    Ok(named(args, one)?.format(Notation::Text, Some(6)))
}

/// All terms as CSV.
///
/// # Errors
/// If names can't be used.
pub fn table(args: &DiscoverArgs, found: &Discovery) -> Result<String> {
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

/// The leading terms with their spread.
///
/// # Errors
/// If it can't be drawn.
pub fn chart(args: &DiscoverArgs, found: &Discovery) -> Result<Figure> {
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

/// For stdout.
///
/// # Errors
/// If names can't be used.
pub fn summary(args: &DiscoverArgs, search: &Search, found: &Discovery, verdict: &Verdict) -> Result<String> {
    let expression = named(args, found.expression.clone())?;
    let quality = |q: &Quality| format!("R² {:.6}, off by {} at most", q.r_squared, number(q.max_error));
    let mut rows = vec![
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
    ];
    rows.extend([verdict.of_network(), verdict.of_result()].concat());
    rows.push((
        "results",
        format!(
            "{}: expression.txt, expression.tex, coefficients.csv, coefficients.svg, coefficients.png",
            args.out.display()
        ),
    ));
    let mut text = text::lines(&rows);
    if found.quality.r_squared < POOR {
        text.push_str(
            "NOTE         the expression fits poorly: the network may not be close to a polynomial of this degree; \
             try a higher --order or a smaller --box\n",
        );
    }
    Ok(text)
}
