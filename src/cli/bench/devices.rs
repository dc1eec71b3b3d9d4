//! Which devices to measure.

use anyhow::Result;

use hope::bench::Target;
use hope::{Device, Precision};

/// A device that is to be measured; opened when its turn comes.
pub enum Chosen {
    Cpu(Precision),
    #[cfg(feature = "gpu")]
    Adapter(Box<hope::gpu::AdapterSummary>),
}

impl Chosen {
    /// Opens it.
    ///
    /// # Errors
    /// If the driver refuses.
    pub fn open(&self) -> hope::Result<Target> {
        let device = match self {
            Self::Cpu(_) => Device::cpu(),
            #[cfg(feature = "gpu")]
            Self::Adapter(summary) => {
                let choice = hope::gpu::Choice::Exactly(Box::new(summary.info.clone()));
                pollster::block_on(Device::open(&choice))?
            }
        };
        Ok(Target::new(device, self.precision()))
    }

    /// The number type to compute in.
    pub fn precision(&self) -> Precision {
        match self {
            Self::Cpu(precision) => *precision,
            #[cfg(feature = "gpu")]
            Self::Adapter(_) => Precision::F32,
        }
    }
}

/// The devices that `--device` names, each once, the CPU first.
///
/// # Errors
/// If a name fits no adapter.
#[cfg(feature = "gpu")]
pub fn chosen(names: &[String], precision: Precision) -> Result<Vec<Chosen>> {
    use hope::gpu::{AdapterSummary, Choice, adapters};

    let is = |word: &str| names.iter().any(|name| name == word);
    let mut all = Vec::new();
    if is("all") || is("cpu") {
        all.push(Chosen::Cpu(precision));
    }
    let choices: Vec<Choice> = names
        .iter()
        .filter(|name| *name != "cpu")
        .map(|name| match name.as_str() {
            "all" => Choice::Any,
            "gpu" | "auto" => Choice::Hardware,
            name => Choice::Named(name.into()),
        })
        .collect();
    if choices.is_empty() {
        return Ok(all);
    }
    let found = pollster::block_on(adapters());
    for (choice, name) in choices.iter().zip(names.iter().filter(|name| *name != "cpu")) {
        let fits = found.iter().any(|adapter| adapter.matches(choice));
        if fits || matches!(choice, Choice::Any) {
            continue;
        }
        let there: Vec<String> =
            found.iter().map(|a| format!("'{}' ({})", a.info.name, a.info.backend)).collect();
        let there = if there.is_empty() { "no adapter at all".into() } else { there.join(", ") };
        anyhow::bail!("--device {name}: found {there}; `hope adapters` tells more, and `all` takes all");
    }
    let wanted = |adapter: &AdapterSummary| choices.iter().any(|choice| adapter.matches(choice));
    all.extend(found.into_iter().filter(wanted).map(|adapter| Chosen::Adapter(Box::new(adapter))));
    Ok(all)
}

/// The CPU is all there is.
///
/// # Errors
/// If another device is named.
#[cfg(not(feature = "gpu"))]
pub fn chosen(names: &[String], precision: Precision) -> Result<Vec<Chosen>> {
    if let Some(name) = names.iter().find(|name| !matches!(name.as_str(), "all" | "cpu")) {
        anyhow::bail!("--device {name}: this build of hope has no GPU engine");
    }
    Ok(vec![Chosen::Cpu(precision)])
}
