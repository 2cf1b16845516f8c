//! What repeats in time.

use watchkeeper_plugin::Failure;

const MICROSECONDS_AN_HOUR: i64 = 3_600_000_000;
const HOURS_A_DAY: i64 = 24;
const HOURS_A_WEEK: i64 = 7 * HOURS_A_DAY;

/// What repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Season {
    Week,
    Day,
    None,
}

impl Season {
    const ALL: [(Self, &'static str); 3] = [(Self::Week, "week"), (Self::Day, "day"), (Self::None, "none")];

    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        let known = Self::ALL.into_iter().find(|(_, word)| *word == name);
        known.map(|(season, _)| season).ok_or_else(|| {
            let all = Self::ALL.map(|(_, word)| word).join(", ");
            Failure::config(format!("parameter \"season\": there is no season \"{name}\"; the seasons are {all}"))
        })
    }

    /// Times with the same slot are compared with one another: the hour of the week, or of the day, in UTC.
    pub(crate) fn slot(self, micros: i64) -> i64 {
        let hours = micros.div_euclid(MICROSECONDS_AN_HOUR);
        match self {
            Self::Week => hours.rem_euclid(HOURS_A_WEEK),
            Self::Day => hours.rem_euclid(HOURS_A_DAY),
            Self::None => 0,
        }
    }
}
