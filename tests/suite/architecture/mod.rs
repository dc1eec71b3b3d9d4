//! The shape of the code: who may know whom. Every source is parsed, every path in it followed to the module that it names.
//!
//! An arrow goes from A to B, two files or folders (or modules inside one file) of the same folder, if anything in A names anything in B,
//! wherever in B it stands: by a `use`, in an expression, a type, an attribute or the arguments of a macro. A name that B re-exports from C
//! is an arrow to both. Code for tests (`#[cfg(test)]`) makes none.
//!
//! How parents count: `mod.rs` is its folder. What a file takes from its own parent is no arrow if the parent defines it; if the parent
//! re-exports it from another file, it is an arrow to that one. What `mod.rs` takes from outside its folder is an arrow of the folder.
//! Methods have no path: that a method is called which another file adds to a type can't be seen here.
//!
//! `cargo test --test suite architecture::graph -- --nocapture` prints the graph.

mod faults;
mod graph;
mod made_up;
mod modules;
mod reader;

use std::path::Path;

use faults::{Rules, faults};
use graph::Graph;
use modules::Modules;

/// The architecture: a module may know those of the lines above its own, and nothing else.
const LAYERS: &[&[&str]] = &[
    &["geometry", "interval", "memory", "packing", "random", "regular_file", "scalar", "temporary"],
    &["error", "series"],
    &["activation", "monomials", "npy", "picture", "property", "region", "rows", "threads"],
    &["kernel", "model"],
    &["onnx", "rays"],
    &["plan"],
    &["backend", "certificate"],
    &["cpu", "forward"],
    &["expansion"],
    &["polynomial", "sampling"],
    &["certify", "gpu"],
    &["bench", "discovery", "surrogate", "trust"],
    &["attribution"],
    &["results"],
    &["cli"],
];

/// Faults that are being mended: none. One that is none any more has to go from here.
const KNOWN: &[&str] = &[];

const RULES: Rules<'static> = Rules { layers: LAYERS, known: KNOWN };

fn sources() -> Modules {
    Modules::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

#[test]
fn the_sources_keep_to_the_architecture() {
    let found = faults(&sources(), RULES);
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Not a check: prints what ARCHITECTURE.md draws, and the arrows inside each folder.
#[test]
fn graph() {
    let graph = Graph::of(&sources());
    println!("{}", graph.mermaid(&[]));
    graph.arrows().filter(|arrow| !arrow.folder.is_empty()).for_each(|arrow| println!("{arrow}"));
}
