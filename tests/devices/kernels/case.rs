//! A kernel call with everything that it is given.

use std::sync::Arc;

use hope::kernel::{ConstantId, Exponent, Kernel, Layout, PerUnitId, Side};
use hope::model::Window;
use hope::monomials::Monomials;
use hope::plan::{Layer, Method, Plan, Step, Value, ValueId};

/// Relative error allowed for each order, norm-wise.
#[derive(Clone, Copy)]
pub struct Tolerance {
    pub f64: f64,
    /// Of the CPU in f32, and of GPUs.
    pub f32: f64,
}

/// Size of a chunk, and how far its series go.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub samples: usize,
    pub lanes: usize,
    pub degree: usize,
}

/// Chunks that the tables go through.
pub const CHUNKS: [Chunk; 8] = [
    Chunk { samples: 1, lanes: 1, degree: 0 },
    Chunk { samples: 2, lanes: 3, degree: 1 },
    Chunk { samples: 1, lanes: 67, degree: 2 },
    Chunk { samples: 5, lanes: 1, degree: 5 },
    Chunk { samples: 2, lanes: 3, degree: 8 },
    Chunk { samples: 1, lanes: 3, degree: 16 },
    Chunk { samples: 5, lanes: 67, degree: 1 },
    Chunk { samples: 5, lanes: 3, degree: 0 },
];

/// Which powers of weights adjoints take.
pub const EXPONENTS: [Exponent; 2] = [Exponent::One, Exponent::Order];

impl Chunk {
    pub fn name(&self) -> String {
        format!("{}x{}-order{}", self.samples, self.lanes, self.degree)
    }
}

/// What a kernel writes.
#[derive(Clone)]
pub struct Outcome {
    pub output: Vec<f64>,
    /// Of each (sample, lane) the distance to the nearest kink; and 0 if it begins on one, -1 if a branch there is undecided, else ∞.
    pub kinks: Vec<f64>,
}

/// One kernel call. All numbers are f32 numbers.
pub struct Case {
    pub name: String,
    pub kernel: Kernel,
    pub samples: usize,
    pub lanes: usize,
    pub inputs: Vec<Value>,
    /// What the inputs hold.
    pub data: Vec<Vec<f64>>,
    pub output: Value,
    pub accumulate: bool,
    /// What the output holds before: NaN where the call has to overwrite it.
    pub before: Vec<f64>,
    pub constants: Vec<Vec<f64>>,
    /// Where the series have to hold on a kink.
    pub side: Side,
    /// Of series in several variables.
    pub monomials: Option<Arc<Monomials>>,
    /// Number of the chunk's first ray.
    pub first_lane: usize,
    /// Exponents of two of how far t = 1 goes along each unit vector; empty: 1.
    pub exponents: Vec<i16>,
    /// Which unit vector each ray is, if the kernel asks.
    pub unit_rays: Option<Arc<[usize]>>,
    pub tolerance: Tolerance,
    random: Random,
}

/// A value or, without primal, an adjoint.
pub fn value(units: usize, degree: usize, primal: bool) -> Value {
    Value { units, degree, primal, collapsed: false, slot: 0 }
}

impl Case {
    /// A call that overwrites its output, still without inputs and constants.
    pub fn new(
        name: String,
        kernel: impl Into<Kernel>,
        chunk: Chunk,
        output: Value,
        tolerance: Tolerance,
    ) -> Self {
        let Chunk { samples, lanes, .. } = chunk;
        let random = Random::new(&name);
        let before = vec![f64::NAN; output.layout(samples, lanes).len()];
        let (inputs, data, constants) = Default::default();
        Self {
            name,
            kernel: kernel.into(),
            samples,
            lanes,
            inputs,
            data,
            output,
            accumulate: false,
            before,
            constants,
            side: Side::Ahead,
            monomials: None,
            first_lane: 0,
            exponents: Vec::new(),
            unit_rays: None,
            tolerance,
            random,
        }
    }

    /// Adds an input: order 0 between the bounds, order k within ±`ratio^k`.
    pub fn input(mut self, value: Value, bounds: (f64, f64), ratio: f64) -> Self {
        let layout = value.layout(self.samples, self.lanes);
        let mut data = self.random.numbers(layout.len(), (-1.0, 1.0));
        for order in 0..=layout.degree {
            for x in &mut data[layout.block(order)] {
                *x = match order {
                    0 => bounds.0 + (bounds.1 - bounds.0) * (*x + 1.0) / 2.0,
                    _ => *x * ratio.powi(order as i32),
                };
                *x = f64::from(*x as f32);
            }
        }
        self.inputs.push(value);
        self.data.push(data);
        self
    }

    /// Makes its series those in several variables, with their table as the first constant.
    pub fn in_variables(mut self, monomials: &Arc<Monomials>) -> Self {
        self.constants.insert(0, monomials.table());
        self.monomials = Some(monomials.clone());
        self
    }

    /// Puts some units of an input onto one of some numbers; there some first coefficients are zero.
    pub fn on_kinks(mut self, input: usize, kinks: &[f64], side: Side) -> Self {
        let layout = self.layout(input);
        for (i, x) in self.data[input][layout.block(0)].iter_mut().enumerate().filter(|(i, _)| i % 3 != 1) {
            *x = kinks[i % kinks.len()];
        }
        for order in 1..layout.degree {
            let block = layout.block(order);
            let zeros = self.data[input][block].iter_mut().enumerate();
            zeros.filter(|(i, _)| i % 4 >= order).for_each(|(_, x)| *x = 0.0);
        }
        self.name.push_str(if side == Side::Ahead { "-on-kinks" } else { "-on-kinks-behind" });
        self.side = side;
        self
    }

    /// Adds an input of numbers within ±1 at all orders.
    pub fn plain_input(self, value: Value) -> Self {
        self.input(value, (-1.0, 1.0), 1.0)
    }

    /// Adds a constant of numbers between bounds; the kernel names constants by the order of these calls.
    pub fn constant(mut self, length: usize, bounds: (f64, f64)) -> Self {
        let numbers = self.random.numbers(length, bounds);
        self.constants.push(numbers);
        self
    }

    /// Adds to what the output holds.
    pub fn accumulating(mut self) -> Self {
        let length = self.before.len();
        self.before = self.random.numbers(length, (-1.0, 1.0));
        self.accumulate = true;
        self.name.push_str("-adding");
        self
    }

    /// Whether it has sums over rays, which GPUs don't compute.
    pub fn is_collapsed(&self) -> bool {
        self.output.collapsed
    }

    pub fn layout(&self, input: usize) -> Layout {
        self.inputs[input].layout(self.samples, self.lanes)
    }

    pub fn output_layout(&self) -> Layout {
        self.output.layout(self.samples, self.lanes)
    }

    pub fn constant_of(&self, id: ConstantId) -> &[f64] {
        &self.constants[id.0]
    }

    /// The constant of a unit, or another number where there is none.
    pub fn per_unit(&self, id: Option<PerUnitId>, unit: usize, none: f64) -> f64 {
        id.map_or(none, |id| {
            let values = self.constant_of(id.values);
            values[(unit / id.inner) % values.len()]
        })
    }

    /// The case along unit vectors of such lengths.
    pub fn with_radii(mut self, inputs: usize) -> Self {
        self.exponents = (0..inputs as i16).map(|i| [3, 0, -5, 1][i as usize % 4]).collect();
        self.name.push_str("-radii");
        self
    }

    /// How far t = 1 goes along a unit vector.
    pub fn radius(&self, ray: usize) -> f64 {
        self.exponents.get(ray).map_or(1.0, |&e| f64::from(e).exp2())
    }

    /// A plan of this one step: the inputs are its first values, the output its last, each with a buffer of its own.
    pub fn plan(&self) -> Plan {
        let mut values = self.inputs.clone();
        values.push(self.output);
        for (slot, value) in values.iter_mut().enumerate() {
            value.slot = slot;
        }
        let output = ValueId(self.inputs.len());
        Plan {
            method: Method::Exact,
            order: self.monomials.as_ref().map_or(self.output.degree.max(1), |monomials| monomials.order()),
            monomials: self.monomials.clone(),
            slots: values.len(),
            values,
            steps: vec![Step {
                layer: 0,
                kernel: self.kernel.clone(),
                inputs: (0..self.inputs.len()).map(ValueId).collect(),
                output,
                accumulate: self.accumulate,
            }],
            constants: self.constants.iter().map(|c| c.as_slice().into()).collect(),
            layers: vec![Layer { name: self.name.clone(), kind: "Test".into() }],
            input: ValueId(0),
            output,
            unit_rays: self.unit_rays.clone(),
            seed: None,
            adjoints: Vec::new(),
            weights: None,
            checkpoints: 0,
        }
    }
}

/// A window of a table: `[height, width]` of each.
pub struct Geometry {
    pub name: &'static str,
    pub input: [usize; 2],
    pub kernel: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    pub pad_begin: [usize; 2],
    pub pad_end: [usize; 2],
    /// Round the number of positions up.
    pub ceil: bool,
}

/// A window of one cell that goes over the image step by step.
pub const POINT: Geometry = Geometry {
    name: "1x1",
    input: [5, 7],
    kernel: [1, 1],
    stride: [1, 1],
    dilation: [1, 1],
    pad_begin: [0, 0],
    pad_end: [0, 0],
    ceil: false,
};

impl Geometry {
    pub fn window(&self) -> Window {
        let Self { input, kernel, stride, dilation, pad_begin, pad_end, ceil, .. } = *self;
        let positions = |axis: usize| {
            let room =
                input[axis] + pad_begin[axis] + pad_end[axis] - dilation[axis] * (kernel[axis] - 1) - 1;
            let steps = if ceil { room.div_ceil(stride[axis]) } else { room / stride[axis] };
            // The last window must not begin behind the image.
            if steps * stride[axis] >= input[axis] + pad_begin[axis] { steps } else { steps + 1 }
        };
        let output = [positions(0), positions(1)];
        Window { input, output, kernel, stride, dilation, pad_begin, pad_end }
    }
}

/// Evenly distributed f32 numbers, always the same for a name (SplitMix64).
struct Random(u64);

impl Random {
    fn new(name: &str) -> Self {
        Self(name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| {
            (hash ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3) // FNV-1a
        }))
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn numbers(&mut self, length: usize, (low, high): (f64, f64)) -> Vec<f64> {
        (0..length).map(|_| f64::from((low + (high - low) * self.next()) as f32)).collect()
    }
}
