//! The uniforms of shaders as structs, whose members a test compares with those of WGSL.

use bytemuck::{Pod, Zeroable};

use super::member::Member;
use super::shader::File;
use crate::kernel::Layout;

/// The `Params` of a shader file.
pub trait Uniform: Pod {
    /// The file.
    const FILE: &'static File;

    /// The words, in whole vectors of four, as uniforms are bound.
    fn words(&self) -> Vec<u32> {
        let mut words: Vec<u32> = bytemuck::pod_collect_to_vec(std::slice::from_ref(self));
        words.resize(words.len().next_multiple_of(4), 0);
        words
    }
}

/// A number for a shader. Chunks are cut so that all counts fit 32 bits.
pub fn word(number: usize) -> u32 {
    number as u32
}

/// The table of a struct's members.
macro_rules! members {
    ($struct:ident { $($field:ident: $type:ty),* $(,)? }) => {
        [$($crate::kernel::dispatch::Member {
            name: stringify!($field),
            offset: std::mem::offset_of!($struct, $field),
            size: size_of::<$type>(),
        }),*]
    };
}
/// `Layout` of `shaders/common.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
struct LayoutWords {
    samples: u32,
    lanes: u32,
    units: u32,
    degree: u32,
    primal: u32,
    /// Structs in uniforms are whole vectors.
    rest: [u32; 3],
}

impl LayoutWords {
    fn of(layout: Layout) -> Self {
        Self {
            samples: word(layout.samples),
            lanes: word(layout.lanes),
            units: word(layout.units),
            degree: word(layout.degree),
            primal: u32::from(layout.primal),
            rest: [0; 3],
        }
    }
}

/// What every `Params` begins with: the layouts of `x`, `y` and `out`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct Layouts {
    x: LayoutWords,
    y: LayoutWords,
    out: LayoutWords,
}

impl Layouts {
    /// Of a shader's two inputs and its output.
    pub fn new(x: Layout, y: Layout, out: Layout) -> Self {
        Self { x: LayoutWords::of(x), y: LayoutWords::of(y), out: LayoutWords::of(out) }
    }

    /// Its members, with which every `Params` begins.
    pub const MEMBERS: [Member; 3] = members!(Layouts { x: LayoutWords, y: LayoutWords, out: LayoutWords });
}

/// The members of `Layout`, and its size.
pub fn layout_members() -> (Vec<Member>, usize) {
    let members =
        members!(LayoutWords { samples: u32, lanes: u32, units: u32, degree: u32, primal: u32 }).to_vec();
    (members, size_of::<LayoutWords>())
}

/// Defines the `Params` of a shader file, with the table of its members. It begins with `layouts`, as each does.
macro_rules! params {
    ($(#[$doc:meta])* struct $name:ident of $file:ident { $($field:ident: $type:ty),* $(,)? }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
        pub(crate) struct $name {
            pub layouts: $crate::kernel::dispatch::Layouts,
            $(pub $field: $type),*
        }

        impl $name {
            /// Its members behind the layouts.
            pub(crate) const MEMBERS: &'static [$crate::kernel::dispatch::Member] = &[$(
                $crate::kernel::dispatch::Member {
                    name: stringify!($field),
                    offset: std::mem::offset_of!($name, $field),
                    size: size_of::<$type>(),
                }
            ),*];
        }

        impl $crate::kernel::dispatch::Uniform for $name {
            const FILE: &'static $crate::kernel::dispatch::File = &$file;
        }
    };
}
pub(crate) use params;
