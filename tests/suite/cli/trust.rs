//! `hope trust`.

use super::{Workplace, example, keys, open, reference_text};

fn discover() -> String {
    reference_text("discover_2d.onnx")
}

#[test]
fn radii_of_every_ray_and_a_summary() {
    let w = Workplace::new();
    let args = [
        "trust",
        &discover(),
        "--at",
        "0.5,-0.5;0,0",
        "--order",
        "6",
        "--tolerance",
        "1e-3",
        "--random",
        "7",
    ];
    let run = w.done(&[&args[..], &["--radius", "0.3"]].concat());
    for part in
        ["estimated radius", "order 6", "recommended", "14 estimates", "measured", "none above", "limited by"]
    {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    assert_eq!(w.files(), ["discover_2d.trust.json", "discover_2d.trust.npz"]);
    let npz = "discover_2d.trust.npz";
    let names: Vec<String> = keys(&w.path(npz)).iter().map(|key| key.replace(".npy", "")).collect();
    assert_eq!(
        names,
        ["checks", "convergence", "directions", "growing", "limit", "order", "points", "radius"]
    );
    let (radius, convergence) = (w.array(npz, "radius"), w.array(npz, "convergence"));
    assert_eq!((radius.shape(), convergence.shape()), (&[2, 1, 7][..], &[2, 1, 7][..]));
    assert!(radius.iter().zip(&convergence).all(|(r, c)| *r > 0.3 && r <= c));
    let checks = w.array(npz, "checks");
    assert_eq!(checks.shape(), [14, 6]);
    assert!(checks.rows().into_iter().all(|row| row[5] < 2e-3 && (row[4] / 1e-3 - 1.0).abs() < 1e-6));
    let order: ndarray::ArrayD<u8> = open(&w.path(npz)).by_name("order").expect("u8");
    assert!(order.iter().all(|n| (1..=6).contains(n)));

    let json = w.json("discover_2d.trust.json");
    assert_eq!(json["tolerance"], 1e-3);
    assert_eq!(json["estimates"], true);
    assert_eq!(json["checks"]["number"], 14);
    assert_eq!(json["wanted"]["recommended_order"], order.iter().copied().max().expect("orders"));
    // Too much to ask for: none, and what there is instead.
    let run = w.done(&[&args[..], &["--radius", "5", "--checks", "0"]].concat());
    assert!(
        run.stdout.contains("none up to 6 suffices") && run.stdout.contains("largest radius"),
        "{}",
        run.stdout
    );
    assert!(w.json("discover_2d.trust.json")["wanted"]["recommended_order"].is_null());
    // The order that was recommended does it.
    let quiet = w.done(&[&args[..], &["--quiet"]].concat());
    assert_eq!((quiet.stdout.as_str(), quiet.stderr.as_str()), ("", ""));
}

#[test]
fn without_a_tolerance_it_is_a_share_of_the_largest_output() {
    let w = Workplace::new();
    let (model, digits) = (example("mnist_mlp_tanh.onnx"), example("digits.npy"));
    let args = ["trust", &model, "--at", &digits, "--order", "2", "--random", "1", "--outputs", "3,7"];
    let run = w.done(&[&args[..], &["--checks", "3"]].concat());
    w.done(&["expand", &model, "--at", &digits, "--order", "1", "--outputs", "3,7", "--out", "e.npz"]);
    let largest = w.array("e.npz", "value").iter().fold(0.0f64, |m, y| m.max(y.abs()));
    let json = w.json("mnist_mlp_tanh.trust.json");
    let tolerance = json["tolerance"].as_f64().expect("a number");
    assert!((tolerance / largest - 1e-3).abs() < 1e-9, "{tolerance} {largest}");
    assert_eq!(json["relative_tolerance"], 1e-3);
    for part in ["0.001 of the largest output at the points", "--tolerance chooses another"] {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    // The same, given.
    let radius = w.array("mnist_mlp_tanh.trust.npz", "radius");
    let given = tolerance.to_string();
    let run = w.done(&[&args[..], &["--tolerance", &given, "--out", "given.npz"]].concat());
    assert_eq!(w.array("given.npz", "radius"), radius);
    assert!(w.json("given.json").get("relative_tolerance").is_none());
    assert!(!run.stdout.contains("largest output"), "{}", run.stdout);
}

#[test]
fn kinks_limit_and_a_stand_in_says_so() {
    let w = Workplace::new();
    let model = example("mnist_cnn_relu_bn.onnx");
    w.npy("grey.npy", &[1, 784], (0..784).map(|i| f64::from(i % 29) / 29.0));
    let args = [
        "trust",
        &model,
        "--at",
        "grey.npy",
        "--order",
        "2",
        "--tolerance",
        "0.1",
        "--random",
        "3",
        "--outputs",
        "1,4",
    ];
    let run = w.done(&[&args[..], &["--out", "k.npz"]].concat());
    assert!(run.stdout.contains("kink"), "{}", run.stdout);
    let (radius, kink) = (w.array("k.npz", "radius"), w.array("k.npz", "kink"));
    for (i, r) in radius.iter().enumerate() {
        assert_eq!(*r, kink[[0, i % 3]]);
    }
    let smooth = "relu=softplus:5,max_pool=logsumexp:5";
    let run = w.done(&[&args[..], &["--out", "s.npz", "--smooth", smooth]].concat());
    assert!(
        run.stdout.contains("STAND-IN") && run.stdout.contains("not of the network itself"),
        "{}",
        run.stdout
    );
    let json = w.json("s.json");
    assert_eq!(json["smooth"]["rules"], smooth);
    assert!(json["smooth"]["difference_at_points"].as_f64().is_some_and(|d| d > 0.0));
    assert!(w.array("s.npz", "radius").iter().zip(&radius).all(|(smooth, kinked)| smooth > kinked));
}

#[test]
fn bad_input() {
    let w = Workplace::new();
    let model = discover();
    let refused = |extra: &[&str], parts: &[&str]| {
        let base = ["trust", model.as_str(), "--at", "0,0", "--order", "4", "--tolerance", "0.1"];
        // Later options replace earlier ones of the same name.
        let mut args: Vec<&str> = base.to_vec();
        for pair in extra.chunks(2) {
            match args.iter().position(|arg| *arg == pair[0]) {
                Some(at) => args[at + 1] = pair[1],
                None => args.extend(pair),
            }
        }
        w.refused(&args, parts);
    };
    for wrong in ["0", "-1", "nan", "inf", "much"] {
        refused(&["--tolerance", wrong], &["--tolerance", wrong]);
        refused(&["--radius", wrong], &["--radius", wrong]);
    }
    for wrong in ["0", "29", "30"] {
        refused(&["--order", wrong], &["1 to 28"]);
    }
    refused(&["--random", "0"], &["--random"]);
    refused(&["--outputs", "7"], &["output 7"]);
    refused(&["--outputs", ""], &["outputs"]);
    refused(&["--at", "0,0,0"], &["3 numbers", "2 inputs"]);
    refused(&["--at", "nan,0"], &["NaN"]);
    refused(&["--directions", "missing.npy"], &["missing.npy"]);
    refused(&["--directions", "d.npy", "--random", "3"], &["--random"]);
    refused(&["--out", "r.csv"], &[".npz"]);
    refused(&["--out", "nowhere/r.npz"], &["nowhere"]);
    refused(&["--smooth", "relu=softplus:3"], &["no relu"]);
    refused(&["--smooth", "relu=softplus:-3"], &["--smooth", "relu=softplus:BETA"]);
}

#[test]
fn radii_that_are_proved() {
    let w = Workplace::new();
    let args =
        ["trust", &discover(), "--at", "0.5,-0.5", "--order", "6", "--tolerance", "1e-3", "--rigorous"];
    let run = w.done(&args);
    assert!(
        run.stdout.contains("for certain up to") && run.stdout.contains("      proved"),
        "{}",
        run.stdout
    );
    let npz = "discover_2d.trust.npz";
    let (proved, radius) = (w.array(npz, "proved"), w.array(npz, "radius"));
    assert_eq!(proved.shape(), radius.shape());
    assert!(proved.iter().zip(&radius).all(|(p, r)| *p > 0.3 * r && *p < 1.3 * r), "{proved} {radius}");
    assert_eq!(
        w.json("discover_2d.trust.json")["proved_radius"]["smallest"],
        proved.iter().copied().reduce(f64::min).expect("radii")
    );
}
