//! What an import may take: elements of constants, nodes and depth, in proportion to the file.

/// Elements that even the smallest file may compute.
const BASE_BUDGET: u64 = 4 << 20;

/// Elements that may be computed for each byte of the file: float32 weights need less than one.
const BUDGET_PER_BYTE: u64 = 8;

/// Functions and graphs of nodes inside of each other.
pub const MAX_DEPTH: usize = 24;

/// Elements that a node of the model counts as.
const ELEMENTS_PER_NODE: usize = 64;

/// What is left of it.
#[derive(Debug)]
pub struct Budget {
    /// Elements that may still be computed from constants: bounds memory and time by the file's size.
    elements: u64,
    /// Functions and graphs of nodes around.
    depth: usize,
}

impl Budget {
    /// For a file of this many bytes.
    pub fn of(file_size: u64) -> Self {
        Self { elements: BASE_BUDGET.saturating_add(file_size.saturating_mul(BUDGET_PER_BYTE)), depth: 0 }
    }

    /// Allows more elements, for bytes of another file.
    pub fn grant(&mut self, bytes: u64) {
        self.elements = self.elements.saturating_add(bytes.saturating_mul(BUDGET_PER_BYTE));
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
