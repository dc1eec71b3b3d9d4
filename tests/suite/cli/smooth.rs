//! `hope expand --smooth`.

use super::{Workplace, example, reference_text};

#[test]
fn a_stand_in_is_never_taken_for_the_network() {
    let w = Workplace::new();
    let model = example("mnist_cnn_relu_bn.onnx");
    w.npy("grey.npy", &[1, 784], (0..784).map(|i| f64::from(i % 29) / 29.0));
    w.npy("d.npy", &[2, 784], (0..1568).map(|i| (f64::from(i) * 1.3).sin() / 20.0));
    let args = ["expand", &model, "--at", "grey.npy", "--order", "3", "--directions", "d.npy"];
    let smooth = "relu=softplus:20,max_pool=logsumexp:20";
    let run = w.done(&[&args[..], &["--smooth", smooth, "--radius", "0.25", "--out", "s.npz"]].concat());
    for part in ["STAND-IN", smooth, "differs from the network", "0.2500"] {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    let json = w.json("s.json");
    assert_eq!(json["exact"], false);
    assert!(
        json["exact_reason"].as_str().is_some_and(|r| r.contains("smooth stand-in") && r.contains(smooth))
    );
    let number = |key: &str| json["smooth"][key].as_f64().expect("a number");
    assert!(number("difference_at_points") > 0.0);
    assert!(number("difference_within_radius") >= number("mean_difference_within_radius"));
    assert_eq!((number("radius"), &json["smooth"]["rules"]), (0.25, &smooth.into()));
    assert!(json["kinks"].is_null());
    // Orders from 2 are zero for the network, but not for the stand-in.
    w.done(&[&args[..], &["--out", "k.npz"]].concat());
    let (curved, straight) = (w.array("s.npz", "along"), w.array("k.npz", "along"));
    assert!(curved.iter().all(|c| *c != 0.0) && straight.iter().filter(|c| **c == 0.0).count() == 40);
    assert!(w.json("k.json").get("smooth").is_none() && w.json("k.json")["exact"] == true);
    // Half smooth: the kinks that are left are told of.
    let run = w.done(&[&args[..], &["--smooth", "relu=softplus:20", "--out", "h.npz"]].concat());
    assert!(run.stdout.contains("still has kinks"), "{}", run.stdout);
}

#[test]
fn bad_input() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let args = ["expand", &model, "--at", "0,0", "--order", "2"];
    let refused = |extra: &[&str], parts: &[&str]| w.refused(&[&args[..], extra].concat(), parts);
    refused(&["--smooth", "relu=softplus:20"], &["no relu", "hope check"]);
    for wrong in ["relu", "relu=softplus:0", "relu=softplus:nan", "max_pool=softplus:3", ""] {
        refused(&["--smooth", wrong], &["relu=softplus:BETA"]);
    }
    refused(&["--radius", "1"], &["--smooth"]);
    refused(&["--smooth", "relu=softplus:2", "--radius", "-1"], &["--radius"]);
}
