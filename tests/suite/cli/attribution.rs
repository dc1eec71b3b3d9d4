//! `hope heatmap` and `hope interactions` for images of any kind: ways to a baseline, patches, photographs.

use std::path::Path;

use ndarray::ArrayD;

use crate::onnx_encode::{field, node};

use super::{Workplace, deviation, example, reference, reference_text};

/// Of `tests/truth/attribution.py`.
fn truth(key: &str) -> ArrayD<f64> {
    super::array(&reference("../attribution.npz"), key)
}

fn photo(name: &str) -> String {
    reference_text(&format!("../images/{name}"))
}

#[test]
fn the_way_to_black() {
    let w = Workplace::new();
    let (model, digit) = (example("mnist_cnn_tanh.onnx"), example("digit_3.png"));
    let args = ["heatmap", &model, "--image", &digit, "--attribution", "along", "--device", "cpu"];
    let one = ["--steps", "1", "--npz", "a.npz", "--out", "a.png", "--out", "a.svg"];
    let run = w.done(&[&args[..], &one].concat());
    assert_eq!(w.files(), ["a.npz", "a.png", "a.svg"]);
    let shares = w.array("a.npz", "shares");
    assert_eq!(shares.shape(), [1, 3, 784]);
    let shares: Vec<f64> = shares.iter().copied().collect();
    assert!(deviation(&shares, &truth("shares")) < 1e-10);
    // What is printed is what is written.
    let change = w.array("a.npz", "change")[[0]];
    let mut sum = 0.0;
    for k in 0..3 {
        let term: f64 = shares[k * 784..][..784].iter().sum();
        sum += term;
        let row = run.stdout.lines().find(|l| l.trim().starts_with(&format!("{} ", k + 1))).expect("a row");
        for part in [term, sum] {
            assert!(row.contains(&format!("{:.1} %", 100.0 * part / change)), "{row}");
        }
        let measured = w.array("a.npz", "measured")[[0, k]];
        assert!(row.contains(&format!("; {measured:.2} of the way")), "{row}");
    }
    assert!(run.stdout.contains("which doesn't suffice"), "{}", run.stdout);
    assert!(run.stdout.contains("the adjoint of truncated Taylor series along rays drops no term"));
    // As many steps as it takes, and where to.
    let run = w.done(&[&args[..], &["--npz", "b.npz", "--out", "b.png", "--baseline", "blur"]].concat());
    let steps = w.array("b.npz", "steps")[[0]];
    assert!(steps > 1.0 && run.stdout.contains(&format!("expanded at {steps} points")), "{}", run.stdout);
    assert!(run.stdout.contains("to the blurred image"), "{}", run.stdout);
    // Away from it: the first order has the other sign.
    w.done(&[&args[..], &["--steps", "1", "--npz", "c.npz", "--out", "c.png", "--away"]].concat());
    let away = w.array("c.npz", "shares");
    assert!((0..784).all(|i| (away[[0, 0, i]] + shares[i]).abs() < 1e-12));
    assert!((0..784).all(|i| (away[[0, 1, i]] - shares[784 + i]).abs() < 1e-12));
}

#[test]
fn patches_and_several_classes() {
    let w = Workplace::new();
    let (model, digit) = (example("mnist_cnn_tanh.onnx"), example("digit_3.png"));
    let args =
        ["heatmap", &model, "--image", &digit, "--patch", "4", "--baseline", "black", "--device", "cpu"];
    let extra = ["--npz", "p.npz", "--out", "p.png", "--compare", "--class", "top2"];
    let run = w.done(&[&args[..], &extra].concat());
    let found = w.array("p.npz", "predicted");
    assert_eq!(found.shape(), [2, 3, 49]);
    let first: Vec<f64> = found.iter().take(3 * 49).copied().collect();
    assert!(deviation(&first, &truth("patches")) < 1e-10);
    assert_eq!(w.array("p.npz", "true").shape(), [2, 49]);
    assert_eq!(w.array("p.npz", "class")[[0]], truth("class")[[0]]);
    assert!(run.stdout.contains("each patch to black") && run.stdout.contains("published rule: no answer"));
    // Zero is black.
    let zero = ["heatmap", &model, "--image", &digit, "--patch", "4", "--delta", "zero", "--device", "cpu"];
    w.done(&[&zero[..], &["--npz", "z.npz", "--out", "z.png", "--class", "top2"]].concat());
    assert_eq!(w.array("z.npz", "predicted"), found);
    // A patch of one pixel is the pixel.
    let by_pixel = |extra: &[&str], file: &str| {
        let args = ["heatmap", &model, "--image", &digit, "--npz", file, "--out", "x.png", "--device", "cpu"];
        w.done(&[&args[..], extra].concat());
        w.array(file, "predicted").into_iter().collect::<Vec<f64>>()
    };
    let (one, pixels) = (by_pixel(&["--patch", "1"], "1.npz"), by_pixel(&[], "0.npz"));
    assert!(one.iter().zip(&pixels).all(|(a, b)| (a - b).abs() < 1e-11));

    let pairs = ["interactions", &model, "--image", &digit, "--patch", "4", "--device", "cpu"];
    let run = w.done(&[&pairs[..], &["--out", "p.csv", "--map", "m.png"]].concat());
    assert!(run.stdout.contains("1,176 pairs among 49 patches"), "{}", run.stdout);
    let csv = std::fs::read_to_string(w.path("p.csv")).expect("a table");
    let line = csv.lines().nth(1).expect("a pair");
    let numbers: Vec<f64> = line.split(',').map(|x| x.parse().expect("a number")).collect();
    let [i, j] = [1, 4].map(|k| numbers[k] as usize);
    assert_eq!(numbers[2..4], [(i / 7 * 4) as f64, (i % 7 * 4) as f64]);
    let truth = truth("pairs")[[i, j]];
    assert!((numbers[7] - truth).abs() < 1e-9 * truth.abs(), "{line}");
}

/// A model of colour images, whose outputs are their numbers.
fn colour_model(w: &Workplace, rows: u8, columns: u8) -> String {
    let dimensions = [1, 3, rows, columns].map(|size| field(1, &[8, size])).concat();
    let float = field(2, &field(1, &[vec![8, 1], field(2, &dimensions)].concat()));
    let input = field(11, &[field(1, b"x"), float].concat());
    let graph = [node("Flatten", &["x"], &["y"]), input, field(12, &field(1, b"y"))].concat();
    let bytes = [vec![8, 8], field(8, &[16, 17]), field(7, &graph)].concat();
    let name = format!("{rows}x{columns}.onnx");
    std::fs::write(w.path(&name), bytes).expect("a file");
    name
}

#[test]
fn photographs_become_what_the_network_takes() {
    let w = Workplace::new();
    let model = colour_model(&w, 28, 28);
    let fitted = |key: &str| -> Vec<f64> {
        let array = super::array(Path::new(&photo("fitted.npz")), key);
        let (rows, columns) = (array.shape()[0], array.shape()[1]);
        // Channels first, as the network has them.
        (0..3 * rows * columns)
            .map(|i| array[[i % (rows * columns) / columns, i % columns, i / (rows * columns)]])
            .collect()
    };
    let read = |file: &str, extra: &[&str]| -> Vec<f64> {
        let file = photo(file);
        let args = ["heatmap", &model, "--image", &file, "--order", "1", "--npz", "r.npz", "--out", "r.png"];
        w.done(&[&args[..], &["--class", "0", "--device", "cpu"], extra].concat());
        w.array("r.npz", "image").into_iter().collect()
    };
    // Pillow rounds to bytes, between rows and columns, too.
    let near = |found: &[f64], key: &str, bytes: f64| {
        let off = found.iter().zip(fitted(key)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off <= (bytes + 0.01) / 255.0, "{key}: {} of 255", off * 255.0);
    };
    near(&read("waves.png", &["--resize", "crop"]), "crop", 1.0);
    near(&read("waves.png", &["--preprocess", "imagenet"]), "imagenet", 1.0);
    // The shorter way to the same.
    let long = ["--normalize", "0.485,0.456,0.406;0.229,0.224,0.225", "--resize", "crop"];
    read("waves.png", &long);
    let delta = w.array("r.npz", "delta");
    assert!((delta[[0, 0]] - 0.5 / 0.229).abs() < 1e-12 && (delta[[0, 2351]] - 0.5 / 0.225).abs() < 1e-12);

    let exact = colour_model(&w, 47, 61);
    let at = |file: &str, key: &str, bytes: f64| {
        let file = photo(file);
        w.done(&["expand", &exact, "--at", &file, "--order", "1", "--outputs", "0", "--out", "e.npz"]);
        near(&w.array("e.npz", "points").into_iter().collect::<Vec<_>>(), key, bytes);
    };
    at("waves.png", "exact", 0.0);
    // Decoders of JPEG may round differently.
    at("waves.jpg", "jpeg", 3.0);
    // Grey photographs have three equal colours.
    w.done(&[
        "expand",
        &exact,
        "--at",
        &photo("grey.jpg"),
        "--order",
        "1",
        "--outputs",
        "0",
        "--out",
        "g.npz",
    ]);
    let grey = super::array(Path::new(&photo("fitted.npz")), "grey");
    let points = w.array("g.npz", "points");
    assert!(
        (0..3 * 47 * 61).all(|i| (points[[0, i]] - grey[[i % (47 * 61) / 61, i % 61]]).abs() < 2.01 / 255.0)
    );

    for (size, key) in [([28, 36], "stretch"), ([90, 80], "larger")] {
        let model = colour_model(&w, size[0], size[1]);
        let file = photo("waves.png");
        let args = ["heatmap", &model, "--image", &file, "--order", "1", "--npz", "r.npz", "--out", "r.png"];
        w.done(&[&args[..], &["--resize", "stretch", "--class", "0", "--device", "cpu"]].concat());
        near(&w.array("r.npz", "image").into_iter().collect::<Vec<_>>(), key, 1.0);
    }
}

#[test]
fn attributions_are_judged() {
    let w = Workplace::new();
    let model = example("mnist_cnn_tanh.onnx");
    let images = [3, 8].map(|k| example(&format!("digit_{k}.png")));
    let args =
        ["heatmap", &model, "--image", &images[0], "--image", &images[1], "--evaluate", "--patch", "2"];
    let run = w.done(
        &[&args[..], &["--order", "2", "--npz", "e.npz", "--out", "e.svg", "--device", "cpu"]].concat(),
    );
    let (deletion, insertion) = (w.array("e.npz", "deletion"), w.array("e.npz", "insertion"));
    assert_eq!(deletion.shape(), [8, 2, 51]);
    // All begin with the image and end with black, or the other way round.
    for method in 0..8 {
        for image in 0..2 {
            assert_eq!(deletion[[method, image, 0]], insertion[[0, image, 50]]);
            assert_eq!(deletion[[method, image, 50]], insertion[[0, image, 0]]);
        }
    }
    // The table's areas are those of the curves; occlusion beats chance.
    let area = |curves: &ArrayD<f64>, method: usize| -> f64 {
        let of = |image: usize| {
            (0..50)
                .map(|k| (curves[[method, image, k]] + curves[[method, image, k + 1]]) / 100.0)
                .sum::<f64>()
        };
        (of(0) + of(1)) / 2.0
    };
    let names = [
        "along, order 1",
        "along, orders 1 to 2",
        "along, orders 1 to 2, in steps",
        "integrated gradients",
        "gradient x input",
        "alone, order 2",
        "occlusion",
        "random",
    ];
    for (method, name) in names.iter().enumerate() {
        let row = run.stdout.lines().find(|line| line.trim().starts_with(&format!("{name}  "))).expect(name);
        for curves in [&deletion, &insertion] {
            // Parts are whole patches: not quite evenly spaced.
            let area = area(curves, method);
            let near = |word: &str| word.parse::<f64>().is_ok_and(|x| (x - area).abs() < 0.01);
            assert!(row.split_whitespace().any(near), "{name}: {area} in {row}");
        }
    }
    assert!(area(&deletion, 6) < area(&deletion, 7) && area(&insertion, 6) > area(&insertion, 7));
    // As many images as there are: no picture of each.
    let many = w.npy("many.npy", &[61, 1, 28, 28], vec![0.5; 61 * 784]);
    let args = [
        "heatmap", &model, "--image", &many, "--patch", "14", "--order", "1", "--out", "m.png", "--device",
        "cpu",
    ];
    w.refused(&args, &["too many images"]);
    assert!(w.done(&[&args[..], &["--evaluate"]].concat()).stdout.contains("61 images"));
    let large = colour_model(&w, 90, 80);
    let waves = photo("waves.png");
    let args = ["heatmap", &large, "--image", &waves, "--resize", "stretch", "--evaluate"];
    w.refused(&args, &["7200 pixels", "--patch 2"]);
}

#[test]
fn what_cannot_be() {
    let w = Workplace::new();
    let (model, digit) = (example("mnist_cnn_tanh.onnx"), example("digit_3.png"));
    let refused = |extra: &[&str], parts: &[&str]| {
        w.refused(&[&["heatmap", &model, "--image", &digit], extra].concat(), parts);
    };
    refused(&["--attribution", "along", "--delta", "0.5"], &["--baseline"]);
    refused(&["--attribution", "along", "--compare"], &["--compare"]);
    refused(&["--attribution", "along", "--method", "hope"], &["--method hope"]);
    refused(&["--attribution", "along", "--steps", "0"], &["'0'", "auto"]);
    refused(&["--attribution", "along", "--tolerance", "0"], &["'0'"]);
    refused(&["--attribution", "along", "--baseline", "none.png"], &["none.png", "cannot be read"]);
    refused(&["--attribution", "along", "--baseline", &digit], &["digit_3.png", "no input is changed"]);
    refused(&["--attribution", "along", "--order", "0"], &["order 0"]);
    refused(&["--evaluate", "--method", "hope"], &["--evaluate", "exact"]);
    refused(&["--evaluate", "--compare"], &["--compare"]);
    refused(&["--evaluate", "--away"], &["--away"]);
    refused(&["--attribution", "sideways"], &["sideways"]);
    refused(&["--steps", "4"], &["--attribution along"]);
    refused(&["--away"], &["--attribution along"]);
    refused(&["--patch", "29"], &["--patch 29", "28 rows"]);
    refused(&["--patch", "0"], &["0"]);
    refused(&["--patch", "4", "--method", "hope"], &["along directions"]);
    refused(&["--baseline", "black", "--delta", "0.1"], &["--delta"]);
    refused(&["--mean", "m.npy", "--baseline", "black"], &["--mean goes with"]);
    refused(&["--class", "top11"], &["top11", "10"]);
    refused(&["--class", "top"], &["top"]);
    refused(&["--preprocess", "imagenet"], &["colour"]);
    refused(&["--resize", "twice"], &["twice", "stretch"]);
    let photo = photo("waves.jpg");
    w.refused(&["heatmap", &model, "--image", &photo], &["waves.jpg", "61 pixels wide", "28 x 28"]);
    w.refused(&["heatmap", &model, "--image", &photo, "--resize", "crop"], &["waves.jpg", "RGB", "grey"]);
    let at = ["interactions", &model, "--image", &digit];
    w.refused(&[&at[..], &["--patch", "28"]].concat(), &["1 patch", "2 to"]);
    w.refused(&[&at[..], &["--patch", "4", "--strongest", "3"]].concat(), &["--patch"]);
    let flat = reference_text("discover_5d.onnx");
    let args = ["interactions", &flat, "--at", "0,0,0,0,0", "--resize", "crop"];
    w.refused(&args, &["--image"]);
    // What a header says takes no memory.
    let file = std::fs::File::create(w.path("huge.png")).expect("a file");
    let mut encoder = png::Encoder::new(file, 60_000, 60_000);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_chunk(png::chunk::IDAT, &[0x78, 0x9c]).expect("a beginning");
    drop(writer);
    w.refused(
        &["heatmap", &model, "--image", "huge.png", "--resize", "crop"],
        &["huge.png", "60000 pixels wide"],
    );
    // What is broken.
    let whole = std::fs::read(&photo).expect("the file");
    for (name, bytes) in
        [("cut.jpg", &whole[..whole.len() / 2]), ("empty.jpeg", &[]), ("text.JPG", b"no image")]
    {
        std::fs::write(w.path(name), bytes).expect("a file");
        w.refused(&["heatmap", &model, "--image", name, "--resize", "crop"], &[name, "JPEG"]);
    }
}
