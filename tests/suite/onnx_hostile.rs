//! Broken and hostile ONNX files: always an error that says what is wrong, at once, and never a panic.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::onnx_encode::{content, field, file, function, node};

use hope::model::Model;
use hope::onnx::ImportOptions;
use proptest::prelude::*;

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(folder);
    let entries = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path());
    let mut files: Vec<PathBuf> = entries.filter(|f| f.extension().is_some_and(|e| e == "onnx")).collect();
    files.sort();
    files
}

/// No measure of speed: what takes longer is out of proportion to any of these files, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Sound models that only fail once they are evaluated.
const SOUND: [&str; 1] = ["logarithm_of_negative"];

/// All messages in one file, so that a reader can judge them.
#[test]
fn every_broken_file_is_refused_with_a_clear_message() {
    let files = fixtures("broken");
    assert!(files.len() > 150, "{} broken files", files.len());
    let mut messages = String::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let start = Instant::now();
        let result = Model::from_onnx(&file, &ImportOptions::default());
        let seconds = start.elapsed();
        assert!(seconds < PATIENCE, "{name} took {seconds:?}");
        match result {
            Ok(_) if SOUND.contains(&name.as_str()) => {}
            Ok(_) => writeln!(messages, "{name}\n    ACCEPTED, but should not be").unwrap(),
            Err(error) => {
                let folder = file.parent().unwrap().to_string_lossy().into_owned();
                let message = without_size(&error.to_string().replace(&folder, "FOLDER"));
                writeln!(messages, "{name}\n    {message}").unwrap();
            }
        }
    }
    assert!(!messages.contains("ACCEPTED"), "{messages}");
    insta::assert_snapshot!(messages);
}

/// Without the size of the README of these files, which some name as their weights: it changes with each file.
fn without_size(message: &str) -> String {
    match message.split_once("which has only ") {
        Some((before, after)) => {
            format!("{before}which has only N{}", after.trim_start_matches(|c: char| c.is_ascii_digit()))
        }
        None => message.into(),
    }
}

/// The outcome doesn't matter, only that there is one.
fn read(bytes: Vec<u8>) {
    let _ = Model::from_onnx_bytes(bytes, &ImportOptions::default());
}

/// Small sound models of all kinds.
fn sound() -> Vec<Vec<u8>> {
    let files = fixtures("operators").into_iter().map(|f| std::fs::read(f).unwrap());
    files.filter(|bytes| bytes.len() < 20_000).collect()
}

#[test]
fn truncation_anywhere_is_survived() {
    for bytes in sound().into_iter().filter(|bytes| bytes.len() < 600) {
        for length in 0..bytes.len() {
            read(bytes[..length].to_vec());
        }
    }
}

fn load(bytes: Vec<u8>) -> hope::Result<Model> {
    let start = Instant::now();
    let result = Model::from_onnx_bytes(bytes, &ImportOptions::default());
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
    result
}

#[test]
fn long_chains_need_no_stack() {
    let n = 50_000;
    let names: Vec<String> = (0..=n)
        .map(|i| {
            if i == 0 {
                "x".into()
            } else if i == n {
                "y".into()
            } else {
                format!("t{i}")
            }
        })
        .collect();
    for operator in ["Tanh", "Neg", "Identity"] {
        let chain: Vec<u8> = names.windows(2).flat_map(|w| node(operator, &[&w[0]], &[&w[1]])).collect();
        load(file(&chain)).unwrap();
    }
    let squares: Vec<u8> = names.windows(2).flat_map(|w| node("Mul", &[&w[0], &w[0]], &[&w[1]])).collect();
    load(file(&squares)).unwrap();
    let sums: Vec<u8> = names.windows(2).flat_map(|w| node("Add", &["x", &w[0]], &[&w[1]])).collect();
    load(file(&sums)).unwrap();
}

#[test]
fn many_empty_messages_are_refused() {
    let many = |tag: u8| [tag, 0].repeat(500_000);
    for tag in [0x0a, 0x2a, 0x5a, 0x62, 0x7a] {
        assert!(load(file(&many(tag))).is_err(), "graph field {tag:#x}");
    }
    for tag in [0x0a, 0x12, 0x2a] {
        let node = [node("Sum", &["x"], &["y"])[2..].to_vec(), many(tag)].concat();
        assert!(load(file(&field(1, &node))).is_err(), "node field {tag:#x}");
    }
}

/// Each of many nodes would expand a constant to a value far larger than the file.
#[test]
fn constants_stay_in_proportion_to_the_file() {
    let weight = |name: &str, data: &[u8], dims: &[u8]| {
        let dims: Vec<u8> = dims.iter().flat_map(|&d| [8, d]).collect();
        field(5, &[dims, vec![16, 7], field(8, name.as_bytes()), field(9, data)].concat())
    };
    let large = 1_000_000i64.to_le_bytes();
    let mut graph = weight("size", &large, &[1]);
    let names: Vec<String> = (0..1000).map(|i| format!("c{i}")).collect();
    for name in &names {
        graph.extend(node("ConstantOfShape", &["size"], &[name]));
    }
    let inputs: Vec<&str> = names.iter().map(String::as_str).collect();
    graph.extend(node("Sum", &[&["x"], &inputs[..]].concat(), &["y"]));
    let message = load(file(&graph)).unwrap_err().to_string();
    assert!(message.contains("out of proportion"), "{message}");
}

/// A call of a function costs what the function is, also what no call needs.
#[test]
fn calls_stay_in_proportion_to_the_file() {
    let names: Vec<String> = (0..40_000).map(|i| format!("t{i}")).collect();
    let chain = ["x"].into_iter().chain(names.iter().map(String::as_str)).collect::<Vec<_>>();
    let call = |w: &[&str]| field(1, &[content("F", &w[..1], &w[1..]), field(7, b"local")].concat());
    let calls: Vec<u8> = chain.windows(2).flat_map(call).collect();
    let graph = file(&[calls, node("Sin", &chain[chain.len() - 1..], &["y"])].concat());
    let result = field(7, &content("Cos", &["a"], &["b"]));
    let unread = names.iter().flat_map(|name| field(7, &content("Sin", &["a"], &[name])));
    let absent = names.iter().flat_map(|name| field(4, name.as_bytes()));
    for more in [unread.collect::<Vec<u8>>(), absent.collect()] {
        let function = function("F", &[result.clone(), more].concat());
        let message = load([graph.clone(), function].concat()).unwrap_err().to_string();
        assert!(message.contains("out of proportion"), "{message}");
    }
    // Without them it is a chain of 40,000 nodes.
    load([graph, function("F", &result)].concat()).unwrap();
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_followed() {
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret.bin"), [0u8; 16]).unwrap();
    let inside = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path().join("secret.bin"), inside.path().join("missing.bin")).unwrap();
    let model = inside.path().join("model.onnx");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/broken/external_missing.onnx");
    std::fs::copy(source, &model).unwrap();
    let message = Model::from_onnx(&model, &ImportOptions::default()).unwrap_err().to_string();
    assert!(message.contains("outside the model's folder"), "{message}");
    // The same file inside the folder is fine.
    std::fs::remove_file(inside.path().join("missing.bin")).unwrap();
    std::fs::write(inside.path().join("missing.bin"), [0u8; 16]).unwrap();
    Model::from_onnx(&model, &ImportOptions::default()).unwrap();
}

#[test]
fn names_cannot_control_the_terminal() {
    let graph = node("\u{1b}[2JBoom", &["x"], &["y"]);
    let message = load(file(&graph)).unwrap_err().to_string();
    assert!(message.contains("Boom") && !message.contains('\u{1b}'), "{message}");
    let graph = node(&"Long".repeat(10_000), &["x"], &["y"]);
    assert!(load(file(&graph)).unwrap_err().to_string().len() < 1000);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read(bytes);
    }

    #[test]
    fn random_messages_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        // Past the checks of the file's beginning: a version, then a graph of these bytes.
        let mut file = vec![8, 8, 0x42, 2, 16, 17, 0x3a, bytes.len() as u8];
        file.extend(bytes);
        read(file);
    }

    #[test]
    fn damage_to_sound_files_is_survived(
        which in any::<prop::sample::Index>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        thread_local!(static FILES: Vec<Vec<u8>> = sound());
        let mut bytes = FILES.with(|files| which.get(files).clone());
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let start = Instant::now();
        read(bytes);
        prop_assert!(start.elapsed() < PATIENCE);
    }
}
