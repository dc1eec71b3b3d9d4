//! Smooth stand-ins against the formulas that they are made from.

use hope::activation::{Abs, Activation, Clip, LeakyRelu, Relu};
use hope::forward::values;
use hope::model::{Geometry, Model, Smoothing};
use hope::rays::Directions;
use hope::trust::{StandIn, convergence};
use hope::{Kinks, Method, Request, Terms, expand};
use proptest::prelude::*;

/// Of β and x.
type Formula = fn(f64, f64) -> f64;

fn unit(function: impl Into<Activation>) -> Model {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let y = b.activation(x, function).unwrap();
    b.build(y).unwrap()
}

fn smooth(model: &Model, rules: &str) -> Model {
    model.smooth(&rules.parse::<Smoothing>().unwrap()).unwrap()
}

/// `ln(1 + e^βx) / β`.
fn s(beta: f64, x: f64) -> f64 {
    (beta * x).max(0.0) / beta + (-(beta * x).abs()).exp().ln_1p() / beta
}

fn at(model: &Model, points: Vec<f64>) -> Vec<f64> {
    values(model, &points, None).unwrap()
}

#[test]
fn functions_by_their_formulas() {
    let beta = 7.0;
    let cases: [(&str, Model, Formula); 6] = [
        ("relu=softplus:7", unit(Relu), s),
        ("leaky_relu=softplus:7", unit(LeakyRelu { alpha: 0.1 }), |b, x| 0.1 * x + 0.9 * s(b, x)),
        ("abs=softplus:7", unit(Abs), |b, x| s(b, x) + s(b, -x)),
        ("clip=softplus:7", unit(Clip { min: -1.0, max: 2.0 }), |b, x| -1.0 + s(b, x + 1.0) - s(b, x - 2.0)),
        ("clip=softplus:7", unit(Clip { min: 0.5, max: f64::INFINITY }), |b, x| 0.5 + s(b, x - 0.5)),
        ("clip=softplus:7", unit(Clip { min: f64::NEG_INFINITY, max: 0.5 }), |b, x| x - s(b, x - 0.5)),
    ];
    for (rules, model, truth) in cases {
        assert_ne!(Kinks::of(&model), Kinks::None);
        let stand_in = smooth(&model, rules);
        assert_eq!(Kinks::of(&stand_in), Kinks::None);
        let points: Vec<f64> = (-40..=40).map(|i| f64::from(i) / 8.0).chain([-1e5, 1e5]).collect();
        let (ours, theirs) = (at(&stand_in, points.clone()), at(&model, points.clone()));
        for ((x, y), kinked) in points.iter().zip(ours).zip(theirs) {
            assert!((y - truth(beta, *x)).abs() <= 1e-12 * x.abs().max(1.0), "{rules} at {x}: {y}");
            assert!((y - kinked).abs() <= 2.0 * 2f64.ln() / beta + 1e-9, "{rules} at {x}");
        }
    }
}

/// The logistic function's series at 0 is known: 1/2 + x/4 - x³/48 + x⁵/480.
#[test]
fn the_series_of_a_smooth_rectifier() {
    let beta = 4.0f64;
    let expansion = expand(&smooth(&unit(Relu), "relu=softplus:4"), &Request::new(vec![0.0], 6)).unwrap();
    let truth = [0.5, beta / 8.0, 0.0, -beta.powi(3) / 192.0, 0.0, beta.powi(5) / 2880.0];
    for (c, truth) in expansion.coefficients.iter().zip(truth) {
        assert!((c - truth).abs() < 1e-13, "{c} {truth}");
    }
    let longer = expand(&smooth(&unit(Relu), "relu=softplus:4"), &Request::new(vec![0.0], 18)).unwrap();
    let radius = convergence(&longer.coefficients).radius;
    assert!((radius * beta / std::f64::consts::PI - 1.0).abs() < 0.2, "{radius}");
}

/// Log-sum-exp over the cells of a window that lie inside the image.
fn pooled(image: &[f64], size: [usize; 2], g: &Geometry, out: [usize; 2], beta: f64) -> Vec<f64> {
    let mut y = Vec::new();
    for row in 0..out[0] {
        for column in 0..out[1] {
            let mut cells = Vec::new();
            for i in 0..g.kernel[0] {
                for j in 0..g.kernel[1] {
                    let r = (row * g.stride[0] + i * g.dilation[0]) as isize - g.pad_begin[0] as isize;
                    let c = (column * g.stride[1] + j * g.dilation[1]) as isize - g.pad_begin[1] as isize;
                    if (0..size[0] as isize).contains(&r) && (0..size[1] as isize).contains(&c) {
                        cells.push(image[r as usize * size[1] + c as usize]);
                    }
                }
            }
            let top = cells.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            y.push(top + cells.iter().map(|x| (beta * (x - top)).exp()).sum::<f64>().ln() / beta);
        }
    }
    y
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn pooling_of_any_geometry(
        size in (3usize..8, 3usize..8),
        kernel in (1usize..4, 1usize..4),
        stride in (1usize..4, 1usize..4),
        dilation in (1usize..3, 1usize..3),
        pad in (0usize..2, 0usize..2, 0usize..2, 0usize..2),
        ceil in any::<bool>(),
        seed in 1u32..1000,
    ) {
        let g = Geometry {
            kernel: vec![kernel.0, kernel.1],
            stride: vec![stride.0, stride.1],
            dilation: vec![dilation.0, dilation.1],
            pad_begin: vec![pad.0, pad.1],
            pad_end: vec![pad.2, pad.3],
            ceil,
        };
        let mut b = Model::builder(&[2, size.0, size.1]);
        let x = b.input();
        let Ok(y) = b.max_pool(x, &g) else { return Ok(()) };
        let out = [b.shape(y)[1], b.shape(y)[2]];
        let model = b.build(y).unwrap();
        let stand_in = smooth(&model, "max_pool=logsumexp:9");
        prop_assert_eq!(Kinks::of(&stand_in), Kinks::None);
        prop_assert_eq!(stand_in.output_shape(), model.output_shape());
        let area = size.0 * size.1;
        let image: Vec<f64> = (0..2 * area).map(|i| 3.0 * (f64::from(seed) * (i as f64 + 0.3)).sin()).collect();
        let found = at(&stand_in, image.clone());
        let truth = [&image[..area], &image[area..]].map(|c| pooled(c, [size.0, size.1], &g, out, 9.0)).concat();
        for (f, t) in found.iter().zip(&truth) {
            prop_assert!((f - t).abs() < 1e-12, "{} {}", f, t);
        }
    }
}

#[test]
fn pooling_over_everything_and_in_one_dimension() {
    for length in [1usize, 2, 7, 49, 100] {
        let mut b = Model::builder(&[1, length]);
        let x = b.input();
        let y = b.max_pool(x, &Geometry { kernel: vec![length], ..Geometry::default() }).unwrap();
        let model = b.build(y).unwrap();
        let stand_in = smooth(&model, "max_pool=logsumexp:2");
        assert!(stand_in.nodes().len() < 80, "{}", stand_in.nodes().len());
        let x: Vec<f64> = (0..length).map(|i| (i as f64 * 1.7).sin()).collect();
        let truth = x.iter().map(|x| (2.0 * x).exp()).sum::<f64>().ln() / 2.0;
        assert!((at(&stand_in, x)[0] - truth).abs() < 1e-12);
    }
}

/// Two values that are equal, one growing: ln((1 + e^βt)/…)/β, so c_1 = 1/2 and c_2 = β/8.
#[test]
fn pooling_at_a_tie_has_a_series() {
    let mut b = Model::builder(&[1, 2]);
    let x = b.input();
    let y = b.max_pool(x, &Geometry { kernel: vec![2], ..Geometry::default() }).unwrap();
    let stand_in = smooth(&b.build(y).unwrap(), "max_pool=logsumexp:3");
    let terms = Terms::Along(Directions::Shared { inputs: 2, rows: vec![0.0, 1.0, 1.0, 0.0, 1.0, 1.0] });
    let expansion = expand(&stand_in, &Request { terms, ..Request::new(vec![0.4, 0.4], 3) }).unwrap();
    assert!((expansion.value[0] - 0.4 - 2f64.ln() / 3.0).abs() < 1e-14);
    let truth = [0.5, 0.5, 1.0, 3.0 / 8.0, 3.0 / 8.0, 0.0, 0.0, 0.0, 0.0];
    for (c, t) in expansion.coefficients.iter().zip(truth) {
        assert!((c - t).abs() < 1e-13, "{c} {t}");
    }
}

#[test]
fn a_network_keeps_what_is_not_chosen() {
    let mut b = Model::builder(&[1, 4, 4]);
    let x = b.input();
    let weight = (0..18).map(|i| f64::from(i % 5) - 2.0).collect::<Vec<_>>();
    let same =
        Geometry { kernel: vec![3, 3], pad_begin: vec![1, 1], pad_end: vec![1, 1], ..Geometry::default() };
    b.name("conv1");
    let h = b.conv(x, &[2, 1, 3, 3], weight, None, 1, &same).unwrap();
    b.name("act1");
    let h = b.activation(h, Relu).unwrap();
    b.name("pool1");
    let y =
        b.max_pool(h, &Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Geometry::default() }).unwrap();
    let model = b.build(y).unwrap();

    let half = smooth(&model, "relu=softplus:10");
    assert_eq!(Kinks::of(&half), Kinks::Piecewise);
    let whole = smooth(&model, "relu=softplus:10,max_pool=logsumexp:10");
    assert_eq!(Kinks::of(&whole), Kinks::None);
    assert!(whole.nodes().iter().any(|n| n.name == "act1" && n.kind.starts_with("smooth")));
    // Both methods run on it, and the sharper, the closer.
    let request = Request::new((0..16).map(|i| f64::from(i) / 7.0 - 1.0).collect::<Vec<_>>(), 3);
    assert!(expand(&whole, &request).unwrap().coefficients.iter().any(|c| *c != 0.0));
    assert!(expand(&whole, &Request { method: Method::Hope, ..request.clone() }).is_ok());
    let mut last = f64::INFINITY;
    for beta in [1, 10, 100, 1000] {
        let rules = format!("relu=softplus:{beta},max_pool=logsumexp:{beta}");
        let off = StandIn::measure(&model, &smooth(&model, &rules), &request, 0.5, 20).unwrap();
        // A softplus and a log-sum-exp of four.
        assert!(off.over <= (2f64.ln() + 4f64.ln()) / f64::from(beta) + 1e-12, "{off:?}");
        assert!(off.at <= off.over && off.mean <= off.over && off.over < last, "{off:?}");
        assert_eq!((off.samples, off.radius), (20, 0.5));
        last = off.over;
    }
}

#[test]
fn what_is_no_smoothing() {
    for wrong in [
        "",
        "relu",
        "relu=softplus",
        "relu=softplus:",
        "relu=softplus:0",
        "relu=softplus:-1",
        "relu=softplus:nan",
        "relu=softplus:inf",
        "relu=logsumexp:3",
        "max_pool=softplus:3",
        "gelu=softplus:3",
        "relu=softplus:3,",
        "relu=softplus:3,relu=softplus:4",
    ] {
        let error = wrong.parse::<Smoothing>().unwrap_err().to_string();
        assert!(error.contains("relu=softplus:BETA"), "{error}");
    }
    let error = unit(Relu).smooth(&"abs=softplus:3".parse().unwrap()).unwrap_err().to_string();
    assert!(error.contains("no abs"), "{error}");
    let negative = Smoothing { relu: Some(-1.0), ..Smoothing::default() };
    assert!(unit(Relu).smooth(&negative).is_err());
}
