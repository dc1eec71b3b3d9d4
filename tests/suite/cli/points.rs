//! `--at` and `--point`: points in every form, and which of several.

use std::fs::File;
use std::path::Path;

use super::{Workplace, example, reference_text};

/// A grey PNG whose pixels are 0, 1, 2, ...; and the numbers it means.
fn ramp(path: &Path, width: u32, height: u32) -> Vec<f64> {
    let bytes: Vec<u8> = (0..width * height).map(|i| (i % 256) as u8).collect();
    let mut encoder = png::Encoder::new(File::create(path).expect("a file"), width, height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&bytes).expect("pixels");
    bytes.into_iter().map(|byte| f64::from(byte) / 255.0).collect()
}

#[test]
fn images_are_points_of_brightness_0_to_1() {
    let w = Workplace::new();
    let model = example("mnist_mlp_tanh.onnx");
    let pixels = ramp(&w.path("ramp.png"), 28, 28);
    let dark = w.npy("dark.npy", &[1, 784], vec![0.0; 784]);
    let expand = |at: &[&str]| {
        let args = ["expand", &model, "--order", "1", "--outputs", "3", "--out", "r.npz", "--device", "cpu"];
        w.done(&[&args[..], at].concat());
        w.array("r.npz", "points")
    };
    let points = expand(&["--at", "ramp.png"]);
    assert_eq!((points.shape(), points.as_slice()), (&[1, 784][..], Some(&pixels[..])));
    // Several, of any kind.
    let points = expand(&["--at", &dark, "--at", "ramp.png", "--at", &dark]);
    assert_eq!(points.shape(), [3, 784]);
    assert!(points.iter().skip(784).take(784).eq(&pixels));
    // Where commands take one point, too.
    let args = ["polynomial", &model, "--at", "ramp.png", "--order", "1", "--output", "3", "--out", "p.npz"];
    w.done(&args);

    ramp(&w.path("small.png"), 27, 28);
    let refused = |model: &str, at: &str, parts: &[&str]| {
        w.refused(&["expand", model, "--at", at, "--order", "1"], &[&[at], parts].concat());
    };
    refused(&model, "small.png", &["27 pixels wide and 28 high", "28 x 28"]);
    refused(&model, "missing.png", &["cannot be read"]);
    refused(&reference_text("discover_2d.onnx"), "ramp.png", &["no image", "rows x columns"]);
    refused(&model, "r.npz", &["r.npz"]);
}

#[test]
fn one_of_several_points() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let at = "0,0;0.5,-0.5;1,1";
    for (command, more, npz) in [
        ("expand", &["--order", "2"][..], Some("r.npz")),
        ("trust", &["--order", "2", "--tolerance", "0.1"], Some("r.npz")),
        ("converge", &["--orders", "2"], None),
    ] {
        let out = npz.unwrap_or("r.csv");
        let args = [&[command, &model, "--at", at, "--out", out][..], more].concat();
        let all = w.done(&args);
        assert!(!all.stderr.contains("at point"), "{}", all.stderr);
        let one = w.done(&[&args[..], &["--point", "1"]].concat());
        assert!(one.stderr.starts_with("at point 1 of the 3 in --at (0 to 2)\n"), "{}", one.stderr);
        if let Some(npz) = npz {
            let points = w.array(npz, "points");
            assert_eq!((points.shape(), points.as_slice()), (&[1, 2][..], Some(&[0.5, -0.5][..])));
        }
        w.refused(&[&args[..], &["--point", "3"]].concat(), &["--point 3", "--at are 0 to 2"]);
    }
}

#[test]
fn commands_for_one_point_say_in_the_same_words_which_option_chooses() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let commands: [&[&str]; 5] = [
        &["surrogate", "--order", "2", "--radius", "0.1", "--batches", "1", "--samples", "10"],
        &["polynomial", "--order", "2"],
        &["plot", "--order", "2", "--range", "1"],
        &["interactions", "--inputs", "0,1"],
        &["discover", "--order", "2", "--box=-1:1", "--samples", "5", "--out", "found"],
    ];
    for command in commands {
        let args = [&command[..1], &[model.as_str(), "--at", "0,0;0.5,-0.5"], &command[1..]].concat();
        let message = "error: --at 0,0;0.5,-0.5: this command works at one point, not 2 points: \
                       choose one with --point 0 to --point 1";
        w.refused(&args, &[message]);
        w.refused(&[&args[..], &["--point", "2"]].concat(), &["--point 2: the points of --at are 0 to 1"]);
        let run = w.done(&[&args[..], &["--point", "1"]].concat());
        assert!(run.stderr.contains("at point 1 of the 2 in --at (0 to 1)\n"), "{command:?}: {}", run.stderr);
        let quiet = w.done(&[&args[..], &["--point", "1", "--quiet"]].concat());
        assert_eq!(quiet.stderr, "", "{command:?}");
    }
    // An image of several in a file, too.
    let (model, digits) = (example("mnist_mlp_tanh.onnx"), example("digits.npy"));
    let args = ["interactions", &model, "--image", &digits, "--inputs", "400,401"];
    w.refused(&args, &["--image", "not 40 points", "--point 39"]);
    let run = w.done(&[&args[..], &["--point", "7"]].concat());
    assert!(run.stderr.contains("at point 7 of the 40 in --image"), "{}", run.stderr);
}

/// An uncompressed archive, as numpy.savez makes them.
fn npz(w: &Workplace, name: &str, arrays: &[(&str, &[usize], &[f64])]) {
    let mut archive = ndarray_npy::NpzWriter::new(std::fs::File::create(w.path(name)).expect("a file"));
    for (name, shape, values) in arrays {
        let array = ndarray::ArrayD::from_shape_vec(*shape, values.to_vec()).expect("the shape fits");
        archive.add_array(*name, &array).expect("an array");
    }
    archive.finish().expect("an archive");
}

/// numpy.savez_compressed's archives, and ours.
#[test]
fn archives_may_be_deflated() {
    let w = Workplace::new();
    let model = crate::common::path("tests/fixtures/inputs/two.onnx").to_string_lossy().into_owned();
    let mut archive = ndarray_npy::NpzWriter::new_compressed(std::fs::File::create(w.path("p.npz")).unwrap());
    archive.add_array("a", &ndarray::array![[1.0, 2.0]]).unwrap();
    archive.add_array("b", &ndarray::array![[0.0, 0.25]]).unwrap();
    archive.finish().unwrap();
    let args = ["expand", &model, "--input", "a,b", "--at", "p.npz", "--order", "8", "--device", "cpu"];
    w.done(&[&args[..], &["--out", "plain.npz"]].concat());
    w.done(&[&args[..], &["--out", "small.npz", "--compress"]].concat());
    for name in ["points", "value", "unmixed"] {
        assert_eq!(w.array("small.npz", name), w.array("plain.npz", name), "{name}");
    }
    let digits = example("digits.npy");
    let args =
        ["expand", &example("mnist_mlp1_sigmoid.onnx"), "--at", &digits, "--order", "1", "--device", "cpu"];
    let size = |name: &str| std::fs::metadata(w.path(name)).unwrap().len();
    w.done(&[&args[..], &["--out", "plain.npz"]].concat());
    w.done(&[&args[..], &["--out", "small.npz", "--compress"]].concat());
    assert!(size("small.npz") < size("plain.npz"), "{} {}", size("small.npz"), size("plain.npz"));
    // A few kilobytes of zeros that would be hundreds of megabytes.
    let mut archive = ndarray_npy::NpzWriter::new_compressed(std::fs::File::create(w.path("b.npz")).unwrap());
    archive.add_array("a", &ndarray::Array2::<f64>::zeros((1 << 20, 2))).unwrap();
    archive.add_array("b", &ndarray::array![[0.0, 0.25]]).unwrap();
    archive.finish().unwrap();
    let args = ["expand", &model, "--input", "a,b", "--at", "b.npz", "--order", "2", "--device", "cpu"];
    w.refused(&args, &["b.npz", "'a'", "numpy.savez"]);
}

#[test]
fn points_of_several_inputs_come_by_name() {
    let w = Workplace::new();
    let model =
        |name: &str| crate::common::path("tests/fixtures/inputs").join(name).to_string_lossy().into_owned();
    let (two, open) = (model("two.onnx"), model("two_open.onnx"));
    // a_0 e^{b_0} + a_1 e^{b_1}, at two points; the order in the archive doesn't matter.
    let (a, b) = ([1.0, 2.0, -1.0, 0.5], [0.0, 0.25, 1.0, -0.5]);
    npz(&w, "p.npz", &[("b", &[2, 2], &b), ("a", &[2, 2], &a)]);
    for model in [&two, &open] {
        let args = [
            "expand", model, "--input", "a,b", "--at", "p.npz", "--order", "2", "--out", "r.npz", "--device",
            "cpu",
        ];
        w.done(&args);
        let (value, unmixed) = (w.array("r.npz", "value"), w.array("r.npz", "unmixed"));
        for point in 0..2 {
            let (a, b) = (&a[2 * point..][..2], &b[2 * point..][..2]);
            let truth = a[0] * f64::exp(b[0]) + a[1] * f64::exp(b[1]);
            assert!((value[[point, 0]] - truth).abs() < 1e-14 * truth.abs());
            for i in 0..2 {
                assert!((unmixed[[point, 0, 0, i]] - b[i].exp()).abs() < 1e-14);
                assert_eq!(unmixed[[point, 0, 1, i]], 0.0);
                assert!((unmixed[[point, 0, 1, 2 + i]] - a[i] * b[i].exp() / 2.0).abs() < 1e-14);
            }
        }
        let record = w.json("r.json");
        assert_eq!(record["inputs"][1]["name"], "b");
        assert_eq!(record["inputs"][1]["shape"], serde_json::json!([2]));
    }
    // What is fixed is in the record, too.
    let fixed =
        ["expand", &two, "--input", "a", "--fix", "b=0.5", "--at", "1,2", "--order", "1", "--out", "r.npz"];
    w.done(&fixed);
    let record = w.json("r.json");
    assert_eq!(record["fixed"], serde_json::json!([{ "name": "b", "shape": [], "value": 0.5 }]));
    assert_eq!(record["inputs"], serde_json::json!([{ "name": "a", "shape": [2] }]));
    // A single input's array may have any name.
    npz(&w, "one.npz", &[("x", &[1, 2], &[1.0, 2.0])]);
    w.done(&[
        "expand", &two, "--input", "a", "--fix", "b=0.5", "--at", "one.npz", "--order", "1", "--out", "r.npz",
    ]);

    let refused = |arrays: &[(&str, &[usize], &[f64])], words: &[&str]| {
        npz(&w, "q.npz", arrays);
        w.refused(&["expand", &two, "--input", "a,b", "--at", "q.npz", "--order", "2"], words);
    };
    refused(&[("a", &[2, 2], &a)], &["no array 'b'", "a"]);
    refused(&[("a", &[2, 2], &a), ("b", &[1, 2], &b[..2])], &["different numbers of points"]);
    refused(&[("a", &[2, 2], &a), ("b", &[4, 1], &b)], &["'b'", "[4, 1]", "[B, 2]"]);
    refused(&[("a", &[1, 2], &[1.0, f64::NAN]), ("b", &[1, 2], &b[..2])], &["'a'", "NaN"]);
    std::fs::write(w.path("q.npz"), "no archive").expect("a file");
    w.refused(&["expand", &two, "--input", "a,b", "--at", "q.npz", "--order", "2"], &["q.npz", "archive"]);
}
