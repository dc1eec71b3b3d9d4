//! `hope heatmap`: which pixels matter to a class.

mod picture;
mod report;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Args;

use hope::attribution::{Heatmap, Push, heatmap, measured};
use hope::model::Model;
use hope::npy::NpzWriter;
use hope::plan::Method;
use hope::sampling::values;
use hope::{Error, Request};

use crate::cli::args::{MethodArg, NumberType};
use crate::cli::device::{PlaceArgs, check_deviation};
use crate::cli::image::{Image, Layout, Normalization};
use crate::cli::load::NetworkArgs;
use crate::cli::{Failure, files, image, load, text};

/// Images that one picture has room for.
const MOST_IMAGES: usize = 60;

const EXAMPLES: &str = "\
Examples:
  The predicted change of the class score for pushing each pixel by 0.5, orders 1 to 3, beside the digit
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --delta 0.5

  Several digits in one picture, compared with the true changes: correlation, relative error, top-20 overlap
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png \\
          --image examples/mnist/digit_8.png --order 4 --compare --out heat.png --out heat.svg

  Each pixel to black instead, all maps as arrays, the score of class 8
      hope heatmap examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digits.npy \\
          --delta zero --class 8 --npz maps.npz

  A network whose images are normalised
      hope heatmap net.onnx --image photo.png --normalize \"0.485,0.456,0.406;0.229,0.224,0.225\"

Maps in the .npz (B images, n orders, p inputs, all f64):
  image      [B, p]      as read, before normalisation
  class      [B]         which output, and its score:
  value      [B]
  delta      [B, p]      by how much each input was changed, as the model takes it
  predicted  [B, n, p]   change of the score by the polynomial of each order
  true       [B, p]      with --compare: change of the score by the network
  rule       [B, n, p]   with --compare: by the published rule, unless it has no answer";

/// Show which pixels matter to a class: the predicted change of its score for changing each pixel, order by order.
///
/// The change of input i by d is predicted as the sum of c_k d^k, k = 1 to the order, with the coefficients c_k along
/// this input. Colour images show the sum over a pixel's channels, each changed on its own.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
pub struct HeatmapArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// An image, .png (its bytes divided by 255) or .npy (one or many); may be given several times.
    #[arg(long, value_name = "IMG", required = true, help_heading = "What to compute")]
    pub image: Vec<PathBuf>,

    /// The class (output) to explain: its number, or "predicted" for the one with the highest score.
    #[arg(long, value_name = "C", default_value = "predicted", help_heading = "What to compute")]
    pub class: Class,

    /// Highest order, 1 to 30.
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "What to compute")]
    pub order: usize,

    /// How each pixel is changed: by a number, to "zero", or to the "mean" of --mean; in the image's numbers, before
    /// --normalize.
    #[arg(
        long,
        value_name = "D",
        default_value = "0.5",
        allow_negative_numbers = true,
        help_heading = "What to compute"
    )]
    pub delta: Delta,

    /// The data set's mean image, for --delta mean: an .npy file of the input's shape.
    #[arg(long, value_name = "MEAN.npy", help_heading = "What to compute")]
    pub mean: Option<PathBuf>,

    /// The network takes (x - MEAN) / STD; three channels: R,G,B;R,G,B.
    #[arg(long, value_name = "MEAN,STD", help_heading = "What to compute")]
    pub normalize: Option<Normalization>,

    /// Compare with the true changes (a forward pass per pixel), for each order and for the published rule.
    #[arg(long, help_heading = "What to compute")]
    pub compare: bool,

    /// How many of the strongest pixels the comparison's overlap looks at.
    #[arg(long, value_name = "K", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..), help_heading = "What to compute")]
    pub top: u32,

    #[command(flatten)]
    pub network: NetworkArgs,

    /// How to compute the maps.
    #[arg(long, value_enum, default_value = "exact", help_heading = "How")]
    pub method: MethodArg,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// The picture, .png or .svg; may be given several times [default: MODEL.heatmap.png].
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub out: Vec<PathBuf>,

    /// All maps as arrays.
    #[arg(long, value_name = "MAPS.npz", help_heading = "Output")]
    pub npz: Option<PathBuf>,

    /// Print nothing but errors.
    #[arg(long, short, help_heading = "Output")]
    pub quiet: bool,
}

/// Which class to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// That with the highest score.
    Predicted,
    /// This one.
    Number(usize),
}

impl std::str::FromStr for Class {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        match given {
            "predicted" => Ok(Self::Predicted),
            _ => given
                .parse()
                .map(Self::Number)
                .map_err(|_| format!("'{given}' is no class: give its number, or \"predicted\"")),
        }
    }
}

impl Class {
    /// The class that is meant, from all scores; whether it is the likeliest.
    ///
    /// # Errors
    /// If there is none of this number.
    pub fn pick(self, scores: &[f64]) -> Result<usize> {
        match self {
            Self::Number(class) if class < scores.len() => Ok(class),
            Self::Number(class) => {
                bail!("--class {class}: the model has classes (outputs) 0 to {}", scores.len() - 1)
            }
            Self::Predicted => {
                let best = scores.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
                Ok(best.map_or(0, |(class, _)| class))
            }
        }
    }
}

/// How pixels are changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Delta {
    /// By a number.
    By(f64),
    /// To zero.
    Zero,
    /// To the data set's mean.
    Mean,
}

impl std::str::FromStr for Delta {
    type Err = String;

    fn from_str(given: &str) -> Result<Self, String> {
        match (given, given.parse::<f64>()) {
            ("zero", _) => Ok(Self::Zero),
            ("mean", _) => Ok(Self::Mean),
            (_, Ok(d)) if d.is_finite() && d != 0.0 => Ok(Self::By(d)),
            _ => Err(format!("'{given}' is no change: give a number other than 0, \"zero\" or \"mean\"")),
        }
    }
}

impl Delta {
    /// In words: `each pixel + 0.5`.
    pub fn words(self) -> String {
        match self {
            Self::By(d) if d < 0.0 => format!("each pixel − {}", -d),
            Self::By(d) => format!("each pixel + {d}"),
            Self::Zero => "each pixel to zero".into(),
            Self::Mean => "each pixel to the mean".into(),
        }
    }
}

/// An image with its maps.
pub struct Explained {
    pub image: Image,
    pub class: usize,
    pub deltas: Vec<f64>,
    pub map: Heatmap,
    /// True changes, `[inputs]`.
    pub truth: Option<Vec<f64>>,
    /// The published rule's prediction; none also where it has no answer.
    pub rule: Option<Heatmap>,
}

/// Everything that a run needs, read and checked.
struct Setup {
    model: Model,
    layout: Layout,
    images: Vec<Image>,
    /// Points and changes as the model takes them, one per image.
    points: Vec<Vec<f64>>,
    deltas: Vec<Vec<f64>>,
    classes: Vec<usize>,
    request: Request,
}

/// Runs the command.
pub fn run(args: &HeatmapArgs) -> Result<(), Failure> {
    let pictures = if args.out.is_empty() {
        vec![files::beside_model(&args.model, "heatmap.png")]
    } else {
        args.out.clone()
    };
    let setup = Setup::new(args, &pictures).map_err(Failure::Input)?;
    let mut inputs: Vec<&Path> = vec![&args.model];
    inputs.extend(args.image.iter().chain(&args.mean).map(PathBuf::as_path));
    let targets = pictures.iter().chain(&args.npz).map(PathBuf::as_path);
    let mut begun = files::Files::begin(targets, &inputs).map_err(Failure::Input)?;
    let (explained, note) = explain(args, &setup)?;
    let write = || {
        let figure = picture::figure(args, setup.layout, &explained)?;
        files::draw(&mut begun, &figure, &pictures)?;
        if let Some(path) = &args.npz {
            write_npz(begun.take(path)?, args.order, &explained)
                .map_err(|error| anyhow::anyhow!("cannot write {}: {error}", path.display()))?;
        }
        begun.commit()
    };
    write().map_err(Failure::Run)?;
    if args.quiet {
        return Ok(());
    }
    let mut report = report::report(args, &explained);
    report.push_str(&note);
    let all: Vec<PathBuf> = pictures.iter().chain(&args.npz).cloned().collect();
    let _ = writeln!(report, "written to {}", files::names(&all));
    text::print(report).map_err(Failure::Run)
}

impl Setup {
    fn new(args: &HeatmapArgs, pictures: &[PathBuf]) -> Result<Self> {
        files::check_pictures(pictures)?;
        if let Some(npz) = args.npz.as_ref().filter(|p| p.extension().is_none_or(|e| e != "npz")) {
            bail!("--npz {}: its name has to end in .npz", npz.display());
        }
        match (args.delta, &args.mean) {
            (Delta::Mean, None) => bail!("--delta mean needs --mean MEAN.npy"),
            (Delta::By(_) | Delta::Zero, Some(_)) => bail!("--mean goes with --delta mean only"),
            _ => {}
        }
        let model = load::model(&args.model, &args.network)?;
        let layout = Layout::of(&model)?;
        let normalization = args.normalize.clone().unwrap_or_else(Normalization::none);
        normalization.check(layout)?;
        let mut images = Vec::new();
        for path in &args.image {
            images.extend(image::read(path, &model, layout)?);
        }
        if images.len() > MOST_IMAGES {
            bail!("{} images are too many for one picture: give at most {MOST_IMAGES} at once", images.len());
        }
        let baseline = match &args.mean {
            None => vec![0.0; model.inputs()],
            Some(path) => match &image::read(path, &model, layout)?[..] {
                [one] => one.numbers.clone(),
                all => bail!("{}: {} images; the mean is one", path.display(), all.len()),
            },
        };
        let push = match args.delta {
            Delta::By(d) => Push::ByEach(normalization.deltas(layout, d)),
            Delta::Zero | Delta::Mean => Push::To(normalization.apply(layout, &baseline)),
        };
        let points: Vec<Vec<f64>> =
            images.iter().map(|image| normalization.apply(layout, &image.numbers)).collect();
        let in_image = |i: usize, error: &Error| anyhow::anyhow!("{}: {error}", images[i].name);
        let deltas = points
            .iter()
            .enumerate()
            .map(|(i, point)| push.deltas(point).map_err(|error| in_image(i, &error)))
            .collect::<Result<_>>()?;

        let scores = values(&model, &points.concat(), None).map_err(|e| load::in_model(&args.model, &e))?;
        let scores = scores.chunks_exact(model.outputs());
        let classes = scores.map(|scores| args.class.pick(scores)).collect::<Result<_>>()?;
        let mut request = Request { method: args.method.into(), ..Request::new(Vec::new(), args.order) };
        args.place.apply(&mut request, args.order, None)?;
        // What the engine refuses, it refuses here, before anything is written.
        let trial = Request { points: points[0].clone(), ..request.clone() };
        hope::Job::new(&model, &trial).map_err(|error| load::in_model(&args.model, &error))?;
        Ok(Self { model, layout, images, points, deltas, classes, request })
    }
}

/// Computes all maps; also a note for the user, where the published rule has no answer.
fn explain(args: &HeatmapArgs, setup: &Setup) -> Result<(Vec<Explained>, String), Failure> {
    let failed = |error: &Error| Failure::Run(load::in_model(&args.model, error));
    let mut note = String::new();
    let mut all = Vec::new();
    for (i, image) in setup.images.iter().enumerate() {
        let (point, deltas, class) = (&setup.points[i], &setup.deltas[i], setup.classes[i]);
        let compute = |request: &Request| heatmap(&setup.model, point, class, deltas, request);
        let map = compute(&setup.request).map_err(|error| failed(&error))?;
        let deviation = map.report.verification.map(|v| v.deviation);
        check_deviation(&setup.request.device, setup.request.method, deviation).map_err(Failure::Run)?;
        let (mut truth, mut rule) = (None, None);
        if args.compare {
            truth = Some(measured(&setup.model, point, class, deltas).map_err(|error| failed(&error))?);
            match compute(&Request { method: Method::Hope, ..setup.request.clone() }) {
                Ok(map) => rule = Some(map),
                Err(error)
                    if error.is_request()
                        || matches!(error, Error::Method { .. } | Error::NonFinite { .. }) =>
                {
                    note = format!("published rule: no answer: {error}\n");
                }
                Err(error) => return Err(failed(&error)),
            }
        }
        all.push(Explained { image: image.clone(), class, deltas: deltas.clone(), map, truth, rule });
    }
    Ok((all, note))
}

fn write_npz(file: std::fs::File, order: usize, all: &[Explained]) -> std::io::Result<u64> {
    let (count, inputs) = (all.len(), all[0].deltas.len());
    let mut npz = NpzWriter::new(file, NumberType::F64);
    let mut array = |name: &str, shape: &[usize], parts: Vec<&[f64]>| -> std::io::Result<()> {
        npz.begin(name, shape)?;
        parts.into_iter().try_for_each(|part| npz.numbers(part))
    };
    array("image", &[count, inputs], all.iter().map(|e| e.image.numbers.as_slice()).collect())?;
    let classes: Vec<f64> = all.iter().map(|e| e.class as f64).collect();
    array("class", &[count], vec![&classes])?;
    let values: Vec<f64> = all.iter().map(|e| e.map.value).collect();
    array("value", &[count], vec![&values])?;
    array("delta", &[count, inputs], all.iter().map(|e| e.deltas.as_slice()).collect())?;
    let maps = [count, order, inputs];
    array("predicted", &maps, all.iter().map(|e| e.map.predicted.as_slice()).collect())?;
    let truth: Vec<&[f64]> = all.iter().filter_map(|e| e.truth.as_deref()).collect();
    if truth.len() == count {
        array("true", &[count, inputs], truth)?;
    }
    let rule: Vec<&[f64]> = all.iter().filter_map(|e| Some(e.rule.as_ref()?.predicted.as_slice())).collect();
    if rule.len() == count {
        array("rule", &maps, rule)?;
    }
    npz.finish()
}
