//! Values that scikit-learn 1.9 computes for the same rows.

use watchkeeper_plugin::{Check, Failure, Run, Table};

use super::Classification;

const SCORES: [f64; 8] = [0.1, 0.4, 0.35, 0.8, 0.4, 1.0, 0.0, 0.6];
const LABELS: [i64; 8] = [0, 0, 1, 1, 1, 1, 0, 0];

fn measured(table: &Table, decision: Option<&str>) -> Result<Vec<(String, f64)>, Failure> {
    let run = Run { scheduled_at: 0, window_start: 0, window_end: 0, seed: 0, time_column: None, params: Vec::new() };
    let check = Classification {
        label: "y".to_owned(),
        score: "p".to_owned(),
        decision: decision.map(str::to_owned),
        threshold: 0.5,
    };
    let measurements = check.check(&run, table, None)?;
    Ok(measurements.into_iter().map(|it| (it.metric, it.value)).collect())
}

fn table(scores: &[f64], labels: &[i64]) -> Table {
    Table::new()
        .integers("y", labels.iter().map(|label| Some(*label)))
        .numbers("p", scores.iter().map(|score| Some(*score)))
}

fn assert_measured(actual: &[(String, f64)], metric: &str, expected: f64) {
    let found = actual.iter().find(|(name, _)| name == metric);
    let value = found.map_or(f64::NAN, |(_, value)| *value);
    let near = (value - expected).abs() <= 1e-12 * expected.abs();
    assert!(near, "{metric}: {value}, expected {expected}");
}

#[test]
fn metrics_agree_with_scikit_learn() -> Result<(), Failure> {
    let measured = measured(&table(&SCORES, &LABELS), None)?;
    let expected = [
        ("auc", 0.78125),
        ("log_loss", 0.4652166598731269),
        ("brier", 0.1690625),
        ("accuracy", 0.625),
        ("precision", 2.0 / 3.0),
        ("recall", 0.5),
        ("f1", 4.0 / 7.0),
        ("positive_rate", 0.375),
        ("base_rate", 0.5),
        ("skipped_rows", 0.0),
    ];
    for (metric, value) in expected {
        assert_measured(&measured, metric, value);
    }
    Ok(())
}

#[test]
fn rows_without_label_or_score_are_skipped_and_counted() -> Result<(), Failure> {
    let table = Table::new()
        .integers("y", [Some(1), None, Some(0), Some(1), Some(0)])
        .numbers("p", [Some(0.9), Some(0.2), Some(0.1), None, Some(f64::NAN)]);
    let measured = measured(&table, None)?;
    assert_measured(&measured, "auc", 1.0);
    assert_measured(&measured, "skipped_rows", 3.0);
    Ok(())
}

#[test]
fn a_decision_column_decides_instead_of_the_threshold() -> Result<(), Failure> {
    let table = table(&[0.9, 0.1], &[1, 0]).flags("d", [Some(false), Some(true)]);
    assert_measured(&measured(&table, Some("d"))?, "accuracy", 0.0);
    assert_measured(&measured(&table, None)?, "accuracy", 1.0);
    Ok(())
}

#[test]
fn scores_that_are_no_probabilities_have_no_loss() -> Result<(), Failure> {
    let measured = measured(&table(&[-3.0, 4.0], &[0, 1]), None)?;
    assert_measured(&measured, "auc", 1.0);
    assert!(measured.iter().all(|(metric, _)| metric != "log_loss" && metric != "brier"));
    Ok(())
}

#[test]
fn one_class_is_no_data_and_a_third_a_mistake() {
    let one = measured(&table(&[0.1, 0.2], &[1, 1]), None);
    assert!(matches!(one, Err(Failure::NoData(_))), "{one:?}");
    let three = measured(&table(&[0.1, 0.2], &[1, 2]), None);
    assert!(matches!(three, Err(Failure::Config(_))), "{three:?}");
}
