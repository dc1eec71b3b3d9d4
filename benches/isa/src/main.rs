//! What AMD's compiler makes of the library's shaders, printed as a table; no GPU is needed. See README.md.

mod driver;
mod shaders;
mod table;
mod vulkan;

use std::path::PathBuf;
use std::process::ExitCode;

use shaders::Set;
use vulkan::Compiler;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
Compiles shaders with the AMD compiler of Mesa's Vulkan driver, without a GPU, and prints what it reports.

hope-isa [FILTER] [--chip NAME] [--all] [--file SHADER.wgsl] [--tsv]
  FILTER       only shaders whose name contains this, such as 'linear' or 'elementwise tanh'
  --chip NAME  a name of Mesa's (navi21, navi14, vega10, polaris10, ...) [RADV_FORCE_FAMILY, else navi21]
  --all        also the matrix products in tiles for drivers on processors
  --file PATH  this file in place of the library's shaders
  --tsv        values separated by tabs";

/// What to compile and how to print it.
struct Options {
    chip: String,
    set: Set,
    filter: String,
    tsv: bool,
}

fn options() -> Result<Option<Options>> {
    let mut args = pico_args::Arguments::from_env();
    if args.contains(["-h", "--help"]) {
        return Ok(None);
    }
    let chip = args.opt_value_from_str("--chip")?;
    let file: Option<PathBuf> = args.opt_value_from_str("--file")?;
    let set = match (file, args.contains("--all")) {
        (Some(path), _) => Set::File(path),
        (None, true) => Set::All,
        (None, false) => Set::ForGpus,
    };
    let tsv = args.contains("--tsv");
    let filter = args.opt_free_from_str()?.unwrap_or_default();
    if let Some(more) = args.finish().first() {
        return Err(format!("what is '{}'?\n\n{USAGE}", more.display()).into());
    }
    let chip = chip.or(driver::chip()).unwrap_or("navi21".into());
    Ok(Some(Options { chip, set, filter, tsv }))
}

fn run() -> Result<ExitCode> {
    let Some(Options { chip, set, filter, tsv }) = options()? else {
        println!("{USAGE}");
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(status) = driver::again(&chip)? {
        return match status.code() {
            Some(0) => Ok(ExitCode::SUCCESS),
            Some(_) => Ok(ExitCode::FAILURE), // it has said why
            None => Err(format!(
                "the driver stopped the process ({status}): is '{chip}' one of Mesa's names, such as navi21, vega10, polaris10?"
            )
            .into()),
        };
    }
    let compiler = Compiler::open()?;
    eprintln!("{}", compiler.device());
    let mut rows = Vec::new();
    for shader in shaders::shaders(&set, &filter)? {
        let spirv = shader.spirv(compiler.robust())?;
        let report = compiler.report(&spirv).map_err(|e| format!("{}: {e}", shader.title()))?;
        rows.push((shader, report));
    }
    if rows.is_empty() {
        return Err(format!("no shader's name contains '{filter}'").into());
    }
    print!("{}", table::table(&rows, tsv));
    Ok(ExitCode::SUCCESS)
}

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::FAILURE
    })
}
