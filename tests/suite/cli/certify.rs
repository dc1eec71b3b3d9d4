//! `hope certify`.

use super::{Workplace, example, keys, open, reference_text};

fn discover() -> String {
    reference_text("discover_2d.onnx")
}

#[test]
fn polynomials_with_bounds_that_hold() {
    let w = Workplace::new();
    let args = ["certify", &discover(), "--at", "0.5,-0.5;0,0", "--radius", "0.1", "--order", "4"];
    let run = w.done(&args);
    for part in ["in all of each of 2 regions", "polynomials of degree 4", "remainder", "2 inputs together"] {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    assert_eq!(w.files(), ["discover_2d.certify.json", "discover_2d.certify.npz"]);
    let npz = "discover_2d.certify.npz";
    let names: Vec<String> = keys(&w.path(npz)).iter().map(|key| key.replace(".npy", "")).collect();
    assert_eq!(
        names,
        [
            "coordinate",
            "exponents",
            "middle",
            "point",
            "points",
            "polynomial",
            "proved",
            "radius",
            "range",
            "remainder"
        ]
    );
    let (polynomial, remainder, range) =
        (w.array(npz, "polynomial"), w.array(npz, "remainder"), w.array(npz, "range"));
    assert_eq!(
        (polynomial.shape(), remainder.shape(), range.shape()),
        (&[2, 1, 15][..], &[2, 1][..], &[2, 1, 2][..])
    );
    let exponents: ndarray::ArrayD<u8> = open(&w.path(npz)).by_name("exponents").expect("u8");
    assert_eq!(exponents.shape(), [15, 2]);
    assert!(remainder.iter().all(|r| *r > 0.0 && *r < 1e-4));
    let json = w.json("discover_2d.certify.json");
    assert!(json["largest_remainder"].as_f64() > remainder.iter().copied().reduce(f64::max));
    assert_eq!((&json["proved"], &json["regions"]), (&2.into(), &2.into()));

    // The expansion's own coefficients, scaled by the radius, and values in the corners.
    w.done(&[
        "expand",
        &discover(),
        "--at",
        "0.5,-0.5;0,0",
        "--terms",
        "mixed",
        "--order",
        "4",
        "--device",
        "cpu",
        "--out",
        "e.npz",
    ]);
    let mixed = w.array("e.npz", "mixed");
    for (i, (c, m)) in polynomial.iter().zip(&mixed).enumerate() {
        let degree: i32 = (0..2).map(|j| i32::from(exponents[[i % 15, j]])).sum();
        let off = (c - m * 0.1f64.powi(degree)).abs();
        assert!(off <= remainder[[i / 15, 0]], "term {i} is off by {off}");
    }
    w.done(&[
        "expand",
        &discover(),
        "--at",
        "0.6,-0.4;0.1,0.1",
        "--order",
        "1",
        "--device",
        "cpu",
        "--out",
        "c.npz",
    ]);
    for (i, value) in w.array("c.npz", "value").iter().enumerate() {
        let sum: f64 = (0..15).map(|t| polynomial[[i, 0, t]]).sum();
        assert!((sum - value).abs() <= remainder[[i, 0]] + 1e-14);
        assert!(range[[i, 0, 0]] <= value + 1e-14 && *value <= range[[i, 0, 1]] + 1e-14);
    }
}

#[test]
fn the_largest_part_within_a_tolerance() {
    let w = Workplace::new();
    w.npy("d.npy", &[3, 2], [1.0, 0.0, 0.5, 0.5, 0.0, -1.0]);
    let args = [
        "certify",
        &discover(),
        "--at",
        "0.5,-0.5",
        "--radius",
        "3",
        "--directions",
        "d.npy",
        "--order",
        "5",
    ];
    let run = w.done(&[&args[..], &["--tolerance", "1e-4", "--out", "r.npz"]].concat());
    assert!(run.stdout.contains("at least up to"), "{}", run.stdout);
    let (radius, remainder) = (w.array("r.npz", "radius"), w.array("r.npz", "remainder"));
    assert_eq!(radius.shape(), [3, 1]);
    assert!(remainder.iter().all(|r| *r <= 1e-4 && *r > 0.8e-4), "{remainder}");
    assert!(radius.iter().all(|r| *r > 0.1 && *r < 3.0), "{radius}");
    // What is out of reach.
    let run = w.hope(&[
        "certify",
        &discover(),
        "--at",
        "0.5,-0.5",
        "--radius",
        "1",
        "--order",
        "2",
        "--tolerance",
        "1e-300",
    ]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("--tolerance"), "{}", run.stderr);
}

#[test]
fn a_box_in_pieces() {
    let w = Workplace::new();
    let whole = ["certify", &discover(), "--box", "-1:1,-0.5:1", "--order", "3", "--out", "r.npz"];
    w.done(&whole);
    let before = w.array("r.npz", "remainder")[[0, 0]];
    w.done(&[&whole[..], &["--split", "12"]].concat());
    let (middle, radius) = (w.array("r.npz", "middle"), w.array("r.npz", "radius"));
    assert_eq!((middle.shape(), radius.shape()), (&[12, 2][..], &[12, 2][..]));
    assert!(w.array("r.npz", "remainder").iter().all(|r| *r < before / 10.0));
    // They fill the box: a point anywhere is in one of them.
    let points = w.array("r.npz", "points");
    for i in 0..400 {
        let x = [-1.0 + f64::from(i % 20) / 9.5, -0.5 + f64::from(i / 20) * 1.5 / 19.0];
        let inside = (0..12).any(|g| {
            (0..2).all(|j| (x[j] - points[[0, j]] - middle[[g, j]]).abs() <= radius[[g, j]] * (1.0 + 1e-12))
        });
        assert!(inside, "{x:?}");
    }
}

#[test]
fn polynomials_carry_their_bounds() {
    let w = Workplace::new();
    let args =
        ["certify", &discover(), "--at", "0.5,-0.5", "--radius", "0.1", "--order", "4", "--out", "r.npz"];
    w.npy("s.npy", &[1, 2], [1.0, -0.5]);
    w.done(&[
        "expand",
        &discover(),
        "--at",
        "0.52,-0.45;0.5,-0.5",
        "--order",
        "1",
        "--device",
        "cpu",
        "--out",
        "e.npz",
    ]);
    let values = w.array("e.npz", "value");
    for name in ["p.json", "p.npz"] {
        w.done(&[&args[..], &["--polynomial", name]].concat());
        let run = w.done(&["eval", name, "--at", "0.52,-0.45;0.5,-0.5", "--bounds", "--strict"]);
        for (line, value) in run.stdout.lines().zip(&values) {
            let numbers: Vec<f64> = line.split(',').map(|x| x.parse().expect("a number")).collect();
            let [polynomial, low, high] = numbers[..] else { panic!("{line}") };
            assert!(
                low <= *value && *value <= high && low <= polynomial && polynomial <= high,
                "{line}: {value}"
            );
            assert!(high - low < 1e-5, "{line}");
        }
        let run = w.done(&["eval", name, "--at", "0.7,-0.5", "--bounds"]);
        assert!(run.stdout.ends_with(",-inf,inf\n"), "{}", run.stdout);
        w.refused(&["eval", name, "--at", "0.52,-0.45;0.7,-0.5", "--strict"], &["point 1", "outside"]);
    }
    w.done(&[
        "polynomial",
        &discover(),
        "--at",
        "0,0",
        "--order",
        "2",
        "--terms",
        "mixed",
        "--out",
        "q.json",
    ]);
    w.refused(&["eval", "q.json", "--at", "0,0", "--strict"], &["nothing is proved"]);
    w.refused(&["eval", "q.json", "--at", "0,0", "--bounds"], &["nothing is proved"]);
    // In coordinates of its own.
    w.done(&[&args[..], &["--subspace", "s.npy", "--polynomial", "t.json"]].concat());
    let run = w.done(&["eval", "t.json", "--at", "0.1;-0.1", "--bounds", "--strict"]);
    assert_eq!(run.stdout.lines().count(), 2);
    w.refused(&["eval", "t.json", "--at", "0.11", "--strict"], &["outside"]);
    w.refused(&[&args[..], &["--at", "0,0", "--polynomial", "u.json"]].concat(), &["one region"]);
}

#[test]
fn network_polynomials_and_bounds_in_a_picture() {
    let w = Workplace::new();
    let args =
        ["certify", &discover(), "--at", "0.5,-0.5", "--inputs", "0", "--radius", "1.5", "--order", "4"];
    w.done(&[&args[..], &["--split", "6", "--out", "r.npz", "--plot", "p.svg", "--plot", "p.png"]].concat());
    assert_eq!(w.files(), ["p.png", "p.svg", "r.json", "r.npz"]);
    let svg = std::fs::read_to_string(w.path("p.svg")).expect("a picture");
    assert!(svg.contains("discover_2d.onnx: output 0, within 1.5 in 1 input of 1 point"), "{}", &svg[..300]);
    w.refused(
        &["certify", &discover(), "--at", "0,0", "--radius", "1", "--order", "2", "--plot", "q.svg"],
        &["--plot"],
    );
    w.refused(&[&args[..], &["--plot", "q.gif"]].concat(), &["q.gif"]);
}

#[test]
fn classes_proved_and_refuted() {
    let w = Workplace::new();
    let (model, digit) = (example("mnist_mlp1_sigmoid.onnx"), example("digit_0.png"));
    let args =
        ["certify", &model, "--at", &digit, "--order", "1", "--prove-class", "predicted", "--out", "r.npz"];
    let run = w.done(&[&args[..], &["--radius", "0.001"]].concat());
    assert!(run.stdout.contains("the largest output in all of the region"), "{}", run.stdout);
    let verdict = || -> Vec<u8> {
        let all: ndarray::ArrayD<u8> = open(&w.path("r.npz")).by_name("verdict").expect("u8");
        all.into_iter().collect()
    };
    assert_eq!(verdict(), [1]);
    let run = w.done(&[&args[..], &["--radius", "0.3"]].concat());
    assert!(run.stdout.contains("refuted"), "{}", run.stdout);
    assert_eq!(verdict(), [2]);
    // The network itself says something else there.
    let point = w.array("r.npz", "counterexample");
    w.npy("c.npy", &[1, 784], point.iter().copied());
    w.done(&["expand", &model, "--at", "c.npy", "--order", "1", "--device", "cpu", "--out", "e.npz"]);
    let scores = w.array("e.npz", "value");
    let best = (0..10).max_by(|&a, &b| scores[[0, a]].total_cmp(&scores[[0, b]]));
    let class = w.json("r.json")["classes"][0].as_u64().map(|class| class as usize);
    assert_ne!(best, class);
    let run = w.hope(&[
        "certify",
        &model,
        "--at",
        &digit,
        "--radius",
        "0.1",
        "--order",
        "1",
        "--prove-class",
        "11",
    ]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
}

const DECLARED: &str = "(declare-const X_0 Real)(declare-const X_1 Real)(declare-const Y_0 Real)
(assert (and (>= X_0 -1) (<= X_0 1) (>= X_1 -1) (<= X_1 1)))";

#[test]
fn properties_proved_and_refuted() {
    let w = Workplace::new();
    let model = discover();
    for (name, unsafe_if) in
        [("high", "(>= Y_0 50)"), ("low", "(<= Y_0 (* 0.5 X_0))"), ("open", "(<= Y_0 -1.5)")]
    {
        std::fs::write(w.path(&format!("{name}.vnnlib")), format!("{DECLARED}(assert {unsafe_if})"))
            .expect("a file");
    }
    let args = ["certify", &model, "--order", "1", "--property", "high.vnnlib", "--property", "low.vnnlib"];
    let run = w.done(&[&args[..], &["--out", "r.npz"]].concat());
    for part in ["high.vnnlib: it holds", "low.vnnlib: it doesn't hold", "proved", "refuted"] {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    let verdict: ndarray::ArrayD<u8> = open(&w.path("r.npz")).by_name("verdict").expect("u8");
    assert_eq!(verdict.into_iter().collect::<Vec<_>>(), [1, 2]);
    let json = w.json("r.json");
    assert_eq!(json["properties"][0]["verdict"], "proved");
    let found = &json["properties"][1];
    assert_eq!((&found["verdict"], &found["file"]), (&"refuted".into(), &"low.vnnlib".into()));
    // The network itself has these outputs there.
    let (point, outputs) = (w.array("r.npz", "counterexample"), w.array("r.npz", "outputs"));
    assert_eq!((point.shape(), outputs.shape()), (&[1, 2][..], &[1, 1][..]));
    assert_eq!(found["counterexample"]["input"][1].as_f64(), Some(point[[0, 1]]));
    w.npy("c.npy", &[1, 2], point.iter().copied());
    w.done(&["expand", &model, "--at", "c.npy", "--order", "1", "--device", "cpu", "--out", "e.npz"]);
    let value = w.array("e.npz", "value")[[0, 0]];
    assert!((value - outputs[[0, 0]]).abs() < 1e-12 && value <= 0.5 * point[[0, 0]] + 1e-12);
    assert!(point.iter().all(|x| x.abs() <= 1.0));
    // A single piece decides less.
    w.done(&[
        "certify",
        &model,
        "--order",
        "1",
        "--property",
        "open.vnnlib",
        "--split",
        "1",
        "--out",
        "o.npz",
    ]);
    let found = &w.json("o.json")["properties"][0];
    assert_eq!(found["boxes"], 1);

    std::fs::write(w.path("wrong.vnnlib"), format!("{DECLARED}\n(assert (<= Y_3 0))")).expect("a file");
    let parts = ["wrong.vnnlib", "line 3", "Y_3 is not declared"];
    w.refused(&["certify", &model, "--order", "1", "--property", "wrong.vnnlib"], &parts);
    std::fs::write(w.path("other.vnnlib"), DECLARED.replace("Y_0", "Y_0 Real)(declare-const Y_1"))
        .expect("a file");
    w.refused(
        &["certify", &model, "--order", "1", "--property", "other.vnnlib"],
        &["2 outputs", "this one has 1"],
    );
    w.refused(&["certify", &model, "--order", "1", "--property", "missing.vnnlib"], &["missing.vnnlib"]);
    w.refused(
        &["certify", &model, "--order", "1", "--box", "0:1", "--property", "low.vnnlib"],
        &["--property"],
    );
    w.refused(&[&args[..], &["--tolerance", "1"]].concat(), &["--tolerance"]);
}

#[test]
fn what_cannot_be_is_refused() {
    let w = Workplace::new();
    let model = discover();
    w.npy("s.npy", &[1, 3], [1.0, 0.0, 0.0]);
    for (args, part) in [
        (&["--at", "0,0"][..], "--radius"),
        (&["--box", "1:0"], "lower end first"),
        (&["--box", "0:1,0:1,0:1"], "3 intervals"),
        (&["--box", "nan:1"], "--box"),
        (&["--at", "0,0", "--radius", "-1"], "no radius"),
        (&["--at", "0,0", "--radius", "nan"], "no radius"),
        (&["--at", "0,0", "--radius", "1", "--inputs", "2"], "no input 2"),
        (&["--at", "0,0", "--radius", "1", "--outputs", "5"], "output 5"),
        (&["--at", "0,0", "--radius", "1", "--subspace", "s.npy"], "subspace"),
        (&["--at", "0,0,0", "--radius", "1"], "numbers"),
        (&["--at", "0,0", "--radius", "1", "--split", "0"], "split"),
        (&["--at", "0,0", "--radius", "1", "--memory", "1kB"], "memory"),
    ] {
        w.refused(&[&["certify", &model, "--order", "3"], args].concat(), &[part]);
    }
    w.refused(&["certify", &model, "--at", "0,0", "--radius", "1", "--order", "31"], &["order 31"]);
    assert_eq!(w.files(), ["s.npy"]);
    // A region in which a function has no value: it fails on the way, and names the layer.
    let log = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/operators/log.onnx");
    let log = log.to_string_lossy().into_owned();
    let run = w.hope(&["certify", &log, "--at", "1,1,1,1,1", "--radius", "2", "--order", "3"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("above 0") && run.stderr.contains("the region within 2"), "{}", run.stderr);
    assert_eq!(w.files(), ["s.npy"]);
}
