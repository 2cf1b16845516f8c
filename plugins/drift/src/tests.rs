//! Columns against a baseline, through every question the check asks.

use watchkeeper_plugin::{Check, Failure, Params, Run, Table, Value};

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
    Ok(series.map(|it| (it.labels[0].1.clone(), it.value)).collect())
}

fn counting(to: i64) -> Table {
    Table::new().integers("x", (0..to).map(Some))
}

#[test]
fn bins_are_the_baselines_deciles() -> Result<(), Failure> {
    let measured = measured(&[], &counting(50), Some(&counting(100)))?;
    // Of 0..100 the deciles are 9.9, 19.8 … 89.1, so ten rows fall in each bin; of 0..50 ten in each of five.
    let by_hand = 5.0 * (0.1 * 2.0_f64.ln()) + 5.0 * (1e-4 - 0.1) * (1e-3_f64).ln();
    assert_eq!(measured[0].0, "x");
    assert!((measured[0].1 - by_hand).abs() < 1e-12, "{measured:?}, expected {by_hand}");
    Ok(())
}

#[test]
fn equal_deciles_are_one_edge() -> Result<(), Failure> {
    let constant = Table::new().integers("x", [Some(1); 4]);
    let measured = measured(&[], &constant, Some(&constant))?;
    assert_eq!(measured, [("x".to_owned(), 0.0)]);
    Ok(())
}

#[test]
fn nan_is_left_out_by_a_query() -> Result<(), Failure> {
    let numbers = |rows: &[f64]| Table::new().numbers("x", rows.iter().map(|row| Some(*row)));
    let clean = numbers(&[1.0, 2.0, 3.0]);
    let sql = "SELECT CASE WHEN isnan(\"x\") THEN NULL ELSE \"x\" END AS \"x\" FROM input";
    let dirty = numbers(&[1.0, f64::NAN, 2.0, 3.0]).answering(sql, clean.clone());
    assert_eq!(measured(&[], &dirty, Some(&clean))?, [("x".to_owned(), 0.0)]);
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
