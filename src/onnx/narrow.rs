//! Numbers of 2, 4 and 8 bits, as weights are stored in them: integers packed into bytes, the first in the lowest bits, and numbers with a point.
//!
//! The latter are a sign, an exponent and a fraction as in IEEE 754, subnormal numbers too; which patterns are infinite or none differs: see ONNX's pages "Float stored in 8 bits"
//! and "Float stored in 4 bits".

/// A type of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Narrow {
    /// Of so many bits, with a sign or without.
    Int { bits: u32, signed: bool },
    /// With a point.
    Float(Format),
}

/// How numbers with a point are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    E4M3,
    /// Without infinities and without -0, whose pattern is no number; the exponent one less.
    E4M3Finite,
    E5M2,
    E5M2Finite,
    /// A power of two.
    E8M0,
    E2M1,
}

impl Narrow {
    /// By ONNX's number of the type.
    pub fn of(data_type: i32) -> Option<Self> {
        Some(match data_type {
            17 => Self::Float(Format::E4M3),
            18 => Self::Float(Format::E4M3Finite),
            19 => Self::Float(Format::E5M2),
            20 => Self::Float(Format::E5M2Finite),
            21 => Self::Int { bits: 4, signed: false },
            22 => Self::Int { bits: 4, signed: true },
            23 => Self::Float(Format::E2M1),
            24 => Self::Float(Format::E8M0),
            25 => Self::Int { bits: 2, signed: false },
            26 => Self::Int { bits: 2, signed: true },
            _ => return None,
        })
    }

    /// Bits of a number.
    pub fn bits(self) -> u32 {
        match self {
            Self::Int { bits, .. } => bits,
            Self::Float(Format::E2M1) => 4,
            Self::Float(_) => 8,
        }
    }

    /// Bytes of so many numbers.
    pub fn bytes(self, count: usize) -> usize {
        count.div_ceil(8 / self.bits() as usize)
    }

    /// The least and the greatest integer.
    pub fn range(self) -> Option<[i64; 2]> {
        match self {
            Self::Int { bits, signed: false } => Some([0, (1 << bits) - 1]),
            Self::Int { bits, signed: true } => Some([-(1 << (bits - 1)), (1 << (bits - 1)) - 1]),
            Self::Float(_) => None,
        }
    }

    /// The patterns of `count` numbers, of which there are enough.
    fn patterns(self, bytes: &[u8], count: usize) -> impl Iterator<Item = u8> {
        let bits = self.bits();
        let each = (8 / bits) as usize;
        let mask = 0xff >> (8 - bits);
        (0..count).map_while(move |i| Some((bytes.get(i / each)? >> (bits * (i % each) as u32)) & mask))
    }

    /// Integers.
    pub fn integers(self, bytes: &[u8], count: usize) -> Vec<i64> {
        let bits = self.bits();
        let signed = matches!(self, Self::Int { signed: true, .. });
        let value = |pattern: u8| match signed && pattern >> (bits - 1) == 1 {
            true => i64::from(pattern) - (1 << bits),
            false => i64::from(pattern),
        };
        self.patterns(bytes, count).map(value).collect()
    }

    /// Numbers with a point.
    pub fn floats(self, bytes: &[u8], count: usize) -> Vec<f64> {
        let value = |pattern: u8| match self {
            Self::Float(format) => format.value(pattern),
            Self::Int { .. } => f64::from(pattern),
        };
        self.patterns(bytes, count).map(value).collect()
    }
}

impl Format {
    fn value(self, pattern: u8) -> f64 {
        use Format::*;
        // Bits of exponent and fraction, and what is taken from the exponent.
        let (exponent_bits, fraction_bits, bias) = match self {
            E4M3 => (4, 3, 7),
            E4M3Finite => (4, 3, 8),
            E5M2 => (5, 2, 15),
            E5M2Finite => (5, 2, 16),
            E2M1 => (2, 1, 1),
            E8M0 if pattern == 0xff => return f64::NAN,
            E8M0 => return 2f64.powi(i32::from(pattern) - 127),
        };
        let magnitude = pattern & ((1 << (exponent_bits + fraction_bits)) - 1);
        let negative = pattern >> (exponent_bits + fraction_bits) == 1;
        let (exponent, fraction) = (magnitude >> fraction_bits, magnitude & ((1 << fraction_bits) - 1));
        let size = match self {
            E4M3 if magnitude == 0x7f => f64::NAN,
            E5M2 if exponent == 31 && fraction > 0 => f64::NAN,
            E5M2 if exponent == 31 => f64::INFINITY,
            E4M3Finite | E5M2Finite if pattern == 0x80 => f64::NAN,
            _ => {
                let whole = if exponent == 0 { 0.0 } else { 1.0 };
                let fraction = f64::from(fraction) / f64::from(1u8 << fraction_bits);
                (whole + fraction) * 2f64.powi(i32::from(exponent.max(1)) - bias)
            }
        };
        if negative { -size } else { size }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All patterns, as the package ml_dtypes has them: tests/truth/narrow.py.
    #[test]
    fn every_pattern() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/narrow.npz");
        let mut truth = ndarray_npy::NpzReader::new(std::fs::File::open(file).unwrap()).unwrap();
        assert_eq!(truth.names().unwrap().len(), 10);
        for name in truth.names().unwrap() {
            let truth: ndarray::Array1<f64> = truth.by_name(&name).unwrap();
            let narrow = Narrow::of(name.parse().unwrap()).unwrap();
            let bits = narrow.bits();
            let patterns: Vec<u8> = (0..1u16 << bits).map(|pattern| pattern as u8).collect();
            // Packed, the first in the lowest bits.
            let bytes: Vec<u8> = patterns
                .chunks(8 / bits as usize)
                .map(|chunk| {
                    chunk
                        .iter()
                        .rev()
                        .fold(0u8, |byte, pattern| byte.checked_shl(bits).unwrap_or(0) | pattern)
                })
                .collect();
            assert_eq!(bytes.len(), narrow.bytes(patterns.len()));
            let found: Vec<f64> = match narrow {
                Narrow::Int { .. } => {
                    narrow.integers(&bytes, patterns.len()).iter().map(|&v| v as f64).collect()
                }
                Narrow::Float(_) => narrow.floats(&bytes, patterns.len()),
            };
            let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
            assert!(found.len() == truth.len() && found.iter().zip(&truth).all(same), "{name}: {found:?}");
        }
    }
}
