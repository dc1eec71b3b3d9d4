//! Loading a model for a command.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use anyhow::{Result, anyhow};
use clap::Args;
use sha2::{Digest, Sha256};

use hope::Error;
use hope::model::Model;
use hope::onnx::ImportOptions;

/// The options that say which function of the file is meant.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// Which of the network's outputs, by its name in the file [default: the first].
    #[arg(long, value_name = "NAME", help_heading = "What to compute")]
    output_name: Option<String>,

    /// Leave out a softmax or log-softmax at the very end of the network.
    #[arg(long, help_heading = "What to compute")]
    logits: bool,
}

/// Loads a model, picks its output and leaves out a softmax at its end, as asked.
///
/// # Errors
/// If the file isn't a usable model; the message names file, node and cause.
pub fn model(path: &Path, network: &NetworkArgs) -> Result<Model> {
    let options = ImportOptions { output_name: network.output_name.clone() };
    let model = Model::from_onnx(path, &options).map_err(|error| in_model(path, &error))?;
    if network.logits { model.logits().map_err(|error| in_model(path, &error)) } else { Ok(model) }
}

/// An error of the library, with the model's file before it where the message alone would not tell.
pub fn in_model(path: &Path, error: &Error) -> anyhow::Error {
    match error {
        Error::Node { .. } | Error::Method { .. } | Error::NonFinite { .. } => {
            anyhow!("{}: {error}", path.display())
        }
        _ => anyhow!("{error}"),
    }
}

/// SHA-256 of a file, in hexadecimal.
///
/// # Errors
/// If the file can't be read.
pub fn sha256(path: &Path) -> Result<String> {
    let failed = |error| anyhow!("cannot read {}: {error}", path.display());
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block).map_err(failed)? {
            0 => break,
            n => hash.update(&block[..n]),
        }
    }
    Ok(hash.finalize().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
