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

fn numbers(rows: &[f64]) -> Table {
    Table::new().numbers("x", rows.iter().map(|row| Some(*row)))
}

#[test]
fn a_constant_that_moves_up_shows_as_one_that_moves_down() -> Result<(), Failure> {
    let constant = numbers(&[40.0; 4]);
    assert_eq!(measured(&[named("x")], &constant, Some(&constant))?, [("x".to_owned(), 0.0)]);
    for methods in ["psi", "js_distance", "chi_square"] {
        let params = [named("x"), ("methods", texts(&[methods]))];
        let (up, down) = (numbers(&[41.0; 4]), numbers(&[39.0; 4]));
        let (up, down) = (measured(&params, &up, Some(&constant))?, measured(&params, &down, Some(&constant))?);
        assert_eq!(up, down);
        assert!(up[0].1 > 0.9, "{up:?}");
    }
    Ok(())
}

#[test]
fn what_rises_from_mostly_zeros_is_seen() -> Result<(), Failure> {
    let mut before = vec![0.0; 95];
    before.extend((0..5).map(|row| f64::from(row) + 100.0));
    let mut after = vec![0.0; 10];
    after.extend((0..90).map(|row| f64::from(row) + 100.0));
    let found = measured(&[named("x")], &numbers(&after), Some(&numbers(&before)))?;
    let by_hand = (0.1 - 0.95) * (0.1_f64 / 0.95).ln() + (0.9 - 0.05) * (0.9_f64 / 0.05).ln();
    assert!((found[0].1 - by_hand).abs() < 1e-12, "{found:?}, expected {by_hand}");
    Ok(())
}

#[test]
fn whole_numbers_with_gaps_are_compared_and_end() -> Result<(), Failure> {
    let methods = ("methods", texts(&["psi", "ks", "wasserstein", "chi_square", "js_distance"]));
    let before = Table::new().integers("x", [1, 2, 3].map(Some));
    let after = numbers(&[1.0, f64::NAN, 2.0, 3.0]);
    let found = measured(&[methods, named("x")], &after, Some(&before))?;
    assert!(
        found.iter().all(|(series, value)| *value == if series.ends_with("p_value x") { 1.0 } else { 0.0 }),
        "{found:?}"
    );
    Ok(())
}

#[test]
fn without_values_there_is_no_data() {
    let gone = Table::new().integers("x", [None, None]);
    let empty = Table::new().integers("x", []);
    for (current, baseline) in [(&gone, &gone), (&counting(9), &empty), (&empty, &counting(9))] {
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

/// All rows in one bin before, all in another after.
fn as_far_as_can_be() -> f64 {
    2.0 * (1.0 - 1e-4) * 1e4_f64.ln()
}

#[test]
fn without_names_a_column_that_became_empty_or_another_kind_has_moved() -> Result<(), Failure> {
    let before = Table::new().integers("y", [Some(1)]).integers("x", [Some(1)]);
    let methods = ("methods", texts(&["psi", "js_distance", "ks", "wasserstein"]));
    let empty = Table::new().integers("y", [Some(1)]).integers("x", [None]);
    let turned = Table::new().integers("y", [Some(1)]).texts("x", [Some("1")]);
    for after in [empty, turned] {
        let found = measured(std::slice::from_ref(&methods), &after, Some(&before))?;
        let of_x: Vec<_> = found.iter().filter(|(series, _)| series.ends_with('x')).collect();
        assert_eq!(of_x.len(), 3, "{found:?}");
        assert!((of_x[0].1 - as_far_as_can_be()).abs() < 1e-9, "{found:?}");
        assert_eq!((of_x[1].1, of_x[2].1), (1.0, 1.0));
        assert_eq!(found.last(), Some(&("skipped_columns".to_owned(), 0.0)));
    }
    Ok(())
}

#[test]
fn a_text_that_exploded_into_names_has_moved() -> Result<(), Failure> {
    let names: Vec<String> = (0..1_500).map(|name| format!("id {name}")).collect();
    let known = Table::new().texts("city", [Some("Ely"); 500]);
    let sql = "SELECT \"city\" FROM input WHERE \"city\" IN ('Bath', 'Ely')";
    let rows = names.iter().map(|name| Some(name.as_str())).chain([Some("Ely"); 500]);
    let after = Table::new().texts("city", rows).answering(sql, known);
    let before = Table::new().texts("city", [Some("Ely"), Some("Bath")]);
    for params in [vec![], vec![named("city")]] {
        let found = measured(&params, &after, Some(&before))?;
        // Shares: Bath 0.5 and the floor, Ely 0.5 and 0.25, everything else the floor and 0.75.
        let by_hand =
            (1e-4 - 0.5) * (1e-4_f64 / 0.5).ln() + (0.25 - 0.5) * 0.5_f64.ln() + (0.75 - 1e-4) * (0.75_f64 / 1e-4).ln();
        assert!((found[0].1 - by_hand).abs() < 1e-12, "{found:?}, expected {by_hand}");
    }
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
