//! Counts lines, and finds the patterns that most of the errors share.

use watchkeeper_plugin::{Ask, Failure, Frame, sql};

/// Patterns told, and letters told of each.
const TOLD_MAX: usize = 3;
const LETTERS_MAX: usize = 120;

/// The lines of a window.
#[derive(Debug, PartialEq)]
pub(crate) struct Lines {
    pub(crate) all: u64,
    /// Lines without a level or text, of which nobody knows what they tell.
    pub(crate) mute: u64,
    pub(crate) errors: u64,
}

impl Lines {
    /// Counts all lines, then those that satisfy a condition.
    pub(crate) fn count(frame: &dyn Frame, column: &str, is_error: &str) -> Result<Self, Failure> {
        let mut ask = Ask::new();
        let (all, mute) = (ask.rows(), ask.nulls(column));
        let answers = frame.answer(ask)?;
        let errors = frame.query(&format!("SELECT {} FROM input WHERE {is_error}", sql::name(column)))?;
        Ok(Self { all: answers.get(all)?, mute: answers.get(mute)?, errors: errors.rows()? })
    }

    /// The lines that can be told apart.
    pub(crate) fn read(&self) -> u64 {
        self.all - self.mute
    }

    pub(crate) fn told(&self) -> String {
        let mute = match self.mute {
            0 => String::new(),
            mute => format!("; {mute} more say nothing"),
        };
        format!("{} of {} lines{mute}", self.errors, self.read())
    }
}

/// The most frequent errors, digits read as one `#` so that numbers do not tell lines apart; ties by text.
pub(crate) fn top_patterns(frame: &dyn Frame, message: &str, is_error: &str) -> Result<String, Failure> {
    let message = sql::name(message);
    let patterns = frame.query(&format!(
        "SELECT regexp_replace({message}, '[0-9]+', '#', 'g') AS pattern, CAST(count(*) AS BIGINT) AS lines \
         FROM input WHERE {is_error} AND {message} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {TOLD_MAX}"
    ))?;
    let mut told = Vec::new();
    for chunk in patterns.scan(&["pattern", "lines"])? {
        if let [patterns, lines] = &chunk?[..] {
            let lines = lines.numbers()?;
            let rows = patterns.texts()?.zip(lines.iter());
            told.extend(rows.map(|(pattern, lines)| shown(pattern.unwrap_or_default(), lines.unwrap_or_default())));
        }
    }
    Ok(if told.is_empty() { String::new() } else { format!("; most often: {}", told.join(", ")) })
}

fn shown(pattern: &str, lines: f64) -> String {
    let short: String = pattern.chars().take(LETTERS_MAX).collect();
    let more = if short.len() < pattern.len() { "…" } else { "" };
    format!("{lines}x \"{short}{more}\"")
}
