//! `hope discover`.

use super::{Workplace, reference_text};

#[test]
fn files_and_summary() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let run =
        w.done(&["discover", &model, "--box", "-1:1", "--order", "3", "--names", "u,v", "--out", "found"]);
    assert!(run.stdout.contains("*v + ") && run.stdout.contains("*u^2"), "{}", run.stdout);
    let mut files: Vec<String> = std::fs::read_dir(w.path("found"))
        .expect("a folder")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().to_string())
        .collect();
    files.sort();
    let expected =
        ["coefficients.csv", "coefficients.png", "coefficients.svg", "expression.tex", "expression.txt"];
    assert_eq!(files, expected);
    let read = |name: &str| std::fs::read_to_string(w.path("found").join(name)).expect("it");
    assert!(read("expression.txt").contains("*u**2"));
    assert!(read("expression.tex").contains("u^{2}"));
    let table = read("coefficients.csv");
    assert_eq!(table.lines().count(), 1 + 10, "{table}");
    let square = table.lines().find(|line| line.starts_with("u^2,")).expect("its row");
    let fitted: f64 = square.rsplit(',').next().expect("a field").parse().expect("a number");
    assert!((fitted - 0.5).abs() < 0.05);
    assert!(read("coefficients.svg").contains("<path"));
}

#[test]
fn bad_input() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let refused = |extra: &[&str], parts: &[&str]| {
        let args = ["discover", &model, "--order", "3", "--out", "found"];
        w.refused(&[&args[..], extra].concat(), parts);
    };
    refused(&["--box", "1:-1"], &["--box 1:-1", "lower end first"]);
    refused(&["--box", "0:0"], &["--box 0:0"]);
    refused(&["--box", "1"], &["--box 1", "-1:1"]);
    refused(&["--box", "0:inf"], &["--box 0:inf"]);
    refused(&["--box", "0:1,0:1,0:1"], &["3 intervals", "2 inputs"]);
    refused(&["--box", "0:1", "--at", "0"], &["--at"]);
    refused(&["--box", "0:1", "--samples", "2"], &["3 at least"]);
    refused(&["--box", "0:1", "--tolerance", "2"], &["tolerance"]);
    refused(&["--box", "0:1", "--output", "4"], &["output 4"]);
    refused(&["--box", "0:1", "--names", "u"], &["names"]);
    refused(&["--box", "0:1", "--names", "u,lambda"], &["lambda"]);
    w.refused(
        &["discover", &model, "--order", "99", "--box", "0:1", "--out", "found"],
        &["order 99", "1 to 30"],
    );
    std::fs::write(w.path("taken"), "a file").expect("it");
    let args = ["discover", &model, "--order", "3", "--box", "0:1", "--out", "taken"];
    w.refused(&args, &["--out taken", "not a folder"]);
}
