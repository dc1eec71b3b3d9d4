//! `hope completions`.

use clap::Args;

use super::failure::Failure;
use super::text;

/// Print completions for a shell.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    shell: clap_complete::Shell,
}

/// Runs the command: completions of `program`.
pub fn run(args: &CompletionsArgs, mut program: clap::Command) -> Result<(), Failure> {
    // Into memory first: the generator panics when a pipe closes.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "hope", &mut script);
    text::print(&script).map_err(Failure::Run)
}
