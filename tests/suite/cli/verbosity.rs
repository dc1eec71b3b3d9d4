//! `-q` and `-v`, the same for all commands, before and after their names.

use super::{Workplace, reference_text};

/// A quick run of each command; and whether what it prints is what it is for.
fn runs(model: &str) -> Vec<(Vec<&str>, bool)> {
    let at = ["--at", "0.5,-0.5"];
    let with = |command: &'static str, more: &[&'static str]| [&[command, model], &at[..], more].concat();
    vec![
        (vec!["check", model], true),
        (vec!["adapters"], true),
        (vec!["completions", "bash"], true),
        (with("polynomial", &["--order", "2"]), true),
        (with("expand", &["--order", "2"]), false),
        (with("trust", &["--order", "2", "--tolerance", "0.1"]), false),
        (with("certify", &["--order", "2", "--radius", "0.1"]), false),
        (with("converge", &["--orders", "2"]), false),
        (with("plot", &["--order", "2", "--range", "1"]), false),
        (with("interactions", &["--inputs", "0,1"]), false),
        (with("surrogate", &["--order", "2", "--radius", "0.1", "--batches", "1", "--samples", "10"]), false),
        (vec!["discover", model, "--box=-1:1", "--order", "2", "--samples", "5", "--out", "found"], false),
    ]
}

#[test]
fn quiet_everywhere() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    for (args, prints) in runs(&model) {
        for quiet in ["-q", "--quiet"] {
            let before = w.done(&[&[quiet], &args[..]].concat());
            let after = w.done(&[&args[..], &[quiet]].concat());
            for run in [&before, &after] {
                assert_eq!(run.stderr, "", "{args:?}");
                assert_eq!(!run.stdout.is_empty(), prints, "{args:?}: {}", run.stdout);
            }
            assert_eq!(before.stdout, after.stdout, "{args:?}");
        }
    }
}

#[test]
fn verbose_everywhere() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    for (args, _) in runs(&model) {
        for args in [[&["-v"], &args[..]].concat(), [&args[..], &["--verbose"]].concat()] {
            let run = w.done(&args);
            assert!(run.stderr.contains(" s in all"), "{args:?}: {}", run.stderr);
        }
    }
    w.refused(&["check", &model, "-q", "-v"], &["--quiet", "--verbose"]);
    w.refused(&["-q", "-v", "check", &model], &["--quiet", "--verbose"]);
}

#[test]
fn every_help_lists_them_in_the_same_place() {
    let w = Workplace::new();
    for command in [
        "expand",
        "certify",
        "check",
        "polynomial",
        "eval",
        "plot",
        "heatmap",
        "interactions",
        "trust",
        "converge",
        "discover",
        "surrogate",
        "bench",
        "adapters",
        "completions",
    ] {
        let help = w.done(&[command, "-h"]).stdout;
        let output = help.split("\nOutput:\n").nth(1).unwrap_or_else(|| panic!("{command}: {help}"));
        assert!(output.contains("-q, --quiet") && output.contains("-v, --verbose"), "{command}: {help}");
    }
    assert!(w.done(&["-h"]).stdout.contains("-q, --quiet"));
}
