//! When a monitor runs: five crontab fields in a time zone, daylight saving included.

mod field;

use std::{str::FromStr, time::Duration};

use chrono::{
    DateTime, Datelike, Days, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone,
    Timelike, Utc, Weekday,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use self::field::{DAY, HOUR, MINUTE, MONTH, Unit, WEEKDAY};
use crate::{InputWindow, Time};

/// When a monitor runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The five fields.
    pub cron: Cron,
    /// Whose local time they are in.
    pub timezone: Tz,
    /// Ticks are delayed by up to this, fixed per monitor.
    pub jitter: Duration,
    /// What happens to ticks that were missed.
    pub misfire: Misfire,
    /// How late a tick may still begin.
    pub starting_deadline: Duration,
}

const SECONDS_A_DAY: u64 = 86_400;
/// The most seconds over which monitors are spread unasked.
const SPREAD_MAX: u64 = 30;

/// What happens to ticks that were missed, within the starting deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Misfire {
    /// None of them runs.
    Skip,
    /// The newest runs.
    Latest,
    /// All of them run, oldest first.
    All,
}

/// Five crontab fields. Weekdays are crontab's: 0 and 7 are Sunday.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cron {
    text: String,
    /// One, or two where a day matches by its day of month or by its weekday.
    rules: Vec<cron::Schedule>,
    /// An hourly or finer schedule follows elapsed time over a clock change.
    follows_elapsed_time: bool,
}

/// Why a text is not a crontab line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a crontab line of five fields (minute hour day month weekday): {reason}")]
pub struct CronError {
    text: String,
    reason: String,
}

impl Cron {
    /// Reads five crontab fields. As in crontab, a day matches by its day of month or by its weekday where both are
    /// given, and by both where one of them begins with `*`.
    pub fn parse(text: &str) -> Result<Self, CronError> {
        let error = |reason: String| CronError { text: text.to_owned(), reason };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(error(format!("it has {} fields", fields.len())));
        };
        let either = !day.starts_with('*') && !weekday.starts_with('*');
        let plain = |unit, field| list(unit, field, |value| value).map_err(error);
        let clock = format!("0 {} {}", plain(&MINUTE, minute)?, plain(&HOUR, hour)?);
        let (day, month) = (plain(&DAY, day)?, plain(&MONTH, month)?);
        // The `cron` crate counts weekdays from Sunday, 1.
        let weekday = list(&WEEKDAY, weekday, |value| value % 7 + 1).map_err(error)?;
        let days = if either { vec![(&*day, "*"), ("*", &*weekday)] } else { vec![(&*day, &*weekday)] };
        let rule = |(day, weekday)| {
            let seven = format!("{clock} {day} {month} {weekday} *");
            cron::Schedule::from_str(&seven).map_err(|cause| error(cause.to_string()))
        };
        let rules = days.into_iter().map(rule).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), rules, follows_elapsed_time: hour.starts_with('*') })
    }
}

/// A field's values as the `cron` crate reads them.
fn list(unit: &Unit, field: &str, number: impl Fn(u32) -> u32) -> Result<String, String> {
    let listed = |values: Vec<u32>| values.into_iter().map(|value| number(value).to_string()).collect::<Vec<_>>();
    Ok(unit.values(field)?.map_or("*".to_owned(), |values| listed(values).join(",")))
}

impl Schedule {
    /// The first tick after `after`, jitter left out; `None` when there is none (a 30th of February).
    ///
    /// A local time that a clock change skips fires once, right after the gap; one that it repeats fires once, the
    /// first time. An hourly or finer schedule follows elapsed time instead.
    pub fn next_after(&self, after: Time) -> Option<Time> {
        let next = |rule| match self.cron.follows_elapsed_time {
            true => self.next_elapsed(rule, after),
            false => self.next_on_the_wall(rule, after),
        };
        self.cron.rules.iter().filter_map(next).min()
    }

    fn next_on_the_wall(&self, rule: &cron::Schedule, after: Time) -> Option<Time> {
        // Fields are matched on the wall clock, then placed on the time line. Starting a day early keeps ticks whose
        // wall time a clock change moved past `after`.
        let wall = after.with_timezone(&self.timezone).naive_local() - TimeDelta::days(1);
        let ticks = rule.after_owned(wall.and_utc());
        ticks.map(|tick| self.place(tick.naive_utc())).find(|tick| *tick > after)
    }

    /// The `cron` crate passes over the second of two equal wall-clock hours. So fields are matched at the offset that
    /// holds now; where another one holds by then, the minutes up to there are looked at one by one.
    fn next_elapsed(&self, rule: &cron::Schedule, after: Time) -> Option<Time> {
        let offset = |time: Time| time.with_timezone(&self.timezone).offset().fix();
        let found = rule.after(&after.with_timezone(&offset(after))).next()?.to_utc();
        if offset(found) == offset(after) {
            return Some(found);
        }
        let first = after.with_second(0)?.with_nanosecond(0)?;
        let mut minutes = (1..=(found - first).num_minutes()).map(|minute| first + TimeDelta::minutes(minute));
        let near = minutes.find(|minute| rule.includes(minute.with_timezone(&self.timezone)));
        near.or_else(|| self.next_elapsed(rule, found))
    }

    /// The time over which monitors of a schedule are spread unless they say otherwise: a tenth of the time between two of
    /// its ticks in whole seconds, at most 30 s. All that are due on one minute would wait for one another otherwise.
    pub fn spread(&self) -> Duration {
        let gap = self.next_after(Time::UNIX_EPOCH).and_then(|first| (self.next_after(first)? - first).to_std().ok());
        gap.map_or(Duration::ZERO, |gap| Duration::from_secs((gap.as_secs() / 10).min(SPREAD_MAX)))
    }

    /// Every tick in `(after, until]`.
    pub fn ticks(&self, after: Time, until: Time) -> impl Iterator<Item = Time> {
        let next = move |from: Time| self.next_after(from).filter(|tick| *tick <= until);
        std::iter::successors(next(after), move |tick| next(*tick))
    }

    /// The window of a tick whose rows end at a time: `[start, end)`.
    pub fn window(&self, end: Time, window: InputWindow) -> (Time, Time) {
        let today = end.with_timezone(&self.timezone).date_naive();
        let (from, to) = match window {
            InputWindow::Length(length) => return (self.window_start(end, length), end),
            InputWindow::Day => (today.pred_opt(), Some(today)),
            InputWindow::Week => {
                let monday = today.week(Weekday::Mon).checked_first_day();
                (monday.and_then(|monday| monday.checked_sub_days(Days::new(7))), monday)
            }
            InputWindow::Month => {
                let first = today.with_day(1);
                (first.and_then(|first| first.checked_sub_months(Months::new(1))), first)
            }
        };
        let midnight = |day: Option<NaiveDate>| day.map_or(end, |day| self.place(day.and_time(NaiveTime::MIN)));
        (midnight(from), midnight(to))
    }

    /// The beginning of a window of this length that ends at a time. Whole days are days of the schedule's calendar, of
    /// 23 or 25 hours where clocks change, so that the windows of daily ticks leave no hour out and count none twice.
    pub fn window_start(&self, end: Time, length: Duration) -> Time {
        let days = (length.as_secs().is_multiple_of(SECONDS_A_DAY) && length.subsec_nanos() == 0)
            .then(|| i64::try_from(length.as_secs() / SECONDS_A_DAY).ok())
            .flatten();
        let wall = end.with_timezone(&self.timezone).naive_local();
        let earlier = days.and_then(TimeDelta::try_days).and_then(|days| wall.checked_sub_signed(days));
        earlier.map_or_else(|| end - length, |wall| self.place(wall))
    }

    /// The instant of a wall-clock time: the first of two, or the end of the gap it lies in.
    fn place(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        match self.timezone.from_local_datetime(&wall) {
            LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.to_utc(),
            LocalResult::None => self.gap_end(wall),
        }
    }

    /// The first instant after the gap that `wall` lies in; gaps end on whole minutes and last at most a day.
    fn gap_end(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        let whole = wall.with_second(0).unwrap_or(wall);
        let minutes = (1..=24 * 60).map(|minute| whole + TimeDelta::minutes(minute));
        let mut after = minutes.filter_map(|wall| self.timezone.from_local_datetime(&wall).earliest());
        after.next().map_or_else(|| wall.and_utc(), |time| time.to_utc())
    }
}

impl std::fmt::Display for Cron {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl PartialEq for Cron {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl TryFrom<String> for Cron {
    type Error = CronError;
    fn try_from(text: String) -> Result<Self, CronError> {
        Self::parse(&text)
    }
}

impl From<Cron> for String {
    fn from(cron: Cron) -> Self {
        cron.text
    }
}
