//! The graph of modules: who knows whom among those of one folder, and where it goes round in a circle.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use super::modules::{Modules, Name};

/// From one module to another in the same folder: something in the first names something in the second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    pub folder: Name,
    pub from: String,
    pub to: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder: String = self.folder.iter().flat_map(|name| [name, "/"]).collect();
        write!(f, "{folder}{} → {folder}{}", self.from, self.to)
    }
}

/// All arrows, each with the places that make it: file, line and path.
pub struct Graph(BTreeMap<Arrow, Vec<String>>);

impl Graph {
    pub fn of(modules: &Modules) -> Self {
        let mut arrows: BTreeMap<Arrow, Vec<String>> = BTreeMap::new();
        for (from, module) in modules.iter() {
            for mention in &module.mentions {
                let place = || format!("{}:{} {}", module.file, mention.line, mention.path.join("::"));
                for to in modules.meaning(from, mention).modules {
                    if let Some(arrow) = arrow(from, &to) {
                        let places = arrows.entry(arrow).or_default();
                        if places.last() != Some(&place()) {
                            places.push(place());
                        }
                    }
                }
            }
        }
        Self(arrows)
    }

    pub fn arrows(&self) -> impl Iterator<Item = &Arrow> {
        self.0.keys()
    }

    /// The same without some arrows.
    pub fn without(&self, left_out: &[Arrow]) -> Self {
        Self(
            self.0
                .iter()
                .filter(|(arrow, _)| !left_out.contains(arrow))
                .map(|(a, p)| (a.clone(), p.clone()))
                .collect(),
        )
    }

    /// An arrow with the first places that make it.
    pub fn described(&self, arrow: &Arrow) -> String {
        const SHOWN: usize = 3;
        let places = &self.0[arrow];
        let mut text = format!("{arrow}\n");
        for place in places.iter().take(SHOWN) {
            text += &format!("    {place}\n");
        }
        if places.len() > SHOWN {
            text += &format!("    and {} more\n", places.len() - SHOWN);
        }
        text
    }

    /// The shortest way round through an arrow, if there is one: the arrow first.
    pub fn circle(&self, through: &Arrow) -> Option<Vec<Arrow>> {
        let mut ways = VecDeque::from([vec![through.clone()]]);
        let mut seen = BTreeSet::from([&through.to]);
        while let Some(way) = ways.pop_front() {
            let end = &way.last()?.to;
            if *end == through.from {
                return Some(way);
            }
            for next in self.0.keys().filter(|a| a.folder == through.folder && a.from == *end) {
                if seen.insert(&next.to) {
                    ways.push_back(way.iter().chain([next]).cloned().collect());
                }
            }
        }
        None
    }

    /// Circles such that each arrow that is on one is on one of these.
    pub fn circles(&self) -> Vec<Vec<Arrow>> {
        let mut circles: Vec<Vec<Arrow>> = Vec::new();
        for arrow in self.0.keys() {
            if !circles.iter().any(|known| known.contains(arrow)) {
                circles.extend(self.circle(arrow));
            }
        }
        circles
    }

    /// As Mermaid draws it: the modules of one folder.
    pub fn mermaid(&self, folder: &[String]) -> String {
        let mut text = "graph TD\n".to_owned();
        for arrow in self.0.keys().filter(|arrow| arrow.folder == folder) {
            text += &format!("    {} --> {}\n", arrow.from, arrow.to);
        }
        text
    }
}

/// Where the ways to two modules part; none if one lies inside the other.
fn arrow(from: &[String], to: &[String]) -> Option<Arrow> {
    let shared = from.iter().zip(to).take_while(|(a, b)| a == b).count();
    let (folder, from, to) = (from[..shared].to_vec(), from.get(shared)?.clone(), to.get(shared)?.clone());
    Some(Arrow { folder, from, to })
}
