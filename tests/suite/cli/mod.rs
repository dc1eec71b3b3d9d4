//! The program end to end, as a user runs it.

mod attribution;
mod bench;
mod bounded;
mod certify;
mod check;
mod converge;
mod discover;
mod domain;
mod endings;
mod expand;
mod formats;
mod heatmap;
mod operator;
mod options;
mod plot;
mod points;
mod polynomial;
mod shards;
mod single;
mod smooth;
mod surrogate;
mod trust;
mod usage;
mod verbosity;
mod verdict;
#[cfg(unix)]
mod writers;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ndarray::{ArrayD, IxDyn};
use ndarray_npy::{NpzReader, write_npy};
use tempfile::TempDir;

/// What a run left behind.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// A folder to run in, with the program's own output next to the tests' inputs.
struct Workplace {
    folder: TempDir,
}

impl Workplace {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a temporary folder") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program in this folder; not run yet.
    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hope"));
        command.args(args).current_dir(self.folder.path());
        command
    }

    fn hope(&self, args: &[&str]) -> Run {
        finished(self.command(args).output().expect("the program starts"))
    }

    /// Runs; the run has to succeed.
    fn done(&self, args: &[&str]) -> Run {
        let run = self.hope(args);
        assert_eq!(run.code, Some(0), "{args:?}: {}", run.stderr);
        run
    }

    /// Runs; the run has to be refused with exit code 2, one message that has all of `parts`, and nothing written.
    fn refused(&self, args: &[&str], parts: &[&str]) {
        let before = self.files();
        let run = self.hope(args);
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.stderr);
        assert_eq!(run.stdout, "", "{args:?}");
        assert!(run.stderr.starts_with("error: "), "{args:?}: {}", run.stderr);
        for part in parts {
            assert!(run.stderr.contains(part), "{args:?}: no '{part}' in: {}", run.stderr);
        }
        assert_eq!(self.files(), before, "{args:?}");
    }

    /// Names of all files here, hidden ones included.
    fn files(&self) -> Vec<String> {
        files_in(self.folder.path())
    }

    /// Saves an array of these numbers.
    fn npy(&self, name: &str, shape: &[usize], values: impl IntoIterator<Item = f64>) -> String {
        let array =
            ArrayD::from_shape_vec(IxDyn(shape), values.into_iter().collect()).expect("the shape fits");
        write_npy(self.path(name), &array).expect("a file");
        name.into()
    }

    fn array(&self, npz: &str, key: &str) -> ArrayD<f64> {
        array(&self.path(npz), key)
    }

    fn json(&self, name: &str) -> serde_json::Value {
        let text = std::fs::read_to_string(self.path(name)).expect("the record");
        serde_json::from_str(&text).expect("JSON")
    }
}

fn finished(output: Output) -> Run {
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

fn files_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let mut names: Vec<String> =
        entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn open(npz: &Path) -> NpzReader<std::fs::File> {
    NpzReader::new(std::fs::File::open(npz).expect("the result")).expect("an npz archive")
}

/// An array of f64 in an archive.
fn array(npz: &Path, key: &str) -> ArrayD<f64> {
    open(npz).by_name(key).unwrap_or_else(|error| panic!("{key}: {error}"))
}

/// Names of the arrays in an archive.
fn keys(npz: &Path) -> Vec<String> {
    let mut names = open(npz).names().expect("names");
    names.sort();
    names
}

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference").join(name)
}

fn reference_text(name: &str) -> String {
    reference(name).to_string_lossy().into_owned()
}

fn example(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/mnist").join(name).to_string_lossy().into_owned()
}

/// Norm of the difference over norm of the truth.
fn deviation<'a>(found: impl IntoIterator<Item = &'a f64>, truth: impl IntoIterator<Item = &'a f64>) -> f64 {
    let (mut difference, mut norm) = (0.0f64, 0.0f64);
    let mut truth = truth.into_iter();
    for f in found {
        let t = truth.next().expect("as many numbers");
        difference = difference.hypot(f - t);
        norm = norm.hypot(*t);
    }
    assert!(truth.next().is_none() && norm > 0.0);
    difference / norm
}

#[test]
fn the_comparison_notices_one_wrong_number() {
    let truth = [1.0, -2.0, 3.0];
    assert_eq!(deviation(&truth, &truth), 0.0);
    assert!(deviation(&[1.0, -2.0, 3.001], &truth) > 1e-4);
}

/// Each command of `hope --help` is run by name somewhere in this folder.
#[test]
fn every_command_has_a_test() {
    let help = Workplace::new().done(&["--help"]).stdout;
    let (_, list) = help.split_once("Commands:\n").expect("a list of commands");
    let list = list.split("\n\n").next().unwrap_or_default();
    // Names stand two spaces in, what they do further to the right.
    let names: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|rest| rest.split_whitespace().next())
        .filter(|&name| name != "help")
        .collect();
    assert!(names.contains(&"expand") && names.contains(&"completions"), "{names:?}");

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(file!());
    let sources: String = files_in(folder.parent().expect("a folder"))
        .iter()
        .filter(|name| name.ends_with(".rs"))
        .map(|name| std::fs::read_to_string(folder.with_file_name(name)).expect("a source"))
        .flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let untested: Vec<&str> =
        names.into_iter().filter(|name| !sources.contains(&format!("[\"{name}\""))).collect();
    assert!(untested.is_empty(), "no test runs {untested:?}");
}
