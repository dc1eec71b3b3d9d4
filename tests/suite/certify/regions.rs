//! Regions: what they are, and what is none.

use super::{options, proved};
use crate::common::dense;
use hope::Error;
use hope::activation::{Relu, Tanh};
use hope::certify::{Axes, Domain, certify};
use hope::model::Model;

fn network() -> Model {
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let x = dense(&mut b, x, 8, 1);
    let x = b.activation(x, Tanh).unwrap();
    let x = dense(&mut b, x, 8, 2);
    let x = b.activation(x, Tanh).unwrap();
    let x = dense(&mut b, x, 2, 3);
    b.build(x).unwrap()
}

#[test]
fn of_all_kinds_are_enclosed() {
    let model = network();
    let centre = [0.3, -0.2, 0.1];
    for domain in [
        Domain::ball(&centre, 0.2),
        Domain::of_inputs(&centre, &[2, 0], 0.3),
        Domain::between(&[0.0, -0.5, 0.1], &[0.1, 0.7, 0.1]),
        Domain::along(&centre, &[1.0, -1.0, 0.5], 0.4),
        Domain::along(&centre, &[1.0, 0.3, 0.0, -0.2, 1.0, 1e-3], 0.25),
    ] {
        let domain = domain.unwrap();
        let found = proved(&model, &domain, 3);
        assert_eq!(found.exponents.len() % domain.coordinates(), 0);
        assert!(found.radii.iter().all(|r| *r < 0.05), "{domain}: {:?}", found.radii);
    }
}

#[test]
fn a_box_holds_its_corners() {
    for (low, high) in
        [(0.1, 0.3), (-1e-17, 1.0), (0.1, 0.1), (1e300, 1.5e300), (-0.7, 1e-3), (5e-324, 1e-323)]
    {
        let domain = Domain::between(&[low], &[high]).unwrap();
        let (centre, radius) = (domain.centre()[0], domain.radii()[0]);
        // In the exact sums of doubles: TwoSum's rest says on which side the corner lies.
        let holds = |x: f64| {
            let apart = (x - centre).abs();
            apart < radius || (apart == radius && centre - radius <= x && x <= centre + radius)
        };
        assert!(holds(low) && holds(high), "{low} {high}: {centre} ± {radius}");
        assert!(radius <= ((high - low) / 2.0).next_up().next_up(), "{radius}");
        assert!(matches!(domain.axes(), Axes::Inputs(inputs) if inputs == &[0]));
    }
}

#[test]
fn that_are_none_are_refused() {
    let nan = f64::NAN;
    assert!(matches!(Domain::ball(&[0.0], nan), Err(Error::NotFinite { .. })));
    assert!(matches!(Domain::ball(&[f64::INFINITY], 1.0), Err(Error::NotFinite { .. })));
    assert!(matches!(Domain::ball(&[0.0], -1.0), Err(Error::OutOfRange { .. })));
    assert!(matches!(Domain::between(&[0.0, 1.0], &[1.0, 0.5]), Err(Error::OutOfRange { .. })));
    assert!(matches!(Domain::between(&[0.0], &[1.0, 0.5]), Err(Error::Size { .. })));
    assert!(matches!(Domain::between(&[nan], &[1.0]), Err(Error::NotFinite { .. })));
    assert!(matches!(Domain::along(&[0.0, 1.0], &[1.0], 1.0), Err(Error::Size { .. })));
    assert!(matches!(Domain::of_inputs(&[0.0, 1.0], &[2], 1.0), Err(Error::NoInput { .. })));
    assert!(matches!(Domain::of_inputs(&[0.0, 1.0], &[1, 1], 1.0), Err(Error::Repeated(_))));
    let model = network();
    let wrong = Domain::ball(&[0.0], 1.0).unwrap();
    assert!(matches!(certify(&model, &wrong, &options(2)), Err(Error::PointSize { .. })));
    let domain = Domain::ball(&[0.0; 3], 1.0).unwrap();
    assert!(matches!(certify(&model, &domain, &options(0)), Err(Error::Order { .. })));
    assert!(matches!(certify(&model, &domain, &options(31)), Err(Error::Order { .. })));
}

/// A region of one point encloses the network's value there within rounding; a smaller region is never enclosed worse; on smooth networks the remainder
/// falls with the power of the radius that follows from the order.
#[test]
fn that_are_smaller_are_enclosed_better() {
    let model = network();
    for order in 1..=5 {
        let mut before = f64::INFINITY;
        let mut radii = Vec::new();
        for halvings in 0..12 {
            let domain = Domain::ball(&[0.3, -0.2, 0.1], 0.5f64.powi(halvings)).unwrap();
            let found = certify(&model, &domain, &options(order)).unwrap();
            assert!(found.radii[0] <= before, "order {order}, halved {halvings} times");
            before = found.radii[0];
            radii.push(before);
        }
        let point = Domain::ball(&[0.3, -0.2, 0.1], 0.0).unwrap();
        let found = certify(&model, &point, &options(order)).unwrap();
        assert!(found.radii[0] < 1e-13 && found.radii[0] <= before);
        let rate = (radii[4] / radii[6]).log2() / 2.0;
        assert!((rate - (order + 1) as f64).abs() < 0.5, "order {order} falls at the rate {rate}: {radii:?}");
    }
}

/// Inputs in metres and in microseconds.
#[test]
fn in_odd_units_are_enclosed_alike() {
    let network = |scales: [f64; 2]| {
        let mut b = Model::builder(&[2]);
        let x = b.input();
        let weight: Vec<f64> =
            [0.5, -0.75, 1.0, 0.25, -0.5, 0.125].iter().enumerate().map(|(i, w)| w / scales[i % 2]).collect();
        let x = b.linear(x, &[3, 2], weight, None).unwrap();
        let x = b.activation(x, Tanh).unwrap();
        let x = dense(&mut b, x, 1, 9);
        b.build(x).unwrap()
    };
    let plain = proved(&network([1.0, 1.0]), &Domain::between(&[0.0, 0.0], &[0.5, 0.5]).unwrap(), 5);
    let scales = [2f64.powi(-20), 2f64.powi(20)];
    let domain = Domain::between(&[0.0, 0.0], &[0.5 * scales[0], 0.5 * scales[1]]).unwrap();
    let odd = proved(&network(scales), &domain, 5);
    assert_eq!(plain.coefficients, odd.coefficients);
    assert!((plain.radii[0] - odd.radii[0]).abs() <= 1e-12 * plain.radii[0]);
}

/// max(0, x) is exact on either side, and a line's width where it has both signs: half of what the secant is above it.
#[test]
fn on_either_side_of_a_kink() {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let y = b.activation(x, Relu).unwrap();
    let model = b.build(y).unwrap();
    for (low, high, radius, open) in [
        (1.0, 2.0, 0.0, 0),
        (-2.0, -1.0, 0.0, 0),
        (0.0, 1.0, 0.0, 0),
        (-1.0, 0.0, 0.0, 0),
        (-1.0, 1.0, 0.25, 1),
        (-1.0, 3.0, 0.375, 1),
    ] {
        let found = proved(&model, &Domain::between(&[low], &[high]).unwrap(), 2);
        assert!((found.radii[0] - radius).abs() < 1e-14, "{low} to {high}: {}", found.radii[0]);
        assert_eq!(found.undecided.iter().map(|u| u.units).sum::<usize>(), open);
    }
}
