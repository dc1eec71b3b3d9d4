//! Backward passes in less memory: values of the forward pass are computed again instead of being kept.
//!
//! The forward pass is cut into segments. What a later segment reads of an earlier one, its checkpoints, is kept; what else the backward pass reads of a segment is
//! computed again from them, by the same steps, when it comes there (Griewank and Walther, *Evaluating Derivatives*, chapter 12; Chen et al., arXiv 1604.06174).
//! So memory is that of one segment and of the checkpoints, the forward pass takes place twice, and results are the same bits.
//!
//! A plan with checkpoints is a plan like any other: its steps are there twice, with values of their own. Lifetimes do the rest: see [`super::slots`].

use super::{Plan, ValueId, slots};

/// What is known of the values that the forward pass writes.
struct Written {
    /// The first and the last step that writes each value; none of others.
    by: Vec<Option<[usize; 2]>>,
    /// The last step of the forward pass that reads it.
    read: Vec<usize>,
    /// Whether the backward pass reads it.
    needed: Vec<bool>,
}

impl Written {
    fn new(plan: &Plan, forward: usize) -> Self {
        let count = plan.values.len();
        let mut all = Self { by: vec![None; count], read: vec![0; count], needed: vec![false; count] };
        for (at, step) in plan.steps.iter().enumerate() {
            for input in &step.inputs {
                match at < forward {
                    true => all.read[input.0] = at,
                    false => all.needed[input.0] |= all.by[input.0].is_some(),
                }
            }
            if at < forward {
                let first = all.by[step.output.0].map_or(at, |[first, _]| first);
                all.by[step.output.0] = Some([first, at]);
            }
        }
        all
    }
}

impl Plan {
    /// The plan with its forward pass cut into so many segments; none if it has no place for so many cuts.
    pub(crate) fn with_checkpoints(&self, segments: usize) -> Option<Self> {
        let forward = self.forward_steps();
        let written = Written::new(self, forward);
        let cuts = self.cuts(&written, forward, segments)?;
        let segment = |step: usize| cuts.partition_point(|&cut| cut <= step);
        let of = |value: usize| written.by[value].map(|[first, _]| segment(first));
        // Kept are checkpoints and the last segment.
        let again =
            |value: usize| of(value).filter(|&at| at < cuts.len() && segment(written.read[value]) <= at);
        let mut steps_again = vec![Vec::new(); cuts.len()];
        let mut needed: Vec<bool> = (0..self.values.len()).map(|value| written.needed[value]).collect();
        for (at, step) in self.steps[..forward].iter().enumerate().rev() {
            if let Some(segment) = again(step.output.0)
                && needed[step.output.0]
            {
                step.inputs.iter().for_each(|input| needed[input.0] = true);
                steps_again[segment].push(at);
            }
        }
        let mut plan = Self { checkpoints: cuts.len(), ..self.clone() };
        plan.steps.truncate(forward);
        let mut copies: Vec<Option<ValueId>> = vec![None; self.values.len()];
        for step in &self.steps[forward..] {
            for segment in step.inputs.iter().filter_map(|input| again(input.0)) {
                for at in std::mem::take(&mut steps_again[segment]).into_iter().rev() {
                    let mut step = self.steps[at].clone();
                    let copy = *copies[step.output.0].get_or_insert_with(|| {
                        plan.values.push(self.values[step.output.0]);
                        ValueId(plan.values.len() - 1)
                    });
                    step.output = copy;
                    step.inputs.iter_mut().for_each(|input| *input = copies[input.0].unwrap_or(*input));
                    plan.steps.push(step);
                }
            }
            let mut step = step.clone();
            step.inputs.iter_mut().for_each(|input| *input = copies[input.0].unwrap_or(*input));
            plan.steps.push(step);
        }
        slots::assign(&mut plan);
        Some(plan)
    }

    /// Where to cut the forward pass, before these steps: into pieces of which the backward pass needs about as much, where least crosses the cut.
    fn cuts(&self, written: &Written, forward: usize, segments: usize) -> Option<Vec<usize>> {
        let size = |value: usize| self.values[value].layout(1, 1).len() as f64;
        // What is needed of what the steps before each one write, and what crosses a cut there; no value may be half written.
        let (mut needed, mut crossing, mut half) =
            (vec![0.0; forward + 1], vec![0.0; forward + 1], vec![0i64; forward + 1]);
        for (value, by) in written.by.iter().enumerate() {
            let Some([first, last]) = *by else { continue };
            half[first + 1] += 1;
            half[last + 1] -= 1;
            if written.needed[value] {
                needed[last + 1] += size(value);
            }
            if written.read[value] > last {
                crossing[last + 1] += size(value);
                crossing[written.read[value] + 1] -= size(value);
            }
        }
        for at in 1..=forward {
            needed[at] += needed[at - 1];
            crossing[at] += crossing[at - 1];
            half[at] += half[at - 1];
        }
        let share = needed[forward] / segments as f64;
        let mut cuts = Vec::with_capacity(segments - 1);
        for number in 1..segments {
            let window = |side: f64| needed.partition_point(|&sum| sum < (number as f64 + side) * share);
            let first = window(-0.5).max(cuts.last().map_or(1, |&cut| cut + 1));
            let places = (first..=window(0.5).min(forward - 1)).filter(|&at| half[at] == 0);
            cuts.push(places.min_by(|&a, &b| crossing[a].total_cmp(&crossing[b]))?);
        }
        (!cuts.is_empty()).then_some(cuts)
    }
}
