//! `hope bench`: how fast the devices of this machine are, and how much of what they can do that is.

mod chart;
mod columns;
mod devices;
mod json;
mod measured;
mod report;
mod table;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use pollster::block_on;

use hope::Progress;
use hope::bench::record::{DeviceRun, Run};
use hope::bench::{Effort, Target, Workload, json::text as written};

use super::failure::Failure;
use super::files::Files;
use super::input::Shapes;
use super::model::{self, NetworkArgs};
use super::progress::Reporter;
use super::text;
use super::values::NumberType;
use super::verbosity::Verbosity;
use devices::Chosen;

const EXAMPLES: &str = "\
Examples:
  Everything on the CPU and on every adapter, some minutes for each
      hope bench --json mine.json

  In a minute: short measurements, order 3 only
      hope bench --quick

  Only the CPU in double precision, only expansions of the CNN, each measured 20 times
      hope bench --device cpu --precision f64 --workloads cnn --repeat 20

  A network of your own, on the GPU
      hope bench net.onnx --device gpu

  Compare machines: a table in Markdown, and a chart
      hope bench report mine.json yours.json --out report.md

Workloads are named NETWORK-METHOD-ORDER-xPOINTS (cnn-exact-5-x16: all coefficients along each of the 784 pixels, of all 10 logits, to
order 5, at 16 points at once; cnn-gradient-5-x64: the gradient series of one logit along a ray; cnn-hessian-2-x1: all second derivatives
of one logit, unless a network has more than 1,024 inputs), and KERNEL-SIZE: matrix products, a convolution, and tanh of series (compose:
exact method; bell: published rule). cnn is the MNIST classifier of examples/mnist, mlp a 784-128-64-10 perceptron with tanh; `hope` has both built in.

Shares are of what small kernels reach on the same device in the same run: multiply-adds in registers (\"peak\"), and the bandwidth of
memory in a sum of arrays larger than caches. Kernels whose data stay in caches may exceed the latter.

Exit codes: 0 done; 1 a result is wrong or a device failed; 2 wrong usage or bad input.";

/// Measure this machine's devices: expansions per second, kernels, and shares of what the devices can do.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub struct BenchArgs {
    #[command(subcommand)]
    report: Option<BenchCommand>,

    /// A network to measure instead of the built-in ones: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    model: Option<PathBuf>,

    #[command(flatten)]
    network: NetworkArgs,

    /// Which devices: all, cpu, gpu (hardware GPUs), or parts of adapters' names; several with commas.
    #[arg(long, value_name = "DEVICE", value_delimiter = ',', default_value = "all", help_heading = "How")]
    device: Vec<String>,

    /// Number type on the CPU; GPUs compute in f32.
    #[arg(long, value_enum, default_value = "f32", help_heading = "How")]
    precision: NumberType,

    /// Only workloads whose names contain one of these, such as cnn-exact,compose.
    #[arg(long, value_name = "PARTS", value_delimiter = ',', help_heading = "How")]
    workloads: Vec<String>,

    /// Order 3 only, and short measurements.
    #[arg(long, help_heading = "How")]
    quick: bool,

    /// Runs of each workload [default: as many as take 2 seconds, or 0.2 with --quick; 3 at the least].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000), help_heading = "How")]
    repeat: Option<u32>,

    /// Write all measurements to this file, for programs and for `hope bench report`.
    #[arg(long, value_name = "FILE.json", help_heading = "Output")]
    json: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum BenchCommand {
    Report(report::ReportArgs),
}

/// Runs the command.
pub fn run(args: &BenchArgs, verbosity: Verbosity) -> Result<(), Failure> {
    if let Some(BenchCommand::Report(args)) = &args.report {
        return report::run(args, verbosity);
    }
    let chosen = devices::chosen(&args.device, args.precision.into()).map_err(Failure::Input)?;
    let workloads = workloads(args).map_err(Failure::Input)?;
    let inputs: Vec<&Path> = args.model.as_deref().into_iter().collect();
    let mut files = Files::begin(args.json.as_deref(), &inputs).map_err(Failure::Input)?;
    let run = measure(args, &chosen, &workloads, verbosity);
    if let Some(path) = &args.json {
        files.write(path, written(&run).as_bytes()).map_err(Failure::Run)?;
    }
    files.commit().map_err(Failure::Run)?;
    verbosity.print(table::text(&run)).map_err(Failure::Run)?;
    match run.complaints() {
        complaints if complaints.is_empty() => Ok(()),
        complaints => Err(Failure::Run(anyhow!(
            "{}: {}",
            text::count(complaints.len(), "measurement") + " wrong or failed",
            complaints.join("; ")
        ))),
    }
}

/// The workloads that the options leave.
fn workloads(args: &BenchArgs) -> Result<Vec<Workload>> {
    let all = match &args.model {
        None => Workload::all(args.quick)?,
        Some(path) => {
            let model = model::load(path, &args.network, Shapes::default(), None)?;
            let name = path.file_stem().unwrap_or_default().to_string_lossy().replace(' ', "_");
            Workload::network(&name, &Arc::new(model), args.quick)
        }
    };
    if args.workloads.is_empty() {
        return Ok(all);
    }
    let names: Vec<String> = all.iter().map(|w| w.name.clone()).collect();
    if let Some(part) = args.workloads.iter().find(|part| !names.iter().any(|name| name.contains(*part))) {
        bail!("--workloads: no name contains '{part}'; there are {}", names.join(", "));
    }
    Ok(all.into_iter().filter(|w| args.workloads.iter().any(|part| w.name.contains(part))).collect())
}

/// Measures all workloads on all devices; what fails is noted.
fn measure(args: &BenchArgs, chosen: &[Chosen], workloads: &[Workload], verbosity: Verbosity) -> Run {
    let budget = if args.quick { 0.2 } else { 2.0 };
    let effort = Effort { budget, repeats: args.repeat.map(|n| n as usize) };
    let title = format!(
        "measuring {} on {}",
        text::count(workloads.len(), "workload"),
        text::count(chosen.len(), "device")
    );
    let reporter = Reporter::new(&title, verbosity);
    let total = chosen.len() * (workloads.len() + 1);
    let mut done = 0;
    let mut note = |line: String| {
        done += 1;
        if verbosity.verbose {
            reporter.say(&line);
        }
        reporter.update(Progress { done, total });
    };
    let started = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let mut devices = Vec::new();
    for device in chosen {
        let mut run = measured::device(device);
        match device.open() {
            Err(error) => {
                run.error = Some(error.to_string());
                for _ in 0..=workloads.len() {
                    note(format!("{}: {error}", run.name));
                }
            }
            Ok(target) => measure_on(&target, &mut run, workloads, effort, &mut note),
        }
        devices.push(run);
    }
    reporter.finish();
    let hope = env!("CARGO_PKG_VERSION").to_string();
    Run { hope, started, quick: args.quick, budget, machine: measured::machine(), devices }
}

fn measure_on(
    target: &Target,
    run: &mut DeviceRun,
    workloads: &[Workload],
    effort: Effort,
    note: &mut impl FnMut(String),
) {
    block_on(run.measure_peak(target, effort));
    if let Some(peak) = &run.peak {
        note(format!("{}: {}", run.name, table::peak(peak)));
    } else if let Some(error) = &run.error {
        note(format!("{}: {error}", run.name));
    }
    for workload in workloads {
        block_on(run.measure(target, workload, effort));
        let line = run.rows.last().map(table::line).unwrap_or_default();
        note(format!("{}: {line}", run.name));
    }
}
