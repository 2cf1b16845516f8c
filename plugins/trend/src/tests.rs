//! Levels with a past.

use watchkeeper_plugin::{Check, Failure, Measurement, Run, Table, history};

use super::{LEVEL, Trend};

const HOUR: i64 = 3_600_000_000;

fn trend(season: &str) -> Trend {
    Trend { value: None, season: season.to_owned(), least: 10, most: 2000 }
}

/// Measures so many rows at the hour after these levels.
fn measured(check: &Trend, past: &[f64], rows: usize) -> Result<Vec<Measurement>, Failure> {
    let ticks = past.iter().enumerate().map(|(hour, level)| (hour as i64 * HOUR, LEVEL.of([], *level)));
    history::given(ticks.collect());
    let at = past.len() as i64 * HOUR;
    let run = Run { scheduled_at: at, window_start: 0, window_end: at, seed: 0, time_column: None, params: Vec::new() };
    check.check(&run, &Table::new().numbers("x", vec![Some(1.0); rows]), None)
}

fn value(measured: &[Measurement], metric: &str) -> Option<f64> {
    measured.iter().find(|it| it.metric == metric).map(|it| it.value)
}

#[test]
fn a_level_without_a_past_is_only_measured() -> Result<(), Failure> {
    let found = measured(&trend("none"), &[100.0; 9], 100)?;
    assert_eq!((found.len(), value(&found, "level")), (1, Some(100.0)));
    Ok(())
}

#[test]
fn the_same_hour_is_compared_with_the_same_hour() -> Result<(), Failure> {
    let past: Vec<f64> =
        (0..24 * 14).map(|hour| if hour % 24 == 0 { 1_000.0 } else { 10.0 + f64::from(hour % 2) }).collect();
    let found = measured(&trend("day"), &past, 1_000)?;
    assert_eq!((value(&found, "expected"), value(&found, "deviation")), (Some(1_000.0), Some(0.0)));
    let found = measured(&trend("none"), &past, 1_000)?;
    assert!(value(&found, "deviation").is_some_and(|deviation| deviation > 500.0), "{found:?}");
    Ok(())
}

#[test]
fn a_level_that_moved_is_a_shift_and_its_age_is_told() -> Result<(), Failure> {
    let past: Vec<f64> = (0..40).map(|hour| f64::from(hour % 3) + if hour < 30 { 100.0 } else { 140.0 }).collect();
    let found = measured(&trend("none"), &past, 141)?;
    let shift = found.iter().find(|it| it.metric == "shift");
    assert!(shift.is_some_and(|shift| shift.value > 10.0), "{found:?}");
    assert_eq!(shift.and_then(|it| it.detail.as_deref()), Some("the newest 11 levels against the 30 before"));
    Ok(())
}

#[test]
fn a_past_that_never_moved_divides_by_a_millionth() -> Result<(), Failure> {
    let found = measured(&trend("none"), &[100.0; 20], 99)?;
    assert!(value(&found, "deviation").is_some_and(|deviation| (deviation + 10_000.0).abs() < 1e-6), "{found:?}");
    Ok(())
}

#[test]
fn strange_parameters_are_refused_in_words() {
    let refused = |check: &Trend| match measured(check, &[], 1) {
        Err(Failure::Config(sentence)) => sentence,
        other => format!("{other:?}"),
    };
    assert!(refused(&trend("month")).contains("the seasons are week, day, none"));
    assert!(refused(&Trend { least: 1, ..trend("none") }).contains("from 2 to `most`, which is 2000"));
    assert!(refused(&Trend { most: 10_001, ..trend("none") }).contains("from 2 to 10000"));
}
