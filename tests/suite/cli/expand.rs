//! Results against independent float64 automatic differentiation.

use ndarray::{Array2, ArrayD, Axis};

use super::{Workplace, array, deviation, example, keys, open, reference, reference_text};

/// The reference's points as a file of the workplace.
fn points(w: &Workplace, npz: &str) -> String {
    let points = array(&reference(npz), "points");
    w.npy("points.npy", points.shape(), points.iter().copied())
}

/// Compares `[B, m, n, p]` order by order.
fn assert_orders_match(found: &ArrayD<f64>, truth: &ArrayD<f64>, tolerance: f64) {
    assert_eq!(found.ndim(), 4);
    for k in 0..found.shape()[2] {
        let (found, truth) = (found.index_axis(Axis(2), k), truth.index_axis(Axis(2), k));
        assert_eq!(found.shape(), truth.shape());
        let deviation = deviation(&found, &truth);
        assert!(deviation < tolerance, "order {}: {deviation:e}", k + 1);
    }
}

#[test]
fn unmixed_of_the_exact_method() {
    for (model, npz) in [
        (reference_text("discover_2d.onnx"), "discover_2d.npz"),
        (reference_text("discover_5d.onnx"), "discover_5d.npz"),
        (example("mnist_mlp1_sigmoid.onnx"), "mnist_mlp1_sigmoid.npz"),
    ] {
        let w = Workplace::new();
        let at = points(&w, npz);
        w.done(&["expand", &model, "--at", &at, "--order", "6", "--out", "r.npz"]);
        assert_eq!(keys(&w.path("r.npz")), ["points", "unmixed", "value"]);
        assert_eq!(w.files(), ["points.npy", "r.json", "r.npz"]);
        assert_orders_match(&w.array("r.npz", "unmixed"), &array(&reference(npz), "unmixed"), 1e-10);
        assert!(deviation(&w.array("r.npz", "value"), &array(&reference(npz), "value")) < 1e-12);
        let truth = array(&reference(npz), "points");
        let found = w.array("r.npz", "points");
        assert_eq!(found.shape(), [truth.shape()[0], truth.len() / truth.shape()[0]]);
        assert!(found.iter().eq(truth.iter()));
    }
}

#[test]
fn unmixed_of_the_published_rule_and_how_far_it_is_off() {
    let w = Workplace::new();
    let at = points(&w, "discover_2d.npz");
    let model = reference_text("discover_2d.onnx");
    let run = w.done(&[
        "expand", &model, "--at", &at, "--order", "6", "--method", "hope", "--verify", "7", "--out", "r.npz",
    ]);
    let truth = array(&reference("discover_2d.npz"), "published_rule_unmixed");
    assert_orders_match(&w.array("r.npz", "unmixed"), &truth, 1e-10);

    // Nobody must take these numbers for the right ones.
    assert!(run.stdout.contains("NOT EXACT"), "{}", run.stdout);
    assert!(run.stdout.contains("off from the exact coefficients by"), "{}", run.stdout);
    assert!(run.stdout.contains("--method exact gives the right numbers"), "{}", run.stdout);
    let json = w.json("r.json");
    assert_eq!(json["method"], "hope");
    assert_eq!(json["exact"], false);
    assert!(json["exact_reason"].as_str().is_some_and(|reason| reason.contains("mixed derivatives")));
    assert_eq!(json["verify"]["rays"], 7);
    assert!(json["verify"]["max_relative_deviation"].as_f64().is_some_and(|d| d < 1e-10));
    assert!(json["verify"]["deviation_from_exact"].as_f64().is_some_and(|d| d > 0.1));
}

#[test]
fn the_published_rule_says_where_it_is_exact() {
    let w = Workplace::new();
    let at = points(&w, "mnist_mlp1_sigmoid.npz");
    let model = example("mnist_mlp1_sigmoid.onnx");
    let run = w.done(&["expand", &model, "--at", &at, "--order", "4", "--method", "hope", "--out", "r.npz"]);
    assert!(!run.stdout.contains("NOT EXACT"), "{}", run.stdout);
    assert_eq!(w.json("r.json")["exact"], true);
    let truth = array(&reference("mnist_mlp1_sigmoid.npz"), "unmixed");
    let truth = truth.slice_axis(Axis(2), (0..4).into()).to_owned();
    assert_orders_match(&w.array("r.npz", "unmixed"), &truth, 1e-10);
}

#[test]
fn mixed_terms_in_their_documented_order() {
    for (name, degree, terms) in [("discover_2d", 4, 15), ("discover_5d", 4, 126)] {
        let w = Workplace::new();
        let npz = format!("{name}.npz");
        let at = points(&w, &npz);
        let model = reference_text(&format!("{name}.onnx"));
        let run =
            w.done(&["expand", &model, "--at", &at, "--order", &degree.to_string(), "--terms", "mixed"]);
        assert!(run.stdout.contains(" x0"), "{}", run.stdout);
        let result = format!("{name}.expansion.npz");
        assert_eq!(keys(&w.path(&result)), ["exponents", "mixed", "points", "value"]);

        let found: Array2<u8> = open(&w.path(&result)).by_name("exponents").expect("u8");
        assert_eq!(found.nrows(), terms);
        let degrees: Vec<u32> =
            found.rows().into_iter().map(|row| row.iter().map(|&e| u32::from(e)).sum()).collect();
        for (i, pair) in degrees.windows(2).enumerate() {
            let rows = (found.row(i).to_vec(), found.row(i + 1).to_vec());
            assert!(pair[0] < pair[1] || (pair[0] == pair[1] && rows.0 > rows.1), "{rows:?}");
        }

        // The truth's terms may come in another order.
        let exponents: ArrayD<f64> = numbers(&npz, "exponents");
        let mixed = array(&reference(&npz), "mixed");
        let ours = w.array(&result, "mixed");
        assert_eq!(ours.shape(), mixed.shape());
        let mut pairs = (Vec::new(), Vec::new());
        for (t, row) in exponents.outer_iter().enumerate() {
            let same =
                |ours: &ndarray::ArrayView1<u8>| ours.iter().zip(&row).all(|(a, b)| f64::from(*a) == *b);
            let at = found.rows().into_iter().position(|r| same(&r)).expect("every term of the truth");
            pairs.0.extend(ours.index_axis(Axis(2), at).iter().copied());
            pairs.1.extend(mixed.index_axis(Axis(2), t).iter().copied());
        }
        assert!(deviation(&pairs.0, &pairs.1) < 1e-10);
    }
}

/// An array of whole numbers of any type as floats.
fn numbers(npz: &str, key: &str) -> ArrayD<f64> {
    let path = reference(npz);
    if let Ok(array) = open(&path).by_name::<ndarray::OwnedRepr<u8>, ndarray::IxDyn>(key) {
        return array.mapv(f64::from);
    }
    let array: ArrayD<i64> = open(&path).by_name(key).expect("whole numbers");
    array.mapv(|x| x as f64)
}

#[test]
fn along_unit_vectors_is_unmixed() {
    let w = Workplace::new();
    let at = points(&w, "discover_5d.npz");
    let model = reference_text("discover_5d.onnx");
    let unit = (0..25).map(|i| f64::from(u8::from(i % 6 == 0)));
    let directions = w.npy("unit.npy", &[5, 5], unit.clone());
    let run = w.done(&[
        "expand",
        &model,
        "--at",
        &at,
        "--order",
        "6",
        "--directions",
        &directions,
        "--out",
        "r.npz",
    ]);
    assert!(run.stdout.contains("along direction"), "{}", run.stdout);
    assert_eq!(keys(&w.path("r.npz")), ["along", "directions", "points", "value"]);
    let truth = array(&reference("discover_5d.npz"), "unmixed");
    assert_orders_match(&w.array("r.npz", "along"), &truth, 1e-10);
    assert_eq!(w.array("r.npz", "directions").shape(), [5, 5]);

    // The same for each point by itself, but doubled at the second: c_k there is 2^k times as large.
    let count = truth.shape()[0];
    let own = (0..count).flat_map(|b| unit.clone().map(move |x| if b == 1 { 2.0 * x } else { x }));
    let own = w.npy("own.npy", &[count, 5, 5], own);
    w.done(&[
        "expand",
        &model,
        "--at",
        &at,
        "--order",
        "6",
        "--terms",
        "along",
        "--directions",
        &own,
        "--out",
        "own.npz",
    ]);
    assert_eq!(w.array("own.npz", "directions").shape(), [count, 5, 5]);
    let mut scaled = truth;
    for (k, mut order) in scaled.index_axis_mut(Axis(0), 1).axis_iter_mut(Axis(1)).enumerate() {
        order *= f64::from(2 << k);
    }
    assert_orders_match(&w.array("own.npz", "along"), &scaled, 1e-10);
}

#[test]
fn a_subspace_of_one_direction_is_that_direction() {
    let w = Workplace::new();
    let model = example("mnist_mlp_tanh.onnx");
    let direction = (0..784).map(|i| f64::from(i % 7) / 100.0);
    let line = w.npy("line.npy", &[1, 1, 28, 28], direction);
    let digits = example("digits.npy");
    let common = ["expand", &model, "--at", &digits, "--order", "4"];
    w.done(&[&common[..], &["--directions", &line, "--out", "along.npz"]].concat());
    w.done(&[&common[..], &["--subspace", &line, "--out", "mixed.npz"]].concat());
    let (along, mixed) = (w.array("along.npz", "along"), w.array("mixed.npz", "mixed"));
    assert_eq!((along.shape(), mixed.shape()), (&[40, 10, 4, 1][..], &[40, 10, 5][..]));
    let orders = mixed.slice_axis(Axis(2), (1..5).into());
    assert!(deviation(&along, &orders) < 1e-9);
    assert_eq!(w.json("mixed.json")["variables"], 1);
}

#[test]
fn kinks_are_reported() {
    let w = Workplace::new();
    let model = example("mnist_cnn_relu_bn.onnx");
    let digits = example("digits.npy");
    let run = w.done(&["expand", &model, "--at", &digits, "--order", "2", "--out", "r.npz"]);
    assert!(run.stdout.contains("\nkinks "), "{}", run.stdout);
    assert_eq!(keys(&w.path("r.npz")), ["kink", "points", "unmixed", "value"]);
    let kinks = w.array("r.npz", "kink");
    assert_eq!(kinks.shape(), [40, 784]);
    assert!(kinks.iter().all(|t| *t >= 0.0) && kinks.iter().any(|t| *t > 0.0));
    let json = w.json("r.json");
    let smallest = kinks.iter().copied().fold(f64::INFINITY, f64::min);
    assert!(json["kinks"]["smallest"].as_f64().is_some_and(|s| (s - smallest).abs() <= 1e-6 * smallest));
    assert!(json["kinks"]["median"].as_f64().is_some());
    assert!(json["exact_reason"].as_str().is_some_and(|reason| reason.contains("piecewise linear")));
}

#[test]
fn a_dry_run_says_what_it_would_take_and_writes_nothing() {
    let w = Workplace::new();
    let model = example("mnist_mlp1_sigmoid.onnx");
    let digits = example("digits.npy");
    let args =
        ["expand", &model, "--at", &digits, "--order", "3", "--out", "r.npz", "--dry-run", "--device", "cpu"];
    let text = w.done(&args).stdout;
    for part in [
        "mnist_mlp1_sigmoid.onnx",
        "exact        yes",
        "FLOP",
        "unmixed of shape 40 x 10 x 3 x 784, 7.2 MiB, in r.npz",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(w.files(), [""; 0]);
    // Half of it in f32, also without a word of anything else.
    let halved = w.done(&[&args[..], &["--dtype", "f32", "--quiet"]].concat());
    assert!(
        halved.stdout.contains("3.6 MiB") && halved.stderr.is_empty(),
        "{}{}",
        halved.stdout,
        halved.stderr
    );
    // What a run would refuse is refused.
    w.refused(&["expand", &model, "--at", &digits, "--order", "31", "--dry-run"], &["31"]);
    w.refused(
        &["expand", &model, "--at", &digits, "--order", "3", "--memory", "1KiB", "--dry-run"],
        &["memory"],
    );
}

#[test]
fn gradients_and_second_derivatives() {
    let w = Workplace::new();
    let at = points(&w, "discover_2d.npz");
    let model = reference_text("discover_2d.onnx");
    let d = w.npy("d.npy", &[1, 2], [2.0, -1.0]);
    let run = w.done(&[
        "expand",
        &model,
        "--at",
        &at,
        "--order",
        "3",
        "--terms",
        "gradient",
        "--directions",
        &d,
        "--verify",
        "2",
        "--out",
        "g.npz",
    ]);
    assert!(run.stdout.contains("one backward pass for each output and ray"), "{}", run.stdout);
    assert_eq!(keys(&w.path("g.npz")), ["directions", "gradient", "points", "value"]);
    w.done(&["expand", &model, "--at", &at, "--order", "3", "--directions", &d, "--out", "a.npz"]);
    let (gradient, along) = (w.array("g.npz", "gradient"), w.array("a.npz", "along"));
    let points = along.shape()[0];
    assert_eq!(gradient.shape(), [points, 1, 3, 1, 2]);
    // v · g_k = (k + 1) c_{k+1}.
    for (b, k) in (0..points).flat_map(|b| (0..3).map(move |k| (b, k))) {
        let projected = 2.0 * gradient[[b, 0, k, 0, 0]] - gradient[[b, 0, k, 0, 1]];
        let expected = (k + 1) as f64 * along[[b, 0, k, 0]];
        assert!((projected - expected).abs() <= 1e-11 * expected.abs().max(1e-3), "{projected} {expected}");
    }
    // The second derivatives are twice c_2 and the mixed coefficient.
    w.done(&["expand", &model, "--at", &at, "--terms", "hessian", "--inputs", "1", "--out", "h.npz"]);
    assert_eq!(keys(&w.path("h.npz")), ["hessian", "inputs", "points", "value"]);
    assert_eq!(w.array("h.npz", "inputs").into_raw_vec_and_offset().0, [1.0]);
    w.done(&["expand", &model, "--at", &at, "--order", "2", "--terms", "mixed", "--out", "m.npz"]);
    let (hessian, mixed) = (w.array("h.npz", "hessian"), w.array("m.npz", "mixed"));
    for b in 0..points {
        // 1, x0, x1, x0², x0 x1, x1².
        let truth = [mixed[[b, 0, 4]], 2.0 * mixed[[b, 0, 5]]];
        for (i, truth) in truth.into_iter().enumerate() {
            assert!((hessian[[b, 0, 0, i]] - truth).abs() < 1e-11 * truth.abs().max(1e-3));
        }
    }
    for (arguments, said) in [
        (vec!["--terms", "gradient", "--order", "2"], "--directions"),
        (vec!["--terms", "hessian", "--order", "3"], "--order 2"),
        (vec!["--terms", "hessian", "--inputs", "7"], "2 inputs"),
        (vec!["--terms", "mixed", "--order", "2", "--inputs", "0"], "--terms hessian and --operator only"),
        (vec!["--terms", "mixed"], "--order N is missing"),
        (vec!["--terms", "gradient", "--method", "hope"], "--method exact"),
    ] {
        let all: Vec<&str> = ["expand", &model, "--at", &at].into_iter().chain(arguments).collect();
        w.refused(&all, &[said]);
    }
}
