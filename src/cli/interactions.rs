//! `hope interactions`: which pairs of inputs act together.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;

use hope::attribution::{Interactions, interactions, strongest};
use hope::model::Model;
use hope::picture::{Axis, ColourMap, Content, Figure, MapGrid, Panel};
use hope::sampling::values;
use hope::{Error, Request};

use super::args::MethodArg;
use super::device::{PlaceArgs, check_deviation};
use super::heatmap::Class;
use super::image::{Layout, Normalization};
use super::load::NetworkArgs;
use super::{Failure, files, image, input, load, text};

/// Pairs that are printed.
const PRINTED: usize = 20;

/// Inputs that pairs are computed of at most: some 500,000 pairs.
const MOST: usize = 1000;

const EXAMPLES: &str = "\
Examples:
  The pairs among four inputs, ranked
      hope interactions tests/fixtures/reference/discover_5d.onnx --at 0,0,0,0,0 --inputs 0,1,2,3,4

  The pairs among the 24 pixels that matter most to the class of a digit; table and map
      hope interactions examples/mnist/mnist_cnn_tanh.onnx --image examples/mnist/digit_3.png --strongest 24 \\
          --out pairs.csv --map pairs.png

The table (CSV) has a line per pair, the strongest first: rank, the two inputs (and their rows and columns in images), and
the coefficient c_ij, the mixed second derivative: changing inputs i and j by a and b does, to second order, c_ij a b more
than the two changes alone.";

/// Rank pairs of inputs by their mixed second-order coefficients.
///
/// Inputs are chosen by --inputs, or by a coarse pass: the K with the largest |c_1 d| + |c_2 d^2|, d from --delta.
#[derive(Debug, Args)]
#[command(after_long_help = EXAMPLES)]
#[command(group(clap::ArgGroup::new("where").required(true).args(["at", "image"])))]
#[command(group(clap::ArgGroup::new("which").required(true).args(["inputs", "strongest"])))]
pub struct InteractionsArgs {
    /// The network: an ONNX file.
    #[arg(value_name = "MODEL.onnx")]
    pub model: PathBuf,

    /// The point: numbers such as "0.5,-0.5", or an .npy file with one point.
    #[arg(long, value_name = "X0", allow_hyphen_values = true)]
    pub at: Option<String>,

    /// The point, as an image: .png (its bytes divided by 255), or .npy.
    #[arg(long, value_name = "IMG")]
    pub image: Option<PathBuf>,

    /// The inputs, by their numbers (an image's pixels row by row).
    #[arg(long, value_name = "I,J,K,...", value_delimiter = ',')]
    pub inputs: Vec<usize>,

    /// The K inputs that matter most by themselves.
    #[arg(long, value_name = "K")]
    pub strongest: Option<usize>,

    /// The change of an input by which --strongest weighs its coefficients.
    #[arg(long, value_name = "D", default_value_t = 1.0, allow_negative_numbers = true)]
    pub delta: f64,

    /// The class (output) to explain: its number, or "predicted" for the one with the highest score.
    #[arg(long, value_name = "C", default_value = "predicted")]
    pub class: Class,

    /// The network takes (x - MEAN) / STD of an image; three channels: R,G,B;R,G,B.
    #[arg(long, value_name = "MEAN,STD", requires = "image")]
    pub normalize: Option<Normalization>,

    #[command(flatten)]
    pub network: NetworkArgs,

    /// How to compute.
    #[arg(long, value_enum, default_value = "exact")]
    pub method: MethodArg,

    #[command(flatten)]
    pub place: PlaceArgs,

    /// All pairs as a table [default: MODEL.interactions.csv].
    #[arg(long, value_name = "TABLE.csv")]
    pub out: Option<PathBuf>,

    /// A picture of the coefficients, .png or .svg; may be given several times.
    #[arg(long, value_name = "FILE")]
    pub map: Vec<PathBuf>,

    /// Print nothing but errors.
    #[arg(long, short)]
    pub quiet: bool,
}

/// Everything that a run needs, read and checked.
struct Setup {
    model: Model,
    layout: Option<Layout>,
    /// The image as read, if the point is one.
    image: Option<Vec<f64>>,
    point: Vec<f64>,
    class: usize,
    request: Request,
}

/// Runs the command.
pub fn run(args: &InteractionsArgs) -> Result<(), Failure> {
    let csv = args.out.clone().unwrap_or_else(|| files::beside_model(&args.model, "interactions.csv"));
    let setup = Setup::new(args, &csv).map_err(Failure::Input)?;
    let at = args.at.as_ref().map(Path::new);
    let inputs: Vec<&Path> =
        [Some(args.model.as_path()), args.image.as_deref(), at].into_iter().flatten().collect();
    let targets = std::iter::once(&csv).chain(&args.map).map(PathBuf::as_path);
    let mut begun = files::Files::begin(targets, &inputs).map_err(Failure::Input)?;

    // What doesn't fit is bad input; what goes wrong while computing is not.
    let failed = |error: Error| {
        let input = error.is_request() || matches!(error, Error::Method { .. } | Error::Memory { .. });
        let error = load::in_model(&args.model, &error);
        if input { Failure::Input(error) } else { Failure::Run(error) }
    };
    let chosen = match args.strongest {
        None => args.inputs.clone(),
        Some(count) => strongest(&setup.model, &setup.point, setup.class, count, args.delta, &setup.request)
            .map_err(failed)?,
    };
    let found =
        interactions(&setup.model, &setup.point, setup.class, &chosen, &setup.request).map_err(failed)?;
    let deviation = found.report.verification.map(|v| v.deviation);
    check_deviation(&setup.request.device, setup.request.method, deviation).map_err(Failure::Run)?;

    let write = || {
        begun.write(&csv, table(&setup, &found).as_bytes())?;
        if !args.map.is_empty() {
            files::draw(&mut begun, &figure(args, &setup, &found)?, &args.map)?;
        }
        begun.commit()
    };
    write().map_err(Failure::Run)?;
    if args.quiet {
        return Ok(());
    }
    let mut out = ranking(args, &setup, &found);
    let all: Vec<PathBuf> = std::iter::once(&csv).chain(&args.map).cloned().collect();
    let _ = writeln!(out, "written to {}", files::names(&all));
    text::print(out).map_err(Failure::Run)
}

impl Setup {
    fn new(args: &InteractionsArgs, csv: &Path) -> Result<Self> {
        files::check_pictures(&args.map)?;
        if csv.extension().is_none_or(|ending| !ending.eq_ignore_ascii_case("csv")) {
            bail!("--out {}: the table's name has to end in .csv", csv.display());
        }
        let count = args.strongest.unwrap_or(args.inputs.len());
        if !(2..=MOST).contains(&count) {
            bail!("{} given: pairs are computed of 2 to {MOST}", text::count(count, "input"));
        }
        let model = load::model(&args.model, &args.network)?;
        let mut layout = Layout::of(&model).ok();
        let (point, image) = match (&args.image, &args.at) {
            (Some(path), _) => {
                let shape = Layout::of(&model)?;
                let normalization = args.normalize.clone().unwrap_or_else(Normalization::none);
                normalization.check(shape)?;
                let mut images = image::read(path, &model, shape)?;
                let image = match (images.pop(), images.len()) {
                    (Some(image), 0) => image.numbers,
                    (_, others) => bail!("{}: {} images; give one", path.display(), others + 1),
                };
                (normalization.apply(shape, &image), Some(image))
            }
            (None, Some(at)) => {
                // A point is no image unless it says so.
                layout = None;
                (input::points(at, &model)?, None)
            }
            (None, None) => bail!("give a point with --at, or an image with --image"),
        };
        if point.len() != model.inputs() {
            bail!("{} points were given; give one", point.len() / model.inputs());
        }
        let scores = values(&model, &point, None).map_err(|error| load::in_model(&args.model, &error))?;
        let class = args.class.pick(&scores)?;
        let mut request = Request { method: args.method.into(), ..Request::new(Vec::new(), 2) };
        args.place.apply(&mut request, 2, None)?;
        Ok(Self { model, layout, image, point, class, request })
    }

    /// Row, column (and channel, of three) of an input in an image.
    fn place(&self, input: usize) -> Option<Vec<usize>> {
        let layout = self.layout?;
        let (pixel, channel) = layout.place(input);
        let mut place = vec![pixel / layout.columns, pixel % layout.columns];
        if layout.channels > 1 {
            place.push(channel);
        }
        Some(place)
    }

    /// An input for people: `412 (14,20)`.
    fn name(&self, input: usize) -> String {
        match self.place(input) {
            None => input.to_string(),
            Some(place) => {
                let place: Vec<String> = place.iter().map(usize::to_string).collect();
                format!("{input} ({})", place.join(","))
            }
        }
    }
}

/// All pairs as CSV.
fn table(setup: &Setup, found: &Interactions) -> String {
    let axes: &[&str] = match setup.layout {
        None => &[],
        Some(layout) => &["row", "column", "channel"][..if layout.channels > 1 { 3 } else { 2 }],
    };
    let columns = |letter: &str| axes.iter().map(|axis| format!(",{axis}_{letter}")).collect::<String>();
    let mut csv = format!("rank,i{},j{},coefficient\n", columns("i"), columns("j"));
    for (rank, pair) in found.pairs.iter().enumerate() {
        let _ = write!(csv, "{}", rank + 1);
        for input in pair.inputs {
            let _ = write!(csv, ",{input}");
            for x in setup.place(input).unwrap_or_default() {
                let _ = write!(csv, ",{x}");
            }
        }
        let _ = writeln!(csv, ",{:e}", pair.coefficient);
    }
    csv
}

/// What is printed: the strongest pairs.
fn ranking(args: &InteractionsArgs, setup: &Setup, found: &Interactions) -> String {
    let mut out = String::new();
    let method = if args.method == MethodArg::Hope { "published rule" } else { "exact" };
    let _ = writeln!(
        out,
        "class {}: {} among {}, {method}",
        setup.class,
        text::count(found.pairs.len(), "pair"),
        text::count(found.inputs.len(), "input")
    );
    let certificate = &found.report.certificate;
    if !certificate.exact {
        let _ = writeln!(out, "NOT EXACT: {}", certificate.reason);
    }
    let _ = writeln!(out, "{:>4}  {:<14} {:<14} {:>12}", "", "i", "j", "c_ij");
    for (rank, pair) in found.pairs.iter().take(PRINTED).enumerate() {
        let [i, j] = pair.inputs.map(|input| setup.name(input));
        let _ = writeln!(out, "{:>4}  {i:<14} {j:<14} {:>12}", rank + 1, text::number(pair.coefficient));
    }
    if found.pairs.len() > PRINTED {
        let _ = writeln!(out, "      and {} more in the table", found.pairs.len() - PRINTED);
    }
    out
}

/// The matrix of coefficients; for images also where the inputs are and how strongly each acts with the others.
fn figure(args: &InteractionsArgs, setup: &Setup, found: &Interactions) -> Result<Figure> {
    let count = found.inputs.len();
    let mut matrix = found.matrix.clone();
    for i in 0..count {
        matrix[i * count + i] = 0.0; // no pairs
    }
    let limits = |what: &str| Axis::new(what).range(0.5, count as f64 + 0.5);
    let mut panels = vec![Panel {
        title: "c_ij of pairs".into(),
        content: Content::signed(count, matrix.clone()),
        axes: Some((limits("input, by its place in the list"), limits(""))),
    }];
    if let (Some(layout), Some(image)) = (setup.layout, &setup.image) {
        panels.push(Panel { title: "image".into(), content: layout.picture(image)?.0, axes: None });
        let mut strength = vec![0.0; setup.point.len()];
        for (row, &input) in found.inputs.iter().enumerate() {
            strength[input] = matrix[row * count..][..count].iter().map(|c| c.abs()).sum();
        }
        panels.push(Panel {
            title: "Σ |c_ij| over the others".into(),
            content: Content::Map {
                rows: layout.rows,
                values: layout.summed(&strength),
                colours: ColourMap::Sequential,
                range: None,
                contours: false,
                bar: true,
            },
            axes: None,
        });
    }
    let listed: Vec<String> = found.inputs.iter().take(10).map(|&i| setup.name(i)).collect();
    let dots = if count > listed.len() { ", …" } else { "" };
    let model = args.model.file_name().unwrap_or_default().to_string_lossy();
    let grid = MapGrid {
        title: format!("{model}: pairs of inputs, class {}", setup.class),
        caption: format!("The list: {}{dots}", listed.join(", ")),
        columns: panels.len(),
        panels,
        panel_width: 230.0,
    };
    grid.figure().map_err(|error| anyhow!("{error}"))
}
