//! What `hope interactions` looks at.

use anyhow::{Result, bail};

use hope::attribution::Groups;
use hope::forward::values;

use super::args::InteractionsArgs;
use crate::cli::image::Layout;
use crate::cli::points::{self, Points};
use crate::cli::setup::Setup;
use crate::cli::values::Outputs;
use crate::cli::{input, text};

/// Inputs that pairs are computed of at most: some 8 million pairs.
const MOST: usize = 4096;

/// What to look at, read and checked.
pub struct Task {
    pub setup: Setup,
    pub layout: Option<Layout>,
    /// The image as read, if the point is one.
    pub image: Option<Vec<f64>>,
    pub class: usize,
    /// The inputs, unless the strongest are to be found.
    pub inputs: Vec<usize>,
    /// Patches of the image, instead of inputs.
    pub patches: Option<Groups>,
    /// Rows and columns of a patch.
    side: usize,
}

impl Task {
    /// Reads and checks.
    ///
    /// # Errors
    /// If something can't be read or doesn't fit.
    pub fn new(args: &InteractionsArgs) -> Result<Self> {
        let mut setup = Setup::new(&args.network, &args.at, 2, args.place.memory)?;
        let inputs = match &args.inputs {
            Some(Outputs::Some(inputs)) => inputs.clone(),
            Some(Outputs::All) | None => (0..setup.model.inputs()).collect(),
        };
        let patches = match args.patch {
            Some(size) => Some(Layout::of(&setup.model)?.patches(size as usize)?),
            None => None,
        };
        let count = args.strongest.or(patches.as_ref().map(Groups::count)).unwrap_or(inputs.len());
        if !(2..=MOST).contains(&count) {
            bail!(
                "{} given: pairs are computed of 2 to {MOST}: choose some by --inputs or --strongest, or larger ones by --patch",
                text::count(count, if patches.is_some() { "patch" } else { "input" })
            );
        }
        if args.images.given() && args.image.is_none() {
            bail!("--normalize, --resize and --preprocess are about --image");
        }
        setup.smooth(&args.smooth)?;
        // A point is no image unless it says so.
        let (mut layout, mut image) = (None, None);
        let point = match &args.image {
            Some(path) => {
                let shape = Layout::of(&setup.model)?;
                let normalization = args.images.normalization(shape)?;
                let images = input::images(path, &setup.model, shape, args.images.fit())?;
                let all: Vec<f64> = images.into_iter().flat_map(|image| image.numbers).collect();
                let inputs = setup.model.inputs();
                let chosen = points::one("--image", &path.to_string_lossy(), &all, inputs, args.point)?;
                let point = Points { values: normalization.apply(shape, &chosen.values), ..chosen.clone() };
                (layout, image) = (Some(shape), Some(chosen.values));
                point
            }
            None => {
                let all = points::read(&args.at, &setup.model)?;
                points::one("--at", &args.at.join(" "), &all, setup.model.inputs(), args.point)?
            }
        };
        let scores = values(setup.network(), &point.values, None).map_err(|error| setup.explain(&error))?;
        let class = args.class.pick(&scores)?;
        setup.at(point);
        setup.request.method = args.method.into();
        setup.place(&args.place, 2, None)?;
        Ok(Self { setup, layout, image, class, inputs, patches, side: args.patch.unwrap_or(1) as usize })
    }

    /// Row, column (and channel, of three) of an input in an image; row and column of a patch's first pixel.
    pub fn place(&self, input: usize) -> Option<Vec<usize>> {
        let layout = self.layout?;
        if self.patches.is_some() {
            let across = layout.columns.div_ceil(self.side);
            return Some(vec![input / across * self.side, input % across * self.side]);
        }
        let (pixel, channel) = layout.place(input);
        let mut place = vec![pixel / layout.columns, pixel % layout.columns];
        if layout.channels > 1 {
            place.push(channel);
        }
        Some(place)
    }

    /// What pairs are of.
    pub fn noun(&self) -> &'static str {
        if self.patches.is_some() { "patch" } else { "input" }
    }

    /// An input for people: `412 (14,20)`.
    pub fn name(&self, input: usize) -> String {
        match self.place(input) {
            None => input.to_string(),
            Some(place) => {
                let place: Vec<String> = place.iter().map(usize::to_string).collect();
                format!("{input} ({})", place.join(","))
            }
        }
    }
}
