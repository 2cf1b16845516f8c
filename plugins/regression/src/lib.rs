//! Measures how far predictions are from what happened.

use watchkeeper_plugin::{Ask, Check, Declared, Errors, Failure, Frame, Measurement, Metric, NUMERIC, Params, Run};

/// How far predictions are from what happened.
#[derive(Debug, Params)]
pub struct Regression {
    /// The column with what happened.
    target: String,
    /// The column with the prediction.
    prediction: String,
}

const RMSE: Metric = Metric::new("rmse", "target", "Root of the mean squared error.");
const MAE: Metric = Metric::new("mae", "target", "Mean absolute error.");
const MAPE: Metric = Metric::new("mape", "share", "Mean absolute error relative to the target.");
const R2: Metric = Metric::new("r2", "share", "Share of the target's variance that is explained; from two rows on.");
const MEAN_ERROR: Metric =
    Metric::new("mean_error", "target", "Mean of prediction minus target; above 0 predicts too much.");
const SKIPPED_ROWS: Metric = Metric::new("skipped_rows", "rows", "Rows without a finite target and prediction.");

impl Check for Regression {
    const SUMMARY: &'static str = "How far predictions are from what happened, as scikit-learn measures it.";

    const METRICS: &'static [Declared] = &[
        RMSE.declared(),
        MAE.declared(),
        MAPE.declared(),
        R2.declared(),
        MEAN_ERROR.declared(),
        SKIPPED_ROWS.declared(),
    ];

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        current.field("target", &self.target, NUMERIC)?;
        current.field("prediction", &self.prediction, NUMERIC)?;
        let mut ask = Ask::new();
        let asked = ask.errors(&self.target, &self.prediction);
        report(&current.answer(ask)?.get(asked)?)
    }
}

fn report(found: &Errors) -> Result<Vec<Measurement>, Failure> {
    if found.rows == 0 {
        let skipped = found.skipped;
        return Err(Failure::no_data(format!("no row has both a target and a prediction; {skipped} were skipped")));
    }
    let mean = |sum: f64| sum / found.rows as f64;
    let mut measurements = vec![
        RMSE.of([], mean(found.squared_sum).sqrt()),
        MAE.of([], mean(found.absolute_sum)),
        MAPE.of([], mean(found.relative_sum)),
        MEAN_ERROR.of([], mean(found.error_sum)),
        SKIPPED_ROWS.of([], found.skipped as f64),
    ];
    measurements.extend(r2(found).map(|r2| R2.of([], r2)));
    Ok(measurements)
}

/// Undefined below two rows; for a constant target 1 when exact, else 0.
fn r2(found: &Errors) -> Option<f64> {
    match found.rows {
        0 | 1 => None,
        _ if found.squared_sum == 0.0 => Some(1.0),
        _ if found.target_squares == 0.0 => Some(0.0),
        _ => Some(1.0 - found.squared_sum / found.target_squares),
    }
}

watchkeeper_plugin::export!(Regression);

#[cfg(test)]
mod tests;
