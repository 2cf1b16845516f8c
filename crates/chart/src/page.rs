//! A page of panels as SVG that looks the same everywhere: it carries its font and knows dark screens.

use base64::{Engine, engine::general_purpose::STANDARD};
use plotters::{
    drawing::IntoDrawingArea,
    element::{Circle, Cross, Text, TriangleMarker},
    prelude::SVGBackend,
    style::{Color, ShapeStyle, text_anchor::HPos},
};

use crate::{
    ChartError, Panel, one_line,
    palette::{BREACH, INK, MUTED, PAPER, WARN, style_sheet},
    panel::{self, Area, FINE, text},
};

/// So many series have a panel; the others are counted.
pub const PANELS_MAX: usize = 12;

/// A subset of Roboto for browsers.
const FONT: &[u8] = include_bytes!("../font/roboto.woff2");
const WIDTH: i32 = 960;
const HEADING: i32 = 64;
const PANEL: i32 = 250;
const FOOT: i32 = 34;

/// Draws panels under each other, at most [`PANELS_MAX`]; those that matter most come first.
///
/// # Errors
/// When the drawing fails, which is a defect.
pub fn svg(heading: &str, panels: &[Panel]) -> Result<String, ChartError> {
    let shown = panels.len().min(PANELS_MAX);
    let more = panels.len() - shown;
    let foot = if more > 0 { FOOT } else { 8 };
    let height = HEADING + PANEL * i32::try_from(shown).unwrap_or(0) + foot;
    let drawn = drawing((WIDTH, height), |page| {
        page.fill(&PAPER).map_err(ChartError::of)?;
        head(page, heading)?;
        let (_, below) = page.split_vertically(HEADING * FINE);
        let mut rest = below;
        for panel in &panels[..shown] {
            let (area, next) = rest.split_vertically(PANEL * FINE);
            panel::draw(&area, panel)?;
            rest = next;
        }
        if more > 0 {
            let words = format!("and {more} more series");
            rest.draw(&Text::new(words, (14 * FINE, 14 * FINE), text(12, &MUTED, HPos::Left)))
                .map_err(ChartError::of)?;
        }
        Ok(())
    })?;
    Ok(dressed(&drawn, heading))
}

/// A drawing of a size, as bare SVG.
pub(crate) fn drawing(
    (width, height): (i32, i32),
    draw: impl FnOnce(&Area<'_>) -> Result<(), ChartError>,
) -> Result<String, ChartError> {
    let mut drawn = String::new();
    let size = [width, height].map(|side| (side * FINE).unsigned_abs());
    {
        let page = SVGBackend::with_string(&mut drawn, size.into()).into_drawing_area();
        draw(&page)?;
        page.present().map_err(ChartError::of)?;
    }
    let [fine_width, fine_height] = size;
    let fine = format!("width=\"{fine_width}\" height=\"{fine_height}\"");
    Ok(drawn.replacen(&fine, &format!("width=\"{width}\" height=\"{height}\""), 1))
}

/// The heading, and what the marks mean.
fn head(page: &Area<'_>, heading: &str) -> Result<(), ChartError> {
    let title = Text::new(one_line(heading, 100), (14 * FINE, 24 * FINE), text(18, &INK, HPos::Left));
    page.draw(&title).map_err(ChartError::of)?;
    let height = 48 * FINE;
    let mark = |x: i32| (x * FINE, height);
    let hollow: ShapeStyle = MUTED.stroke_width(3);
    page.draw(&Circle::new(mark(20), 8, BREACH.filled())).map_err(ChartError::of)?;
    page.draw(&TriangleMarker::new(mark(92), 11, WARN.filled())).map_err(ChartError::of)?;
    page.draw(&Circle::new(mark(166), 8, hollow)).map_err(ChartError::of)?;
    page.draw(&Cross::new(mark(242), 8, BREACH.stroke_width(4))).map_err(ChartError::of)?;
    for (x, words) in [(30, "breach"), (102, "warned"), (176, "no data"), (252, "failed")] {
        page.draw(&Text::new(words, mark(x), text(12, &MUTED, HPos::Left))).map_err(ChartError::of)?;
    }
    Ok(())
}

/// Adds what a reader needs: a title for those who listen, the font, the dark colours.
fn dressed(drawn: &str, heading: &str) -> String {
    let escaped = one_line(heading, 200).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let style = style_sheet(&STANDARD.encode(FONT));
    let added = format!(">\n<title>{escaped}</title>\n<style>{style}</style>\n");
    drawn.replacen(">\n", &added, 1)
}
