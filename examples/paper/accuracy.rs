//! The paper's networks that fit one- and two-dimensional functions: R² and errors of coefficients, against automatic
//! differentiation by JAX in float64 (`peers.py truth`, stored in `truth.npz`).

use hope::forward::values;
use hope::model::Model;
use hope::npy::NpzReader;
use hope::sampling::{r_squared, relative_error};
use hope::{Expansion, Method, Request, TaylorPolynomial, Terms, expand};

use crate::{cell, networks, repository};

/// `(gain, key in truth.npz, name, distance from a point up to which values are compared)`
const GAINS: [(f64, &str, &str, f64); 2] = [
    (1.0 / 30.0, "paper", "weights as in the paper; R² within ±1", 1.0),
    (1.0, "large", "weights 30 times larger; R² within ±0.25", 0.25),
];

pub fn sine() -> hope::Result<()> {
    for (gain, key, name, radius) in GAINS {
        println!("{name}\n");
        compare(&networks::sine(gain)?, &format!("sine_{key}"), 10, Terms::Unmixed, radius)?;
    }
    Ok(())
}

pub fn conv() -> hope::Result<()> {
    for (gain, key, name, radius) in GAINS {
        println!("{name}\n");
        compare(&networks::conv(gain)?, &format!("conv_{key}"), 8, Terms::Mixed(None), radius)?;
    }
    Ok(())
}

/// Prints, per order, the relative error (norm over all points and terms) of the coefficients, and R² of the polynomials to
/// that order over a box around each point, the worst of all points.
fn compare(model: &Model, key: &str, order: usize, terms: Terms, radius: f64) -> hope::Result<()> {
    let mut truth = NpzReader::open(&repository("examples/paper/truth.npz"))?;
    let points = truth.array(&format!("{key}_points"))?.values;
    let expected = truth.array(&format!("{key}_coefficients"))?.values;
    let methods = [(Method::Exact, "exact"), (Method::Hope, "published rule")];
    let mut columns = Vec::new();
    for (method, name) in methods {
        let request = Request { terms: terms.clone(), method, ..Request::new(points.clone(), order) };
        let expansion = expand(model, &request)?;
        println!(
            "- {name}: exact = {} ({})",
            expansion.report.certificate.exact, expansion.report.certificate.reason
        );
        let fits = fits(model, &expansion, &request, radius)?;
        columns.push((errors(&expansion, &expected, order, points.len() / model.inputs()), fits));
    }
    println!("\n| order | size of c_k | error of c_k, exact | published rule | R², exact | published rule |");
    println!("|---|---|---|---|---|---|");
    for k in 1..=order {
        let [(exact, fit), (rule, rule_fit)] = columns.as_slice() else { continue };
        let (exact, rule) = (&exact[k - 1], &rule[k - 1]);
        println!(
            "| {k} | {:.1e} | {} | {} | {:.6} | {:.6} |",
            exact.0,
            cell(exact.1),
            cell(rule.1),
            fit[k - 1],
            rule_fit[k - 1]
        );
    }
    println!();
    Ok(())
}

/// Norm of the true coefficients and relative error, per order. Mixed terms: per degree.
fn errors(expansion: &Expansion, truth: &[f64], order: usize, points: usize) -> Vec<(f64, Option<f64>)> {
    let found = &expansion.coefficients;
    let row = truth.len() / points;
    (1..=order)
        .map(|k| {
            let of_order = |i: usize| match expansion.exponents.as_slice() {
                [] => i % row * order / row + 1 == k,
                exponents => {
                    let variables = exponents.len() / row;
                    let powers = &exponents[i % row * variables..][..variables];
                    powers.iter().map(|&p| usize::from(p)).sum::<usize>() == k
                }
            };
            let pick = |all: &[f64]| -> Vec<f64> {
                all.iter().enumerate().filter(|(i, _)| of_order(*i)).map(|(_, c)| *c).collect()
            };
            let (found, truth) = (pick(found), pick(truth));
            (truth.iter().map(|c| c * c).sum::<f64>().sqrt(), relative_error(&found, &truth))
        })
        .collect()
}

/// R² per order, the worst of all points, over a box of half width `radius`.
fn fits(model: &Model, expansion: &Expansion, request: &Request, radius: f64) -> hope::Result<Vec<f64>> {
    let inputs = model.inputs();
    let mut worst = vec![1.0f64; request.order];
    for (point, centre) in request.points.chunks_exact(inputs).enumerate() {
        let low = centre.iter().map(|x| x - radius).collect();
        let high = centre.iter().map(|x| x + radius).collect();
        let places = hope::region::Region { low, high }.points(400, 0);
        let truth = values(model, &places, None)?;
        let whole = TaylorPolynomial::from_expansion(expansion, request, point, 0)?;
        for (k, worst) in worst.iter_mut().enumerate() {
            let found = whole.truncate(k + 1).evaluate_batch(&places)?;
            *worst = worst.min(r_squared(&found, &truth).unwrap_or(f64::NAN));
        }
    }
    Ok(worst)
}
