//! The command line: what the user types, and what the program exits with.
//!
//! Each command has a file or a folder of its own with its options, its `run` and its report, and a line in the list below;
//! no command knows another. What they share lies beside them: values of options ([`values`]), the network ([`model`]), points
//! ([`points`]), what a run works on ([`setup`]), its files ([`files`], [`targets`]), signals ([`interrupt`]). Results go to files
//! and stdout, everything about the run (progress, errors) to stderr.

mod bench;
mod certify;
mod check;
mod completions;
mod converge;
mod device;
mod discover;
mod estimate;
mod eval;
mod expand;
mod failure;
mod files;
mod heatmap;
mod image;
mod input;
mod interactions;
mod interrupt;
mod merge;
mod model;
mod plot;
mod points;
mod polynomial;
mod progress;
mod rays;
mod setup;
mod smooth;
mod surrogate;
mod targets;
mod terms;
mod text;
mod trust;
mod values;
mod verbosity;
mod verdict;

use std::process::ExitCode;
use std::time::Instant;

use clap::{CommandFactory, Parser, Subcommand};

use failure::Failure;
use verbosity::Verbosity;

/// The list of commands: name, options, what runs it. Help says of each what its options' documentation says.
macro_rules! commands {
    ($($name:ident($options:ty) => $run:expr,)*) => {
        #[derive(Debug, Subcommand)]
        enum Command {
            $($name(Box<$options>),)*
        }

        impl Command {
            fn run(&self, verbosity: Verbosity) -> Result<(), Failure> {
                match self {
                    $(Self::$name(options) => $run(options, verbosity),)*
                }
            }
        }
    };
}

commands! {
    Expand(expand::ExpandArgs) => expand::run,
    Merge(merge::MergeArgs) => merge::run,
    Check(check::CheckArgs) => check::run,
    Polynomial(polynomial::PolynomialArgs) => polynomial::run,
    Eval(eval::EvalArgs) => eval::run,
    Plot(plot::PlotArgs) => plot::run,
    Heatmap(heatmap::HeatmapArgs) => heatmap::run,
    Interactions(interactions::InteractionsArgs) => interactions::run,
    Trust(trust::TrustArgs) => trust::run,
    Certify(certify::CertifyArgs) => certify::run,
    Converge(converge::ConvergeArgs) => converge::run,
    Discover(discover::DiscoverArgs) => discover::run,
    Surrogate(surrogate::SurrogateArgs) => surrogate::run,
    Bench(bench::BenchArgs) => bench::run,
    Adapters(device::AdaptersArgs) => |_, _| device::list(),
    Completions(completions::CompletionsArgs) => |args, _| completions::run(args, Cli::command()),
}

const EXAMPLES: &str = "\
Examples:
  Look at a network: its layers, and what an expansion will cost
      hope check examples/mnist/mnist_cnn_tanh.onnx --order 5

  Expand a classifier to order 3 at 40 digits, along each of the 784 pixels
      hope expand examples/mnist/mnist_cnn_tanh.onnx --at examples/mnist/digits.npy --order 3

  Which pixels matter to the class of a digit, order by order, compared with perturbing them
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --compare

  Shell completions
      hope completions bash > ~/.local/share/bash-completion/completions/hope

`hope expand --help` has more examples and explains every option.";

/// Turns a trained neural network into local Taylor polynomials of high order.
#[derive(Debug, Parser)]
#[command(name = "hope", version, after_help = EXAMPLES, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,

    #[command(flatten)]
    verbosity: Verbosity,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let started = Instant::now();
    let Cli { command, verbosity } = Cli::parse();
    interrupt::watch();
    let done = command.run(verbosity);
    let memory = hope::memory::peak()
        .map_or(String::new(), |peak| format!(", {} of memory at the most", hope::memory::human(peak)));
    verbosity.detail(&format!("{} in all{memory}", text::seconds(started.elapsed().as_secs_f64())));
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let code = failure.exit_code();
            text::complain(&text::plain_lines(&format!(
                "error: {}
",
                failure.into_error()
            )));
            ExitCode::from(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }
}
