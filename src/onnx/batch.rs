//! Where the batch is.
//!
//! A sample is the tensor with a batch of one, and an axis of size 1 moves, merges and splits as any other. What would mix two samples
//! is an error: work along axis 0 while that is a batch which may be larger. A batch of a fixed size above 1 has to stay on axis 0, as
//! its size is in the shapes of the file.

use super::shape::Batch;
use super::tensor::Tensor;
use super::values::{Importer, Value};
use crate::error::Result;
use crate::model::NodeId;

impl Importer {
    /// Whether axis 0 of a node is a batch of samples, as far as is known.
    pub fn is_batched(&self, x: NodeId) -> bool {
        self.batch != Batch::None && !self.moved.contains(&x)
    }

    /// The same for a value; constants are none.
    pub fn has_batch(&self, value: &Value) -> bool {
        value.nodes().iter().any(|&x| self.is_batched(x))
    }

    /// Notes that axis 0 of a result isn't the batch any more, which a file of a fixed batch can't have.
    pub fn moves(&mut self, y: NodeId, why: impl FnOnce() -> String) -> Result<()> {
        match self.batch {
            Batch::None => {}
            Batch::Dynamic => {
                self.moved.insert(y);
            }
            Batch::Fixed(n) => {
                return self.fail(format!(
                    "{}, but the batch of {n} samples has to stay on axis 0: export the model with a batch of 1 or a dynamic one",
                    why()
                ));
            }
        }
        Ok(())
    }

    /// Leaves the batch out of all shapes that have it.
    pub fn without_batch(&mut self, output: NodeId) -> NodeId {
        self.builder.without_first_axes(output, |id| self.moved.contains(&id))
    }

    /// Notes that axis 0 of an input is no batch.
    pub fn has_no_batch(&mut self, x: NodeId) {
        self.moved.insert(x);
    }

    /// What is made of values without a batch on axis 0 has none either.
    pub fn follow(&mut self, y: NodeId, inputs: &[NodeId]) {
        if inputs.iter().any(|x| self.moved.contains(x)) {
            self.moved.insert(y);
        }
    }

    /// A constant as one sample of a value with `rank` axes sees it: of a fixed batch only one of its rows, if they are all the same.
    pub fn per_sample(&self, tensor: &Tensor, rank: usize) -> Result<Tensor> {
        let Batch::Fixed(batch) = self.batch else { return Ok(tensor.clone()) };
        if tensor.shape.len() < rank || tensor.shape.is_empty() {
            return Ok(tensor.clone());
        }
        if tensor.shape.len() > rank {
            return self.fail(format!(
                "a constant of shape {:?} with a value of {rank} axes would move the batch away from axis 0",
                tensor.shape
            ));
        }
        let first = tensor.shape[0];
        if first == 1 {
            return Ok(tensor.clone());
        }
        if first != batch {
            return self.fail(format!(
                "a constant of shape {:?} does not fit the batch of {batch} samples on axis 0",
                tensor.shape
            ));
        }
        let values = tensor.values();
        let mut samples = values.chunks_exact((tensor.len() / first).max(1));
        let one = samples.next();
        if !samples.all(|sample| Some(sample) == one) {
            return self.fail(
                "a constant differs between the samples of the batch: export with a dynamic batch axis",
            );
        }
        Ok(tensor.sliced(0, 0, 1, 1))
    }

    /// The shape of one sample of a result of this shape.
    pub fn sample_shape(&self, shape: &[usize]) -> Result<Vec<usize>> {
        match (self.batch, shape.split_first()) {
            (Batch::Fixed(batch), Some((&first, rest))) if first == batch => {
                Ok(std::iter::once(1).chain(rest.iter().copied()).collect())
            }
            (Batch::Fixed(batch), _) => self.fail(format!(
                "the result's shape {shape:?} does not keep the batch of {batch} samples on axis 0: export the model with a batch of 1 or a dynamic one"
            )),
            _ => Ok(shape.to_vec()),
        }
    }

    /// Refuses to work along axis 0 where that is the batch.
    pub fn not_the_batch(&self, value: &Value, axis: usize) -> Result<()> {
        if axis == 0 && self.has_batch(value) {
            return self.fail("it works along axis 0, which is the batch: each sample must stay by itself (with a batch of 1 in the file, axis 0 is an axis like others)");
        }
        Ok(())
    }
}
