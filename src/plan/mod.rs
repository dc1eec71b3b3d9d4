//! A plan: what to compute, as plain data that any executor can run.
//!
//! A plan is a list of kernel calls over numbered values. It knows nothing of the model's graph, and the
//! executors know nothing of the model. Values are series in the layout of [`crate::kernel`]; those whose
//! lifetimes don't overlap share a slot.

mod adjoint;
mod backward;
mod checkpoints;
mod collapsed;
mod deeper;
mod display;
mod exact;
mod fuse;
mod mixed;
mod rule;
mod slots;
mod windows;

use std::collections::HashMap;
use std::sync::Arc;

pub(crate) use deeper::Deeper;
pub use rule::Target;
pub(crate) use rule::first_linear_layers;

use self::fuse::Fused;
use crate::error::{Error, Result};
use crate::kernel::{ConstantId, Kernel, Layout, Shapes};
use crate::model::{Model, NodeId, Weights};
use crate::monomials::Monomials;
use crate::series::MAX_ORDER;

/// How the coefficients are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Truncated Taylor series along rays: exact for every network.
    Exact,
    /// The published rule of HOPE (arXiv 2307.08192): one backward pass, exact for some networks only.
    Hope,
}

impl Method {
    /// Name as the command line spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Hope => "hope",
        }
    }
}

/// Which rays a plan of the exact method is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rays {
    /// The unit vectors of the inputs, in the order of [`Plan::unit_rays`]: their order 1 through a first linear layer
    /// needs no product, and in convolutional networks they go through [windows](crate::kernel::windows).
    Unit,
    /// Any.
    Any,
}

/// Which kernels a plan may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernels {
    /// Those that every executor has.
    Portable,
    /// Also those that only CPUs have: faster there in convolutional networks, where they leave out what is zero.
    Cpu,
}

/// Index of a value in its plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ValueId(pub usize);

/// A series that a plan computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// Units per row.
    pub units: usize,
    /// Highest order stored; orders above are zero.
    pub degree: usize,
    /// Whether it has a block 0: values have, adjoints have not.
    pub primal: bool,
    /// Whether its last block is a weighted sum over the lanes: see [`Plan::weights`].
    pub collapsed: bool,
    /// The buffer it lives in, shared with values of other lifetimes.
    pub slot: usize,
}

impl Value {
    /// Its layout in a chunk.
    pub fn layout(&self, samples: usize, lanes: usize) -> Layout {
        Layout {
            samples,
            lanes,
            units: self.units,
            degree: self.degree,
            primal: self.primal,
            collapsed: self.collapsed,
        }
    }
}

/// A layer of the network, for errors and timings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// Its name.
    pub name: String,
    /// Its operator.
    pub kind: String,
}

/// One kernel call.
#[derive(Clone, Debug)]
pub struct Step {
    /// The layer it belongs to.
    pub layer: usize,
    /// What to compute.
    pub kernel: Kernel,
    /// What it reads.
    pub inputs: Vec<ValueId>,
    /// What it writes.
    pub output: ValueId,
    /// Add to the output instead of overwriting it.
    pub accumulate: bool,
}

/// What to compute, for chunks of any size.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The method.
    pub method: Method,
    /// Highest order that is delivered; values may have more.
    pub order: usize,
    /// All values.
    pub values: Vec<Value>,
    /// The kernel calls in order.
    pub steps: Vec<Step>,
    /// Series in several variables: their monomials, which number the blocks of values in place of orders.
    pub monomials: Option<Arc<Monomials>>,
    /// Weights.
    pub constants: Vec<Weights>,
    /// The layers that steps name.
    pub layers: Vec<Layer>,
    /// Number of slots.
    pub slots: usize,
    /// Value that the executor fills with the points, and in the exact method the rays.
    pub input: ValueId,
    /// The network's output.
    pub output: ValueId,
    /// Exact method along unit vectors: which unit vector each lane is, if they aren't in the order of the inputs.
    pub unit_rays: Option<Arc<[usize]>>,
    /// Plans with a backward pass: the output's adjoint; the executor writes 1 at each lane's output, block 1.
    pub seed: Option<ValueId>,
    /// Plans with a backward pass: the adjoints asked for.
    pub adjoints: Vec<ValueId>,
    /// Plans of which only a weighted sum over the rays is asked for at the highest order: what each lane weighs, a value of one unit that the
    /// executor fills. All rays of a chunk are in one sum.
    pub weights: Option<ValueId>,
    /// Plans with a backward pass in little memory: at how many places checkpoints are kept, from which the rest is computed again.
    pub checkpoints: usize,
}

impl Plan {
    /// Plans the exact method.
    ///
    /// # Errors
    /// If the order isn't supported.
    pub fn exact(model: &Model, order: usize, rays: Rays, kernels: Kernels) -> Result<Self> {
        check_order(order)?;
        Ok(exact::plan(model, order, rays, kernels))
    }

    /// Plans the exact method along rays of which only a weighted sum is asked for at the highest order, which goes through the network in place of them;
    /// none if it can't, or wouldn't pay.
    ///
    /// # Errors
    /// If the order isn't supported.
    pub fn collapsed(model: &Model, order: usize, rays: Rays, kernels: Kernels) -> Result<Option<Self>> {
        check_order(order)?;
        Ok(collapsed::plan(model, order, rays, kernels))
    }

    /// Plans the exact method in several variables.
    ///
    /// # Errors
    /// If the order isn't supported.
    pub fn mixed(model: &Model, monomials: Arc<Monomials>, kernels: Kernels) -> Result<Self> {
        check_order(monomials.order())?;
        Ok(mixed::plan(model, monomials, kernels))
    }

    /// Plans the forward pass alone: the network's values, no coefficients.
    pub fn forward(model: &Model) -> Self {
        exact::plan(model, 0, Rays::Any, Kernels::Portable)
    }

    /// Plans the adjoint of the exact method: of each lane, an output along a ray, the gradient along the ray, `order` coefficients from t^0 on.
    ///
    /// # Errors
    /// If the order isn't supported.
    pub fn gradient(model: &Model, order: usize, kernels: Kernels) -> Result<Self> {
        check_order(order)?;
        Ok(adjoint::plan(model, order, kernels, false))
    }

    /// The same for chunks whose lanes are rays of one output, which share the coefficient of t^0; none where a ray may have another one than the
    /// next, or not all kernels can.
    ///
    /// # Errors
    /// If the order isn't supported.
    pub fn gradient_of_one_output(model: &Model, order: usize, kernels: Kernels) -> Result<Option<Self>> {
        check_order(order)?;
        let possible = kernels == Kernels::Cpu && adjoint::may_share(model);
        Ok(possible.then(|| adjoint::plan(model, order, kernels, true)))
    }

    /// The one of both that is better for so many rays.
    pub(crate) fn gradients(model: &Model, order: usize, kernels: Kernels, rays: usize) -> Result<Self> {
        // Rays for which it pays to keep those of each output together.
        const MANY: usize = 8;
        let shared = match rays {
            MANY.. => Self::gradient_of_one_output(model, order, kernels)?,
            _ => None,
        };
        shared.map_or_else(|| Self::gradient(model, order, kernels), Ok)
    }

    /// Plans the published rule.
    ///
    /// # Errors
    /// If the order isn't supported or the rule has no answer for an operator.
    pub fn hope(model: &Model, order: usize, target: &Target, kernels: Kernels) -> Result<Self> {
        check_order(order)?;
        rule::plan(model, order, target, kernels)
    }

    /// Whether it is [`Self::gradient`]: its results are adjoints, whose block k is the coefficient of t^(k-1).
    pub fn is_gradient(&self) -> bool {
        self.method == Method::Exact && self.seed.is_some()
    }

    /// Whether it is [`Self::gradient_of_one_output`]: adjoints have the coefficient of t^k in block k, that of t^0 once for all lanes.
    pub fn is_of_one_output(&self) -> bool {
        self.seed.is_some_and(|seed| self.values[seed.0].primal)
    }

    /// How many steps come before those of the backward pass, if there is one.
    pub fn forward_steps(&self) -> usize {
        let reads_seed = |step: &Step| self.seed.is_some_and(|seed| step.inputs.contains(&seed));
        self.steps.iter().position(reads_seed).unwrap_or(self.steps.len())
    }

    /// Coefficients of a series besides its value.
    pub fn coefficients(&self) -> usize {
        self.monomials.as_ref().map_or(self.order, |monomials| monomials.blocks())
    }

    /// Degree of a block: its order, or in several variables that of its monomial.
    pub(crate) fn degree(&self, block: usize) -> usize {
        self.monomials.as_ref().map_or(block, |monomials| monomials.degree(block))
    }

    /// Directions that make a lane: one, or one for each variable.
    pub fn directions(&self) -> usize {
        self.monomials.as_ref().map_or(1, |monomials| monomials.variables())
    }

    /// Which ray a lane is.
    pub fn ray(&self, lane: usize) -> usize {
        self.unit_rays.as_ref().map_or(lane, |rays| rays[lane])
    }

    /// Layout of a value in a chunk.
    pub fn layout(&self, id: ValueId, samples: usize, lanes: usize) -> Layout {
        self.values[id.0].layout(samples, lanes)
    }

    /// The layouts of a step in a chunk.
    pub fn shapes(&self, step: &Step, samples: usize, lanes: usize) -> Shapes {
        Shapes {
            inputs: step.inputs.iter().map(|&id| self.layout(id, samples, lanes)).collect(),
            output: self.layout(step.output, samples, lanes),
            accumulate: step.accumulate,
        }
    }

    /// Elements that each slot needs for a chunk.
    pub fn slot_lengths(&self, samples: usize, lanes: usize) -> Vec<usize> {
        let mut lengths = vec![0; self.slots];
        for value in &self.values {
            let length = value.layout(samples, lanes).len();
            lengths[value.slot] = length.max(lengths[value.slot]);
        }
        lengths
    }

    /// Elements of working memory for a chunk: slots and the largest kernel's scratch.
    pub fn elements(&self, samples: usize, lanes: usize) -> u64 {
        let slots = self.slot_lengths(samples, lanes).into_iter();
        let scratch = self.steps.iter().map(|step| step.kernel.scratch(&self.shapes(step, samples, lanes)));
        slots.chain(scratch.max()).fold(0, |sum, n| sum.saturating_add(n as u64))
    }

    /// Number of weights.
    pub fn weights(&self) -> u64 {
        self.constants.iter().map(|c| c.len() as u64).sum()
    }

    /// Multiplications and additions that a chunk takes, about.
    pub fn flops(&self, samples: usize, lanes: usize) -> f64 {
        self.steps.iter().map(|step| step.kernel.flops(&self.shapes(step, samples, lanes))).sum()
    }
}

pub(crate) fn check_order(order: usize) -> Result<()> {
    if (1..=MAX_ORDER).contains(&order) {
        return Ok(());
    }
    Err(Error::Order { order, max: MAX_ORDER, device: None })
}

/// A plan under construction.
struct Builder<'a> {
    model: &'a Model,
    kernels: Kernels,
    fused: Fused,
    plan: Plan,
    /// Value of each node of the model.
    node_values: Vec<Option<ValueId>>,
    /// Weights that are in the plan, by their place in memory: several nodes may share them.
    known: HashMap<*const [f64], ConstantId>,
}

impl<'a> Builder<'a> {
    fn new(model: &'a Model, method: Method, order: usize, kernels: Kernels) -> Self {
        let layers =
            model.nodes().iter().map(|node| Layer { name: node.name.clone(), kind: node.kind.clone() });
        Self {
            model,
            kernels,
            fused: Fused::new(model),
            plan: Plan {
                method,
                order,
                values: Vec::new(),
                steps: Vec::new(),
                monomials: None,
                constants: Vec::new(),
                layers: layers.collect(),
                slots: 0,
                input: ValueId(0),
                output: ValueId(0),
                unit_rays: None,
                seed: None,
                adjoints: Vec::new(),
                weights: None,
                checkpoints: 0,
            },
            node_values: vec![None; model.nodes().len()],
            known: HashMap::new(),
        }
    }

    fn value(&mut self, units: usize, degree: usize, primal: bool) -> ValueId {
        let collapsed = self.plan.weights.is_some() && degree == self.plan.order;
        self.plan.values.push(Value { units, degree, primal, collapsed, slot: 0 });
        ValueId(self.plan.values.len() - 1)
    }

    fn constant(&mut self, weights: &Weights) -> ConstantId {
        *self.known.entry(Arc::as_ptr(weights)).or_insert_with(|| {
            self.plan.constants.push(weights.clone());
            ConstantId(self.plan.constants.len() - 1)
        })
    }

    fn step(
        &mut self,
        node: NodeId,
        kernel: impl Into<Kernel>,
        inputs: Vec<ValueId>,
        output: ValueId,
        accumulate: bool,
    ) {
        let kernel = kernel.into();
        self.plan.steps.push(Step { layer: node.0, kernel, inputs, output, accumulate });
    }

    /// Value of a node that has been planned; nodes come after their inputs.
    fn of(&self, id: NodeId) -> ValueId {
        self.node_values[id.0].unwrap_or(self.plan.input)
    }

    fn finish(mut self) -> Plan {
        slots::assign(&mut self.plan);
        self.plan
    }
}
