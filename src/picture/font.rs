//! The embedded font: outlines and widths of its characters, without kerning. `font/README.md` says how they were made.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::path::Step;

/// DejaVu Sans, reduced to Latin, Greek and mathematical signs: the box for characters that it hasn't, then a line for each that it has.
///
/// Outlines ready to be drawn, not a font file: the libraries that read those take longer to compile than everything else of pictures.
const OUTLINES: &str = include_str!("font/outlines.txt");

/// Units per em in that file.
const EM: f64 = 2048.0;

/// Its name, as SVG asks for it.
pub const FAMILY: &str = "DejaVu Sans";

/// Half the height of capitals, in em.
pub const HALF_CAPITAL: f64 = 0.365;

/// A character as it is drawn.
#[derive(Clone, Copy, Debug, Default)]
struct Glyph {
    /// In em.
    advance: f64,
    /// As the file has it.
    outline: &'static str,
}

impl Glyph {
    /// The part of a line after its key.
    fn parse(text: &'static str) -> Option<Self> {
        let (advance, outline) = text.split_once(' ').unwrap_or((text, ""));
        Some(Self { advance: advance.parse::<f64>().ok()? / EM, outline })
    }

    /// Its outline from the origin on the baseline, in em, y down.
    fn steps(self) -> impl Iterator<Item = Step> {
        let mut words = self.outline.split_ascii_whitespace();
        std::iter::from_fn(move || {
            let command = words.next()?;
            let mut number = || words.next()?.parse::<f64>().ok();
            let mut point = || Some([number()? / EM, -number()? / EM]);
            Some(match command {
                "M" => Step::Move(point()?),
                "L" => Step::Line(point()?),
                "Q" => Step::Curve(point()?, point()?),
                _ => Step::Close,
            })
        })
    }
}

struct Font {
    missing: Glyph,
    glyphs: HashMap<char, Glyph>,
}

static FONT: LazyLock<Font> = LazyLock::new(|| {
    let mut lines = OUTLINES.lines().filter_map(|line| line.split_once(' '));
    let missing = lines.next().and_then(|(_, glyph)| Glyph::parse(glyph)).unwrap_or_default();
    let glyphs = lines.filter_map(|(code, glyph)| {
        Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, Glyph::parse(glyph)?))
    });
    Font { missing, glyphs: glyphs.collect() }
});

fn glyphs(text: &str) -> impl Iterator<Item = Glyph> {
    text.chars().map(|c| FONT.glyphs.get(&c).copied().unwrap_or(FONT.missing))
}

/// Width of a line of text of this size.
pub fn width(text: &str, size: f64) -> f64 {
    size * glyphs(text).map(|glyph| glyph.advance).sum::<f64>()
}

/// The outline of a line of text of this size, from the origin on the baseline to the right, y down; the nonzero rule fills it.
pub fn outline(text: &str, size: f64) -> impl Iterator<Item = Step> {
    let mut left = 0.0;
    glyphs(text).flat_map(move |glyph| {
        let start = left;
        left += glyph.advance;
        glyph.steps().map(move |step| step.map(|[x, y]| [size * (start + x), size * y]))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_what_formulas_need() {
        for c in "aZ09äßαωΔΣ∂∑√∞±×·−≤≥≈⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉→|²".chars()
        {
            assert!(FONT.glyphs.contains_key(&c), "no glyph for {c}");
        }
    }

    #[test]
    fn every_line_is_read_to_its_end() {
        assert_eq!(FONT.glyphs.len() + 1, OUTLINES.lines().count());
        for (c, glyph) in FONT.glyphs.iter().chain([(&'\0', &FONT.missing)]) {
            let numbers = |step| match step {
                Step::Move(_) | Step::Line(_) => 3,
                Step::Curve(..) => 5,
                Step::Close => 1,
            };
            let words = glyph.outline.split(' ').filter(|word| !word.is_empty()).count();
            assert_eq!(glyph.steps().map(numbers).sum::<usize>(), words, "{c}");
            let closes = glyph.steps().filter(|step| *step == Step::Close).count();
            assert_eq!(glyph.outline.matches('M').count(), closes, "{c}");
        }
    }

    #[test]
    fn widths_are_those_of_dejavu_sans() {
        // Its digits are 1303 of 2048 units wide.
        assert!((width("000", 20.48) - 3.0 * 13.03).abs() < 1e-12);
        assert_eq!(width("0", 10.0) * 2.0, width("0", 20.0));
        assert_eq!(width("", 12.0), 0.0);
    }

    #[test]
    fn outlines_follow_each_other() {
        // A minus sign is one bar, at x from 217 to 1499 and y from 557 to 727, 1716 wide.
        let all: Vec<Step> = outline("−−", 2048.0).collect();
        assert_eq!(all.len(), 10);
        let ends = |steps: &[Step]| {
            let points = steps.iter().filter_map(|step| match step {
                Step::Move(to) | Step::Line(to) => Some(to[0]),
                _ => None,
            });
            points.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)))
        };
        assert_eq!((ends(&all[..5]), ends(&all[5..])), ((217.0, 1499.0), (1933.0, 3215.0)));
        assert!(
            all.iter().all(|step| !matches!(step, Step::Move([_, y]) if *y >= 0.0)),
            "above the baseline"
        );
    }

    #[test]
    fn other_characters_are_boxes() {
        assert_eq!(FONT.missing.steps().count(), 10, "two rectangles");
        assert_eq!(outline("中\u{0}\u{1f600}", 1.0).count(), 30);
        assert!((width("中", 2048.0) - 1229.0).abs() < 1e-9);
    }
}
