//! Colours that colour-blind readers can tell apart.

/// A colour, by its red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub u8, pub u8, pub u8);

impl Colour {
    /// Of axes and text.
    pub const INK: Self = Self(0x26, 0x26, 0x26);
    /// Of guides and secondary text.
    pub const GREY: Self = Self(0x70, 0x70, 0x70);
    /// Of grid lines.
    pub const PALE: Self = Self(0xe4, 0xe4, 0xe4);
    /// The background.
    pub const WHITE: Self = Self(0xff, 0xff, 0xff);
    /// Black; the first for what is true or measured.
    pub const BLACK: Self = Self(0, 0, 0);

    /// Colours of series, in this order, again from the beginning after the last: those of Okabe and Ito ("Color Universal
    /// Design", 2008) without yellow, which is too pale on white.
    pub const SERIES: [Self; 7] = [
        Self(0x00, 0x72, 0xb2), // blue
        Self(0xd5, 0x5e, 0x00), // vermilion
        Self(0x00, 0x9e, 0x73), // green
        Self(0xcc, 0x79, 0xa7), // purple
        Self(0xe6, 0x9f, 0x00), // orange
        Self(0x56, 0xb4, 0xe9), // sky blue
        Self::BLACK,
    ];

    /// The i-th of [`Self::SERIES`].
    pub fn series(i: usize) -> Self {
        Self::SERIES[i % Self::SERIES.len()]
    }

    /// As SVG writes it: `#0072b2`.
    pub(super) fn hex(self) -> String {
        format!("#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }

    const fn of(hex: u32) -> Self {
        Self((hex >> 16) as u8, (hex >> 8) as u8, hex as u8)
    }
}

/// How numbers become colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourMap {
    /// Blue, white, red: for signed numbers, symmetric about 0 (ColorBrewer's RdBu).
    Diverging,
    /// Dark violet to yellow: for numbers without a middle (viridis, as matplotlib has it).
    Sequential,
}

const DIVERGING: [Colour; 11] = [
    Colour::of(0x053061),
    Colour::of(0x2166ac),
    Colour::of(0x4393c3),
    Colour::of(0x92c5de),
    Colour::of(0xd1e5f0),
    Colour::of(0xf7f7f7),
    Colour::of(0xfddbc7),
    Colour::of(0xf4a582),
    Colour::of(0xd6604d),
    Colour::of(0xb2182b),
    Colour::of(0x67001f),
];

const SEQUENTIAL: [Colour; 11] = [
    Colour::of(0x440154),
    Colour::of(0x482475),
    Colour::of(0x414487),
    Colour::of(0x355f8d),
    Colour::of(0x2a788e),
    Colour::of(0x21918c),
    Colour::of(0x22a884),
    Colour::of(0x44bf70),
    Colour::of(0x7ad151),
    Colour::of(0xbddf26),
    Colour::of(0xfde725),
];

impl ColourMap {
    /// Colours at equal distances, lowest first.
    pub(super) fn stops(self) -> &'static [Colour; 11] {
        match self {
            Self::Diverging => &DIVERGING,
            Self::Sequential => &SEQUENTIAL,
        }
    }

    /// The colour at `t`, 0 the lowest, 1 the highest; beyond them that of the end.
    pub fn colour(self, t: f64) -> Colour {
        let stops = self.stops();
        let place = t.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
        let i = (place as usize).min(stops.len() - 2);
        let (a, b, f) = (stops[i], stops[i + 1], place - i as f64);
        let mix = |a: u8, b: u8| (f64::from(a) + f * (f64::from(b) - f64::from(a))).round() as u8;
        Colour(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_signed_map_is_white_and_its_ends_are_blue_and_red() {
        let map = ColourMap::Diverging;
        assert_eq!(map.colour(0.5), Colour(0xf7, 0xf7, 0xf7));
        assert_eq!(map.colour(-3.0), map.colour(0.0));
        let (low, high) = (map.colour(0.1), map.colour(0.9));
        assert!(low.2 > low.0 && high.0 > high.2);
        assert_eq!(map.colour(1.0).hex(), "#67001f");
    }

    #[test]
    fn the_positive_map_grows_lighter() {
        let light = |t| {
            let Colour(r, g, b) = ColourMap::Sequential.colour(t);
            0.2126 * f64::from(r) + 0.7152 * f64::from(g) + 0.0722 * f64::from(b)
        };
        let all: Vec<f64> = (0..=50).map(|i| light(f64::from(i) / 50.0)).collect();
        assert!(all.is_sorted(), "{all:?}");
    }
}
