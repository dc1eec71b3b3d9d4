//! What a run will take, told before it begins.

use hope::{Job, memory};

use super::device::describe;
use super::text;

/// Operations from which it is worth a tenth of a second to measure the device.
const WORTH_MEASURING: f64 = 1e10;

/// Seconds of that measurement.
const MEASURING: f64 = 0.1;

/// Share of what a device can do at most that networks reach, about: a twentieth to a third (`benches/README.md`).
const SHARE: f64 = 0.15;

/// Seconds from which a run is long.
const LONG: f64 = 20.0;

/// Operations, memory, time.
#[derive(Clone, Debug)]
pub struct Estimate {
    flops: f64,
    memory: u64,
    /// Operations per second that were measured, and about how long that takes.
    time: Option<(f64, f64)>,
    device: String,
}

impl Estimate {
    /// Of a planned job. The device is measured if there is much to do.
    pub fn of(job: &Job) -> Self {
        let request = job.request();
        let flops = job.flops();
        let measured = || {
            let instruments = request.device.backend().instruments()?;
            pollster::block_on(instruments.peak(request.precision, job.threads(), MEASURING)).ok()
        };
        let peak = if flops >= WORTH_MEASURING { measured() } else { None };
        let time = peak.map(|peak| (peak.flops, flops / (SHARE * peak.flops)));
        Self { flops, memory: job.bytes(), time, device: describe(&request.device).0 }
    }

    /// For the line that announces a run: nothing if it is short.
    pub fn announcement(&self) -> String {
        match self.time {
            Some((_, seconds)) if seconds >= LONG => {
                format!(": about {}, roughly {}", text::flops(self.flops), roughly(seconds))
            }
            _ => String::new(),
        }
    }

    /// All of it.
    pub fn text(&self) -> String {
        let amount =
            format!("about {}, at most {} of memory", text::flops(self.flops), memory::human(self.memory));
        match self.time {
            None if self.flops < WORTH_MEASURING => format!("{amount}; less than some seconds"),
            None => amount,
            Some((peak, seconds)) => format!(
                "{amount}; roughly {} on {} (it does {}/s at most, of which networks reach a twentieth to a third)",
                roughly(seconds),
                self.device,
                text::flops(peak)
            ),
        }
    }
}

/// A duration, as well as one can know it: `10 s`, `4 min`, `3 h`, `5 days`.
fn roughly(seconds: f64) -> String {
    match seconds {
        s if s < 1.5 => "a second".into(),
        s if s < 90.0 => format!("{:.0} s", if s < 10.0 { s } else { (s / 10.0).round() * 10.0 }),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s if s < 172_800.0 => format!("{:.0} h", s / 3600.0),
        s => format!("{:.0} days", s / 86_400.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_round() {
        let texts = [0.3, 4.4, 37.0, 100.0, 7000.0, 400_000.0].map(roughly);
        assert_eq!(texts, ["a second", "4 s", "40 s", "2 min", "2 h", "5 days"]);
    }
}
