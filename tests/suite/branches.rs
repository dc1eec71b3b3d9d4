//! Gradients at points on kinks that their rays don't leave: which have one all the same, and which is it. By closed forms.

use hope::activation::{Abs, Activation, Clip, Pow, Relu, Tanh};
use hope::attribution::{Way, along};
use hope::kernel::Kernel;
use hope::model::{Constant, Geometry, Model, ModelBuilder, NodeId};
use hope::plan::{Kernels, Plan, Target};
use hope::rays::Directions;
use hope::{Expansion, Precision, Request, Terms, expand};

/// The inputs one by one, and what is made of them.
fn model<const N: usize>(build: impl FnOnce(&mut ModelBuilder, [NodeId; N]) -> NodeId) -> Model {
    let mut b = Model::builder(&[N]);
    let parts = std::array::from_fn(|i| b.slice(b.input(), 0, i, 1, 1).unwrap());
    let y = build(&mut b, parts);
    b.build(y).unwrap()
}

fn gradient(
    model: &Model,
    point: &[f64],
    ray: Option<&[f64]>,
    order: usize,
    precision: Precision,
) -> Expansion {
    let directions = ray.map(|ray| Directions::Shared { inputs: model.inputs(), rows: ray.to_vec() });
    let request = Request { precision, verify: 1, ..Request::new(point.to_vec(), order) };
    expand(model, &Request { terms: Terms::Gradient(directions), ..request }).unwrap()
}

/// Whether it is exact, on how many rays one-sided, and the coefficients.
#[track_caller]
fn assert_gradient(model: &Model, ray: Option<&[f64]>, order: usize, one_sided: usize, truth: &[f64]) {
    for precision in [Precision::F64, Precision::F32] {
        let found = gradient(model, &vec![0.0; model.inputs()], ray, order, precision);
        let certificate = &found.report.certificate;
        assert!(certificate.exact, "{precision:?}: {}", certificate.reason);
        assert_eq!(found.report.one_sided, one_sided, "{precision:?}");
        let off = found.coefficients.iter().zip(truth).fold(0.0, |m: f64, (a, b)| m.max((a - b).abs()));
        assert!(
            found.coefficients.len() == truth.len() && off < 1e-5,
            "{precision:?}: {:?}",
            found.coefficients
        );
    }
}

#[test]
fn kinks_that_cancel_are_none() {
    // relu(x) - relu(-x) = x, beside |y|'s square.
    let identity = model(|b, [x, y]| {
        let left = b.scale(x, -1.0).unwrap();
        let (right, left) = (b.activation(x, Relu).unwrap(), b.activation(left, Relu).unwrap());
        let x = b.sub(right, left).unwrap();
        let y = b.activation(y, Abs).unwrap();
        let square = b.mul(y, y).unwrap();
        b.add(x, square).unwrap()
    });
    assert_gradient(&identity, None, 1, 0, &[1.0, 0.0]);
    // Along y the kink of x isn't left, and that of |y| is.
    assert_gradient(&identity, Some(&[0.0, 1.0]), 3, 0, &[1.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
    // The larger of two that are 0 all around.
    let dead = model(|b, [x, y]| {
        let parts = [x, y].map(|x| {
            let below = b.affine(x, None, Some(Constant { shape: &[], values: &[-1.0] })).unwrap();
            b.activation(below, Relu).unwrap()
        });
        b.maximum(parts[0], parts[1]).unwrap()
    });
    assert_gradient(&dead, None, 1, 0, &[0.0, 0.0]);
    // max(x, -x, x/2) - max(x, -x) + y: x/2 is never the largest, but as large at 0.
    let middle = model(|b, [x, y]| {
        let left = b.scale(x, -1.0).unwrap();
        let sides = b.maximum(x, left).unwrap();
        let half = b.scale(x, 0.5).unwrap();
        let most = b.maximum(sides, half).unwrap();
        let sides = b.maximum(x, left).unwrap();
        let rest = b.sub(most, sides).unwrap();
        b.add(rest, y).unwrap()
    });
    assert_gradient(&middle, None, 1, 0, &[0.0, 1.0]);
}

#[test]
fn coefficients_above_those_that_are_kept_decide() {
    let power = |exponent: f64| {
        model(|b, [x, y]| {
            let x = b.activation(x, Pow { exponent }).unwrap();
            let h = b.add(x, y).unwrap();
            b.activation(h, Relu).unwrap()
        })
    };
    // relu(x² + y) along x: on both sides x² + y.
    assert_gradient(&power(2.0), Some(&[1.0, 0.0]), 2, 0, &[0.0, 1.0, 2.0, 0.0]);
    // relu(x³ + y), relu(x⁷ + y): for t < 0 it is 0.
    assert_gradient(&power(3.0), Some(&[1.0, 0.0]), 2, 1, &[0.0, 1.0, 0.0, 0.0]);
    assert_gradient(&power(7.0), Some(&[1.0, 0.0]), 2, 1, &[0.0, 1.0, 0.0, 0.0]);
    assert_gradient(&power(7.0), Some(&[-1.0, 0.0]), 2, 1, &[0.0; 4]);
}

#[test]
fn where_the_sides_differ_there_is_no_gradient() {
    let sum = model(|b, [x, y, z]| {
        let parts = [x, y, z].map(|x| b.activation(x, Relu).unwrap());
        let h = b.add(parts[0], parts[1]).unwrap();
        b.sub(h, parts[2]).unwrap()
    });
    for ray in [None, Some(&[1.0, 0.0, 0.0][..]), Some(&[1.0, 0.0, -2.0])] {
        for precision in [Precision::F64, Precision::F32] {
            let found = gradient(&sum, &[0.0; 3], ray, 1, precision);
            let reason = found.report.certificate.reason;
            assert!(!found.report.certificate.exact && reason.contains("its branches differ"), "{reason}");
        }
    }
    assert_gradient(&sum, Some(&[1.0, -1.0, 1.0]), 1, 1, &[1.0, 0.0, -1.0]);
}

#[test]
fn second_derivatives_beside_a_kink_are_one_sided() {
    // |x| + x², and |x| x.
    let kinked = model(|b, [x]| {
        let (kink, square) = (b.activation(x, Abs).unwrap(), b.mul(x, x).unwrap());
        b.add(kink, square).unwrap()
    });
    let jumps = model(|b, [x]| {
        let kink = b.activation(x, Abs).unwrap();
        b.mul(kink, x).unwrap()
    });
    for model in [kinked, jumps] {
        let request = Request { terms: Terms::Hessian(None), ..Request::new(vec![0.0], 2) };
        let found = expand(&model, &request).unwrap();
        assert_eq!((found.coefficients, found.report.one_sided), (vec![2.0], 1));
    }
}

#[test]
fn shares_of_what_does_not_move_are_zero_on_either_side() {
    // relu(x) + 2 relu(z) from (1, 0): z stays on its kink, and has no share in the change.
    let model = model(|b, [x, z]| {
        let parts = [x, z].map(|x| b.activation(x, Relu).unwrap());
        let twice = b.scale(parts[1], 2.0).unwrap();
        b.add(parts[0], twice).unwrap()
    });
    let way = |to| Way { from: &[1.0, 0.0], to, steps: Some(1), most: 1, tolerance: 0.01 };
    let found = along(&model, 0, &way(&[0.5, 0.0]), &Request::new(vec![], 2)).unwrap();
    assert!(found.report.certificate.exact, "{}", found.report.certificate.reason);
    assert_eq!(found.shares, [-0.5, 0.0, 0.0, 0.0]);
    // Moved, it has one, on the side it moves to.
    let found = along(&model, 0, &way(&[0.5, 0.25]), &Request::new(vec![], 2)).unwrap();
    assert_eq!((found.shares, found.report.one_sided), (vec![-0.5, 0.5, 0.0, 0.0], 1));
}

/// max over a window of σ(u), u = x + offsets.
fn largest(function: impl Into<Activation>, offsets: [f64; 4]) -> Model {
    let mut b = Model::builder(&[1, 2, 2]);
    let window = Geometry { kernel: vec![2, 2], stride: vec![2, 2], ..Default::default() };
    let u = b.affine(b.input(), None, Some(Constant { shape: &[1, 2, 2], values: &offsets })).unwrap();
    let x = b.activation(u, function).unwrap();
    let y = b.max_pool(x, &window).unwrap();
    b.build(y).unwrap()
}

/// Behind a ReLU or a clip many are equally large: what was clamped tells them apart.
#[test]
fn maxima_of_clamped_values() {
    let clip = Clip { min: -1.0, max: 2.0 };
    let e0 = [1.0, 0.0, 0.0, 0.0];
    for (function, offsets, slope) in [
        // All flat, on either side.
        (Activation::from(Relu), [-1.0, -1.0, -2.0, -3.0], 0.0),
        (clip.into(), [-4.0, -3.0, -5.0, -3.0], 0.0),
        (clip.into(), [3.0, 2.5, 2.5, 0.0], 0.0),
        // One that isn't.
        (Relu.into(), [0.5, -1.0, -2.0, -1.0], 1.0),
        (clip.into(), [1.5, 1.0, -2.0, -1.0], 1.0),
    ] {
        assert_gradient(&largest(function, offsets), None, 1, 0, &e0.map(|e| slope * e));
    }
    // On the kink beside flat ones: up along the ray, or down.
    for ray in [e0, e0.map(|e: f64| -e)] {
        let slope = if ray[0] > 0.0 { 1.0 } else { 0.0 };
        assert_gradient(&largest(Relu, [0.0, -1.0, -2.0, -1.0]), Some(&ray), 1, 1, &e0.map(|e| slope * e));
    }
    // Of two on the kink the one that rises faster.
    let ray = [1.0, 2.0, 0.0, 0.0];
    assert_gradient(&largest(Relu, [0.0, 0.0, -1.0, -1.0]), Some(&ray), 1, 1, &[0.0, 1.0, 0.0, 0.0]);
}

/// So windows of zeros, of which images have thousands, are no choice that could matter, and no curves are looked at.
#[test]
fn what_was_clamped_is_compared() {
    let clip = Clip { min: -1.0, max: 2.0 };
    for (function, before) in
        [(Activation::from(Relu), true), (clip.into(), true), (Tanh.into(), false), (Abs.into(), false)]
    {
        let model = largest(function, [0.0; 4]);
        for plan in [
            Plan::gradient(&model, 3, Kernels::Cpu).unwrap(),
            Plan::gradient(&model, 3, Kernels::Portable).unwrap(),
            Plan::hope(&model, 3, &Target::Input, Kernels::Cpu).unwrap(),
        ] {
            let read = |is: fn(&Kernel) -> bool| {
                plan.steps.iter().find(|step| is(&step.kernel)).map(|step| step.inputs[0]).unwrap()
            };
            let compared = read(|kernel| matches!(kernel, Kernel::MaxPoolAdjoint(_)));
            let argument = read(|kernel| matches!(kernel, Kernel::ComposeAdjoint(_) | Kernel::Bell(_)));
            assert_eq!(compared == argument, before, "{function:?}\n{plan}");
        }
    }
}
