//! Points and directions come from arrays, results are arrays.

use std::ops::ControlFlow;

use hope::activation::{Exp, Relu};
use hope::forward::Forward;
use hope::model::Model;
use hope::ndarray::{Array2, Array3, array, s};
use hope::rays::Directions;
use hope::{Batch, Error, Expansion, Job, Precision, Prepared, Request, Rows, Sink, Terms, expand};

/// y0 = exp(x0 + 2 x1), y1 = exp(3 x0 - x1).
fn network() -> Model {
    let mut b = Model::builder(&[2]);
    let h = b.linear(b.input(), &[2, 2], vec![1.0, 2.0, 3.0, -1.0], None).unwrap();
    let y = b.activation(h, Exp).unwrap();
    b.build(y).unwrap()
}

fn points() -> Array2<f64> {
    array![[0.0, 0.0], [0.5, -0.25], [0.125, 0.75]]
}

fn near(found: f64, truth: f64) {
    assert!((found - truth).abs() <= 1e-12 * truth.abs(), "{found} instead of {truth}");
}

#[test]
fn coefficients_are_where_the_documentation_says() {
    let (model, points) = (network(), points());
    let expansion = expand(&model, &Request::new(&points, 3)).unwrap();
    let (unmixed, value) = (expansion.unmixed().unwrap(), expansion.value());
    assert_eq!((unmixed.dim(), value.dim()), ((3, 2, 3, 2), (3, 2)));
    assert_eq!(expansion.points(), points);
    assert!(expansion.exponents().is_none() && expansion.kinks().is_none());
    let weights = [[1.0f64, 2.0], [3.0, -1.0]];
    for ((b, o, k, i), &c) in unmixed.indexed_iter() {
        let y = (weights[o][0] * points[[b, 0]] + weights[o][1] * points[[b, 1]]).exp();
        near(value[[b, o]], y);
        near(c, y * weights[o][i].powi(k as i32 + 1) / [1.0, 2.0, 6.0][k]);
    }
}

#[test]
fn directions_and_subspaces_come_from_arrays() {
    let (model, points) = (network(), points());
    let run = |terms| expand(&model, &Request { terms, ..Request::new(&points, 2) }).unwrap();
    let shared = array![[1.0f32, 1.0], [0.5, 0.0]];
    let along = run(Terms::Along(shared.view().into()));
    assert_eq!(along.along().unwrap().dim(), (3, 2, 2, 2));
    near(along.along().unwrap()[[0, 0, 1, 0]], 4.5); // exp(3 t)
    let own = Array3::from_shape_fn((3, 2, 2), |(_, r, i)| f64::from(shared[[r, i]]));
    assert_eq!(run(Terms::Along(own.into())).along().unwrap(), along.along().unwrap());

    let mixed = run(Terms::subspace(&array![[1.0, 0.0], [0.0, 1.0]]));
    assert_eq!(mixed.mixed().unwrap().dim(), (3, 2, 6));
    let exponents = mixed.exponents().unwrap();
    assert_eq!(exponents.dim(), (6, 2));
    let both = exponents.rows().into_iter().position(|row| row == array![1, 1]).unwrap();
    assert!((mixed.mixed().unwrap()[[0, 0, both]] - 2.0).abs() < 1e-10);
}

#[test]
fn what_is_not_there_is_said() {
    let expansion = expand(&network(), &Request::new(points(), 1)).unwrap();
    let error = expansion.mixed().unwrap_err();
    assert!(matches!(error, Error::Terms(_)));
    assert_eq!(error.to_string(), "the result has no coefficients 'mixed', it has 'unmixed': read unmixed()");
    assert!(expansion.along().is_err());
}

#[test]
fn arrays_of_another_width_are_refused() {
    let model = network();
    let turned = points().reversed_axes(); // [2, 3]: six numbers, as three points have
    let wide = |error| matches!(error, Error::Size { expected: 2, given: 3, .. });
    assert!(wide(expand(&model, &Request::new(&turned, 1)).unwrap_err()));
    assert!(wide(Prepared::new(&model, &Request::new(Vec::new(), 1)).unwrap().expand(&turned).unwrap_err()));
    assert!(wide(Forward::new(&model, None, &Default::default()).unwrap().run(&turned).unwrap_err()));
    for terms in [Terms::subspace(&turned), Terms::Along(turned.view().into())] {
        assert!(wide(expand(&model, &Request { terms, ..Request::new(points(), 1) }).unwrap_err()));
    }
    let own = Terms::Along(Directions::from(Array3::<f64>::ones((3, 2, 3))));
    assert!(wide(expand(&model, &Request { terms: own, ..Request::new(points(), 1) }).unwrap_err()));
}

#[test]
fn views_of_any_layout_are_the_same_points() {
    let points = points();
    let plain: Vec<f64> = points.iter().copied().collect();
    let single = points.mapv(|x| x as f32); // these numbers are f32's, too
    let strided = Array2::from_shape_fn((6, 2), |(b, i)| points[[b / 2, i]]);
    let columns = points.t().to_owned();
    let same = [
        Rows::from(points.view()),
        Rows::from(single.view()),
        Rows::from(&single),
        Rows::from(strided.slice(s![..;2, ..])),
        Rows::from(columns.t()),
        Rows::from(points.clone()),
    ];
    assert!(same.iter().all(|rows| **rows == plain[..]));
}

#[test]
fn single_precision_results_lose_nothing() {
    let request = Request { precision: Precision::F32, ..Request::new(points(), 2) };
    let expansion = expand(&network(), &request).unwrap();
    let single = expansion.unmixed_as::<f32>().unwrap();
    assert_eq!(single.mapv(f64::from), expansion.unmixed().unwrap());
    assert_eq!(expansion.value_as::<f32>().mapv(f64::from), expansion.value());
}

/// Keeps what batches say, as arrays.
#[derive(Default)]
struct Seen(Vec<(usize, Array2<f64>, usize, bool)>);

impl Sink for Seen {
    fn batch(&mut self, batch: &Batch) -> std::io::Result<()> {
        let unmixed = batch.unmixed().map_err(std::io::Error::other)?;
        self.0.push((batch.first, batch.value().to_owned(), unmixed.dim().0, batch.mixed().is_err()));
        Ok(())
    }
}

#[test]
fn batches_are_arrays() {
    let model = network();
    let request = Request::new(points(), 2);
    let mut seen = Seen::default();
    Job::new(&model, &request).unwrap().run(&mut seen, &|_| ControlFlow::Continue(())).unwrap();
    let whole: Expansion = expand(&model, &request).unwrap();
    assert_eq!(seen.0.iter().map(|batch| batch.2).sum::<usize>(), 3);
    for (first, value, count, others) in seen.0 {
        assert_eq!(value, whole.value().slice(s![first..first + count, ..]));
        assert!(others);
    }
}

#[test]
fn kinks_are_an_array_per_ray_or_per_point() {
    let mut b = Model::builder(&[2]);
    let y = b.activation(b.input(), Relu).unwrap();
    let model = b.build(y).unwrap();
    let request = Request::new(array![[-0.5, 1.0], [-2.0, -3.0]], 1);
    // Ahead or behind: the nearest.
    assert_eq!(expand(&model, &request).unwrap().kinks().unwrap(), array![[0.5, 1.0], [2.0, 3.0]]);
    let mixed = Request { terms: Terms::Mixed(None), ..request };
    assert_eq!(expand(&model, &mixed).unwrap().kinks().unwrap().dim(), (2, 1));
}
