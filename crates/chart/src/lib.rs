//! Charts of measured series: SVG for browsers, PNG for mail.
//!
//! One drawing serves both. Text is set in a font that is carried along, so a chart looks the same on a machine
//! without any. Nothing here reads a file, a clock or the network.

mod inline;
mod notes;
mod numbers;
mod page;
mod palette;
mod panel;
mod picture;
mod ticks;

use watchkeeper_model::{Trend, is_hidden};

pub use inline::{Drawing, inline};
pub use page::{PANELS_MAX, svg};
pub use picture::png;

/// One series to draw, and what stands over it.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// Usually the monitor and the series.
    pub title: String,
    /// The series.
    pub trend: Trend,
}

/// Why a chart cannot be drawn.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the chart cannot be drawn: {0}")]
pub struct ChartError(String);

impl ChartError {
    pub(crate) fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Text that XML can hold on one line: control characters become spaces, and what is too long is cut.
pub(crate) fn one_line(text: &str, chars_max: usize) -> String {
    let clean = |c: char| if is_hidden(c) || matches!(c, '\u{fffe}' | '\u{ffff}') { ' ' } else { c };
    if text.chars().count() <= chars_max {
        return text.chars().map(clean).collect();
    }
    let kept: String = text.chars().map(clean).take(chars_max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
