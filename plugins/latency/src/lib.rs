//! Measures how long requests or jobs take.

use watchkeeper_plugin::{
    Ask, Asked, Check, Declared, Failure, Frame, Gaps, Measurement, Metric, NUMERIC, Params, Run,
};

/// How long requests or jobs take.
#[derive(Debug, Params)]
pub struct Latency {
    /// The column with the milliseconds that each took.
    column: String,
    /// The quantiles to measure, each between 0 and 1.
    #[param(default = [0.5, 0.95, 0.99])]
    quantiles: Vec<f64>,
}

const LATENCY_MS: Metric<1> = Metric::new(
    "latency_ms",
    "milliseconds",
    "The quantile by linear interpolation between rows; the label is the share, such as 0.95.",
)
.by(["quantile"]);

impl Check for Latency {
    const SUMMARY: &'static str = "Quantiles of how long requests or jobs take, exact.";

    const METRICS: &'static [Declared] = &[LATENCY_MS.declared()];

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        self.refuse_strange()?;
        let field = current.field("column", &self.column, NUMERIC)?;
        let mut ask = Ask::new();
        let gaps = Gaps::ask(&mut ask, current, std::slice::from_ref(&field));
        let asked: Vec<Asked<Option<f64>>> = self.quantiles.iter().map(|at| ask.quantile(&field.name, *at)).collect();
        let answers = current.answer(ask)?;
        let gaps = gaps.found(&answers)?;
        let told = format!("of {} rows; {} have no value", gaps.rows(), gaps.missing(0));
        let mut measurements = Vec::new();
        for (at, asked) in self.quantiles.iter().zip(asked) {
            let value = answers.get(asked)?.ok_or_else(|| self.nothing(&gaps))?;
            self.refuse_infinite(*at, value)?;
            let series = LATENCY_MS.of([&at.to_string()], value);
            measurements.push(series.detail(told.clone()));
        }
        Ok(measurements)
    }
}

impl Latency {
    fn refuse_strange(&self) -> Result<(), Failure> {
        let strange = |sentence: String| Err(Failure::config(format!("parameter \"quantiles\": {sentence}")));
        if self.quantiles.is_empty() {
            return strange("the list is empty; name one, such as 0.95".to_owned());
        }
        for (place, at) in self.quantiles.iter().enumerate() {
            if !(0.0..=1.0).contains(at) {
                return strange(format!("{at} is not between 0 and 1; write 95 percent as 0.95"));
            }
            if self.quantiles[..place].contains(at) {
                return strange(format!("{at} stands twice"));
            }
        }
        Ok(())
    }

    fn nothing(&self, gaps: &Gaps) -> Failure {
        match gaps.rows() {
            0 => Failure::no_data("the window has no rows"),
            rows => Failure::no_data(format!("column \"{}\" has no values: all {rows} rows are null", self.column)),
        }
    }

    fn refuse_infinite(&self, at: f64, value: f64) -> Result<(), Failure> {
        match value.is_finite() {
            true => Ok(()),
            false => Err(Failure::config(format!(
                "the quantile {at} of column \"{}\" is {value}: it holds infinite values or values too far apart; \
                 make them null in a view",
                self.column
            ))),
        }
    }
}

watchkeeper_plugin::export!(Latency);

#[cfg(test)]
mod tests;
