//! A chart inside a page: the bare drawing, in the page's own font and colours, twice as fine as it is shown.

use watchkeeper_model::{Time, Trend};

use crate::{ChartError, page::drawing, panel};

/// How wide a chart is drawn, in points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drawing {
    /// For a place of more than 820 points.
    Broad,
    /// For one of 480 to 820.
    Middle,
    /// For less.
    Narrow,
}

impl Drawing {
    fn size(self) -> (i32, i32) {
        match self {
            Self::Broad => (960, 236),
            Self::Middle => (640, 220),
            Self::Narrow => (340, 200),
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Broad => "broad",
            Self::Middle => "middle",
            Self::Narrow => "narrow",
        }
    }
}

/// Draws one series without a title, with a bar under the axis for each of the `open` times, as an SVG element without a
/// style of its own. `described_by` is the id of the element that says the same in words.
///
/// # Errors
/// When the drawing fails, which is a defect.
pub fn inline(
    trend: &Trend,
    open: &[(Time, Time)],
    drawing_of: Drawing,
    described_by: &str,
) -> Result<String, ChartError> {
    let bars: Vec<(i64, i64)> = open.iter().map(|(from, to)| (from.timestamp(), to.timestamp())).collect();
    let (width, height) = drawing_of.size();
    let drawn = drawing((width, height), |page| panel::plot(page, trend, 8, &bars))?;
    let own = format!("width=\"{width}\" height=\"{height}\"");
    let dressed = format!("class=\"{}\" role=\"img\" aria-labelledby=\"{described_by}\"", drawing_of.class());
    Ok(drawn.replacen(&own, &dressed, 1).replace(" font-family=\"Roboto\"", ""))
}
