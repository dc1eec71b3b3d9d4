//! Choices by the sign of a value: what `Where` and comparisons become. Truth: closed forms, by hand.

use hope::activation::{Abs, Cos, Exp, Log, Relu, Sin, Sqrt};
use hope::model::{Constant, Model, ModelBuilder, NodeId};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Error, Expansion, Kinks, Method, Precision, Request, Terms, expand};
use ndarray::s;

use crate::common::path;

fn along(inputs: usize, rays: &[f64]) -> Terms {
    Terms::Along(Directions::Shared { inputs, rows: rays.to_vec() })
}

/// A network of numbers from one of `inputs` numbers.
fn network(inputs: usize, make: impl Fn(&mut ModelBuilder, NodeId) -> hope::Result<NodeId>) -> Model {
    let mut b = Model::builder(&[inputs]);
    let x = b.input();
    let y = make(&mut b, x).unwrap();
    b.build(y).unwrap()
}

fn plus(b: &mut ModelBuilder, x: NodeId, shift: f64) -> hope::Result<NodeId> {
    b.affine(x, None, Some(Constant { shape: &[], values: &[shift] }))
}

/// `number` everywhere.
fn constant(b: &mut ModelBuilder, x: NodeId, number: f64) -> hope::Result<NodeId> {
    let [scale, shift] = [[0.0], [number]];
    let one = |values| Constant { shape: &[], values };
    b.affine(x, Some(one(&scale)), Some(one(&shift)))
}

/// Coefficients of the first output at a point along rays, `[ray][order]`.
fn series(model: &Model, point: &[f64], rays: &[f64], order: usize) -> (Vec<Vec<f64>>, Expansion) {
    let request = Request { terms: along(model.inputs(), rays), ..Request::new(point.to_vec(), order) };
    let found = expand(model, &request).unwrap();
    let all = found.along().unwrap();
    let rays = rays.len() / model.inputs();
    ((0..rays).map(|r| all.slice(s![0, 0, .., r]).to_vec()).collect(), found.clone())
}

fn failure(model: &Model, point: &[f64], ray: &[f64]) -> Error {
    let request = Request { terms: along(model.inputs(), ray), ..Request::new(point.to_vec(), 3) };
    expand(model, &request).unwrap_err()
}

fn close(found: &[f64], truth: &[f64], tolerance: f64) {
    assert_eq!(found.len(), truth.len());
    for (i, (f, t)) in found.iter().zip(truth).enumerate() {
        assert!((f - t).abs() <= tolerance * t.abs().max(1.0), "{i}: {f} instead of {t}");
    }
}

/// |x|, by a choice.
fn absolute() -> Model {
    network(1, |b, x| {
        let minus = b.scale(x, -1.0)?;
        b.select(x, x, minus, false)
    })
}

#[test]
fn an_absolute_value_on_its_kink() {
    let model = absolute();
    assert_eq!(Kinks::of(&model), Kinks::PiecewiseLinear);
    let (found, expansion) = series(&model, &[0.0], &[1.0, -1.0, 2.0], 3);
    assert_eq!(found, [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [2.0, 0.0, 0.0]]);
    let certificate = expansion.report.certificate;
    assert!(certificate.exact && certificate.reason.contains("one-sided"), "{}", certificate.reason);
    assert_eq!(expansion.report.one_sided, 3);
    let (found, expansion) = series(&model, &[-0.5], &[1.0, -2.0], 2);
    assert_eq!(found, [[-1.0, 0.0], [2.0, 0.0]]);
    close(expansion.kinks().unwrap().as_slice().unwrap(), &[0.5, 0.25], 1e-15);
    let reason = expansion.report.certificate.reason;
    assert!(reason.contains("piecewise linear") && !reason.contains("one-sided"), "{reason}");
}

#[test]
fn the_first_coefficient_that_is_not_zero_decides() {
    // x² > 0 ahead and behind: cos x on both sides, though the value is that of the other one, the same number.
    let model = network(1, |b, x| {
        let square = b.mul(x, x)?;
        let cos = b.activation(x, Cos)?;
        let other = constant(b, x, 1.0)?;
        b.select(square, cos, other, false)
    });
    let (found, expansion) = series(&model, &[0.0], &[1.0], 4);
    close(&found[0], &[0.0, -0.5, 0.0, 1.0 / 24.0], 1e-15);
    assert_eq!(expansion.report.one_sided, 0, "both sides are the same");
    // Of fewer orders than that, the choice at 0 is as good as the other one.
    let (found, _) = series(&model, &[0.0], &[1.0], 1);
    assert_eq!(found[0], [0.0]);
}

#[test]
fn where_the_selector_stays_0_the_comparison_decides() {
    for (at_zero, truth) in [(true, 0.3f64.exp() - 0.7), (false, (-0.7f64).sin())] {
        let model = network(1, |b, x| {
            let dead = b.activation(x, Relu)?;
            let shifted = plus(b, x, 1.0)?;
            let exp = b.activation(shifted, Exp)?;
            let a = b.add(exp, x)?;
            let sin = b.activation(x, Sin)?;
            b.select(dead, a, sin, at_zero)
        });
        let (found, expansion) = series(&model, &[-0.7], &[1.0], 2);
        close(&expansion.value, &[truth], 1e-15);
        let truth = if at_zero {
            [0.3f64.exp() + 1.0, 0.3f64.exp() / 2.0]
        } else {
            [0.7f64.cos(), 0.7f64.sin() / 2.0]
        };
        close(&found[0], &truth, 1e-14);
        // The kink is that of the rectifier.
        close(expansion.kinks().unwrap().as_slice().unwrap(), &[0.7], 1e-15);
        assert_eq!(expansion.report.one_sided, 0);
    }
}

/// x + 1 for x ≥ 0, sin x below.
fn step() -> Model {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let above = plus(&mut b, x, 1.0).unwrap();
    let below = b.activation(x, Sin).unwrap();
    b.name("choice").kind("Where");
    let y = b.select(x, above, below, true).unwrap();
    b.build(y).unwrap()
}

#[test]
fn a_jump_has_no_series_to_the_other_side() {
    let model = step();
    let (found, expansion) = series(&model, &[0.0], &[1.0], 3);
    assert_eq!((found[0].as_slice(), expansion.value[0]), (&[1.0, 0.0, 0.0][..], 1.0));
    let certificate = &expansion.report.certificate;
    assert!(certificate.exact && certificate.reason.contains("one-sided"), "{}", certificate.reason);
    assert!(certificate.reason.contains("'choice' (Where)"), "{}", certificate.reason);
    for precision in [Precision::F64, Precision::F32] {
        let request =
            Request { terms: along(1, &[-1.0]), precision, ..Request::new(vec![0.5, 0.0, -0.5], 3) };
        let error = expand(&model, &request).unwrap_err();
        assert!(matches!(error, Error::NonFinite { order: 1, point: 1, .. }), "{error}");
        assert!(
            error.to_string().contains("'choice' (Where)") && error.to_string().contains("jumps"),
            "{error}"
        );
    }
    // Beside it all is as ever, to both sides.
    let (found, expansion) = series(&model, &[-0.25], &[1.0, -1.0], 1);
    close(&[found[0][0], found[1][0]], &[0.25f64.cos(), -0.25f64.cos()], 1e-15);
    assert_eq!(expansion.kinks().unwrap().as_slice().unwrap(), [0.25, 0.25]);
    // A step between two numbers, too.
    let heaviside = network(1, |b, x| {
        let (one, zero) = (constant(b, x, 1.0)?, constant(b, x, 0.0)?);
        b.select(x, one, zero, true)
    });
    assert!(matches!(failure(&heaviside, &[0.0], &[-1.0]), Error::NonFinite { order: 1, .. }));
    assert_eq!(series(&heaviside, &[0.0], &[1.0], 2).0, [[0.0, 0.0]]);
    assert_eq!(series(&heaviside, &[2.0], &[-1.0], 2).0, [[0.0, 0.0]]);
}

#[test]
fn what_is_not_chosen_does_not_matter() {
    let model = network(1, |b, x| {
        let log = b.activation(x, Log)?;
        let zero = constant(b, x, 0.0)?;
        b.select(x, log, zero, false)
    });
    let (found, expansion) = series(&model, &[-1.0], &[1.0, -1.0], 3);
    assert_eq!((found, expansion.value[0]), (vec![vec![0.0; 3]; 2], 0.0));
    let (found, expansion) = series(&model, &[2.0], &[1.0], 2);
    close(&[expansion.value[0], found[0][0], found[0][1]], &[2f64.ln(), 0.5, -0.125], 1e-15);
    // Of gradients neither: x + (√x · log x above 0, x² below).
    let guarded = network(1, |b, x| {
        let (log, sqrt, square) = (b.activation(x, Log)?, b.activation(x, Sqrt)?, b.mul(x, x)?);
        let quotient = b.div(log, sqrt)?;
        let product = b.mul(quotient, sqrt)?;
        let chosen = b.select(x, product, square, false)?;
        b.add(chosen, x)
    });
    for precision in [Precision::F64, Precision::F32] {
        let terms = Terms::Gradient(Some(Directions::Shared { inputs: 1, rows: vec![1.0] }));
        let gradient = Request { terms, precision, ..Request::new(vec![-1.0], 2) };
        assert_eq!(expand(&guarded, &gradient).unwrap().coefficients, [-1.0, 2.0]);
    }
    // What fails is named, not what doesn't matter: a jump beside a logarithm that isn't chosen, and one that is.
    let both = network(2, |b, x| {
        let [x, y] = [0, 1].map(|i| b.slice(x, 0, i, 1, 1).unwrap());
        let (log, zero, raised) = (b.activation(x, Log)?, constant(b, x, 0.0)?, plus(b, y, 1.0)?);
        let guarded = b.select(x, log, zero, false)?;
        b.name("step");
        let step = b.select(y, raised, zero, false)?;
        b.add(guarded, step)
    });
    let error = failure(&both, &[-1.0, 0.0], &[0.0, 1.0]).to_string();
    assert!(error.contains("'step'") && error.contains("jumps"), "{error}");
    let error = failure(&both, &[0.0, -1.0], &[1.0, 0.0]).to_string();
    assert!(error.contains("(log)") || error.contains("(Select)"), "{error}");
    // A selector that is no number chooses nothing, and neither does one whose way is lost.
    let model = network(1, |b, x| {
        let log = b.activation(x, Log)?;
        b.select(log, x, x, false)
    });
    assert!(matches!(failure(&model, &[-1.0], &[1.0]), Error::NonFinite { order: 0, .. }));
    assert!(matches!(failure(&model, &[0.0], &[1.0]), Error::NonFinite { .. }));
}

#[test]
fn rays_take_different_sides() {
    // x > y: sin x + y, else sin y + x; along the diagonal x = y both are the same.
    let model = network(2, |b, x| {
        let [x, y] = [0, 1].map(|i| b.slice(x, 0, i, 1, 1).unwrap());
        let (sin_x, sin_y) = (b.activation(x, Sin)?, b.activation(y, Sin)?);
        let (a, c) = (b.add(sin_x, y)?, b.add(sin_y, x)?);
        let difference = b.sub(x, y)?;
        b.select(difference, a, c, false)
    });
    let rays = [1.0, 0.0, 0.0, 1.0, 1.0, 1.0, -1.0, 0.5];
    let (found, expansion) = series(&model, &[0.4, 0.4], &rays, 2);
    let (cos, curve) = (0.4f64.cos(), -0.4f64.sin() / 2.0);
    let truth = [[cos, curve], [cos, curve], [cos + 1.0, curve], [0.5 * cos - 1.0, 0.25 * curve]];
    found.iter().zip(truth).for_each(|(found, truth)| close(found, &truth, 1e-14));
    assert_eq!(expansion.report.one_sided, 3, "not along the diagonal");
    // In f32 as well.
    let request =
        Request { terms: along(2, &rays), precision: Precision::F32, ..Request::new(vec![0.25, 0.25], 2) };
    let (truth, _) = series(&model, &[0.25, 0.25], &rays, 2);
    let found = expand(&model, &request).unwrap();
    for (ray, truth) in truth.iter().enumerate() {
        close(&found.along().unwrap().slice(s![0, 0, .., ray]).to_vec(), truth, 1e-6);
    }
    // Several variables: away from the kink exact, with the distance to it; on it not, with the layer.
    let mixed = |point: [f64; 2]| {
        let request = Request { terms: Terms::Mixed(None), ..Request::new(point.to_vec(), 2) };
        expand(&model, &request).unwrap()
    };
    let found = mixed([0.5, 0.2]);
    assert!(found.report.certificate.exact);
    close(found.kinks().unwrap().as_slice().unwrap(), &[0.3 / 2f64.sqrt()], 1e-15);
    let (sin, cos) = 0.5f64.sin_cos();
    close(found.mixed().unwrap().as_slice().unwrap(), &[sin + 0.2, cos, 1.0, -sin / 2.0, 0.0, 0.0], 1e-15);
    let certificate = mixed([0.4, 0.4]).report.certificate;
    assert!(!certificate.exact && certificate.reason.contains("(Select)"), "{}", certificate.reason);
}

#[test]
fn gradients_go_to_what_was_chosen() {
    let model = network(2, |b, x| {
        let [x, y] = [0, 1].map(|i| b.slice(x, 0, i, 1, 1).unwrap());
        let product = b.mul(x, y)?;
        let exp = b.activation(product, Exp)?;
        let sin = b.activation(x, Sin)?;
        let difference = b.sub(x, y)?;
        b.select(difference, exp, sin, false)
    });
    let gradient = |point: [f64; 2], ray: [f64; 2], order: usize| {
        let terms = Terms::Gradient(Some(Directions::Shared { inputs: 2, rows: ray.to_vec() }));
        expand(&model, &Request { terms, ..Request::new(point.to_vec(), order) })
    };
    // exp(xy) above, sin x below.
    let e = 0.06f64.exp();
    let found = gradient([0.3, 0.2], [1.0, 0.0], 2).unwrap();
    close(&found.coefficients, &[0.2 * e, 0.3 * e, 0.04 * e, (1.0 + 0.06) * e], 1e-14);
    let found = gradient([0.2, 0.3], [1.0, 0.0], 2).unwrap();
    close(&found.coefficients, &[0.2f64.cos(), 0.0, -0.2f64.sin(), 0.0], 1e-14);
    assert!(found.report.certificate.exact);
    // On the diagonal it jumps: no series above it, and below it one side.
    let error = gradient([0.3, 0.3], [1.0, 0.0], 2).unwrap_err();
    assert!(
        matches!(error, Error::NonFinite { order: 1, .. }) && error.to_string().contains("jumps"),
        "{error}"
    );
    let found = gradient([0.3, 0.3], [0.0, 1.0], 2).unwrap();
    close(&found.coefficients, &[0.3f64.cos(), 0.0, 0.0, 0.0], 1e-14);
    assert!(found.report.certificate.reason.contains("one-sided"), "{}", found.report.certificate.reason);
    // Without a ray nothing decides, and that is said.
    let request = Request { terms: Terms::Gradient(None), ..Request::new(vec![0.3, 0.3], 1) };
    let certificate = expand(&model, &request).unwrap().report.certificate;
    assert!(!certificate.exact && certificate.reason.contains("(Select)"), "{}", certificate.reason);
    let request = Request { terms: Terms::Hessian(None), ..Request::new(vec![0.3, 0.2], 2) };
    let found = expand(&model, &request).unwrap();
    close(&found.coefficients, &[0.04 * e, 1.06 * e, 1.06 * e, 0.09 * e], 1e-14);
}

#[test]
fn the_published_rule_passes_to_what_was_chosen() {
    // Σ w_i h(x_i), h = sin above and x / 2 below.
    let model = network(3, |b, x| {
        let sin = b.activation(x, Sin)?;
        let half = b.scale(x, 0.5)?;
        let h = b.select(x, sin, half, false)?;
        b.linear(h, &[1, 3], vec![1.0, -2.0, 3.0], None)
    });
    let rule = |point: [f64; 3]| {
        expand(&model, &Request { method: Method::Hope, ..Request::new(point.to_vec(), 3) }).unwrap()
    };
    let point = [0.5, -0.25, -1.0];
    let found = rule(point);
    assert!(found.report.certificate.exact, "{}", found.report.certificate.reason);
    let exact = expand(&model, &Request::new(point.to_vec(), 3)).unwrap();
    close(&found.coefficients, &exact.coefficients, 1e-14);
    let certificate = rule([0.5, 0.0, -1.0]).report.certificate;
    assert!(!certificate.exact && certificate.reason.contains("(Select)"), "{}", certificate.reason);
    // Also where it jumps.
    let jumping = network(1, |b, x| {
        let one = constant(b, x, 1.0)?;
        b.select(x, one, x, false)
    });
    let request = Request { method: Method::Hope, ..Request::new(vec![0.0], 1) };
    let found = expand(&jumping, &request).unwrap();
    assert_eq!(found.coefficients, [1.0]);
    assert!(!found.report.certificate.exact, "{}", found.report.certificate.reason);
}

#[test]
fn many_points_of_which_some_jump_behind() {
    // 41 points, of which one is on the jump; ahead all have series.
    let model = step();
    let points: Vec<f64> = (-20..=20).map(|i| f64::from(i) / 16.0).collect();
    for threads in [1, 2] {
        let request = Request {
            terms: along(1, &[1.0, 3.0]),
            threads: Some(threads),
            ..Request::new(points.clone(), 2)
        };
        let found = expand(&model, &request).unwrap();
        assert_eq!(found.report.one_sided, 2);
        let kinks = found.kinks().unwrap();
        assert!((0..41).all(|point| (kinks[[point, 0]] == 0.0) == (points[point] == 0.0)));
    }
}

#[test]
fn a_choice_of_the_same_is_no_kink_that_shows() {
    let model = network(1, |b, x| {
        let abs = b.activation(x, Abs)?;
        b.select(x, abs, abs, false)
    });
    let (found, expansion) = series(&model, &[0.5], &[-1.0], 2);
    assert_eq!(found, [[-1.0, 0.0]]);
    assert_eq!(expansion.report.one_sided, 0);
}

/// What rounding takes to the other side of a jump takes its value along.
#[test]
fn beside_a_jump_f32_is_undecided() {
    let model = network(1, |b, x| {
        let [scale, shift] = [[3.0], [-0.3]];
        let one = |values| Constant { shape: &[], values };
        let u = b.affine(x, Some(one(&scale)), Some(one(&shift)))?;
        let (above, below) = (plus(b, x, 1.0)?, b.activation(x, Sin)?);
        b.select(u, above, below, false)
    });
    let point = vec![0.1 + 1e-9];
    let request =
        Request { terms: along(1, &[-1.0]), precision: Precision::F32, verify: 1, ..Request::new(point, 2) };
    let found = expand(&model, &request).unwrap();
    close(&found.value, &[0.1f64.sin()], 1e-6);
    let verification = found.report.verification.unwrap();
    assert_eq!(verification.undecided, 1);
    verification.check(&request).unwrap();
}

/// x times Floor, Ceil or Round of x, at numbers where they jump, and beside.
#[test]
fn rounding_jumps_where_onnx_says() {
    // Operator, point, its value there, and on which side of the point that holds, if it jumps; else the distance to the jump.
    let cases = [
        ("floor", 2.0, 2.0, Some(1.0), 0.0),
        ("floor", -1.0, -1.0, Some(1.0), 0.0),
        ("floor", 1.75, 1.0, None, 0.25),
        ("floor", 1.5, 1.0, None, 0.5),
        ("floor", -0.5, -1.0, None, 0.5),
        ("ceil", 2.0, 2.0, Some(-1.0), 0.0),
        ("ceil", 1.25, 2.0, None, 0.25),
        ("ceil", 0.5, 1.0, None, 0.5),
        ("round", 0.5, 0.0, Some(-1.0), 0.0),
        ("round", 1.5, 2.0, Some(1.0), 0.0),
        ("round", 2.5, 2.0, Some(-1.0), 0.0),
        ("round", -0.5, 0.0, Some(1.0), 0.0),
        ("round", 1.75, 2.0, None, 0.25),
        ("round", 3.0, 3.0, None, 0.5),
    ];
    for (operator, x, value, side, distance) in cases {
        let file = path(&format!("tests/fixtures/operators/{operator}_times_input.onnx"));
        let model = Model::from_onnx(file, &ImportOptions::default()).unwrap();
        let point = [x, 0.3, 0.3, 0.3];
        for t in [1.0, -1.0] {
            let ray = [t, 0.0, 0.0, 0.0];
            if side.is_some_and(|side: f64| side != t) {
                let error = failure(&model, &point, &ray);
                assert!(error.to_string().contains("jumps"), "{operator} {x} {t}: {error}");
                continue;
            }
            let (found, expansion) = series(&model, &point, &ray, 2);
            assert_eq!(
                (expansion.value[0], found[0].as_slice()),
                (x * value, &[t * value, 0.0][..]),
                "{operator} {x} {t}"
            );
            close(expansion.kinks().unwrap().as_slice().unwrap(), &[distance], 1e-15);
            assert_eq!(expansion.report.one_sided, usize::from(side.is_some()), "{operator} {x} {t}");
        }
    }
}

/// What differs by rounding is no jump, and what differs by more is one.
#[test]
fn rounding_is_no_jump() {
    let step = |height: f64| {
        network(1, |b, x| {
            let (above, below) = (plus(b, x, 3.0 + height)?, plus(b, x, 3.0)?);
            b.select(x, above, below, true)
        })
    };
    for (precision, small, large) in [(Precision::F64, 1e-13, 1e-9), (Precision::F32, 1e-6, 1e-3)] {
        let request = Request { terms: along(1, &[-1.0]), precision, ..Request::new(vec![0.0], 2) };
        assert_eq!(expand(&step(small), &request).unwrap().coefficients, [-1.0, 0.0]);
        let error = expand(&step(large), &request).unwrap_err();
        assert!(error.to_string().contains("jumps"), "{error}");
    }
}
