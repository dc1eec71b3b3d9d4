//! Options and the forms of input and output.

use ndarray::{ArrayD, Axis, IxDyn, ShapeBuilder};
use ndarray_npy::write_npy;

use super::{Workplace, deviation, example, keys, open, reference_text};

fn discover() -> String {
    reference_text("discover_2d.onnx")
}

#[test]
fn the_record_says_what_was_done() {
    let w = Workplace::new();
    let model = discover();
    w.done(&["expand", &model, "--at", "0.5,-0.5;0,0;1,1", "--order", "4", "--precision", "f32"]);
    let json = w.json("discover_2d.expansion.json");
    assert_eq!(json["model"], model.as_str());
    // As sha256sum says.
    assert_eq!(json["model_sha256"], "16e6587618a0581da25b92c5a29ed7b97547a2a0b1e0bb612e8d927e9bb92d74");
    assert_eq!(json["method"], "exact");
    assert_eq!(json["exact"], true);
    assert!(json["exact_reason"].is_string());
    assert_eq!(json["order"], 4);
    assert_eq!(json["terms"], "unmixed");
    assert_eq!(json["outputs"], serde_json::json!([0]));
    assert_eq!(json["points"], 3);
    assert_eq!(json["rays"], 2);
    assert_eq!(json["input_shape"], serde_json::json!([2]));
    assert_eq!(json["device"], "cpu");
    assert!(json["driver"].as_str().is_some_and(|driver| driver.contains("CPU path")));
    assert!(json["threads"].as_u64().is_some_and(|n| n >= 1));
    assert_eq!(json["precision"], "f32");
    assert_eq!(json["dtype"], "f64");
    assert_eq!(json["verify"]["rays"], 3, "as every run in f32");
    assert_eq!(json["verify"]["undecided"], 0);
    for part in ["load", "plan", "compute", "write"] {
        assert!(json["seconds"][part].as_f64().is_some_and(|s| (0.0..60.0).contains(&s)), "{part}");
    }
    if cfg!(target_os = "linux") {
        assert!(json["peak_bytes"].as_u64().is_some_and(|n| n > 1 << 20));
    }
    assert_eq!(json["version"], concat!("hope ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_summary_tells_the_essentials() {
    let w = Workplace::new();
    let model = example("mnist_mlp_tanh.onnx");
    let run = w.done(&["expand", &model, "--at", &example("digits.npy"), "--order", "2", "--verify", "3"]);
    for part in [
        "mnist_mlp_tanh.onnx",
        "exact",
        "cpu",
        "40",
        "order 2",
        "784 inputs",
        "compute",
        "mnist_mlp_tanh.expansion.npz",
        "mnist_mlp_tanh.expansion.json",
        "3 random rays",
        "largest",
        "c_1 along input",
    ] {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    // A pixel has a row and a column.
    let place =
        run.stdout.split("along input ").nth(1).and_then(|rest| rest.split(')').next()).expect("a place");
    let (input, place) = place.split_once(" (").expect("a place");
    let (row, column) = place.split_once(',').expect("two coordinates");
    let number = |text: &str| text.parse::<usize>().expect("a number");
    assert_eq!(number(input), 28 * number(row) + number(column));
}

#[test]
fn progress_goes_to_stderr_in_plain_lines() {
    let w = Workplace::new();
    let run = w.done(&["expand", &discover(), "--at", "0,0", "--order", "3"]);
    assert!(run.stderr.starts_with("expanding discover_2d.onnx at 1 point to order 3\n"), "{}", run.stderr);
    assert!(!run.stderr.contains(['\r', '\x1b']), "{:?}", run.stderr);
}

#[test]
fn quiet_is_silent_and_verbose_tells_more() {
    let w = Workplace::new();
    let run = w.done(&["expand", &discover(), "--at", "0,0", "--order", "3", "--quiet"]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    assert_eq!(w.files(), ["discover_2d.expansion.json", "discover_2d.expansion.npz"]);
    let run = w.done(&["expand", &discover(), "--at", "0,0", "--order", "3", "-v"]);
    assert!(run.stderr.contains("  linear  ") && run.stderr.contains("FLOP"), "{}", run.stderr);
}

#[test]
fn single_precision_files_are_half_as_large() {
    let w = Workplace::new();
    let model = example("mnist_mlp_tanh.onnx");
    let digits = example("digits.npy");
    for dtype in ["f64", "f32"] {
        let out = format!("{dtype}.npz");
        w.done(&["expand", &model, "--at", &digits, "--order", "3", "--dtype", dtype, "--out", &out]);
        assert_eq!(w.json(&format!("{dtype}.json"))["dtype"], dtype);
    }
    let size = |name| std::fs::metadata(w.path(name)).expect("a file").len() as f64;
    assert!((size("f32.npz") / size("f64.npz") - 0.5).abs() < 0.01);
    for key in keys(&w.path("f64.npz")) {
        let single: ArrayD<f32> = open(&w.path("f32.npz")).by_name(&key).expect("f32");
        let double = w.array("f64.npz", &key);
        assert_eq!(single.shape(), double.shape());
        assert!(single.iter().zip(&double).all(|(s, d)| *s == *d as f32), "{key}");
    }
}

#[test]
fn selected_outputs_in_the_order_given() {
    let w = Workplace::new();
    let model = example("mnist_mlp_tanh.onnx");
    let digits = example("digits.npy");
    for method in ["exact", "hope"] {
        let common = ["expand", &model, "--at", &digits, "--order", "2", "--method", method];
        w.done(&[&common[..], &["--out", "all.npz"]].concat());
        let run = w.done(&[&common[..], &["--out", "two.npz", "--outputs", "8,3"]].concat());
        assert!(run.stdout.contains("2 outputs"), "{}", run.stdout);
        assert!(!run.stdout.contains("output 0:") && !run.stdout.contains("output 1:"), "{}", run.stdout);
        for key in ["value", "unmixed"] {
            let (all, two) = (w.array("all.npz", key), w.array("two.npz", key));
            assert_eq!(two.shape()[1], 2);
            for (position, output) in [(0, 8), (1, 3)] {
                let (found, truth) = (two.index_axis(Axis(1), position), all.index_axis(Axis(1), output));
                assert!(deviation(&found, &truth) < 1e-12);
            }
        }
        assert_eq!(w.json("two.json")["outputs"], serde_json::json!([8, 3]));
    }
}

#[test]
fn points_in_every_form() {
    let w = Workplace::new();
    let model = discover();
    let expand = |at: &str| {
        w.done(&["expand", &model, "--at", at, "--order", "2", "--out", "r.npz"]);
        w.array("r.npz", "points")
    };
    let truth =
        ArrayD::from_shape_vec(IxDyn(&[3, 2]), vec![-1.0, 2.0, 3.0, -4.0, 5.0, 6.0]).expect("a shape");
    assert_eq!(expand("-1,2; 3,-4; 5,6;"), truth);

    write_npy(w.path("f8.npy"), &truth).expect("a file");
    write_npy(w.path("f4.npy"), &truth.mapv(|x| x as f32)).expect("a file");
    write_npy(w.path("i8.npy"), &truth.mapv(|x| x as i64)).expect("a file");
    write_npy(w.path("i1.npy"), &truth.mapv(|x| x as i8)).expect("a file");
    let mut fortran = ArrayD::zeros(IxDyn(&[3, 2]).f());
    fortran.assign(&truth);
    write_npy(w.path("fortran.npy"), &fortran).expect("a file");
    let header = std::fs::read(w.path("fortran.npy")).expect("a file");
    assert!(String::from_utf8_lossy(&header).contains("'fortran_order': True"));
    for name in ["f8.npy", "f4.npy", "i8.npy", "i1.npy", "fortran.npy"] {
        assert_eq!(expand(name), truth, "{name}");
    }

    // One point without an axis for the batch.
    w.npy("one.npy", &[2], [0.5, -0.5]);
    assert_eq!(expand("one.npy").shape(), [1, 2]);
}

#[test]
fn images_flat_shaped_or_without_their_channel() {
    let w = Workplace::new();
    let model = example("mnist_mlp1_sigmoid.onnx");
    let pixels = || (0..1568).map(|i| f64::from(i % 13) / 13.0);
    let mut results = Vec::new();
    for shape in [&[2, 784][..], &[2, 1, 28, 28], &[2, 28, 28]] {
        let at = w.npy("points.npy", shape, pixels());
        w.done(&["expand", &model, "--at", &at, "--order", "1", "--out", "r.npz"]);
        results.push(w.array("r.npz", "unmixed"));
    }
    assert!(results.iter().all(|r| *r == results[0]));
    let at = w.npy("turned.npy", &[784, 2], pixels());
    w.refused(&["expand", &model, "--at", &at, "--order", "1"], &["turned.npy", "[784, 2]", "[B, 784]"]);
}

#[test]
fn little_memory_changes_nothing_in_the_numbers() {
    let w = Workplace::new();
    let model = example("mnist_mlp_tanh.onnx");
    let digits = example("digits.npy");
    let common = ["expand", &model, "--at", &digits, "--order", "3"];
    w.done(&[&common[..], &["--out", "much.npz"]].concat());
    w.done(&[&common[..], &["--out", "little.npz", "--memory", "4MiB"]].concat());
    for key in ["value", "unmixed"] {
        assert!(deviation(&w.array("little.npz", key), &w.array("much.npz", key)) < 1e-12);
    }
    w.refused(&[&common[..], &["--memory", "100kB"]].concat(), &["memory", "--memory"]);
}

#[test]
fn help_version_and_completions() {
    let w = Workplace::new();
    let help = w.done(&["expand", "--help"]).stdout;
    for part in ["Examples:", "hope expand", "--at", "--verify", "Exit codes", "mixed    [B, m, T]"] {
        assert!(help.contains(part), "no '{part}' in the help");
    }
    assert!(w.done(&["--help"]).stdout.contains("hope check examples/mnist/"));
    assert_eq!(w.done(&["--version"]).stdout, concat!("hope ", env!("CARGO_PKG_VERSION"), "\n"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = w.done(&["completions", shell]).stdout;
        assert!(script.contains("expand") && script.contains("order"), "{shell}");
    }
}

/// As many threads as asked for, the same file to the last bit.
#[test]
fn threads_change_nothing_but_the_time() {
    let w = Workplace::new();
    let model = example("mnist_cnn_tanh.onnx");
    let common = ["expand", &model, "--at", &example("digits.npy"), "--order", "2", "--outputs", "3"];
    let mut files = Vec::new();
    for threads in ["1", "2", "5"] {
        let out = format!("t{threads}.npz");
        w.done(&[&common[..], &["--threads", threads, "--out", &out]].concat());
        assert_eq!(w.json(&format!("t{threads}.json"))["threads"], threads.parse::<u64>().expect("a number"));
        files.push(std::fs::read(w.path(&out)).expect("a file"));
    }
    assert!(files.windows(2).all(|pair| pair[0] == pair[1]));
    w.refused(&[&common[..], &["--threads", "0"]].concat(), &["--threads"]);
}
