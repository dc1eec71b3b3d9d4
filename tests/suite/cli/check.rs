//! `hope check`.

use super::{Workplace, example, reference_text};

#[test]
fn a_network_with_its_layers() {
    let w = Workplace::new();
    let text = w.done(&["check", &example("mnist_cnn_tanh.onnx")]).stdout;
    for part in
        ["Conv", "AveragePool", "Tanh", "Gemm", "10 x 24 x 24", "16,050", "21,840 parameters", "smooth"]
    {
        assert!(text.contains(part), "no '{part}' in:\n{text}");
    }
    assert!(text.contains("NOT EXACT") && text.contains("(Conv)"), "{text}");
    assert!(text.contains("784 rays") && text.contains("FLOP per point"), "{text}");
    assert_eq!(w.files(), [""; 0]);
}

#[test]
fn which_way_mixed_terms_go() {
    let w = Workplace::new();
    let line = |model: &str, start: &str| {
        let text = w.done(&["check", model]).stdout;
        let found = text.lines().find(|line| line.trim().starts_with(start));
        found.unwrap_or_else(|| panic!("no '{start}' in:\n{text}")).to_string()
    };
    let smooth = example("mnist_cnn_tanh.onnx");
    assert!(line(&smooth, "series in several variables").ends_with("GFLOP per point"));
    assert!(line(&smooth, "rows of the Hessian").ends_with("GFLOP per point (chosen)"));
    let kinks = example("mnist_cnn_relu_bn.onnx");
    assert!(line(&kinks, "series in several variables").ends_with("per point (chosen)"));
    assert!(line(&kinks, "rows of the Hessian").contains("only of smooth networks"));
}

#[test]
fn little_memory_means_checkpoints() {
    let w = Workplace::new();
    let model = crate::common::path("tests/fixtures/operators/export_net_gpt_block_script_17.onnx");
    let line = |memory: &[&str]| {
        let text = w.done(&[&["check", model.to_str().unwrap()], memory].concat()).stdout;
        text.lines().find(|line| line.trim().starts_with("gradient ")).expect("a line").to_string()
    };
    assert!(!line(&[]).contains("checkpoints"));
    let little = line(&["--memory", "30KiB"]);
    assert!(little.contains("30 KiB of memory") || little.contains("29.9 KiB of memory"), "{little}");
    assert!(little.contains("values computed again from checkpoints at 2 places"), "{little}");
}

#[test]
fn where_the_published_rule_is_exact() {
    let w = Workplace::new();
    let text = w.done(&["check", &example("mnist_mlp1_sigmoid.onnx")]).stdout;
    assert!(text.contains("unmixed  exact"), "{text}");
    let text = w.done(&["check", &reference_text("discover_2d.onnx")]).stdout;
    assert!(text.contains("unmixed  NOT EXACT"), "{text}");
}

#[test]
fn kinks_are_named() {
    let w = Workplace::new();
    let text = w.done(&["check", &example("mnist_cnn_relu_bn.onnx")]).stdout;
    assert!(text.contains("kinks") && text.contains("piecewise linear"), "{text}");
}

#[test]
fn cost_grows_with_the_order() {
    let w = Workplace::new();
    let model = example("mnist_cnn_tanh.onnx");
    let cost = |order: &str| {
        let text = w.done(&["check", &model, "--order", order]).stdout;
        let line = text.lines().find(|line| line.trim().starts_with("exact ")).expect("a line").to_string();
        let mut words = line.split_whitespace().skip(1);
        let amount: f64 = words.next().and_then(|word| word.parse().ok()).expect("a number");
        amount * if words.next() == Some("GFLOP") { 1e3 } else { 1.0 }
    };
    assert!(cost("10") > 1.5 * cost("5"));
    w.refused(&["check", &model, "--order", "31"], &["order 31", "1 to 30"]);
}

fn broken(name: &str) -> String {
    crate::common::path("tests/fixtures/broken").join(name).to_string_lossy().into_owned()
}

#[test]
fn everything_that_stands_in_the_way_is_listed() {
    let w = Workplace::new();
    w.refused(
        &["check", &broken("several_obstacles.onnx")],
        &[
            "5 things",
            "Bernoulli: this operator",
            "Det: this operator",
            "and 1 more",
            "NonMaxSuppression",
            "RandomNormalLike",
        ],
    );
    // Without sizes, too: as far as one can tell.
    let open = broken("several_obstacles_and_open_sizes.onnx");
    w.refused(&["check", &open], &["2 things", "has no fixed size on axis 1", "--shape", "Det"]);
    w.refused(&["check", &open, "--shape", "1,4"], &["2 things", "Cast: it casts", "Det"]);
    let sizes = broken("dynamic_image.onnx");
    w.refused(&["check", &sizes], &["no fixed size", "nothing else stands in the way"]);
}
