//! Schedules around every clock change of every time zone from 2020 to 2037, against another library's.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
    time::Duration,
};

use chrono::{DateTime, Offset, TimeDelta};
use chrono_tz::{TZ_VARIANTS, Tz};
use watchkeeper_model::{Cron, Misfire, Schedule, Time};

/// At fixed times of the day, in every way they may fall on a change; and those that follow the passing hours. The other
/// library takes a list of hours or minutes for the latter kind: `schedule_oracle` has those.
const LINES: [&str; 10] = [
    "30 2 * * *",
    "0 0 * * *",
    "45 1 * * *",
    "15 3 * * *",
    "59 23 * * 1-5",
    "0 4 1,15 * *",
    "5 2 * * 0",
    "0 * * * *",
    "*/20 * * * *",
    "10 */2 * * *",
];

/// What a zone's clocks do: when its offset changes, and to how many seconds.
type Changes = Vec<(Time, i32)>;

fn time(text: &str) -> Time {
    text.parse().expect("RFC 3339")
}

fn offset(zone: Tz, at: Time) -> i32 {
    at.with_timezone(&zone).offset().fix().local_minus_utc()
}

/// The changes of a zone, to the minute, beginning with the offset at the start.
fn changes(zone: Tz) -> Changes {
    let (mut from, until) = (time("2020-01-01T00:00:00Z"), time("2038-01-01T00:00:00Z"));
    let mut changes = vec![(from, offset(zone, from))];
    while from < until {
        let to = from + TimeDelta::days(1);
        if offset(zone, from) != offset(zone, to) {
            let minutes = (1..=24 * 60).map(|minute| from + TimeDelta::minutes(minute));
            let changed = |at: &Time| offset(zone, *at) != offset(zone, *at - TimeDelta::minutes(1));
            changes.extend(minutes.filter(changed).map(|at| (at, offset(zone, at))));
        }
        from = to;
    }
    changes
}

/// One zone for each way that clocks go: many names share one.
fn zones() -> BTreeMap<Changes, Tz> {
    TZ_VARIANTS.iter().map(|zone| (changes(*zone), *zone)).collect()
}

fn ours(line: &str, zone: Tz, from: Time, until: Time) -> BTreeSet<Time> {
    let schedule = Schedule {
        cron: Cron::parse(line).expect("a crontab line"),
        timezone: zone,
        jitter: Duration::ZERO,
        misfire: Misfire::Latest,
        starting_deadline: Duration::ZERO,
    };
    schedule.ticks(from, until).collect()
}

fn theirs(line: &str, zone: Tz, from: Time, until: Time) -> BTreeSet<Time> {
    let cron = croner::Cron::from_str(line).expect("a crontab line");
    let after =
        |at: Time| cron.find_next_occurrence(&at.with_timezone(&zone), false).ok().map(|at: DateTime<Tz>| at.to_utc());
    std::iter::successors(after(from), |at| after(*at)).take_while(|at| *at <= until).collect()
}

#[test]
fn around_every_change_of_every_zone_another_library_ticks_at_the_same_times() {
    let (mut compared, mut changed) = (0, 0);
    let zones = zones();
    for (changes, zone) in &zones {
        for (change, _) in &changes[1..] {
            changed += 1;
            let (from, until) = (*change - TimeDelta::hours(26), *change + TimeDelta::hours(26));
            for line in LINES {
                let (ours, theirs) = (ours(line, *zone, from, until), theirs(line, *zone, from, until));
                assert_eq!(ours, theirs, "{line} in {zone} around {change}");
                compared += ours.len();
            }
        }
    }
    assert!(zones.len() > 80 && changed > 1_200 && compared > 300_000, "{} {changed} {compared}", zones.len());
}
