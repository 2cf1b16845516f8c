//! Tables with holes in them.

use watchkeeper_plugin::{Check, Failure, Frame, Measurement, Run, Table};

use super::NullRate;

fn measured(check: &NullRate, table: &Table) -> Result<Vec<(String, f64)>, Failure> {
    let run = Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column: None, params: Vec::new() };
    let measurements = check.check(&run, table as &dyn Frame, None)?;
    let series = |it: Measurement| (it.labels[0].1.clone(), it.value);
    Ok(measurements.into_iter().map(series).collect())
}

fn all_columns(nan_is_null: bool) -> NullRate {
    NullRate { columns: Vec::new(), nan_is_null }
}

fn table() -> Table {
    let income = [Some(1.0), None, Some(f64::NAN), Some(2.0)];
    Table::new().numbers("income", income).texts("city", [Some("Ely"), None, None, None]).integers("gone", [None; 4])
}

fn series(values: [f64; 3]) -> Vec<(String, f64)> {
    let columns = ["income", "city", "gone"].map(str::to_owned);
    columns.into_iter().zip(values).collect()
}

#[test]
fn nan_counts_as_missing_unless_told_otherwise() -> Result<(), Failure> {
    let with = measured(&all_columns(true), &table())?;
    assert_eq!(with, series([0.5, 0.75, 1.0]));
    let without = measured(&all_columns(false), &table())?;
    assert_eq!(without, series([0.25, 0.75, 1.0]));
    Ok(())
}

#[test]
fn only_the_named_columns_are_measured() -> Result<(), Failure> {
    let check = NullRate { columns: vec!["city".to_owned()], nan_is_null: true };
    assert_eq!(measured(&check, &table())?, [("city".to_owned(), 0.75)]);
    Ok(())
}

#[test]
fn no_rows_are_no_data() {
    let empty = Table::new().numbers("income", []);
    let nothing = measured(&all_columns(true), &empty);
    assert!(matches!(nothing, Err(Failure::NoData(_))));
}

#[test]
fn a_column_that_is_not_there_is_a_mistake() {
    let check = NullRate { columns: vec!["incom".to_owned()], nan_is_null: true };
    let refused = measured(&check, &table());
    let expected =
        "parameter \"columns\": the data has no column \"incom\" (did you mean \"income\"?); it has income, city, gone";
    assert_eq!(refused, Err(Failure::config(expected)));
}
