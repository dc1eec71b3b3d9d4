//! Attributions along a way, and of groups of inputs: `tests/truth/attribution.py` and closed forms.

use crate::common::{Truth, digit, path, relative_error};

use hope::activation::{Exp, Relu};
use hope::attribution::{
    Along, Groups, Push, Way, along, curves, heatmap_of, interactions, interactions_of, measured_of,
};
use hope::model::{Model, ModelBuilder, NodeId};
use hope::onnx::ImportOptions;
use hope::plan::Method;
use hope::{Precision, Request, Result};

fn cnn() -> Model {
    let file = path("examples/mnist/mnist_cnn_tanh.onnx");
    Model::from_onnx(file, &ImportOptions::default()).expect("a model")
}

fn truth() -> Truth {
    Truth::open(&path("tests/fixtures/attribution.npz"))
}

fn patches() -> Groups {
    Groups::new((0..784).map(|i| i / 28 / 4 * 7 + i % 28 / 4).collect()).expect("groups")
}

fn order(n: usize) -> Request {
    Request::new(Vec::new(), n)
}

/// In one step unless said otherwise.
fn way<'a>(from: &'a [f64], to: &'a [f64]) -> Way<'a> {
    Way { from, to, steps: Some(1), most: 64, tolerance: 0.01 }
}

#[test]
fn shares_are_terms_of_the_gradient_along_the_way() -> Result<()> {
    let (model, x, mut truth) = (cnn(), digit(), truth());
    let (class, shares) = (truth.values("class")[0] as usize, truth.values("shares"));
    for (precision, tolerance) in [(Precision::F64, 1e-10), (Precision::F32, 1e-4)] {
        let request = Request { precision, ..order(3) };
        let found = along(&model, class, &way(&x, &[0.0; 784]), &request)?;
        for k in 0..3 {
            let (ours, theirs) = (&found.shares[k * 784..][..784], &shares[k * 784..][..784]);
            let error = relative_error(ours.iter().copied(), theirs.iter().copied());
            assert!(error < tolerance, "{precision:?}, order {}: {error:e}", k + 1);
            let sum: f64 = theirs.iter().sum();
            assert!((found.sums[k] - sum).abs() < 100.0 * tolerance * sum.abs().max(1e-3));
        }
        // A wrong number would be seen.
        let mut wrong = shares.clone();
        let largest = wrong.iter().map(|x| x.abs()).fold(0.0, f64::max);
        wrong[400] += 0.01 * largest;
        assert!(relative_error(found.shares[..784].iter().copied(), wrong[..784].iter().copied()) > 1e-3);
        assert!(found.report.certificate.exact && found.steps == 1 && !found.reached);
    }
    Ok(())
}

/// exp(x0 + 2 x1 + 3 x2): along any way, the integrated gradient of input i is `w_i v_i / Σ w v` of the change.
fn exponential() -> Model {
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let sum = b.linear(x, &[1, 3], vec![1.0, 2.0, 3.0], None).expect("a sum");
    let y = b.activation(sum, Exp).expect("exp");
    b.build(y).expect("a model")
}

#[test]
fn steps_come_nearer_as_their_order_says() -> Result<()> {
    let (model, from, to) = (exponential(), [0.1, -0.2, 0.3], [0.5, 0.4, -0.1]);
    let parts = [0.4, 1.2, -1.2].map(|x| x / 0.4);
    let (begin, end) = ((0.1f64 - 0.4 + 0.9).exp(), (0.5f64 + 0.8 - 0.3).exp());
    let off = |n: usize, steps: usize| -> Result<f64> {
        let found = along(&model, 0, &Way { steps: Some(steps), ..way(&from, &to) }, &order(n))?;
        assert!((found.value - begin).abs() < 1e-12 && (found.change - (end - begin)).abs() < 1e-12);
        let total = |i: usize| -> f64 { found.shares.iter().skip(i).step_by(3).sum() };
        let off = |i: usize| (total(i) - parts[i] * (end - begin)).abs();
        Ok((0..3).map(off).fold(0.0, f64::max))
    };
    for n in 1..=4 {
        let (coarse, fine) = (off(n, 2)?, off(n, 8)?);
        let rate = (coarse / fine).log2() / 2.0;
        assert!((rate - n as f64).abs() < 0.3, "order {n}: {coarse:e}, {fine:e}");
    }
    assert!(off(12, 1)? < 1e-10);
    Ok(())
}

#[test]
fn as_many_steps_as_it_takes() -> Result<()> {
    let (model, x) = (cnn(), digit());
    let to = [0.0; 784];
    let found = |way: Way| along(&model, 8, &way, &order(3));
    let auto = found(Way { steps: None, ..way(&x, &to) })?;
    let sum = |found: &Along| found.sums.iter().sum::<f64>();
    assert!(auto.reached && auto.steps > 1 && auto.steps.is_power_of_two());
    assert!((sum(&auto) - auto.change).abs() < 0.02 * auto.change.abs());
    let fewer = found(Way { steps: Some(auto.steps / 2), ..way(&x, &to) })?;
    assert!(!fewer.reached);
    let bounded = found(Way { steps: None, most: 3, ..way(&x, &to) })?;
    assert_eq!((bounded.steps, bounded.reached), (2, false));
    Ok(())
}

#[test]
fn how_far_a_polynomial_reaches() -> Result<()> {
    // 1 / (1 + x) from 0 to 0.9: the rest of order n is x^{n+1} / (1 + x), the largest change 0.9 / 1.9.
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let one = b.linear(x, &[1, 1], vec![0.0], Some(vec![1.0]))?;
    let below = b.linear(x, &[1, 1], vec![1.0], Some(vec![1.0]))?;
    let y = b.div(one, below)?;
    let model = b.build(y)?;
    let found = along(&model, 0, &way(&[0.0], &[0.9]), &order(6))?;
    for (k, measured) in found.measured.iter().enumerate() {
        let rest = |s: f64| (0.9 * s).powi(k as i32 + 2) / (1.0 + 0.9 * s);
        let holds = |j: usize| rest(j as f64 / 64.0) <= 0.01 * 0.9 / 1.9;
        let truth = (0..=64).take_while(|&j| holds(j)).last().expect("0") as f64 / 64.0;
        assert_eq!(*measured, truth, "order {}", k + 1);
        let estimated = found.estimated[k];
        assert!(estimated <= measured + 1.0 / 64.0 && estimated > 0.3 * measured, "{estimated} {measured}");
    }
    Ok(())
}

#[test]
fn a_way_across_kinks_is_shared_among_its_pieces() -> Result<()> {
    // relu(x0 - 1) + relu(x1 - 2) from (2, 3) to (0, 0): each changes by -1, whatever lies between.
    let mut b = Model::builder(&[2]);
    let x = b.input();
    let shifted = b.linear(x, &[2, 2], vec![1.0, 0.0, 0.0, 1.0], Some(vec![-1.0, -2.0]))?;
    let positive = b.activation(shifted, Relu)?;
    let y = b.linear(positive, &[1, 2], vec![1.0, 1.0], None)?;
    let model = b.build(y)?;
    let found = along(&model, 0, &Way { steps: Some(6), ..way(&[2.0, 3.0], &[0.0, 0.0]) }, &order(2))?;
    assert_eq!(found.change, -2.0);
    assert!(found.shares.iter().zip([-1.0, -1.0, 0.0, 0.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    assert!(found.reached);
    // The kinks lie at 1/2 and 1/3 of the way.
    assert!((found.measured[0] - 21.0 / 64.0).abs() < 1e-12 || found.measured[0] < 0.36, "{found:?}");
    Ok(())
}

#[test]
fn patches_are_rays_of_their_own() -> Result<()> {
    let (model, x, mut truth) = (cnn(), digit(), truth());
    let (class, predicted) = (truth.values("class")[0] as usize, truth.values("patches"));
    let deltas = Push::To(vec![0.0; 784]).deltas(&x)?;
    let map = heatmap_of(&model, &x, class, &deltas, &patches(), &order(3))?;
    let error = relative_error(map.predicted.iter().copied(), predicted.iter().copied());
    assert!(error < 1e-10, "{error:e}");
    // Patches that are black already change nothing.
    assert_eq!(map.predicted[0], 0.0);
    let measured = measured_of(&model, &x, class, &deltas, &patches())?;
    let higher = heatmap_of(&model, &x, class, &deltas, &patches(), &order(16))?;
    let of = |n: usize| {
        relative_error(higher.predicted[(n - 1) * 49..][..49].iter().copied(), measured.iter().copied())
    };
    assert!(of(1) > 0.3 && of(1) < 0.5, "{}", of(1)); // as the program's table says
    // One group of everything is the way itself.
    let all = Groups::new(vec![0; 784])?;
    let whole = heatmap_of(&model, &x, class, &deltas, &all, &order(3))?;
    let found = along(&model, class, &way(&x, &[0.0; 784]), &order(3))?;
    assert!((whole.predicted[2] - found.sums.iter().sum::<f64>()).abs() < 1e-9);
    Ok(())
}

#[test]
fn pairs_of_patches_are_sums_of_second_derivatives() -> Result<()> {
    let (model, x, mut truth) = (cnn(), digit(), truth());
    let (class, pairs) = (truth.values("class")[0] as usize, truth.values("pairs"));
    let found = interactions_of(&model, &x, class, &patches(), &order(2))?;
    let error = relative_error(found.matrix.iter().copied(), pairs.iter().copied());
    assert!(error < 1e-9, "{error:e}");
    assert_eq!((found.pairs.len(), found.inputs.len()), (49 * 48 / 2, 49));
    Ok(())
}

#[test]
fn groups_of_a_network_with_kinks_come_of_mixed_terms() -> Result<()> {
    // relu(x0 + x1) (x2 + 3 x3), away from the kink.
    let mut b = Model::builder(&[4]);
    let x = b.input();
    let row =
        |b: &mut ModelBuilder, w: [f64; 4]| -> Result<NodeId> { b.linear(x, &[1, 4], w.to_vec(), None) };
    let (sum, other) = (row(&mut b, [1.0, 1.0, 0.0, 0.0])?, row(&mut b, [0.0, 0.0, 1.0, 3.0])?);
    let positive = b.activation(sum, Relu)?;
    let y = b.mul(positive, other)?;
    let model = b.build(y)?;
    let point = [0.5, 0.25, 1.0, 2.0];
    let groups = Groups::new(vec![0, 1, 1, 2])?;
    let found = interactions_of(&model, &point, 0, &groups, &order(2))?;
    // Group 1 is x1 and x2: c_01 = ∂²/∂x0∂x1 + ∂²/∂x0∂x2 = 0 + 1, c_02 = 3, c_12 = 3 + 0, c_11 = ½ · 2 ∂²/∂x1∂x2 = 1.
    let truth = [0.0, 1.0, 3.0, 1.0, 1.0, 3.0, 3.0, 3.0, 0.0];
    assert!(found.matrix.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-12), "{:?}", found.matrix);
    // Groups of one input each are the inputs.
    let single = interactions_of(&model, &point, 0, &Groups::new(vec![0, 1, 2, 3])?, &order(2))?;
    let inputs = interactions(&model, &point, 0, &[0, 1, 2, 3], &order(2))?;
    assert!(single.matrix.iter().zip(&inputs.matrix).all(|(a, b)| (a - b).abs() < 1e-12));
    Ok(())
}

#[test]
fn curves_follow_the_ranking() -> Result<()> {
    // Probabilities of (2 x0 + x1 - x2, 0): by the definition, step by step.
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let y = b.linear(x, &[2, 3], vec![2.0, 1.0, -1.0, 0.0, 0.0, 0.0], None)?;
    let model = b.build(y)?;
    let (from, to) = ([1.0, 1.0, 1.0], [0.0, 0.0, 0.5]);
    let groups = Groups::new(vec![0, 1, 2])?;
    let p = |y: f64| 1.0 / (1.0 + (-y).exp());
    let found = curves(&model, 0, &from, &to, &[0.1, 0.7, -3.0], &groups, 3)?;
    let deletion = [p(2.0), p(1.0), p(-1.0), p(-0.5)];
    let insertion = [p(-0.5), p(0.5), p(2.5), p(2.0)];
    assert!(found.deletion.iter().zip(deletion).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    assert!(found.insertion.iter().zip(insertion).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
    let area = |y: [f64; 4]| (y[0] / 2.0 + y[1] + y[2] + y[3] / 2.0) / 3.0;
    let [a, b] = found.areas();
    assert!((a - area(deletion)).abs() < 1e-12 && (b - area(insertion)).abs() < 1e-12);
    // Of a network that ends in a softmax its outputs are the probabilities.
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let y = b.linear(x, &[2, 3], vec![2.0, 1.0, -1.0, 0.0, 0.0, 0.0], None)?;
    let y = b.softmax(y, 0, false)?;
    let probable = b.build(y)?;
    let same = curves(&probable, 0, &from, &to, &[0.1, 0.7, -3.0], &groups, 3)?;
    assert!(same.deletion.iter().zip(&found.deletion).all(|(a, b)| (a - b).abs() < 1e-12), "{same:?}");
    // Fewer points than groups, and more; of equals the first is replaced first.
    let coarse = curves(&model, 0, &from, &to, &[0.1, 0.7, -3.0], &groups, 2)?;
    assert_eq!((coarse.parts.len(), coarse.deletion[1]), (3, found.deletion[1]));
    let fine = curves(&model, 0, &from, &to, &[0.5; 3], &groups, 50)?;
    assert_eq!(fine.parts, [0.0, 1.0 / 3.0, 2.0 / 3.0, 1.0]);
    assert!((fine.deletion[1] - p(0.0)).abs() < 1e-12);
    let words = |importance: &[f64], output, steps| {
        curves(&model, output, &from, &to, importance, &groups, steps).expect_err("an error").to_string()
    };
    assert!(words(&[1.0], 0, 3).contains("3 groups"));
    assert!(words(&[1.0, f64::NAN, 1.0], 0, 3).contains("importance"));
    assert!(words(&[1.0; 3], 2, 3).contains("output 2"));
    assert!(words(&[1.0; 3], 0, 0).contains("0 steps"));
    Ok(())
}

#[test]
fn what_does_not_fit_is_an_error() {
    let model = exponential();
    let words =
        |way: Way, request: &Request| along(&model, 0, &way, request).expect_err("an error").to_string();
    let (from, to) = ([0.0; 3], [1.0; 3]);
    let one = order(1);
    assert!(words(way(&from, &from), &one).contains("no input is changed"));
    assert!(words(way(&from, &to[..2]), &one).contains("2 numbers"));
    assert!(words(way(&from[..2], &to[..2]), &one).contains("3 inputs"));
    assert!(words(Way { steps: Some(0), ..way(&from, &to) }, &one).contains("1 to 1024"));
    assert!(words(Way { most: 2000, ..way(&from, &to) }, &one).contains("1 to 1024"));
    assert!(words(Way { tolerance: 0.0, ..way(&from, &to) }, &one).contains("tolerance"));
    assert!(words(way(&from, &to), &order(0)).contains("order 0"));
    assert!(words(way(&from, &to), &Request { method: Method::Hope, ..order(2) }).contains("exact"));
    assert!(words(way(&from, &[1e300; 3]), &one).contains("finite"));
    assert!(words(way(&from, &to), &Request { memory: Some(10), ..order(2) }).contains("memory"));
    let groups = Groups::new(vec![0, 1]).expect("groups");
    assert!(heatmap_of(&model, &from, 0, &to, &groups, &one).is_err());
    assert!(interactions_of(&model, &from, 0, &groups, &one).is_err());
    let all = Groups::new(vec![0; 3]).expect("groups");
    assert!(
        heatmap_of(&model, &from, 0, &from, &all, &one)
            .expect_err("an error")
            .to_string()
            .contains("no input is changed")
    );
    assert!(
        interactions_of(&model, &from, 0, &all, &one)
            .expect_err("an error")
            .to_string()
            .contains("two groups")
    );
    let rule = Request { method: Method::Hope, ..order(2) };
    assert!(heatmap_of(&model, &from, 0, &to, &all, &rule).is_err());
}
