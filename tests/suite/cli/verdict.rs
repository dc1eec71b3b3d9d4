//! What every command says of a result: one verdict, a note where higher orders vanish, and the way out, which it takes.
//!
//! Truth: closed forms. With u = a·x, softplus(βu)/β has the second derivatives `a_i a_j β σ (1 - σ)`, σ = σ(βu); the log-sum-exp
//! ln(Σ e^βx)/β has the gradient p, a softmax, and the second derivatives `β (p_i [i = j] - p_i p_j)`.

use super::Workplace;
use crate::onnx_encode::{field, node};

/// The weights of u.
const A: [f64; 4] = [1.0, 2.0, -1.0, 0.5];

/// An image of 2 x 2 pixels into a network of these nodes, which read x and write y.
fn image_network(w: &Workplace, name: &str, nodes: &[u8]) {
    let sizes = [field(1, &field(2, b"batch")), field(1, &[8, 1]), field(1, &[8, 2]), field(1, &[8, 2])];
    let float = field(2, &field(1, &[vec![8, 1], field(2, &sizes.concat())].concat()));
    let input = field(11, &[field(1, b"x"), float].concat());
    let graph = field(7, &[nodes, &input, &field(12, &field(1, b"y"))].concat());
    std::fs::write(w.path(name), [vec![8, 8], field(8, &[16, 17]), graph].concat()).expect("a file");
}

/// y = f(a·x).
fn neuron(w: &Workplace, name: &str, function: &str) {
    let numbers: Vec<u8> = A.iter().flat_map(|a| (*a as f32).to_le_bytes()).collect();
    let weight = field(5, &[vec![8, 4, 8, 1, 16, 1], field(8, b"a"), field(9, &numbers)].concat());
    let nodes = [
        node("Flatten", &["x"], &["flat"]),
        node("MatMul", &["flat", "a"], &["u"]),
        node(function, &["u"], &["y"]),
        weight,
    ];
    image_network(w, name, &nodes.concat());
}

/// y = the largest pixel.
fn largest(w: &Workplace, name: &str) {
    let kernel = [field(1, b"kernel_shape"), vec![0x40, 2, 0x40, 2, 0xa0, 1, 7]].concat();
    let pool = [field(1, b"x"), field(2, b"m"), field(4, b"MaxPool"), field(5, &kernel)].concat();
    image_network(w, name, &[field(1, &pool), node("Flatten", &["m"], &["y"])].concat());
}

/// The pairs of a table of interactions.
fn pairs(w: &Workplace, csv: &str) -> Vec<([usize; 2], f64)> {
    let text = std::fs::read_to_string(w.path(csv)).expect("a table");
    let pair = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        let input = |i: usize| cells[i].parse().expect("an input");
        ([input(1), input(2)], cells[3].parse().expect("a number"))
    };
    text.lines().skip(1).map(pair).collect()
}

/// Every command that says something of a result, at a point: (name, arguments, whether its terms mix inputs).
fn commands<'a>(model: &'a str, at: &'a str, image: &'a str) -> Vec<(&'static str, Vec<&'a str>, bool)> {
    let along = |name, more: &[&'a str]| (name, [&[name, model, "--at", at], more].concat(), false);
    let mixed = |name, more: &[&'a str]| (name, [&[name, model, "--at", at], more].concat(), true);
    let centre = ["discover", model, "--at", at, "--box=-3:3", "--order", "2", "--out", "found"];
    let plot = ["--order", "2", "--range", "0.5", "--inputs", "0,1", "--method", "exact"];
    let surrogate = ["--order", "2", "--radius", "0.5", "--samples", "10", "--batches", "1"];
    vec![
        along("expand", &["--order", "2"]),
        mixed("expand", &["--order", "2", "--terms", "mixed"]),
        mixed("polynomial", &["--order", "2", "--out", "p.json"]),
        mixed("plot", &plot),
        ("heatmap", vec!["heatmap", model, "--image", image], false),
        mixed("interactions", &["--inputs", "0,1,2,3"]),
        along("trust", &["--order", "2", "--tolerance", "0.1"]),
        along("converge", &["--orders", "1,2", "--radii", "0.1"]),
        ("discover", centre.to_vec(), true),
        mixed("surrogate", &surrogate),
    ]
}

/// Labels of lines that say whether a result is exact.
const VERDICTS: [&str; 5] = ["exact ", "coefficients ", "expansions ", "its series ", "NOT EXACT "];

/// What a run says, and its verdicts.
fn said(w: &Workplace, args: &[&str]) -> (String, Vec<String>) {
    let run = w.done(&[args, &["--device", "cpu"][..if args[0] == "plot" { 0 } else { 2 }]].concat());
    let text = run.stdout + &run.stderr;
    let lines = text.lines().map(str::trim_start);
    let verdicts = lines.filter(|line| VERDICTS.iter().any(|label| line.starts_with(label)));
    let verdicts = verdicts.map(str::to_owned).collect();
    (text, verdicts)
}

#[test]
fn every_command_says_what_it_knows() {
    let w = Workplace::new();
    neuron(&w, "relu.onnx", "Relu");
    neuron(&w, "tanh.onnx", "Tanh");
    let beside = w.npy("beside.npy", &[1, 2, 2], [0.5, 0.25, 0.125, 0.25]);
    let on = w.npy("on.npy", &[1, 2, 2], [0.0; 4]);
    // A smooth network: exact, and not a word of kinks.
    for (name, args, _) in commands("tanh.onnx", "0.5,0.25,0.125,0.25", &beside) {
        let (text, verdicts) = said(&w, &args);
        assert!(verdicts.len() == 1 && !verdicts[0].starts_with("NOT"), "{name}: {text}");
        for word in ["second derivatives", "kink", "--smooth", "one-sided", "STAND-IN"] {
            assert!(!text.contains(word), "{name} says {word}: {text}");
        }
    }
    // Beside its kink: exact, its higher orders vanish; with what is offered they don't.
    for (name, args, _) in commands("relu.onnx", "0.5,0.25,0.125,0.25", &beside) {
        let (text, verdicts) = said(&w, &args);
        // The box of `discover` has its centre on one side and samples on both, none on a kink.
        assert!(verdicts.len() == 1 && !verdicts[0].starts_with("NOT"), "{name}: {text}");
        assert!(verdicts[0].contains("piecewise linear") && !text.contains("one-sided"), "{name}: {text}");
        let note = text.lines().find(|line| line.starts_with("NOTE") && line.contains("second derivatives"));
        assert!(note.is_some_and(|note| note.contains("--smooth relu=softplus:20 ")), "{name}: {text}");
        let (text, verdicts) = said(&w, &[&args[..], &["--smooth", "relu=softplus:20"]].concat());
        assert!(verdicts.len() == 1 && !verdicts[0].starts_with("NOT"), "{name}: {text}");
        assert!(text.contains("STAND-IN") && text.contains("(relu=softplus:20)"), "{name}: {text}");
        assert!(text.contains("differs from the network by up to"), "{name}: {text}");
        assert!(!text.contains("second derivatives are zero") && !text.contains("kinks"), "{name}: {text}");
    }
    // On it: one-sided along rays; no polynomial of several variables.
    for (name, args, mixed) in commands("relu.onnx", "0,0,0,0", &on) {
        let (text, verdicts) = said(&w, &args);
        assert_eq!(verdicts.len(), 1, "{name}: {text}");
        assert_eq!(verdicts[0].starts_with("NOT EXACT"), mixed, "{name}: {text}");
        assert!(verdicts[0].contains("one-sided"), "{name}: {text}");
        assert!(text.contains("--smooth relu=softplus:20"), "{name}: {text}");
    }
    let check = w.done(&["check", "relu.onnx"]).stdout;
    assert!(check.contains("piecewise linear") && check.contains("--smooth relu=softplus:20"), "{check}");
    assert!(!w.done(&["check", "tanh.onnx"]).stdout.contains("--smooth"));
}

#[test]
fn records_have_the_same_words() {
    let w = Workplace::new();
    neuron(&w, "relu.onnx", "Relu");
    let records: [(&[&str], &str); 4] = [
        (&["expand", "--order", "2", "--out", "r.npz"], "r.json"),
        (&["trust", "--order", "2", "--tolerance", "0.1", "--out", "t.npz"], "t.json"),
        (
            &["converge", "--orders", "2", "--radii", "0.1", "--directions", "d.npy", "--out", "c.csv"],
            "c.json",
        ),
        (&["surrogate", "--order", "2", "--radius", "0.5", "--batches", "1", "--json", "s.json"], "s.json"),
    ];
    w.npy("d.npy", &[1, 4], [1.0, 0.0, 0.0, 0.0]);
    for (args, json) in records {
        let run = |at: &str, more: &[&str]| {
            let args = [&[args[0], "relu.onnx", "--at", at, "--device", "cpu"], &args[1..], more].concat();
            w.done(&args);
            w.json(json)
        };
        let beside = run("0.5,0.25,0.125,0.25", &[]);
        assert_eq!(beside["exact"], true, "{json}");
        assert!(beside["kinks"]["smallest"].as_f64().is_some_and(|t| t > 0.0), "{json}: {beside}");
        assert!(beside.get("one_sided").is_none() && beside.get("smooth").is_none(), "{json}: {beside}");
        let on = run("0,0,0,0", &[]);
        assert_eq!(on["exact"], json != "s.json", "{json}"); // mixed terms
        assert!(on["one_sided"].as_u64().is_some_and(|n| n > 0), "{json}: {on}");
        assert_eq!(on["kinks"]["smallest"], 0.0, "{json}");
        let smooth = run("0,0,0,0", &["--smooth", "relu=softplus:5"]);
        assert_eq!(
            (&smooth["exact"], &smooth["smooth"]["rules"]),
            (&false.into(), &"relu=softplus:5".into())
        );
        // At 0 softplus is ln 2 / β.
        let off = smooth["smooth"]["difference_at_points"].as_f64().expect("a number");
        assert!((off - 2f64.ln() / 5.0).abs() < 1e-12, "{json}: {smooth}");
        assert!(smooth.get("kinks").is_none(), "{json}");
    }
}

#[test]
fn interactions_of_a_network_with_kinks() {
    let w = Workplace::new();
    neuron(&w, "relu.onnx", "Relu");
    let args = ["interactions", "relu.onnx", "--at", "1,0.5,0.25,-0.5", "--inputs", "0,1,2,3"];
    let run = w.done(&[&args[..], &["--device", "cpu", "--out", "i.csv"]].concat());
    assert!(run.stdout.contains("nothing to rank"), "{}", run.stdout);
    assert!(pairs(&w, "i.csv").iter().all(|(_, c)| *c == 0.0));
    let smooth = ["--smooth", "relu=softplus:2", "--device", "cpu", "--out", "s.csv"];
    let run = w.done(&[&args[..], &smooth].concat());
    let (u, beta) = (1.5, 2.0f64);
    let sigma = 1.0 / (1.0 + (-beta * u).exp());
    let found = pairs(&w, "s.csv");
    assert_eq!((found.len(), found[0].0), (6, [0, 1]));
    for ([i, j], c) in found {
        let truth = A[i] * A[j] * beta * sigma * (1.0 - sigma);
        assert!((c - truth).abs() < 1e-12, "{i} {j}: {c} {truth}");
    }
    assert!(run.stdout.contains("   1  0"), "{}", run.stdout);
}

#[test]
fn maps_of_a_network_with_kinks() {
    let w = Workplace::new();
    largest(&w, "max.onnx");
    let pixels = [0.5, 0.1, 0.3, 0.2];
    w.npy("image.npy", &[1, 2, 2], pixels);
    let args = ["heatmap", "max.onnx", "--image", "image.npy", "--order", "2", "--delta", "0.25"];
    let args = [&args[..], &["--compare", "--device", "cpu"]].concat();
    let run = w.done(&[&args[..], &["--npz", "k.npz"]].concat());
    for part in ["NOTE", "--smooth max_pool=logsumexp:20 ", "2 of 4 inputs meet a kink"] {
        assert!(run.stdout.contains(part), "no '{part}' in {}", run.stdout);
    }
    assert_eq!(w.array("k.npz", "predicted").as_slice().expect("numbers")[4..], [0.25, 0.0, 0.0, 0.0]);
    w.done(&[&args[..], &["--smooth", "max_pool=logsumexp:4", "--npz", "s.npz"]].concat());
    let (beta, delta) = (4.0f64, 0.25);
    let weights = pixels.map(|x| (beta * x).exp());
    let sum: f64 = weights.iter().sum();
    let found = w.array("s.npz", "predicted");
    for (i, weight) in weights.iter().enumerate() {
        let p = weight / sum;
        let first = p * delta;
        let second = first + 0.5 * beta * (p - p * p) * delta * delta;
        assert!((found[[0, 0, i]] - first).abs() < 1e-12 && (found[[0, 1, i]] - second).abs() < 1e-12);
    }
    // Compared with the network itself, not with its stand-in.
    let truth = w.array("s.npz", "true");
    assert!(truth.iter().zip([0.25, 0.0, 0.05, 0.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{truth}");
}

#[test]
fn stand_ins_are_held_against_the_network_itself() {
    let w = Workplace::new();
    neuron(&w, "relu.onnx", "Relu");
    let args = ["plot", "relu.onnx", "--at", "0,0,0,0", "--inputs", "0", "--range", "1", "--order", "1"];
    let args = [&args[..], &["--method", "exact", "--smooth", "relu=softplus:2"]].concat();
    let run = w.done(&args);
    // relu(t) over [-1, 1] has the variance 1/6 - 1/16; the line ln 2 / β + t / 2 is off by |t| / 2 - ln 2 / β. Against the stand-in
    // R² would be 0.96.
    let line = run.stdout.lines().find(|line| line.contains("R² = ")).expect("a curve");
    assert!(line.starts_with("Taylor, order 1, of a smooth stand-in"), "{line}");
    let r: f64 = line.rsplit(' ').next().and_then(|r| r.parse().ok()).expect("a number");
    let value = 2f64.ln() / 2.0;
    let truth = 1.0 - (1.0 / 12.0 - value / 2.0 + value * value) / (1.0 / 6.0 - 1.0 / 16.0);
    assert!((r - truth).abs() < 0.01, "{line}, {truth}");
}
