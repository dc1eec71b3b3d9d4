//! Every command that writes: it overwrites nothing that it reads, follows links, and a failure leaves what was there.

use std::os::unix::fs::symlink;
use std::process::Command;

use hope::temporary::folder;

use super::{Run, Workplace, example, finished, reference_text};

/// A command that writes.
struct Writer {
    args: &'static [&'static str],
    /// Files that it reads.
    reads: &'static [&'static str],
    /// Options that name files that it writes, with the names that it gets here.
    writes: &'static [(&'static str, &'static str)],
    /// What comes along.
    companions: &'static [&'static str],
}

const WRITERS: [Writer; 20] = [
    Writer {
        args: &["expand", "m.onnx", "--at", "x.npy", "--order", "1", "--directions", "d.npy"],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.npz")],
        companions: &["r.json"],
    },
    Writer {
        args: &["expand", "m.onnx", "--at", "x.npy", "--order", "1", "--directions", "d.npy"],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.safetensors")],
        companions: &["r.json"],
    },
    Writer {
        args: &["expand", "m.onnx", "--at", "x.npy", "--order", "1", "--directions", "d.npy"],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r/")],
        companions: &["r/points.npy", "r/along.npy", "r/value.npy", "r/directions.npy", "r/result.json"],
    },
    Writer {
        args: &[
            "expand",
            "m.onnx",
            "--at",
            "x.npy",
            "--order",
            "1",
            "--terms",
            "mixed",
            "--subspace",
            "d.npy",
        ],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.npz")],
        companions: &["r.json"],
    },
    Writer {
        args: &["expand", "m.onnx", "--at", "x.npy", "--operator", "operator.json"],
        reads: &["m.onnx", "x.npy", "operator.json", "a.npy"],
        writes: &[("--out", "r.npz")],
        companions: &["r.json"],
    },
    Writer {
        args: &["polynomial", "m.onnx", "--at", "x.npy", "--order", "1", "--directions", "d.npy"],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.npz")],
        companions: &[],
    },
    Writer {
        args: &["polynomial", "m.onnx", "--at", "x.npy", "--order", "1", "--subspace", "d.npy"],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.json")],
        companions: &[],
    },
    Writer {
        args: &["eval", "p.json", "--at", "x.npy"],
        reads: &["p.json", "x.npy"],
        writes: &[("--out", "r.npy")],
        companions: &[],
    },
    Writer {
        args: &["eval", "p.npz", "--at", "x.npy", "--gradient"],
        reads: &["p.npz", "x.npy"],
        writes: &[("--out", "r.npy")],
        companions: &[],
    },
    Writer {
        args: &["plot", "m.onnx", "--at", "x.npy", "--order", "1", "--range", "0.1", "--subspace", "d.npy"],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.svg"), ("--out", "r.png")],
        companions: &[],
    },
    Writer {
        args: &[
            "heatmap",
            "mlp.onnx",
            "--image",
            "digit.png",
            "--order",
            "1",
            "--delta",
            "mean",
            "--mean",
            "mean.npy",
        ],
        reads: &["mlp.onnx", "digit.png", "mean.npy"],
        writes: &[("--out", "r.svg"), ("--npz", "r.npz")],
        companions: &[],
    },
    Writer {
        args: &["interactions", "m.onnx", "--at", "x.npy", "--inputs", "0,1"],
        reads: &["m.onnx", "x.npy"],
        writes: &[("--out", "r.csv"), ("--map", "r.svg")],
        companions: &[],
    },
    Writer {
        args: &[
            "trust",
            "m.onnx",
            "--at",
            "x.npy",
            "--order",
            "2",
            "--directions",
            "d.npy",
            "--tolerance",
            "1e-3",
        ],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.npz")],
        companions: &["r.json"],
    },
    Writer {
        args: &[
            "certify",
            "m.onnx",
            "--at",
            "x.npy",
            "--radius",
            "0.1",
            "--order",
            "2",
            "--directions",
            "d.npy",
        ],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.npz")],
        companions: &["r.json"],
    },
    Writer {
        args: &["certify", "m.onnx", "--property", "p.vnnlib", "--order", "1"],
        reads: &["m.onnx", "p.vnnlib"],
        writes: &[("--out", "r.npz")],
        companions: &["r.json"],
    },
    Writer {
        args: &[
            "converge",
            "m.onnx",
            "--at",
            "x.npy",
            "--orders",
            "1",
            "--directions",
            "d.npy",
            "--radii",
            "0.1",
        ],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.csv")],
        companions: &["r.json", "r.svg", "r.png"],
    },
    Writer {
        args: &[
            "surrogate",
            "m.onnx",
            "--at",
            "x.npy",
            "--order",
            "1",
            "--radius",
            "0.1",
            "--samples",
            "20",
            "--subspace",
            "d.npy",
            "--batches",
            "1",
        ],
        reads: &["m.onnx", "x.npy", "d.npy"],
        writes: &[("--out", "r.npz"), ("--json", "r.json")],
        companions: &[],
    },
    Writer {
        args: &[
            "discover",
            "m.onnx",
            "--box=-1:1",
            "--order",
            "2",
            "--samples",
            "10",
            "--at",
            "x.npy",
            "--out",
            ".",
        ],
        reads: &["m.onnx", "x.npy"],
        writes: &[],
        companions: &[
            "coefficients.csv",
            "coefficients.png",
            "coefficients.svg",
            "expression.tex",
            "expression.txt",
        ],
    },
    Writer {
        args: &[
            "bench",
            "m.onnx",
            "--quick",
            "--device",
            "cpu",
            "--workloads",
            "exact-3-x1",
            "--repeat",
            "1",
        ],
        reads: &["m.onnx"],
        writes: &[("--json", "r.json")],
        companions: &[],
    },
    Writer {
        args: &["bench", "report", "bench.json"],
        reads: &["bench.json"],
        writes: &[("--out", "r.md")],
        companions: &["r.svg"],
    },
];

/// Everything that they read.
fn inputs() -> Workplace {
    let w = Workplace::new();
    std::fs::copy(reference_text("discover_2d.onnx"), w.path("m.onnx")).expect("a model");
    for (from, to) in [("mnist_mlp_tanh.onnx", "mlp.onnx"), ("digit_3.png", "digit.png")] {
        std::fs::copy(example(from), w.path(to)).expect("a file");
    }
    w.npy("x.npy", &[1, 2], [0.5, -0.25]);
    w.npy("d.npy", &[1, 2], [1.0, 0.5]);
    w.npy("a.npy", &[1], [0.5]);
    std::fs::write(w.path("operator.json"), r#"[{"derivative": [0, 1], "coefficient": "a.npy"}]"#)
        .expect("a file");
    let property = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)
        (assert (and (>= X_0 0) (<= X_0 1) (>= X_1 0) (<= X_1 1) (>= Y_0 9)))";
    std::fs::write(w.path("p.vnnlib"), property).expect("a file");
    w.npy("mean.npy", &[1, 784], (0..784).map(|i| f64::from(i % 7) / 10.0));
    for name in ["p.json", "p.npz"] {
        let subspace = if name == "p.json" { "mixed" } else { "unmixed" };
        w.done(&[
            "polynomial",
            "m.onnx",
            "--at",
            "0,0",
            "--order",
            "2",
            "--terms",
            subspace,
            "-q",
            "--out",
            name,
        ]);
    }
    let bench =
        ["bench", "m.onnx", "--quick", "--device", "cpu", "--workloads", "exact-3-x1", "--repeat", "1"];
    w.done(&[&bench[..], &["--json", "bench.json", "-q"]].concat());
    w
}

/// The same files once more: they are read only, so links will do.
fn again(inputs: &Workplace) -> Workplace {
    let w = Workplace::new();
    for name in inputs.files() {
        std::fs::copy(inputs.path(&name), w.path(&name)).expect("a copy");
    }
    w
}

impl Writer {
    fn args(&self, writes: &[(&'static str, &'static str)]) -> Vec<&'static str> {
        let options = writes.iter().flat_map(|&(option, name)| [option, name]);
        let device: &[&str] =
            if matches!(self.args[0], "bench" | "plot" | "certify") { &[] } else { &["--device", "cpu"] };
        self.args.iter().copied().chain(device.iter().copied()).chain(options).collect()
    }

    fn results(&self) -> Vec<&'static str> {
        let named = self.writes.iter().map(|(_, name)| *name).filter(|name| !name.ends_with('/'));
        named.chain(self.companions.iter().copied()).collect()
    }
}

fn contents(w: &Workplace) -> Vec<(String, Vec<u8>)> {
    let names = w.files().into_iter().flat_map(|name| match w.path(&name).is_dir() {
        true => super::files_in(&w.path(&name)).iter().map(|inside| format!("{name}/{inside}")).collect(),
        false => vec![name],
    });
    names.map(|name| (name.clone(), std::fs::read(w.path(&name)).expect("a file"))).collect()
}

#[test]
fn no_command_overwrites_what_it_reads() {
    let inputs = inputs();
    for writer in &WRITERS {
        let w = again(&inputs);
        for read in writer.reads {
            for result in writer.results() {
                std::fs::create_dir_all(folder(&w.path(result))).expect("a folder");
                for hard in [true, false] {
                    match hard {
                        true => std::fs::hard_link(w.path(read), w.path(result)).expect("a link"),
                        false => symlink(w.path(read), w.path(result)).expect("a link"),
                    }
                    let before = contents(&w);
                    w.refused(&writer.args(writer.writes), &[result]);
                    assert!(contents(&w) == before, "{:?} over {read}", writer.args);
                    std::fs::remove_file(w.path(result)).expect("the link");
                }
            }
        }
    }
}

#[test]
fn links_are_followed_and_earlier_results_replaced() {
    let inputs = inputs();
    for writer in &WRITERS {
        let w = again(&inputs);
        std::fs::create_dir(w.path("far")).expect("a folder");
        let results = writer.results();
        for result in &results {
            std::fs::create_dir_all(folder(&w.path(result))).expect("a folder");
            symlink(w.path("far").join(result.replace('/', "-")), w.path(result)).expect("a link");
        }
        let before = w.files();
        for _ in 0..2 {
            w.done(&writer.args(writer.writes));
            assert_eq!(w.files(), before, "{:?}", writer.args);
            let mut expected: Vec<String> = results.iter().map(|name| name.replace('/', "-")).collect();
            expected.sort_unstable();
            assert_eq!(super::files_in(&w.path("far")), expected, "{:?}", writer.args);
            for result in &results {
                assert!(w.path(result).is_symlink() && w.path(result).metadata().expect("a file").len() > 0);
            }
        }
    }
}

/// With a limit to the size of files, as on a full disk.
#[test]
fn a_size_limit_is_reported_and_keeps_earlier_results() {
    let inputs = inputs();
    for writer in &WRITERS {
        for ignore in ["", "trap '' XFSZ; "] {
            let w = again(&inputs);
            // Nothing fits; empty files are no record or picture of others.
            for result in writer.results() {
                std::fs::create_dir_all(folder(&w.path(result))).expect("a folder");
                std::fs::write(w.path(result), "").expect("a file");
            }
            let before = contents(&w);
            let mut command = Command::new("sh");
            command.args([
                "-c",
                &format!("{ignore}ulimit -f 0; exec \"$0\" \"$@\""),
                env!("CARGO_BIN_EXE_hope"),
            ]);
            let args = writer.args(writer.writes);
            let run = finished(command.args(&args).current_dir(w.folder.path()).output().expect("a start"));
            assert_eq!(run.code, Some(1), "{args:?}: {}", run.stderr);
            let message = run.stderr.lines().last().unwrap_or_default();
            assert!(
                message.starts_with("error: cannot write ") && message.contains("too large"),
                "{args:?}: {}",
                run.stderr
            );
            assert!(!run.stderr.contains("panic"), "{args:?}: {}", run.stderr);
            assert!(contents(&w) == before, "{args:?}: {:?}", w.files());
        }
    }
}

/// Names as long as the system's own limit, and one that is longer.
#[test]
fn the_longest_names_are_written() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let expand = |length: usize| -> Run {
        let name = "a".repeat(length) + ".npz";
        w.hope(&["expand", &model, "--at", "0,0", "--order", "1", "--device", "cpu", "-q", "--out", &name])
    };
    // The record's name is one longer.
    assert_eq!(expand(250).code, Some(0));
    assert_eq!(w.files().len(), 2);
    let run = expand(251);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("name too long"), "{}", run.stderr);
    assert_eq!(w.files().len(), 2);
}

#[test]
fn companions_replace_nothing_of_another_kind() {
    let w = again(&inputs());
    std::fs::copy(w.path("p.json"), w.path("r.json")).expect("a polynomial");
    for args in [
        &["expand", "m.onnx", "--at", "0,0", "--order", "1", "--out", "r.npz"][..],
        &["trust", "m.onnx", "--at", "0,0", "--order", "1", "--out", "r.npz"],
        &["converge", "m.onnx", "--at", "0,0", "--orders", "1", "--out", "r.csv"],
    ] {
        w.refused(args, &["r.json", "record"]);
    }
    std::fs::write(w.path("r.svg"), "notes").expect("a file");
    w.refused(&["bench", "report", "bench.json", "--out", "r.md"], &["r.svg", "picture"]);
    std::fs::remove_file(w.path("r.json")).expect("removed");
    w.refused(
        &["converge", "m.onnx", "--at", "0,0", "--orders", "1", "--out", "r.csv"],
        &["r.svg", "picture"],
    );
    // The user has named it: it may be overwritten.
    w.done(&["bench", "report", "bench.json", "--out", "r.md", "--chart", "r.svg"]);
}

/// Weights in another file are read without being named.
#[test]
fn weights_outside_the_model_are_not_overwritten() {
    let w = Workplace::new();
    const MODEL: &str = "gemm_external_data.onnx";
    const WEIGHTS: &str = "gemm_external_data.bin";
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let folder = fixtures.join("operators");
    for name in [MODEL, WEIGHTS] {
        std::fs::copy(folder.join(name), w.path(name)).expect("a file");
    }
    std::fs::hard_link(w.path(WEIGHTS), w.path("r.npz")).expect("a link");
    w.refused(&["expand", MODEL, "--at", "0,0,0,0", "--order", "1", "--out", "r.npz"], &["r.npz", "input"]);
}
