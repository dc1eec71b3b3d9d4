//! `hope surrogate`.

use super::{Workplace, example, reference_text};

fn discover() -> String {
    reference_text("discover_2d.onnx")
}

#[test]
fn errors_within_a_radius_and_the_polynomial_in_a_file() {
    let w = Workplace::new();
    let model = discover();
    let args = ["surrogate", &model, "--at", "0.5,-0.5", "--order", "6", "--batches", "1,3"];
    let args = [&args[..], &["--radius", "0.2", "--samples", "500"]].concat();
    let run = w.done(&[&args[..], &["--out", "p.npz", "--json", "s.json"]].concat());
    for part in
        ["28 terms in 2 variables: x1 to x2", "within 0.2000: largest", "standard deviation", "network f64"]
    {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    assert_eq!(w.files(), ["p.npz", "s.json"]);
    let json = w.json("s.json");
    assert_eq!((json["radius"].as_f64(), json["terms"].as_u64()), (Some(0.2), Some(28)));
    assert!(json["tolerance"].is_null() && json["limited_by_tolerance"].is_null());
    let error = &json["error"];
    let number = |value: &serde_json::Value| value.as_f64().expect("a number");
    assert!(number(&error["largest"]) > number(&error["mean"]) && number(&error["largest_relative"]) < 0.1);
    let times = json["seconds_per_batch"].as_array().expect("rows");
    assert_eq!(times.len(), 2);
    assert_eq!(
        (&times[1]["batch"], times[1]["polynomial_f64"]["repeats"].as_u64() >= Some(5)),
        (&3.into(), true)
    );
    assert!(number(&times[0]["network_f32"]["seconds"]) > 0.0 && number(&times[0]["ratio"]) > 0.0);

    // The file is a polynomial: at places on the sphere it is within the measured error of the network.
    let at = "0.7,-0.5;0.5,-0.3;0.3,-0.5";
    let found = w.done(&["eval", "p.npz", "--at", at]).stdout;
    w.done(&["expand", &model, "--at", at, "--order", "1", "--device", "cpu", "--out", "e.npz"]);
    for (found, truth) in found.lines().zip(w.array("e.npz", "value").iter()) {
        let found: f64 = found.parse().expect("a number");
        assert!((found - truth).abs() <= 1.01 * number(&error["largest"]));
    }
    // The same again: only times differ.
    let again = w.done(&[&args[..], &["--json", "again.json", "--quiet"]].concat());
    assert_eq!((again.stdout.as_str(), again.stderr.as_str()), ("", ""));
    assert_eq!(w.json("again.json")["error"], json["error"]);
}

#[test]
fn the_largest_radius_within_a_tolerance() {
    let w = Workplace::new();
    let model = discover();
    let find = |tolerance: &str, order: &str| {
        let args = ["surrogate", &model, "--at", "0.5,-0.5", "--tolerance", tolerance, "--order", order];
        let more = ["--samples", "400", "--batches", "1", "--json", "s.json"];
        let run = w.done(&[&args[..], &more].concat());
        assert!(run.stdout.contains("the largest whose measured error is within"), "{}", run.stdout);
        let json = w.json("s.json");
        assert!(json["error"]["largest"].as_f64() <= tolerance.parse().ok());
        assert!(json["estimated_radius"].as_f64() > Some(0.0));
        json["radius"].as_f64().expect("a radius")
    };
    let (strict, loose, high) = (find("1e-4", "4"), find("1e-2", "4"), find("1e-4", "8"));
    assert!(strict < loose && strict < high, "{strict} {loose} {high}");
    // Too high an order for the estimate of the trust radius: without it.
    let args = ["surrogate", &model, "--at", "0.5,-0.5", "--tolerance", "1e-3", "--order", "30"];
    w.done(&[&args[..], &["--samples", "20", "--batches", "1", "--json", "h.json"]].concat());
    assert!(w.json("h.json")["estimated_radius"].is_null());
}

#[test]
fn a_classifier_in_principal_directions_or_ones_own() {
    let w = Workplace::new();
    let (model, digits) = (example("mnist_mlp_tanh.onnx"), example("digits.npy"));
    let args = ["surrogate", &model, "--at", &digits, "--point", "3", "--output", "7", "--order", "4"];
    let args = [&args[..], &["--radius", "0.5", "--samples", "200", "--batches", "1"]].concat();
    let principal = ["--principal", &digits, "--dimensions", "2", "--out", "p.json", "--json", "s.json"];
    let run = w.done(&[&args[..], &principal].concat());
    for part in
        ["15 terms in 2 variables: t1 to t2", "principal directions of", "of 40 samples", "all 10 outputs"]
    {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    let json = w.json("s.json");
    let explained: Vec<f64> =
        json["principal"]["explained"].as_array().expect("two").iter().filter_map(|x| x.as_f64()).collect();
    assert!(explained.len() == 2 && explained[0] > explained[1] && explained[0] < 0.5);
    assert_eq!(json["outputs_of_network"], 10);
    assert_eq!(w.done(&["eval", "p.json", "--at", "0,0;0.1,0.2"]).stdout.lines().count(), 2);

    let s = w.npy("s.npy", &[2, 784], (0..1568).map(|i| f64::from(i * i % 11 - 5) / 100.0));
    let run = w.done(&[&args[..], &["--subspace", &s]].concat());
    assert!(run.stdout.contains("they are not orthonormal: distances are those of t"), "{}", run.stdout);
}

#[test]
fn a_network_with_kinks_and_a_stand_in() {
    let w = Workplace::new();
    let (model, digits) = (example("mnist_cnn_relu_bn.onnx"), example("digits.npy"));
    let args = ["surrogate", &model, "--at", &digits, "--point", "0", "--output", "1", "--order", "2"];
    let more = ["--radius", "0.01", "--samples", "20", "--batches", "1", "--principal", &digits];
    let args = [&args[..], &more, &["--dimensions", "1"]].concat();
    let run = w.done(&args);
    assert!(run.stdout.contains("kinks  "), "{}", run.stdout);
    let run = w.done(&[&args[..], &["--smooth", "relu=softplus:50,max_pool=logsumexp:50"]].concat());
    assert!(run.stdout.contains("STAND-IN") && run.stdout.contains("the network itself"), "{}", run.stdout);
}

#[test]
fn what_is_refused() {
    let w = Workplace::new();
    let (small, model, digits) = (discover(), example("mnist_mlp_tanh.onnx"), example("digits.npy"));
    let ones = w.npy("ones.npy", &[3, 784], (0..3 * 784).map(|_| 1.0));
    let zero = w.npy("zero.npy", &[2, 784], (0..2 * 784).map(|i| f64::from(u8::from(i < 784))));
    let wrong = w.npy("wrong.npy", &[2, 7], (0..14).map(f64::from));
    let holes =
        w.npy("holes.npy", &[2, 784], (0..2 * 784).map(|i| if i == 785 { f64::NAN } else { f64::from(i) }));
    let little = ["surrogate", &small, "--at", "0,0", "--order", "3"];
    let large = ["surrogate", &model, "--at", &digits, "--point", "0", "--output", "1", "--order", "3"];
    let large_radius = [&large[..], &["--radius", "1"]].concat();
    let cases: &[(&[&str], &[&str], &[&str])] = &[
        (&little, &[], &["--radius", "--tolerance"]),
        (&little, &["--radius", "1", "--tolerance", "1"], &["cannot be used with"]),
        (&little, &["--radius", "0"], &["'0' is no positive number"]),
        (&little, &["--radius", "-1"], &["no positive number"]),
        (&little, &["--tolerance", "nan"], &["no positive number"]),
        (&little, &["--radius", "1", "--samples", "2"], &["--samples"]),
        (&little, &["--radius", "1", "--batches", "0"], &["'0' is no batch size"]),
        (&little, &["--radius", "1", "--out", "p.txt"], &["--out", ".json or .npz"]),
        (&little, &["--radius", "1", "--out", "p.json", "--json", "p.json"], &["named twice"]),
        (&little, &["--radius", "1", "--json", &small], &["is an input of this run"]),
        (&little, &["--radius", "1", "--json", "nowhere/s.json"], &["cannot write into the folder"]),
        (&little, &["--radius", "1", "--output", "1"], &["there is no output 1"]),
        (&little, &["--radius", "1", "--point", "1"], &["--point 1", "0 to 0"]),
        (&little, &["--radius", "1", "--dimensions", "2"], &["--principal"]),
        (&little, &["--radius", "1", "--smooth", "relu=softplus:9"], &["no relu in this network to smooth"]),
        (&large_radius, &[], &["mixed terms of degree 3 in 784 variables", "subspace"]),
        (&large_radius, &["--principal", &digits], &["--dimensions"]),
        (&large_radius, &["--principal", &digits, "--dimensions", "0"], &["--dimensions"]),
        (
            &large_radius,
            &["--principal", &digits, "--dimensions", "40"],
            &["digits.npy", "39 directions only"],
        ),
        (&large_radius, &["--principal", &ones, "--dimensions", "1"], &["ones.npy", "0 directions"]),
        (
            &large_radius,
            &["--principal", &wrong, "--dimensions", "1"],
            &["wrong.npy", "shape [2, 7]", "samples"],
        ),
        (&large_radius, &["--principal", &holes, "--dimensions", "1"], &["sample 1 has NaN at input 1"]),
        (&large_radius, &["--principal", "none.npy", "--dimensions", "1"], &["none.npy"]),
        (&large_radius, &["--subspace", &zero], &["direction 1 is zero"]),
        (&large_radius, &["--subspace", &wrong], &["wrong.npy", "a subspace"]),
        (
            &large_radius,
            &["--subspace", &zero, "--principal", &digits, "--dimensions", "1"],
            &["cannot be used"],
        ),
    ];
    for (start, rest, parts) in cases {
        w.refused(&[*start, rest].concat(), parts);
    }
    let at = |at: &str, parts: &[&str]| {
        w.refused(&["surrogate", &small, "--order", "3", "--radius", "1", "--at", at], parts);
    };
    at("0,0;1,1", &["one point", "--point 0 to --point 1"]);
    at("0,nan", &["NaN"]);
    at("0", &["1 number"]);
    w.refused(&["surrogate", &small, "--order", "31", "--radius", "1", "--at", "0,0"], &["order 31"]);
    w.refused(
        &["surrogate", &model, "--at", &digits, "--order", "1", "--radius", "1", "--point", "0"],
        &["--output 0"],
    );

    // Found only on the way: nothing is written either.
    let before = w.files();
    let kinks = example("mnist_cnn_relu_bn.onnx");
    let at = ["--at", &digits, "--point", "0", "--output", "1", "--order", "2", "--principal", &digits];
    let little = ["--dimensions", "1", "--tolerance", "1e-300", "--out", "p.json", "--batches", "1"];
    let smooth = ["--smooth", "relu=softplus:50,max_pool=logsumexp:50"];
    let run = w.hope(&[&["surrogate", &kinks][..], &at, &little, &smooth].concat());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("raise the tolerance; nothing was written"), "{}", run.stderr);
    assert_eq!(w.files(), before);
}

#[test]
fn polynomials_carry_what_is_proved() {
    let w = Workplace::new();
    let model = discover();
    let args = ["surrogate", &model, "--at", "0.5,-0.5", "--order", "6", "--batches", "1", "--radius", "0.2"];
    let run = w.done(&[&args[..], &["--rigorous", "--out", "p.json", "--json", "s.json"]].concat());
    assert!(run.stdout.contains("at most"), "{}", run.stdout);
    let json = w.json("s.json");
    let (proved, measured) = (json["proved"].as_f64().expect("a bound"), json["error"]["largest"].as_f64());
    assert!(Some(proved) > measured && proved < 1e-4, "{json}");
    let at = "0.65,-0.55;0.5,-0.5;0.32,-0.33";
    let found = w.done(&["eval", "p.json", "--at", at, "--bounds", "--strict"]).stdout;
    w.done(&["expand", &model, "--at", at, "--order", "1", "--device", "cpu", "--out", "e.npz"]);
    for (line, truth) in found.lines().zip(w.array("e.npz", "value").iter()) {
        let numbers: Vec<f64> = line.split(',').map(|x| x.parse().expect("a number")).collect();
        assert!(numbers[1] <= *truth && *truth <= numbers[2], "{line}: {truth}");
    }
    w.refused(&["eval", "p.json", "--at", "0.71,-0.5", "--strict"], &["outside"]);
}
