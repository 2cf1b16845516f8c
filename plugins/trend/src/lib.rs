//! Compares a level with its own past, which knows weekdays and hours.

mod past;
mod season;
mod split;

use past::Past;
use season::Season;
use split::split;
use watchkeeper_plugin::{Ask, Check, Declared, Failure, Frame, Gaps, Kind, Measurement, Metric, Params, Run, log};

const COUNTED: &[Kind] = &[Kind::Number, Kind::Integer, Kind::Flag];

const LEVEL: Metric = Metric::new("level", "level", "The mean of the column, or how many rows there are.");
const EXPECTED: Metric = Metric::new(
    "expected",
    "level",
    "The median of earlier levels, of the same weekday and hour where `season` says so.",
);
const DEVIATION: Metric = Metric::new(
    "deviation",
    "deviations",
    "Level minus expected, divided by the usual distance: 1.4826 times the median distance of earlier levels.",
);
const SHIFT: Metric = Metric::new(
    "shift",
    "deviations",
    "How far the mean moved where the series, without its season, is best split in two, in usual distances.",
);

/// Where a level is against its own past.
#[derive(Debug, Params)]
pub struct Trend {
    /// The column whose mean is the level; without it the number of rows is.
    value: Option<String>,
    /// What repeats: `week` compares the same weekday and hour, `day` the same hour, `none` all; hours are UTC.
    #[param(default = "week")]
    season: String,
    /// How many earlier levels are needed before anything but the level is measured.
    #[param(default = 10)]
    least: i64,
    /// How many earlier levels are looked at, the newest.
    #[param(default = 2000)]
    most: i64,
}

impl Check for Trend {
    const SUMMARY: &'static str = "How far a level is from its own past, by weekday and hour, and whether it shifted.";
    const METRICS: &'static [Declared] =
        &[LEVEL.declared(), EXPECTED.declared(), DEVIATION.declared(), SHIFT.declared()];

    fn check(&self, run: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let season = Season::named(&self.season)?;
        let (least, most) = self.bounds()?;
        let level = self.level(current)?;
        let mut measured = vec![LEVEL.of([], level)];
        let past = Past::of(&LEVEL.earlier([], most)?, season);
        let Some(expected) = past.expected(run.scheduled_at).filter(|_| past.len() >= least) else {
            log::info(&format!("{} earlier levels are known; {least} are needed, one at the same time", past.len()));
            return Ok(measured);
        };
        let distance = past.usual_distance(expected);
        measured.push(EXPECTED.of([], expected));
        measured.push(DEVIATION.of([], (level - expected) / distance).detail(format!("{} earlier levels", past.len())));
        let residuals: Vec<f64> = past.residuals().chain([level - expected]).map(|it| it / distance).collect();
        if let Some(split) = split(&residuals) {
            let told = format!("the newest {} levels against the {} before", split.after, split.before);
            measured.push(SHIFT.of([], split.moved).detail(told));
        }
        Ok(measured)
    }
}

impl Trend {
    fn bounds(&self) -> Result<(usize, u32), Failure> {
        let most = u32::try_from(self.most).ok().filter(|most| (2..=10_000).contains(most));
        let most = most.ok_or_else(|| Failure::config("parameter \"most\": give it a number from 2 to 10000"))?;
        let least = usize::try_from(self.least).ok().filter(|least| (2..=most as usize).contains(least));
        let least = least.ok_or_else(|| {
            Failure::config(format!("parameter \"least\": give it a number from 2 to `most`, which is {most}"))
        })?;
        Ok((least, most))
    }

    fn level(&self, frame: &dyn Frame) -> Result<f64, Failure> {
        let Some(column) = &self.value else { return Ok(frame.rows()? as f64) };
        let field = frame.field("value", column, COUNTED)?;
        let mut ask = Ask::new();
        let gaps = Gaps::ask(&mut ask, frame, std::slice::from_ref(&field));
        let mean = ask.mean(column);
        let answers = frame.answer(ask)?;
        let rows = gaps.found(&answers)?.rows();
        match answers.get(mean)? {
            Some(mean) if mean.is_finite() => Ok(mean),
            Some(mean) => Err(Failure::config(format!(
                "the mean of column \"{column}\" is {mean}: it holds infinite values or sums too great; make them null \
                 in a view"
            ))),
            None if rows == 0 => Err(Failure::no_data("the window has no rows")),
            None => Err(Failure::no_data(format!("none of {rows} rows has a value in \"{column}\""))),
        }
    }
}

watchkeeper_plugin::export!(Trend);

#[cfg(test)]
mod tests;
