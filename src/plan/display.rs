//! A plan as text: one line per step.

use std::fmt;

use super::{Plan, ValueId};

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} method, order {}: {} steps, {} values in {} slots",
            self.method.name(),
            self.order,
            self.steps.len(),
            self.values.len(),
            self.slots
        )?;
        if self.checkpoints > 0 {
            writeln!(f, "  checkpoints at {} places", self.checkpoints)?;
        }
        writeln!(f, "  input  {}", self.describe(self.input))?;
        if let Some(seed) = self.seed {
            writeln!(f, "  seed   {}", self.describe(seed))?;
        }
        if let Some(weights) = self.weights {
            writeln!(f, "  weights {}", self.describe(weights))?;
        }
        for step in &self.steps {
            let inputs: Vec<String> = step.inputs.iter().map(|v| format!("v{}", v.0)).collect();
            writeln!(
                f,
                "  {:<20} {:<10} {} {}  [{}]",
                step.kernel.name(),
                inputs.join(", "),
                if step.accumulate { "+=>" } else { " =>" },
                self.describe(step.output),
                self.layers[step.layer].name
            )?;
        }
        write!(f, "  output v{}", self.output.0)?;
        for adjoint in &self.adjoints {
            write!(f, ", adjoint v{}", adjoint.0)?;
        }
        writeln!(f)
    }
}

impl Plan {
    fn describe(&self, id: ValueId) -> String {
        let value = self.values[id.0];
        let from = if value.primal { 0 } else { 1 };
        let last = if value.collapsed { ", the last one summed" } else { "" };
        format!(
            "v{}: {} units, orders {}..={}{last} in slot {}",
            id.0, value.units, from, value.degree, value.slot
        )
    }
}
