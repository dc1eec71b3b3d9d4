//! The modules of a crate as its sources have them: what each defines, imports and mentions, and what a path means.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::reader::Reader;

/// Names from the root of the crate to a module; the root itself has none.
pub type Name = Vec<String>;

/// Modules, in files or inside them, but those of tests.
pub struct Modules(BTreeMap<Name, Module>);

/// What a module's source says.
#[derive(Default)]
pub struct Module {
    /// The file that it stands in.
    pub file: String,
    /// Paths in the order of the source.
    pub mentions: Vec<Mention>,
    /// Conditions of compilation, with their lines.
    pub conditions: Vec<(String, usize)>,
    pub defined: BTreeSet<String>,
    pub imports: BTreeMap<String, Name>,
    pub globs: Vec<Name>,
    /// What others get with a `*`.
    pub reexports: Vec<Name>,
}

/// A path somewhere in a module.
pub struct Mention {
    pub path: Name,
    pub line: usize,
    /// Whether it ends in `::*`.
    pub glob: bool,
}

/// What a path names.
#[derive(Debug, Default, PartialEq)]
pub struct Meaning {
    /// Every module that the path leads through, re-exports followed, the one that defines its end last.
    pub modules: Vec<Name>,
    /// The crate of its end, if it isn't this one.
    pub foreign: Option<String>,
}

/// The tables of cases of kernels: code for tests.
const CASES: &str = "cases.rs";

impl Modules {
    /// All Rust files under a folder.
    pub fn read(folder: &Path) -> Self {
        let mut sources = Vec::new();
        let mut folders = vec![folder.to_path_buf()];
        while let Some(next) = folders.pop() {
            for entry in std::fs::read_dir(&next).expect("a folder of sources") {
                let path = entry.expect("an entry of a folder").path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with(CASES) {
                    let inside = path.strip_prefix(folder).expect("a path inside its folder");
                    let name = inside.to_str().expect("a name in UTF-8").replace('\\', "/");
                    sources.push((name, std::fs::read_to_string(&path).expect("a text")));
                }
            }
        }
        Self::of(sources.iter().map(|(name, text)| (name.as_str(), text.as_str())))
    }

    /// Files by their paths from the folder of sources.
    pub fn of<'a>(sources: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut reader = Reader::default();
        for (name, text) in sources {
            let mut path: Name = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
            if path.last().is_some_and(|last| last == "mod")
                || matches!(&path[..], [one] if one == "lib" || one == "main")
            {
                path.pop();
            }
            reader.read(path, format!("src/{name}"), text);
        }
        let Reader { mut modules, tests, .. } = reader;
        modules.retain(|name, _| !tests.iter().any(|test| name.starts_with(test)));
        Self(modules)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Name, &Module)> {
        self.0.iter()
    }

    /// What a mention in a module means.
    pub fn meaning(&self, module: &Name, mention: &Mention) -> Meaning {
        let mut meaning = Meaning::default();
        let end = self.follow(module, &mention.path, &mut meaning, &mut Vec::new());
        if let (true, Found::Module(end)) = (mention.glob, end) {
            for path in &self.0[&end].reexports {
                self.follow(&end, path, &mut meaning, &mut Vec::new());
            }
        }
        meaning
    }

    /// `asked`: names that are being looked up, so that `use wgpu;` doesn't go round in a circle.
    fn follow(
        &self,
        module: &Name,
        path: &[String],
        meaning: &mut Meaning,
        asked: &mut Vec<(Name, String)>,
    ) -> Found {
        let mut at = module.clone();
        for (i, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" | "hope" if i == 0 => at.clear(),
                "self" => {}
                "super" => drop(at.pop()),
                _ => match self.find(&at, segment, meaning, asked) {
                    Some(Found::Module(inner)) => {
                        meaning.modules.push(inner.clone());
                        at = inner;
                    }
                    Some(end) => return end,
                    None if i == 0 => {
                        meaning.foreign = Some(segment.clone());
                        return Found::Foreign;
                    }
                    None => return Found::Item,
                },
            }
        }
        Found::Module(at)
    }

    /// What a name means inside a module.
    fn find(
        &self,
        at: &Name,
        name: &str,
        meaning: &mut Meaning,
        asked: &mut Vec<(Name, String)>,
    ) -> Option<Found> {
        let inner: Name = at.iter().map(String::as_str).chain([name]).map(str::to_owned).collect();
        if self.0.contains_key(&inner) {
            return Some(Found::Module(inner));
        }
        let module = self.0.get(at)?;
        if module.defined.contains(name) {
            return Some(Found::Item);
        }
        let question = (at.clone(), name.to_owned());
        if asked.contains(&question) {
            return None;
        }
        asked.push(question);
        if let Some(path) = module.imports.get(name) {
            return Some(self.follow(at, path, meaning, asked));
        }
        for glob in &module.globs {
            let mut there = Meaning::default();
            if let Found::Module(from) = self.follow(at, glob, &mut there, asked)
                && let Some(found) = self.find(&from, name, &mut there, asked)
            {
                meaning.modules.append(&mut there.modules);
                meaning.foreign = there.foreign;
                return Some(found);
            }
        }
        // What a macro re-exports stands in no `use` that can be read here.
        let (home, _) = self.0.iter().find(|(inner, m)| {
            inner.split_last().is_some_and(|(_, p)| p == at) && m.defined.contains(name)
        })?;
        meaning.modules.push(home.clone());
        Some(Found::Item)
    }
}

enum Found {
    Module(Name),
    Item,
    Foreign,
}
