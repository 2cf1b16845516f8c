//! What a guest logs: passed on to our log, and the last errors kept for the message when it traps.

use std::{collections::VecDeque, mem, sync::Arc};

use wasmtime::Result;
use watchkeeper_engine::ports::checker::CheckLog;

use crate::{
    bindings::log::{Host, Level},
    sandbox::Sandbox,
    text::one_line,
};

const LINES_MAX: u32 = 200;
const LINE_CHARS_MAX: usize = 1_000;
/// How much of a line is kept with the run.
const KEPT_CHARS_MAX: usize = 300;
const ERRORS_KEPT: usize = 4;

/// The log of one run.
#[derive(Debug)]
pub(crate) struct RunLog {
    /// For whom it runs.
    subject: String,
    plugin: String,
    lines: u32,
    errors: VecDeque<String>,
    /// Where the lines are kept.
    kept: Option<Arc<CheckLog>>,
}

impl RunLog {
    /// `subject` is the monitor's name.
    pub(crate) fn new(subject: &str, plugin: &str) -> Self {
        let (subject, plugin) = (subject.to_owned(), plugin.to_owned());
        Self { subject, plugin, lines: 0, errors: VecDeque::new(), kept: None }
    }

    /// With a log that keeps its lines.
    pub(crate) fn kept_in(self, log: &Arc<CheckLog>) -> Self {
        Self { kept: Some(Arc::clone(log)), ..self }
    }

    /// The last lines logged as errors, oldest first.
    pub(crate) fn take_errors(&mut self) -> Vec<String> {
        mem::take(&mut self.errors).into()
    }

    fn write(&mut self, level: Level, message: &str) {
        let line = one_line(message, LINE_CHARS_MAX);
        self.pass_on(level, &line);
        if level == Level::Error {
            if self.errors.len() == ERRORS_KEPT {
                self.errors.pop_front();
            }
            self.errors.push_back(line);
        }
    }

    fn pass_on(&mut self, level: Level, line: &str) {
        self.lines = self.lines.saturating_add(1);
        let word = match level {
            Level::Debug => None,
            Level::Info => Some("info"),
            Level::Warn => Some("warn"),
            Level::Error => Some("error"),
        };
        if let (Some(kept), Some(word)) = (&self.kept, word) {
            kept.write(format!("{word}: {}", line.chars().take(KEPT_CHARS_MAX).collect::<String>()));
        }
        let (monitor, plugin) = (&self.subject, &self.plugin);
        match level {
            _ if self.lines > LINES_MAX => {}
            _ if self.lines == LINES_MAX => {
                tracing::warn!(monitor, plugin, "more than {LINES_MAX} lines logged in a run")
            }
            Level::Debug => tracing::debug!(monitor, plugin, "{line}"),
            Level::Info => tracing::info!(monitor, plugin, "{line}"),
            Level::Warn => tracing::warn!(monitor, plugin, "{line}"),
            Level::Error => tracing::error!(monitor, plugin, "{line}"),
        }
    }
}

impl Host for Sandbox {
    fn write(&mut self, level: Level, message: String) -> Result<()> {
        self.log.write(level, &message);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_errors_are_kept_and_only_errors() {
        let mut log = RunLog::new("loan-nulls", "null-rate");
        log.write(Level::Info, "starting");
        for number in 1..=6 {
            log.write(Level::Error, &format!("error {number}"));
        }
        assert_eq!(log.take_errors(), ["error 3", "error 4", "error 5", "error 6"]);
    }
}
