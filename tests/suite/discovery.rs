//! Function discovery on networks that `examples/discovery/train.py` has trained on known functions, several seeds, and on
//! functions whose expression is known.

use crate::common::{fixtures, path};
use hope::Request;
use hope::activation::Exp;
use hope::discovery::{Discovery, Search, discover};
use hope::model::Model;
use hope::onnx::ImportOptions;
use hope::region::Region;

/// A coefficient with its powers.
type Known = (&'static [(usize, u8)], f64);

const KNOWN_2D: &[Known] = &[(&[(0, 2)], 0.5), (&[(1, 1)], 0.5)];
const KNOWN_5D: &[Known] = &[
    (&[], 0.5),
    (&[(0, 1)], 1.0),
    (&[(1, 1), (2, 1)], 0.6),
    (&[(1, 1), (3, 1)], -0.8),
    (&[(0, 1), (1, 1), (2, 1)], 1.0),
    (&[(2, 1), (4, 1)], -1.0),
];

fn load(file: &std::path::Path) -> Model {
    Model::from_onnx(file, &ImportOptions::default()).unwrap()
}

fn found(model: &Model, search: &Search) -> Discovery {
    discover(model, search, &Request::new(Vec::new(), 1)).unwrap_or_else(|e| panic!("{e}"))
}

/// Every true coefficient within 0.05, nothing else above 0.05.
fn assert_finds(what: &str, found: &Discovery, known: &[Known]) {
    for term in &found.terms {
        let powers = term.powers();
        let truth = known.iter().find(|(p, _)| *p == powers).map_or(0.0, |(_, c)| *c);
        let c = term.fitted.filter(|_| term.kept).unwrap_or(0.0);
        assert!((c - truth).abs() <= 0.05, "{what}: {powers:?} is {c}, not {truth}");
        assert_eq!(term.kept, truth != 0.0, "{what}: {powers:?}");
    }
    assert_eq!(found.expression.len(), known.len());
    assert!(found.quality.r_squared > 0.998, "{what}: {:?}", found.quality);
}

#[test]
fn freshly_trained_networks_give_their_functions_away() {
    let mut models = fixtures("discovery", "onnx");
    models.extend(["discover_2d.onnx", "discover_5d.onnx"].map(|f| path("tests/fixtures/reference").join(f)));
    assert!(models.len() >= 8);
    for file in models {
        let model = load(&file);
        let name = file.file_name().unwrap().to_string_lossy().to_string();
        let known = if model.inputs() == 2 { KNOWN_2D } else { KNOWN_5D };
        for (order, seed) in [(3, 0), (3, 1), (4, 0)] {
            let region = Region::cube(-1.0, 1.0, model.inputs());
            let search = Search { seed, ..Search::new(region, order) };
            assert_finds(&format!("{name}, order {order}, seed {seed}"), &found(&model, &search), known);
        }
    }
}

/// The same function around another centre: 0.5 x² = 0.125 + 0.5 (x - 0.5) + 0.5 (x - 0.5)².
#[test]
fn another_centre_gives_the_same_function() {
    let model = load(&path("tests/fixtures/reference/discover_2d.onnx"));
    let search = Search { at: vec![0.5, 0.0], ..Search::new(Region::cube(-1.0, 1.0, 2), 3) };
    let found = found(&model, &search);
    let known: &[Known] = &[(&[], 0.125), (&[(0, 1)], 0.5), (&[(0, 2)], 0.5), (&[(1, 1)], 0.5)];
    assert_finds("around (0.5, 0)", &found, known);
}

/// A network that is no polynomial: the expression doesn't claim to fit.
#[test]
fn a_function_that_is_no_polynomial_is_not_claimed_to_fit() {
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let h = b.linear(x, &[1, 1], vec![8.0], None).unwrap();
    let y = b.activation(h, Exp).unwrap();
    let model = b.build(y).unwrap();
    let found = found(&model, &Search::new(Region::cube(-1.0, 1.0, 1), 2));
    assert!(found.quality.r_squared < 0.99, "{:?}", found.quality);
}

#[test]
fn searches_are_checked() {
    let model = load(&path("tests/fixtures/reference/discover_2d.onnx"));
    let search = Search::new(Region::cube(-1.0, 1.0, 2), 3);
    let wrong = [
        (Search { region: Region::cube(1.0, -1.0, 2), ..search.clone() }, "lower end first"),
        (Search { region: Region::cube(0.0, f64::NAN, 2), ..search.clone() }, "lower end first"),
        (Search { region: Region::cube(0.0, 1.0, 3), ..search.clone() }, "2 inputs"),
        (Search { at: vec![0.0], ..search.clone() }, "2 finite numbers"),
        (Search { at: vec![0.0, f64::INFINITY], ..search.clone() }, "2 finite numbers"),
        (Search { samples: 2, ..search.clone() }, "3 at least"),
        (Search { tolerance: 0.0, ..search.clone() }, "tolerance"),
        (Search { output: 1, ..search.clone() }, "no output 1"),
        (Search { order: 0, ..search.clone() }, "order"),
    ];
    for (search, part) in wrong {
        let error = discover(&model, &search, &Request::new(Vec::new(), 1)).unwrap_err();
        assert!(error.is_request() && error.to_string().contains(part), "{error}");
    }
    let mut b = Model::builder(&[1]);
    let x = b.input();
    let y = b.linear(x, &[1, 1], vec![0.0], Some(vec![2.0])).unwrap();
    let constant = b.build(y).unwrap();
    let search = Search::new(Region::cube(-1.0, 1.0, 1), 2);
    let error = discover(&constant, &search, &Request::new(Vec::new(), 1)).unwrap_err().to_string();
    assert!(error.contains("constant"), "{error}");
}
