//! Schedules against an oracle that shares no code with them: every minute of four days is looked at, one by one.
//!
//! The four days hold a clock change each: gaps and repeated hours of one hour and of half an hour, on both hemispheres.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

use std::{collections::BTreeMap, time::Duration};

use chrono::{Datelike, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use watchkeeper_model::{Cron, Misfire, Schedule, Time};

const MINUTES: &[&str] = &["0", "15,45", "*/20", "5-7"];
const HOURS: &[&str] = &["0", "1-2", "2,3", "*/2", "*", "23"];
const DAYS: &[&str] = &["*", "*/2", "1,29", "8-25"];
const MONTHS: &[&str] = &["*", "3,10-11"];
const WEEKDAYS: &[&str] = &["*", "*/3", "0", "1-5", "6-7"];

/// A zone, and the day around which it changes its clocks.
const CHANGES: &[(&str, &str)] = &[
    ("Europe/London", "2026-03-29T00:00:00Z"),
    ("Europe/London", "2026-10-25T00:00:00Z"),
    ("America/New_York", "2026-03-08T00:00:00Z"),
    ("America/New_York", "2026-11-01T00:00:00Z"),
    ("Australia/Lord_Howe", "2026-04-05T00:00:00Z"),
    ("Australia/Lord_Howe", "2026-10-04T00:00:00Z"),
    ("America/Sao_Paulo", "2018-11-04T00:00:00Z"),
    ("UTC", "2026-03-01T00:00:00Z"),
];

/// The minutes of a span, by what the clock on the wall says.
struct Calendar {
    instants: Vec<(Time, NaiveDateTime)>,
    first_by_wall: BTreeMap<NaiveDateTime, Time>,
}

impl Calendar {
    fn new(zone: Tz, from: Time, until: Time) -> Self {
        let minutes = (0..=(until - from).num_minutes()).map(|minute| from + TimeDelta::minutes(minute));
        let instants: Vec<_> = minutes.map(|time| (time, time.with_timezone(&zone).naive_local())).collect();
        let mut first_by_wall = BTreeMap::new();
        for (time, wall) in &instants {
            first_by_wall.entry(*wall).or_insert(*time);
        }
        Self { instants, first_by_wall }
    }

    /// Where the hours pass as they do, every instant whose wall clock matches; else every wall time that matches, at
    /// its first instant or at the end of the gap it lies in.
    fn ticks(&self, line: &Line) -> Vec<Time> {
        if line.follows_elapsed_time {
            return self.instants.iter().filter(|(_, wall)| line.matches(*wall)).map(|(time, _)| *time).collect();
        }
        let (first, last) = (self.instants[0].1, self.instants[self.instants.len() - 1].1);
        let walls = (0..=(last - first).num_minutes()).map(|minute| first + TimeDelta::minutes(minute));
        let place = |wall| self.first_by_wall.range(wall..).next().map(|(_, time)| *time);
        let mut ticks: Vec<Time> = walls.filter(|wall| line.matches(*wall)).filter_map(place).collect();
        ticks.sort_unstable();
        ticks.dedup();
        ticks
    }
}

/// Five fields, read by the book: for each which values match.
struct Line {
    text: String,
    follows_elapsed_time: bool,
    either_day: bool,
    minutes: Vec<bool>,
    hours: Vec<bool>,
    days: Vec<bool>,
    months: Vec<bool>,
    weekdays: Vec<bool>,
}

impl Line {
    fn new(minutes: &str, hours: &str, days: &str, months: &str, weekdays: &str) -> Self {
        let values = |field: &str, least: u32, most: u32| {
            (0..=most).map(|value| value >= least && holds(field, value, least)).collect::<Vec<_>>()
        };
        let mut week = values(weekdays, 0, 7);
        // 7 is Sunday too, where it is written out.
        week[0] |= week[7] && !weekdays.starts_with('*');
        Self {
            text: format!("{minutes} {hours} {days} {months} {weekdays}"),
            follows_elapsed_time: hours.starts_with('*'),
            either_day: !days.starts_with('*') && !weekdays.starts_with('*'),
            minutes: values(minutes, 0, 59),
            hours: values(hours, 0, 23),
            days: values(days, 1, 31),
            months: values(months, 1, 12),
            weekdays: week,
        }
    }

    fn matches(&self, wall: NaiveDateTime) -> bool {
        let day = self.days[wall.day() as usize];
        let weekday = self.weekdays[wall.weekday().num_days_from_sunday() as usize];
        let on_the_day = if self.either_day { day || weekday } else { day && weekday };
        let at = self.minutes[wall.minute() as usize] && self.hours[wall.hour() as usize];
        at && on_the_day && self.months[wall.month() as usize]
    }
}

/// Whether a value lies in a field whose values begin at `least`.
fn holds(field: &str, value: u32, least: u32) -> bool {
    let number = |text: &str| text.parse::<u32>().expect("a number");
    field.split(',').any(|part| match (part.strip_prefix("*/"), part.split_once('-')) {
        (Some(step), _) => (value - least).is_multiple_of(number(step)),
        (None, Some((low, high))) => (number(low)..=number(high)).contains(&value),
        (None, None) => part == "*" || number(part) == value,
    })
}

/// Every combination of the fields above.
fn lines() -> impl Iterator<Item = Line> {
    let dates = DAYS.iter().flat_map(|days| MONTHS.iter().map(move |months| (days, months)));
    let days = dates.flat_map(|date| WEEKDAYS.iter().map(move |weekdays| (date, weekdays)));
    let hours = days.flat_map(|day| HOURS.iter().map(move |hours| (day, hours)));
    let all = hours.flat_map(|hour| MINUTES.iter().map(move |minutes| (hour, minutes)));
    all.map(|((((days, months), weekdays), hours), minutes)| Line::new(minutes, hours, days, months, weekdays))
}

#[test]
fn every_line_ticks_as_the_calendar_says() {
    let mut compared = 0;
    for (turn, (zone, change)) in CHANGES.iter().enumerate() {
        let (zone, change): (Tz, Time) = (zone.parse().expect("a zone"), change.parse().expect("RFC 3339"));
        let (from, until) = (change - TimeDelta::days(2), change + TimeDelta::days(2));
        // The calendar begins earlier, so that a gap at its very start cannot matter.
        let calendar = Calendar::new(zone, from - TimeDelta::days(1), until + TimeDelta::days(1));
        // Every line meets one change; neighbours in the list meet the others.
        for line in lines().skip(turn).step_by(CHANGES.len()) {
            let schedule = Schedule {
                cron: Cron::parse(&line.text).expect("a crontab line"),
                timezone: zone,
                jitter: Duration::ZERO,
                misfire: Misfire::Latest,
                starting_deadline: Duration::ZERO,
            };
            let expected: Vec<Time> =
                calendar.ticks(&line).into_iter().filter(|tick| *tick > from && *tick <= until).collect();
            let ticks: Vec<Time> = schedule.ticks(from, until).collect();
            assert_eq!(ticks, expected, "{} in {zone} around {change}", line.text);
            compared += expected.len();
        }
    }
    assert!(compared > 5_000, "only {compared} ticks were compared");
}
