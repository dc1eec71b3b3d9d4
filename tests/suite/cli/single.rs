//! Single precision from the shell: what it can't hold is said, with what to do instead, on the CPU and on a software GPU if there is one.

use super::Workplace;
use crate::common::path;

/// Where runs are in f32.
fn places(w: &Workplace) -> Vec<Vec<&'static str>> {
    let mut all = vec![vec!["--device", "cpu", "--precision", "f32"]];
    if w.done(&["adapters"]).stdout.contains("llvmpipe") {
        all.push(vec!["--device", "llvmpipe"]);
    }
    all
}

fn expand<'a>(model: &'a str, at: &'a str, order: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["expand", model, "--at", at, "--order", order, "--out", "o.npz"], more].concat()
}

fn case(file: &str) -> String {
    path("tests/fixtures/cases").join(file).to_string_lossy().into_owned()
}

#[test]
fn what_f32_cannot_hold_is_no_fault_of_the_driver() {
    let w = Workplace::new();
    for place in places(&w) {
        for (file, at) in [("saturated_mlp", "300,400"), ("softmax", "200,0,0")] {
            let model = case(&format!("gpu_underflow_false_alarm/{file}.onnx"));
            let run = w.hope(&expand(&model, at, "3", &place));
            assert_eq!(run.code, Some(1), "{place:?}: {}", run.stderr);
            for part in ["f32 cannot hold", "order 1", "--precision f64", "nothing was written"] {
                assert!(run.stderr.contains(part), "{place:?}: no '{part}' in: {}", run.stderr);
            }
            assert!(!run.stderr.contains("please report"), "{}", run.stderr);
            assert!(w.files().is_empty(), "{:?}", w.files());
        }
    }
}

#[test]
fn inputs_in_pascals_keep_their_high_orders() {
    let w = Workplace::new();
    let model = case("gpu_underflow_false_alarm/pascal.onnx");
    let right = Workplace::new();
    right.done(&expand(&model, "81060", "12", &["--device", "cpu"]));
    let truth = right.array("o.npz", "unmixed");
    for place in places(&w) {
        w.done(&expand(&model, "81060", "12", &place));
        let found = w.array("o.npz", "unmixed");
        assert_eq!(w.json("o.json")["verify"]["undecided"], 0);
        for (k, (found, truth)) in (1..).zip(found.iter().zip(&truth)) {
            assert!((found / truth - 1.0).abs() < 1e-4, "{place:?}, order {k}: {found:e} {truth:e}");
        }
    }
}

#[test]
fn time_stamps_that_f32_rounds_are_refused() {
    let w = Workplace::new();
    let model = case("f32_large_offset/model.onnx");
    for place in places(&w) {
        let run = w.hope(&expand(&model, "1700033333.3", "3", &place));
        assert_eq!(run.code, Some(2), "{place:?}: {}", run.stderr);
        for part in ["point 0, input 0", "1700033333.3", "1700033280 in f32", "--precision f64", "offset"] {
            assert!(run.stderr.contains(part), "{place:?}: no '{part}' in: {}", run.stderr);
        }
        assert!(w.files().is_empty(), "{:?}", w.files());
    }
    w.done(&expand(&model, "1700033333.3", "3", &["--device", "cpu"]));
}
