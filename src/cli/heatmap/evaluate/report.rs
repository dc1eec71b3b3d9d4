//! The table of what explains best.

use std::fmt::Write as _;

use super::super::along::goal;
use super::super::args::HeatmapArgs;
use super::super::task::Task;
use super::Evaluation;
use crate::cli::text;

/// Writes the report.
pub fn report(args: &HeatmapArgs, task: &Task, found: &Evaluation) -> String {
    let images = task.subjects.len();
    let of = if task.patches.is_some() { "patches" } else { "pixels" };
    let mut out = format!(
        "{}, the strongest {of} first {}: means of the areas under the class's probability\n",
        text::count(images, "image"),
        goal(args),
    );
    let _ = writeln!(
        out,
        "  {:<32} {:>10} {:>10} {:>15} {:>16}",
        "", "deletion", "insertion", "difference", "time per image"
    );
    for (i, method) in found.methods.iter().enumerate() {
        let ([deletion, insertion], error) = found.areas(i);
        let error = if images > 1 { format!(" ± {error:.3}") } else { String::new() };
        let _ = writeln!(
            out,
            "  {:<32} {deletion:>10.3} {insertion:>10.3} {:>15} {:>16}",
            method.name(),
            format!("{:.3}{error}", insertion - deletion),
            text::seconds(found.seconds(i))
        );
    }
    out.push_str("low deletion and high insertion are good");
    out.push_str(if images > 1 { "; ± one standard error over the images\n" } else { "\n" });
    out
}
