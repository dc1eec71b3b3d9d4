//! What breaks the rules of the architecture, in words that name files and lines.

use super::graph::{Arrow, Graph};
use super::modules::Modules;

/// What the sources have to keep to.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Top-level modules: each may know those of earlier lines.
    pub layers: &'a [&'a [&'a str]],
    /// Faults that are let pass, as they are named: an arrow, or a file and what it must not have.
    pub known: &'a [&'a str],
}

/// All faults, and all known ones that are none any more.
pub fn faults(modules: &Modules, rules: Rules<'_>) -> Vec<String> {
    let graph = Graph::of(modules);
    let mut found: Vec<(String, String)> = strangers(modules);
    let known: Vec<Arrow> =
        graph.arrows().filter(|arrow| rules.known.contains(&arrow.to_string().as_str())).cloned().collect();
    let up = |arrow: &Arrow| arrow.folder.is_empty() && !below(rules.layers, arrow);
    for arrow in known.iter().filter(|arrow| up(arrow) || graph.circle(arrow).is_some()) {
        found.push((arrow.to_string(), graph.described(arrow)));
    }
    let graph = graph.without(&known);
    for arrow in graph.arrows().filter(|arrow| up(arrow)) {
        let text = format!("against the layers: {}", graph.described(arrow));
        found.push((arrow.to_string(), text));
    }
    for circle in graph.circles() {
        let arrows: String = circle.iter().map(|arrow| graph.described(arrow)).collect();
        found.push((String::new(), format!("a circle:\n{arrows}")));
    }
    let gone = rules.known.iter().filter(|&&known| !found.iter().any(|(name, _)| name == known));
    let gone: Vec<String> =
        gone.map(|known| format!("'{known}' is no fault any more: strike it from KNOWN")).collect();
    let left = found.into_iter().filter(|(name, _)| !rules.known.contains(&name.as_str()));
    left.map(|(_, text)| text).chain(table(modules, rules.layers)).chain(gone).collect()
}

/// Whether an arrow between top-level modules goes to an earlier line of the table.
fn below(layers: &[&[&str]], arrow: &Arrow) -> bool {
    let line = |name: &str| layers.iter().position(|layer| layer.contains(&name));
    match (line(&arrow.from), line(&arrow.to)) {
        (Some(from), Some(to)) => to < from,
        _ => true, // said by `table`
    }
}

/// Top-level modules that the table lacks, and names in it that are no modules.
fn table(modules: &Modules, layers: &[&[&str]]) -> Vec<String> {
    let named: Vec<&str> = layers.iter().copied().flatten().copied().collect();
    let there: Vec<&str> = modules
        .iter()
        .filter_map(|(name, _)| if let [one] = &name[..] { Some(one.as_str()) } else { None })
        .collect();
    let missing =
        there.iter().filter(|name| !named.contains(name)).map(|name| format!("LAYERS lacks '{name}'"));
    let extra = named
        .iter()
        .filter(|name| !there.contains(name))
        .map(|name| format!("'{name}' in LAYERS is no module"));
    missing.chain(extra).collect()
}

/// What stands where it must not: wgpu outside the GPU backend, and a condition on the GPU in the plan.
fn strangers(modules: &Modules) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (name, module) in modules.iter() {
        let file = &module.file;
        let inside = |folder: &str| name.first().is_some_and(|first| first == folder);
        if !inside("gpu") {
            for mention in &module.mentions {
                if modules.meaning(name, mention).foreign.as_deref() == Some("wgpu") {
                    let place = format!("{file}:{} {}", mention.line, mention.path.join("::"));
                    found.push((format!("{file}: wgpu"), format!("wgpu outside src/gpu: {place}")));
                }
            }
        }
        if inside("plan") {
            for (condition, line) in module.conditions.iter().filter(|(text, _)| text.contains("\"gpu\"")) {
                let text = format!("the plan knows no device: {file}:{line} cfg({condition})");
                found.push((format!("{file}: cfg(gpu)"), text));
            }
        }
    }
    found
}
