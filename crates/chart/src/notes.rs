//! Notes at the right edge: what each level line is, kept apart from each other.

use plotters::style::RGBColor;
use watchkeeper_model::{Comparison, Trend};

use crate::{
    numbers::{drawn, short},
    palette::{BASELINE, BREACH, VALUE, WARN},
};

/// A level that is drawn across the plot, one value a tick; a constant one is drawn from edge to edge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Level {
    pub(crate) kind: LevelKind,
    /// Seconds since 1970 and value.
    pub(crate) points: Vec<(i64, f64)>,
}

/// What a level is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LevelKind {
    /// Values under it are in breach.
    BreachUnder,
    /// Values over it are in breach.
    BreachOver,
    /// Values under it are warned of.
    WarnUnder,
    /// Values over it are warned of.
    WarnOver,
    /// The baseline's own value.
    Baseline,
}

/// A text at the right edge.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Note {
    /// The value it stands at.
    pub(crate) value: f64,
    pub(crate) text: String,
    pub(crate) colour: RGBColor,
}

impl Level {
    /// The limits and the baseline of a series, as far as there are any.
    pub(crate) fn all(trend: &Trend) -> Vec<Self> {
        let limits = [
            (&trend.breach, LevelKind::BreachUnder, LevelKind::BreachOver),
            (&trend.warn, LevelKind::WarnUnder, LevelKind::WarnOver),
        ];
        let mut levels = Vec::new();
        for (limit, under, over) in limits {
            let Some(limit) = limit else { continue };
            levels.push(Self { kind: under, points: ends(trend, limit, |(low, _)| low) });
            levels.push(Self { kind: over, points: ends(trend, limit, |(_, high)| high) });
        }
        let baseline = trend.points.iter().filter_map(|point| Some((point.at.timestamp(), drawn(point.baseline?)?)));
        levels.push(Self { kind: LevelKind::Baseline, points: baseline.collect() });
        levels.retain(|level| !level.points.is_empty());
        levels
    }

    /// Its value when it is the same at every tick.
    pub(crate) fn constant(&self) -> Option<f64> {
        let (_, first) = *self.points.first()?;
        self.points.iter().all(|(_, value)| *value == first).then_some(first)
    }

    /// What it is, with its newest value.
    pub(crate) fn note(&self) -> Option<Note> {
        let (_, value) = *self.points.last()?;
        Some(Note { value, text: format!("{} {}", self.kind.words(), short(value)), colour: self.kind.colour() })
    }
}

fn ends(trend: &Trend, limit: &Comparison, end: fn((f64, f64)) -> f64) -> Vec<(i64, f64)> {
    let ends = trend.points.iter().filter_map(|point| Some((point.at.timestamp(), end(limit.bounds(point.baseline)?))));
    ends.filter(|(_, value)| value.is_finite()).filter_map(|(at, value)| Some((at, drawn(value)?))).collect()
}

impl LevelKind {
    pub(crate) fn colour(self) -> RGBColor {
        match self {
            Self::BreachUnder | Self::BreachOver => BREACH,
            Self::WarnUnder | Self::WarnOver => WARN,
            Self::Baseline => BASELINE,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::BreachUnder => "breach below",
            Self::BreachOver => "breach above",
            Self::WarnUnder => "warn below",
            Self::WarnOver => "warn above",
            Self::Baseline => "baseline",
        }
    }
}

/// Every note of a series: its levels, and its newest value.
pub(crate) fn notes(trend: &Trend, levels: &[Level]) -> Vec<Note> {
    let newest = trend.points.iter().rev().find_map(|point| drawn(point.value?));
    let newest = newest.map(|value| Note { value, text: short(value), colour: VALUE });
    levels.iter().filter_map(Level::note).chain(newest).collect()
}

/// Moves heights apart, given from the top, until none is nearer than `apart` to the next; all stay within `bottom`
/// as far as there is room.
pub(crate) fn spread(heights: &mut [i32], apart: i32, bottom: i32) {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by_key(|index| heights[*index]);
    let mut least = i32::MIN;
    for index in &order {
        heights[*index] = heights[*index].max(least);
        least = heights[*index].saturating_add(apart);
    }
    let mut most = bottom;
    for index in order.iter().rev() {
        heights[*index] = heights[*index].min(most);
        most = heights[*index].saturating_sub(apart);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_do_not_lie_on_each_other() {
        let mut heights = [50, 10, 52, 51];
        spread(&mut heights, 14, 100);
        assert_eq!(heights, [50, 10, 78, 64]);
        let mut low = [99, 98, 97];
        spread(&mut low, 14, 100);
        assert_eq!(low, [100, 86, 72]);
    }
}
