//! Rows before, at and after the tick.

use watchkeeper_plugin::{Check, Failure, Run, Table};

use super::Freshness;

const MINUTE: i64 = 60_000_000;

fn measured(times: &[Option<i64>], time_column: Option<&str>) -> Result<Vec<f64>, Failure> {
    let run = Run {
        scheduled_at: 100 * MINUTE,
        window_start: 0,
        window_end: 0,
        seed: 0,
        time_column: time_column.map(str::to_owned),
        params: Vec::new(),
    };
    let minutes = times.iter().map(|time| time.map(|time| time * MINUTE));
    let minutes: Vec<Option<i64>> = minutes.collect();
    let side =
        |of: fn(i64) -> bool| Table::new().times("at", minutes.iter().copied().filter(|time| time.is_some_and(of)));
    let tick = "CAST('1970-01-01T01:40:00.000000Z' AS TIMESTAMP(6) WITH TIME ZONE)";
    let table = Table::new()
        .times("at", minutes.iter().copied())
        .answering(&format!("SELECT \"at\" FROM input WHERE \"at\" <= {tick}"), side(|time| time <= 100 * MINUTE))
        .answering(&format!("SELECT \"at\" FROM input WHERE \"at\" > {tick}"), side(|time| time > 100 * MINUTE));
    let check = Freshness { column: None };
    let measurements = check.check(&run, &table, None)?;
    Ok(measurements.into_iter().map(|it| it.value).collect())
}

#[test]
fn age_counts_from_the_newest_row() -> Result<(), Failure> {
    let times = [Some(40), None, Some(85)];
    assert_eq!(measured(&times, Some("at"))?, [15.0, 0.0]);
    assert_eq!(measured(&[Some(100)], Some("at"))?, [0.0, 0.0]);
    Ok(())
}

#[test]
fn rows_in_the_future_are_counted_and_make_nothing_fresh() -> Result<(), Failure> {
    let times = [Some(40), Some(101), None, Some(900)];
    assert_eq!(measured(&times, Some("at"))?, [60.0, 2.0]);
    Ok(())
}

#[test]
fn without_a_past_row_there_is_no_data() {
    for times in [&[][..], &[None], &[Some(101)]] {
        let nothing = measured(times, Some("at"));
        assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    }
}

#[test]
fn without_a_column_it_is_a_mistake() {
    assert!(matches!(measured(&[], None), Err(Failure::Config(_))));
    assert!(matches!(measured(&[], Some("when")), Err(Failure::Config(_))));
}

#[test]
fn times_written_as_text_are_read() -> Result<(), Failure> {
    let times = Table::new().times("at", [Some(70 * MINUTE)]);
    let sql = "SELECT CAST(\"at\" AS TIMESTAMP(6)) AS \"at\" FROM input";
    let table = Table::new().texts("at", [Some("1970-01-01T01:10:00Z")]).answering(sql, times);
    let time_column = Some("at".to_owned());
    let run = Run { scheduled_at: 100 * MINUTE, window_start: 0, window_end: 0, seed: 0, time_column, params: vec![] };
    let measurements = Freshness { column: None }.check(&run, &table, None)?;
    assert_eq!(measurements[0].value, 30.0);
    Ok(())
}
