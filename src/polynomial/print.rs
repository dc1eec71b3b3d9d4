//! Polynomials as text: plain, LaTeX, SymPy.

use std::fmt::{self, Write as _};

use super::{Factor, TaylorPolynomial};

/// Most terms that are written as one sum for SymPy: Python nests a long sum as deep as it has terms, and gives up.
const LONGEST_SUM: usize = 200;

/// How to write a polynomial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notation {
    /// `1 + 2*(x1 - 0.5)*x2^2`.
    Text,
    /// `1 + 2 \left(x_{1} - 0.5\right) x_{2}^{2}`, for math mode.
    Latex,
    /// `1.0 + 2.0*(x1 - 0.5)*x2**2`, which `sympy.sympify` reads. With more than some hundred terms it is `Add(…, …)`: Python
    /// can't read a sum of thousands of terms.
    Sympy,
}

impl TaylorPolynomial {
    /// Writes the polynomial. Without `digits`, numbers have as many digits as it takes to read the same f64 back;
    /// with, coefficients and centre are rounded to so many significant ones.
    pub fn format(&self, notation: Notation, digits: Option<u8>) -> String {
        if self.is_empty() {
            return "0".into();
        }
        let bases = self.bases(notation, digits);
        let add = notation == Notation::Sympy && self.len() > LONGEST_SUM;
        let mut text = String::new();
        if add {
            text.push_str("Add(");
        }
        for (i, term) in self.terms().enumerate() {
            let negative = term.coefficient < 0.0;
            text.push_str(match (i, negative, add) {
                (0, true, _) => "-",
                (0, false, _) => "",
                (_, true, true) => ", -",
                (_, false, true) => ", ",
                (_, true, false) => " - ",
                (_, false, false) => " + ",
            });
            let factors = product(term.factors, &bases, notation);
            let coefficient = number(term.coefficient.abs(), notation, digits);
            let unit = coefficient.parse() == Ok(1.0);
            match (factors.is_empty(), unit) {
                (true, _) => text.push_str(&coefficient),
                (false, true) => text.push_str(&factors),
                (false, false) => {
                    text.push_str(&coefficient);
                    text.push_str(times(notation));
                    text.push_str(&factors);
                }
            }
        }
        if add {
            text.push(')');
        }
        text
    }

    /// `x - x0` for each variable.
    fn bases(&self, notation: Notation, digits: Option<u8>) -> Vec<String> {
        let base = |(name, &centre): (&String, &f64)| {
            let name = match notation {
                Notation::Latex => latex_name(name),
                Notation::Text | Notation::Sympy => name.clone(),
            };
            if centre == 0.0 {
                return name;
            }
            let sign = if centre < 0.0 { '+' } else { '-' };
            let centre = number(centre.abs(), notation, digits);
            match notation {
                Notation::Latex => format!(r"\left({name} {sign} {centre}\right)"),
                Notation::Text | Notation::Sympy => format!("({name} {sign} {centre})"),
            }
        };
        self.variables.iter().zip(&self.centre).map(base).collect()
    }
}

/// Plain text; with a precision (`{:.3}`), that many significant digits.
impl fmt::Display for TaylorPolynomial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().map(|digits| u8::try_from(digits).unwrap_or(u8::MAX));
        f.write_str(&self.format(Notation::Text, digits))
    }
}

fn product(factors: &[Factor], bases: &[String], notation: Notation) -> String {
    let mut text = String::new();
    for (i, factor) in factors.iter().enumerate() {
        if i > 0 {
            text.push_str(times(notation));
        }
        text.push_str(&bases[factor.variable as usize]);
        if factor.power > 1 {
            let _ = match notation {
                Notation::Text => write!(text, "^{}", factor.power),
                Notation::Latex => write!(text, "^{{{}}}", factor.power),
                Notation::Sympy => write!(text, "**{}", factor.power),
            };
        }
    }
    text
}

fn times(notation: Notation) -> &'static str {
    match notation {
        Notation::Text | Notation::Sympy => "*",
        Notation::Latex => " ",
    }
}

/// A number that isn't negative.
fn number(x: f64, notation: Notation, digits: Option<u8>) -> String {
    let rounded = digits.and_then(|digits| format!("{x:.*e}", usize::from(digits.max(1)) - 1).parse().ok());
    let text = format!("{:?}", rounded.unwrap_or(x)); // the shortest that reads back, such as 2.0 and 1e-7
    let short = |text: &str| text.strip_suffix(".0").unwrap_or(text).to_string();
    match (notation, text.split_once('e')) {
        (Notation::Sympy, _) => text,
        (Notation::Text, _) => short(&text),
        (Notation::Latex, None) => short(&text),
        (Notation::Latex, Some((mantissa, exponent))) => {
            format!(r"{} \cdot 10^{{{exponent}}}", short(mantissa))
        }
    }
}

/// `x12` → `x_{12}`, `alpha` → `\alpha`, `wing_area` → `\mathrm{wing}_{\mathrm{area}}`.
fn latex_name(name: &str) -> String {
    let letters = name.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(name.len());
    let (base, rest) = name.split_at(letters);
    let base = match base {
        "alpha" | "delta" | "epsilon" | "eta" | "theta" | "iota" | "kappa" | "mu" | "nu" | "xi" | "rho"
        | "sigma" | "tau" | "upsilon" | "phi" | "chi" | "psi" | "omega" | "Delta" | "Theta" | "Xi"
        | "Sigma" | "Phi" | "Psi" | "Omega" => format!(r"\{base}"),
        _ if base.len() == 1 => base.to_string(),
        _ => format!(r"\mathrm{{{base}}}"),
    };
    let index = rest.trim_matches('_').replace('_', ",");
    match index.bytes().all(|c| c.is_ascii_digit()) {
        true if index.is_empty() => base,
        true => format!("{base}_{{{index}}}"),
        false => format!(r"{base}_{{\mathrm{{{index}}}}}"),
    }
}
