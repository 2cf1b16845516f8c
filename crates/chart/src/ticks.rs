//! The axis of time: where it is labelled, at times that people count in, and how.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime, Utc, Weekday};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The distance between labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// So many seconds, which divide a day.
    Seconds(i64),
    /// So many days, counted from a Monday.
    Days(i64),
    /// So many months, which divide a year.
    Months(u32),
    /// So many years.
    Years(i32),
}

/// From the finest to the coarsest, each with its length in seconds or a little less.
const STEPS: [(Step, i64); 21] = [
    (Step::Seconds(MINUTE), MINUTE),
    (Step::Seconds(5 * MINUTE), 5 * MINUTE),
    (Step::Seconds(15 * MINUTE), 15 * MINUTE),
    (Step::Seconds(30 * MINUTE), 30 * MINUTE),
    (Step::Seconds(HOUR), HOUR),
    (Step::Seconds(3 * HOUR), 3 * HOUR),
    (Step::Seconds(6 * HOUR), 6 * HOUR),
    (Step::Seconds(12 * HOUR), 12 * HOUR),
    (Step::Days(1), DAY),
    (Step::Days(2), 2 * DAY),
    (Step::Days(7), 7 * DAY),
    (Step::Days(14), 14 * DAY),
    (Step::Months(1), 28 * DAY),
    (Step::Months(2), 59 * DAY),
    (Step::Months(3), 90 * DAY),
    (Step::Months(6), 181 * DAY),
    (Step::Years(1), 365 * DAY),
    (Step::Years(2), 730 * DAY),
    (Step::Years(5), 1826 * DAY),
    (Step::Years(20), 7305 * DAY),
    (Step::Years(100), 36_524 * DAY),
];

/// The labels of an axis: seconds since 1970 and words.
pub(crate) struct Ticks {
    step: Step,
    /// Where the labels stand.
    pub(crate) at: Vec<i64>,
}

impl Ticks {
    /// Labels for an axis from `start` to `end`, in seconds since 1970; hardly more than `labels_max`.
    pub(crate) fn new(start: i64, end: i64, labels_max: i64) -> Self {
        let span = end.saturating_sub(start).max(1);
        let fits = |(_, length): &&(Step, i64)| span / *length < labels_max;
        let step = STEPS.iter().find(fits).map_or(Step::Years(1000), |(step, _)| *step);
        let mut at: Vec<i64> = step.from(start).take_while(|at| *at <= end).filter(|at| *at >= start).collect();
        if at.is_empty() {
            at = vec![start];
        }
        Self { step, at }
    }

    /// What stands under a label.
    pub(crate) fn label(&self, at: i64) -> String {
        let Some(time) = DateTime::from_timestamp(at, 0) else { return String::new() };
        let form = match self.step {
            Step::Seconds(_) if time.time() != NaiveTime::MIN => "%H:%M",
            Step::Seconds(_) | Step::Days(_) => "%-d %b",
            Step::Months(_) if time.day() == 1 && time.month() > 1 => "%b",
            Step::Months(_) => "%b %Y",
            Step::Years(_) => "%Y",
        };
        time.format(form).to_string()
    }
}

impl Step {
    /// The times of this step from the last one at or before `start` on.
    fn from(self, start: i64) -> Box<dyn Iterator<Item = i64>> {
        let day = DateTime::from_timestamp(start, 0).unwrap_or_default().date_naive();
        match self {
            Self::Seconds(every) => Box::new(counting(start.div_euclid(every) * every, every)),
            Self::Days(every) => {
                let monday = day.week(Weekday::Mon).checked_first_day().unwrap_or(day);
                Box::new(counting(midnight(if every < 7 { day } else { monday }), every * DAY))
            }
            Self::Months(every) => Box::new(first_days(day.year(), every)),
            Self::Years(every) => Box::new(first_days(day.year().div_euclid(every) * every, every.unsigned_abs() * 12)),
        }
    }
}

fn counting(first: i64, every: i64) -> impl Iterator<Item = i64> {
    std::iter::successors(Some(first), move |at| at.checked_add(every))
}

/// The first days of every so many months from a January on.
fn first_days(year: i32, months: u32) -> impl Iterator<Item = i64> {
    let january = NaiveDate::from_ymd_opt(year, 1, 1);
    std::iter::successors(january, move |day| day.checked_add_months(Months::new(months))).map(midnight)
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp()
}

/// Seconds since 1970 of a tick.
pub(crate) fn seconds(at: DateTime<Utc>) -> i64 {
    at.timestamp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(start: &str, end: &str) -> Vec<String> {
        let [start, end] = [start, end].map(|time| time.parse::<DateTime<Utc>>().unwrap().timestamp());
        let ticks = Ticks::new(start, end, 12);
        assert!(ticks.at.iter().all(|at| (start..=end).contains(at)), "{:?}", ticks.at);
        ticks.at.iter().map(|at| ticks.label(*at)).collect()
    }

    #[test]
    fn labels_stand_where_people_count() {
        let year = labels("2021-06-15T00:00:00Z", "2022-05-10T00:00:00Z");
        assert_eq!(year, ["Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Jan 2022", "Feb", "Mar", "Apr", "May"]);
        let night = labels("2026-03-01T21:10:00Z", "2026-03-02T03:40:00Z");
        assert_eq!(night, ["22:00", "23:00", "2 Mar", "01:00", "02:00", "03:00"]);
        let days = labels("2026-03-01T06:00:00Z", "2026-03-04T06:00:00Z");
        assert_eq!(days, ["12:00", "2 Mar", "12:00", "3 Mar", "12:00", "4 Mar"]);
        let years = labels("2019-01-01T00:00:00Z", "2024-12-31T00:00:00Z");
        assert_eq!(years, ["2019", "2020", "2021", "2022", "2023", "2024"]);
    }

    #[test]
    fn any_span_has_a_label_and_not_too_many() {
        let mut span = 1;
        while span < 40_000_000_000 {
            for start in [0, 1_623_715_200, -3_000_000_000] {
                let ticks = Ticks::new(start, start + span, 12);
                assert!((1..=16).contains(&ticks.at.len()), "{span} s: {} labels", ticks.at.len());
            }
            span = span * 3 / 2 + 1;
        }
    }
}
