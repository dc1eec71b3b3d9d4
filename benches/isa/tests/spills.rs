//! No shader for GPUs spills registers into memory on AMD's chips, up to order 16. Needs Mesa's driver for AMD, and no GPU.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use hope::gpu::{MAX_ORDER, variants};

/// A line of the program's table, by its headings.
type Row = BTreeMap<String, String>;

/// What the program reports for a chip: a process for each, as the driver reads the chip's name when it is loaded.
fn rows(chip: &str, more: &[&str]) -> Vec<Row> {
    let run = Command::new(env!("CARGO_BIN_EXE_hope-isa"))
        .args(["--chip", chip, "--tsv"])
        .args(more)
        .output()
        .unwrap();
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    let text = String::from_utf8(run.stdout).unwrap();
    let mut lines = text.lines().map(|line| line.split('\t').map(String::from));
    let headings: Vec<String> = lines.next().unwrap().collect();
    lines.map(|cells| headings.iter().cloned().zip(cells).collect()).collect()
}

/// Registers in memory, or arrays that can't be in registers. A number that isn't reported is an error.
fn spills(row: &Row) -> bool {
    let count = |column: &str| row[column].parse::<f64>().unwrap_or_else(|_| panic!("no {column}: {row:?}"));
    ["spilled_sgprs", "spilled_vgprs", "scratch"].into_iter().any(|column| count(column) > 0.0)
}

fn nothing_spills(chip: &str) {
    let rows = rows(chip, &[]);
    let spilling: Vec<_> = rows.iter().filter(|row| spills(row)).collect();
    assert!(spilling.is_empty(), "{chip}: {spilling:#?}");
    // What has been looked at: every file, function and entry point, and of those that know orders the highest.
    let place = |row: &Row| [row["shader"].clone(), row["entry"].clone()];
    let found: BTreeSet<_> = rows.iter().map(place).collect();
    let highest = format!("ORDER={MAX_ORDER},");
    let at_highest: BTreeSet<_> =
        rows.iter().filter(|row| row["constants"].starts_with(&highest)).map(place).collect();
    for variant in variants().unwrap() {
        let processors = ["Subgroup", "Registers"].iter().any(|tile| variant.name.ends_with(tile));
        for entry in variant.entries {
            let wanted = [variant.name.clone(), entry.to_string()];
            assert_eq!(found.contains(&wanted), !processors, "{chip}: {wanted:?}");
            if variant.source.contains("\nconst ORDER: u32") {
                assert!(at_highest.contains(&wanted), "{chip}: {wanted:?}");
            }
        }
    }
}

#[test]
fn nothing_spills_on_navi21() {
    nothing_spills("navi21");
}

#[test]
fn nothing_spills_on_vega10() {
    nothing_spills("vega10");
}

#[test]
fn nothing_spills_on_polaris10() {
    nothing_spills("polaris10");
}

#[test]
fn a_spill_would_be_seen() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/spilling.wgsl");
    for chip in ["navi21", "vega10", "polaris10"] {
        let rows = rows(chip, &["--file", file]);
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert!(rows.iter().all(spills), "{chip}: {rows:#?}");
    }
}
