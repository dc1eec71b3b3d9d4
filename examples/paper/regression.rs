//! A network trained on a known function (`peers.py regression`, stored in `regression.npz`), expanded, and its coefficients
//! compared with those of the function itself.

use hope::activation::Tanh;
use hope::forward::values;
use hope::model::Model;
use hope::npy::NpzReader;
use hope::sampling::{r_squared, relative_error};
use hope::{Method, Request, Terms, expand};

use crate::{cell, repository};

pub fn run() -> hope::Result<()> {
    let mut file = NpzReader::open(&repository("examples/paper/regression.npz"))?;
    let mut b = Model::builder(&[2]);
    let mut x = b.input();
    for layer in 0..3 {
        let weight = file.array(&format!("weight{layer}"))?;
        let bias = file.array(&format!("bias{layer}"))?.values;
        x = b.linear(x, &[weight.shape[0], weight.shape[1]], weight.values, Some(bias))?;
        if layer < 2 {
            x = b.activation(x, Tanh)?;
        }
    }
    let model = b.build(x)?;

    let places = file.array("test_points")?.values;
    let found = values(&model, &places, None)?;
    let fit = r_squared(&found, &file.array("test_values")?.values);
    println!(
        "f(x1, x2) = sin(2 x1) exp(-x2²/2) + x1 x2 / 2 on [-1, 1]²; R² of the network: {:.7}\n",
        fit.unwrap_or(f64::NAN)
    );

    let points = file.array("points")?.values;
    let truth = file.array("coefficients")?;
    let network = file.array("network_coefficients")?.values;
    let order = 4;
    let expansions = [Method::Exact, Method::Hope].map(|method| {
        expand(&model, &Request { method, terms: Terms::Mixed(None), ..Request::new(points.clone(), order) })
    });
    let [exact, rule] = expansions;
    let (exact, rule) = (exact?, rule?);
    println!("relative errors of all coefficients of a degree, over {} points\n", truth.shape[0]);
    println!(
        "| degree | from f: exact | from f: published rule | from the network: exact | from the network: published rule |"
    );
    println!("|---|---|---|---|---|");
    let terms = truth.shape[1];
    for k in 1..=order {
        let pick = |all: &[f64]| -> Vec<f64> {
            let degree = |i: usize| exact.exponents[2 * (i % terms)] + exact.exponents[2 * (i % terms) + 1];
            all.iter().enumerate().filter(|(i, _)| usize::from(degree(*i)) == k).map(|(_, c)| *c).collect()
        };
        let error = |found: &[f64], truth: &[f64]| cell(relative_error(&pick(found), &pick(truth)));
        println!(
            "| {k} | {} | {} | {} | {} |",
            error(&exact.coefficients, &truth.values),
            error(&rule.coefficients, &truth.values),
            error(&exact.coefficients, &network),
            error(&rule.coefficients, &network)
        );
    }
    Ok(())
}
