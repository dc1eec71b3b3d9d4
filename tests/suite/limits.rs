//! Gradients at 0/0 and at roots of 0: by closed forms.

use hope::activation::{Cos, Exp, Log, Pow, Relu, Sin, Sqrt};
use hope::model::{Constant, Model, ModelBuilder, NodeId};
use hope::rays::Directions;
use hope::{Error, Expansion, Precision, Request, Result, Terms, expand};

/// The inputs one by one, and what is made of them.
fn model<const N: usize>(build: impl FnOnce(&mut ModelBuilder, [NodeId; N]) -> NodeId) -> Model {
    let mut b = Model::builder(&[N]);
    let parts = std::array::from_fn(|i| b.slice(b.input(), 0, i, 1, 1).unwrap());
    let y = build(&mut b, parts);
    b.build(y).unwrap()
}

fn shifted(b: &mut ModelBuilder, x: NodeId, by: f64) -> NodeId {
    b.affine(x, None, Some(Constant { shape: &[], values: &[by] })).unwrap()
}

/// sin(x) / x · exp(y)
fn sine_quotient() -> Model {
    model(|b, [x, y]| {
        let sine = b.activation(x, Sin).unwrap();
        let quotient = b.div(sine, x).unwrap();
        let y = b.activation(y, Exp).unwrap();
        b.mul(quotient, y).unwrap()
    })
}

fn run(model: &Model, point: &[f64], terms: Terms, order: usize, precision: Precision) -> Result<Expansion> {
    let request = Request { precision, verify: 1, ..Request::new(point.to_vec(), order) };
    expand(model, &Request { terms, ..request })
}

fn ray(v: &[f64]) -> Terms {
    Terms::Gradient(Some(Directions::Shared { inputs: v.len(), rows: v.to_vec() }))
}

#[track_caller]
fn assert_found(model: &Model, point: &[f64], terms: &Terms, order: usize, one_sided: usize, truth: &[f64]) {
    for precision in [Precision::F64, Precision::F32] {
        let found = run(model, point, terms.clone(), order, precision).unwrap();
        let certificate = &found.report.certificate;
        assert!(certificate.exact, "{precision:?}: {}", certificate.reason);
        assert_eq!(found.report.one_sided, one_sided, "{precision:?}: {}", certificate.reason);
        let off = found.coefficients.iter().zip(truth).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        let allowed = if precision == Precision::F64 { 1e-12 } else { 1e-6 };
        assert!(
            found.coefficients.len() == truth.len() && off < allowed,
            "{precision:?}: {:?}",
            found.coefficients
        );
    }
}

#[test]
fn a_quotient_that_goes_on_at_zero() {
    let model = sine_quotient();
    let e = 0.5f64.exp();
    assert_found(&model, &[0.0, 0.5], &Terms::Gradient(None), 1, 0, &[0.0, e]);
    let truth = [0.0, e, -e / 3.0, 0.0, 0.0, -e / 6.0, e / 30.0, 0.0];
    assert_found(&model, &[0.0, 0.5], &ray(&[1.0, 0.0]), 4, 0, &truth);
    // Another length, and both.
    assert_found(&model, &[0.0, 0.5], &ray(&[0.001, 0.0]), 2, 0, &[0.0, e, -e / 3e3, 0.0]);
    assert_found(&model, &[0.0, 0.5], &ray(&[1.0, 2.0]), 2, 0, &[0.0, e, -e / 3.0, 2.0 * e]);
    // Along y the quotient stays 0/0.
    assert_found(&model, &[0.0, 0.5], &Terms::Hessian(None), 2, 0, &[-e / 3.0, 0.0, 0.0, e]);
    assert_found(&model, &[0.0, 0.5], &ray(&[0.0, 1.0]), 3, 0, &[0.0, e, 0.0, e, 0.0, e / 2.0]);
    // Points with numbers beside one without.
    let found =
        run(&model, &[1.0, 0.0, 0.0, 0.5, 2.0, 0.0], Terms::Gradient(None), 1, Precision::F64).unwrap();
    let (sin, cos) = (1f64.sin(), 1f64.cos());
    let truth = [cos - sin, sin, 0.0, e, 2f64.cos() / 2.0 - 2f64.sin() / 4.0, 2f64.sin() / 2.0];
    assert!(found.coefficients.iter().zip(truth).all(|(a, b)| (a - b).abs() < 1e-14));
    assert_eq!(found.value[1], e);
}

#[test]
fn other_quotients_with_common_zeros() {
    // x/x · y; x²/x; (exp(x) - 1) / x; (1 - cos x) / x².
    let one = model(|b, [x, y]| {
        let one = b.div(x, x).unwrap();
        b.mul(one, y).unwrap()
    });
    assert_found(&one, &[0.0, 3.0], &Terms::Gradient(None), 1, 0, &[0.0, 1.0]);
    let linear = model(|b, [x]| {
        let square = b.mul(x, x).unwrap();
        b.div(square, x).unwrap()
    });
    assert_found(&linear, &[0.0], &Terms::Gradient(None), 1, 0, &[1.0]);
    assert_found(&linear, &[0.0], &ray(&[2.0]), 3, 0, &[1.0, 0.0, 0.0]);
    let exponential = model(|b, [x]| {
        let e = b.activation(x, Exp).unwrap();
        let above = shifted(b, e, -1.0);
        b.div(above, x).unwrap()
    });
    let truth: Vec<f64> = vec![1.0 / 2.0, 2.0 / 6.0, 3.0 / 24.0, 4.0 / 120.0];
    assert_found(&exponential, &[0.0], &ray(&[1.0]), 4, 0, &truth);
    let cosine = model(|b, [x]| {
        let c = b.activation(x, Cos).unwrap();
        let c = b.scale(c, -1.0).unwrap();
        let (above, below) = (shifted(b, c, 1.0), b.mul(x, x).unwrap());
        b.div(above, below).unwrap()
    });
    assert_found(&cosine, &[0.0], &ray(&[1.0]), 4, 0, &[0.0, -1.0 / 12.0, 0.0, 4.0 / 720.0]);
    assert_found(&cosine, &[0.0], &Terms::Hessian(None), 2, 0, &[-1.0 / 12.0]);
}

#[test]
fn roots_of_zero_along_rays() {
    // √(x² + y²): the gradient is the direction.
    let norm = model(|b, [x, y]| {
        let squares = [x, y].map(|x| b.mul(x, x).unwrap());
        let sum = b.add(squares[0], squares[1]).unwrap();
        b.activation(sum, Sqrt).unwrap()
    });
    assert_found(&norm, &[0.0, 0.0], &ray(&[3.0, 4.0]), 3, 1, &[0.6, 0.8, 0.0, 0.0, 0.0, 0.0]);
    // Its second derivatives along x are 0 beside the point.
    assert_found(&norm, &[0.0, 0.0], &Terms::Hessian(None), 2, 2, &[0.0; 4]);
    // (x²)^1.5 = |x|³, and x^1.5.
    let cube = model(|b, [x]| {
        let square = b.mul(x, x).unwrap();
        b.activation(square, Pow { exponent: 1.5 }).unwrap()
    });
    assert_found(&cube, &[0.0], &ray(&[1.0]), 3, 1, &[0.0, 0.0, 3.0]);
    assert_found(&cube, &[0.0], &Terms::Gradient(None), 1, 0, &[0.0]);
    let power = model(|b, [x]| b.activation(x, Pow { exponent: 1.5 }).unwrap());
    assert_found(&power, &[0.0], &Terms::Gradient(None), 1, 0, &[0.0]);
}

#[test]
fn limits_beside_kinks() {
    // sin(x) / x + relu(y)
    let model = model(|b, [x, y]| {
        let sine = b.activation(x, Sin).unwrap();
        let (quotient, kink) = (b.div(sine, x).unwrap(), b.activation(y, Relu).unwrap());
        b.add(quotient, kink).unwrap()
    });
    assert_found(&model, &[0.0, 0.0], &ray(&[1.0, 1.0]), 2, 1, &[0.0, 1.0, -1.0 / 3.0, 0.0]);
    assert_found(&model, &[0.0, 0.0], &ray(&[1.0, -1.0]), 2, 1, &[0.0, 0.0, -1.0 / 3.0, 0.0]);
    assert_found(&model, &[0.0, 1.0], &Terms::Gradient(None), 1, 0, &[0.0, 1.0]);
    // Along x the kink isn't left, and on its sides the gradient is another one.
    let found = run(&model, &[0.0, 0.0], ray(&[1.0, 0.0]), 2, Precision::F64).unwrap();
    assert!(!found.report.certificate.exact, "{}", found.report.certificate.reason);
}

#[test]
fn what_has_no_gradient_is_an_error_that_names_the_layer() {
    let fails = |model: &Model, terms: Terms, order: usize| {
        for precision in [Precision::F64, Precision::F32] {
            match run(model, &vec![0.0; model.inputs()], terms.clone(), order, precision) {
                Err(Error::NonFinite { layer, .. }) => assert!(!layer.is_empty()),
                other => panic!("{other:?}"),
            }
        }
    };
    let ratio = model(|b, [x, y]| b.div(x, y).unwrap());
    fails(&ratio, Terms::Gradient(None), 1);
    fails(&ratio, ray(&[1.0, 1.0]), 2);
    let pole = model(|b, [x]| {
        let (sine, square) = (b.activation(x, Sin).unwrap(), b.mul(x, x).unwrap());
        b.div(sine, square).unwrap()
    });
    fails(&pole, Terms::Gradient(None), 1);
    fails(&pole, ray(&[1.0]), 2);
    // √x has no slope there, x^1.5 no second one, and log x no value.
    let root = model(|b, [x]| b.activation(x, Sqrt).unwrap());
    fails(&root, Terms::Gradient(None), 1);
    fails(&root, ray(&[1.0]), 1);
    let power = model(|b, [x]| b.activation(x, Pow { exponent: 1.5 }).unwrap());
    fails(&power, ray(&[1.0]), 2);
    fails(&power, Terms::Hessian(None), 2);
    let norm = model(|b, [x, y]| {
        let squares = [x, y].map(|x| b.mul(x, x).unwrap());
        let sum = b.add(squares[0], squares[1]).unwrap();
        b.activation(sum, Sqrt).unwrap()
    });
    fails(&norm, Terms::Gradient(None), 1);
    let log = model(|b, [x]| b.activation(x, Log).unwrap());
    fails(&log, Terms::Gradient(None), 1);
    let product = model(|b, [x]| {
        let log = b.activation(x, Log).unwrap();
        b.mul(x, log).unwrap()
    });
    fails(&product, ray(&[1.0]), 2);
}
