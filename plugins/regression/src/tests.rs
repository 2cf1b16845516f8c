//! Values that scikit-learn 1.9 computes for the same rows.

use watchkeeper_plugin::{Check, Failure, Run, Table};

use super::Regression;

fn measured(target: &[Option<f64>], prediction: &[Option<f64>]) -> Result<Vec<(String, f64)>, Failure> {
    let run = Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column: None, params: Vec::new() };
    let table = Table::new().numbers("y", target.iter().copied()).numbers("p", prediction.iter().copied());
    let check = Regression { target: "y".to_owned(), prediction: "p".to_owned() };
    let measurements = check.check(&run, &table, None)?;
    Ok(measurements.into_iter().map(|it| (it.metric, it.value)).collect())
}

fn assert_measured(actual: &[(String, f64)], metric: &str, expected: f64) {
    let found = actual.iter().find(|(name, _)| name == metric);
    let value = found.map_or(f64::NAN, |(_, value)| *value);
    let near = (value - expected).abs() <= 1e-12 * expected.abs();
    assert!(near, "{metric}: {value}, expected {expected}");
}

#[test]
fn errors_agree_with_scikit_learn() -> Result<(), Failure> {
    let target = [Some(3.0), Some(-0.5), Some(2.0), Some(7.0), None, Some(1.0)];
    let prediction = [Some(2.5), Some(0.0), Some(2.0), Some(8.0), Some(1.0), Some(f64::NAN)];
    let measured = measured(&target, &prediction)?;
    assert_measured(&measured, "rmse", 0.375_f64.sqrt());
    assert_measured(&measured, "mae", 0.5);
    assert_measured(&measured, "mape", 0.327_380_952_380_952_4);
    assert_measured(&measured, "r2", 0.948_608_137_044_967_9);
    assert_measured(&measured, "mean_error", 0.25);
    assert_measured(&measured, "skipped_rows", 2.0);
    Ok(())
}

#[test]
fn a_constant_target_explains_nothing_unless_met_exactly() -> Result<(), Failure> {
    let constant = [Some(2.0), Some(2.0)];
    assert_measured(&measured(&constant, &constant)?, "r2", 1.0);
    assert_measured(&measured(&constant, &[Some(2.0), Some(3.0)])?, "r2", 0.0);
    let one = measured(&[Some(2.0)], &[Some(3.0)])?;
    assert!(one.iter().all(|(metric, _)| metric != "r2"));
    Ok(())
}

#[test]
fn without_complete_rows_there_is_no_data() {
    let nothing = measured(&[None], &[Some(1.0)]);
    assert!(matches!(nothing, Err(Failure::NoData(_))));
}
