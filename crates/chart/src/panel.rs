//! One panel: a series over time, its limits and baseline, and what was not ok about it.

use plotters::{
    chart::{ChartBuilder, ChartContext},
    coord::{
        Shift,
        combinators::{BindKeyPoints, WithKeyPoints},
        types::{RangedCoordf64, RangedCoordi64},
    },
    drawing::DrawingArea,
    element::{Circle, Cross, Rectangle, Text, TriangleMarker},
    prelude::{Cartesian2d, DashedLineSeries, LineSeries, SVGBackend},
    style::{
        Color, RGBColor, ShapeStyle, TRANSPARENT, TextStyle,
        text_anchor::{HPos, Pos, VPos},
    },
};
use watchkeeper_model::{Trend, TrendPoint, Verdict};

use crate::{
    ChartError, Panel,
    notes::{Level, LevelKind, notes, spread},
    numbers::{drawn, range, short},
    one_line,
    palette::{BREACH, GRID, INK, MUTED, VALUE, WARN},
    ticks::{Ticks, seconds},
};

/// Lines are laid out on whole points, so a chart is drawn at twice its size to be fine enough.
pub(crate) const FINE: i32 = 2;
/// The font that is carried along.
pub(crate) const FONT: &str = "Roboto";
/// More ticks than this are drawn as a line without a dot each.
const DOTS_MAX: usize = 70;

/// A part of the drawing.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Plot<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<WithKeyPoints<RangedCoordi64>, RangedCoordf64>>;

/// Text of a size in points and a colour.
pub(crate) fn text(size: i32, colour: &RGBColor, at: HPos) -> TextStyle<'_> {
    TextStyle::from((FONT, size * FINE)).color(colour).pos(Pos::new(at, VPos::Center))
}

fn line(colour: &impl Color, width: u32) -> ShapeStyle {
    ShapeStyle { color: colour.to_rgba(), filled: true, stroke_width: width }
}

/// Draws one panel into an area, under its title.
pub(crate) fn draw(area: &Area<'_>, panel: &Panel) -> Result<(), ChartError> {
    head(area, panel)?;
    plot(area, &panel.trend, 36, &[])
}

/// Draws the plot so many points below the area's upper edge; a bar under the axis for each of these times, in seconds
/// since 1970.
pub(crate) fn plot(area: &Area<'_>, trend: &Trend, top: i32, bars: &[(i64, i64)]) -> Result<(), ChartError> {
    let levels = Level::all(trend);
    let (start, end) = time_range(trend);
    let values = trend.points.iter().filter_map(|point| point.value);
    let (low, high) = range(values.chain(levels.iter().flat_map(|level| level.points.iter().map(|(_, value)| *value))));
    let width = area.dim_in_pixel().0 / FINE.unsigned_abs();
    let ticks = Ticks::new(start, end, i64::from(width / 75));
    let mut plot = ChartBuilder::on(area)
        .margin_top(top * FINE)
        .margin_bottom(if bars.is_empty() { 6 } else { 16 } * FINE)
        .margin_left(10 * FINE)
        .margin_right(118 * FINE)
        .x_label_area_size(24 * FINE)
        .y_label_area_size(50 * FINE)
        .build_cartesian_2d((start..end).with_key_points(ticks.at.clone()), low..high)
        .map_err(ChartError::of)?;
    mesh(&mut plot, &ticks)?;
    for level in &levels {
        draw_level(&mut plot, level, (start, end), (low, high))?;
    }
    values_line(&mut plot, trend)?;
    marks(&mut plot, trend, low)?;
    draw_bars(area, &plot, bars, (start, end), low)?;
    edge_notes(area, &plot, trend, &levels, (end, low))
}

/// Times under the axis, at least as wide as they are high.
fn draw_bars(
    area: &Area<'_>,
    plot: &Plot<'_, '_>,
    bars: &[(i64, i64)],
    (start, end): (i64, i64),
    floor: f64,
) -> Result<(), ChartError> {
    let (left, top) = area.get_base_pixel();
    for (from, to) in bars {
        let place = |at: i64| plot.backend_coord(&(at.clamp(start, end), floor)).0 - left;
        let (from, to) = (place(*from), place(*to));
        let height = plot.backend_coord(&(end, floor)).1 - top + 30 * FINE;
        let bar = Rectangle::new([(from, height), (to.max(from + 4 * FINE), height + 4 * FINE)], BREACH.filled());
        area.draw(&bar).map_err(ChartError::of)?;
    }
    Ok(())
}

/// The title at the left, what was found at the right.
fn head(area: &Area<'_>, panel: &Panel) -> Result<(), ChartError> {
    let width = i32::try_from(area.dim_in_pixel().0).unwrap_or(i32::MAX);
    let (found, colour) = found(&panel.trend);
    let room = usize::try_from((width / FINE - 60) / 7).unwrap_or(0).saturating_sub(found.chars().count());
    let title = Text::new(one_line(&panel.title, room), (14 * FINE, 18 * FINE), text(14, &INK, HPos::Left));
    area.draw(&title).map_err(ChartError::of)?;
    let right = width - 14 * FINE;
    area.draw(&Text::new(found, (right, 18 * FINE), text(12, &colour, HPos::Right))).map_err(ChartError::of)
}

fn found(trend: &Trend) -> (String, RGBColor) {
    let count = |verdict: Verdict| trend.points.iter().filter(|point| point.verdict == verdict).count();
    let kinds = [
        (Verdict::Breach, "in breach"),
        (Verdict::Error, "failed"),
        (Verdict::Warn, "warned"),
        (Verdict::NoData, "without data"),
    ];
    let told = kinds.iter().filter_map(|(verdict, words)| match count(*verdict) {
        0 => None,
        count => Some(format!("{count} {words}")),
    });
    let told: Vec<String> = told.collect();
    let ticks = trend.points.len();
    let of = if ticks == 1 { "1 tick".to_owned() } else { format!("{ticks} ticks") };
    match told.is_empty() {
        true => (format!("{of}, all ok"), MUTED),
        false if count(Verdict::Breach) + count(Verdict::Error) > 0 => (format!("of {of} {}", told.join(", ")), BREACH),
        false => (format!("of {of} {}", told.join(", ")), WARN),
    }
}

/// From the first tick to the last, with a little room so that no mark lies on the edge.
fn time_range(trend: &Trend) -> (i64, i64) {
    let (first, last) = (trend.points.first(), trend.points.last());
    let (first, last) = (first.map_or(0, |point| seconds(point.at)), last.map_or(0, |point| seconds(point.at)));
    let room = (last.saturating_sub(first) / 100).max(30);
    (first.saturating_sub(room), last.saturating_add(room))
}

fn mesh(plot: &mut Plot<'_, '_>, ticks: &Ticks) -> Result<(), ChartError> {
    plot.configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .bold_line_style(line(&GRID, 2))
        .light_line_style(TRANSPARENT)
        .axis_style(line(&GRID, 3))
        .x_labels(ticks.at.len())
        .y_labels(5)
        .x_label_formatter(&|at| ticks.label(*at))
        .y_label_formatter(&|value| short(*value))
        .label_style(text(11, &MUTED, HPos::Left))
        .draw()
        .map_err(ChartError::of)
}

/// A line at the level, and a tint over what is beyond a breach limit.
fn draw_level(
    plot: &mut Plot<'_, '_>,
    level: &Level,
    (start, end): (i64, i64),
    (low, high): (f64, f64),
) -> Result<(), ChartError> {
    let constant = level.constant();
    let beyond = match level.kind {
        LevelKind::BreachUnder => constant.map(|value| (low, value)),
        LevelKind::BreachOver => constant.map(|value| (value, high)),
        _ => None,
    };
    if let Some((from, to)) = beyond {
        let tint = Rectangle::new([(start, to), (end, from)], BREACH.mix(0.07).filled());
        plot.draw_series([tint]).map_err(ChartError::of)?;
    }
    let points = constant.map_or_else(|| level.points.clone(), |value| vec![(start, value), (end, value)]);
    let style = line(&level.kind.colour(), 3);
    let drawn = match level.kind {
        LevelKind::Baseline => plot.draw_series(DashedLineSeries::new(points, 6 * FINE, 5 * FINE, style)).map(|_| ()),
        _ => plot.draw_series(LineSeries::new(points, style)).map(|_| ()),
    };
    drawn.map_err(ChartError::of)
}

/// The values; the line is broken where a tick measured nothing.
fn values_line(plot: &mut Plot<'_, '_>, trend: &Trend) -> Result<(), ChartError> {
    for run in trend.points.split(|point| measured(point).is_none()).filter(|run| run.len() > 1) {
        let points = run.iter().filter_map(measured);
        plot.draw_series(LineSeries::new(points, line(&VALUE, 4))).map_err(ChartError::of)?;
    }
    Ok(())
}

fn measured(point: &TrendPoint) -> Option<(i64, f64)> {
    Some((seconds(point.at), drawn(point.value?)?))
}

/// A mark a tick that is not ok, each kind with a shape of its own; ticks without a value stand on the axis.
fn marks(plot: &mut Plot<'_, '_>, trend: &Trend, floor: f64) -> Result<(), ChartError> {
    let of = |verdict: Verdict| {
        let points = trend.points.iter().filter(move |point| point.verdict == verdict);
        points.map(move |point| measured(point).unwrap_or((seconds(point.at), floor)))
    };
    if trend.points.len() <= DOTS_MAX {
        let dots = trend.points.iter().filter(|point| point.verdict == Verdict::Ok).filter_map(measured);
        let dots = dots.map(|at| Circle::new(at, 5, VALUE.filled()));
        plot.draw_series(dots).map_err(ChartError::of)?;
    }
    let none = of(Verdict::NoData).map(|at| Circle::new(at, 8, line(&MUTED, 3).color.stroke_width(3)));
    plot.draw_series(none).map_err(ChartError::of)?;
    let warned = of(Verdict::Warn).map(|at| TriangleMarker::new(at, 11, WARN.filled()));
    plot.draw_series(warned).map_err(ChartError::of)?;
    let failed = of(Verdict::Error).map(|at| Cross::new(at, 8, line(&BREACH, 4)));
    plot.draw_series(failed).map_err(ChartError::of)?;
    let breaches = of(Verdict::Breach).map(|at| Circle::new(at, 8, BREACH.filled()));
    plot.draw_series(breaches).map(|_| ()).map_err(ChartError::of)
}

/// What the lines are, at the right edge.
fn edge_notes(
    area: &Area<'_>,
    plot: &Plot<'_, '_>,
    trend: &Trend,
    levels: &[Level],
    (end, floor): (i64, f64),
) -> Result<(), ChartError> {
    let notes = notes(trend, levels);
    let (left, top) = area.get_base_pixel();
    let place = |value: f64| {
        let (x, y) = plot.backend_coord(&(end, value));
        (x - left, y - top)
    };
    let mut heights: Vec<i32> = notes.iter().map(|note| place(note.value).1).collect();
    spread(&mut heights, 15 * FINE, place(floor).1);
    for (note, height) in notes.iter().zip(heights) {
        let at = (place(note.value).0 + 8 * FINE, height);
        area.draw(&Text::new(note.text.clone(), at, text(12, &note.colour, HPos::Left))).map_err(ChartError::of)?;
    }
    Ok(())
}
