//! Ranges, balls and boxes that leave the network's domain: the message says which, not a point that the user never gave.

use super::Workplace;
use crate::common;

/// log(x): the point 0.5 is fine.
fn logarithm() -> String {
    common::path("tests/fixtures/cases/domain_message/model.onnx").to_string_lossy().into_owned()
}

#[test]
fn what_leaves_the_domain_is_named() {
    let w = Workplace::new();
    let model = logarithm();
    let commands: [(&[&str], &str); 3] = [
        (
            &["surrogate", &model, "--at", "0.5", "--order", "6", "--radius", "0.7", "--samples", "50"],
            "the ball of radius 0.7",
        ),
        (&["discover", &model, "--box=-1:1", "--order", "3", "--samples", "10", "--out", "d"], "the box"),
        (
            &["converge", &model, "--at", "0.5", "--orders", "2", "--radii", "0.6", "--out", "c.csv"],
            "the ball of radius 0.6",
        ),
    ];
    for (args, region) in commands {
        let run = w.hope(&[args, &["--device", "cpu"]].concat());
        assert!(matches!(run.code, Some(1 | 2)), "{args:?}");
        for part in [region, "leaves the network's domain", "choose a smaller one"] {
            assert!(run.stderr.contains(part), "{args:?}: no '{part}' in: {}", run.stderr);
        }
        assert!(!run.stderr.contains("point 0") && !run.stderr.contains("check the point"), "{}", run.stderr);
    }
    assert!(w.files().is_empty());
}

#[test]
fn a_chart_leaves_a_gap_and_says_so() {
    let w = Workplace::new();
    let model = logarithm();
    let run = w.done(&["plot", &model, "--at", "0.5", "--range", "1", "--order", "6", "--out", "p.svg"]);
    // From -0.5 to 0 there is no logarithm: 201 of 801 points.
    for part in ["--range 1", "no value at 201 of 801 points", "gaps"] {
        assert!(run.stderr.contains(part), "no '{part}' in: {}", run.stderr);
    }
    assert!(run.stdout.contains("R² = "), "{}", run.stdout);
    let svg = std::fs::read_to_string(w.path("p.svg")).expect("it");
    assert!(!svg.contains("NaN"));
}
