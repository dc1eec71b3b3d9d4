use std::collections::HashMap;

use naga::{BinaryOperator, Block, Expression, Function, Handle, Literal, MathFunction, Statement};
use proptest::prelude::*;

use super::*;

/// Unrolled, without space.
fn unrolled(source: &str) -> String {
    let out = unroll(source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    naga::front::wgsl::parse_str(&out).unwrap_or_else(|error| panic!("{}", error.emit_to_string(&out)));
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A function that hashes what `g` is called with, in order.
fn hashing(constants: &str, body: &str) -> String {
    format!(
        "{constants}
var<private> h: u32;
fn g(x: u32) {{ h = (h * 31u + x) % 65521u; }}
fn f() {{
{body}
}}
"
    )
}

/// What `hashing` leaves, with its loops rolled and unrolled; no loop may be left.
fn both(constants: &str, body: &str) -> [Vec<u32>; 2] {
    let source = hashing(constants, body);
    let out = unroll(&source).unwrap_or_else(|error| panic!("{error}\n{source}"));
    assert!(!out.contains("for"), "{out}");
    [source, out].map(|source| run(&source))
}

#[test]
fn a_turn_is_a_block_with_a_constant() {
    let source = "const N = 2u;
var<private> a: array<u32, 3>;
fn f() {
    // unroll
    for (var k = 1u; k <= N; k++) { a[k] = k; }
    for (var k = 1u; k <= N; k++) { a[k] = k; }
}";
    let expected = "const N = 2u; var<private> a: array<u32, 3>; fn f() { \
        { const k = 1u; { a[k] = k; } } { const k = 2u; { a[k] = k; } } \
        for (var k = 1u; k <= N; k++) { a[k] = k; } }";
    assert_eq!(unrolled(source), expected);
    assert_eq!(unroll("no mark, no reading").as_deref(), Ok("no mark, no reading"));
}

#[test]
fn functions_are_in_the_order_of_the_source() {
    let source = "fn last() {
    first();
    // unroll
    for (var i = 0u; i < 1u; i++) { first(); }
}
fn first() {
    // unroll
    for (var k = 0; k > -2; k--) { _ = k; }
}";
    let expected = "fn last() { first(); { const i = 0u; { first(); } } } \
        fn first() { { const k = i32(0); { _ = k; } } { const k = i32(-1); { _ = k; } } }";
    assert_eq!(unrolled(source), expected);
}

/// Legal WGSL that unrolling as text got wrong, or left rolled without a word.
#[test]
fn legal_loops_of_all_kinds() {
    let cases: &[(&str, &str, &[u32])] = &[
        (
            "",
            "// unroll
             for (var k = 0u; k < 2u; k++) {
                 // unroll
                 for (var k = 5u; k < 8u; k++) { g(k); }
                 g(k);
             }",
            &[5, 6, 7, 0, 5, 6, 7, 1],
        ),
        ("", "// unroll\nfor (var k = 1u; k < 3u; k++) { let j = k; let k = 7u + j; g(k); }", &[8, 9]),
        ("", "// unroll\nfor (var k = 0u; k < 2u; k++) { var k = 4u; k += 1u; g(k); }", &[5, 5]),
        ("", "// unroll\nfor (var k = 0u; k < 2u; k++) { /* } /* { */ for */ g(k); // }\n }", &[0, 1]),
        (
            "",
            "/* // unroll */ // unroll\n\n  for /* ( */ (var k = 0u; /* ; */ k < 1u; k++) // {\n { g(k); }",
            &[0],
        ),
        ("", "/* before */ // unroll\n for (var k = 0u; k < 2u; k += 1u) { g(k); }", &[0, 1]),
        ("", "// unroll\nfor(var k=0u;k<2u;k++){g(k);}", &[0, 1]),
        ("", "// unroll\nfor (var k: u32 = 8; k > 1; k /= 2) { g(k); }", &[8, 4, 2]),
        ("", "// unroll\nfor (var k: u32 = 0; 3 != k; k = k + 1) { g(k); }", &[0, 1, 2]),
        ("const N = 2u;", "// unroll\nfor (var k = 0u; k < N; k++) { g(k); }", &[0, 1]),
        (
            "const N = 5u; const M: u32 = N % 3u;",
            "// unroll\nfor (var k = N / 2u; k >= M; k--) { g(k); }",
            &[2],
        ),
        (
            "alias U = u32; const N = U(3);",
            "// unroll\nfor (var k = U(N - 1u); k < N << 1u; k++) { g(k); }",
            &[2, 3, 4, 5],
        ),
        (
            "",
            "// unroll
             for (var k = 1u; k <= 3u; k++) {
                 let end = min(2u * k, 4u);
                 // unroll
                 for (var i = max(k, 2u); i <= end; i++) { g(i); }
             }",
            &[2, 2, 3, 4, 3, 4],
        ),
        (
            "",
            "// unroll
             for (var k = 0u; k < 2u; k++) {
                 switch k { case 0u: { g(9u); break; } default: { break; } }
                 loop { break; }
                 while true { g(k); break; }
             }",
            &[9, 0, 1],
        ),
        ("", "// unroll\nfor (var k = 0u; k < 4u; k++) { if k == 2u { return; } g(k); }", &[0, 1]),
        ("", "// unroll\nfor (var k = 3u; k < 3u; k++) { g(k); }", &[]),
        ("", "if true {\n// unroll\nfor (var k = 0u; k < 1u; k++) { g(k); } } else { g(3u); }", &[0]),
    ];
    for (constants, body, calls) in cases {
        let source = hashing(constants, body);
        assert_eq!(run(&source), *calls, "rolled: {body}");
        let out = unroll(&source).unwrap_or_else(|error| panic!("{error}\n{source}"));
        assert_eq!(run(&out), *calls, "{out}");
    }
}

#[test]
fn loops_without_a_mark_stay() {
    let rolled = "/* \n// unroll\nfor (;;) {} */ for (var i = 0u; i < 2u; i++) { g(i); }";
    let source = hashing("", &format!("{rolled}\n// unroll\nfor (var k = 0u; k < 1u; k++) {{ {rolled} }}"));
    let out = unroll(&source).unwrap();
    assert_eq!(out.matches(rolled).count(), 2, "{out}");
    // A word in a comment is no mark.
    let source = hashing("", "// unroll this\nfor (var k = 0u; k < 1u; k++) { g(k); }");
    assert_eq!(unroll(&source).unwrap(), source);
}

/// Whether a problem is the one.
type Expected = Box<dyn Fn(&Problem) -> bool>;

#[test]
fn what_cannot_be_unrolled_is_an_error() {
    let body = |body: &str| format!("for (var k = 0u; k < 2u; k++) {{ {body} }}");
    let unknown =
        |part| move |problem: &Problem| matches!(problem, Problem::Unknown { part: p, .. } if *p == part);
    let is = |expected: Problem| move |problem: &Problem| *problem == expected;
    let cases: Vec<(String, Expected)> = vec![
        (body("if h == 1u { break; }"), Box::new(is(Problem::Leaves("break")))),
        (body("continue;"), Box::new(is(Problem::Leaves("continue")))),
        (body("switch h { default: { continue; } }"), Box::new(is(Problem::Leaves("continue")))),
        (body("k += 1u;"), Box::new(is(Problem::Assigned("k".into())))),
        (body("if h == 1u { let p = &k; *p = 3u; }"), Box::new(is(Problem::Assigned("k".into())))),
        (body("change(&k);"), Box::new(is(Problem::Assigned("k".into())))),
        ("for (var k = 0u; k < h; k++) { g(k); }".into(), Box::new(unknown("condition"))),
        ("for (var k = h; k < 2u; k++) { g(k); }".into(), Box::new(unknown("start"))),
        ("for (var k = 0u; k < 2u; k += h) { g(k); }".into(), Box::new(unknown("step"))),
        // Below zero, an unsigned counter goes on at the other end.
        ("for (var k = 2u; k >= 0u; k--) { g(k); }".into(), Box::new(is(Problem::TooLong))),
        ("for (var k = 2u; k > 1u && k < 3u; k--) { g(k); }".into(), Box::new(unknown("condition"))),
        ("for (var k = 2u; k > 1u / (k - 2u); k--) { g(k); }".into(), Box::new(unknown("condition"))),
        ("for (var k = 0u; k < OVERRIDDEN; k++) { g(k); }".into(), Box::new(unknown("condition"))),
        ("for (var k = 0u; k < 100000u; k++) { g(k); }".into(), Box::new(is(Problem::TooLong))),
        ("for (var k = 0u; k < 2u; k *= 2u) { g(k); }".into(), Box::new(is(Problem::TooLong))),
        ("for (var k = 0.0; k < 2.0; k += 1.0) { g(0u); }".into(), Box::new(is(Problem::NotCounted))),
        ("for (var k = 0u; ; k++) { if k > 2u { break; } }".into(), Box::new(is(Problem::NotCounted))),
        ("for (var k = 0u; k < 2u; ) { k++; }".into(), Box::new(is(Problem::NotCounted))),
        ("for (; h < 2u; h++) { g(h); }".into(), Box::new(is(Problem::NotCounted))),
        ("for (j = 0u; j < 2u; j++) { g(j); }".into(), Box::new(is(Problem::NotCounted))),
        ("while h < 2u { h++; }".into(), Box::new(is(Problem::NotCounted))),
        ("loop { break; }".into(), Box::new(is(Problem::NotCounted))),
        ("g(1u);".into(), Box::new(is(Problem::NoLoop))),
        (format!("// why\n{}", body("g(k);")), Box::new(is(Problem::NoLoop))),
        (body("g(1.0);"), Box::new(|problem: &Problem| matches!(problem, Problem::NotWgsl(_)))),
    ];
    for (body, expected) in cases {
        let source = hashing(
            "override OVERRIDDEN = 2u; fn change(p: ptr<function, u32>) { *p = 1u; }",
            &format!("var j = 0u;\n// unroll\n{body}"),
        );
        let error = unroll(&source).expect_err(&source);
        assert!(expected(&error.problem), "{body}: {error}");
    }
}

#[test]
fn errors_name_file_and_line() {
    let source = "const N: u32 = 2u;
// file: shaders/one.wgsl
fn f() {}
// file: shaders/two.wgsl

fn g(n: u32) {
    // unroll
    for (var k = 0u; k < n; k++) {}
}";
    let error = unroll(source).unwrap_err();
    assert_eq!(error.place, Place { file: Some("shaders/two.wgsl".into()), line: 3 });
    assert_eq!(
        error.to_string(),
        "shaders/two.wgsl:3: marked `// unroll`, but its condition isn't known: it depends on what the shader computes. \
         It may depend on constants, and on counters of unrolled loops around"
    );
    assert_eq!(unroll("// unroll\n").unwrap_err().place.to_string(), "line 1");
}

/// Nested loops over few names, so that they shadow each other.
fn block(depth: u32) -> BoxedStrategy<String> {
    let name = || prop::sample::select(vec!["p", "q", "r"]);
    let bound = || {
        let counter = prop::sample::select(vec!["p", "q", "r"]);
        prop_oneof![
            (0..4u32).prop_map(|n| format!("{n}u")),
            counter.clone().prop_map(String::from),
            (counter.clone(), 0..4u32).prop_map(|(k, n)| format!("min({k}, {n}u)")),
            (counter, 1..4u32).prop_map(|(k, n)| format!("({k} + N) % {n}u")),
        ]
    };
    let call = (name(), name()).prop_map(|(a, b)| format!("g({a} * 4u + {b});"));
    if depth == 0 {
        return call.boxed();
    }
    let shadow = (name(), bound()).prop_map(|(k, n)| format!("let {k} = {n}; g({k});"));
    let heads = (name(), bound(), bound(), 0..4usize).prop_map(|(k, a, b, form)| {
        // A limit that runs away from the counter would be none.
        let b = b.replace(k, "1u");
        match form {
            0 => format!("for (var {k} = {a}; {k} <= {b}; {k}++)"),
            1 => format!("for(var {k}={a};{k}<{b}+2u;{k}+=2u)"),
            2 => format!("for (var {k}: u32 = {a} + 3; {k} > {b}; {k}--)"),
            _ => format!("for (var {k} = {a}; /* ) */ {b} >= {k}; {k} = {k} * 2u + 1u)"),
        }
    });
    let counted = (heads, block(depth - 1))
        .prop_map(|(head, body)| format!("// unroll\n{head} {{ // {{\n{body}\n}}\n"));
    prop::collection::vec(
        prop_oneof![2 => counted, 1 => call, 1 => shadow.prop_map(|s| format!("{{ {s} }}"))],
        1..3,
    )
    .prop_map(|parts| parts.join("\n"))
    .boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unrolled_loops_do_what_loops_do(body in block(3)) {
        let body = format!("// unroll\nfor (var p = 0u; p < 1u; p++) {{\n// unroll\nfor (var q = p; q < 1u; q++) {{\n\
            // unroll\nfor (var r = 2u; r < 3u; r++) {{\n{body}\n}}\n}}\n}}");
        let [rolled, unrolled] = both("const N = 7u / 2u;", &body);
        prop_assert_eq!(rolled, unrolled);
    }
}

/// What `g` is called with when `f` runs.
fn run(source: &str) -> Vec<u32> {
    let module = naga::front::wgsl::parse_str(source)
        .unwrap_or_else(|error| panic!("{}", error.emit_to_string(source)));
    let (_, function) = module.functions.iter().find(|(_, f)| f.name.as_deref() == Some("f")).unwrap();
    let mut machine = Machine {
        module: &module,
        function,
        values: HashMap::new(),
        variables: HashMap::new(),
        calls: Vec::new(),
    };
    for (variable, declared) in function.local_variables.iter() {
        let value = declared.init.map_or(0, |init| machine.value(init));
        machine.variables.insert(variable, value);
    }
    machine.block(&function.body);
    machine.calls
}

/// Runs functions that count; truth is 1.
struct Machine<'a> {
    module: &'a naga::Module,
    function: &'a Function,
    values: HashMap<Handle<Expression>, u32>,
    variables: HashMap<Handle<naga::LocalVariable>, u32>,
    calls: Vec<u32>,
}

/// How a block is left.
#[derive(PartialEq)]
enum Left {
    AtTheEnd,
    Break,
    Return,
}

impl Machine<'_> {
    fn block(&mut self, block: &Block) -> Left {
        for statement in block {
            let left = match statement {
                Statement::Emit(range) => {
                    for handle in range.clone() {
                        self.values.remove(&handle);
                        let value = self.value(handle);
                        self.values.insert(handle, value);
                    }
                    Left::AtTheEnd
                }
                Statement::Block(block) => self.block(block),
                Statement::If { condition, accept, reject } => {
                    let taken = if self.value(*condition) == 1 { accept } else { reject };
                    self.block(taken)
                }
                Statement::Switch { selector, cases } => {
                    let selector = self.value(*selector);
                    let case = cases.iter().find(|case| match case.value {
                        naga::SwitchValue::U32(value) => value == selector,
                        _ => true,
                    });
                    match self.block(&case.unwrap().body) {
                        Left::Break => Left::AtTheEnd,
                        left => left,
                    }
                }
                Statement::Loop { body, continuing, .. } => loop {
                    match self.block(body) {
                        Left::AtTheEnd => self.block(continuing),
                        Left::Break => break Left::AtTheEnd,
                        Left::Return => break Left::Return,
                    };
                },
                Statement::Break => Left::Break,
                Statement::Return { .. } => Left::Return,
                Statement::Store { pointer, value } => {
                    let value = self.value(*value);
                    self.variables.insert(evaluate::variable(self.function, *pointer).unwrap(), value);
                    Left::AtTheEnd
                }
                Statement::Call { arguments, .. } => {
                    let value = self.value(arguments[0]);
                    self.calls.push(value);
                    Left::AtTheEnd
                }
                other => panic!("{other:?}"),
            };
            if left != Left::AtTheEnd {
                return left;
            }
        }
        Left::AtTheEnd
    }

    fn value(&self, expression: Handle<Expression>) -> u32 {
        if let Some(value) = self.values.get(&expression) {
            return *value;
        }
        match self.function.expressions[expression] {
            Expression::Literal(Literal::U32(value)) => value,
            Expression::Literal(Literal::Bool(value)) => value.into(),
            Expression::ZeroValue(_) => 0,
            Expression::Constant(constant) => {
                let init = &self.module.global_expressions[self.module.constants[constant].init];
                let Expression::Literal(Literal::U32(value)) = *init else { panic!("{init:?}") };
                value
            }
            Expression::Load { pointer } => {
                self.variables[&evaluate::variable(self.function, pointer).unwrap()]
            }
            Expression::Math { fun, arg, arg1: Some(arg1), .. } => {
                let (a, b) = (self.value(arg), self.value(arg1));
                if fun == MathFunction::Min { a.min(b) } else { a.max(b) }
            }
            Expression::Binary { op, left, right } => {
                let (a, b) = (self.value(left), self.value(right));
                match op {
                    BinaryOperator::Add => a + b,
                    BinaryOperator::Subtract => a - b,
                    BinaryOperator::Multiply => a * b,
                    BinaryOperator::Divide => a / b,
                    BinaryOperator::Modulo => a % b,
                    BinaryOperator::Equal => (a == b).into(),
                    BinaryOperator::NotEqual => (a != b).into(),
                    BinaryOperator::Less => (a < b).into(),
                    BinaryOperator::LessEqual => (a <= b).into(),
                    BinaryOperator::Greater => (a > b).into(),
                    BinaryOperator::GreaterEqual => (a >= b).into(),
                    BinaryOperator::LogicalAnd => a & b,
                    other => panic!("{other:?}"),
                }
            }
            ref other => panic!("{other:?}"),
        }
    }
}
