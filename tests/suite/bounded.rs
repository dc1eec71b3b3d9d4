//! Bounded work: whatever a file says, it is loaded and planned in time and memory in proportion to its size, or refused.
//!
//! Nothing here looks at a clock: what once took time without end would not come to an end. Planning has a file of its own, `planning.rs`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::path;
use crate::onnx_encode::{field, file, node};
use hope::activation::Tanh;
use hope::model::{Geometry, Model, Smoothing};
use hope::npy;
use hope::onnx::ImportOptions;
use hope::{Cost, Error, Method, Request, TaylorPolynomial, Terms};

fn load(bytes: Vec<u8>) -> hope::Result<Model> {
    Model::from_onnx_bytes(bytes, &ImportOptions::default())
}

fn varint(mut n: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while n >= 128 {
        bytes.push(n as u8 | 128);
        n >>= 7;
    }
    bytes.push(n as u8);
    bytes
}

/// An initializer of int64 numbers.
fn integers(name: &str, shape: &[u64], values: &[i64]) -> Vec<u8> {
    let dims: Vec<u8> = shape.iter().flat_map(|&size| [vec![8], varint(size)].concat()).collect();
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    field(5, &[dims, vec![16, 7], field(8, name.as_bytes()), field(9, &data)].concat())
}

/// An integer attribute.
fn attribute(name: &str, value: i64) -> Vec<u8> {
    field(5, &[field(1, name.as_bytes()), vec![24], varint(value as u64), vec![0xa0, 1, 2]].concat())
}

/// A node with an integer attribute.
fn with(operator: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) -> Vec<u8> {
    let inputs = inputs.iter().flat_map(|name| field(1, name.as_bytes()));
    let attributes = attributes.iter().flat_map(|&(name, value)| attribute(name, value));
    let parts =
        [inputs.collect(), field(2, output.as_bytes()), field(4, operator.as_bytes()), attributes.collect()];
    field(1, &parts.concat())
}

#[test]
fn constants_without_elements_take_no_time() {
    let folder = path("tests/fixtures/cases/hang_empty_constant");
    for name in ["z_reduce", "z_prod", "z_concat"] {
        // A model or an error, but at once.
        let _ = Model::from_onnx(folder.join(name).with_extension("onnx"), &ImportOptions::default());
    }
    // Whatever works on constants, on each side of the axis without elements.
    let huge = 1u64 << 40;
    for shape in [[0, huge, 1], [huge, 0, 1], [huge, 1, 0], [1, huge, 0]] {
        for axis in 0..3 {
            let axes = integers("a", &[1], &[axis]);
            let index = integers("i", &[2], &[0, 0]);
            let pads = integers("p", &[6], &[0; 6]);
            let more = integers("m", &[3], &[1, 1, 1]);
            let nodes = [
                with("ReduceSum", &["c", "a"], "d", &[]),
                with("ReduceMean", &["c"], "d", &[]),
                with("ReduceProd", &["c"], "d", &[]),
                with("ReduceMax", &["c"], "d", &[]),
                with("ReduceMin", &["c"], "d", &[]),
                with("Concat", &["c", "c"], "d", &[("axis", axis)]),
                with("Gather", &["c", "i"], "d", &[("axis", axis)]),
                with("Transpose", &["c"], "d", &[]),
                with("Add", &["c", "c"], "d", &[]),
                with("Neg", &["c"], "d", &[]),
                with("Tanh", &["c"], "d", &[]),
                with("Equal", &["c", "c"], "d", &[]),
                with("Where", &["c", "c", "c"], "d", &[]),
                with("Pad", &["c", "p"], "d", &[]),
                with("Tile", &["c", "m"], "d", &[]),
                with("Expand", &["c", "m"], "d", &[]),
                with("Slice", &["c", "i", "i"], "d", &[]),
                with("Flatten", &["c"], "d", &[("axis", axis)]),
                with("MatMul", &["c", "c"], "d", &[]),
                with("Softmax", &["c"], "d", &[("axis", axis)]),
            ];
            for made in nodes {
                let constants = [integers("c", &shape, &[]), axes.clone(), index.clone(), pads.clone()];
                let graph = [constants.concat(), more.clone(), made, node("Add", &["x", "d"], &["y"])];
                let _ = load(file(&graph.concat()));
            }
        }
    }
}

#[test]
fn reductions_of_constants_are_right() {
    // Shape [2, 3, 2]: sums over each axis, worked out by hand.
    let values: Vec<i64> = (1..=12).collect();
    for (axis, truth) in
        [(0, vec![8i64, 10, 12, 14, 16, 18]), (1, vec![9, 12, 27, 30]), (2, vec![3, 7, 11, 15, 19, 23])]
    {
        let count = integers("n", &[1], &[truth.len() as i64]);
        let graph = [
            integers("c", &[2, 3, 2], &values),
            integers("a", &[1], &[axis]),
            count,
            with("ReduceSum", &["c", "a"], "s", &[]),
            with("Reshape", &["s", "n"], "f", &[]),
            integers("first", &[1], &[0]),
            integers("four", &[1], &[4]),
            node("Slice", &["f", "first", "four"], &["g"]),
            with("Cast", &["g"], "h", &[("to", 1)]),
            node("Add", &["x", "h"], &["y"]),
        ];
        let model = load(file(&graph.concat())).unwrap();
        let values = hope::forward::values(&model, &[0.0; 4], None).unwrap();
        let truth: Vec<f64> = truth[..4].iter().map(|&v| v as f64).collect();
        assert_eq!(values, truth, "axis {axis}");
    }
}

/// Weights that the file says how to fill, as in ONNX's light models: in proportion to what the network then holds, within the memory that is allowed.
#[test]
fn filled_weights_come_out_of_the_memory_that_is_allowed() {
    const ROWS: i64 = 1 << 21;
    let filled = [
        integers("s", &[2], &[4, ROWS]),
        node("ConstantOfShape", &["s"], &["w"]),
        node("MatMul", &["x", "w"], &["v"]),
    ];
    let summed = [node("ReduceMax", &["w"], &["m"]), node("Add", &["x", "m"], &["y"])].concat();
    let layer = file(&[filled.concat(), node("Tanh", &["v"], &["y"])].concat());
    let allowing = |bytes: &[u8], memory| {
        Model::from_onnx_bytes(bytes.to_vec(), &ImportOptions { memory: Some(memory), ..Default::default() })
    };
    assert_eq!(allowing(&layer, 1 << 30).unwrap().output_shape(), [ROWS as usize]);
    let message = allowing(&layer, 64 << 20).unwrap_err().to_string();
    assert!(message.contains("256 MiB of memory") && message.contains("--memory"), "{message}");
    // Twice as many don't fit where once is the limit.
    let twice = [filled.concat(), node("MatMul", &["x", "w"], &["u"]), node("Add", &["u", "v"], &["y"])];
    let message = allowing(&file(&twice.concat()), 300 << 20).unwrap_err().to_string();
    assert!(message.contains("only 44.0 MiB"), "{message}");
    // What no layer holds is no reason to compute it.
    let message = allowing(&file(&[filled.concat(), summed].concat()), 1 << 40).unwrap_err().to_string();
    assert!(message.contains("out of proportion"), "{message}");
}

/// Many outputs of a node that comes before what it reads: whether they form a cycle is asked once.
#[test]
fn an_error_takes_no_longer_than_a_model() {
    let outputs: Vec<String> = (0..60_000).map(|i| format!("o{i}")).collect();
    let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let mut graph = node("Split", &["late"], &outputs);
    let names: Vec<String> = (0..=50_000).map(|i| format!("t{i}")).collect();
    graph.extend(node("Tanh", &["x"], &["t0"]));
    names.windows(2).for_each(|w| graph.extend(node("Tanh", &[&w[0]], &[&w[1]])));
    graph.extend(node("Tanh", &["t50000"], &["late"]));
    graph.extend(node("Identity", &["o7"], &["y"]));
    let message = load(file(&graph)).unwrap_err().to_string();
    assert!(message.contains("not in topological order"), "{message}");
}

/// A fuzzer's find: the largest of 65,536 inputs was said to cost as many operations along all of them, and took a minute.
#[test]
fn what_a_maximum_compares_is_counted() {
    const INPUTS: usize = 65536;
    let mut b = Model::builder(&[1, 1, INPUTS]);
    let x = b.input();
    let y = b.max_pool(x, &Geometry { kernel: vec![1, INPUTS], ..Geometry::default() }).expect("a maximum");
    let model = b.build(y).expect("a model");
    let cost = |terms| {
        let request = Request { terms, ..Request::new(vec![0.0; INPUTS], 2) };
        Cost::of(&model, &request).expect("a cost").flops
    };
    let squared = (INPUTS * INPUTS) as f64;
    assert!((1.0..3.0).contains(&(cost(Terms::Unmixed) / squared)), "{}", cost(Terms::Unmixed));
    let one = hope::rays::Directions::random(INPUTS, 1, 1);
    assert!((2.0..10.0).contains(&(cost(Terms::Along(one.clone())) / INPUTS as f64)));
    assert!((2.0..20.0).contains(&(cost(Terms::Gradient(Some(one))) / INPUTS as f64)));
}

#[test]
fn what_is_too_large_is_refused_before_it_is_listed() {
    let folder = path("tests/fixtures/cases/memory_before_budget");
    for name in ["e28", "e31"] {
        let model =
            Model::from_onnx(folder.join(name).with_extension("onnx"), &ImportOptions::default()).unwrap();
        for (terms, order) in [(Terms::Gradient(None), 1), (Terms::Hessian(None), 2)] {
            let request = Request { memory: Some(64 << 20), terms, ..Request::new(vec![0.5], order) };
            let cost = Cost::of(&model, &request);
            assert!(matches!(cost, Err(Error::Memory { needed, .. }) if needed > 1 << 30), "{cost:?}");
        }
        // Orders at which products of sizes are beyond 64 bits.
        for order in [1, 30] {
            for method in [Method::Exact, Method::Hope] {
                let request = Request { memory: Some(64 << 20), method, ..Request::new(vec![0.5], order) };
                match Cost::of(&model, &request) {
                    Err(Error::Memory { needed, allowed }) => {
                        assert!(allowed == 64 << 20 && needed > 1 << 30, "{needed}");
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }
}

#[test]
fn exponents_are_counted_before_they_are_made() {
    let mut b = Model::builder(&[1600]);
    let end = b.activation(b.input(), Tanh).unwrap();
    let end = b.reduce(end, &[0], true, false).unwrap();
    let model = b.build(end).unwrap();
    for method in [Method::Exact, Method::Hope] {
        let request = Request {
            memory: Some(128 << 20),
            terms: Terms::Mixed(None),
            method,
            ..Request::new(vec![0.5; 1600], 2)
        };
        match (method, Cost::of(&model, &request)) {
            (Method::Exact, Err(Error::Memory { needed, .. })) => assert!(needed > 1 << 30, "{needed}"),
            (Method::Hope, Err(Error::Method { .. })) => {} // it needs a first linear layer
            (_, other) => panic!("{other:?}"),
        }
    }
}

/// A result that is kept has its place in the budget.
#[test]
fn results_are_counted_where_they_are_kept() {
    let mut b = Model::builder(&[200]);
    let end = b.activation(b.input(), Tanh).unwrap();
    let model = b.build(end).unwrap();
    let points = 40;
    let request = Request { memory: Some(16 << 20), ..Request::new(vec![0.5; points * 200], 4) };
    let all = (points * 200 * 200 * 4 * 8) as u64;
    match hope::expand(&model, &request) {
        Err(Error::Memory { needed, .. }) => assert!(needed > all, "{needed}"),
        other => panic!("{other:?}"),
    }
    hope::Job::new(&model, &request).unwrap(); // as a stream they fit
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn no_library_call_waits_for_a_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = |name: &str| {
        let path = folder.path().join(name);
        mkfifo(&path);
        path
    };
    let no_file = |error: Error| {
        let message = error.to_string();
        assert!(message.contains("not a file"), "{message}");
    };
    let options = ImportOptions::default();
    no_file(Model::from_onnx(pipe("m.onnx"), &options).unwrap_err());
    no_file(hope::onnx::output_names(folder.path().join("m.onnx")).unwrap_err());
    no_file(hope::results::ModelFile::read(&folder.path().join("m.onnx")).unwrap_err());
    no_file(npy::read(&pipe("a.npy")).unwrap_err());
    no_file(npy::NpzReader::open(&pipe("a.npz")).unwrap_err());
    no_file(TaylorPolynomial::load(&folder.path().join("a.npz")).unwrap_err());
    no_file(TaylorPolynomial::load(&pipe("p.json")).unwrap_err());
    no_file(Model::from_onnx("/dev/zero", &options).unwrap_err());
    no_file(npy::read(folder.path()).unwrap_err());
    // Weights of a model.
    let model = folder.path().join("fifo.onnx");
    std::fs::copy(path("tests/fixtures/cases/external_data/fifo.onnx"), &model).unwrap();
    pipe("pipe.bin");
    no_file(Model::from_onnx(&model, &options).unwrap_err());
}

#[test]
fn external_data_is_as_long_as_its_shape_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let model = folder.path().join("sparse.onnx");
    std::fs::copy(path("tests/fixtures/cases/external_data/sparse.onnx"), &model).unwrap();
    let data = std::fs::File::create(folder.path().join("sparse.bin")).unwrap();
    data.set_len(40 << 30).unwrap(); // takes no place on the disk
    let message = Model::from_onnx(&model, &ImportOptions::default()).unwrap_err().to_string();
    assert!(message.contains("42949672960 bytes for the shape [2, 2]"), "{message}");
}

/// The layout of caches of models: links into one folder of blobs.
#[cfg(unix)]
#[test]
fn links_are_followed_where_the_model_is_and_where_the_user_allows() {
    use std::os::unix::fs::symlink;

    let at = |model: &Path, allow: &[&Path]| {
        let allow_external = allow.iter().map(|folder| folder.to_path_buf()).collect();
        let model = Model::from_onnx(model, &ImportOptions { allow_external, ..ImportOptions::default() })?;
        // onnxruntime 1.23.2: -0.31130975.
        let value = hope::forward::values(&model, &[0.5, -0.5], None)?[0];
        assert!((value + 0.31130975).abs() < 1e-7, "{value}");
        Ok::<(), Error>(())
    };
    let cache = tempfile::tempdir().unwrap();
    let folder = |name: &str| {
        let path = cache.path().join(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    };
    let blobs = folder("blobs");
    for blob in ["aaaa", "bbbb"] {
        std::fs::copy(path("tests/fixtures/cases/hf_cache_symlinks").join(blob), blobs.join(blob)).unwrap();
    }
    let links = |place: &Path| -> PathBuf {
        symlink(blobs.join("aaaa"), place.join("e.onnx")).unwrap();
        symlink(blobs.join("bbbb"), place.join("e.onnx.data")).unwrap();
        place.join("e.onnx")
    };
    at(&links(&folder("snapshots/rev/onnx")), &[]).unwrap();

    // A link inside the model's own tree.
    let own = folder("own");
    std::fs::copy(blobs.join("aaaa"), own.join("e.onnx")).unwrap();
    std::fs::create_dir(own.join("weights")).unwrap();
    std::fs::copy(blobs.join("bbbb"), own.join("weights/w")).unwrap();
    symlink("weights/w", own.join("e.onnx.data")).unwrap();
    at(&own.join("e.onnx"), &[]).unwrap();

    // A link to elsewhere: the message says how to allow it, and so it is.
    let other = folder("other");
    std::fs::copy(blobs.join("aaaa"), other.join("e.onnx")).unwrap();
    symlink(blobs.join("bbbb"), other.join("e.onnx.data")).unwrap();
    let message = at(&other.join("e.onnx"), &[]).unwrap_err().to_string();
    let real = blobs.canonicalize().unwrap();
    assert!(message.contains(&format!("--allow-external {}", real.display())), "{message}");
    at(&other.join("e.onnx"), &[&own]).unwrap_err();
    at(&other.join("e.onnx"), &[&own, &blobs]).unwrap();
}

/// Shapes of arrays without numbers, whose other sizes can't be multiplied.
#[test]
fn shapes_that_cannot_be_multiplied_are_refused() {
    let file = |shape: &[usize]| npy::header("<f8", shape);
    let huge = 1usize << 40;
    for shape in [&[0, huge, huge][..], &[huge, huge, 0], &[huge, 0, huge], &[usize::MAX, 2]] {
        let bytes = file(shape);
        npy::read_from(bytes.as_slice(), bytes.len() as u64).unwrap_err();
    }
    let bytes = file(&[0, 3]);
    assert_eq!(npy::read_from(bytes.as_slice(), bytes.len() as u64).unwrap().values, Vec::<f64>::new());
}

/// A builder takes any shapes: none is multiplied without a check.
#[test]
fn shapes_of_a_builder_may_be_anything() {
    let huge = 1usize << 40;
    for shape in [&[huge, huge][..], &[huge, huge, 0], &[0, huge]] {
        let mut b = Model::builder(shape);
        let x = b.input();
        assert!(b.reshape(x, &[4]).is_err());
        assert!(b.activation(x, Tanh).is_err());
        assert!(b.build(x).is_err());
    }
}

/// Padded, dilated windows: other cells at each position, so that a smooth maximum takes nodes for each.
#[test]
fn a_stand_in_of_too_many_parts_is_refused() {
    let mut b = Model::builder(&[1, 4096]);
    let window =
        Geometry { kernel: vec![2000], dilation: vec![2], pad_begin: vec![2000], ..Geometry::default() };
    let end = b.max_pool(b.input(), &window).unwrap();
    let model = b.build(end).unwrap();
    let smoothing: Smoothing = "max_pool=logsumexp:10".parse().unwrap();
    let message = model.smooth(&smoothing).unwrap_err().to_string();
    assert!(message.contains("too many parts"), "{message}");
}

/// Windows of images that nobody has: each of these would walk a quintillion cells, or billions a thousand times.
#[test]
fn windows_are_not_walked_where_only_their_sizes_are_needed() {
    const LONG: usize = 1 << 30;
    let smoothing: Smoothing = "max_pool=logsumexp:10".parse().unwrap();
    let of = |kernel: usize, stride, dilation, pad_begin, pad_end| Geometry {
        kernel: vec![kernel],
        stride: vec![stride],
        dilation: vec![dilation],
        pad_begin: vec![pad_begin],
        pad_end: vec![pad_end],
        ceil: false,
    };
    let half = LONG / 2;
    for (geometry, fits) in [
        (of(half, 1, 1, 0, 0), true),
        (of(half, 1, 1, half - 1, half - 1), true),
        (of(3, 1, LONG, LONG, LONG), true),
        (of(half / 4, 1, 4, half - 4, half - 4), true),
        (of(half, 1, 1, half, half), false),
        (of(2, 1, LONG + 2, LONG, LONG), false), // the cells leap over the image
    ] {
        let mut b = Model::builder(&[1, LONG]);
        let x = b.input();
        let mut means = Vec::new();
        for include_pad in [false, true] {
            means.push(b.average_pool(x, &geometry, include_pad));
        }
        let largest = b.max_pool(x, &geometry);
        assert_eq!((means[0].is_ok(), largest.is_ok()), (fits, fits), "{geometry:?}: {largest:?}");
        if let Ok(y) = largest {
            // One part or many, but soon: no list of cells.
            let _ = b.build(y).expect("a model").smooth(&smoothing);
        }
    }
    let mut b = Model::builder(&[1, LONG]);
    let (mut y, zero) = (b.input(), b.input());
    for _ in 0..1000 {
        y = b.maximum(y, zero).expect("a maximum");
    }
    assert!(b.build(y).is_ok());
}

/// An axis that the file only speaks of isn't listed, element by element.
#[test]
fn axes_of_the_input_are_not_listed() {
    let long = 1i64 << 30;
    let shape = integers("s", &[3], &[-1, 1, long]);
    let wide = with("Expand", &["x", "t"], "w", &[]);
    let tile = integers("t", &[3], &[1, long / 4, 4]);
    let reshape = with("Reshape", &["w", "s"], "l", &[]);
    let edge = integers("p", &[6], &[0, 0, 1, 0, 0, 1]);
    let index = integers("i", &[1, 1, 1], &[0]);
    let axis = integers("a", &[], &[2]);
    let update = with("Cast", &["i"], "u", &[("to", 1)]);
    for (operator, inputs, attributes) in [
        ("Pad", &["l", "p"][..], &[][..]),
        ("ScatterElements", &["l", "i", "u"], &[("axis", 2)]),
        ("CumSum", &["l", "a"], &[]),
    ] {
        let mut last = with(operator, inputs, "y", attributes);
        if operator == "Pad" {
            let text = [field(1, b"mode"), field(4, b"reflect"), vec![0xa0, 1, 3]].concat();
            let inside = [&last[2..], &field(5, &text)].concat();
            last = field(1, &inside);
        }
        let graph = [&wide, &reshape, &update, &last, &tile, &shape, &edge, &index, &axis]
            .map(|part| &part[..])
            .concat();
        let error = load(file(&graph)).expect_err(operator).to_string();
        assert!(error.contains("out of proportion") || error.contains("too large"), "{operator}: {error}");
    }
}

/// docs/sizes.md names tests: they are there.
#[test]
fn the_places_that_multiply_sizes_have_their_tests() {
    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                all.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut all = String::new();
    ["src", "tests"].iter().for_each(|folder| sources(&path(folder), &mut all));
    let list = std::fs::read_to_string(path("docs/sizes.md")).unwrap();
    let rows = list.lines().filter(|line| line.starts_with("| `"));
    let mut named = 0;
    for row in rows {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for test in tests.split(", ") {
            let test = test.trim_matches('`');
            assert!(all.contains(&format!("fn {test}()")), "{row}: no test {test}");
            named += 1;
        }
    }
    assert!(named > 15, "{named}");
}
