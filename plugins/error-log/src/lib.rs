//! Measures how many lines of a log tell of errors.

mod lines;

use lines::Lines;
use watchkeeper_plugin::{Check, Declared, Failure, Frame, Kind, Measurement, Metric, Params, Run, sql};

const MICROSECONDS_A_MINUTE: f64 = 60e6;

/// What counts as an error among levels that are numbers.
const LEAST: i64 = 50;

/// Levels that tell of an error, in lower case.
const ERROR_LEVELS: [&str; 9] = ["error", "err", "critical", "crit", "fatal", "alert", "emergency", "emerg", "panic"];

/// How many lines of a log tell of errors.
#[derive(Debug, Params)]
pub struct ErrorLog {
    /// The column with each line's level; error, critical, fatal and worse count as errors, in any case of letters.
    level: Option<String>,
    /// Of levels that are whole numbers: the least that counts as an error; 50 is pino's and bunyan's, 40 Python's.
    least: Option<i64>,
    /// Instead of a level: a regular expression that lines of an error match somewhere.
    pattern: Option<String>,
    /// The column with each line's text, for `pattern` and for the top patterns told.
    #[param(default = "message")]
    message: String,
}

const ERRORS_PER_MINUTE: Metric =
    Metric::new("errors_per_minute", "lines", "Error lines divided by the window's minutes.");
const ERROR_SHARE: Metric = Metric::new("error_share", "share", "Error lines divided by all lines, between 0 and 1.");

impl Check for ErrorLog {
    const SUMMARY: &'static str =
        "Error lines per minute and their share of all lines, with the most frequent patterns.";

    const METRICS: &'static [Declared] = &[ERRORS_PER_MINUTE.declared(), ERROR_SHARE.declared()];

    fn check(&self, run: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        if run.window_start == 0 {
            let sentence = "errors per minute need a window; give the monitor's [input] a window such as \"1h\"";
            return Err(Failure::config(sentence));
        }
        let (column, is_error) = self.rule(current)?;
        let lines = Lines::count(current, &column, &is_error).map_err(|failure| self.pointed_out(failure))?;
        if lines.read() == 0 {
            return Err(Failure::no_data(match lines.all {
                0 => "the window has no lines".to_owned(),
                all => format!("column \"{column}\" is null in all {all} lines of the window"),
            }));
        }
        let told = format!("{}{}", lines.told(), self.top_patterns(current, &lines, &is_error)?);
        let minutes = (run.window_end - run.window_start) as f64 / MICROSECONDS_A_MINUTE;
        Ok(vec![
            ERRORS_PER_MINUTE.of([], lines.errors as f64 / minutes).detail(told.clone()),
            ERROR_SHARE.of([], lines.errors as f64 / lines.read() as f64).detail(told),
        ])
    }
}

impl ErrorLog {
    /// The column that tells and the SQL condition of an error.
    fn rule(&self, frame: &dyn Frame) -> Result<(String, String), Failure> {
        match (&self.level, &self.pattern) {
            (Some(level), None) => {
                let field = frame.field("level", level, &[Kind::Text, Kind::Integer])?;
                if field.kind == Kind::Integer {
                    let least = self.least.unwrap_or(LEAST);
                    return Ok((level.clone(), format!("{} >= {least}", sql::name(level))));
                }
                let levels = ERROR_LEVELS.map(sql::text).join(", ");
                Ok((level.clone(), format!("lower({}) IN ({levels})", sql::name(level))))
            }
            (None, Some(pattern)) => {
                frame.field("message", &self.message, &[Kind::Text])?;
                let (column, pattern) = (sql::name(&self.message), sql::text(pattern));
                Ok((self.message.clone(), format!("regexp_like({column}, {pattern})")))
            }
            (Some(_), Some(_)) => Err(Failure::config("both \"level\" and \"pattern\" are given; give one of them")),
            (None, None) => Err(Failure::config(
                "give \"level\", the column with each line's level, or \"pattern\", what a line of an error matches",
            )),
        }
    }

    /// A pattern that is no regular expression fails with the query, which does not say whose it was.
    fn pointed_out(&self, failure: Failure) -> Failure {
        match &self.pattern {
            None => failure,
            Some(pattern) => Failure::retry(format!("{} (the pattern is {pattern:?})", failure.sentence())),
        }
    }

    /// The most frequent messages of errors; nothing without errors, or without a column of messages.
    fn top_patterns(&self, frame: &dyn Frame, lines: &Lines, is_error: &str) -> Result<String, Failure> {
        let has_messages = frame.field("message", &self.message, &[Kind::Text]).is_ok();
        match has_messages && lines.errors > 0 {
            true => lines::top_patterns(frame, &self.message, is_error),
            false => Ok(String::new()),
        }
    }
}

watchkeeper_plugin::export!(ErrorLog);

#[cfg(test)]
mod tests;
