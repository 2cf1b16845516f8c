//! How far a value is past its limit: what the worst series are found by.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

/// How far a value is past its limit.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Excess {
    /// The distance to the limit, in the metric's own unit; never negative.
    pub by: f64,
    /// The same as a fraction of the limit: 0.1 is 10 %; absent where the limit is 0.
    pub share: Option<f64>,
}

impl Excess {
    /// So far past a limit. Rounding may put a value a hair on the wrong side of it; that is no distance.
    pub fn past(limit: f64, by: f64) -> Self {
        let by = by.max(0.0);
        Self { by, share: (limit != 0.0).then(|| by / limit.abs()) }
    }

    /// Orders from the least to the farthest: by share, so that metrics of different units compare, then by distance.
    /// Past a limit of 0 is farther than any share; no excess is less than any.
    pub fn compare(left: Option<Self>, right: Option<Self>) -> Ordering {
        let rank = |excess: Option<Self>| {
            excess.map_or((f64::NEG_INFINITY, 0.0), |excess| (excess.share.unwrap_or(f64::INFINITY), excess.by))
        };
        let (left, right) = (rank(left), rank(right));
        left.0.total_cmp(&right.0).then(left.1.total_cmp(&right.1))
    }
}
