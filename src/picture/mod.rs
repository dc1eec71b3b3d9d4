//! Pictures of results, as SVG and PNG.
//!
//! Plain data go in, a [`Figure`] comes out, and [`Figure::write`] makes the file that the name's ending asks for:
//!
//! - [`Chart`]: lines and markers over linear or logarithmic axes, with a legend and guides;
//! - [`ErrorBars`]: labelled rows of bars or points with whiskers, for coefficients and their spread;
//! - [`MapGrid`]: panels of images and of signed or positive maps with colour bars, contours and axes.
//!
//! There is one way of drawing: a picture is put on a `canvas`, which collects shapes as plain data (`shape`), and there are two writers
//! of shapes: `svg` and, at two pixels per unit, `pixels`. Text is set in an embedded subset of DejaVu Sans and drawn as outlines, so that
//! files look the same everywhere and need no font. Colours can be told apart by colour-blind readers ([`Colour`]).
//!
//! ```
//! use hope::picture::{Axis, Chart, Series};
//!
//! let parabola = (-20..=20).map(|i| f64::from(i) / 10.0).map(|x| [x, x * x]).collect();
//! let chart = Chart {
//!     title: "A parabola".into(),
//!     x: Axis::new("x"),
//!     y: Axis::new("y").range(0.0, 3.0), // the line is cut off at the border
//!     series: vec![Series::line("x²", parabola)],
//!     ..Chart::default()
//! };
//! let figure = chart.figure()?;
//! let folder = std::env::temp_dir();
//! figure.write(&folder.join("hope_parabola.svg"))?;
//! figure.write(&folder.join("hope_parabola.png"))?;
//! # std::fs::remove_file(folder.join("hope_parabola.svg")).ok();
//! # std::fs::remove_file(folder.join("hope_parabola.png")).ok();
//! # Ok::<(), hope::Error>(())
//! ```

mod axis;
mod bars;
mod bitmap;
mod canvas;
mod chart;
mod clip;
mod colour;
mod contour;
mod figure;
mod font;
mod frame;
mod guide;
mod legend;
mod maps;
mod marker;
mod path;
mod pixels;
mod shape;
mod stroke;
mod svg;

pub use axis::{Axis, Scale, short};
pub use bars::{Bar, ErrorBars, Group};
pub use bitmap::Bitmap;
pub use chart::{Chart, Series};
pub use colour::{Colour, ColourMap};
pub use figure::{Figure, Format};
pub use guide::Guide;
pub use maps::{Content, MapGrid, Panel};
pub use marker::Marker;
pub use stroke::Stroke;
