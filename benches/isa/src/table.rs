//! The table.

use crate::shaders::Shader;
use crate::vulkan::Report;

/// Invocations that run as one.
pub const SUBGROUP: &str = "Subgroup size";

/// Heading of a column for people, for programs, and the driver's name of the number.
const COLUMNS: [(&str, &str, &str); 13] = [
    ("wave", "wave", SUBGROUP),
    ("SGPR", "sgprs", "SGPRs"),
    ("VGPR", "vgprs", "VGPRs"),
    ("spilled S", "spilled_sgprs", "Spilled SGPRs"),
    ("spilled V", "spilled_vgprs", "Spilled VGPRs"),
    ("scratch", "scratch", "Scratch size"),
    ("LDS", "lds", "LDS size"),
    ("waves/SIMD", "waves", "Subgroups per SIMD"),
    ("code", "code", "Code size"),
    ("instructions", "instructions", "Instructions"),
    ("branches", "branches", "Branches"),
    ("latency", "latency", "Latency"),
    ("1/throughput", "inverse_throughput", "Inverse Throughput"),
];

/// A row per shader, aligned or separated by tabs. What the driver doesn't report is a dash.
pub fn table(rows: &[(Shader, Report)], tsv: bool) -> String {
    let number = |report: &Report, name| report.get(name).map_or("-".into(), |value| value.to_string());
    let headings = |programs: bool| {
        let numbers = COLUMNS.iter().map(|column| if programs { column.1 } else { column.0 });
        ["shader", "entry", "constants"].into_iter().chain(numbers).map(String::from).collect::<Vec<_>>()
    };
    let mut cells = vec![headings(tsv)];
    cells.extend(rows.iter().map(|(shader, report)| {
        let mut row = vec![shader.name.clone(), shader.entry.clone(), shader.settings()];
        row.extend(COLUMNS.iter().map(|column| number(report, column.2)));
        row
    }));
    let width = |i: usize| cells.iter().map(|row| row[i].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..cells[0].len()).map(width).collect();
    let line = |row: &Vec<String>| match tsv {
        true => row.join("\t") + "\n",
        false => {
            let padded = row.iter().zip(&widths).enumerate().map(|(i, (cell, &width))| match i {
                0..3 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            });
            padded.collect::<Vec<_>>().join("  ") + "\n"
        }
    };
    cells.iter().map(line).collect()
}
