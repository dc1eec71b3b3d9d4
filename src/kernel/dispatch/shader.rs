//! Shaders: which file, put together with what.

use std::hash::{Hash, Hasher};

use super::member::Member;
use super::tile::Tile;

/// A file of `shaders/` with what it includes, takes and offers: the one place that states them.
#[derive(Debug)]
pub struct File {
    /// Its name, without extension.
    pub name: &'static str,
    /// Its text.
    pub source: &'static str,
    /// What goes before it, behind `common.wgsl`.
    pub includes: &'static [&'static str],
    /// Its entry points.
    pub entries: &'static [&'static str],
    /// Numbers that it has as constants, the degrees of its series above all, so that loops between them can be unrolled.
    pub constants: &'static [&'static str],
    /// Some values of the constants, in the order above, to validate the file with.
    pub examples: &'static [&'static [u32]],
    /// What else it includes.
    pub variants: Variants,
    /// The members of its `Params` behind the layouts.
    pub params: &'static [Member],
}

impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for File {}

impl Hash for File {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

/// What else a file includes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variants {
    /// Nothing.
    One,
    /// The file of an activation.
    PerActivation,
    /// A matrix product.
    PerTiling,
}

/// Which compiled shader: a file, an entry point, and what the file includes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shader {
    /// The file.
    pub file: &'static File,
    /// Its entry point.
    pub entry: &'static str,
    /// Name of the elementwise function that it includes.
    pub activation: Option<&'static str>,
    /// How its matrix product is computed.
    pub tile: Option<Tile>,
    /// What it knows when it is compiled: a value for each of [`File::constants`].
    pub constants: Vec<(&'static str, u32)>,
}

impl Shader {
    /// An entry point of a file that includes nothing.
    pub const fn new(file: &'static File, entry: &'static str) -> Self {
        Self { file, entry, activation: None, tile: None, constants: Vec::new() }
    }

    /// The same with a constant.
    pub fn constant(mut self, name: &'static str, value: usize) -> Self {
        self.constants.push((name, value as u32));
        self
    }

    /// Name for people: entry point, and what it includes.
    pub fn name(&self) -> String {
        match self.activation {
            None => self.entry.into(),
            Some(function) => format!("{} {function}", self.entry),
        }
    }
}
