//! A monitor's own earlier measurements, for checks that adapt.

use async_trait::async_trait;
use watchkeeper_model::{Series, Time};

/// What a check may know of the ticks before its own.
#[async_trait]
pub trait History: Send + Sync {
    /// The newest points of a series, newest first, at most so many; the error says why they cannot be read.
    async fn points(&self, series: &Series, most: usize) -> Result<Vec<Point>, String>;
}

/// A value that was measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The tick it was measured at.
    pub at: Time,
    /// The value, finite.
    pub value: f64,
}

/// Nothing was measured before.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoHistory;

#[async_trait]
impl History for NoHistory {
    async fn points(&self, _: &Series, _: usize) -> Result<Vec<Point>, String> {
        Ok(Vec::new())
    }
}
