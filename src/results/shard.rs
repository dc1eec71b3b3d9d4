//! Names of shards: results in parts, files with some of the points each.

use std::fmt;

use super::archive::ArchiveFormat;

/// What a shard's archive is called: `KEY-NUMBER-of-COUNT.npz`, or with the ending of another format.
///
/// ```
/// use hope::results::{ArchiveFormat, ShardName};
///
/// let name = ShardName { key: "d91eca1dbd09".into(), number: 2, count: 40, format: ArchiveFormat::Npz };
/// assert_eq!(name.to_string(), "d91eca1dbd09-000002-of-000040.npz");
/// assert_eq!(ShardName::parse(&name.to_string()), Some(name));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardName {
    /// Stands for everything that numbers depend on: equal keys, equal numbers.
    pub key: String,
    /// Which shard, from 0 on.
    pub number: usize,
    /// How many there are.
    pub count: usize,
    /// How its arrays are kept: in a file.
    pub format: ArchiveFormat,
}

impl fmt::Display for ShardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:06}-of-{:06}{}", self.key, self.number, self.count, self.format.ending())
    }
}

impl ShardName {
    /// The name of a file, if it is that of a shard.
    pub fn parse(name: &str) -> Option<Self> {
        let formats = [ArchiveFormat::Npz, ArchiveFormat::Safetensors];
        let (format, name) = formats.into_iter().find_map(|f| Some((f, name.strip_suffix(f.ending())?)))?;
        let (key, rest) = name.split_once('-')?;
        let (number, count) = rest.split_once("-of-")?;
        let (number, count) = (number.parse().ok()?, count.parse().ok()?);
        (number < count && !key.is_empty()).then(|| Self { key: key.into(), number, count, format })
    }
}
