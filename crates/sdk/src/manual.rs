//! What a check says of itself and of what it measured.

use crate::Measurement;
use crate::bindings::watchkeeper::check::types;

/// A metric, declared once as a constant: the manual and the measurements are made from it, so that they cannot differ.
///
/// Each measurement gives a value to each of its `LABELS` labels.
///
/// ```
/// use watchkeeper_plugin::Metric;
///
/// const NULL_RATE: Metric<1> = Metric::new("null_rate", "share", "Rows without a value.").by(["column"]);
///
/// let measurement = NULL_RATE.of(["income"], 0.25);
/// assert_eq!(measurement.labels, [("column".to_owned(), "income".to_owned())]);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric<const LABELS: usize = 0> {
    name: &'static str,
    unit: &'static str,
    doc: &'static str,
    labels: [&'static str; LABELS],
}

impl Metric {
    /// A metric without labels; the unit is a plain word such as `share`, `minutes` or `rows`.
    pub const fn new(name: &'static str, unit: &'static str, doc: &'static str) -> Self {
        Self { name, unit, doc, labels: [] }
    }

    /// The same metric, one series for each combination of the labels' values.
    pub const fn by<const LABELS: usize>(self, labels: [&'static str; LABELS]) -> Metric<LABELS> {
        let Self { name, unit, doc, labels: [] } = self;
        Metric { name, unit, doc, labels }
    }
}

impl<const LABELS: usize> Metric<LABELS> {
    /// As thresholds name it.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// One value, in the metric's unit, of the series with these labels.
    pub fn of(&self, labels: [&str; LABELS], value: f64) -> Measurement {
        let labels = self.labels.iter().zip(labels).map(|(name, value)| ((*name).to_owned(), value.to_owned()));
        Measurement { labels: labels.collect(), ..Measurement::new(self.name, value) }
    }

    /// For [`Check::METRICS`](crate::Check::METRICS).
    pub const fn declared(&'static self) -> Declared {
        let Self { name, unit, doc, labels } = self;
        Declared { name, unit, doc, labels }
    }
}

/// A metric as the manual lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declared {
    name: &'static str,
    unit: &'static str,
    doc: &'static str,
    labels: &'static [&'static str],
}

impl Declared {
    pub(crate) fn described(&self) -> types::Metric {
        types::Metric {
            name: self.name.to_owned(),
            unit: self.unit.to_owned(),
            doc: self.doc.to_owned(),
            labels: self.labels.iter().map(|label| (*label).to_owned()).collect(),
        }
    }
}

impl Measurement {
    /// One value of a metric that a parameter names; what the check names itself is a [`Metric`].
    pub fn new(metric: &str, value: f64) -> Self {
        Self { metric: metric.to_owned(), value, labels: Vec::new(), detail: None }
    }

    /// Says which series of the metric it belongs to.
    #[must_use]
    pub fn label(mut self, name: &str, value: &str) -> Self {
        self.labels.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds what a person needs to understand the value.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}
