//! `hope expand --out RESULT.safetensors` and `--out RESULT/`: the numbers of RESULT.npz, read by others.

use ndarray::ArrayD;
use safetensors::{Dtype, SafeTensors};

use super::{Workplace, array, example, files_in, keys, reference_text};

/// A result of every kind of terms, in three formats.
const KINDS: [&[&str]; 4] = [
    &["--order", "3"],
    &["--order", "2", "--directions", "d.npy", "--dtype", "f32"],
    &["--order", "3", "--terms", "mixed"],
    &["--terms", "hessian", "--inputs", "1"],
];

fn expand(w: &Workplace, options: &[&str], out: &str) {
    let model = reference_text("discover_2d.onnx");
    let args = ["expand", &model, "--at", "0.5,-0.25;1,0.125;0.25,0", "--device", "cpu", "--out", out];
    w.done(&[&args[..], options].concat());
}

/// An array of a safetensors file, by the format's own crate.
fn tensor(bytes: &[u8], name: &str) -> ArrayD<f64> {
    let tensor = SafeTensors::deserialize(bytes).unwrap().tensor(name).unwrap();
    let data = tensor.data();
    let values: Vec<f64> = match tensor.dtype() {
        Dtype::F64 => data.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect(),
        Dtype::F32 => {
            data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()).into()).collect()
        }
        Dtype::U8 => data.iter().map(|&b| f64::from(b)).collect(),
        other => panic!("{other:?}"),
    };
    ArrayD::from_shape_vec(tensor.shape(), values).unwrap()
}

fn in_npz(w: &Workplace, npz: &str, name: &str) -> ArrayD<f64> {
    let found = hope::npy::NpzReader::open(&w.path(npz)).unwrap().array(name).unwrap();
    ArrayD::from_shape_vec(found.shape, found.values).unwrap()
}

#[test]
fn all_formats_have_the_same_numbers() {
    let w = Workplace::new();
    w.npy("d.npy", &[2, 2], [1.0, 0.5, -0.25, 2.0]);
    for options in KINDS {
        for out in ["r.npz", "s.safetensors", "f/"] {
            expand(&w, options, out);
        }
        let names = keys(&w.path("r.npz"));
        let bytes = std::fs::read(w.path("s.safetensors")).unwrap();
        let read = SafeTensors::deserialize(&bytes).unwrap();
        let mut found: Vec<String> = read.names().into_iter().map(String::from).collect();
        found.sort();
        assert_eq!(found, names, "{options:?}");
        let mut expected: Vec<String> = names.iter().map(|name| format!("{name}.npy")).collect();
        expected.push("result.json".into());
        expected.sort();
        // Of the results before, other arrays are gone.
        assert_eq!(files_in(&w.path("f")), expected, "{options:?}");
        for name in names {
            let truth = in_npz(&w, "r.npz", &name);
            assert_eq!(tensor(&bytes, &name), truth, "{options:?}: {name}");
            let array = hope::npy::read(&w.path(&format!("f/{name}.npy"))).unwrap();
            assert_eq!(
                (array.shape.as_slice(), array.values),
                (truth.shape(), truth.iter().copied().collect())
            );
        }
        for record in ["s.json", "f/result.json"] {
            assert_eq!(w.json(record)["exact_reason"], w.json("r.json")["exact_reason"]);
        }
    }
}

/// Numbers lie where they can be mapped: at a multiple of a page's size, or of what numpy asks for.
#[test]
fn numbers_are_aligned() {
    let w = Workplace::new();
    expand(&w, &["--order", "2"], "s.safetensors");
    let bytes = std::fs::read(w.path("s.safetensors")).unwrap();
    let (length, _) = SafeTensors::read_metadata(&bytes).unwrap();
    assert_eq!((length + 8) % 4096, 0);
}

#[test]
fn shards_of_any_format_are_joined_into_any() {
    let w = Workplace::new();
    let digits = example("digits.npy");
    let model = example("mnist_mlp1_sigmoid.onnx");
    let args = ["expand", &model, "--at", &digits, "--order", "2", "--outputs", "3", "--device", "cpu"];
    w.done(&[&args[..], &["--out", "whole.npz"]].concat());
    let shards = ["--shards", "parts", "--shard-size", "15", "--shard-format", "safetensors"];
    let run = w.done(&[&args[..], &shards].concat());
    assert!(run.stdout.contains("3 made, 0 there before"), "{}", run.stdout);
    let run = w.done(&[&args[..], &shards].concat());
    assert!(run.stdout.contains("0 made, 3 there before"), "{}", run.stdout);
    for out in ["joined.npz", "joined.safetensors", "joined/"] {
        w.done(&["merge", "parts", "--out", out]);
    }
    let bytes = std::fs::read(w.path("joined.safetensors")).unwrap();
    for name in keys(&w.path("whole.npz")) {
        let truth = array(&w.path("whole.npz"), &name);
        assert_eq!(in_npz(&w, "joined.npz", &name), truth);
        assert_eq!(tensor(&bytes, &name), truth);
        let found: ArrayD<f64> = ndarray_npy::read_npy(w.path(&format!("joined/{name}.npy"))).unwrap();
        assert_eq!(found, truth);
    }
    for out in ["joined.safetensors", "joined/"] {
        w.refused(&["merge", "parts", "--out", out, "--compress"], &["--compress"]);
    }
}

/// A folder takes nothing away that isn't a result, and goes again if nothing comes of it.
#[test]
fn folders_hold_results_and_nothing_else() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let args = ["expand", &model, "--at", "0,0", "--order", "1", "--device", "cpu", "--out"];
    let expand = |out: &str| w.hope(&[&args[..], &[out]].concat());
    std::fs::create_dir(w.path("notes")).unwrap();
    std::fs::write(w.path("notes/todo.txt"), "mine").unwrap();
    for out in ["notes", "notes/"] {
        w.refused(&[&args[..], &[out]].concat(), &["todo.txt"]);
    }
    std::fs::write(w.path("taken"), "a file").unwrap();
    w.refused(&[&args[..], &["taken/"]].concat(), &["taken"]);
    w.refused(&[&args[..], &["nowhere/r/"]].concat(), &["nowhere"]);
    w.refused(&[&args[..], &["r/", "--compress"]].concat(), &["--compress"]);
    // A folder that is there is taken without a slash, too.
    std::fs::create_dir(w.path("empty")).unwrap();
    assert_eq!(expand("empty").code, Some(0));
    assert_eq!(files_in(&w.path("empty")).len(), 4);
    // What was there before stays if a run fails: here in numbers too large for f32.
    w.npy("far.npy", &[1, 2], [1e300, 0.0]);
    let far = ["expand", &model, "--at", "0,0", "--order", "1", "--directions", "far.npy", "--dtype", "f32"];
    for (out, left) in [("empty", 4), ("new/", 0)] {
        assert_eq!(w.hope(&[&far[..], &["--device", "cpu", "--out", out]].concat()).code, Some(1));
        let left_there = if w.path(out).exists() { files_in(&w.path(out)).len() } else { 0 };
        assert_eq!(left_there, left, "{out}");
    }
    assert!(!w.path("new").exists());
}
