//! Inputs that are changed together: the patches of an image, the columns that one feature became.

use crate::error::{Error, Result};

/// Which inputs belong together: each is in one group.
///
/// ```
/// use hope::attribution::Groups;
///
/// let groups = Groups::new(vec![0, 0, 1, 1, 1])?;
/// assert_eq!(groups.count(), 2);
/// assert_eq!(groups.sums(&[1.0, 2.0, 3.0, 4.0, 5.0]), [3.0, 12.0]);
/// # Ok::<(), hope::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    of: Vec<usize>,
    count: usize,
}

impl Groups {
    /// From the group of each input, numbered from 0 without gaps.
    ///
    /// # Errors
    /// If there is no input, or a group has none.
    pub fn new(of: Vec<usize>) -> Result<Self> {
        let mut there = vec![false; of.len()];
        let mut count = 0;
        for &group in &of {
            // There can't be more groups than inputs without gaps.
            let index = group.min(of.len());
            count = count.max(group.saturating_add(1));
            there.get_mut(index).into_iter().for_each(|there| *there = true);
        }
        if count == 0 {
            return Err(Error::TooFew { given: 0, least: 1, cause: "groups need at least one input".into() });
        }
        match there.iter().take(count).position(|there| !there) {
            Some(empty) => {
                let cause = format!("group {empty} has no input: number the groups from 0, without gaps");
                Err(Error::TooFew { given: 0, least: 1, cause })
            }
            None if count > of.len() => {
                let cause = format!(
                    "there are {count} groups of {} inputs: number them from 0, without gaps",
                    of.len()
                );
                Err(Error::TooFew { given: of.len(), least: count, cause })
            }
            None => Ok(Self { of, count }),
        }
    }

    /// The group of each input.
    pub fn of(&self) -> &[usize] {
        &self.of
    }

    /// How many groups there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Numbers of inputs, summed over each group.
    ///
    /// # Panics
    /// If there are fewer numbers than inputs.
    pub fn sums(&self, inputs: &[f64]) -> Vec<f64> {
        let mut sums = vec![0.0; self.count];
        for (i, &group) in self.of.iter().enumerate() {
            sums[group] += inputs[i];
        }
        sums
    }

    /// Numbers of groups as numbers of inputs: each has that of its group.
    ///
    /// # Panics
    /// If there are fewer numbers than groups.
    pub fn spread(&self, groups: &[f64]) -> Vec<f64> {
        self.of.iter().map(|&group| groups[group]).collect()
    }

    /// The directions of some groups, `[which, inputs]`: the changes of each group's inputs, and zeros.
    pub(super) fn directions(&self, deltas: &[f64], which: &[usize]) -> Vec<f64> {
        let inputs = self.of.len();
        let mut row_of = vec![None; self.count];
        which.iter().enumerate().for_each(|(row, &group)| row_of[group] = Some(row));
        let mut rows = vec![0.0; which.len() * inputs];
        for (i, &group) in self.of.iter().enumerate() {
            if let Some(row) = row_of[group] {
                rows[row * inputs + i] = deltas[i];
            }
        }
        rows
    }

    /// Groups in which something is changed.
    pub(super) fn changed(&self, deltas: &[f64]) -> Vec<usize> {
        let mut changed = vec![false; self.count];
        for (&group, &delta) in self.of.iter().zip(deltas) {
            changed[group] |= delta != 0.0;
        }
        (0..self.count).filter(|&group| changed[group]).collect()
    }

    /// Checks that these are groups of a model's inputs.
    pub(super) fn check(&self, inputs: usize) -> Result<()> {
        if self.of.len() == inputs {
            return Ok(());
        }
        let given = self.of.len();
        let cause = format!("the groups are of {given} inputs, but the model has {inputs}");
        Err(Error::Size { expected: inputs, given, cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_without_gaps() {
        assert!(Groups::new(vec![]).is_err());
        for (wrong, words) in [
            (vec![0, 2], "group 1"),
            (vec![1, 1], "group 0"),
            (vec![0, usize::MAX], "group 1"),
            (vec![0, 1, 5], "group 2"),
        ] {
            let error = Groups::new(wrong.clone()).expect_err("gaps").to_string();
            assert!(error.contains(words), "{wrong:?}: {error}");
        }
        let groups = Groups::new(vec![1, 0, 1, 2]).expect("groups");
        assert_eq!(
            groups.directions(&[1.0, 2.0, 3.0, 0.0], &[1, 0]),
            [1.0, 0.0, 3.0, 0.0, 0.0, 2.0, 0.0, 0.0]
        );
        assert_eq!(groups.changed(&[1.0, 0.0, 0.0, 0.0]), [1]);
        assert_eq!(groups.spread(&[5.0, 6.0, 7.0]), [6.0, 5.0, 6.0, 7.0]);
    }
}
