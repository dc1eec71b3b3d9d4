//! Wrong usage and bad input: exit code 2, one clear message, nothing written.

use std::path::Path;

use super::{Workplace, example, reference_text};

fn discover() -> String {
    reference_text("discover_2d.onnx")
}

#[test]
fn options_that_are_missing_or_wrong() {
    let w = Workplace::new();
    let model = discover();
    let with =
        |extra: &[&'static str]| [&["expand", model.as_str(), "--at", "0,0", "--order", "2"], extra].concat();
    w.refused(&["expand", &model, "--order", "2"], &["--at"]);
    w.refused(&["expand", &model, "--at", "0,0"], &["--order"]);
    w.refused(&["expand", "--at", "0,0", "--order", "2"], &["MODEL.onnx"]);
    w.refused(&["expand", &model, "--at", "0,0", "--order", "two"], &["--order", "two"]);
    w.refused(&["expand", &model, "--at", "0,0", "--order", "0"], &["order 0", "1 to 30"]);
    w.refused(&["expand", &model, "--at", "0,0", "--order", "31"], &["order 31", "1 to 30"]);
    w.refused(&["exapnd"], &["exapnd", "expand"]);
    w.refused(&with(&["--methd", "hope"]), &["--methd", "--method"]);
    w.refused(&with(&["--method", "magic"]), &["magic", "exact, hope"]);
    w.refused(&with(&["--precision", "f16"]), &["f16", "f32, f64"]);
    w.refused(&with(&["--memory", "lots"]), &["lots", "2GiB"]);
    w.refused(&with(&["--memory", "0"]), &["no amount of memory"]);
    w.refused(&with(&["--outputs", "1;2"]), &["--outputs", "0,3"]);
    w.refused(&with(&["--outputs", "1"]), &["output 1"]);
    w.refused(&with(&["--verify", "18446744073709551615"]), &["--verify"]);
    w.refused(&with(&["--quiet", "-v"]), &["--quiet", "--verbose"]);
    w.refused(&with(&["--output-name", "nope"]), &["nope"]);
    w.refused(&with(&["--logits"]), &["softmax", "Gemm"]);
    w.refused(
        &with(&["--device", "no such GPU"]),
        &["--device no such GPU", "--device cpu", "hope adapters"],
    );
    w.refused(&with(&["--device", "gpu", "--precision", "f64"]), &["f32", "--device cpu"]);
}

#[test]
fn options_that_contradict_each_other() {
    let w = Workplace::new();
    let model = discover();
    let d = w.npy("d.npy", &[1, 2], [1.0, 0.0]);
    let with = |extra: &[&str]| {
        w.refused(&[&["expand", &model, "--at", "0,0", "--order", "2"], extra].concat(), &["--"])
    };
    with(&["--terms", "along"]);
    with(&["--terms", "unmixed", "--directions", &d]);
    with(&["--terms", "mixed", "--directions", &d]);
    with(&["--terms", "along", "--directions", &d, "--subspace", &d]);
    with(&["--directions", &d, "--subspace", &d]);
    with(&["--terms", "along", "--subspace", &d]);
    with(&["--terms", "unmixed", "--subspace", &d]);
    let args = ["expand", &model, "--at", "0,0", "--order", "2", "--directions", &d, "--method", "hope"];
    w.refused(&args, &["published rule", "--method exact"]);
}

/// Options that go with another one, beside what excludes that one: they would change nothing.
#[test]
fn options_without_the_one_that_they_belong_to() {
    let w = Workplace::new();
    let model = discover();
    let d = w.npy("d.npy", &[1, 2], [1.0, 0.0]);
    let expand = ["expand", &model, "--at", "0,0", "--order", "2"];
    let plot = ["plot", model.as_str(), "--at", "0,0", "--out", "p.svg"];
    let radius = ["--radius", "0.1"];
    for (command, other, option) in [
        (&expand[..], &["--terms", "mixed"][..], &["--samples", "8"][..]),
        (&expand, &["--directions", &d], &["--samples", "8"]),
        (&expand, &["--subspace", &d], &["--samples", "8"]),
        (&expand, &["--subspace", &d], &["--seed", "8"]),
        (&expand, &["--out", "r.npz"], &["--shard-size", "8"]),
        (&expand, &["--dry-run"], &["--shard-size", "8"]),
        (&expand, &["--dry-run"], &["--shard-format", "npz"]),
        (&["polynomial", &model, "--at", "0,0", "--order", "2"], &["--subspace", &d], &["--ray", "0"]),
        (&["interactions", &model], &["--at", "0,0"], &["--patch", "1"]),
        (&plot, &["--range", "1"], &["--eigenvalues", "1"]),
        (&plot, &["--order", "2"], &["--eigenvalues", "1"]),
        (
            &["surrogate", &model, "--at", "0,0", "--order", "2"],
            &[&["--subspace", &d], &radius[..]].concat(),
            &["--dimensions", "1"],
        ),
    ] {
        w.refused(&[command, other, option].concat(), &[option[0]]);
    }
}

#[test]
fn points_that_do_not_fit() {
    let w = Workplace::new();
    let model = discover();
    let refused =
        |at: &str, parts: &[&str]| w.refused(&["expand", &model, "--at", at, "--order", "2"], parts);
    refused("nowhere.npy", &["nowhere.npy", "No such file"]);
    refused("nowhere", &["nowhere", "neither a file nor numbers"]);
    refused("1,2,3", &["point 0 has 3 numbers", "2 inputs"]);
    refused("1,2;3", &["point 1 has 1 number"]);
    refused("1,nan", &["point 0 has NaN"]);
    refused("", &["numbers"]);
    refused(".", &["not a file"]);
    let three = w.npy("three.npy", &[4, 3], (0..12).map(f64::from));
    refused(&three, &["three.npy", "[4, 3]", "[B, 2]"]);
    let none = w.npy("none.npy", &[0, 2], []);
    refused(&none, &["none.npy", "[0, 2]"]);
    let infinite = w.npy("infinite.npy", &[2, 2], [0.0, 0.0, f64::INFINITY, 0.0]);
    refused(&infinite, &["infinite.npy", "point 1", "inf"]);
}

#[test]
fn directions_that_do_not_fit() {
    let w = Workplace::new();
    let model = discover();
    let refused = |option: &str, file: &str, parts: &[&str]| {
        w.refused(&["expand", &model, "--at", "0,0;1,1", "--order", "2", option, file], parts);
    };
    let wide = w.npy("wide.npy", &[2, 3], (0..6).map(f64::from));
    refused("--directions", &wide, &["wide.npy", "[2, 3]", "[R, 2]", "[2, R, 2]"]);
    refused("--subspace", &wide, &["wide.npy", "[2, 3]", "[d, 2]"]);
    let three = w.npy("three.npy", &[3, 1, 2], (0..6).map(f64::from));
    refused("--directions", &three, &["three.npy", "2 points"]);
    let none = w.npy("none.npy", &[0, 2], []);
    refused("--directions", &none, &["none.npy"]);
    refused("--subspace", &none, &["none.npy"]);
    let nan = w.npy("nan.npy", &[1, 2], [0.0, f64::NAN]);
    refused("--directions", &nan, &["nan.npy", "direction 0"]);
    refused("--subspace", &nan, &["nan.npy", "direction 0"]);
    refused("--directions", "missing.npy", &["missing.npy"]);
}

#[test]
fn files_that_are_no_arrays() {
    let w = Workplace::new();
    let header =
        |dict: &str| [b"\x93NUMPY\x01\x00", &(dict.len() as u16).to_le_bytes()[..], dict.as_bytes()].concat();
    let whole = header("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }");
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("empty.npy", Vec::new(), "no .npy file"),
        ("text.npy", b"0.5, 0.5\n".to_vec(), "no .npy file"),
        ("archive.npy", b"PK\x03\x04".to_vec(), ".npz archive"),
        ("short.npy", whole.clone(), "cut short"),
        ("header.npy", whole[..20].to_vec(), "cut short"),
        // A claim of 16 EiB must not make the program ask for them.
        (
            "huge.npy",
            header("{'descr': '<f8', 'fortran_order': False, 'shape': (1152921504606846976, 2), }"),
            "cut short",
        ),
        ("object.npy", header("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }"), "'|O'"),
        ("complex.npy", header("{'descr': '<c16', 'fortran_order': False, 'shape': (2,), }"), "'<c16'"),
        (
            "record.npy",
            header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }"),
            "fields",
        ),
    ];
    for (name, bytes, part) in cases {
        std::fs::write(w.path(name), bytes).expect("a file");
        w.refused(&["expand", &discover(), "--at", name, "--order", "2"], &[name, part]);
    }
}

#[test]
fn models_that_are_broken() {
    let w = Workplace::new();
    w.refused(&["check", "nowhere.onnx"], &["nowhere.onnx"]);
    w.refused(&["check", "."], &["not a file"]);
    std::fs::write(w.path("text.onnx"), "no model").expect("a file");
    w.refused(&["check", "text.onnx"], &["text.onnx"]);
    w.refused(&["expand", "text.onnx", "--at", "0,0", "--order", "2"], &["text.onnx"]);
    let bytes = std::fs::read(example("mnist_mlp1_sigmoid.onnx")).expect("a model");
    std::fs::write(w.path("cut.onnx"), &bytes[..bytes.len() / 2]).expect("a file");
    w.refused(&["expand", "cut.onnx", "--at", "0,0", "--order", "2"], &["cut.onnx"]);

    let broken = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/broken");
    let mut count = 0;
    for entry in std::fs::read_dir(broken).expect("the corpus") {
        let path = entry.expect("an entry").path();
        // One is sound, but has no finite value: see endings.rs.
        let refused = path.extension().is_some_and(|extension| extension == "onnx")
            && !path.ends_with("logarithm_of_negative.onnx");
        if refused {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            w.refused(&["check", &path.to_string_lossy()], &[&name]);
            count += 1;
        }
    }
    assert!(count > 20);
}

#[test]
fn places_that_take_no_result() {
    let w = Workplace::new();
    let model = discover();
    let refused = |out: &str, parts: &[&str]| {
        w.refused(&["expand", &model, "--at", "0,0", "--order", "2", "--out", out], parts);
    };
    refused("result", &["result", ".npz"]);
    refused("model.onnx", &[".npz"]);
    refused("nowhere/r.npz", &["nowhere", "No such file"]);
    std::fs::create_dir(w.path("folder.npz")).expect("a folder");
    refused("folder.npz", &["folder.npz", "not a file"]);
    std::fs::create_dir(w.path("taken.json")).expect("a folder");
    refused("taken.npz", &["taken.json", "not a file"]);
    if cfg!(target_os = "linux") {
        refused("/proc/r.npz", &["/proc"]);
    }
}
