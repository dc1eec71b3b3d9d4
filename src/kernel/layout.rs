//! Where the coefficients of a value lie, and views of them.
//!
//! All series share one order-major layout, `[order][row][unit]`, units contiguous. Block 0 has a row per
//! sample; blocks 1.. have a row per (sample, lane). A *lane* is a ray of the exact method, an output of
//! the published rule, or an output along a ray for gradients. Adjoints have no block 0; those along rays have
//! the coefficient of t^(k-1) in block k. Where all lanes of a chunk are rays of one output, that of t^0 is the same for all
//! of them: then it may be block 0, and that of t^k block k.
//!
//! Where only a weighted sum over the rays is asked for at the highest order, a value may have that sum in place of them: its last block is *collapsed*, a
//! row for each sample. What is linear acts on it as on any other row; of the rest see [`super::collapsed`].

use std::ops::Range;

use crate::scalar::Scalar;
use crate::series::Tile;

/// Where the coefficients of a value lie in its buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Number of samples in the chunk.
    pub samples: usize,
    /// Series per sample.
    pub lanes: usize,
    /// Units per row.
    pub units: usize,
    /// Highest order stored; orders above are zero.
    pub degree: usize,
    /// Whether there is a block 0.
    pub primal: bool,
    /// Whether the last block is a sum over the lanes.
    pub collapsed: bool,
}

impl Layout {
    /// Whether the block of an order is a sum over the lanes.
    #[inline(always)]
    pub fn is_sum(&self, order: usize) -> bool {
        self.collapsed && order == self.degree
    }

    /// Rows of the block of an order.
    pub fn rows(&self, order: usize) -> usize {
        match (order, self.primal) {
            (0, true) => self.samples,
            (0, false) => 0,
            _ if self.is_sum(order) => self.samples,
            _ => self.samples * self.lanes,
        }
    }

    /// Rows of all blocks together.
    pub fn total_rows(&self) -> usize {
        match self.degree {
            0 => self.rows(0),
            degree => self.rows(0) + (degree - 1) * self.samples * self.lanes + self.rows(degree),
        }
    }

    /// Length of the buffer.
    pub fn len(&self) -> usize {
        self.total_rows() * self.units
    }

    /// Series of all units and lanes, as a factor of costs.
    pub fn series(&self) -> f64 {
        (self.samples * self.lanes * self.units) as f64
    }

    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Elements of the block of an order.
    pub fn block(&self, order: usize) -> Range<usize> {
        let start = match order {
            0 => 0,
            _ => self.rows(0) + (order - 1) * self.samples * self.lanes,
        };
        start * self.units..(start + self.rows(order)) * self.units
    }

    /// Elements of a row: of a sample at order 0 and of a sum over the lanes, else of a lane of a sample.
    #[inline(always)]
    pub fn row(&self, order: usize, sample: usize, lane: usize) -> Range<usize> {
        let row = match order {
            0 => sample,
            _ if self.is_sum(order) => self.rows(0) + (order - 1) * self.samples * self.lanes + sample,
            _ => self.rows(0) + ((order - 1) * self.samples + sample) * self.lanes + lane,
        };
        row * self.units..(row + 1) * self.units
    }
}

impl Layout {
    /// First element of some units of a lane at order 1.
    #[inline(always)]
    fn first(&self, sample: usize, lane: usize, units: &Range<usize>) -> usize {
        self.row(1, sample, lane).start + units.start
    }

    /// From an element to that of the next order, above order 0.
    #[inline(always)]
    fn stride(&self) -> usize {
        self.samples * self.lanes * self.units
    }
}

/// A value's coefficients.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a, T> {
    /// The buffer.
    pub data: &'a [T],
    /// Its layout.
    pub layout: Layout,
}

/// A value's coefficients, to be written.
#[derive(Debug)]
pub struct SeriesMut<'a, T> {
    /// The buffer.
    pub data: &'a mut [T],
    /// Its layout.
    pub layout: Layout,
}

impl<'a, T: Scalar> Series<'a, T> {
    /// The block of an order.
    pub fn block(&self, order: usize) -> &'a [T] {
        &self.data[self.layout.block(order)]
    }

    /// A row.
    #[inline(always)]
    pub fn row(&self, order: usize, sample: usize, lane: usize) -> &'a [T] {
        &self.data[self.layout.row(order, sample, lane)]
    }

    /// Orders 1 to the degree of a unit.
    pub(super) fn higher(
        &self,
        sample: usize,
        lane: usize,
        unit: usize,
    ) -> impl Iterator<Item = T> + use<'a, T> {
        let Self { data, layout } = *self;
        (1..=layout.degree).map(move |order| data[layout.row(order, sample, lane).start + unit])
    }

    /// Whether a unit has a coefficient of order 1 or above.
    pub(super) fn moves(&self, sample: usize, lane: usize, unit: usize) -> bool {
        self.higher(sample, lane, unit).any(|c| c != T::zero())
    }

    /// Loads orders 1 to the degree of neighbouring units.
    #[inline(always)]
    pub(super) fn load_higher(
        &self,
        sample: usize,
        lane: usize,
        units: &Range<usize>,
        pad: T,
        into: &mut [Tile<T>],
    ) {
        if self.layout.degree == 0 {
            return;
        }
        let blocks = self.data[self.layout.first(sample, lane, units)..].chunks(self.layout.stride());
        for (tile, block) in into[1..=self.layout.degree].iter_mut().zip(blocks) {
            *tile = Tile::load(&block[..units.len()], pad);
        }
    }
}

impl<T: Scalar> SeriesMut<'_, T> {
    /// The block of an order.
    pub fn block(&mut self, order: usize) -> &mut [T] {
        &mut self.data[self.layout.block(order)]
    }

    /// A row.
    #[inline(always)]
    pub fn row(&mut self, order: usize, sample: usize, lane: usize) -> &mut [T] {
        &mut self.data[self.layout.row(order, sample, lane)]
    }

    /// Zeroes the orders above `degree`, which a lower series leaves out.
    pub(super) fn clear_above(&mut self, degree: usize) {
        for order in degree + 1..=self.layout.degree {
            self.block(order).fill(T::zero());
        }
    }

    /// Adds orders 1 to the degree of neighbouring units.
    #[inline(always)]
    pub(super) fn add_higher(&mut self, sample: usize, lane: usize, units: &Range<usize>, terms: &[Tile<T>]) {
        if self.layout.degree == 0 {
            return;
        }
        let blocks = self.data[self.layout.first(sample, lane, units)..].chunks_mut(self.layout.stride());
        for (tile, block) in terms[1..=self.layout.degree].iter().zip(blocks) {
            let block = &mut block[..units.len()];
            (*tile + Tile::load(block, T::zero())).store(block);
        }
    }

    /// Stores orders 1 to the degree of neighbouring units.
    #[inline(always)]
    pub(super) fn store_higher(
        &mut self,
        sample: usize,
        lane: usize,
        units: &Range<usize>,
        from: &[Tile<T>],
    ) {
        if self.layout.degree == 0 {
            return;
        }
        let blocks = self.data[self.layout.first(sample, lane, units)..].chunks_mut(self.layout.stride());
        for (tile, block) in from[1..=self.layout.degree].iter().zip(blocks) {
            tile.store(&mut block[..units.len()]);
        }
    }
}

/// Cuts a row into tiles.
pub(super) fn tiles(units: usize) -> impl Iterator<Item = Range<usize>> {
    (0..units).step_by(crate::series::TILE).map(move |start| start..units.min(start + crate::series::TILE))
}
