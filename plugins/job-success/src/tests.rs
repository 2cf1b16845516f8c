//! Runs that succeed, fail, or have not finished.

use watchkeeper_plugin::{Check, Failure, Given, Params, Run, Table, Value};

use super::JobSuccess;

const MINUTE: i64 = 60_000_000;
const SUCCESSES: &str = "SELECT \"at\" AS at FROM input WHERE \"status\" IN ('succeeded', 'it''s ok')";

fn run(time_column: Option<&str>) -> Run {
    let success = Value::Texts(vec!["succeeded".to_owned(), "it's ok".to_owned()]);
    Run {
        scheduled_at: 100 * MINUTE,
        window_start: 40 * MINUTE,
        window_end: 100 * MINUTE,
        seed: 0,
        time_column: time_column.map(str::to_owned),
        params: vec![("status".to_owned(), Value::Text("status".to_owned())), ("success".to_owned(), success)],
    }
}

fn minutes(table: Table, times: &[i64]) -> Table {
    table.times("at", times.iter().map(|time| Some(time * MINUTE)))
}

fn measured(run: &Run, table: &Table) -> Result<Vec<(String, f64)>, Failure> {
    let check = JobSuccess::read(&Given::new(&run.params))?;
    let measurements = check.check(run, table, None)?;
    Ok(measurements.into_iter().map(|it| (it.metric, it.value)).collect())
}

fn named(values: &[(&str, f64)]) -> Vec<(String, f64)> {
    values.iter().map(|(metric, value)| ((*metric).to_owned(), *value)).collect()
}

#[test]
fn runs_without_a_status_have_not_finished() -> Result<(), Failure> {
    let statuses = [Some("succeeded"), Some("failed"), None, Some("it's ok"), Some("failed")];
    let table = minutes(Table::new().texts("status", statuses), &[50, 60, 70, 80, 90]);
    let table = table.answering(SUCCESSES, minutes(Table::new(), &[50, 80]));
    let expected = named(&[("success_rate", 0.5), ("runs", 4.0), ("minutes_since_success", 20.0)]);
    assert_eq!(measured(&run(Some("at")), &table)?, expected);
    Ok(())
}

#[test]
fn without_a_success_it_was_before_the_window() -> Result<(), Failure> {
    let table = minutes(Table::new().texts("status", [Some("failed")]), &[50]);
    let table = table.answering(SUCCESSES, minutes(Table::new(), &[]));
    let expected = named(&[("success_rate", 0.0), ("runs", 1.0), ("minutes_since_success", 60.0)]);
    assert_eq!(measured(&run(Some("at")), &table)?, expected);
    Ok(())
}

#[test]
fn a_success_of_tomorrow_is_not_the_last_one() -> Result<(), Failure> {
    let table = minutes(Table::new().texts("status", [Some("succeeded"); 2]), &[90, 110]);
    let past = "SELECT at FROM input WHERE at <= CAST('1970-01-01T01:40:00.000000Z' AS TIMESTAMP(6) WITH TIME ZONE)";
    let successes = minutes(Table::new(), &[90, 110]).answering(past, minutes(Table::new(), &[90]));
    let table = table.answering(SUCCESSES, successes);
    assert_eq!(measured(&run(Some("at")), &table)?[2].1, 10.0);
    Ok(())
}

#[test]
fn without_a_time_column_only_the_counts_are_known() -> Result<(), Failure> {
    let table = Table::new().texts("status", [Some("succeeded")]);
    let table = table.answering(&SUCCESSES.replace("\"at\"", "\"status\""), Table::new().texts("at", [Some("a")]));
    assert_eq!(measured(&run(None), &table)?, named(&[("success_rate", 1.0), ("runs", 1.0)]));
    Ok(())
}

#[test]
fn nothing_finished_is_no_data() {
    for statuses in [&[][..], &[None]] {
        let table = minutes(Table::new().texts("status", statuses.iter().copied()), &vec![1; statuses.len()]);
        let table = table.answering(SUCCESSES, minutes(Table::new(), &[]));
        let nothing = measured(&run(Some("at")), &table);
        assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    }
}

#[test]
fn codes_are_numbers_also_where_some_runs_have_none_yet() -> Result<(), Failure> {
    let mut run = run(None);
    run.params[1].1 = Value::Texts(vec!["0".to_owned(), "succeeded".to_owned()]);
    let codes = [Some(0.0), Some(1.0), Some(f64::NAN), None];
    let sql = "SELECT \"status\" AS at FROM input WHERE CASE WHEN isnan(\"status\") THEN NULL ELSE CAST(\"status\" AS \
               DOUBLE) END IN (0.0)";
    let table = Table::new().numbers("status", codes).answering(sql, Table::new().numbers("at", [Some(0.0)]));
    assert_eq!(measured(&run, &table)?, named(&[("success_rate", 0.5), ("runs", 2.0)]));
    Ok(())
}
