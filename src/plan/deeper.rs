//! More orders than are asked for, where some get lost: a quotient of series that both begin with m zeros knows m orders less than
//! they do, a root of one similarly. Only at single points is that so, and there the plan is made anew.

use super::{Kernels, Plan, Rays};
use crate::model::Model;

/// A request for a plan of the exact method that may need more orders than it delivers.
#[derive(Clone, Debug)]
pub(crate) struct Deeper {
    model: Model,
    order: usize,
    rays: Rays,
    kernels: Kernels,
}

impl Deeper {
    /// For a plan by [`Plan::exact`] of the same arguments; none if no operator of the model can lose orders.
    pub fn new(model: &Model, order: usize, rays: Rays, kernels: Kernels) -> Option<Self> {
        let deeper = || Self { model: model.clone(), order, rays, kernels };
        model.may_lose_orders().then(deeper)
    }

    /// How many more orders to try, one after the other, on a device with this highest order.
    pub fn attempts(&self, highest: usize) -> Vec<usize> {
        let room = highest.saturating_sub(self.order);
        [2, 4, 8, self.order + 1].into_iter().filter(|&more| more <= room).collect()
    }

    /// A plan that computes so many orders more and delivers as many as the first one, in the same order of rays.
    pub fn plan(&self, more: usize) -> Option<Plan> {
        let mut plan = Plan::exact(&self.model, self.order + more, self.rays, self.kernels).ok()?;
        let first = Plan::exact(&self.model, self.order, self.rays, self.kernels).ok()?;
        plan.order = self.order;
        (plan.unit_rays == first.unit_rays).then_some(plan)
    }
}
