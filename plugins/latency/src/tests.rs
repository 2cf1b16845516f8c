//! Quantiles that numpy computes for the same rows.

use watchkeeper_plugin::{Check, Failure, Given, Params, Run, Table, Value};

use super::Latency;

fn measured(quantiles: Option<&[f64]>, rows: &[Option<f64>]) -> Result<Vec<(String, f64)>, Failure> {
    let mut params = vec![("column".to_owned(), Value::Text("ms".to_owned()))];
    params.extend(quantiles.map(|quantiles| ("quantiles".to_owned(), Value::Numbers(quantiles.to_vec()))));
    let run = Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column: None, params };
    let check = Latency::read(&Given::new(&run.params))?;
    let table = Table::new().numbers("ms", rows.iter().copied());
    let measurements = check.check(&run, &table, None)?;
    Ok(measurements.into_iter().map(|it| (it.labels[0].1.clone(), it.value)).collect())
}

#[test]
fn quantiles_interpolate_and_leave_nulls_out() -> Result<(), Failure> {
    // numpy.quantile([10, 20, 30, 40], [0.5, 0.95, 0.99])
    let found = measured(None, &[Some(40.0), Some(10.0), None, Some(30.0), Some(20.0)])?;
    let expected = [("0.5", 25.0), ("0.95", 38.5), ("0.99", 39.7)];
    for ((label, value), (wanted, near)) in found.iter().zip(expected) {
        assert_eq!(label, wanted);
        assert!((value - near).abs() < 1e-12, "{label}: {value}, expected {near}");
    }
    assert_eq!(found.len(), 3);
    Ok(())
}

#[test]
fn one_row_is_every_quantile() -> Result<(), Failure> {
    let found = measured(Some(&[0.0, 1.0]), &[Some(7.0)])?;
    assert_eq!(found, [("0".to_owned(), 7.0), ("1".to_owned(), 7.0)]);
    Ok(())
}

#[test]
fn without_values_there_is_no_data() {
    for rows in [&[][..], &[None]] {
        let nothing = measured(None, rows);
        assert!(matches!(nothing, Err(Failure::NoData(_))), "{nothing:?}");
    }
}

#[test]
fn strange_quantiles_and_infinite_answers_are_mistakes() {
    for quantiles in [&[][..], &[95.0], &[0.5, 0.5], &[f64::NAN]] {
        let refused = measured(Some(quantiles), &[Some(1.0)]);
        assert!(matches!(refused, Err(Failure::Config(_))), "{quantiles:?}: {refused:?}");
    }
    let refused = measured(Some(&[1.0]), &[Some(1.0), Some(f64::INFINITY)]);
    assert!(matches!(refused, Err(Failure::Config(_))), "{refused:?}");
}
