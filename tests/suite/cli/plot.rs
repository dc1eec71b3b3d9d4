//! `hope plot`.

use hope::sampling::r_squared;

use super::{Workplace, example, reference_text};

fn discover_2d() -> String {
    reference_text("discover_2d.onnx")
}

/// R² of a line of the report.
fn shown(text: &str, curve: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(curve)).unwrap_or_else(|| panic!("{curve}: {text}"));
    line.split("R² = ").nth(1).expect("R²").to_string()
}

#[test]
fn maps_of_two_inputs() {
    let w = Workplace::new();
    let run = w.done(&["plot", &discover_2d(), "--at", "0,0", "--range", "1", "--order", "4"]);
    assert_eq!(w.files(), ["discover_2d.plot.png", "discover_2d.plot.svg"]);
    assert!(shown(&run.stdout, "Taylor, order 4").starts_with("1 − "), "{}", run.stdout);
    assert!(shown(&run.stdout, "published rule").starts_with("0."), "{}", run.stdout);
    let svg = std::fs::read_to_string(w.path("discover_2d.plot.svg")).expect("it");
    assert_eq!(svg.matches("<image").count(), 5, "network, and two polynomials with their errors");
    assert!(std::fs::read(w.path("discover_2d.plot.png")).expect("it").starts_with(b"\x89PNG"));
}

#[test]
fn one_of_many_inputs_along_which_the_truth_is_known() {
    // x1 of discover_5d at a reference point: R² of the exact polynomial by hand, from the engine's own values.
    let w = Workplace::new();
    let at = "0.1,-0.2,0.3,0.1,0";
    let model = reference_text("discover_5d.onnx");
    let args =
        ["plot", &model, "--at", at, "--inputs", "1", "--range", "0.8", "--order", "3", "--out", "a.svg"];
    let run = w.done(&[&args[..], &["--method", "exact"]].concat());
    assert_eq!(w.files(), ["a.svg"]);
    let mut points = [0.1, -0.2, 0.3, 0.1, 0.0].repeat(801);
    let steps: Vec<f64> = (0..801).map(|i| 0.8 * (f64::from(i) / 400.0 - 1.0)).collect();
    steps.iter().enumerate().for_each(|(i, t)| points[5 * i + 1] += t);
    let network = hope::model::Model::from_onnx(&model, &hope::onnx::ImportOptions::default()).expect("it");
    let truth = hope::forward::values(&network, &points, None).expect("values");
    let centre = points[5 * 400..][..5].to_vec();
    let expansion = hope::expand(&network, &hope::Request::new(centre, 3)).expect("it");
    let c = |k: usize| if k == 0 { expansion.value[0] } else { expansion.coefficients[(k - 1) * 5 + 1] };
    let found: Vec<f64> = steps.iter().map(|t| c(0) + t * (c(1) + t * (c(2) + t * c(3)))).collect();
    let r = r_squared(&found, &truth).expect("R²");
    let shown = shown(&run.stdout, "Taylor, order 3");
    let digits = shown.strip_prefix("1 − ").map_or(shown.clone(), |rest| {
        assert!((1.0 - r) < 1e-3);
        rest.to_string()
    });
    let expected = if (1.0 - r) < 1e-3 { hope::picture::short(1.0 - r) } else { format!("{r:.4}") };
    assert_eq!(digits, expected);
    // A direction of the subspace that is this input gives the same.
    let s = w.npy("s.npy", &[1, 5], [0.0, 1.0, 0.0, 0.0, 0.0]);
    let args =
        ["plot", &model, "--at", at, "--subspace", &s, "--range", "0.8", "--order", "3", "--out", "b.png"];
    let run = w.done(&args);
    assert_eq!(self::shown(&run.stdout, "Taylor, order 3"), shown);
    assert!(w.files().contains(&"b.png".to_string()));
}

#[test]
fn both_methods_or_only_what_has_an_answer() {
    let w = Workplace::new();
    let model = reference_text("../operators/softmax.onnx");
    let inputs = hope::model::Model::from_onnx(&model, &hope::onnx::ImportOptions::default())
        .expect("a model")
        .inputs();
    let zeros = vec!["0.1"; inputs].join(",");
    let args =
        ["plot", &model, "--at", &zeros, "--inputs", "0", "--range", "1", "--order", "3", "--output", "0"];
    let run = w.done(&[&args[..], &["--out", "a.png"]].concat());
    assert!(run.stderr.contains("without the published rule"), "{}", run.stderr);
    assert!(run.stdout.contains("Taylor") && !run.stdout.contains("published"), "{}", run.stdout);
    w.refused(&[&args[..], &["--out", "b.png", "--method", "both"]].concat(), &["Softmax"]);
}

#[test]
fn bad_input() {
    let w = Workplace::new();
    let model = discover_2d();
    let args = ["plot", &model, "--order", "2"];
    let refused = |extra: &[&str], parts: &[&str]| w.refused(&[&args[..], extra].concat(), parts);
    refused(&["--at", "0,0", "--range", "0"], &["--range 0", "positive"]);
    refused(&["--at", "0,0", "--range", "-1"], &["--range -1", "positive"]);
    refused(&["--at", "0,0", "--range", "inf"], &["--range inf"]);
    refused(&["--at", "0,0,0", "--range", "1"], &["3 numbers", "2 inputs"]);
    refused(&["--at", "0,0;1,1", "--range", "1"], &["2 points"]);
    refused(&["--at", "0,nan", "--range", "1"], &["NaN"]);
    refused(&["--at", "0,0", "--range", "1", "--out", "a.jpg"], &["a.jpg", ".svg or .png"]);
    refused(&["--at", "0,0", "--range", "1", "--out", "no/a.png"], &["folder no"]);
    refused(&["--at", "0,0", "--range", "1", "--out", "a.png", "--out", "a.png"], &["twice"]);
    refused(&["--at", "0,0", "--range", "1", "--output", "1"], &["--output 1", "0 to 0"]);
    refused(&["--at", "0,0", "--range", "1", "--inputs", "0,2"], &["--inputs 2"]);
    refused(&["--at", "0,0", "--range", "1", "--inputs", "1,1"], &["two different"]);
    refused(&["--at", "0,0", "--range", "1e200"], &["--range 1", "overflows"]);
    let order = ["plot", &model, "--at", "0,0", "--range", "1", "--order", "31"];
    w.refused(&order, &["order 31", "1 to 30"]);
    let many = reference_text("discover_5d.onnx");
    let at = ["plot", &many, "--at", "0,0,0,0,0", "--range", "1", "--order", "2"];
    w.refused(&at, &["5 inputs", "--inputs", "--subspace"]);
    let digits = example("mnist_cnn_tanh.onnx");
    let zero = w.npy("zero.npy", &[1, 784], vec![0.0; 784]);
    w.refused(
        &["plot", &digits, "--at", &zero, "--inputs", "400", "--range", "1", "--order", "2"],
        &["10 outputs", "--output"],
    );
}

#[test]
fn the_spectrum_of_a_hessian() {
    let w = Workplace::new();
    let run = w.done(&["plot", &discover_2d(), "--at", "0.3,0.2", "--hessian"]);
    assert_eq!(w.files(), ["discover_2d.hessian.png", "discover_2d.hessian.svg"]);
    let eigenvalues = run.stdout.lines().filter(|line| line.starts_with("eigenvalue")).count();
    assert!(eigenvalues == 2 && run.stdout.contains("of 2: "), "{}", run.stdout);
    // An image's: the digit, and the first vectors.
    let (model, digit) = (example("mnist_cnn_tanh.onnx"), example("digit_3.png"));
    let args = ["plot", &model, "--at", &digit, "--output", "3", "--hessian", "--eigenvalues", "4"];
    let run = w.done(&[&args[..], &["--out", "h.svg"]].concat());
    assert!(run.stdout.contains("eigenvalue 4"), "{}", run.stdout);
    let svg = std::fs::read_to_string(w.path("h.svg")).expect("it");
    assert_eq!(svg.matches("<image").count(), 5);
    // Without second derivatives.
    let model = example("mnist_cnn_relu_bn.onnx");
    let args = ["plot", &model, "--at", &digit, "--output", "3", "--hessian", "--out", "r.svg"];
    w.refused(&args, &["second derivatives are zero", "--smooth relu"]);
    w.refused(&["plot", &model, "--at", &digit, "--output", "3", "--hessian", "--order", "2"], &["--order"]);
}
