//! What an import may take: elements of constants, nodes and depth, in proportion to the file; and what layers hold that the file doesn't, within the
//! memory that is allowed.

use crate::memory::default_budget;

/// Elements that even the smallest file may compute.
const BASE_BUDGET: u64 = 4 << 20;

/// Elements that may be computed for each byte of the file: float32 weights need less than one.
const BUDGET_PER_BYTE: u64 = 8;

/// Functions and graphs of nodes inside of each other.
pub const MAX_DEPTH: usize = 24;

/// Copies of a layer's weights that an import makes and looks at: as the constant, in the layer's order, scaled, with a bias.
pub const COPIES: u64 = 4;

/// Elements that a node of the model counts as.
const ELEMENTS_PER_NODE: usize = 64;

/// What is left of it.
#[derive(Debug)]
pub struct Budget {
    /// Elements that may still be computed from constants: bounds memory and time by the file's size.
    elements: u64,
    /// Bytes that weights may take which the file doesn't hold; by default half of the free memory.
    memory: Option<u64>,
    /// Functions and graphs of nodes around.
    depth: usize,
}

impl Budget {
    /// For a file of this many bytes.
    pub fn of(file_size: u64, memory: Option<u64>) -> Self {
        let elements = BASE_BUDGET.saturating_add(file_size.saturating_mul(BUDGET_PER_BYTE));
        Self { elements, memory, depth: 0 }
    }

    /// Allows more elements, for bytes of another file.
    pub fn grant(&mut self, bytes: u64) {
        self.elements = self.elements.saturating_add(bytes.saturating_mul(BUDGET_PER_BYTE));
    }

    /// Takes memory for weights that the file doesn't hold, and allows the elements that a layer of them takes.
    ///
    /// # Errors
    /// How many bytes are left, if they are too few.
    pub fn hold(&mut self, elements: usize) -> Result<(), u64> {
        let left = *self.memory.get_or_insert_with(default_budget);
        let copies = (elements as u64).saturating_mul(COPIES);
        let rest = left.checked_sub(copies.saturating_mul(size_of::<f64>() as u64)).ok_or(left)?;
        self.memory = Some(rest);
        self.elements = self.elements.saturating_add(copies);
        Ok(())
    }

    /// Takes elements; false if there are not so many.
    pub fn take(&mut self, elements: usize) -> bool {
        let rest = self.elements.checked_sub(elements as u64);
        self.elements = rest.unwrap_or(self.elements);
        rest.is_some()
    }

    /// Takes nodes, which need far more memory than elements.
    pub fn take_nodes(&mut self, nodes: usize) -> bool {
        self.take(nodes.saturating_mul(ELEMENTS_PER_NODE))
    }

    /// Goes into a function or graph; false if it is too deep.
    pub fn descend(&mut self) -> bool {
        self.depth += 1;
        self.depth <= MAX_DEPTH
    }

    /// Comes back.
    pub fn ascend(&mut self) {
        self.depth = self.depth.saturating_sub(1);
    }
}
