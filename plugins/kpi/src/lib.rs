//! Measures a business figure: a mean or a ratio, whole or per segment.

mod figure;
mod segments;

use figure::Figure;
use watchkeeper_plugin::{Check, Declared, Failure, Frame, Measurement, Params, Run};

/// A business figure.
#[derive(Debug, Params)]
pub struct Kpi {
    /// What the figure is called; thresholds name it as their metric, such as `approval_rate`.
    name: String,
    /// The column whose mean is the figure; a flag is 0 or 1, so that its mean is a rate.
    value: Option<String>,
    /// Instead of a value: the column whose sum is divided by the sum of `denominator`.
    numerator: Option<String>,
    /// The column whose sum divides the sum of `numerator`.
    denominator: Option<String>,
    /// The column that says to which segment a row belongs; without it the figure is of all rows.
    segment: Option<String>,
}

impl Check for Kpi {
    const SUMMARY: &'static str = "A business figure: the mean of a column or the ratio of two, whole or per segment.";

    /// The monitor names the metric.
    const METRICS: &'static [Declared] = &[];

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        if self.name.is_empty() {
            return Err(Failure::config("parameter \"name\": the figure needs a name, such as approval_rate"));
        }
        let figure = Figure::chosen(self, current)?;
        match &self.segment {
            None => figure.whole(&self.name, current).map(|measurement| vec![measurement]),
            Some(segment) => segments::measure(&figure, &self.name, segment, current),
        }
    }
}

watchkeeper_plugin::export!(Kpi);

#[cfg(test)]
mod tests;
