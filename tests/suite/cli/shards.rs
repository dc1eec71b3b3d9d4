//! `hope expand --shards` and `hope merge`: a result in parts.

use std::path::PathBuf;

use ndarray::Dimension as _;
use ndarray_npy::write_npy;

use super::{Workplace, example};

/// Names of the archives in a folder, in order.
fn archives(w: &Workplace, folder: &str) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(w.path(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "npz"));
    names.sort();
    names
}

/// Every kind of terms, kinked networks, f32: the same bits as in one run.
#[test]
fn shards_are_the_whole() {
    let w = Workplace::new();
    let (mlp, relu) = (example("mnist_mlp1_sigmoid.onnx"), example("mnist_cnn_relu_bn.onnx"));
    let points = 7;
    let digits: ndarray::ArrayD<f32> = ndarray_npy::read_npy(example("digits.npy")).unwrap();
    let digits = digits.into_shape_with_order((40, 784)).unwrap();
    write_npy(w.path("at.npy"), &digits.slice(ndarray::s![..points, ..])).unwrap();
    let rays = |shape: &[usize]| {
        ndarray::ArrayD::from_shape_fn(shape, |i| ((i[i.ndim() - 1] + 3 * i[0]) % 5) as f64 / 5.0 - 0.3)
    };
    write_npy(w.path("rays.npy"), &rays(&[3, 784])).unwrap();
    write_npy(w.path("own.npy"), &rays(&[points, 2, 784])).unwrap();
    let cases: [(&str, &[&str]); 9] = [
        (&mlp, &["--order", "2", "--outputs", "3,1"]),
        (&mlp, &["--order", "2", "--outputs", "3", "--dtype", "f32", "--precision", "f32"]),
        (&mlp, &["--order", "3", "--directions", "rays.npy"]),
        (&mlp, &["--order", "3", "--directions", "own.npy"]),
        (&mlp, &["--order", "2", "--terms", "gradient", "--directions", "own.npy", "--outputs", "2"]),
        (&mlp, &["--terms", "hessian", "--inputs", "400,401", "--outputs", "2"]),
        (&mlp, &["--order", "2", "--terms", "mixed", "--subspace", "rays.npy"]),
        (&mlp, &["--order", "2", "--method", "hope", "--outputs", "3"]),
        (&relu, &["--order", "2", "--outputs", "3", "--verify", "2"]),
    ];
    for (number, (model, options)) in cases.iter().enumerate() {
        let args = [&["expand", model, "--at", "at.npy", "--device", "cpu"], *options].concat();
        w.done(&[&args[..], &["--out", "whole.npz"]].concat());
        let folder = format!("shards{number}");
        let run = w.done(&[&args[..], &["--shards", &folder, "--shard-size", "3"]].concat());
        assert!(run.stdout.contains("3 shards of 7 points: 3 made, 0 there before"), "{}", run.stdout);
        w.done(&["merge", &folder, "--out", "joined.npz"]);
        let mut whole = hope::npy::NpzReader::open(&w.path("whole.npz")).unwrap();
        let mut joined = hope::npy::NpzReader::open(&w.path("joined.npz")).unwrap();
        assert_eq!(whole.names(), joined.names(), "{options:?}");
        for name in whole.names() {
            let (a, b) = (whole.array(&name).unwrap(), joined.array(&name).unwrap());
            assert_eq!((a.shape, a.values), (b.shape, b.values), "{options:?}: {name}");
        }
        let (a, b) = (w.json("whole.json"), w.json("joined.json"));
        for key in ["model_sha256", "exact", "order", "terms", "points", "outputs", "dtype", "precision"] {
            assert_eq!(a[key], b[key], "{options:?}: {key}");
        }
        assert_eq!(a["kinks"]["smallest"], b["kinks"]["smallest"], "{options:?}");
        assert_eq!(b["shards"], 3);
        // Counts in a reason are those of one shard, which it says.
        let (whole_reason, reason) =
            (a["exact_reason"].as_str().unwrap(), b["exact_reason"].as_str().unwrap());
        assert!(reason == whole_reason || reason.contains("(so of shard "), "{options:?}: {reason}");
        let lengths =
            [&w.path("whole.npz"), &w.path("joined.npz")].map(|path| std::fs::metadata(path).unwrap().len());
        assert_eq!(lengths[0], lengths[1], "{options:?}: the same types of numbers");
    }
}

#[test]
fn a_run_goes_on_where_it_stopped() {
    let w = Workplace::new();
    let model = example("mnist_mlp1_sigmoid.onnx");
    std::fs::copy(&model, w.path("net.onnx")).unwrap();
    let digits = example("digits.npy");
    let args = [
        "expand",
        "net.onnx",
        "--at",
        &digits,
        "--order",
        "1",
        "--device",
        "cpu",
        "--shards",
        "parts",
        "--shard-size",
        "10",
    ];
    w.done(&args);
    let made = archives(&w, "parts");
    assert_eq!(made.len(), 4);
    let time = |path: &PathBuf| std::fs::metadata(path).unwrap().modified().unwrap();
    let times: Vec<_> = made.iter().map(time).collect();
    // As if killed between the two files of a shard; another one is lost whole.
    std::fs::remove_file(made[1].with_extension("json")).unwrap();
    std::fs::remove_file(&made[3]).unwrap();
    w.refused(&["merge", "parts", "--out", "r.npz"], &["2 of 4 shards are missing", "hope expand --shards"]);
    let run = w.done(&args);
    assert!(run.stdout.contains("2 made, 2 there before"), "{}", run.stdout);
    assert_eq!(archives(&w, "parts"), made);
    assert_eq!((time(&made[0]), time(&made[2])), (times[0], times[2]));
    assert!(time(&made[1]) > times[1]);
    w.done(&["merge", "parts", "--out", "r.npz", "--compress"]);
    // The same network elsewhere, with other words for the same: nothing to do.
    let run = w.done(&[
        "expand",
        &model,
        "--at",
        &digits,
        "--order",
        "1",
        "--device",
        "cpu",
        "--threads",
        "1",
        "--shards",
        "parts",
        "--shard-size",
        "10",
    ]);
    assert!(run.stdout.contains("0 made, 4 there before"), "{}", run.stdout);
    // Other points, options, networks: other shards.
    for other in [
        &["expand", "net.onnx", "--at", &digits, "--order", "2"][..],
        &["expand", "net.onnx", "--at", &digits, "--order", "1", "--outputs", "3"],
        &["expand", &example("mnist_mlp_tanh.onnx"), "--at", &digits, "--order", "1"],
    ] {
        let run = w.done(&[other, &["--device", "cpu", "--shards", "parts", "--shard-size", "20"]].concat());
        assert!(run.stdout.contains("2 made, 0 there before"), "{}", run.stdout);
    }
    let key = made[0].file_name().unwrap().to_string_lossy()[..12].to_string();
    w.refused(&["merge", "parts", "--out", "r.npz"], &["several runs", "--run", &key]);
    w.done(&["merge", "parts", "--run", &key[..6], "--out", "r.npz"]);
    w.refused(&["merge", "parts", "--run", "zzz", "--out", "r.npz"], &["no shards of a run zzz"]);
}

#[test]
fn what_cannot_be_merged() {
    let w = Workplace::new();
    w.refused(&["merge", "nowhere", "--out", "r.npz"], &["nowhere"]);
    std::fs::create_dir(w.path("empty")).unwrap();
    w.refused(&["merge", "empty", "--out", "r.npz"], &["no shards", "--shards DIR"]);
    w.refused(&["merge", "empty", "--out", "r.zip"], &[".npz"]);
    let digits = example("digits.npy");
    let args = [
        "expand",
        &example("mnist_mlp1_sigmoid.onnx"),
        "--at",
        &digits,
        "--order",
        "1",
        "--outputs",
        "0",
        "--device",
        "cpu",
    ];
    w.done(&[&args[..], &["--shards", "parts", "--shard-size", "20"]].concat());
    let made = archives(&w, "parts");
    // A result must not take a shard's place.
    let shard = made[0].to_string_lossy().into_owned();
    w.refused(&["merge", "parts", "--out", &shard], &["is an input of this run"]);
    // Damaged ones are named, and nothing is written.
    std::fs::write(made[1].with_extension("json"), "{}").unwrap();
    w.refused(&["merge", "parts", "--out", "r.npz"], &[".json", "another one"]);
    std::fs::write(made[1].with_extension("json"), "no json").unwrap();
    w.refused(&["merge", "parts", "--out", "r.npz"], &[".json", "no record"]);
    std::fs::copy(made[0].with_extension("json"), made[1].with_extension("json")).unwrap();
    let whole = std::fs::read(&made[1]).unwrap();
    std::fs::write(&made[1], &whole[..whole.len() / 2]).unwrap();
    let run = w.hope(&["merge", "parts", "--out", "r.npz"]);
    assert!(run.stderr.contains("npz archive") && !w.path("r.npz").exists(), "{}", run.stderr);
    // Others' archives under the name of a shard: a number alone where there should be points.
    let mut foreign = ndarray_npy::NpzWriter::new(std::fs::File::create(&made[0]).unwrap());
    foreign.add_array("points", &ndarray::arr0(1.0)).unwrap();
    foreign.finish().unwrap();
    let run = w.hope(&["merge", "parts", "--out", "r.npz"]);
    assert!(run.code == Some(1) && run.stderr.contains("has shape []"), "{}", run.stderr);
    w.refused(&[&args[..], &["--shards", "parts", "--out", "r.npz"]].concat(), &["--out"]);
}
