//! VNN-LIB files: what they mean, and what is refused.

use std::time::{Duration, Instant};

use hope::{Error, Format};

use hope::property::Property;

const DECLARED: &str = "(declare-const X_0 Real)\n(declare-const X_1 Real)\n(declare-const Y_0 Real)\n(declare-const Y_1 Real)\n";
const BOX: &str = "(assert (>= X_0 -1)) (assert (<= X_0 1)) (assert (>= X_1 0.25)) (assert (<= X_1 0.5))\n";

fn parse(assertions: &str) -> hope::Result<Property> {
    Property::parse(&format!("{DECLARED}{BOX}{assertions}"))
}

/// What is unsafe, as the formula says it, at points and outputs on a grid.
#[track_caller]
fn means(assertions: &str, is_unsafe: impl Fn([f64; 2], [f64; 2]) -> bool) {
    let property = parse(assertions).unwrap();
    let steps = [-1.0, -0.5, 0.0, 0.25, 0.375, 0.5, 1.0, 1.5];
    for x0 in steps {
        for x1 in steps {
            for y0 in steps {
                for y1 in steps {
                    let found =
                        property.cases().iter().any(|case| property.is_unsafe(case, &[x0, x1], &[y0, y1]));
                    let inside = (-1.0..=1.0).contains(&x0) && (0.25..=0.5).contains(&x1);
                    assert_eq!(found, inside && is_unsafe([x0, x1], [y0, y1]), "{x0} {x1} {y0} {y1}");
                }
            }
        }
    }
}

#[test]
fn mean_what_they_say() {
    means("", |_, _| true);
    means("(assert (<= Y_0 Y_1))", |_, [a, b]| a <= b);
    means("(assert (>= Y_0 0.25)) (assert (<= Y_1 0))", |_, [a, b]| a >= 0.25 && b <= 0.0);
    means("(assert (or (and (<= Y_0 0) (<= Y_1 0)) (and (>= Y_0 1))))", |_, [a, b]| {
        (a <= 0.0 && b <= 0.0) || a >= 1.0
    });
    means("(assert (<= (+ (* 2.0 Y_0) (* Y_1 -1) 0.5) (- 1.0 (- Y_0))))", |_, [a, b]| {
        2.0 * a - b + 0.5 <= 1.0 + a
    });
    means("(assert (>= (- Y_0 Y_1 X_0) (* 0.5 (+ 1 X_1) 2)))", |[x0, x1], [a, b]| a - b - x0 >= 1.0 + x1);
    // Boxes of their own, of which one is empty; ends that aren't doubles.
    means(
        "(assert (or (and (<= X_0 -0.5) (<= Y_0 0)) (and (>= X_0 0.5) (>= Y_0 0)) (and (>= X_0 2) (<= Y_0 1))))",
        |[x0, _], [a, _]| (x0 <= -0.5 && a <= 0.0) || (x0 >= 0.5 && a >= 0.0),
    );
    means("(assert (<= (* 3 X_0) 1.1)) (assert (<= Y_0 0))", |[x0, _], [a, _]| x0 <= 0.36 && a <= 0.0);
    // Alternatives within alternatives, and of several assertions.
    means("(assert (or (<= Y_0 -1) (and (<= Y_1 0) (or (>= Y_0 1) (<= X_0 0)))))", |[x0, _], [a, b]| {
        a <= -1.0 || (b <= 0.0 && (a >= 1.0 || x0 <= 0.0))
    });
    means("(assert (or (<= Y_0 0) (<= Y_1 0))) (assert (or (>= Y_0 0.25) (>= Y_1 0.25)))", |_, [a, b]| {
        (a <= 0.0 || b <= 0.0) && (a >= 0.25 || b >= 0.25)
    });
    // Constraints of constants alone.
    means("(assert (<= 1 0))", |_, _| false);
    means("(assert (or (<= 1 0) (<= Y_0 (- Y_0 Y_0))))", |_, [a, _]| a <= 0.0);
}

#[test]
fn are_boxes_that_share_what_they_can() {
    let property = parse("(assert (or (>= Y_0 1) (>= Y_1 1) (and (>= Y_0 0) (>= Y_1 0))))").unwrap();
    assert_eq!((property.inputs(), property.outputs()), (2, 2));
    let [case] = property.cases() else { panic!("{:?}", property.cases()) };
    assert_eq!((&case.low[..], &case.high[..]), (&[-1.0, 0.25][..], &[1.0, 0.5][..]));
    assert_eq!(case.unsafe_if.len(), 3);
    let property = parse("(assert (or (and (<= X_0 0) (>= Y_0 1)) (and (>= X_0 0) (>= Y_1 1))))").unwrap();
    assert_eq!(property.cases().len(), 2);
    // Comments, other commands, and the older way to declare.
    let text = "; a property\n(set-logic QF_LRA)\n(declare-fun X_0 () Real)(declare-const Y_0 Real)\n(assert (and (<= X_0 1e0) (>= X_0 -1.5e-1))); X\n(assert (<= Y_0 +2))(check-sat)";
    let property = Property::parse(text).unwrap();
    assert_eq!((property.cases()[0].low[0], property.cases()[0].high[0]), (-0.15, 1.0));
}

/// An end that was divided is at or outside of the exact one.
#[test]
fn round_ends_outwards() {
    let text = |assertions: &str| {
        let text = format!("(declare-const X_0 Real) (declare-const Y_0 Real) {assertions}");
        Property::parse(&text).unwrap()
    };
    let property = text("(assert (<= (* 3.0 X_0) 1.0)) (assert (>= (* 3.0 X_0) -1.0))");
    let case = &property.cases()[0];
    // 3x as a sum of two doubles says on which side of 1 it is.
    let beyond = |x: f64| 3.0f64.mul_add(x, -1.0) > 0.0;
    assert!(beyond(case.high[0]) && !beyond(case.high[0].next_down().next_down()), "{case:?}");
    assert_eq!(case.low[0], -case.high[0]);
    // A point at the rounded end is not in the exact box.
    assert!(!property.is_unsafe(case, &[case.high[0]], &[0.0]));
    assert!(property.is_unsafe(case, &[0.333], &[0.0]));
}

#[test]
fn are_refused_where_they_are_wrong() {
    let deep = |n: usize, inner: &str| format!("(assert {}{inner}{})", "(and ".repeat(n), ")".repeat(n));
    let terms = |n: usize| format!("(assert (<= {}Y_0{} 1))", "(+ ".repeat(n), ")".repeat(n));
    let many = format!("(assert (and {}))", "(or (<= Y_0 0) (<= Y_1 0))".repeat(40));
    for (assertions, parts) in [
        ("(assert (<= X_2 0))", &["line 6", "X_2 is not declared"][..]),
        ("\n\n(assert (<= X_0 foo))", &["line 8", "'foo'"]),
        ("(assert (<= X_0 nan))", &["'nan' is no number"]),
        ("(assert (<= X_0 -inf))", &["'-inf' is no number"]),
        ("(assert (<= Y_0 1e999))", &["too large"]),
        ("(assert (<= (* 1e200 (* 1e200 Y_0)) 1))", &["overflow"]),
        ("(assert (<= (* Y_0 Y_1) 1))", &["not linear"]),
        ("(assert (<= (/ Y_0 2) 1))", &["'/'", "+, -, *"]),
        ("(assert (< Y_0 1))", &["strict", "<="]),
        ("(assert (= Y_0 1))", &["'='"]),
        ("(assert (not (<= Y_0 1)))", &["'not'"]),
        ("(assert (or))", &["no parts"]),
        ("(assert (<= Y_0))", &["a term is missing"]),
        ("(assert (<= Y_0 1 2))", &["more parts", "'2'"]),
        ("(assert (<= Y_0 1) (<= Y_1 1))", &["assert has more parts"]),
        ("(assert Y_0)", &["no formula"]),
        ("(assert (<= Y_0 1)", &["cut off"]),
        ("(assert (<= Y_0 ", &["cut off"]),
        (")", &["begins with '('"]),
        ("(declare-const Z_0 Real)", &["'Z_0'"]),
        ("(declare-const X_01 Real)", &["'X_01'"]),
        ("(declare-const X_7 Real)", &["X_2 is not declared"]),
        ("(declare-const X_18446744073709551615 Real)", &["X_2 is not declared"]),
        ("(declare-const X_99999999999999999999999 Real)", &["no input and no output"]),
        ("(declare-const X_0 Real)", &["twice"]),
        ("(declare-const X_2 Int)", &["Real"]),
        ("(define-fun f () Real 1)", &["'define-fun'"]),
        ("(assert (>= X_0 2))", &["no point"]),
        ("(assert (bvule \u{1b}[31m 1))", &["bvule"]),
        ("(assert (<= \u{1b}[31m 1))", &["\\u{1b}"]),
        (&deep(63, "(<= Y_0 1)"), &["64 parentheses"]),
        (&deep(100_000, "(<= Y_0 1)"), &["64 parentheses"]),
        (&terms(100_000), &["64 parentheses"]),
        (&"(".repeat(1_000_000), &["line 6"]),
        (&many, &["multiplied out"]),
    ] {
        let error = parse(assertions).unwrap_err();
        assert!(matches!(error, Error::Format { format: Format::VnnLib, .. }), "{error:?}");
        let message = error.to_string();
        let shown: String = assertions.chars().take(60).collect();
        assert!(parts.iter().all(|part| message.contains(part)), "{shown}: {message}");
        assert!(message.len() < 200 && !message.contains('\u{1b}'), "{message}");
    }
    let message = |text: &str| Property::parse(text).unwrap_err().to_string();
    assert!(message("").contains("no input"));
    assert!(message("(declare-const X_0 Real)").contains("no output"));
    let half = "(declare-const X_0 Real)(declare-const Y_0 Real)(assert (<= X_0 1))";
    assert!(message(half).contains("X_0 has no lower end"));
    let depth = parse(&deep(60, "(<= (+ Y_0 1) 1)"));
    assert!(depth.is_ok());
}

/// Time and memory stay in proportion to the file.
#[test]
fn large_ones_are_read_quickly() {
    let start = Instant::now();
    let mut text = String::new();
    for i in 0..20_000 {
        text += &format!("(declare-const X_{i} Real)\n(assert (<= X_{i} 1.0))\n(assert (>= X_{i} 0.0))\n");
    }
    for j in 0..1000 {
        text += &format!("(declare-const Y_{j} Real)\n");
    }
    let others: String = (1..1000).map(|j| format!("(and (>= Y_{j} Y_0))")).collect();
    text += &format!("(assert (or {others}))");
    let property = Property::parse(&text).unwrap();
    assert_eq!((property.inputs(), property.cases().len()), (20_000, 1));
    assert_eq!(property.cases()[0].unsafe_if.len(), 999);
    // A sum of many terms, and many comments.
    let sum = format!("(assert (<= (+ {}) 1)){}", "Y_0 ".repeat(100_000), ";\n".repeat(100_000));
    let property = parse(&sum).unwrap();
    assert_eq!(property.constraints().last().unwrap().terms.len(), 1);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}
