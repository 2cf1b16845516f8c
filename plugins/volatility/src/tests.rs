//! Values and their returns; the query's own arithmetic is compared with numpy's in the golden test.

use watchkeeper_plugin::{Check, Failure, Given, Params, Run, Table, Value};

use super::Volatility;

const NUMBER: &str = "CASE WHEN isnan(\"x\") THEN NULL ELSE CAST(\"x\" AS DOUBLE) END";

fn query(formula: &str) -> String {
    format!(
        "SELECT {formula} AS moved FROM (SELECT value, lag(value) OVER (ORDER BY at, value) AS earlier FROM (SELECT \
         {NUMBER} AS value, \"at\" AS at FROM input WHERE {NUMBER} IS NOT NULL) AS present) AS pairs WHERE \
         earlier IS NOT NULL"
    )
}

fn measured(params: &[(&str, Value)], values: &[f64], returns: (&str, &[f64])) -> Result<f64, Failure> {
    let mut params: Vec<_> = params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    params.push(("value".to_owned(), Value::Text("x".to_owned())));
    let time_column = Some("at".to_owned());
    let run = Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column, params };
    let moved = Table::new().numbers("moved", returns.1.iter().map(|it| Some(*it)));
    let table = Table::new().numbers("x", values.iter().map(|it| Some(*it)));
    let table = table.times("at", (0..).zip(values).map(|(at, _)| Some(at))).answering(&query(returns.0), moved);
    let measurements = Volatility::read(&Given::new(&run.params))?.check(&run, &table, None)?;
    Ok(measurements[0].value)
}

const LOG: &str = "ln(value / earlier)";
const SIMPLE: &str = "value / earlier - 1.0";

#[test]
fn the_deviation_of_returns_is_of_a_sample() -> Result<(), Failure> {
    let simple = ("returns", Value::Text("simple".to_owned()));
    let found = measured(std::slice::from_ref(&simple), &[100.0, 150.0, 75.0], (SIMPLE, &[0.5, -0.5]))?;
    assert!((found - 0.5_f64.sqrt()).abs() < 1e-15, "{found}");
    let year = ("annualise", Value::Integer(4));
    let found = measured(&[simple, year], &[100.0, 150.0, 75.0], (SIMPLE, &[0.5, -0.5]))?;
    assert!((found - 2.0_f64.sqrt()).abs() < 1e-15, "{found}");
    Ok(())
}

#[test]
fn fewer_than_three_values_are_no_data() {
    for values in [&[][..], &[1.0_f64], &[1.0, 2.0]] {
        let returns: Vec<f64> = values.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
        let nothing = measured(&[], values, (LOG, &returns));
        assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    }
}

#[test]
fn what_has_no_return_is_a_mistake() {
    let refused = [
        measured(&[], &[1.0, 0.0, 2.0], (LOG, &[])),
        measured(&[("returns", Value::Text("simple".to_owned()))], &[0.0, 1.0, 2.0], (SIMPLE, &[f64::INFINITY, 1.0])),
        measured(&[("returns", Value::Text("daily".to_owned()))], &[1.0, 2.0, 3.0], (LOG, &[])),
        measured(&[("annualise", Value::Number(0.0))], &[1.0, 2.0, 3.0], (LOG, &[])),
    ];
    for refused in refused {
        assert!(matches!(refused, Err(Failure::Config(_))), "{refused:?}");
    }
}
