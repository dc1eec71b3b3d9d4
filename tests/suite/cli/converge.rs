//! `hope converge`.

use super::{Workplace, example, reference_text};

fn discover() -> String {
    reference_text("discover_2d.onnx")
}

/// Rows of a study: order, radius, largest, mean, estimate.
fn rows(text: &str) -> Vec<Vec<Option<f64>>> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("order,radius,largest_error,mean_error,estimated_error"));
    lines.map(|line| line.split(',').map(|x| x.parse().ok()).collect()).collect()
}

#[test]
fn errors_fall_with_the_order_and_grow_with_the_radius() {
    let w = Workplace::new();
    let run =
        w.done(&["converge", &discover(), "--at", "0.5,-0.5", "--orders", "4,2,8", "--radii", "0.1:0.8:4"]);
    for part in ["Largest error", "Mean error", "16 random directions", "32 evaluations", "0.1000", "0.8000"]
    {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    assert_eq!(
        w.files(),
        ["csv", "json", "png", "svg"].map(|extension| format!("discover_2d.converge.{extension}"))
    );
    let rows = rows(&std::fs::read_to_string(w.path("discover_2d.converge.csv")).expect("the table"));
    assert_eq!(rows.len(), 12);
    for (i, row) in rows.iter().enumerate() {
        assert_eq!(row[0], Some([2.0, 4.0, 8.0][i / 4]));
        let [largest, mean, estimate] = [2, 3, 4].map(|i| row[i].expect("a number"));
        assert!(
            mean <= largest && largest < 3.0 * estimate + 1e-14 && estimate < 3.0 * largest + 1e-12,
            "{row:?}"
        );
        assert!(i % 4 == 0 || largest > rows[i - 1][2].expect("a number"));
        assert!(i < 4 || largest < rows[i - 4][2].expect("a number"));
    }
    let json = w.json("discover_2d.converge.json");
    assert_eq!(json["orders"], serde_json::json!([2, 4, 8]));
    assert_eq!(json["errors"].as_array().map(Vec::len), Some(12));
    assert_eq!(json["samples_per_radius"], 32);
}

#[test]
fn radii_of_its_own_and_a_stand_in() {
    let w = Workplace::new();
    w.done(&["converge", &discover(), "--at", "0,0", "--out", "own.csv"]);
    assert_eq!(w.json("own.json")["radii"].as_array().map(Vec::len), Some(9));

    w.npy("grey.npy", &[784], (0..784).map(|i| f64::from(i % 29) / 29.0));
    let model = example("mnist_cnn_relu_bn.onnx");
    let smooth = "relu=softplus:5,max_pool=logsumexp:5";
    let args = [
        "converge",
        &model,
        "--at",
        "grey.npy",
        "--outputs",
        "2",
        "--random",
        "2",
        "--orders",
        "2",
        "--radii",
        "0.1",
    ];
    let run = w.done(&[&args[..], &["--smooth", smooth, "--out", "smooth.csv"]].concat());
    assert!(run.stdout.contains("STAND-IN"), "{}", run.stdout);
    assert_eq!(w.json("smooth.json")["smooth"]["radius"], 0.1);
    assert!(w.json("smooth.json")["kinks"].is_null());
}

#[test]
fn bad_input() {
    let w = Workplace::new();
    let model = discover();
    let refused = |extra: &[&str], parts: &[&str]| {
        w.refused(&[&["converge", model.as_str(), "--at", "0,0"], extra].concat(), parts);
    };
    for wrong in ["", "0", "29", "1,", "x"] {
        refused(&["--orders", wrong], &["--orders", "1 to 28"]);
    }
    for wrong in ["", "0", "-0.5", "nan", "inf", "1,", "2:1:5", "1:2:1", "0:1:5"] {
        refused(&["--radii", wrong], &["--radii"]);
    }
    refused(&["--out", "study.npz"], &[".csv"]);
    refused(&["--out", "nowhere/study.csv"], &["nowhere"]);
    refused(&["--outputs", "1"], &["output 1"]);
    refused(&["--smooth", "gelu=softplus:1"], &["gelu"]);
    refused(&["--random", "0"], &["--random"]);
    w.refused(&["converge", &model, "--at", "0,0,0"], &["3 numbers"]);
    w.refused(&["converge", &model], &["--at"]);
}
