//! Columns against a baseline, through every question the check asks.

use watchkeeper_plugin::{Check, Failure, Measurement, Params, Run, Table, Value};

use super::Drift;

fn measured(
    params: &[(&str, Value)],
    current: &Table,
    baseline: Option<&Table>,
) -> Result<Vec<(String, f64)>, Failure> {
    let params = params.iter().cloned();
    let run = Run {
        scheduled_at: 0,
        window_start: 0,
        window_end: 0,
        seed: 0,
        time_column: None,
        params: params.map(|(name, value)| (name.to_owned(), value)).collect(),
    };
    let check = Drift::read(&watchkeeper_plugin::Given::new(&run.params))?;
    let baseline = baseline.map(|it| it as &dyn watchkeeper_plugin::Frame);
    let measurements = check.check(&run, current, baseline)?;
    let series = measurements.into_iter();
    Ok(series.map(|it| (shown(&it), it.value)).collect())
}

/// The column alone for the default method, else the metric before it.
fn shown(measurement: &Measurement) -> String {
    match (measurement.metric.as_str(), measurement.labels.first()) {
        ("psi", Some((_, column))) => column.clone(),
        (metric, Some((_, column))) => format!("{metric} {column}"),
        (metric, None) => metric.to_owned(),
    }
}

fn texts(texts: &[&str]) -> Value {
    Value::Texts(texts.iter().map(|text| (*text).to_owned()).collect())
}

fn named(column: &str) -> (&'static str, Value) {
    ("columns", texts(&[column]))
}

fn counting(to: i64) -> Table {
    Table::new().integers("x", (0..to).map(Some))
}

#[test]
fn bins_are_the_baselines_deciles() -> Result<(), Failure> {
    let measured = measured(&[named("x")], &counting(50), Some(&counting(100)))?;
    // Of 0..100 the deciles are 9.9, 19.8 … 89.1, so ten rows fall in each bin; of 0..50 ten in each of five.
    let by_hand = 5.0 * (0.1 * 2.0_f64.ln()) + 5.0 * (1e-4 - 0.1) * (1e-3_f64).ln();
    assert_eq!(measured[0].0, "x");
    assert!((measured[0].1 - by_hand).abs() < 1e-12, "{measured:?}, expected {by_hand}");
    Ok(())
}

#[test]
fn equal_deciles_are_one_edge() -> Result<(), Failure> {
    let constant = Table::new().integers("x", [Some(1); 4]);
    let measured = measured(&[named("x")], &constant, Some(&constant))?;
    assert_eq!(measured, [("x".to_owned(), 0.0)]);
    Ok(())
}

#[test]
fn nan_is_left_out_by_a_query() -> Result<(), Failure> {
    let numbers = |rows: &[f64]| Table::new().numbers("x", rows.iter().map(|row| Some(*row)));
    let clean = numbers(&[1.0, 2.0, 3.0]);
    let sql = "SELECT CASE WHEN isnan(\"x\") THEN NULL ELSE \"x\" END AS \"x\" FROM input";
    let dirty = numbers(&[1.0, f64::NAN, 2.0, 3.0]).answering(sql, clean.clone());
    assert_eq!(measured(&[named("x")], &dirty, Some(&clean))?, [("x".to_owned(), 0.0)]);
    Ok(())
}

#[test]
fn without_values_there_is_no_data() {
    let gone = Table::new().integers("x", [None, None]);
    for (current, baseline) in [(&gone, &counting(9)), (&counting(9), &gone)] {
        let nothing = measured(&[], current, Some(baseline));
        assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    }
}

#[test]
fn a_named_column_without_values_is_named() {
    let table = |x: Option<i64>| Table::new().integers("y", [Some(1)]).integers("x", [x]);
    let nothing = measured(&[("columns", texts(&["y", "x"]))], &table(None), Some(&table(Some(1))));
    let expected = "column \"x\" has no values in the window: all 1 rows are null";
    assert_eq!(nothing, Err(Failure::no_data(expected)));
    let empty = Table::new().integers("x", []);
    let nothing = measured(&[named("x")], &table(Some(1)), Some(&empty));
    let expected = "column \"x\" has no values in the baseline, which has no rows";
    assert_eq!(nothing, Err(Failure::no_data(expected)));
}

#[test]
fn without_names_a_column_without_values_is_reported() -> Result<(), Failure> {
    let table = |x: Option<i64>| Table::new().integers("y", [Some(1)]).integers("x", [x]);
    let measured = measured(&[], &table(None), Some(&table(Some(1))))?;
    assert_eq!(measured, [("y".to_owned(), 0.0), ("skipped_columns".to_owned(), 1.0)]);
    Ok(())
}

#[test]
fn every_value_of_a_text_is_a_bin_with_the_unseen_ones() -> Result<(), Failure> {
    let baseline = Table::new().texts("city", [Some("Ely"), Some("Ely"), Some("Bath"), Some("Bath"), None]);
    let current = Table::new().texts("city", [Some("Ely"), Some("York"), None]);
    let found = measured(&[named("city")], &current, Some(&baseline))?;
    // Shares: Bath 0.5 and the floor, Ely 0.5 and 0.5, York the floor and 0.5.
    let by_hand = 2.0 * (0.5 - 1e-4) * (0.5_f64 / 1e-4).ln();
    assert!((found[0].1 - by_hand).abs() < 1e-12, "{found:?}, expected {by_hand}");
    Ok(())
}

#[test]
fn few_numbers_are_categories_for_evidently() -> Result<(), Failure> {
    let profile = ("profile", Value::Text("evidently".to_owned()));
    let found = measured(&[profile, named("x")], &counting(10), Some(&counting(20)))?;
    let by_hand = 10.0 * (0.1 - 0.05) * 2.0_f64.ln() + 10.0 * (0.05 - 1e-4) * (0.05_f64 / 1e-4).ln();
    assert!((found[0].1 - by_hand).abs() < 1e-12, "{found:?}, expected {by_hand}");
    Ok(())
}

#[test]
fn methods_that_need_an_order_leave_texts_to_the_others() -> Result<(), Failure> {
    let table = counting(4).texts("city", [Some("Ely"); 4]);
    let methods = ("methods", texts(&["ks", "chi_square"]));
    let found = measured(std::slice::from_ref(&methods), &table, Some(&table))?;
    let series: Vec<&str> = found.iter().map(|(series, _)| series.as_str()).collect();
    let of_text = ["chi_square city", "chi_square_p_value city"];
    assert_eq!(series[..3], ["ks x", "chi_square x", "chi_square_p_value x"]);
    assert_eq!(series[3..], [&of_text[..], &["skipped_columns"]].concat());
    let refused = measured(&[("methods", texts(&["ks"])), named("city")], &table, Some(&table));
    assert!(matches!(refused, Err(Failure::Config(_))), "{refused:?}");
    Ok(())
}

#[test]
fn names_are_no_categories() {
    let names: Vec<String> = (0..1_001).map(|name| name.to_string()).collect();
    let table = Table::new().texts("name", names.iter().map(|name| Some(name.as_str())));
    let refused = measured(&[named("name")], &table, Some(&table));
    assert!(matches!(refused, Err(Failure::Config(_))), "{refused:?}");
    let nothing = measured(&[], &table, Some(&table));
    assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
}

#[test]
fn a_wrong_profile_method_or_column_is_a_mistake() {
    let text = |text: &str| Value::Text(text.to_owned());
    let texts = |text: &str| Value::Texts(vec![text.to_owned()]);
    let wrong = [("profile", text("deciles")), ("methods", texts("kl")), ("columns", texts("y"))];
    for param in wrong {
        let refused = measured(std::slice::from_ref(&param), &counting(9), Some(&counting(9)));
        assert!(matches!(refused, Err(Failure::Config(_))), "{param:?}: {refused:?}");
    }
    let refused = measured(&[], &counting(9), None);
    assert!(matches!(refused, Err(Failure::Config(_))), "{refused:?}");
}
