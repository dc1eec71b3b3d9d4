//! `hope bench`. Nothing here depends on times.

use serde_json::{Value, json};

use super::{Run, Workplace, example};

/// Two short workloads on the CPU.
const SHORT: [&str; 8] =
    ["bench", "--quick", "--device", "cpu", "--workloads", "mlp-hope-3-x1,compose", "--repeat", "2"];

fn short(w: &Workplace, more: &[&str]) -> Run {
    w.done(&[&SHORT[..], more].concat())
}

#[test]
fn a_table_and_json_with_every_figure() {
    let w = Workplace::new();
    let run = short(&w, &["--json", "a.json"]);
    for part in
        ["GFLOP/s in multiply-adds", "mlp-hope-3-x1", "compose-tanh-3", "±", "linear_adjoint", "of memory"]
    {
        assert!(run.stdout.contains(part), "no '{part}' in:\n{}", run.stdout);
    }
    assert_eq!(w.files(), ["a.json"]);
    let json = w.json("a.json");
    assert_eq!((&json["schema"], &json["schema_version"]), (&json!("hope-bench"), &json!(1)));
    assert!(json["machine"]["cpu"].is_string() && json["machine"]["cores"].as_u64() > Some(0));
    let devices = json["devices"].as_array().expect("devices");
    assert_eq!(devices.len(), 1);
    let device = &devices[0];
    assert_eq!((&device["kind"], &device["precision"]), (&json!("cpu"), &json!("f32")));
    let positive = |value: &Value, key: &str| {
        assert!(value[key].as_f64().is_some_and(|x| x > 0.0), "{key}: {value}");
    };
    positive(&device["peak"], "flops_per_second");
    positive(&device["peak"], "bytes_per_second");
    let workloads = device["workloads"].as_array().expect("workloads");
    let names: Vec<&str> = workloads.iter().filter_map(|w| w["workload"].as_str()).collect();
    assert_eq!(names, ["mlp-hope-3-x1", "compose-tanh-3"]);
    for workload in workloads {
        assert_eq!(workload["status"], "ok", "{workload}");
        assert!(workload["deviation"].as_f64() < workload["tolerance"].as_f64());
        for key in ["per_second", "flops_per_second", "share_of_peak_flops"] {
            positive(workload, key);
        }
        for key in ["median", "low", "high"] {
            positive(&workload["seconds"], key);
        }
    }
    assert_eq!(workloads[0]["seconds"]["repeats"], 2);
    let kernels = workloads[0]["kernels"].as_array().expect("kernels");
    assert!(kernels.iter().any(|k| k["kernel"] == "bell tanh" && k["seconds"].as_f64() > Some(0.0)));
    positive(&workloads[1], "share_of_peak_bytes");
    assert!(["neither", "multiply-adds"].contains(&workloads[1]["limit"].as_str().expect("a limit")));

    // Quiet, in f64, and a network of one's own.
    let model = example("mnist_mlp1_sigmoid.onnx");
    let args =
        ["bench", &model, "--quick", "--quiet", "--device", "cpu", "--precision", "f64", "--repeat", "1"];
    let run = w.done(&[&args[..], &["--workloads", "exact-3-x1", "--json", "own.json"]].concat());
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
    let own = w.json("own.json");
    let workloads = &own["devices"][0]["workloads"];
    assert_eq!(workloads[0]["workload"], "mnist_mlp1_sigmoid-exact-3-x1");
    assert!(workloads[0]["deviation"].as_f64() < Some(1e-10), "{workloads}");
}

/// A run as another machine might have made it.
fn made_up(w: &Workplace, file: &str, device: &str, change: impl FnOnce(&mut Value)) {
    let row = |name: &str, unit: &str, rate: f64| {
        json!({
            "workload": name, "unit": unit, "status": "ok", "per_second": rate,
            "seconds": { "median": 0.1, "low": 0.1, "high": 0.2, "repeats": 5 },
            "flops_per_second": 1e9, "bytes_per_second": 3e9, "share_of_peak_flops": 0.25, "share_of_peak_bytes": 0.75,
            "limit": "memory", "deviation": 1e-6, "tolerance": 1e-3, "clock": "device", "kernels": [],
        })
    };
    let mut run = json!({
        "schema": "hope-bench", "schema_version": 1, "hope": "0.1.0",
        "machine": { "cpu": "a processor", "cores": 4, "system": "a system" },
        "devices": [{
            "name": device, "kind": "gpu", "backend": "vulkan", "driver": "a driver", "precision": "f32",
            "peak": { "flops_per_second": 4e12, "bytes_per_second": 4e11 },
            "workloads": [row("cnn-exact-3-x1", "expansions", 1234.0), row("compose-tanh-3", "runs", 5.0)],
        }],
    });
    change(&mut run);
    std::fs::write(w.path(file), run.to_string()).expect("a file");
}

#[test]
fn a_report_of_several_machines() {
    let w = Workplace::new();
    short(&w, &["--json", "mine.json", "--quiet"]);
    made_up(&w, "x.json", "A GPU | with a bar", |_| {});
    made_up(&w, "y.json", "Twin", |run| {
        run["devices"][0]["workloads"][0]["status"] = json!("wrong");
        run["devices"][0]["workloads"][1] = json!({ "workload": "compose-tanh-3", "unit": "runs", "status": "skipped", "reason": "too slow" });
    });
    made_up(&w, "z.json", "Twin", |run| {
        run["devices"][0]["workloads"][0]["reduced"] = json!("98 of 784 rays");
    });
    w.done(&[
        "bench",
        "report",
        "mine.json",
        "x.json",
        "y.json",
        "z.json",
        "--out",
        "r.md",
        "--chart",
        "r.png",
    ]);
    let report = std::fs::read_to_string(w.path("r.md")).expect("the report");
    let line = |start: &str| {
        let found = report.lines().find(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no '{start}' in:\n{report}")).to_string()
    };
    assert!(line("|  |").contains("A GPU \\| with a bar, vulkan, f32"));
    assert!(line("|  |").ends_with("Twin, vulkan, f32 (y) | Twin, vulkan, f32 (z) |"));
    assert!(line("| multiply-adds, GFLOP/s").ends_with("| 4,000 | 4,000 | 4,000 |"));
    assert_eq!(
        line("| cnn-exact-3-x1"),
        "| cnn-exact-3-x1 |  | 1,234 (25 %) | WRONG 1,234 (25 %) | ~1,234 (25 %) |"
    );
    assert!(line("| compose-tanh-3").ends_with("| 1.00 (75 % memory) | skipped | 1.00 (75 % memory) |"));
    for remark in
        ["compose-tanh-3: skipped: too slow", "WRONG: off by", "measured with 98 of 784 rays", "](r.png)"]
    {
        assert!(report.contains(remark), "no '{remark}' in:\n{report}");
    }
    let png = std::fs::read(w.path("r.png")).expect("the chart");
    assert!(png.starts_with(b"\x89PNG"));

    // The same file twice, and the default names.
    w.done(&["bench", "report", "x.json", "x.json", "--quiet"]);
    let report = std::fs::read_to_string(w.path("bench-report.md")).expect("the report");
    assert!(report.contains("(x) |") && report.contains("(x) #2 |"), "{report}");
    assert!(w.files().contains(&"bench-report.svg".to_string()));
}

/// Texts in another machine's file are text: in Markdown, in pictures, on terminals.
#[test]
fn texts_of_others_do_no_harm() {
    const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;pwn\u{7}<script>alert(1)</script>[l](javascript:1)\n# head\n| a | b |\u{202e}`x`@all https://x.org";
    let w = Workplace::new();
    let keys: [&[&str]; 10] = [
        &["devices", "0", "name"],
        &["devices", "0", "kind"],
        &["devices", "0", "backend"],
        &["devices", "0", "driver"],
        &["devices", "0", "precision"],
        &["devices", "0", "error"],
        &["devices", "0", "workloads", "0", "workload"],
        &["devices", "0", "workloads", "0", "reduced"],
        &["devices", "0", "workloads", "0", "limit"],
        &["devices", "0", "workloads", "1", "reason"],
    ];
    for key in keys {
        for status in ["skipped", "failed"] {
            made_up(&w, "x.json", "A GPU", |run| {
                run["devices"][0]["workloads"][1] =
                    json!({ "workload": "b", "unit": "runs", "status": status, "reason": "none" });
                *key.iter().fold(run, |value, key| match key.parse::<usize>() {
                    Ok(index) => &mut value[index],
                    Err(_) => &mut value[*key],
                }) = json!(HOSTILE);
            });
            let run = w.done(&["bench", "report", "x.json", "--out", "r.md"]);
            let report = std::fs::read_to_string(w.path("r.md")).expect("the report");
            let chart = std::fs::read_to_string(w.path("r.svg")).expect("the chart");
            for text in [&report, &chart, &run.stdout, &run.stderr] {
                assert!(
                    !text.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'),
                    "{key:?}: {text:?}"
                );
                for part in ["<script", "[l](", "| a |", "`x`", "@all", "://x.org"] {
                    let address = part == "://x.org" && text.starts_with("<svg");
                    assert!(address || !text.contains(part), "{key:?}: {part} in {text}");
                }
                assert!(!text.lines().any(|line| line.starts_with("# head")), "{key:?}: {text}");
            }
            roxmltree::Document::parse(&chart).expect("well-formed");
        }
    }
    made_up(&w, "x.json", "A GPU", |run| run["devices"][0]["workloads"][0]["status"] = json!(HOSTILE));
    let run = w.hope(&["bench", "report", "x.json"]);
    assert_eq!(run.code, Some(2));
    assert!(!run.stderr.trim_end().chars().any(char::is_control), "{:?}", run.stderr);
}

#[test]
fn bad_input_is_refused() {
    let w = Workplace::new();
    std::fs::write(w.path("text.json"), "no JSON").expect("a file");
    std::fs::write(w.path("other.json"), "{\"a\": [1, 2]}").expect("a file");
    made_up(&w, "good.json", "A GPU", |_| {});
    made_up(&w, "newer.json", "A GPU", |run| run["schema_version"] = json!(2));
    made_up(&w, "broken.json", "A GPU", |run| run["devices"][0]["name"] = json!(7));
    made_up(&w, "none.json", "A GPU", |run| run["devices"] = json!([]));
    let report = |args: &[&str], parts: &[&str]| w.refused(&[&["bench", "report"], args].concat(), parts);
    report(&["good.json", "text.json"], &["text.json", "not JSON", "hope bench --json"]);
    report(&["other.json"], &["other.json", "not of hope bench"]);
    report(&["newer.json"], &["newer.json", "version 2", "newer hope"]);
    report(&["broken.json"], &["broken.json", "'name'"]);
    report(&["none.json"], &["no device"]);
    report(&["missing.json"], &["missing.json", "cannot read"]);
    report(&["good.json", "--out", "good.json"], &["good.json", "input"]);
    report(&["good.json", "--chart", "chart.gif"], &["chart.gif"]);
    report(&[], &["RUN.json"]);

    w.refused(&["bench", "--device", "no such thing"], &["no such thing", "hope adapters"]);
    w.refused(&["bench", "--device", "cpu", "--workloads", "nonsense"], &["nonsense", "cnn-exact-3-x1"]);
    w.refused(&["bench", "missing.onnx", "--device", "cpu"], &["missing.onnx"]);
    w.refused(&["bench", "--device", "cpu", "--json", "no/such/folder/a.json"], &["no/such/folder"]);
    w.refused(&["bench", "--repeat", "0"], &["--repeat"]);
}
