//! Memory and inputs of every command: `--memory` holds for everything, and what is no file is refused at once.

use std::path::Path;
use std::process::Command;

use super::{Workplace, example};
use crate::common::path;
use crate::onnx_encode::{content, field, node};

/// What a program of this size takes besides its budget: code, threads, tables, buffers of files.
const BESIDES: f64 = 100.0;

/// The most memory that a run had, in MiB, as it says itself; the run may have been refused.
fn peak(w: &Workplace, args: &[&str]) -> f64 {
    let run = w.hope(&[args, &["-v"]].concat());
    assert!(matches!(run.code, Some(0 | 2)), "{args:?}: {:?} {}", run.code, run.stderr);
    let before = run.stderr.split(" of memory at the most").next().unwrap_or_default();
    let mut words = before.rsplit(' ');
    let (unit, amount) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let amount: f64 = amount.parse().unwrap_or_else(|_| panic!("{args:?}: {}", run.stderr));
    amount * if unit == "GiB" { 1024.0 } else { 1.0 }
}

/// A model of n inputs and as many outputs, each of which depends on its input alone.
fn elementwise(w: &Workplace, name: &str, n: usize) {
    let mut size = vec![8];
    let mut rest = n;
    while rest >= 128 {
        size.push(rest as u8 | 128);
        rest >>= 7;
    }
    size.push(rest as u8);
    let shape = field(2, &[field(1, &field(2, b"batch")), field(1, &size)].concat());
    let float = field(2, &field(1, &[vec![8, 1], shape].concat()));
    let input = field(11, &[field(1, b"x"), float].concat());
    let graph = [node("Tanh", &["x"], &["y"]), input, field(12, &field(1, b"y"))].concat();
    let bytes = [vec![8, 8], field(8, &[16, 17]), field(7, &graph)].concat();
    std::fs::write(w.path(name), bytes).expect("a file");
}

/// The largest of each window of 64 x 64 pixels of an image of 126 x 126: 16 million cells, all equal in a flat image.
fn wide_windows(w: &Workplace, name: &str) {
    let sizes = [1, 1, 126, 126].map(|size| field(1, &[8, size])).concat();
    let float = field(2, &field(1, &[vec![8, 1], field(2, &sizes)].concat()));
    let input = field(11, &[field(1, b"x"), float].concat());
    let kernel = [field(1, b"kernel_shape"), vec![64, 64, 64, 64], vec![0xa0, 1, 7]].concat(); // ints
    let pool = field(1, &[content("MaxPool", &["x"], &["y"]), field(5, &kernel)].concat());
    let graph = [pool, input, field(12, &field(1, b"y"))].concat();
    let bytes = [vec![8, 8], field(8, &[16, 17]), field(7, &graph)].concat();
    std::fs::write(w.path(name), bytes).expect("a file");
}

#[test]
fn the_budget_of_memory_holds_for_every_command() {
    const BUDGET: f64 = 64.0;
    let w = Workplace::new();
    elementwise(&w, "m.onnx", 500);
    elementwise(&w, "s.onnx", 60);
    w.npy("p.npy", &[1, 500], vec![0.5; 500]);
    w.npy("points.npy", &[30, 500], vec![0.5; 30 * 500]);
    w.npy("s.npy", &[1, 60], vec![0.5; 60]);
    let case = |name: &str| path("tests/fixtures/cases").join(name).to_string_lossy().into_owned();
    let (mixed, at) = (case("mixed_exponents_memory/mx1600.onnx"), case("mixed_exponents_memory/x1600.npy"));
    let (e28, e31) = (case("memory_before_budget/e28.onnx"), case("memory_before_budget/e31.onnx"));
    wide_windows(&w, "windows.onnx");
    w.npy("flat.npy", &[1, 126, 126], vec![0.5; 126 * 126]);
    w.npy("ray.npy", &[1, 126 * 126], vec![1.0; 126 * 126]);
    let (cnn, digit) = (example("mnist_cnn_tanh.onnx"), example("digit_3.png"));
    let runs: &[&[&str]] = &[
        &["expand", "m.onnx", "--at", "points.npy", "--order", "3", "--out", "r.npz"], // 180 MB of results
        &["expand", "m.onnx", "--at", "points.npy", "--order", "2", "--out", "r.npz", "--verify", "100000"],
        &["expand", &e28, "--at", "0.5", "--order", "1", "--out", "r.npz"],
        &["expand", &e31, "--at", "0.5", "--order", "30", "--out", "r.npz"],
        &["expand", &e31, "--at", "0.5", "--order", "2", "--method", "hope", "--out", "r.npz"],
        &["expand", &mixed, "--at", &at, "--order", "2", "--terms", "mixed", "--out", "r.npz"],
        &[
            "polynomial",
            "s.onnx",
            "--at",
            "s.npy",
            "--output",
            "0",
            "--order",
            "3",
            "--terms",
            "mixed",
            "--out",
            "r.json",
        ],
        &[
            "polynomial",
            "m.onnx",
            "--at",
            "p.npy",
            "--output",
            "0",
            "--order",
            "2",
            "--terms",
            "mixed",
            "--out",
            "r.npz",
        ],
        &["trust", "s.onnx", "--at", "s.npy", "--order", "3", "--tolerance", "1e-3", "--out", "r.npz"],
        &["trust", "m.onnx", "--at", "points.npy", "--order", "3", "--tolerance", "1e-3", "--out", "r.npz"],
        &["converge", "s.onnx", "--at", "s.npy"],
        &["converge", "m.onnx", "--at", "points.npy"],
        &["interactions", "s.onnx", "--at", "s.npy", "--class", "0", "--strongest", "20"],
        &["interactions", "m.onnx", "--at", "p.npy", "--class", "0", "--strongest", "500"],
        &[
            "expand",
            "windows.onnx",
            "--at",
            "flat.npy",
            "--terms",
            "along",
            "--directions",
            "ray.npy",
            "--order",
            "1",
        ],
        &["heatmap", &cnn, "--image", &digit, "--order", "2", "--out", "r.svg"],
        &["heatmap", &cnn, "--image", &digit, "--attribution", "along", "--order", "30", "--out", "r.svg"],
        &["heatmap", &cnn, "--image", &digit, "--patch", "1", "--order", "30", "--out", "r.svg"],
        &["interactions", &cnn, "--image", &digit, "--patch", "1"],
        &["surrogate", "s.onnx", "--at", "s.npy", "--output", "0", "--order", "2", "--radius", "0.1"],
        &[
            "plot", "s.onnx", "--at", "s.npy", "--order", "3", "--range", "1", "--output", "0", "--out",
            "p.png",
        ],
        &["discover", "s.onnx", "--box=-1:1", "--order", "2", "--out", "d"],
    ];
    let mut over = Vec::new();
    for run in runs {
        let takes_memory = !matches!(run[0], "plot");
        let memory: &[&str] = if takes_memory { &["--memory", "64MiB", "--device", "cpu"] } else { &[] };
        let peak = peak(&w, &[run, memory].concat());
        if peak > BUDGET + BESIDES {
            over.push(format!("{peak} MiB: {run:?}"));
        }
    }
    // Without a budget of their own: nothing as large as what the file only speaks of.
    for run in [&["check", &e28, "--order", "30"][..], &["check", &e31]] {
        let peak = peak(&w, run);
        if peak > BESIDES {
            over.push(format!("{peak} MiB: {run:?}"));
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

/// 23 MB of JSON of the smallest things that there are, in each list: a tree of values would take 1.5 GB.
#[test]
fn json_takes_a_few_times_its_size() {
    let w = Workplace::new();
    let count = 3_333_333;
    let polynomial = |variables: &str, centre: &str, terms: &str| {
        format!(
            "{{\"format\":\"hope polynomial\",\"version\":1,\"variables\":[{variables}],\"centre\":[{centre}],\"frame\":null,\"terms\":[{terms}]}}"
        )
    };
    let things = |thing: &str| format!("{}0", format!("{thing},").repeat(count));
    let report = |devices: &str| {
        format!(
            "{{\"schema\":\"hope-bench\",\"schema_version\":1,\"hope\":\"0\",\"machine\":{{\"cpu\":\"\",\"system\":\"\"}},\"devices\":[{devices}]}}"
        )
    };
    let files = [
        ("terms.json", polynomial("\"x\"", "0", &things("{\"\":0}"))),
        ("empty.json", polynomial("\"x\"", "0", &things("{}"))),
        ("centre.json", polynomial("\"x\"", &things("0"), "")),
        ("names.json", polynomial(&things("\"x\""), "0", "")),
        ("report.json", report(&things("{\"\":0}")[..15 << 20])),
        ("skipped.json", report(&format!("{{\"more\":[{}]}}", &things("0")))),
    ];
    for (name, text) in files {
        std::fs::write(w.path(name), &text).expect("a file");
        let args: &[&str] = match name {
            "report.json" | "skipped.json" => &["bench", "report", name],
            _ => &["eval", name, "--at", "0.5"],
        };
        let peak = peak(&w, args);
        let size = text.len() as f64 / f64::from(1 << 20);
        assert!(peak < 4.0 * size + BESIDES, "{name}: {peak} MiB for {size}");
    }
    // A report that is no report any more.
    std::fs::write(w.path("long.json"), report(&" ".repeat(17 << 20))).expect("a file");
    w.refused(&["bench", "report", "long.json"], &["long.json", "too large"]);
}

#[cfg(unix)]
#[test]
fn no_command_waits_for_a_pipe() {
    let w = Workplace::new();
    for name in ["p.npz", "p.json", "p.png", "p.npy", "p.onnx"] {
        assert!(Command::new("mkfifo").arg(w.path(name)).status().expect("mkfifo").success());
    }
    let cnn = example("mnist_cnn_tanh.onnx");
    let sound = crate::common::path("tests/fixtures/operators/gemm.onnx");
    let sound = sound.to_string_lossy().into_owned();
    let runs: &[&[&str]] = &[
        &["eval", "p.npz", "--at", "0,0"],
        &["eval", "p.json", "--at", "0,0"],
        &["bench", "report", "p.json"],
        &["bench", "p.onnx", "--device", "cpu"],
        &["heatmap", &cnn, "--image", "p.png"],
        &["heatmap", &cnn, "--image", "p.npy"],
        &["expand", &cnn, "--at", "p.png", "--order", "1"],
        &["expand", &sound, "--at", "p.npy", "--order", "1"],
        &["expand", &sound, "--at", "0,0,0,0", "--order", "1", "--directions", "p.npy"],
        &["expand", &sound, "--at", "0,0,0,0", "--order", "1", "--terms", "mixed", "--subspace", "p.npy"],
        &["check", "p.onnx"],
        &["check", "/dev/zero"],
        &["eval", ".", "--at", "0"],
    ];
    for run in &runs[..runs.len() - 1] {
        w.refused(run, &["not a file"]);
    }
    w.refused(runs[runs.len() - 1], &["error"]);
}

#[cfg(unix)]
#[test]
fn external_weights_are_allowed_by_an_option() {
    let w = Workplace::new();
    let cases = path("tests/fixtures/cases/hf_cache_symlinks");
    let other = Workplace::new();
    std::fs::copy(cases.join("aaaa"), w.path("e.onnx")).expect("a file");
    std::fs::copy(cases.join("bbbb"), other.path("weights")).expect("a file");
    std::os::unix::fs::symlink(other.path("weights"), w.path("e.onnx.data")).expect("a link");
    let place = other.path(".").canonicalize().expect("a folder");
    let place = Path::new(&place).to_string_lossy().into_owned();
    w.refused(&["check", "e.onnx"], &["e.onnx", &format!("--allow-external {place}")]);
    w.done(&["check", "e.onnx", "--allow-external", &place]);
    w.done(&[
        "expand",
        "e.onnx",
        "--at",
        "0.5,-0.5",
        "--order",
        "2",
        "--allow-external",
        &place,
        "--device",
        "cpu",
    ]);
}
