//! The embedded font: `font/README.md` says how it was made.

use std::sync::Arc;

use resvg::usvg::{self, fontdb};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};

/// DejaVu Sans, reduced to Latin, Greek and mathematical signs.
const FONT: &[u8] = include_bytes!("font/DejaVuSans-subset.ttf");

/// Its name, as SVG asks for it.
pub const FAMILY: &str = "DejaVu Sans";

/// What `usvg` needs to set text in the embedded font, and in no other.
pub fn options() -> usvg::Options<'static> {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    usvg::Options { fontdb: Arc::new(fonts), font_family: FAMILY.into(), ..usvg::Options::default() }
}

/// Width of a line of text (without kerning).
pub fn width(text: &str, size: f64) -> f64 {
    let Ok(font) = FontRef::new(FONT) else { return 0.6 * size * text.chars().count() as f64 };
    let (map, metrics) = (font.charmap(), font.glyph_metrics(Size::new(size as f32), LocationRef::default()));
    text.chars()
        .map(|c| f64::from(metrics.advance_width(map.map(c).unwrap_or_default()).unwrap_or_default()))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_font_has_what_formulas_need() {
        let font = FontRef::new(FONT).expect("a font");
        let map = font.charmap();
        for c in "aZ09äßαωΔΣ∂∑√∞±×·−≤≥≈⁰¹²³⁴⁵⁶⁷⁸⁹⁻₀₁₂₃₄₅₆₇₈₉→|²".chars()
        {
            assert!(map.map(c).is_some(), "no glyph for {c}");
        }
    }

    #[test]
    fn widths_are_those_of_dejavu_sans() {
        // Its digits are 1303 of 2048 units wide.
        assert!((width("000", 20.48) - 3.0 * 13.03).abs() < 0.1, "up to rounding to 1/64");
        assert!((width("0", 10.0) * 2.0 - width("0", 20.0)).abs() < 0.1);
        assert_eq!(width("", 12.0), 0.0);
    }
}
