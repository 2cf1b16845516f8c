//! What a check says of itself and of what it measured.

use crate::{Measurement, Metric};

impl Metric {
    /// A metric without labels; the unit is a plain word such as `share`, `minutes` or `rows`.
    pub fn new(name: &str, unit: &str, doc: &str) -> Self {
        Self { name: name.to_owned(), unit: unit.to_owned(), doc: doc.to_owned(), labels: Vec::new() }
    }

    /// Adds a label that each of its measurements carries.
    #[must_use]
    pub fn label(mut self, name: &str) -> Self {
        self.labels.push(name.to_owned());
        self
    }
}

impl Measurement {
    /// One value of a metric, in the metric's unit.
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
