//! `hope expand --operator`.

use super::{Workplace, array, keys, reference_text};

fn args<'a>(model: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["expand", model, "--at", "0.5,-0.25;1,0.125", "--device", "cpu", "--out", out][..], more].concat()
}

/// A Laplacian is twice the second coefficients along its inputs.
#[test]
fn named_operators_and_files() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    w.done(&args(&model, "u.npz", &["--order", "2"]));
    w.done(&args(&model, "m.npz", &["--order", "4", "--terms", "mixed"]));
    let run = w.done(&args(&model, "l.npz", &["--operator", "laplacian"]));
    assert!(
        run.stdout.contains("operator of 2 terms, by 2 rays that are added up on the way: 4 rows"),
        "{}",
        run.stdout
    );
    assert_eq!(keys(&w.path("l.npz")), ["operator", "points", "value"]);
    let (unmixed, mixed) = (w.array("u.npz", "unmixed"), w.array("m.npz", "mixed"));
    let laplacian = w.array("l.npz", "operator");
    assert_eq!(laplacian.shape(), [2, 1]);
    w.done(&args(&model, "one.npz", &["--operator", "laplacian", "--inputs", "1"]));
    w.done(&args(&model, "b.npz", &["--operator", "biharmonic", "--verify", "3"]));
    // ∂³/∂x0²∂x1 with a number of its own at each point, - 1/2 ∂/∂x1, and the value.
    w.npy("a.npy", &[2], [2.0, -3.0]);
    let terms = r#"[{"derivative": [0, 0, 1], "coefficient": "a.npy"}, {"derivative": [1], "coefficient": -0.5}, {"derivative": []},
        {"derivative": [0, 1], "coefficient": [1, 0]}]"#;
    std::fs::write(w.path("given.json"), terms).unwrap();
    w.done(&args(&model, "f.npz", &["--operator", "given.json"]));
    let close = |found: f64, truth: f64| {
        assert!((found - truth).abs() < 1e-10 * (1.0 + truth.abs()), "{found} {truth}")
    };
    for b in 0..2 {
        let c = |k: usize, i: usize| unmixed[[b, 0, k - 1, i]];
        close(laplacian[[b, 0]], 2.0 * (c(2, 0) + c(2, 1)));
        close(w.array("one.npz", "operator")[[b, 0]], 2.0 * c(2, 1));
        // Terms by degree, then the larger power of the first variable first.
        let term = |p: usize, q: usize| mixed[[b, 0, (p + q) * (p + q + 1) / 2 + q]];
        close(w.array("b.npz", "operator")[[b, 0]], 24.0 * (term(4, 0) + term(0, 4)) + 8.0 * term(2, 2));
        let value = w.array("f.npz", "value")[[b, 0]];
        let both = if b == 0 { term(1, 1) } else { 0.0 };
        close(
            w.array("f.npz", "operator")[[b, 0]],
            [2.0, -3.0][b] * 2.0 * term(2, 1) - 0.5 * c(1, 1) + value + both,
        );
    }
    let record = w.json("b.json");
    assert_eq!(
        (&record["terms"], &record["order"], &record["rays"]),
        (&"operator".into(), &4.into(), &4.into())
    );
    assert_eq!(record["verify"]["rays"], 3);
    // The value, three orders of four rays, and their sum.
    assert_eq!((&record["rows"], &record["sums"]), (&14.into(), &1.into()));
    // In shards each has its points' coefficients.
    let shards = ["--operator", "given.json", "--shards", "parts", "--shard-size", "1"];
    w.done(&[&args(&model, "", &[])[..6], &shards].concat());
    w.done(&["merge", "parts", "--out", "joined.npz"]);
    assert_eq!(array(&w.path("joined.npz"), "operator"), w.array("f.npz", "operator"));
}

/// Says that it is an estimate, in words and in numbers.
#[test]
fn estimates() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    w.done(&args(&model, "l.npz", &["--operator", "laplacian"]));
    let more = ["--operator", "laplacian", "--samples", "64", "--seed", "5"];
    let run = w.done(&args(&model, "e.npz", &more));
    for words in ["estimate of 64 samples, not exact", "Laplacian of 2 inputs, estimated by 64 random rays"] {
        assert!(run.stdout.contains(words), "{}", run.stdout);
    }
    assert_eq!(keys(&w.path("e.npz")), ["operator", "operator_error", "points", "value"]);
    let (truth, found) = (w.array("l.npz", "operator"), w.array("e.npz", "operator"));
    let errors = w.array("e.npz", "operator_error");
    for ((found, error), truth) in found.iter().zip(&errors).zip(&truth) {
        assert!((found - truth).abs() < 4.0 * error, "{found} ± {error}: {truth}");
    }
    let record = w.json("e.json");
    assert_eq!(
        (&record["samples"], &record["seed"], &record["exact"]),
        (&64.into(), &5.into(), &false.into())
    );
    // In shards, of which those of another seed are others.
    for seed in ["5", "6"] {
        let shards = ["--operator", "laplacian", "--samples", "64", "--seed", seed];
        let shards = [&shards[..], &["--shards", "parts", "--shard-size", "1"]].concat();
        w.done(&[&args(&model, "", &[])[..6], &shards].concat());
        let count = std::fs::read_dir(w.path("parts")).unwrap().count();
        assert_eq!(count, if seed == "5" { 4 } else { 8 });
        if seed == "5" {
            w.done(&["merge", "parts", "--out", "joined.npz"]);
            assert_eq!(array(&w.path("joined.npz"), "operator_error"), errors);
        }
    }
    let refused = |more: &[&str], parts: &[&str]| w.refused(&args(&model, "r.npz", more), parts);
    refused(&["--operator", "laplacian", "--samples", "1"], &["--samples"]);
    refused(&["--order", "2", "--samples", "8"], &["--operator"]);
    refused(&["--operator", "laplacian", "--seed", "8"], &["--samples"]);
    std::fs::write(w.path("f.json"), r#"[{"derivative": [0]}]"#).unwrap();
    refused(&["--operator", "f.json", "--samples", "8"], &["laplacian and biharmonic"]);
}

#[test]
fn wrong_operators() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let refused = |more: &[&str], parts: &[&str]| w.refused(&args(&model, "r.npz", more), parts);
    refused(&["--operator", "laplace"], &["laplace", "laplacian, biharmonic, or a file"]);
    refused(&["--operator", "laplacian", "--order", "3"], &["of order 2, not 3"]);
    refused(&["--operator", "laplacian", "--inputs", "2"], &["input 2"]);
    refused(&["--operator", "laplacian", "--method", "hope"], &["--method exact"]);
    refused(&["--operator", "laplacian", "--terms", "mixed"], &["--terms"]);
    for (text, word) in [
        ("{}", "list of terms"),
        ("[]", "no terms"),
        (r#"[{"derivative": [0, 0], "factor": 1}]"#, "factor"),
        (r#"[{"derivative": [-1]}]"#, "list of terms"),
        (r#"[{"derivative": [0], "coefficient": [1, 2, 3]}]"#, "3 points"),
        (r#"[{"derivative": [0], "coefficient": "none.npy"}]"#, "none.npy"),
    ] {
        std::fs::write(w.path("f.json"), text).unwrap();
        refused(&["--operator", "f.json"], &[word]);
    }
    std::fs::write(w.path("f.json"), r#"[{"derivative": [0]}]"#).unwrap();
    refused(&["--operator", "f.json", "--inputs", "0"], &["--inputs"]);
}
