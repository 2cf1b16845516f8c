//! Tables before and after a change.

use watchkeeper_plugin::{Check, Failure, Frame, Measurement, Run, Table};

use super::{Column, Schema, hash};

fn measured(order: bool, current: &Table, baseline: Option<&Table>) -> Result<Vec<Measurement>, Failure> {
    let run = Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column: None, params: Vec::new() };
    let check = Schema { order, nullability: true };
    check.check(&run, current, baseline.map(|it| it as &dyn Frame))
}

fn baseline() -> Table {
    Table::new().integers("id", []).numbers("income", []).texts("city", [])
}

fn changed(measurements: &[Measurement]) -> Vec<String> {
    let changes = measurements.iter().skip(1);
    changes.map(|it| format!("{} {}", it.labels[1].1, it.labels[0].1)).collect()
}

#[test]
fn the_same_columns_are_no_change_even_without_rows() -> Result<(), Failure> {
    let measurements = measured(false, &baseline(), Some(&baseline()))?;
    assert_eq!(measurements.len(), 1);
    assert_eq!(measurements[0].value, 0.0);
    Ok(())
}

#[test]
fn every_change_is_named() -> Result<(), Failure> {
    let current = Table::new().integers("id", []).texts("income", []).flags("new", []);
    let measurements = measured(false, &current, Some(&baseline()))?;
    assert_eq!(measurements[0].value, 3.0);
    assert_eq!(changed(&measurements), ["removed city", "retyped income", "added new"]);
    let detail = measurements[0].detail.clone().unwrap_or_default();
    let named = "removed city (Utf8), retyped income (Float64 -> Utf8), added new (Boolean)";
    assert!(detail.ends_with(named), "{detail}");
    Ok(())
}

#[test]
fn order_matters_only_when_asked() -> Result<(), Failure> {
    let current = Table::new().numbers("income", []).integers("id", []).texts("city", []);
    assert_eq!(measured(false, &current, Some(&baseline()))?[0].value, 0.0);
    let measurements = measured(true, &current, Some(&baseline()))?;
    assert_eq!(changed(&measurements), ["moved income", "moved id"]);
    Ok(())
}

#[test]
fn a_baseline_is_needed() {
    let refused = measured(false, &baseline(), None);
    assert!(matches!(refused, Err(Failure::Config(_))));
}

#[test]
fn names_and_types_do_not_run_into_each_other() {
    let column = |name: &str, data_type: &str| Column { name: name.to_owned(), data_type: data_type.to_owned() };
    assert_ne!(hash(&[column("ab", "c")]), hash(&[column("a", "bc")]));
}
