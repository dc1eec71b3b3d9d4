//! The test of the test: made-up sources that break each rule, and some that break none.

use super::faults::{Rules, faults};
use super::modules::Modules;

const LAYERS: &[&[&str]] = &[&["low", "gpu"], &["plan"], &["high"]];

/// Sound sources, some of them replaced.
fn found(changed: &[(&str, &str)], known: &[&str]) -> Vec<String> {
    let sound = [
        ("lib.rs", "pub mod gpu; pub mod high; pub mod low; mod plan; pub use high::a::Aim;"),
        ("gpu/mod.rs", "use wgpu::Device; pub use wgpu;"),
        ("low.rs", "pub struct Low; #[cfg(test)] mod tests { use crate::high::Top; }"),
        ("plan.rs", "use crate::low::Low;"),
        ("high/mod.rs", "mod a; mod b; pub use a::Aim; pub struct Top;"),
        ("high/a.rs", "use super::Top; pub struct Aim; impl Aim { fn low() -> crate::low::Low { todo!() } }"),
        ("high/b.rs", "use super::{Aim, Top};"),
    ];
    let sources = sound.iter().map(|&(name, text)| {
        changed.iter().find(|(other, _)| *other == name).copied().unwrap_or((name, text))
    });
    let more = changed.iter().copied().filter(|(name, _)| !sound.iter().any(|(other, _)| other == name));
    faults(&Modules::of(sources.chain(more)), Rules { layers: LAYERS, known })
}

/// One fault, whose words have all these parts.
#[track_caller]
fn caught(changed: &[(&str, &str)], parts: &[&str]) {
    let found = found(changed, &[]);
    assert_eq!(found.len(), 1, "{found:#?}");
    for part in parts {
        assert!(found[0].contains(part), "'{part}' is not in: {}", found[0]);
    }
}

#[test]
fn sound_sources_have_no_faults() {
    assert_eq!(found(&[], &[]), Vec::<String>::new());
}

#[test]
fn a_circle_is_caught() {
    let back = ("high/a.rs", "pub struct Aim;\nfn f() { super::b::g() }");
    caught(
        &[back],
        &["high/a → high/b", "src/high/a.rs:2 super::b::g", "high/b → high/a", "src/high/b.rs:1"],
    );
}

#[test]
fn a_circle_through_a_reexport_is_caught() {
    let parent = ("high/mod.rs", "mod a; mod b;\npub use a::Aim;\npub use b::*;\npub struct Top;");
    let back = ("high/b.rs", "use crate::Aim; pub struct Back;");
    // By the parent's `*`, and by the crate's root.
    caught(&[parent, back, ("high/a.rs", "pub struct Aim; type T = super::Back;")], &["high/a → high/b"]);
    // By a list of a macro.
    let list = ("high/mod.rs", "list! { a::Aim, b::Back } pub struct Top;");
    caught(
        &[
            list,
            ("high/b.rs", "use super::Aim; pub struct Back;"),
            ("high/a.rs", "use super::Back; pub struct Aim;"),
        ],
        &["circle"],
    );
}

#[test]
fn a_circle_through_attributes_and_macros_is_caught() {
    caught(&[("high/a.rs", "#[error(\"{}\", super::b::g(x))] pub struct Aim;")], &["super::b::g"]);
    caught(
        &[("high/a.rs", "pub struct Aim; fn f() { print!(\"{}\", [crate::high::b::G]) }")],
        &["crate::high::b::G"],
    );
}

#[test]
fn an_arrow_up_is_caught() {
    caught(
        &[("low.rs", "pub struct Low;\n\nuse crate::gpu::X;")],
        &["against the layers", "low → gpu", "src/low.rs:3"],
    );
}

#[test]
fn wgpu_outside_the_gpu_backend_is_caught() {
    caught(&[("plan.rs", "fn f(device: &wgpu::Device) {}")], &["src/plan.rs:1 wgpu::Device"]);
    caught(&[("high/b.rs", "use hope::gpu::wgpu::Queue;")], &["src/high/b.rs:1 hope::gpu::wgpu::Queue"]);
}

#[test]
fn a_plan_that_knows_of_gpus_is_caught() {
    caught(&[("plan.rs", "#[cfg(feature = \"gpu\")]\nfn f() {}")], &["src/plan.rs:1"]);
}

#[test]
fn a_table_that_is_not_of_these_modules_is_caught() {
    caught(&[("new.rs", "")], &["lacks 'new'"]);
}

#[test]
fn known_faults_pass_until_they_are_mended() {
    let up = ("low.rs", "use crate::gpu::X; pub struct Low;");
    assert_eq!(found(&[up], &["low → gpu"]), Vec::<String>::new());
    let mended = found(&[], &["low → gpu"]);
    assert!(mended.len() == 1 && mended[0].contains("strike it"), "{mended:?}");
    // A sound arrow is no fault either.
    assert_eq!(found(&[], &["high → low"]).len(), 1);
}
