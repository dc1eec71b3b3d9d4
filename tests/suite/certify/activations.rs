//! Every elementwise function in networks, over regions of all sizes, also over and on its kinks.

use super::{holds, options};
use crate::common::dense;
use hope::Error;
use hope::activation::Activation;
use hope::certify::{Domain, certify};
use hope::model::Model;

/// A function of one input, or between two layers.
pub fn network(function: Activation, layers: bool) -> Model {
    let mut b = Model::builder(&[if layers { 2 } else { 1 }]);
    let mut x = b.input();
    if layers {
        x = dense(&mut b, x, 4, 3);
    }
    x = b.activation(x, function).unwrap();
    if layers {
        x = dense(&mut b, x, 2, 5);
    }
    b.build(x).unwrap()
}

pub fn all() -> Vec<Activation> {
    let named = Activation::NAMES.iter().map(|name| Activation::named(name, &[]).unwrap());
    let others = [
        ("pow", [2.5, 0.0]),
        ("pow", [-3.0, 0.0]),
        ("pow", [3.0, 0.0]),
        ("clip", [-0.5, 0.75]),
        ("clip", [0.0, f64::INFINITY]),
        ("elu", [0.3, 0.0]),
        ("celu", [0.7, 0.0]),
        ("hard_sigmoid", [-0.3, 0.4]),
        ("leaky_relu", [-0.2, 0.0]),
    ];
    let others = others.iter().map(|(name, parameters)| {
        let count = Activation::named(name, &[]).unwrap().parameters().len();
        Activation::named(name, &parameters[..count]).unwrap()
    });
    named.chain(others).collect()
}

#[test]
fn are_enclosed() {
    let mut refused = 0;
    for function in all() {
        let mut enclosed = 0;
        for centre in [-3.0, -1.25, -0.5, -1e-3, 0.0, 0.3, 0.5, 1.0, 1.5, 2.75, 7.0] {
            for radius in [0.0, 1e-9, 1e-3, 0.2, 1.0, 4.0] {
                for order in [1, 5] {
                    let model = network(function, false);
                    let domain = Domain::ball(&[centre], radius).unwrap();
                    match certify(&model, &domain, &options(order)) {
                        Ok(proved) => {
                            holds(&model, &domain, &proved, 9, 11);
                            enclosed += 1;
                        }
                        Err(Error::Unproved { .. }) => refused += 1,
                        Err(error) => panic!("{function}: {error}"),
                    }
                }
            }
        }
        assert!(enclosed >= 30, "{function} in {enclosed} regions only");
    }
    assert!(refused > 100, "{refused}");
}

#[test]
fn are_enclosed_between_layers() {
    for function in all() {
        for radius in [1e-3, 0.1, 0.7] {
            for order in [1, 4] {
                let model = network(function, true);
                let domain = Domain::ball(&[0.4, -0.3], radius).unwrap();
                match certify(&model, &domain, &options(order)) {
                    Ok(proved) => holds(&model, &domain, &proved, 30, 13),
                    Err(Error::Unproved { .. }) => continue,
                    Err(error) => panic!("{function}: {error}"),
                };
            }
        }
    }
}
