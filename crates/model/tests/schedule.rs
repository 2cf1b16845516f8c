//! Schedules against instants worked out by hand from the time zones' own rules.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

use std::time::Duration;

use watchkeeper_model::{Cron, InputWindow, Misfire, Schedule, Time};

fn schedule(cron: &str, timezone: &str) -> Schedule {
    Schedule {
        cron: Cron::parse(cron).expect("a crontab line"),
        timezone: timezone.parse().expect("a time zone"),
        jitter: Duration::ZERO,
        misfire: Misfire::Latest,
        starting_deadline: Duration::from_secs(600),
    }
}

fn time(text: &str) -> Time {
    text.parse().expect("RFC 3339")
}

fn ticks(cron: &str, timezone: &str, after: &str, until: &str) -> Vec<String> {
    let schedule = schedule(cron, timezone);
    schedule.ticks(time(after), time(until)).map(|tick| tick.format("%FT%H:%MZ").to_string()).collect()
}

#[test]
fn weekdays_are_numbered_as_in_crontab() {
    // 2026-03-01 is a Sunday.
    let week = |cron| ticks(cron, "UTC", "2026-02-28T12:00:00Z", "2026-03-07T12:00:00Z");
    assert_eq!(week("0 6 * * 0"), ["2026-03-01T06:00Z"]);
    assert_eq!(week("0 6 * * 7"), ["2026-03-01T06:00Z"]);
    assert_eq!(week("0 6 * * SUN"), ["2026-03-01T06:00Z"]);
    assert_eq!(week("0 6 * * 1-2,6"), ["2026-03-02T06:00Z", "2026-03-03T06:00Z", "2026-03-07T06:00Z"]);
    assert_eq!(week("0 6 * * 5-7"), ["2026-03-01T06:00Z", "2026-03-06T06:00Z", "2026-03-07T06:00Z"]);
    assert_eq!(week("0 6 * * */3"), ["2026-03-01T06:00Z", "2026-03-04T06:00Z", "2026-03-07T06:00Z"]);
}

#[test]
fn a_time_that_a_clock_change_skips_fires_once_right_after_the_gap() {
    // London skips 01:00-02:00 on 2026-03-29.
    let london = ticks("30 1 * * *", "Europe/London", "2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z");
    assert_eq!(london, ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"]);
    // New York skips 02:00-03:00 on 2026-03-08.
    let new_york = ticks("15 2 * * *", "America/New_York", "2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z");
    assert_eq!(new_york, ["2026-03-07T07:15Z", "2026-03-08T07:00Z", "2026-03-09T06:15Z"]);
    // Lord Howe Island skips half an hour, 02:00-02:30 on 2026-10-04.
    let lord_howe = ticks("10 2 * * *", "Australia/Lord_Howe", "2026-10-02T20:00:00Z", "2026-10-05T00:00:00Z");
    assert_eq!(lord_howe, ["2026-10-03T15:30Z", "2026-10-04T15:10Z"]);
}

#[test]
fn a_time_that_exists_twice_fires_once_the_first_time() {
    // London repeats 01:00-02:00 on 2026-10-25; the first 01:30 is summer time.
    let london = ticks("30 1 * * *", "Europe/London", "2026-10-24T00:00:00Z", "2026-10-27T00:00:00Z");
    assert_eq!(london, ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]);
}

#[test]
fn hourly_and_finer_schedules_follow_elapsed_time() {
    let spring = ticks("0 * * * *", "Europe/London", "2026-03-28T23:30:00Z", "2026-03-29T03:30:00Z");
    assert_eq!(spring, ["2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z", "2026-03-29T03:00Z"]);
    let autumn = ticks("*/30 * * * *", "Europe/London", "2026-10-24T23:45:00Z", "2026-10-25T02:15:00Z");
    let expected =
        ["2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z", "2026-10-25T02:00Z"];
    assert_eq!(autumn, expected);
}

#[test]
fn two_wall_times_in_one_gap_fire_together_once() {
    let london = ticks("10,40 1 * * *", "Europe/London", "2026-03-29T00:30:00Z", "2026-03-30T00:20:00Z");
    assert_eq!(london, ["2026-03-29T01:00Z", "2026-03-30T00:10Z"]);
}

#[test]
fn a_day_matches_by_either_field_when_both_are_given() {
    // 2026-06-01 is a Monday.
    let june = |cron| ticks(cron, "UTC", "2026-05-31T12:00:00Z", "2026-06-16T12:00:00Z");
    assert_eq!(june("0 6 3 * 1"), ["2026-06-01T06:00Z", "2026-06-03T06:00Z", "2026-06-08T06:00Z", "2026-06-15T06:00Z"]);
    assert_eq!(june("0 6 1-7 * */7"), ["2026-06-07T06:00Z"], "both match where one begins with a star");
}

#[test]
fn a_day_that_never_comes_has_no_tick() {
    assert_eq!(schedule("0 0 30 2 *", "UTC").next_after(time("2026-01-01T00:00:00Z")), None);
}

#[test]
fn mistakes_say_what_is_wrong() {
    let mistake = |cron| Cron::parse(cron).expect_err("a mistake").to_string();
    assert!(mistake("0 6 * *").contains("it has 4 fields"));
    assert!(mistake("0 6 * * 8").contains("`8` is not a weekday (0-7 or sun-sat)"));
    assert!(mistake("61 6 * * *").ends_with("`61` is not a minute (0-59)"));
    assert!(mistake("0 24 * * *").ends_with("`24` is not an hour (0-23)"));
    assert!(mistake("0 6 0 * *").ends_with("`0` is not a day of the month (1-31)"));
    assert!(mistake("0 6 * june *").ends_with("`june` is not a month (1-12 or jan-dec)"));
    assert!(mistake("5,, 6 * * *").ends_with("`` is not a minute (0-59)"));
    assert!(mistake("*/0 6 * * *").ends_with("`0` is not a step"));
    assert!(mistake("30-10 6 * * *").ends_with("the range `30-10` runs backwards"));
    assert!(mistake("0 6 * * 3-1").contains("runs backwards"));
}

#[test]
fn windows_of_daily_ticks_leave_no_hour_out_and_count_none_twice() {
    let day = Duration::from_secs(86_400);
    for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"] {
        for cron in ["0 0 * * *", "30 4 * * *"] {
            let schedule = schedule(cron, zone);
            let ticks: Vec<Time> = schedule.ticks(time("2026-01-01T00:00:00Z"), time("2027-01-02T00:00:00Z")).collect();
            assert!(ticks.len() > 360, "{zone}");
            for pair in ticks.windows(2) {
                assert_eq!(schedule.window_start(pair[1], day), pair[0], "{cron} in {zone}");
            }
        }
    }
    let berlin = schedule("0 0 * * *", "Europe/Berlin");
    // The day on which clocks go back has 25 hours; 25 hours are 25 hours.
    let end = time("2026-10-25T23:00:00Z");
    assert_eq!(berlin.window_start(end, day), time("2026-10-24T22:00:00Z"));
    assert_eq!(berlin.window_start(end, Duration::from_secs(25 * 3_600)), time("2026-10-24T22:00:00Z"));
    assert_eq!(berlin.window_start(end, Duration::from_secs(23 * 3_600)), time("2026-10-25T00:00:00Z"));
    assert_eq!(berlin.window_start(time("2026-03-29T22:00:00Z"), day), time("2026-03-28T23:00:00Z"));
}

#[test]
fn calendar_windows_see_every_hour_once() {
    let berlin = schedule("0 6 * * *", "Europe/Berlin");
    let ends = |text: &str, window: InputWindow| {
        let (start, end) = berlin.window(time(text), window);
        (start.to_rfc3339(), (end - start).num_hours())
    };
    // The day of 25 hours and the one of 23, each from midnight to midnight.
    assert_eq!(ends("2026-10-26T05:00:00Z", InputWindow::Day), ("2026-10-24T22:00:00+00:00".to_owned(), 25));
    assert_eq!(ends("2026-03-30T04:00:00Z", InputWindow::Day), ("2026-03-28T23:00:00+00:00".to_owned(), 23));
    assert_eq!(ends("2026-03-30T04:00:00Z", InputWindow::Week), ("2026-03-22T23:00:00+00:00".to_owned(), 7 * 24 - 1));
    assert_eq!(ends("2026-11-02T05:00:00Z", InputWindow::Month), ("2026-09-30T22:00:00+00:00".to_owned(), 31 * 24 + 1));
    let mut before = None;
    for tick in berlin.ticks(time("2026-01-01T00:00:00Z"), time("2027-01-01T00:00:00Z")) {
        let (start, end) = berlin.window(tick, InputWindow::Day);
        assert!(before.is_none_or(|before| before == start), "{tick}");
        before = Some(end);
    }
}

#[test]
fn monitors_are_spread_over_a_tenth_of_their_interval_and_half_a_minute_at_most() {
    let spread = |cron| schedule(cron, "UTC").spread().as_secs();
    assert_eq!(spread("* * * * *"), 6);
    assert_eq!(spread("*/2 * * * *"), 12);
    assert_eq!(spread("*/5 * * * *"), 30);
    assert_eq!(spread("0 6 * * *"), 30);
    assert_eq!(spread("0 0 30 2 *"), 0, "one that never comes");
}
