//! Names of shards: results in parts, files with some of the points each.

use std::fmt;

/// What a shard's archive is called: `KEY-NUMBER-of-COUNT.npz`.
///
/// ```
/// use hope::results::ShardName;
///
/// let name = ShardName { key: "d91eca1dbd09".into(), number: 2, count: 40 };
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
}

impl fmt::Display for ShardName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:06}-of-{:06}.npz", self.key, self.number, self.count)
    }
}

impl ShardName {
    /// The name of a file, if it is that of a shard.
    pub fn parse(name: &str) -> Option<Self> {
        let (key, rest) = name.strip_suffix(".npz")?.split_once('-')?;
        let (number, count) = rest.split_once("-of-")?;
        let (number, count) = (number.parse().ok()?, count.parse().ok()?);
        (number < count && !key.is_empty()).then(|| Self { key: key.into(), number, count })
    }
}
