//! Polynomials as text. That SymPy reads them is tested with SymPy: `tests/polynomial_sympy.py`.

use hope::TaylorPolynomial;
use hope::polynomial::Notation;

use super::{example, message};

#[test]
fn three_notations() {
    let p = example();
    assert_eq!(
        p.to_string(),
        "1.5 - 2*(x1 - 0.5) + 0.75*(x2 + 0.25)*x3 - 5*(x1 - 0.5)^2*(x2 + 0.25) - 3*(x2 + 0.25)^3 \
         + 2*(x1 - 0.5)*(x2 + 0.25)*x3^2 + 0.125*x3^4"
    );
    assert_eq!(
        p.truncate(3).format(Notation::Sympy, None),
        "1.5 - 2.0*(x1 - 0.5) + 0.75*(x2 + 0.25)*x3 - 5.0*(x1 - 0.5)**2*(x2 + 0.25) - 3.0*(x2 + 0.25)**3"
    );
    assert_eq!(
        p.truncate(3).format(Notation::Latex, None),
        r"1.5 - 2 \left(x_{1} - 0.5\right) + 0.75 \left(x_{2} + 0.25\right) x_{3} - 5 \left(x_{1} - 0.5\right)^{2} \left(x_{2} + 0.25\right) - 3 \left(x_{2} + 0.25\right)^{3}"
    );
}

#[test]
fn numbers() {
    let one = |c: f64| TaylorPolynomial::from_terms(&[0.0], [(vec![(0, 2)], c)]).unwrap();
    let cases = [
        (1.0, None, "x1^2", "x1**2", "x_{1}^{2}"),
        (-1.0, None, "-x1^2", "-x1**2", "-x_{1}^{2}"),
        (
            0.1 + 0.2,
            None,
            "0.30000000000000004*x1^2",
            "0.30000000000000004*x1**2",
            "0.30000000000000004 x_{1}^{2}",
        ),
        (1e-7, None, "1e-7*x1^2", "1e-7*x1**2", r"1 \cdot 10^{-7} x_{1}^{2}"),
        (-2.5e30, None, "-2.5e30*x1^2", "-2.5e30*x1**2", r"-2.5 \cdot 10^{30} x_{1}^{2}"),
        (0.123456, Some(3), "0.123*x1^2", "0.123*x1**2", "0.123 x_{1}^{2}"),
        (0.99996, Some(4), "x1^2", "x1**2", "x_{1}^{2}"),
        (123456.0, Some(2), "120000*x1^2", "120000.0*x1**2", "120000 x_{1}^{2}"),
    ];
    for (c, digits, text, sympy, latex) in cases {
        assert_eq!(one(c).format(Notation::Text, digits), text);
        assert_eq!(one(c).format(Notation::Sympy, digits), sympy);
        assert_eq!(one(c).format(Notation::Latex, digits), latex);
    }
    assert_eq!(format!("{:.2}", one(0.126)), "0.13*x1^2");
    for notation in [Notation::Text, Notation::Sympy, Notation::Latex] {
        assert_eq!(one(0.0).format(notation, None), "0");
    }
    let constant = TaylorPolynomial::from_terms(&[0.5], [(vec![], -1.0)]).unwrap();
    assert_eq!(constant.to_string(), "-1");
}

#[test]
fn long_ones_are_for_pythons_parser() {
    let terms = (0..201).map(|i| (vec![(i, 1)], if i % 2 == 0 { 2.0 } else { -2.0 }));
    let p = TaylorPolynomial::from_terms(&[0.0; 201], terms).unwrap();
    let text = p.format(Notation::Sympy, None);
    assert!(text.starts_with("Add(2.0*x1, -2.0*x2, 2.0*x3,") && text.ends_with(", 2.0*x201)"), "{text}");
    assert!(p.to_string().starts_with("2*x1 - 2*x2 + 2*x3"));
}

#[test]
fn names() {
    let p = example().with_names(["alpha", "wing_area", "T_0"]).unwrap();
    assert_eq!(p.truncate(2).to_string(), "1.5 - 2*(alpha - 0.5) + 0.75*(wing_area + 0.25)*T_0");
    assert_eq!(
        p.truncate(2).format(Notation::Latex, None),
        r"1.5 - 2 \left(\alpha - 0.5\right) + 0.75 \left(\mathrm{wing}_{\mathrm{area}} + 0.25\right) T_{0}"
    );
    for (names, part) in [
        (["I", "b", "c"], "'I' means something else to SymPy"),
        (["a", "E", "c"], "'E'"),
        (["a", "lambda", "c"], "'lambda'"),
        (["a", "b", "gamma"], "'gamma'"),
        (["a", "b", "None"], "'None'"),
        (["a", "b", "a"], "two variables have the name 'a'"),
        (["a", "b c", "d"], "'b c'"),
        (["a", "", "d"], "''"),
        (["a", "2b", "d"], "'2b'"),
        (["a", "b;import os", "d"], "no name"),
        (["a", "é", "d"], "'é'"),
    ] {
        let error = message(example().with_names(names));
        assert!(error.contains(part), "{names:?}: {error}");
    }
    assert!(message(example().with_names(["a", "b"])).contains("2 names are given for 3 variables"));
}
