//! Progress on stderr: a bar on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use hope::Progress;

use super::text;
use super::verbosity::Verbosity;

/// Plain lines come at most this often,
const SOONEST: Duration = Duration::from_secs(1);
/// and at least this often.
const LATEST: Duration = Duration::from_secs(15);

/// Shows how far a run is.
pub struct Reporter {
    display: Display,
    started: Instant,
}

enum Display {
    None,
    Bar(ProgressBar),
    Lines(Mutex<Line>),
}

/// The last plain line.
struct Line {
    at: Instant,
    tenth: usize,
}

impl Reporter {
    /// Begins; `title` says what is going on.
    pub fn new(title: &str, verbosity: Verbosity) -> Self {
        let started = Instant::now();
        verbosity.note(title);
        let display = if verbosity.quiet {
            Display::None
        } else if std::io::stderr().is_terminal() {
            let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::stderr_with_hz(10));
            // The template is a constant; the plain style stands in if it were wrong.
            let style = ProgressStyle::with_template("[{wide_bar}] {percent} %, {elapsed}, about {eta} left");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "));
            bar.tick();
            Display::Bar(bar)
        } else {
            Display::Lines(Mutex::new(Line { at: started, tenth: 0 }))
        };
        Self { display, started }
    }

    /// Notes progress; from any thread.
    pub fn update(&self, progress: Progress) {
        match &self.display {
            Display::None => {}
            Display::Bar(bar) => {
                bar.set_length(progress.total as u64);
                // Threads may report out of order.
                bar.set_position(bar.position().max(progress.done as u64));
            }
            Display::Lines(line) => {
                let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
                let tenth = 10 * progress.done / progress.total.max(1);
                let since = line.at.elapsed();
                let due = (tenth > line.tenth && since >= SOONEST) || since >= LATEST;
                if due && progress.done < progress.total {
                    text::complain(&self.line(progress));
                    *line = Line { at: Instant::now(), tenth: tenth.max(line.tenth) };
                }
            }
        }
    }

    /// Says something meanwhile.
    pub fn say(&self, line: &str) {
        match &self.display {
            Display::Bar(bar) => bar.suspend(|| text::complain(&format!("{line}\n"))),
            Display::None | Display::Lines(_) => text::complain(&format!("{line}\n")),
        }
    }

    /// Ends the display.
    pub fn finish(&self) {
        if let Display::Bar(bar) = &self.display {
            bar.finish_and_clear();
        }
    }

    fn line(&self, Progress { done, total }: Progress) -> String {
        let elapsed = self.started.elapsed().as_secs_f64();
        let left = elapsed * (total - done) as f64 / done.max(1) as f64;
        format!(
            "{:3} %, {}, about {} left\n",
            100 * done / total.max(1),
            text::seconds(elapsed),
            text::seconds(left)
        )
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_lines() {
        let reporter = Reporter { display: Display::None, started: Instant::now() - Duration::from_secs(30) };
        assert_eq!(reporter.line(Progress { done: 25, total: 100 }), " 25 %, 30.0 s, about 90.0 s left\n");
    }
}
