//! Pictures, by their structure and their pixels. `HOPE_PICTURES=folder` keeps them there, to be looked at.

use std::io::Cursor;
use std::path::Path;

use hope::picture::{
    Axis, Bar, Bitmap, Chart, Colour, ColourMap, Content, ErrorBars, Figure, Group, Guide, MapGrid, Marker,
    Panel, Series, Stroke,
};

/// A rendered picture.
struct Pixels {
    width: usize,
    bytes: Vec<u8>,
}

impl Pixels {
    fn of(figure: &Figure) -> Self {
        let file = figure.png().expect("a PNG");
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().expect("a header");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut bytes).expect("pixels");
        assert_eq!(info.color_type, png::ColorType::Rgba);
        let (width, height) = figure.size();
        assert_eq!(
            (f64::from(info.width), f64::from(info.height)),
            (2.0 * width, 2.0 * height),
            "two pixels per unit"
        );
        Self { width: info.width as usize, bytes }
    }

    /// The colour at a place in units of the picture.
    fn at(&self, x: f64, y: f64) -> Colour {
        let i = 4 * ((2.0 * y) as usize * self.width + (2.0 * x) as usize);
        Colour(self.bytes[i], self.bytes[i + 1], self.bytes[i + 2])
    }

    /// Number of pixels of about this colour.
    fn count(&self, colour: Colour) -> usize {
        self.bytes.chunks_exact(4).filter(|p| close(Colour(p[0], p[1], p[2]), colour)).count()
    }

    /// First and last row with pixels of about this colour, in units.
    fn rows(&self, colour: Colour) -> (f64, f64) {
        let hits = self.bytes.chunks_exact(4).enumerate();
        let rows: Vec<usize> = hits
            .filter(|(_, p)| close(Colour(p[0], p[1], p[2]), colour))
            .map(|(i, _)| i / self.width)
            .collect();
        let (first, last) = (rows.first().expect("the colour"), rows.last().expect("the colour"));
        (*first as f64 / 2.0, *last as f64 / 2.0)
    }
}

fn close(a: Colour, b: Colour) -> bool {
    [(a.0, b.0), (a.1, b.1), (a.2, b.2)].iter().all(|&(a, b)| a.abs_diff(b) <= 6)
}

/// The border of the plot: the only rectangle without filling.
fn frame(figure: &Figure) -> [f64; 4] {
    let document = roxmltree::Document::parse(figure.source()).expect("XML");
    let border = document
        .descendants()
        .find(|node| node.has_tag_name("rect") && node.attribute("fill") == Some("none"))
        .expect("a border");
    ["x", "y", "width", "height"]
        .map(|name| border.attribute(name).and_then(|x| x.parse().ok()).expect("a number"))
}

fn keep(figure: &Figure, name: &str) {
    if let Some(folder) = std::env::var_os("HOPE_PICTURES") {
        figure.write(&Path::new(&folder).join(format!("{name}.png"))).expect("a file");
        figure.write(&Path::new(&folder).join(format!("{name}.svg"))).expect("a file");
    }
}

/// The SVG is well-formed, has a title but no text, short numbers, and nothing outside it.
fn check_svg(figure: &Figure) -> String {
    let svg = figure.svg().expect("SVG");
    let document = roxmltree::Document::parse(&svg).expect("well-formed XML");
    assert!(document.descendants().all(|node| !node.has_tag_name("text")), "text as outlines");
    for node in document.descendants().filter(|node| node.has_tag_name("image")) {
        let link = node.attributes().find(|a| a.name() == "href").expect("a link").value();
        assert!(link.starts_with("data:image/png;base64,"));
    }
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    assert!(root.first_element_child().is_some_and(|first| first.has_tag_name("title")));
    let attributes = document.descendants().flat_map(|node| node.attributes().filter(|a| a.name() != "href"));
    for word in attributes.flat_map(|a| a.value().split(|c: char| !c.is_ascii_digit() && c != '.')) {
        assert!(word.split_once('.').is_none_or(|(_, decimals)| decimals.len() <= 3), "{word}");
    }
    svg
}

fn samples(f: impl Fn(f64) -> f64) -> Vec<[f64; 2]> {
    (0..=400).map(|i| -2.0 + f64::from(i) / 100.0).map(|x| [x, f(x)]).collect()
}

/// The legend lies above the plot, however many rows it needs.
#[test]
fn legends_hide_nothing() {
    for count in 1..12 {
        let series = (0..count).map(|i| Series::line(format!("a long name, number {i}"), vec![[0.0, 1e-7]]));
        let y = Axis::new("y").range(1.0, 1.00001);
        let figure = Chart { series: series.collect(), y, ..Chart::default() }.figure().expect("a chart");
        let top = frame(&figure)[1];
        let document = roxmltree::Document::parse(figure.source()).expect("XML");
        let names = document
            .descendants()
            .filter(|n| n.has_tag_name("text") && n.text().is_some_and(|t| t.starts_with("a long name")));
        for name in names {
            let y: f64 = name.attribute("y").and_then(|y| y.parse().ok()).expect("a number");
            assert!(y < top - 4.0, "{count} names: {y} {top}");
        }
    }
}

const RED: Colour = Colour(0xd5, 0x5e, 0x00);

#[test]
fn lines_are_where_the_numbers_are_and_end_at_the_border() {
    let chart = Chart {
        title: "sin(3x) and its Taylor polynomial, |x| ≤ 2".into(),
        x: Axis::new("x"),
        y: Axis::new("y"),
        series: vec![
            Series { colour: Some(Colour::BLACK), ..Series::line("network", samples(|x| (3.0 * x).sin())) },
            Series {
                sets_range: false,
                stroke: Stroke::Dashed,
                colour: Some(Colour(0, 0x72, 0xb2)),
                ..Series::line(
                    "order 5, R² = −3.1×10²",
                    samples(|x| 3.0 * x - 4.5 * x.powi(3) + 2.025 * x.powi(5)),
                )
            },
            Series {
                sets_range: false,
                colour: Some(RED),
                ..Series::line("1e30 x", samples(|x| 0.25 + 1e30 * x.powi(9)))
            },
            Series::markers("points", Marker::Diamond, vec![[0.5, 0.9], [1.0, 0.1]]),
        ],
        guides: vec![Guide::Vertical(0.0, "x₀".into()), Guide::Horizontal(0.5, "a half".into())],
        ..Chart::default()
    };
    let figure = chart.figure().expect("a chart");
    keep(&figure, "chart");
    let svg = check_svg(&figure);
    assert!(svg.contains("<title>sin(3x) and its Taylor polynomial, |x| ≤ 2</title>"), "{svg}");

    let [left, top, wide, tall] = frame(&figure);
    let pixels = Pixels::of(&figure);
    // sin(3x) is 1 at x = -π/2; the range of y is -1 to 1 and 5 % more.
    let x = left + wide * (2.0 - std::f64::consts::FRAC_PI_2) / 4.0;
    let y = top + tall * (1.1 - 1.0) / 2.2;
    assert!(close(pixels.at(x, y), Colour::BLACK));
    // 1e30 x⁹ + 1/4 is horizontal up to the border's neighbourhood only; it ends within the frame.
    let (first, last) = pixels.rows(RED);
    let legend = top - 40.0;
    assert!(first >= legend && last <= top + tall + 1.5, "{first} {last}");
    assert!(pixels.count(RED) > 100);
}

#[test]
fn logarithmic_axes_leave_gaps_where_there_is_no_logarithm() {
    let orders = (1..=6).map(|k| {
        let points = (1..=30).map(|i| f64::from(i) / 10.0).map(|r| [r, 1e-3 * r.powi(k + 1)]).collect();
        Series { marker: Some(Marker::nth(k as usize)), ..Series::line(format!("order {k}"), points) }
    });
    let mut series: Vec<Series> = orders.collect();
    series[0].points[4][1] = 0.0;
    series[1].points[7][0] = -1.0;
    let chart = Chart {
        title: "Error against radius".into(),
        x: Axis::new("radius").log(),
        y: Axis::new("largest error").log(),
        series,
        guides: vec![Guide::Vertical(1.3, "estimated radius of convergence".into())],
        ..Chart::default()
    };
    let figure = chart.figure().expect("a chart");
    keep(&figure, "logarithmic");
    check_svg(&figure);
    let [left, top, wide, tall] = frame(&figure);
    // Order 1 at r = 1: 10⁻³; y from 10⁻¹⁰ to 2.187, 5 % more at both ends; x from 0.1 to 3.
    let span = 2.187f64.log10() + 10.0;
    let x = left + wide * 1.0 / 30.0f64.log10();
    let y = top + tall * (1.0 - (10.0 - 3.0 + 0.05 * span) / (1.1 * span));
    assert!(close(Pixels::of(&figure).at(x, y), Colour::series(5)), "all lines meet at (1, 10⁻³)");
}

#[test]
fn bars_and_whiskers() {
    let chart = ErrorBars {
        title: "Coefficients over 30 points".into(),
        rows: ["1", "x₁", "x₂", "x₁²", "x₁x₂", "x₂²", "x₁²x₂ (a longer label)"].map(String::from).into(),
        groups: vec![
            Group {
                name: "true".into(),
                bars: [0.0, 0.0, 0.5, 0.5, 0.0, 0.0, 0.0].map(|x| Some(Bar::new(x))).into(),
                marker: None,
                colour: Some(RED),
            },
            Group {
                name: "mean ± spread".into(),
                bars: vec![
                    Some(Bar::with_spread(0.01, 0.02)),
                    Some(Bar::with_spread(-0.01, 0.05)),
                    Some(Bar::with_spread(0.49, 0.1)),
                    Some(Bar::with_spread(0.51, 0.07)),
                    Some(Bar::with_spread(0.0, 0.01)),
                    None,
                    Some(Bar::with_spread(0.02, 0.3)),
                ],
                marker: Some(Marker::Circle),
                colour: None,
            },
        ],
        value: Axis::new("coefficient").range(-0.2, 0.8),
        ..ErrorBars::default()
    };
    let figure = chart.figure().expect("a chart");
    keep(&figure, "bars");
    check_svg(&figure);
    let [left, top, wide, tall] = frame(&figure);
    let pixels = Pixels::of(&figure);
    let row = tall / 7.0;
    let x = |value: f64| left + wide * (value + 0.2);
    let upper = |i: f64| top + row * (i + 0.5) - 6.5;
    assert!(close(pixels.at(x(0.48), upper(2.0)), RED) && close(pixels.at(x(0.02), upper(3.0)), RED));
    assert!(!close(pixels.at(x(0.53), upper(2.0)), RED));
    // A whisker that leaves the axis is cut off, without the stroke at its end.
    let lower = top + row * 6.5 + 6.5;
    assert!(close(pixels.at(left + 8.0, lower), Colour::series(1)));
    assert!(close(pixels.at(left - 3.0, lower), Colour::WHITE));
}

#[test]
fn maps_are_symmetric_about_white() {
    let digit: Vec<f64> =
        (0..784).map(|i| f64::from(u8::from((8..20).contains(&(i / 28)) && i % 28 / 3 == 4))).collect();
    let map: Vec<f64> =
        (0..784).map(|i| (f64::from(i % 28) / 4.0).sin() * (f64::from(i / 28) / 5.0).cos() * 0.03).collect();
    let mut squared: Vec<f64> = map.iter().map(|x| x * x).collect();
    squared[0] = 1.0;
    let panel = |title: &str, content| Panel { title: title.into(), content, axes: None };
    let grid = MapGrid {
        title: "Predicted change of the class score".into(),
        caption: "red raises the score, blue lowers it".into(),
        columns: 3,
        panels: vec![
            panel("digit 3\n(test image 12)", Content::grey(28, &digit).expect("an image")),
            panel("order 1", Content::signed(28, map)),
            panel(
                "error",
                Content::Map {
                    rows: 28,
                    values: squared,
                    colours: ColourMap::Sequential,
                    range: Some((0.0, 9e-4)),
                    contours: false,
                    bar: true,
                },
            ),
            panel("", Content::Empty),
            panel(
                "wide",
                Content::Image(
                    Bitmap::new(4, 1, vec![RED, Colour::BLACK, Colour::WHITE, RED]).expect("an image"),
                ),
            ),
        ],
        ..MapGrid::default()
    };
    let figure = grid.figure().expect("maps");
    keep(&figure, "maps");
    let svg = check_svg(&figure);
    assert_eq!(svg.matches("<image").count(), 4);
    assert!(svg.len() < 200_000, "{} bytes", svg.len());
    // The border of each panel, in their order.
    let document = roxmltree::Document::parse(figure.source()).expect("XML");
    let corner = |i: usize| {
        let image = document.descendants().filter(|n| n.has_tag_name("image")).nth(i).expect("an image");
        ["x", "y"].map(|name| image.attribute(name).and_then(|x| x.parse::<f64>().ok()).expect("a number"))
    };
    let pixels = Pixels::of(&figure);
    let at = |panel: usize, column: f64, row: f64| {
        let [x, y] = corner(panel);
        pixels.at(x + 180.0 / 28.0 * (column + 0.5), y + 180.0 / 28.0 * (row + 0.5))
    };
    assert_eq!((at(0, 13.0, 10.0), at(0, 9.0, 10.0)), (Colour::WHITE, Colour::BLACK));
    // sin(i / 4) cos(j / 5): zero in column 0, the largest in column 6 of row 0, its opposite in row 16 or so.
    let (zero, high, low) = (at(1, 0.0, 5.0), at(1, 6.0, 0.0), at(1, 6.0, 16.0));
    assert!(close(zero, Colour(0xf7, 0xf7, 0xf7)), "{zero:?}");
    assert!(close(high, ColourMap::Diverging.colour(1.0)), "{high:?}");
    assert!(close(low, ColourMap::Diverging.colour(0.0)), "{low:?}");
    assert_eq!(at(2, 0.0, 0.0), ColourMap::Sequential.colour(1.0), "beyond the end: its colour");
}

#[test]
fn maps_with_axes_have_their_first_row_below() {
    let n = 90;
    let centre = |i: usize| (i as f64 + 0.5) / n as f64 * 4.0 - 2.0;
    // x + 10 y over -2..2: columns are x, rows are y.
    let values: Vec<f64> = (0..n * n).map(|i| centre(i % n).powi(2) - centre(i / n)).collect();
    let axes = Some((Axis::new("x₁").range(-2.0, 2.0), Axis::new("x₂").range(-2.0, 2.0)));
    let content = Content::Map {
        rows: n,
        values,
        colours: ColourMap::Diverging,
        range: Some((-4.0, 4.0)),
        contours: true,
        bar: true,
    };
    let panel = Panel { title: "x₁² − x₂".into(), content, axes };
    let grid = MapGrid {
        title: "network, polynomial".into(),
        columns: 2,
        panels: vec![panel.clone(), panel],
        panel_width: 240.0,
        ..MapGrid::default()
    };
    let figure = grid.figure().expect("a map");
    keep(&figure, "axes");
    check_svg(&figure);
    let [left, top, wide, tall] = frame(&figure);
    let pixels = Pixels::of(&figure);
    let middle = left + wide / 2.0 + 3.0;
    let (above, below) = (pixels.at(middle, top + 3.0), pixels.at(middle, top + tall - 3.0));
    assert!(above.2 > above.0, "0 − 2 is blue: {above:?}");
    assert!(below.0 > below.2, "0 + 2 is red: {below:?}");
}

#[test]
fn what_cannot_be_drawn_is_an_error_that_says_so() {
    let chart = |series: Vec<Series>, size| Chart { series, size, ..Chart::default() };
    let message = |result: hope::Result<Figure>| result.expect_err("an error").to_string();
    let bad = chart(vec![Series::line("bad", vec![[0.0, 0.0], [1.0, f64::NAN]])], (700.0, 400.0));
    assert!(message(bad.figure()).contains("series 'bad': point 1"));
    let huge = chart(vec![Series::line("huge", vec![[0.0, -1e308], [1.0, 1.5e308]])], (700.0, 400.0));
    assert!(message(huge.figure()).contains("choose a range"));
    assert!(message(chart(vec![], (80.0, 40.0)).figure()).contains("larger"));
    assert!(chart(vec![], (f64::NAN, 400.0)).figure().is_err());
    let figure = chart(vec![], (300.0, 200.0)).figure().expect("an empty chart");
    let error = figure.write(Path::new("picture.jpg")).expect_err("an error").to_string();
    assert!(error.contains("picture.jpg") && error.contains(".svg or .png"));
    assert!(figure.write(Path::new("no/such/folder/a.png")).is_err());

    let grid = |content| MapGrid {
        columns: 1,
        panels: vec![Panel { title: "map".into(), content, axes: None }],
        ..MapGrid::default()
    };
    assert!(message(grid(Content::signed(1, vec![0.0, f64::INFINITY])).figure()).contains("not finite"));
    assert!(grid(Content::signed(3, vec![0.0; 4])).figure().is_err());
    assert!(MapGrid::default().figure().is_err() && ErrorBars::default().figure().is_err());
    assert!(grid(Content::signed(1, vec![0.0; 4])).figure().is_ok(), "a map of zeros");
}

#[test]
fn titles_with_any_characters() {
    let title = "a<b> & \"q\" \u{0} \u{1f600} 中";
    let figure = |title: &str| Chart { title: title.into(), ..Chart::default() }.figure().expect("a chart");
    check_svg(&figure(title));
    Pixels::of(&figure(title));
    // Characters that the font hasn't are boxes, 0.6 em wide, with a white middle.
    let boxes = Pixels::of(&figure("中中中"));
    let [middle, line, beside] = [0.0, 3.7, 4.8].map(|x| boxes.at(360.0 + x, 22.0));
    assert_eq!((middle, beside), (Colour::WHITE, Colour::WHITE));
    assert!(line.0 < 200, "{line:?}");
}

#[test]
fn files_are_what_their_names_say() {
    let folder = tempfile::tempdir().expect("a folder");
    let figure = Chart::default().figure().expect("a chart");
    for (name, start) in [("a.svg", &b"<svg"[..]), ("b.PNG", b"\x89PNG")] {
        let path = folder.path().join(name);
        figure.write(&path).expect("a file");
        assert!(std::fs::read(&path).expect("bytes").starts_with(start), "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 2, "no temporary file is left");
}
