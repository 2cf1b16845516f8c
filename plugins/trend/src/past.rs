//! What is known of earlier levels, slot by slot of the season.

use std::collections::BTreeMap;

use watchkeeper_plugin::history::Point;

use crate::season::Season;

/// The median distance of a normal distribution, times this, is its standard deviation: 1 / Φ⁻¹(3/4).
const OF_NORMAL: f64 = 1.482_602_218_505_602;
/// The least distance, as a part of the level: a level that never moved must not divide by nothing.
const LEAST_DISTANCE: f64 = 1e-6;

/// Earlier levels, oldest first, and what is usual in each slot.
pub(crate) struct Past {
    season: Season,
    levels: Vec<(i64, f64)>,
    usual: BTreeMap<i64, f64>,
}

impl Past {
    /// Of points, newest first.
    pub(crate) fn of(points: &[Point], season: Season) -> Self {
        let levels: Vec<(i64, f64)> = points.iter().rev().map(|point| (point.at, point.value)).collect();
        let mut slots = BTreeMap::<i64, Vec<f64>>::new();
        for (at, level) in &levels {
            slots.entry(season.slot(*at)).or_default().push(*level);
        }
        let usual = slots.into_iter().filter_map(|(slot, mut levels)| Some((slot, median(&mut levels)?))).collect();
        Self { season, levels, usual }
    }

    pub(crate) fn len(&self) -> usize {
        self.levels.len()
    }

    /// The median of earlier levels at the same time of the season; none where there is none.
    pub(crate) fn expected(&self, at: i64) -> Option<f64> {
        self.usual.get(&self.season.slot(at)).copied()
    }

    /// How far each earlier level was from what is usual at its time, oldest first.
    pub(crate) fn residuals(&self) -> impl Iterator<Item = f64> {
        self.levels.iter().map(|(at, level)| level - self.expected(*at).unwrap_or(*level))
    }

    /// The median distance from the median of the residuals, made comparable with a standard deviation.
    pub(crate) fn usual_distance(&self, expected: f64) -> f64 {
        let mut residuals: Vec<f64> = self.residuals().collect();
        let middle = median(&mut residuals).unwrap_or_default();
        let mut distances: Vec<f64> = residuals.iter().map(|residual| (residual - middle).abs()).collect();
        let usual = median(&mut distances).unwrap_or_default() * OF_NORMAL;
        usual.max(LEAST_DISTANCE * expected.abs().max(1.0))
    }
}

/// The value in the middle, or the mean of both; sorts.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => values.get(middle).copied(),
        _ => Some(f64::midpoint(*values.get(middle.checked_sub(1)?)?, *values.get(middle)?)),
    }
}
