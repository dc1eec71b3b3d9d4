//! The network that a command works on.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use ndarray::{ArrayD, IxDyn};

use hope::Error;
use hope::model::Model;
use hope::npy::{self, Array};
use hope::onnx::{ImportOptions, obstacles};

use super::input::Shapes;
use super::targets;
use super::text::{count, shape};

/// The options of commands that work on a network.
#[derive(Debug, Args)]
pub struct ModelArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    #[command(flatten)]
    pub network: NetworkArgs,
}

/// The options that say which function of the file is meant.
#[derive(Debug, Args)]
pub struct NetworkArgs {
    /// Which of the network's outputs, or an inner tensor at which to stop, by its name in the file [default: the first output].
    #[arg(
        long,
        visible_alias = "to",
        value_name = "NAME",
        help_heading = "What to compute",
        display_order = 500
    )]
    output_name: Option<String>,

    /// Which of the network's inputs to expand in, or an inner tensor at which to start, by its name in the file [default: the only one
    /// that isn't fixed]. Several, with commas between, are one point together: their numbers one after the other.
    #[arg(
        long,
        visible_alias = "from",
        value_name = "NAME",
        value_delimiter = ',',
        help_heading = "What to compute",
        display_order = 501
    )]
    pub input: Vec<String>,

    /// Fix an input: to the array in an .npy file, or to a number for all of its elements. May be given several times.
    #[arg(long, value_name = "NAME=VALUE", help_heading = "What to compute", display_order = 502)]
    fix: Vec<String>,

    /// Sizes of the network's input, axis 0 among them, such as 1,3,224,224: where its file leaves some open and the points don't tell
    /// them. If axis 0 is of another size than 1, it is no batch but an axis of each point.
    #[arg(
        long,
        value_name = "SIZES",
        value_delimiter = ',',
        help_heading = "What to compute",
        display_order = 503
    )]
    shape: Option<Vec<usize>>,

    /// Leave out a softmax or log-softmax at the very end of the network.
    #[arg(long, help_heading = "What to compute", display_order = 504)]
    logits: bool,

    /// Also read weights that lie outside the model's folder, from DIR. May be given several times.
    #[arg(long, value_name = "DIR", help_heading = "What to compute", display_order = 505)]
    allow_external: Vec<PathBuf>,
}

impl NetworkArgs {
    /// What they mean, whatever files are called: the same text for the same function of the same files.
    pub fn meaning(&self) -> String {
        let fixed = self.fix.iter().filter_map(|given| given.split_once('='));
        let fixed: Vec<_> = fixed.map(|(name, value)| (name, value.trim().parse::<f64>().ok())).collect();
        format!("{:?} {:?} {fixed:?} {:?} {}", self.output_name, self.input, self.shape, self.logits)
    }

    /// What they say, for points of a shape.
    fn options(&self, Shapes { points, named }: Shapes, memory: Option<u64>) -> Result<ImportOptions> {
        Ok(ImportOptions {
            output_name: self.output_name.clone(),
            inputs: self.input.clone(),
            fixed: self.fix.iter().map(|given| fixed(given)).collect::<Result<_>>()?,
            shape: self.shape.clone(),
            points,
            named_points: named,
            allow_external: self.allow_external.clone(),
            memory,
        })
    }
}

impl ModelArgs {
    /// Loads the model without points; if it can't be, says everything that stands in the way.
    ///
    /// # Errors
    /// As [`load`].
    pub fn load_or_list(&self) -> Result<Model> {
        self.load(Shapes::default(), None).map_err(|first| {
            let options = self.network.options(Shapes::default(), None);
            let found = options.ok().and_then(|options| obstacles(&self.model, &options).ok());
            listed(&self.model, &found.unwrap_or_default()).unwrap_or(first)
        })
    }

    /// The model's file, without its folders.
    pub fn name(&self) -> String {
        self.model.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Loads the model for points of a shape, if there is one, within so much memory: see [`load`].
    ///
    /// # Errors
    /// As [`load`].
    pub fn load(&self, shapes: Shapes, memory: Option<u64>) -> Result<Model> {
        load(&self.model, &self.network, shapes, memory)
    }
}

/// Loads a model, picks its output and leaves out a softmax at its end, as asked. Sizes that its file leaves open are those of points of
/// the shape `[points, …]`.
///
/// # Errors
/// If the file isn't a usable model; the message names file, node and cause.
pub fn load(path: &Path, network: &NetworkArgs, shapes: Shapes, memory: Option<u64>) -> Result<Model> {
    let options = network.options(shapes, memory)?;
    let (model, files) = Model::from_onnx_files(path, &options).map_err(|error| in_model(path, &error))?;
    targets::read_along(files);
    if network.logits { model.logits().map_err(|error| in_model(path, &error)) } else { Ok(model) }
}

/// Several obstacles in one message: those of the same kind on one line.
fn listed(path: &Path, obstacles: &[Error]) -> Option<anyhow::Error> {
    match obstacles {
        [] | [Error::Node { .. }] => return None,
        [alone] => {
            return Some(anyhow!(
                "{alone}\nAs far as one can tell without that, nothing else stands in the way."
            ));
        }
        _ => {}
    }
    let mut kinds: Vec<(String, Vec<&str>)> = Vec::new();
    for error in obstacles {
        let (kind, node) = match error {
            Error::Node { node, op, cause } => (format!("{op}: {cause}"), Some(node.as_str())),
            other => (in_model(path, other).to_string(), None),
        };
        let kind = kind.trim_start_matches(&format!("{}: ", path.display())).to_owned();
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, nodes)) => nodes.extend(node),
            None => kinds.push((kind, node.into_iter().collect())),
        }
    }
    let mut text = format!("{}: {} stand in the way", path.display(), count(obstacles.len(), "thing"));
    for (kind, nodes) in kinds {
        text.push_str(&format!("\n  {kind}"));
        match nodes[..] {
            [] => {}
            [node] => text.push_str(&format!(" (node '{node}')")),
            [node, ..] => text.push_str(&format!(" (node '{node}' and {} more)", nodes.len() - 1)),
        }
    }
    Some(anyhow!("{text}"))
}

/// An input that is fixed, from `NAME=VALUE`.
fn fixed(given: &str) -> Result<(String, ArrayD<f64>)> {
    let Some((name, value)) = given.split_once('=').filter(|(name, _)| !name.is_empty()) else {
        bail!("--fix {given}: give a name and a value, such as mask=1 or mask=mask.npy");
    };
    if let Ok(number) = value.trim().parse::<f64>() {
        return Ok((name.into(), ArrayD::from_elem(IxDyn(&[]), number)));
    }
    let path = Path::new(value);
    let Array { shape, values } = npy::read(path).map_err(|error| anyhow!("--fix {name}: {error}"))?;
    targets::read_along(vec![path.into()]);
    let array = ArrayD::from_shape_vec(IxDyn(&shape), values);
    Ok((name.into(), array.map_err(|error| anyhow!("--fix {given}: {error}"))?))
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

/// A model in a line: `net.onnx: input 1 x 28 x 28, output 'scores' 10`.
pub fn header(name: &str, model: &Model) -> String {
    format!(
        "{name}: input {}, output '{}' {}",
        shape(model.input_shape()),
        model.output_name(),
        shape(model.output_shape())
    )
}
