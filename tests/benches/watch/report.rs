//! One line a figure, as JSON.

use serde_json::json;

/// A figure beside its peer's.
pub(crate) struct Figure<'a> {
    pub(crate) group: &'a str,
    /// What was done.
    pub(crate) work: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) ours: f64,
    /// The peer's figure, or the limit's, and what it is.
    pub(crate) beside: Option<(f64, &'a str)>,
    /// Whether more is better: a rate.
    pub(crate) more_is_better: bool,
}

impl Figure<'_> {
    pub(crate) fn print(&self) {
        let Self { group, work, unit, ours, beside, more_is_better } = self;
        let (peer, what) = beside.map_or((None, None), |(peer, what)| (Some(peer), Some(what)));
        let line = json!({
            "group": group, "work": work, "unit": unit, "ours": ours, "peer": peer, "beside": what,
            "more_is_better": more_is_better,
        });
        println!("{line}");
    }
}

/// The middle one of several runs.
pub(crate) fn median(mut runs: Vec<f64>) -> f64 {
    runs.sort_unstable_by(f64::total_cmp);
    runs[runs.len() / 2]
}

/// The value below which this share lies, of values in order.
pub(crate) fn quantile(values: &[f64], share: f64) -> f64 {
    values[((values.len() - 1) as f64 * share) as usize]
}
