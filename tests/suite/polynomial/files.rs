//! Polynomials in files: what is written is read, and nothing wrong is believed.

use std::io::{Cursor, Read as _};
use std::path::Path;

use hope::TaylorPolynomial;
use hope::npy::NpzReader;
use hope::polynomial::Frame;
use ndarray::{Array1, Array2};
use ndarray_npy::NpzWriter;

use super::{example, message};

fn framed() -> TaylorPolynomial {
    let frame = Frame::new(vec![0.1, 0.2], vec![1.0, 0.0, 0.5, 0.25, -1.0, 3.0]).unwrap();
    example().with_names(["alpha", "b", "long_name_3"]).unwrap().with_frame(frame).unwrap()
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let empty = TaylorPolynomial::from_exponents(&[0.1 + 0.2], &[], &[]).unwrap();
    for p in [example(), framed(), empty] {
        assert_eq!(TaylorPolynomial::from_json(&p.to_json()).unwrap(), p);
        for name in ["p.json", "p.npz", "P.NPZ"] {
            let path = folder.path().join(name);
            p.save(&path).unwrap();
            assert_eq!(TaylorPolynomial::load(&path).unwrap(), p, "{name}");
        }
    }
    assert!(message(example().save(Path::new("p.txt"))).contains(".json or .npz"));
    assert!(message(TaylorPolynomial::load(Path::new("nowhere.json"))).contains("nowhere.json"));
    assert!(message(TaylorPolynomial::load(Path::new("nowhere.npz"))).contains("nowhere.npz"));
    let taken = folder.path().join("folder.json");
    std::fs::create_dir(&taken).unwrap();
    assert!(message(TaylorPolynomial::load(&taken)).contains("not a file"));
}

#[test]
fn wrong_json_is_refused() {
    let whole = framed().to_json();
    let replaced = |from: &str, to: &str| {
        assert!(whole.contains(from), "{from} is not in {whole}");
        message(TaylorPolynomial::from_json(&whole.replacen(from, to, 1)))
    };
    for (from, to, part) in [
        ("hope polynomial", "something", "no polynomial of hope"),
        ("\"version\": 1", "\"version\": 2", "version 2"),
        ("\"version\": 1", "\"version\": \"1\"", "no version"),
        ("\"alpha\"", "\"E\"", "'E'"),
        ("\"alpha\"", "\"b\"", "two variables"),
        ("\"alpha\"", "3", "list of names"),
        ("\"variables\"", "\"variable\"", "'variable' is no key"),
        ("[0.5,-0.25,0.0]", "[0.5,-0.25]", "2 numbers for 3 variables"),
        ("[0.5,-0.25,0.0]", "[0.5,-0.25,null]", "'centre'"),
        ("[0.5,-0.25,0.0]", "[0.5,-0.25,1e999]", "no JSON"),
        ("[0.1,0.2]", "[0.1]", "rows"),
        ("[0.1,0.2]", "[]", "rows"),
        ("\"origin\"", "\"orgin\"", "'orgin'"),
        ("{\"coefficient\":1.5,\"powers\":[]}", "7", "term 0 has to be"),
        ("\"coefficient\":1.5", "\"coefficient\":\"1.5\"", "term 0 has to be"),
        ("[\"alpha\",1]", "[\"alpha\",0]", "power"),
        ("[\"alpha\",1]", "[\"alpha\",256]", "power"),
        ("[\"alpha\",1]", "[\"alpha\",-1]", "power"),
        ("[\"alpha\",1]", "[\"alpha\",1.5]", "power"),
        ("[\"alpha\",1]", "[\"alpha\"]", "term 1 has to be"),
        ("[\"alpha\",1]", "[\"beta_\",1]", "'beta_'"),
        ("[\"alpha\",1]", "[\"alpha\",1],[\"alpha\",2]", "twice"),
        ("[\"alpha\",1]", "", "given twice"),
    ] {
        let error = replaced(from, to);
        assert!(error.contains(part), "{from} -> {to}: {error}");
    }
    for length in (0..whole.trim_end().len()).step_by(7) {
        assert!(TaylorPolynomial::from_json(&whole[..length]).is_err(), "{length}");
    }
    for text in ["", "null", "[]", "{}", "1", &"[".repeat(100_000)] {
        assert!(TaylorPolynomial::from_json(text).is_err());
    }
}

fn archive(p: &TaylorPolynomial) -> Vec<u8> {
    let mut file = tempfile::tempfile().unwrap();
    p.write_npz(file.try_clone().unwrap()).unwrap();
    let mut bytes = Vec::new();
    std::io::Seek::rewind(&mut file).unwrap();
    file.read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn cut_or_damaged_archives_are_refused() {
    let whole = archive(&framed());
    for length in (0..whole.len()).step_by(13) {
        assert!(TaylorPolynomial::read_npz(Cursor::new(&whole[..length])).is_err(), "{length}");
    }
    // Any one byte: an error or (in padding and dates) the same polynomial, never another one, never a panic.
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x55;
        if let Ok(read) = TaylorPolynomial::read_npz(Cursor::new(&damaged)) {
            assert_eq!(read, framed(), "byte {at}");
        }
    }
}

/// An archive as others write it, with some of its arrays replaced.
fn written(change: &str) -> hope::Result<TaylorPolynomial> {
    let mut bytes = Cursor::new(Vec::new());
    let mut npz = if change == "compressed" {
        NpzWriter::new_compressed(&mut bytes)
    } else {
        NpzWriter::new(&mut bytes)
    };
    let pick = |name: &str, usual: Vec<f64>, other: Vec<f64>| {
        Array1::from(if change == name { other } else { usual })
    };
    let mut add = |name: &str, array: Array1<f64>| {
        if change != format!("no {name}") {
            npz.add_array(name, &array).unwrap();
        }
    };
    add("polynomial_version", pick("version", vec![1.0], vec![3.0]));
    add("centre", pick("centre", vec![0.0, 0.5], vec![0.0]));
    add("coefficients", pick("coefficients", vec![1.0, 2.0], vec![1.0, f64::NAN]));
    add(
        "starts",
        pick(
            "starts",
            vec![0.0, 1.0, 3.0],
            match change {
                "starts" => vec![0.0, 1e18, 3.0],
                _ => vec![],
            },
        ),
    );
    add("factor_variable", pick("variable", vec![1.0, 0.0, 1.0], vec![1.0, 0.0, 2.0]));
    add("factor_power", pick("power", vec![2.0, 1.0, 1.0], vec![2.0, 0.0, 1.0]));
    if change == "half a frame" {
        add("origin", Array1::from(vec![0.0]));
    }
    if change == "frame" {
        add("origin", Array1::from(vec![0.0]));
        npz.add_array("directions", &Array2::<f64>::zeros((3, 1))).unwrap();
    }
    npz.finish().unwrap();
    // ndarray-npy writes no texts: take them from an archive of our own.
    let names = TaylorPolynomial::from_exponents(&[0.0, 0.0], &[], &[]).unwrap();
    let names = if change == "names" { names.with_names(["q", "r"]).unwrap() } else { names };
    let bytes = with_variables(bytes.into_inner(), &archive(&names));
    TaylorPolynomial::read_npz(Cursor::new(bytes))
}

/// Adds the array of names of one archive to another.
fn with_variables(archive: Vec<u8>, from: &[u8]) -> Vec<u8> {
    assert!(NpzReader::new(Cursor::new(from)).unwrap().has("variables"));
    let mut source = zip::ZipArchive::new(Cursor::new(from)).unwrap();
    let mut target = zip::ZipWriter::new_append(Cursor::new(archive)).unwrap();
    target.raw_copy_file(source.by_name("variables.npy").unwrap()).unwrap();
    target.finish().unwrap().into_inner()
}

#[test]
fn archives_that_do_not_fit_together_are_refused() {
    let p = written("").unwrap();
    assert_eq!(written("compressed").unwrap(), p);
    assert_eq!(p.to_string(), "2*x1*(x2 - 0.5) + (x2 - 0.5)^2");
    assert_eq!(written("names").unwrap().variables(), ["q", "r"]);
    for (change, part) in [
        ("no polynomial_version", "no polynomial of hope"),
        ("no starts", "no array 'starts'"),
        ("version", "version 3"),
        ("centre", "1 numbers for 2 variables"),
        ("coefficients", "NaN"),
        ("starts", "'starts'"),
        ("variable", "term 1 has variable 2"),
        ("power", "power"),
        ("half a frame", "both"),
        ("frame", "'directions' has shape [3, 1] instead of [2, 1]"),
    ] {
        let error = message(written(change));
        assert!(error.contains(part), "{change}: {error}");
    }
}
