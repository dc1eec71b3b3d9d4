//! Gradients along rays and second derivatives. Truth: mixed derivatives by nested float64 differentiation, closed forms, and for every operator the
//! forward pass, whose coefficients along `v + s e_i` are polynomials in s.

use hope::activation::{Abs, Exp, Log, Relu, Sin, Sqrt, Tanh};
use hope::model::{Constant, Model};
use hope::onnx::ImportOptions;
use hope::rays::Directions;
use hope::{Cost, Error, Expansion, Method, Precision, Prepared, Request, Terms, expand};

use crate::common::{Truth, dense, fixtures, noise, path};

fn along(rows: &[f64], inputs: usize) -> Option<Directions> {
    Some(Directions::Shared { inputs, rows: rows.to_vec() })
}

fn gradient(model: &Model, point: &[f64], ray: &[f64], order: usize) -> Expansion {
    let terms = Terms::Gradient(along(ray, model.inputs()));
    expand(model, &Request { terms, ..Request::new(point.to_vec(), order) }).unwrap()
}

/// The largest difference beside the largest number.
fn off(found: impl IntoIterator<Item = f64>, truth: &[f64]) -> f64 {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), truth.len());
    let size = truth.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    let off = found.iter().zip(truth).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
    if off == 0.0 { 0.0 } else { off / size }
}

#[test]
fn mixed_derivatives_of_reference_networks_give_all_gradients() {
    for name in ["discover_2d", "discover_5d"] {
        let model = path(&format!("tests/fixtures/reference/{name}.onnx"));
        let model = Model::from_onnx(model, &ImportOptions::default()).unwrap();
        let mut truth = Truth::open(&path(&format!("tests/fixtures/reference/{name}.npz")));
        let (inputs, points) = (model.inputs(), truth.values("points"));
        let mixed = truth.get("mixed");
        let exponents = truth.exponents();
        let (order, rays) = (4, 3);
        let directions = noise(7, rays * inputs);
        let terms = Terms::Gradient(along(&directions, inputs));
        let found = expand(&model, &Request { terms, ..Request::new(points, order) }).unwrap();
        let found = found.gradient().unwrap();
        for k in 0..order {
            let (mut all, mut expected) = (Vec::new(), Vec::new());
            for b in 0..mixed.shape()[0] {
                for o in 0..mixed.shape()[1] {
                    for (r, v) in directions.chunks(inputs).enumerate() {
                        for i in 0..inputs {
                            // d/dx_i of Σ c_α v^α, |α| = k + 1.
                            let mut sum = 0.0;
                            for (term, alpha) in exponents.chunks(inputs).enumerate() {
                                let degree: usize = alpha.iter().map(|&a| usize::from(a)).sum();
                                if degree != k + 1 || alpha[i] == 0 {
                                    continue;
                                }
                                let power = |j: usize| i32::from(alpha[j]) - i32::from(i == j);
                                let product: f64 = (0..inputs).map(|j| v[j].powi(power(j))).product();
                                sum += mixed[[b, o, term]] * f64::from(alpha[i]) * product;
                            }
                            expected.push(sum);
                            all.push(found[[b, o, k, r, i]]);
                        }
                    }
                }
            }
            let off = off(all, &expected);
            assert!(off < 1e-10, "{name}, order {k}: {off:.1e}");
        }
    }
}

#[test]
fn every_operator_has_the_gradient_that_its_series_have() {
    let mut checked = 0;
    for file in fixtures("operators", "onnx") {
        let model = Model::from_onnx(&file, &ImportOptions::default()).unwrap();
        let mut truth = Truth::open(&file.with_extension("npz"));
        let inputs = model.inputs();
        let points: Vec<f64> = truth.values("points");
        let point = &points[..inputs];
        let directions = truth.values("directions");
        let v = &directions[..inputs];
        // Some components of each.
        let chosen: Vec<usize> = (0..inputs).step_by(inputs.div_ceil(6)).collect();
        let order = 3;
        // c_{k+1} along v + s e_i to the first order in s, from whole numbers s = -2 … 2 times a step: exact for polynomials to degree 4.
        let steps = [-2.0, -1.0, 1.0, 2.0];
        let mut rows = Vec::new();
        for &i in &chosen {
            for s in steps {
                let mut row = v.to_vec();
                row[i] += 0.5 * s;
                rows.extend(row);
            }
        }
        let request = Request::new(point.to_vec(), order);
        let forward = Request { terms: Terms::Along(along(&rows, inputs).unwrap()), ..request.clone() };
        let forward = expand(&model, &forward).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let terms = Terms::Gradient(along(v, inputs));
        let backward = Request { terms, ..request };
        let backward = expand(&model, &backward).unwrap_or_else(|error| panic!("{name}: {error}"));
        if forward.report.one_sided > 0 || backward.report.one_sided > 0 {
            continue; // each ray may be on a side of its own
        }
        checked += 1;
        let (forward, backward) = (forward.along().unwrap(), backward.gradient().unwrap());
        for k in 0..order {
            let (mut all, mut expected) = (Vec::new(), Vec::new());
            for o in 0..model.outputs() {
                for (c, &i) in chosen.iter().enumerate() {
                    let at = |s: usize| forward[[0, o, k, 4 * c + s]];
                    expected.push((at(0) - 8.0 * at(1) + 8.0 * at(2) - at(3)) / 6.0);
                    all.push(backward[[0, o, k, 0, i]]);
                }
            }
            let largest = forward.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
            let size = expected.iter().fold(1e-3 * largest, |m: f64, x| m.max(x.abs()));
            let off = all.iter().zip(&expected).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
            assert!(off <= 1e-9 * size, "{name}, order {k}: {off:.1e} of {size:.1e}");
        }
    }
    assert!(checked > 700, "{checked}");
}

/// sin(x) exp(y) / (1 + x²) at some points, by hand.
#[test]
fn a_closed_form() {
    let mut b = Model::builder(&[2]);
    let x = b.linear(b.input(), &[1, 2], vec![1.0, 0.0], None).unwrap();
    let y = b.linear(b.input(), &[1, 2], vec![0.0, 1.0], None).unwrap();
    let sin = b.activation(x, Sin).unwrap();
    let exp = b.activation(y, Exp).unwrap();
    let square = b.mul(x, x).unwrap();
    let below = b.linear(square, &[1, 1], vec![1.0], Some(vec![1.0])).unwrap();
    let z = b.mul(sin, exp).unwrap();
    let z = b.div(z, below).unwrap();
    let model = b.build(z).unwrap();
    for (x, y) in [(0.0f64, 0.0f64), (0.7, -0.3), (-2.0, 1.0)] {
        let found = expand(&model, &Request { terms: Terms::Gradient(None), ..Request::new(vec![x, y], 1) });
        let q = 1.0 + x * x;
        let dx = y.exp() * (x.cos() / q - 2.0 * x * x.sin() / (q * q));
        let dy = y.exp() * x.sin() / q;
        assert!(off(found.unwrap().gradient().unwrap().iter().copied(), &[dx, dy]) < 1e-14);
        let found = expand(&model, &Request { terms: Terms::Hessian(None), ..Request::new(vec![x, y], 2) });
        let xx = y.exp()
            * (-x.sin() / q - 4.0 * x * x.cos() / (q * q) - 2.0 * x.sin() / (q * q)
                + 8.0 * x * x * x.sin() / (q * q * q));
        let found = found.unwrap();
        assert_eq!(found.hessian().unwrap().shape(), [1, 1, 2, 2]);
        assert!(off(found.hessian().unwrap().iter().copied(), &[xx, dx, dx, dy]) < 1e-13);
    }
}

#[test]
fn hessians_are_symmetric_and_rows_are_rows() {
    let mut b = Model::builder(&[6]);
    let x = b.input();
    let h = dense(&mut b, x, 9, 3);
    let h = b.activation(h, Tanh).unwrap();
    let h = dense(&mut b, h, 7, 4);
    let h = b.softmax(h, 0, false).unwrap();
    let y = dense(&mut b, h, 3, 5);
    let model = b.build(y).unwrap();
    let points = noise(1, 12);
    let all = Request { terms: Terms::Hessian(None), ..Request::new(points, 2) };
    let whole = expand(&model, &all).unwrap();
    let h = whole.hessian().unwrap();
    let size = h.iter().fold(0.0, |m: f64, x| m.max(x.abs()));
    for (b, o) in [(0, 0), (0, 2), (1, 1)] {
        for i in 0..6 {
            for j in 0..i {
                assert!((h[[b, o, i, j]] - h[[b, o, j, i]]).abs() < 1e-13 * size);
            }
        }
    }
    let rows = Request { terms: Terms::Hessian(Some(vec![4, 1])), outputs: Some(vec![2, 0]), ..all.clone() };
    let rows = expand(&model, &rows).unwrap();
    let rows = rows.hessian().unwrap();
    for (b, (o, output)) in (0..2).flat_map(|b| [(0, 2), (1, 0)].map(|o| (b, o))) {
        for (r, row) in [(0, 4), (1, 1)] {
            for i in 0..6 {
                assert_eq!(rows[[b, o, r, i]], h[[b, output, row, i]]);
            }
        }
    }
    // Any memory and any threads, the same bits.
    for (threads, memory) in [(1, 40_000), (2, 1 << 20)] {
        let found = expand(&model, &Request { threads: Some(threads), memory: Some(memory), ..all.clone() });
        assert_eq!(found.unwrap().hessian().unwrap(), h);
    }
    let single = Request { precision: Precision::F32, verify: 3, ..all };
    let single = expand(&model, &single).unwrap();
    assert!(off(single.hessian().unwrap().iter().copied(), h.as_slice().unwrap()) < 1e-5);
    assert!(single.report.verification.unwrap().deviation < 1e-5);
}

#[test]
fn gradients_in_any_units() {
    // The same network in units of one and of a million millionth and a thousand million.
    let network = |units: [f64; 2]| {
        let mut b = Model::builder(&[2]);
        let scale = Constant { shape: &[2], values: &units };
        let x = b.affine(b.input(), Some(scale), None).unwrap();
        let h = dense(&mut b, x, 5, 1);
        let h = b.activation(h, Tanh).unwrap();
        let y = dense(&mut b, h, 2, 2);
        b.build(y).unwrap()
    };
    let (units, order) = ([2f64.powi(-40), 2f64.powi(30)], 4);
    let run = |units: [f64; 2], length: f64, precision| {
        let point: Vec<f64> = [0.3, -0.2].iter().zip(units).map(|(x, unit)| x / unit).collect();
        let ray: Vec<f64> = [1.0, 0.5].iter().zip(units).map(|(v, unit)| length * v / unit).collect();
        let terms = Terms::Gradient(along(&ray, 2));
        let request = Request { terms, precision, verify: 2, ..Request::new(point, order) };
        let found = expand(&network(units), &request).unwrap();
        assert!(found.report.verification.unwrap().deviation < 1e-4);
        let found = found.gradient().unwrap().to_owned();
        // In units of one again.
        let value = |(_, o, k, _, i): (usize, usize, usize, usize, usize)| {
            found[[0, o, k, 0, i]] / units[i] / length.powi(k as i32)
        };
        let all = (0..order).map(|k| -> Vec<f64> {
            (0..2).flat_map(|o| [(0, o, k, 0, 0), (0, o, k, 0, 1)]).map(value).collect()
        });
        all.collect::<Vec<_>>()
    };
    let truth = run([1.0, 1.0], 1.0, Precision::F64);
    for length in [1.0, 2f64.powi(-60), 2f64.powi(35)] {
        for (precision, tolerance) in [(Precision::F64, 1e-12), (Precision::F32, 1e-4)] {
            for (k, found) in run(units, length, precision).into_iter().enumerate() {
                let off = off(found, &truth[k]);
                assert!(off < tolerance, "{length:e}, {precision:?}, t^{k}: {off:.1e}");
            }
        }
    }
}

#[test]
fn prepared_once_for_other_directions() {
    let mut b = Model::builder(&[3]);
    let x = b.input();
    let h = dense(&mut b, x, 5, 1);
    let h = b.activation(h, Tanh).unwrap();
    let y = dense(&mut b, h, 2, 2);
    let model = b.build(y).unwrap();
    let of = |rows: &[f64], precision| {
        let terms = Terms::Gradient(along(rows, 3));
        Request { terms, precision, verify: 1, ..Request::new(vec![0.3, -0.1, 0.2], 3) }
    };
    for precision in [Precision::F64, Precision::F32] {
        let prepared = Prepared::new(&model, &of(&[0.0; 3], precision)).unwrap();
        for row in [[1.0, 2.0, -1.0], [0.0, 1e-9, 0.0]] {
            let request = of(&row, precision);
            let again = prepared.along(along(&row, 3).unwrap()).unwrap();
            let (found, truth) = (again.expand(&request.points), expand(&model, &request));
            assert_eq!(found.unwrap().coefficients, truth.unwrap().coefficients);
        }
        let error = prepared.along(along(&[0.0; 6], 3).unwrap()).unwrap_err();
        assert!(error.to_string().contains("1 directions, not for 2"), "{error}");
        for inputs in [0, 2] {
            let rows = Directions::Shared { inputs, rows: vec![0.0; inputs] };
            let error = prepared.along(rows).unwrap_err();
            assert!(error.to_string().contains("rows of 3 numbers"), "{error}");
        }
        assert!(prepared.along(along(&[f64::NAN; 3], 3).unwrap()).unwrap().expand(&[0.0; 3]).is_err());
    }
    let other = Prepared::new(&model, &Request::new(Vec::new(), 3)).unwrap();
    assert!(matches!(other.along(along(&[0.0; 3], 3).unwrap()), Err(Error::Terms(_))));
}

/// |x| + 2 |y|.
fn kinked() -> Model {
    let mut b = Model::builder(&[2]);
    let h = b.activation(b.input(), Abs).unwrap();
    let y = b.linear(h, &[1, 2], vec![1.0, 2.0], None).unwrap();
    b.build(y).unwrap()
}

#[test]
fn on_a_kink_the_ray_decides_and_what_it_leaves_open_is_said() {
    let model = kinked();
    // Off the kinks.
    let found = gradient(&model, &[1.0, -2.0], &[1.0, 1.0], 2);
    assert_eq!(found.gradient().unwrap().iter().copied().collect::<Vec<_>>(), [1.0, -2.0, 0.0, 0.0]);
    assert!(found.report.certificate.exact && found.report.one_sided == 0);
    assert_eq!(found.kinks().unwrap()[[0, 0]], 1.0);
    // Both kinks, left to one side.
    let found = gradient(&model, &[0.0, 0.0], &[1.0, -1.0], 2);
    assert_eq!(found.gradient().unwrap().iter().copied().collect::<Vec<_>>(), [1.0, -2.0, 0.0, 0.0]);
    assert!(found.report.certificate.exact && found.report.one_sided == 1);
    assert!(found.report.certificate.reason.contains("one-sided"), "{}", found.report.certificate.reason);
    // The ray stays on one of them.
    let found = gradient(&model, &[0.0, 0.0], &[1.0, 0.0], 2);
    assert_eq!(found.gradient().unwrap()[[0, 0, 0, 0, 0]], 1.0);
    assert!(!found.report.certificate.exact);
    assert!(
        found.report.certificate.reason.contains("has no gradient"),
        "{}",
        found.report.certificate.reason
    );
    // No ray at all.
    let request = Request { terms: Terms::Gradient(None), ..Request::new(vec![0.0, 1.0], 1) };
    let certificate = expand(&model, &request).unwrap().report.certificate;
    let layer = model.nodes()[1].name.clone();
    assert!(
        !certificate.exact && certificate.reason.contains(&format!("'{layer}'")),
        "{}",
        certificate.reason
    );
    // A kink whose adjoint is zero is none.
    let mut b = Model::builder(&[1]);
    let h = b.activation(b.input(), Relu).unwrap();
    let h = b.mul(h, h).unwrap();
    let square = b.build(h).unwrap();
    let request = Request { terms: Terms::Gradient(None), ..Request::new(vec![0.0], 1) };
    assert!(expand(&square, &request).unwrap().report.certificate.exact);
}

#[test]
fn what_is_not_finite_is_an_error_that_names_the_layer() {
    let mut b = Model::builder(&[1]);
    let h = b.activation(b.input(), Sqrt).unwrap();
    let y = b.activation(h, Log).unwrap();
    let model = b.build(y).unwrap();
    for point in [0.0, -1.0] {
        let request = Request { terms: Terms::Gradient(None), ..Request::new(vec![point], 1) };
        assert!(matches!(expand(&model, &request), Err(Error::NonFinite { .. })), "{point}");
    }
    let mut b = Model::builder(&[1]);
    let h = b.activation(b.input(), Sqrt).unwrap();
    let model = b.build(h).unwrap();
    let request = Request { terms: Terms::Gradient(None), ..Request::new(vec![0.0], 1) };
    assert!(matches!(expand(&model, &request), Err(Error::NonFinite { .. })));
}

#[test]
fn requests_that_make_no_sense_say_what_to_do() {
    let model = kinked();
    let run = |terms, order, method| {
        expand(&model, &Request { terms, method, ..Request::new(vec![0.5, 0.5], order) })
    };
    for (terms, order, method, said) in [
        (Terms::Gradient(None), 3, Method::Exact, "--directions"),
        (Terms::Hessian(None), 3, Method::Exact, "--order 2"),
        (Terms::Hessian(Some(vec![2])), 2, Method::Exact, "2 inputs"),
        (Terms::Hessian(Some(vec![])), 2, Method::Exact, "no inputs"),
        (Terms::Gradient(None), 1, Method::Hope, "--method exact"),
        (Terms::Gradient(along(&[1.0; 3], 3)), 2, Method::Exact, "rows of 2"),
    ] {
        let error = run(terms, order, method).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// Comparing the sides of a kink takes memory: where the budget has none left the kink stays undecided, and the result says so.
#[test]
fn sides_are_compared_within_the_budget() {
    const UNITS: usize = 1 << 18;
    let mut b = Model::builder(&[1]);
    let wide = b.broadcast(b.input(), &[UNITS]).unwrap();
    let minus = b.affine(wide, Some(Constant { shape: &[], values: &[-1.0] }), None).unwrap();
    let (up, down) = (b.activation(wide, Relu).unwrap(), b.activation(minus, Relu).unwrap());
    let both = b.sub(up, down).unwrap();
    let mean = b.linear(both, &[1, UNITS], vec![1.0 / UNITS as f64; UNITS], None).unwrap();
    let model = b.build(mean).unwrap();
    let request = Request { terms: Terms::Gradient(None), ..Request::new(vec![0.0], 1) };
    let whole = expand(&model, &request).unwrap();
    assert!(whole.report.certificate.exact, "{}", whole.report.certificate.reason);
    assert!((whole.gradient().unwrap()[[0, 0, 0, 0, 0]] - 1.0).abs() < 1e-9);
    let bytes = Cost::of(&model, &request).unwrap().bytes;
    let tight = expand(&model, &Request { memory: Some(bytes), ..request }).unwrap();
    assert!(!tight.report.certificate.exact);
}
