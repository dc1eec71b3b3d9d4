//! `hope polynomial` and `hope eval`.

use super::{Workplace, example, reference_text};

fn discover() -> String {
    reference_text("discover_2d.onnx")
}

fn numbers(text: &str) -> Vec<f64> {
    text.split([',', '\n'])
        .filter(|part| !part.is_empty())
        .map(|part| part.parse().expect("a number"))
        .collect()
}

#[test]
fn what_is_printed_and_what_is_written() {
    let w = Workplace::new();
    let model = discover();
    let make = |extra: &[&str]| {
        let args = ["polynomial", &model, "--at", "0.5,-0.5", "--order", "3", "--device", "cpu"];
        w.done(&[&args, extra].concat())
    };
    let text = make(&["--digits", "3", "--largest", "2"]);
    assert_eq!(text.stdout, "0.52*(x1 - 0.5) + 0.497*(x2 + 0.5)\n");
    assert!(text.stderr.contains("mixed terms: up to 10 terms"), "{}", text.stderr);
    assert!(text.stderr.contains("exact: truncated Taylor series"), "{}", text.stderr);
    assert!(w.files().is_empty());

    let quiet = make(&["--names", "u, v", "--truncate", "1", "--digits", "2", "-q", "--format", "latex"]);
    assert_eq!(quiet.stdout, "-0.12 + 0.52 \\left(u - 0.5\\right) + 0.5 \\left(v + 0.5\\right)\n");
    assert_eq!(quiet.stderr, "");
    let sympy = make(&["--format", "sympy"]).stdout;
    assert!(sympy.contains("*(x1 - 0.5)**2*(x2 + 0.5)"), "{sympy}");

    assert_eq!(make(&["--out", "p.npz"]).stdout, "");
    let json = make(&["--out", "p.json", "--format", "json"]).stdout;
    assert_eq!(w.files(), ["p.json", "p.npz"]);
    assert_eq!(json, std::fs::read_to_string(w.path("p.json")).expect("a file"));
    assert_eq!(w.json("p.json")["version"], 1);

    // The network's value at the point; both files say the same elsewhere.
    w.done(&["expand", &model, "--at", "0.5,-0.5", "--order", "1", "--device", "cpu", "--out", "e.npz"]);
    let at = "0.5,-0.5;0.45,-0.4;1,1";
    let values = numbers(&w.done(&["eval", "p.json", "--at", at]).stdout);
    assert!((values[0] - w.array("e.npz", "value")[[0, 0]]).abs() < 1e-12);
    assert_eq!(numbers(&w.done(&["eval", "p.npz", "--at", at]).stdout), values);
    let gradients = w.done(&["eval", "p.json", "--at", at, "--gradient"]).stdout;
    assert_eq!((gradients.lines().count(), numbers(&gradients).len()), (3, 6));

    let points = w.npy("points.npy", &[3, 2], numbers(&at.replace(';', "\n")));
    let written = w.done(&["eval", "p.npz", "--at", &points, "--out", "v.npy"]);
    assert_eq!((written.stdout.as_str(), written.stderr.as_str()), ("", ""));
    let found: ndarray::ArrayD<f64> = ndarray_npy::read_npy(w.path("v.npy")).expect("an array");
    assert_eq!((found.shape(), found.as_slice()), (&[3][..], Some(&values[..])));
    w.done(&["eval", "p.npz", "--at", &points, "--gradient", "--out", "g.npy"]);
    let found: ndarray::ArrayD<f64> = ndarray_npy::read_npy(w.path("g.npy")).expect("an array");
    assert_eq!((found.shape(), found.as_slice()), (&[3, 2][..], Some(&numbers(&gradients)[..])));
}

#[test]
fn a_classifier_is_additive_or_seen_in_a_subspace() {
    let w = Workplace::new();
    let model = example("mnist_mlp_tanh.onnx");
    let point = w.npy("point.npy", &[1, 784], (0..784).map(|i| f64::from(i % 7) / 7.0));
    let make = |extra: &[&str]| {
        let args = ["polynomial", &model, "--at", &point, "--output", "3", "--device", "cpu", "--order"];
        w.done(&[&args, extra].concat())
    };
    let additive = make(&["2", "--out", "a.npz"]);
    for part in ["unmixed terms, because mixed ones would be 308,505", "additive", "missing"] {
        assert!(additive.stderr.contains(part), "{}", additive.stderr);
    }
    let rows = (0..1568).map(|i| f64::from(i * i % 11 - 5) / 100.0);
    let s = w.npy("s.npy", &[2, 784], rows);
    let plane = make(&["4", "--subspace", &s, "--out", "t.json"]);
    assert!(plane.stderr.contains("15 terms of degree up to 4 in 2 variables"), "{}", plane.stderr);
    let ray = make(&["4", "--directions", &s, "--ray", "1", "--out", "r.json"]);
    assert!(ray.stderr.contains("5 terms of degree up to 4 in 1 variable"), "{}", ray.stderr);
    let at = |file: &str, t: &str| numbers(&w.done(&["eval", file, "--at", t]).stdout)[0];
    assert!((at("t.json", "0,0.2") - at("r.json", "0.2")).abs() < 1e-9);
    assert!((at("t.json", "0,0") - at("a.npz", &point)).abs() < 1e-12);
    // By the published rule it isn't exact, and says so.
    let rule = make(&["2", "--method", "hope", "--out", "h.json"]);
    assert!(rule.stderr.contains("NOT EXACT"), "{}", rule.stderr);
}

#[test]
fn what_is_refused() {
    let w = Workplace::new();
    let model = discover();
    let refused = |extra: &[&str], parts: &[&str]| {
        let args = ["polynomial", &model, "--device", "cpu", "--order", "2"];
        let at: &[&str] = if extra.contains(&"--at") { &[] } else { &["--at", "0,0"] };
        w.refused(&[&args, at, extra].concat(), parts);
    };
    let d = w.npy("d.npy", &[2, 2], [1.0, 0.0, 0.0, 1.0]);
    refused(&["--at", "0,0;1,1"], &["one point, not 2", "hope expand"]);
    refused(&["--at", "0"], &["2 inputs"]);
    refused(&["--order", "2"], &["--order"]);
    refused(&["--output", "1"], &["output 1"]);
    refused(&["--names", "a"], &["--names", "1 names", "2 variables"]);
    refused(&["--names", "a,lambda"], &["--names", "'lambda'", "SymPy"]);
    refused(&["--names", "a,a"], &["--names", "two variables"]);
    refused(&["--terms", "along"], &["--directions"]);
    refused(&["--terms", "mixed", "--directions", &d], &["--subspace"]);
    refused(&["--terms", "unmixed", "--subspace", &d], &["--terms mixed"]);
    refused(&["--directions", &d], &["one direction", "--ray 0 to --ray 1"]);
    refused(&["--directions", &d, "--ray", "2"], &["--ray 2"]);
    refused(&["--directions", &d, "--ray", "0", "--method", "hope"], &["published rule"]);
    refused(&["--ray", "0"], &["--directions"]);
    refused(&["--out", "p.txt"], &["--out p.txt", ".json or .npz"]);
    refused(&["--out", "nowhere/p.json"], &["nowhere"]);
    refused(&["--digits", "0"], &["--digits"]);
    refused(&["--digits", "3", "--format", "json"], &["--digits"]);
    refused(&["--largest", "0"], &["--largest"]);
    let classifier = example("mnist_mlp_tanh.onnx");
    let point = w.npy("point.npy", &[784], (0..784).map(f64::from));
    let args = ["polynomial", &classifier, "--at", &point, "--order", "2"];
    w.refused(&args, &["10 outputs", "--output 0 to --output 9"]);

    w.done(&["polynomial", &model, "--at", "0,0", "--order", "2", "--device", "cpu", "--out", "p.json"]);
    let eval = |args: &[&str], parts: &[&str]| w.refused(&[&["eval"], args].concat(), parts);
    eval(&["p.json"], &["--at"]);
    eval(&["nowhere.json", "--at", "0,0"], &["nowhere.json"]);
    eval(&["p.txt", "--at", "0,0"], &["p.txt", ".json or .npz"]);
    eval(&["p.json", "--at", "0"], &["point 0 has 1 number", "2 variables"]);
    eval(&["p.json", "--at", "0,nan"], &["NaN"]);
    eval(&["p.json", "--at", &point], &["point.npy", "[784]", "[B, 2]"]);
    eval(&["p.json", "--at", "0,0;1e200,0"], &["point 1", "too far"]);
    eval(&["p.json", "--at", "0,0", "--out", "v.npz"], &["v.npz", ".npy"]);
    eval(&["p.json", "--at", "0,0", "--out", "nowhere/v.npy"], &["nowhere"]);
    eval(&["p.json", "--at", "0,0", "--device", "no such GPU"], &["--device no such GPU"]);
    eval(&["p.json", "--at", "0,0", "--device", "gpu", "--gradient"], &["--device gpu", "--gradient"]);
    eval(&["d.npy", "--at", "0,0"], &["d.npy"]);
    let text = std::fs::read_to_string(w.path("p.json")).expect("a file");
    for (name, text) in [("cut.json", text[..text.len() / 2].to_string()), ("cut.npz", text.clone())] {
        std::fs::write(w.path(name), text).expect("a file");
        eval(&[name, "--at", "0,0"], &[name]);
    }
    std::fs::write(w.path("next.json"), text.replace("\"version\": 1", "\"version\": 7")).expect("a file");
    eval(&["next.json", "--at", "0,0"], &["next.json", "version 7"]);
}

/// On a software driver or GPU, if there is one.
#[cfg(feature = "gpu")]
#[test]
fn evaluated_on_a_gpu() {
    let w = Workplace::new();
    let Some(adapter) = pollster::block_on(hope::gpu::adapters()).into_iter().next() else {
        return;
    };
    let model = discover();
    w.done(&["polynomial", &model, "--at", "0.5,-0.5", "--order", "4", "--device", "cpu", "--out", "p.json"]);
    let at = ["eval", "p.json", "--at", "0.4,-0.5;0.6,-0.4;0.5,-0.5"];
    let truth = numbers(&w.done(&at).stdout);
    let found = w.done(&[&at[..], &["--device", &adapter.info.name]].concat());
    for (found, truth) in numbers(&found.stdout).iter().zip(&truth) {
        assert!((found - truth).abs() < 1e-5, "{found}, {truth}");
    }
    assert_eq!(numbers(&found.stdout).len(), 3);
    w.refused(
        &["eval", "p.json", "--at", "0,0;1e30,0", "--device", &adapter.info.name],
        &["point 1", "f32", "CPU"],
    );
}
