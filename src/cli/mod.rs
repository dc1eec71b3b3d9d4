//! The command line: what the user types, and what the program exits with.
//!
//! `args` defines the options; each command has a file or folder of its own. Results go to files and stdout, everything
//! about the run (progress, errors) to stderr.

mod args;
mod bench;
mod check;
mod converge;
mod device;
mod discover;
mod eval;
mod expand;
mod files;
mod heatmap;
mod image;
mod input;
mod interactions;
mod load;
mod output;
mod plot;
mod polynomial;
mod progress;
mod rays;
mod smooth;
mod surrogate;
mod temporary;
mod text;
mod trust;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command};
use hope::npy;

/// How a command fails.
#[derive(Debug)]
enum Failure {
    /// Wrong usage or bad input, found before anything was computed or written.
    Input(anyhow::Error),
    /// Something went wrong on the way.
    Run(anyhow::Error),
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Run(_) => 1,
            Self::Input(_) => 2,
        }
    }
}

/// Runs the program.
pub fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Expand(args) => expand::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Polynomial(args) => polynomial::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Plot(args) => plot::run(&args),
        Command::Heatmap(args) => heatmap::run(&args),
        Command::Interactions(args) => interactions::run(&args),
        Command::Trust(args) => trust::run(&args),
        Command::Converge(args) => converge::run(&args),
        Command::Discover(args) => discover::run(&args),
        Command::Surrogate(args) => surrogate::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Adapters => device::list(),
        Command::Completions { shell } => completions(shell),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.exit_code();
            let (Failure::Input(error) | Failure::Run(error)) = failure;
            text::complain(&format!("error: {error}\n"));
            ExitCode::from(code)
        }
    }
}

fn completions(shell: clap_complete::Shell) -> Result<(), Failure> {
    // Into memory first: the generator panics when a pipe closes.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hope", &mut script);
    text::print(&script).map_err(Failure::Run)
}
