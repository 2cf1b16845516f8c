//! Measures how far predictions are from what happened.

mod errors;

use errors::Errors;
use watchkeeper_plugin::{Check, Failure, Frame, Measurement, Metric, NUMERIC, Params, Run};

/// How far predictions are from what happened.
#[derive(Debug, Params)]
pub struct Regression {
    /// The column with what happened.
    target: String,
    /// The column with the prediction.
    prediction: String,
}

impl Check for Regression {
    const SUMMARY: &'static str = "How far predictions are from what happened, as scikit-learn measures it.";

    fn metrics() -> Vec<Metric> {
        let metric = Metric::new;
        vec![
            metric("rmse", "target", "Root of the mean squared error."),
            metric("mae", "target", "Mean absolute error."),
            metric("mape", "share", "Mean absolute error relative to the target."),
            metric("r2", "share", "Share of the target's variance that is explained; from two rows on."),
            metric("mean_error", "target", "Mean of prediction minus target; above 0 predicts too much."),
            metric("skipped_rows", "rows", "Rows without a finite target and prediction."),
        ]
    }

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        current.field("target", &self.target, NUMERIC)?;
        current.field("prediction", &self.prediction, NUMERIC)?;
        let mut errors = Errors::default();
        let mut skipped = 0_u64;
        let finite = |cell: &f64| cell.is_finite();
        let rows = current.scan(&[&self.target, &self.prediction])?;
        rows.each_row(|[target, prediction]| {
            match (target.filter(finite), prediction.filter(finite)) {
                (Some(target), Some(prediction)) => errors.add(target, prediction),
                _ => skipped += 1,
            }
            Ok(())
        })?;
        report(&errors, skipped)
    }
}

fn report(errors: &Errors, skipped: u64) -> Result<Vec<Measurement>, Failure> {
    if errors.rows() == 0 {
        return Err(Failure::no_data(format!("no row has both a target and a prediction; {skipped} were skipped")));
    }
    let mut measurements = vec![
        Measurement::new("rmse", errors.rmse()),
        Measurement::new("mae", errors.mae()),
        Measurement::new("mape", errors.mape()),
        Measurement::new("mean_error", errors.mean_error()),
        Measurement::new("skipped_rows", skipped as f64),
    ];
    measurements.extend(errors.r2().map(|r2| Measurement::new("r2", r2)));
    Ok(measurements)
}

watchkeeper_plugin::export!(Regression);

#[cfg(test)]
mod tests;
