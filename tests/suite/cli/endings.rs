//! Runs that end badly: nothing half-written stays.

#![cfg(unix)]

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Workplace, example, files_in, finished, reference_text};

/// Begins a run that takes minutes, and waits until it computes.
fn long_run(w: &Workplace, mut command: Command) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut stderr = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    stderr.read_line(&mut line).expect("a line");
    assert!(line.starts_with("expanding"), "{line}");
    assert_eq!(w.files().len(), 2, "both files are under construction: {:?}", w.files());
    (child, stderr)
}

const LONG: [&str; 8] = ["--order", "30", "--terms", "mixed", "--subspace", "s.npy", "--out", "r.npz"];

fn long_args(w: &Workplace, folder: &Workplace) -> Vec<String> {
    let subspace = folder.npy("s.npy", &[3, 784], (0..3 * 784).map(|i| f64::from(i % 11) / 784.0));
    let (model, at) = (example("mnist_cnn_tanh.onnx"), example("digits.npy"));
    let mut args: Vec<String> = ["expand", &model, "--at", &at].map(String::from).into();
    args.extend(LONG.map(String::from));
    let at = args.iter().position(|arg| *arg == subspace).expect("the subspace");
    args[at] = folder.path("s.npy").to_string_lossy().into_owned();
    assert_eq!(w.files(), [""; 0]);
    args
}

fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill").success());
}

#[test]
fn interruption_leaves_nothing() {
    for (name, code) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let (w, inputs) = (Workplace::new(), Workplace::new());
        let args = long_args(&w, &inputs);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let (mut child, mut stderr) = long_run(&w, w.command(&args));
        signal(&child, name);
        let status = child.wait().expect("an end");
        let mut text = String::new();
        stderr.read_to_string(&mut text).expect("the message");
        assert_eq!(status.code(), Some(code), "{text}");
        assert!(text.contains("interrupted; nothing was written"), "{text}");
        assert_eq!(w.files(), [""; 0], "after {name}");
    }
}

/// The same while a GPU that software makes works, where there is one: the signal comes while it prepares, computes or hands over.
#[test]
fn interruption_of_work_on_a_gpu_leaves_nothing() {
    let (w, inputs) = (Workplace::new(), Workplace::new());
    if !w.done(&["adapters"]).stdout.contains("llvmpipe") {
        return;
    }
    // Minutes of work on two cores: longer than the longest wait below on any machine.
    let points = inputs.npy("x.npy", &[400, 784], (0..400 * 784).map(|i| f64::from(i % 13) / 13.0));
    let (model, at) = (example("mnist_cnn_tanh.onnx"), inputs.path(&points).to_string_lossy().into_owned());
    let args = ["expand", &model, "--at", &at, "--order", "16", "--device", "llvmpipe", "--out", "r.npz"];
    for milliseconds in [0, 30, 300, 3000] {
        let (mut child, mut stderr) = long_run(&w, w.command(&args));
        std::thread::sleep(Duration::from_millis(milliseconds));
        signal(&child, "TERM");
        let status = child.wait().expect("an end");
        let mut text = String::new();
        stderr.read_to_string(&mut text).expect("the message");
        assert_eq!(status.code(), Some(143), "after {milliseconds} ms: {text}");
        assert!(text.contains("interrupted; nothing was written"), "{text}");
        assert_eq!(w.files(), [""; 0], "after {milliseconds} ms");
    }
}

/// A run whose standard error is full, and read by nobody, so that it hangs there.
#[test]
fn an_interruption_waits_for_nobody() {
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let (w, inputs) = (Workplace::new(), Workplace::new());
        let args = long_args(&w, &inputs);
        let (_reader, mut writer) = UnixStream::pair().expect("a pair of sockets");
        writer.set_nonblocking(true).expect("a socket");
        while writer.write(&[b'x'; 4096]).is_ok() {}
        while writer.write(b"x").is_ok() {}
        writer.set_nonblocking(false).expect("a socket");
        let mut command = Command::new(env!("CARGO_BIN_EXE_hope"));
        command.args(args).current_dir(w.folder.path()).stdout(Stdio::null()).stderr(OwnedFd::from(writer));
        let mut child = command.spawn().expect("the program starts");
        patiently("files are begun", || w.files().iter().filter(|name| name.ends_with(".part")).count() == 2);
        signal(&child, name);
        let mut ended = None;
        patiently("the program ends", || {
            ended = child.try_wait().expect("a state");
            ended.is_some()
        });
        assert_eq!(ended.and_then(|status| status.code()), Some(code), "after {name}");
        assert_eq!(w.files(), [""; 0], "after {name}");
    }
}

/// Waits, not for ever.
fn patiently(what: &str, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(120);
    while !done() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_next_run_removes_what_a_killed_one_left() {
    let (w, inputs) = (Workplace::new(), Workplace::new());
    let args = long_args(&w, &inputs);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let (mut killed, _stderr) = long_run(&w, w.command(&args));
    signal(&killed, "KILL");
    killed.wait().expect("an end");
    assert_eq!(w.files().len(), 2, "{:?}", w.files());
    let short =
        ["expand", &reference_text("discover_2d.onnx"), "--at", "0,0", "--order", "1", "--out", "r.npz"];
    w.done(&short);
    assert_eq!(w.files(), ["r.json", "r.npz"]);

    // But not what one that lives has begun.
    let mut living = w.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a start");
    patiently("files are begun", || w.files().len() == 4);
    let before = w.files();
    w.done(&short);
    assert_eq!(w.files(), before);
    signal(&living, "INT");
    living.wait().expect("an end");
    assert_eq!(w.files(), ["r.json", "r.npz"]);
}

#[test]
fn the_last_of_several_runs_wins_as_a_whole() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    for _ in 0..12 {
        let runs = ["1", "2", "3"].map(|order| {
            let args = [
                "expand", &model, "--at", "0.5,0.25", "--order", order, "--device", "cpu", "-q", "--out",
                "r.npz",
            ];
            w.command(&args).spawn().expect("the program starts")
        });
        for mut run in runs {
            assert!(run.wait().expect("an end").success());
        }
        let orders = w.array("r.npz", "unmixed").shape()[2];
        assert_eq!(w.json("r.json")["order"], orders);
        assert_eq!(w.files(), ["r.json", "r.npz"]);
    }
}

/// In a folder where everybody may write, and nobody replaces what belongs to others.
#[test]
fn a_name_that_cannot_be_given_keeps_an_earlier_result() {
    let w = Workplace::new();
    const USER: u32 = 65534;
    std::fs::create_dir(w.path("shared")).expect("a folder");
    std::fs::set_permissions(w.path("shared"), Permissions::from_mode(0o1777)).expect("a sticky folder");
    std::fs::set_permissions(w.folder.path(), Permissions::from_mode(0o755))
        .expect("a folder to walk through");
    std::fs::copy(reference_text("discover_2d.onnx"), w.path("m.onnx")).expect("a model");
    std::fs::write(w.path("shared/r.json"), "{\"model\": \"m\", \"version\": \"hope 0\"}").expect("a record");
    std::fs::write(w.path("shared/r.npz"), "earlier").expect("a result");
    let own = std::os::unix::fs::chown(w.path("shared/r.npz"), Some(USER), Some(USER))
        .and_then(|()| std::os::unix::fs::chown(w.path("shared"), Some(1234), None));
    let args =
        ["expand", "m.onnx", "--at", "0,0", "--order", "2", "--device", "cpu", "--out", "shared/r.npz"];
    let output = own.and_then(|()| w.command(&args).uid(USER).gid(USER).output());
    let Ok(output) = output else {
        return eprintln!("skipped: to run as another user takes root, and a program that others may run");
    };
    let run = finished(output);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("nothing was written"), "{}", run.stderr);
    assert_eq!(std::fs::read_to_string(w.path("shared/r.npz")).expect("a result"), "earlier");
    assert_eq!(files_in(&w.path("shared")), ["r.json", "r.npz"]);
}

#[test]
fn no_memory_is_an_error_that_leaves_nothing() {
    let model = example("mnist_cnn_tanh.onnx");
    for kib in [40_000, 100_000, 300_000, 1_200_000, 40_000_000] {
        let w = Workplace::new();
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -v {kib}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_hope")]);
        command.args([
            "expand",
            &model,
            "--at",
            &example("digits.npy"),
            "--point",
            "0",
            "--order",
            "2",
            "--memory",
            "64MiB",
        ]);
        command.args(["--device", "cpu", "--out", "r.npz"]);
        let output = command.current_dir(w.folder.path()).output().expect("the program starts");
        match output.status.code() {
            Some(0) => assert_eq!(w.files(), ["r.json", "r.npz"], "{kib}"),
            Some(2) => {
                let message = String::from_utf8_lossy(&output.stderr);
                assert!(message.contains("address space"), "{kib}: {message}");
                assert_eq!(w.files(), [""; 0], "{kib}");
            }
            // The loader has no memory: 127.
            Some(1 | 127) => assert_eq!(w.files(), [""; 0], "{kib}"),
            _ => panic!("{kib}: {output:?}"),
        }
    }
}

#[test]
fn nohup_outlives_its_terminal() {
    if !cfg!(target_os = "linux") {
        return;
    }
    let (w, inputs) = (Workplace::new(), Workplace::new());
    let args = long_args(&w, &inputs);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_hope")]).args(args);
    command.current_dir(w.folder.path());
    let (mut child, _stderr) = long_run(&w, command);
    signal(&child, "HUP");
    std::thread::sleep(Duration::from_millis(300));
    let ended = child.try_wait().expect("a state");
    signal(&child, "KILL");
    child.wait().expect("an end");
    assert!(ended.is_none(), "{ended:?}");
}

/// A file system of one MiB, unmounted at the end.
struct SmallDisk<'a>(&'a Workplace);

impl Drop for SmallDisk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path("disk")).status();
    }
}

#[test]
fn a_full_disk_is_reported_and_leaves_nothing() {
    let w = Workplace::new();
    std::fs::create_dir(w.path("disk")).expect("a folder");
    let mount =
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"]).arg(w.path("disk")).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: mounting a small file system takes a privileged Linux");
        return;
    }
    let _disk = SmallDisk(&w);
    let (model, at) = (example("mnist_mlp_tanh.onnx"), example("digits.npy"));
    let run = w.hope(&["expand", &model, "--at", &at, "--order", "6", "--out", "disk/r.npz"]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    assert!(run.stderr.contains("disk/r.npz") && run.stderr.contains("No space left"), "{}", run.stderr);
    assert!(!run.stderr.contains("panic"), "{}", run.stderr);
    assert_eq!(files_in(&w.path("disk")), [""; 0]);
}

#[test]
fn a_failure_keeps_an_earlier_result() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    let out = ["--out", "r.npz"];
    w.done(&[&["expand", &model, "--at", "0,0", "--order", "2"], &out[..]].concat());
    let before = std::fs::read(w.path("r.npz")).expect("a result");
    // Its value is NaN everywhere: found on the way.
    let nan = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/broken/logarithm_of_negative.onnx");
    let run =
        w.hope(&[&["expand", &nan.to_string_lossy(), "--at", "0,0,0,0", "--order", "2"], &out[..]].concat());
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    for part in
        ["error: ", "logarithm_of_negative.onnx", "(Log)", "not finite", "order 0", "nothing was written"]
    {
        assert!(run.stderr.contains(part), "no '{part}' in: {}", run.stderr);
    }
    assert_eq!(w.files(), ["r.json", "r.npz"]);
    assert_eq!(std::fs::read(w.path("r.npz")).expect("a result"), before);
    // A later success replaces it.
    w.done(&[&["expand", &model, "--at", "0,0", "--order", "3"], &out[..]].concat());
    assert_ne!(std::fs::read(w.path("r.npz")).expect("a result"), before);
}

#[test]
fn closed_pipes_are_no_failure() {
    let w = Workplace::new();
    let model = reference_text("discover_2d.onnx");
    for args in [
        &["check", &model][..],
        &["completions", "zsh"],
        &["expand", "--help"],
        &["expand", &model, "--at", "0,0", "--order", "2"],
    ] {
        let mut child =
            w.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a start");
        drop(child.stdout.take());
        let run = finished(child.wait_with_output().expect("an end"));
        assert_eq!(run.code, Some(0), "{args:?}: {}", run.stderr);
        assert!(!run.stderr.contains("panic"), "{args:?}: {}", run.stderr);

        let mut child =
            w.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a start");
        drop(child.stderr.take());
        assert_eq!(child.wait_with_output().expect("an end").status.code(), Some(0), "{args:?}");
    }
    assert_eq!(w.files(), ["discover_2d.expansion.json", "discover_2d.expansion.npz"]);
}

#[test]
fn results_are_readable_by_others() {
    let w = Workplace::new();
    let script = "umask 022; exec \"$0\" \"$@\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_hope"), "expand", &reference_text("discover_2d.onnx")]);
    command.args(["--at", "0,0", "--order", "2", "--out", "r.npz"]).current_dir(w.folder.path());
    assert!(command.output().expect("the program starts").status.success());
    for name in ["r.npz", "r.json"] {
        let mode = std::fs::metadata(w.path(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o644, "{name}");
    }
}
