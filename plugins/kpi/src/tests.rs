//! Means and ratios, of everything and of segments.

use watchkeeper_plugin::{Check, Failure, Given, Measurement, Params, Run, Table, Value};

use super::Kpi;

fn measured(params: &[(&str, &str)], table: &Table) -> Result<Vec<Measurement>, Failure> {
    let params = [("name", "rate")].iter().chain(params);
    let params = params.map(|(name, value)| ((*name).to_owned(), Value::Text((*value).to_owned())));
    let run =
        Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column: None, params: params.collect() };
    Kpi::read(&Given::new(&run.params))?.check(&run, table, None)
}

#[test]
fn the_mean_of_a_flag_is_a_rate() -> Result<(), Failure> {
    let table = Table::new().flags("approved", [Some(true), Some(false), Some(false), Some(true)]);
    let found = measured(&[("value", "approved")], &table)?;
    assert_eq!((found[0].metric.as_str(), found[0].value), ("rate", 0.5));
    assert_eq!(found[0].detail.as_deref(), Some("4 of 4 rows"));
    Ok(())
}

#[test]
fn a_ratio_is_of_rows_that_have_both() -> Result<(), Failure> {
    let complete = Table::new().numbers("lost", [Some(1.0), Some(2.0)]).numbers("lent", [Some(10.0), Some(20.0)]);
    let number = |name: &str| format!("CASE WHEN isnan(\"{name}\") THEN NULL ELSE CAST(\"{name}\" AS DOUBLE) END");
    let (lost, lent) = (number("lost"), number("lent"));
    let sql = format!(
        "SELECT {lost} AS \"lost\", {lent} AS \"lent\" FROM input WHERE {lost} IS NOT NULL AND {lent} IS NOT NULL"
    );
    let table = Table::new()
        .numbers("lost", [Some(1.0), Some(2.0), None])
        .numbers("lent", [Some(10.0), Some(20.0), Some(70.0)])
        .answering(&sql, complete);
    let found = measured(&[("numerator", "lost"), ("denominator", "lent")], &table)?;
    assert_eq!(found[0].value, 0.1);
    assert_eq!(found[0].detail.as_deref(), Some("2 of 3 rows"));
    Ok(())
}

#[test]
fn segments_without_values_are_told() -> Result<(), Failure> {
    let table = Table::new().texts("kind", [Some("a")]).numbers("x", [Some(1.0)]);
    let x = "CASE WHEN isnan(\"x\") THEN NULL ELSE CAST(\"x\" AS DOUBLE) END";
    let sql = format!(
        "SELECT \"kind\" AS segment, CAST(count(*) AS DOUBLE) AS all_rows, CAST(count({x}) AS DOUBLE) AS counted, \
         avg({x}) AS top, 1.0 AS bottom FROM input GROUP BY 1 ORDER BY 1"
    );
    let groups = Table::new()
        .texts("segment", [Some("a"), Some("b"), None])
        .numbers("all_rows", [Some(3.0), Some(2.0), Some(1.0)])
        .numbers("counted", [Some(2.0), Some(0.0), Some(1.0)])
        .numbers("top", [Some(1.5), None, Some(9.0)])
        .numbers("bottom", [Some(1.0); 3]);
    let found = measured(&[("value", "x"), ("segment", "kind")], &table.answering(&sql, groups))?;
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].value, found[0].labels[0].1.as_str()), (1.5, "a"));
    let told = "2 of 3 rows; left out: segment \"b\" has no value in its 2 rows; 1 rows belong to no segment";
    assert_eq!(found[0].detail.as_deref(), Some(told));
    Ok(())
}

#[test]
fn nothing_to_divide_is_no_data() {
    let zero = Table::new().numbers("n", [Some(1.0)]).numbers("d", [Some(0.0)]);
    let empty = Table::new().numbers("n", []).numbers("d", []);
    for table in [zero, empty] {
        let nothing = measured(&[("numerator", "n"), ("denominator", "d")], &table);
        assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    }
}

#[test]
fn one_figure_is_needed_and_one_only() {
    let table = Table::new().numbers("n", [Some(f64::INFINITY)]).texts("t", [Some("a")]);
    for params in
        [&[][..], &[("value", "n"), ("numerator", "n")], &[("numerator", "n")], &[("value", "t")], &[("value", "n")]]
    {
        let refused = measured(params, &table);
        assert!(matches!(refused, Err(Failure::Config(_))), "{params:?}: {refused:?}");
    }
}
