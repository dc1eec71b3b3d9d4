//! A forked process, which has none of its parent's threads, computes with a job that the parent has prepared and used. A program of its own: forking
//! takes one thread.
#![allow(clippy::unwrap_used)]

use hope::activation::Tanh;
use hope::model::Model;
use hope::{Prepared, Request, Terms};

fn numbers(count: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * i) as f64 * 0.7).sin() / 10.0).collect()
}

fn prepared() -> Vec<Prepared> {
    let mut b = Model::builder(&[40]);
    let h = b.linear(b.input(), &[300, 40], numbers(12_000), None).unwrap();
    let h = b.activation(h, Tanh).unwrap();
    let y = b.linear(h, &[3, 300], numbers(900), None).unwrap();
    let model = b.build(y).unwrap();
    let mixed = Terms::Mixed(Some(numbers(120).into()));
    [Terms::Unmixed, mixed]
        .into_iter()
        .map(|terms| {
            let request = Request { terms, threads: Some(3), verify: 2, ..Request::new(Vec::new(), 4) };
            Prepared::new(&model, &request).unwrap()
        })
        .collect()
}

fn run(prepared: &[Prepared]) -> Vec<Vec<f64>> {
    prepared.iter().map(|p| p.expand(numbers(400)).unwrap().coefficients).collect()
}

#[cfg(unix)]
#[allow(unsafe_code)] // there is no safe way to fork: the child computes and ends, without returning to anything of its parent's
fn main() {
    let prepared = prepared();
    let truth = run(&prepared);
    // SAFETY: this is the process's only thread besides the pools' idle ones, which hold no locks.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork: {}", std::io::Error::last_os_error());
    if child == 0 {
        let same = run(&prepared) == truth && run(&self::prepared()) == truth;
        // SAFETY: ends the child at once.
        unsafe { libc::_exit(i32::from(!same)) };
    }
    for _ in 0..1200 {
        let mut status = 0;
        // SAFETY: waits for the child, whose status goes into a variable of ours.
        let ended = unsafe { libc::waitpid(child, &raw mut status, libc::WNOHANG) };
        if ended == child {
            assert!(
                libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0,
                "the child ended with {status}"
            );
            assert!(run(&prepared) == truth, "the parent goes on");
            println!("test a_forked_process_computes ... ok");
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    // SAFETY: ends the child, which hangs.
    unsafe { libc::kill(child, libc::SIGKILL) };
    panic!("the forked process hangs");
}

#[cfg(not(unix))]
fn main() {}
