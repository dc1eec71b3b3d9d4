//! Properties of networks: closed forms, and a network like those of ACAS Xu, whose values a plain loop computes.

use std::collections::HashMap;

use super::options;
use crate::common;
use hope::Error;
use hope::activation::{Activation, Relu, Tanh};
use hope::certify::{Options, Outcome, Proof, prove_property};
use hope::model::Model;
use hope::property::Property;
use hope::random::SplitMix;

/// Layers of weights and biases with a function between each two.
pub struct Network {
    layers: Vec<(Vec<f64>, Vec<f64>)>,
    function: fn(f64) -> f64,
    pub model: Model,
}

impl Network {
    fn new(sizes: &[usize], activation: Activation, function: fn(f64) -> f64, seed: u64) -> Self {
        let mut layers = Vec::new();
        let mut b = Model::builder(&[sizes[0]]);
        let mut x = b.input();
        for (i, pair) in sizes.windows(2).enumerate() {
            let scale = (pair[0] as f64).sqrt().recip() * 1.5;
            let weight: Vec<f64> =
                common::noise(seed + 2 * i as u64, pair[0] * pair[1]).iter().map(|w| w * scale).collect();
            let bias: Vec<f64> =
                common::noise(seed + 2 * i as u64 + 1, pair[1]).iter().map(|b| 0.3 * b).collect();
            if i > 0 {
                x = b.activation(x, activation).unwrap();
            }
            x = b.linear(x, &[pair[1], pair[0]], weight.clone(), Some(bias.clone())).unwrap();
            layers.push((weight, bias));
        }
        Self { layers, function, model: b.build(x).unwrap() }
    }

    pub fn acas(seed: u64) -> Self {
        Self::new(&[5, 10, 10, 10, 5], Relu.into(), |x| x.max(0.0), seed)
    }

    /// By plain loops.
    pub fn values(&self, point: &[f64]) -> Vec<f64> {
        let mut x = point.to_vec();
        for (i, (weight, bias)) in self.layers.iter().enumerate() {
            if i > 0 {
                x.iter_mut().for_each(|x| *x = (self.function)(*x));
            }
            let row = |j: usize| weight[j * x.len()..][..x.len()].iter().zip(&x).map(|(w, x)| w * x);
            x = (0..bias.len()).map(|j| bias[j] + row(j).sum::<f64>()).collect();
        }
        x
    }
}

fn text(low: &[f64], high: &[f64], outputs: usize, unsafe_if: &str) -> String {
    let mut text = String::new();
    for (i, (low, high)) in low.iter().zip(high).enumerate() {
        text += &format!("(declare-const X_{i} Real)(assert (>= X_{i} {low}))(assert (<= X_{i} {high}))\n");
    }
    for j in 0..outputs {
        text += &format!("(declare-const Y_{j} Real)\n");
    }
    format!("{text}(assert {unsafe_if})")
}

fn prove(model: &Model, text: &str, pieces: usize, order: usize) -> Proof {
    prove_property(model, &Property::parse(text).unwrap(), pieces, &options(order)).unwrap()
}

/// `|x| + |y|`, which is 2 in the corners of the square and 0 in its middle.
#[test]
fn closed_forms() {
    let mut b = Model::builder(&[2]);
    let x = b.input();
    let x = b.linear(x, &[4, 2], vec![1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, -1.0], None).unwrap();
    let x = b.activation(x, Relu).unwrap();
    let x = b.linear(x, &[1, 4], vec![1.0; 4], None).unwrap();
    let model = b.build(x).unwrap();
    let square = |unsafe_if: &str| text(&[-1.0; 2], &[1.0; 2], 1, unsafe_if);
    for (unsafe_if, holds) in [
        ("(>= Y_0 2.0001)", true),
        ("(>= Y_0 2.0)", false),
        ("(<= Y_0 -0.0001)", true),
        ("(<= Y_0 0)", false),
        ("(<= Y_0 (- X_0 0.001))", true),
        ("(<= Y_0 X_0)", false),
        ("(or (<= Y_0 -0.5) (and (>= Y_0 1.5) (<= X_0 0.4) (<= X_1 0.4) (>= X_0 -0.4) (>= X_1 -0.4)))", true),
        ("(and (>= Y_0 1.5) (<= X_0 -0.4) (<= X_1 -0.4))", false),
        (
            "(and (>= Y_0 1.5) (<= (+ X_0 X_1) 0.1) (>= (+ X_0 X_1) 0) (<= (- X_0 X_1) 1.3) (>= (- X_0 X_1) -1.3))",
            true,
        ),
    ] {
        let text = square(unsafe_if);
        let found = prove(&model, &text, 2000, 1);
        let property = Property::parse(&text).unwrap();
        match &found.outcome {
            Outcome::Holds => assert!(holds && found.proved == 1.0, "{unsafe_if}"),
            Outcome::Open => panic!("{unsafe_if} is open"),
            Outcome::Violated { point, outputs } => {
                assert!(!holds, "{unsafe_if}: {point:?}");
                let value = point[0].abs() + point[1].abs();
                assert_eq!(outputs, &[value]);
                assert!(property.cases().iter().any(|case| property.is_unsafe(case, point, &[value])));
            }
        }
    }
    // Not to be decided with one piece.
    let found = prove(&model, &square("(or (<= Y_0 -0.5) (<= Y_0 (- (+ X_0 X_1) 0.5)))"), 1, 1);
    assert!(matches!(found, Proof { outcome: Outcome::Open | Outcome::Holds, boxes: 1, .. }), "{found:?}");
}

/// Thresholds and classes: what is proved is so at many points, and points that are found are unsafe by other arithmetic.
#[test]
fn of_a_network_like_those_of_acas_xu() {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for seed in [1, 40, 80] {
        let network = Network::acas(seed);
        let mut random = SplitMix(seed);
        let sample =
            |random: &mut SplitMix, r: f64| (0..5).map(|_| r * (2.0 * random.uniform() - 1.0)).collect();
        for radius in [0.05, 0.3] {
            let points: Vec<Vec<f64>> = (0..4000).map(|_| sample(&mut random, radius)).collect();
            let values: Vec<Vec<f64>> = points.iter().map(|point| network.values(point)).collect();
            let largest = values.iter().map(|y| y[0]).fold(f64::MIN, f64::max);
            let least = values.iter().map(|y| y[0]).fold(f64::MAX, f64::min);
            let room = (largest - least) / 2.0;
            let others = |sign: &str| -> String {
                (1..5).map(|j| format!("({sign} Y_0 Y_{j})")).collect::<Vec<_>>().join(" ")
            };
            for unsafe_if in [
                format!("(>= Y_0 {})", largest + room),
                format!("(>= Y_0 {})", largest - 0.1 * room),
                format!("(<= Y_0 {})", least - room),
                format!("(and {})", others("<=")),
                format!("(or {})", others(">=")),
                format!(
                    "(or (and (<= (+ Y_0 (* 0.5 Y_1)) Y_2) (>= Y_3 Y_4)) (and {} (<= X_0 0)))",
                    others(">=")
                ),
            ] {
                let text = text(&[-radius; 5], &[radius; 5], 5, &unsafe_if);
                let property = Property::parse(&text).unwrap();
                let is_unsafe =
                    |x: &[f64], y: &[f64]| property.cases().iter().any(|case| property.is_unsafe(case, x, y));
                let found = prove(&network.model, &text, 300, 1);
                let known = points.iter().zip(&values).find(|(x, y)| is_unsafe(x, y));
                *seen
                    .entry(match &found.outcome {
                        Outcome::Holds => {
                            assert!(known.is_none(), "{unsafe_if}: unsafe at {known:?}");
                            "holds"
                        }
                        Outcome::Open => "open",
                        Outcome::Violated { point, outputs } => {
                            let values = network.values(point);
                            assert!(
                                values.iter().zip(outputs).all(|(a, b)| (a - b).abs() < 1e-12),
                                "{values:?}"
                            );
                            assert!(is_unsafe(point, &values), "{unsafe_if} at {point:?}: {values:?}");
                            "violated"
                        }
                    })
                    .or_default() += 1;
            }
        }
    }
    let of = |what| seen.get(what).copied().unwrap_or(0);
    assert!(of("holds") >= 10 && of("violated") >= 10 && of("open") <= 6, "{seen:?}");
}

/// Smooth networks, by any order.
#[test]
fn of_smooth_networks() {
    let network = Network::new(&[2, 12, 12, 1], Tanh.into(), f64::tanh, 3);
    let mut random = SplitMix(9);
    let points: Vec<[f64; 2]> =
        (0..4000).map(|_| [2.0 * random.uniform() - 1.0, 2.0 * random.uniform() - 1.0]).collect();
    let largest = points.iter().map(|x| network.values(x)[0]).fold(f64::MIN, f64::max);
    for (threshold, holds) in [(largest + 0.01, true), (largest - 0.01, false)] {
        let text = text(&[-1.0; 2], &[1.0; 2], 1, &format!("(>= Y_0 {threshold})"));
        for order in [1, 2, 4] {
            match prove(&network.model, &text, 4000, order).outcome {
                Outcome::Holds => assert!(holds),
                Outcome::Violated { point, .. } => {
                    assert!(!holds && network.values(&point)[0] >= threshold - 1e-12);
                }
                Outcome::Open => panic!("order {order}"),
            }
        }
    }
}

#[test]
fn are_the_same_for_any_number_of_threads_and_more_pieces_prove_more() {
    let network = Network::acas(5);
    let text = text(&[-0.5; 5], &[0.5; 5], 5, "(and (<= Y_0 Y_1) (<= Y_0 Y_2))");
    let property = Property::parse(&text).unwrap();
    let mut before = 0.0;
    for pieces in [1, 7, 60] {
        let all = [1, 3].map(|threads| {
            let options = Options { order: 1, threads: Some(threads), ..Options::default() };
            prove_property(&network.model, &property, pieces, &options).unwrap()
        });
        assert_eq!(all[0], all[1]);
        assert!(all[0].boxes < 2 * pieces && all[0].proved >= before);
        before = all[0].proved;
    }
}

#[test]
fn of_other_networks_are_refused() {
    let network = Network::acas(5);
    for (inputs, outputs, word) in [(4, 5, "inputs"), (5, 4, "outputs")] {
        let text = text(&vec![0.0; inputs], &vec![1.0; inputs], outputs, "(<= Y_0 0)");
        let found = prove_property(&network.model, &Property::parse(&text).unwrap(), 10, &options(1));
        let error = found.unwrap_err();
        assert!(matches!(error, Error::Mismatch(_)) && error.to_string().contains(word), "{error}");
    }
}

/// Most inputs don't change; one of the boxes is a point.
#[test]
fn with_inputs_that_stay() {
    let network = Network::acas(2);
    let mut low = vec![0.25; 5];
    let mut high = low.clone();
    let value = network.values(&low)[0];
    let far = text(&low, &high, 5, &format!("(>= Y_0 {})", value + 1e-9));
    assert_eq!(prove(&network.model, &far, 10, 1).outcome, Outcome::Holds);
    let near = text(&low, &high, 5, &format!("(>= Y_0 {})", value - 1e-9));
    assert!(matches!(prove(&network.model, &near, 10, 1).outcome, Outcome::Violated { .. }));
    (low[3], high[3]) = (-0.5, 0.5);
    let of = |x: f64| network.values(&[0.25, 0.25, 0.25, x, 0.25])[0];
    let largest = (0..=1000).map(|i| of(f64::from(i) / 1000.0 - 0.5)).fold(f64::MIN, f64::max);
    let found = prove(&network.model, &text(&low, &high, 5, &format!("(>= Y_0 {})", largest + 1e-3)), 200, 1);
    assert_eq!(found.outcome, Outcome::Holds);
}
