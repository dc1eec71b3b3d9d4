//! `-q` and `-v`: how much a run tells.

use anyhow::Result;
use clap::Args;

use super::text;

/// The options; they may stand before and after the command's name.
#[derive(Clone, Copy, Debug, Args)]
pub struct Verbosity {
    /// Print nothing but errors, and what a command is asked to print (a polynomial, values, a network's layers).
    #[arg(
        long,
        short,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Output",
        display_order = 1000
    )]
    pub quiet: bool,

    /// Tell more about the run on standard error: device, plan, measurements as they are made, time and memory.
    #[arg(long, short, global = true, help_heading = "Output", display_order = 1001)]
    pub verbose: bool,
}

impl Verbosity {
    /// Tells on stderr what is going on.
    pub fn note(self, line: &str) {
        if !self.quiet {
            text::complain(&format!("{line}\n"));
        }
    }

    /// Tells on stderr what only the curious want to know.
    pub fn detail(self, line: &str) {
        if self.verbose && !self.quiet {
            text::complain(&format!("{line}\n"));
        }
    }

    /// Prints a summary.
    ///
    /// # Errors
    /// If stdout can't take it.
    pub fn print(self, summary: impl AsRef<[u8]>) -> Result<()> {
        if self.quiet { Ok(()) } else { text::print(summary) }
    }
}
