//! Assigning slots: values whose lifetimes don't overlap share a buffer.

use std::collections::{BTreeSet, HashSet};

use super::{Plan, ValueId};

/// Gives each value the best fitting slot that is free when it is first written.
pub(super) fn assign(plan: &mut Plan) {
    const FOREVER: usize = usize::MAX;
    let mut last_use = vec![0; plan.values.len()];
    for (step, call) in plan.steps.iter().enumerate() {
        for value in call.inputs.iter().chain([&call.output]) {
            last_use[value.0] = step;
        }
    }
    for value in
        plan.adjoints.iter().chain([&plan.input, &plan.output]).chain(&plan.seed).chain(&plan.weights)
    {
        last_use[value.0] = FOREVER;
    }
    if plan.is_of_one_output() {
        // The forward pass may serve several backward ones: see [`Plan::forward_steps`].
        let (forward, backward) = plan.steps.split_at(plan.forward_steps());
        let values: HashSet<ValueId> = forward.iter().map(|step| step.output).collect();
        for id in backward.iter().flat_map(|step| &step.inputs).filter(|id| values.contains(id)) {
            last_use[id.0] = FOREVER;
        }
    }
    let mut slots = Slots::default();
    let mut placed = vec![false; plan.values.len()];
    // What the executor writes is there from the start.
    let given: Vec<ValueId> =
        [plan.input].into_iter().chain(plan.seed).chain(plan.weights).chain(plan.adjoints.clone()).collect();
    for value in given {
        if !std::mem::replace(&mut placed[value.0], true) {
            plan.values[value.0].slot = slots.take(plan.values[value.0].size());
        }
    }
    for (step, call) in plan.steps.iter().enumerate() {
        let output = call.output.0;
        if !std::mem::replace(&mut placed[output], true) {
            plan.values[output].slot = slots.take(plan.values[output].size());
        }
        let mut used: Vec<usize> = call.inputs.iter().map(|v| v.0).chain([output]).collect();
        used.sort_unstable();
        used.dedup();
        for value in used {
            if last_use[value] == step {
                slots.free(plan.values[value].slot);
            }
        }
    }
    plan.slots = slots.sizes.len();
}

impl super::Value {
    /// A size to compare values by, for chunks of many lanes.
    fn size(&self) -> usize {
        self.units.saturating_mul(if self.degree > 0 { self.degree * 64 } else { 1 })
    }
}

#[derive(Default)]
struct Slots {
    sizes: Vec<usize>,
    /// Free slots by size: a deep network has as many values as layers, so none may be looked for one by one.
    free: BTreeSet<(usize, usize)>,
}

impl Slots {
    /// The free slot that has to grow least, else the one that wastes least, else a new one.
    fn take(&mut self, size: usize) -> usize {
        let fitting = self.free.range((size, 0)..).next().or(self.free.last()).copied();
        match fitting {
            Some(found) => {
                self.free.remove(&found);
                let (_, slot) = found;
                self.sizes[slot] = self.sizes[slot].max(size);
                slot
            }
            None => {
                self.sizes.push(size);
                self.sizes.len() - 1
            }
        }
    }

    fn free(&mut self, slot: usize) {
        self.free.insert((self.sizes[slot], slot));
    }
}
