//! An evaluation in one line.

use watchkeeper_engine::Evaluation;

use crate::render::text::{harmless, utc};

/// `loan-auc at 2021-09-03T00:00:00Z: breach, 336 rows`, with the reason where there is no measurement.
pub(crate) fn summary(found: &Evaluation) -> String {
    let at = utc(found.at);
    let rows = found.window.rows.map(|rows| format!(", {rows} rows")).unwrap_or_default();
    let reason = found.error.as_deref().map(|reason| format!(" - {}", harmless(reason))).unwrap_or_default();
    format!("{} at {at}: {}{rows}{reason}", found.monitor, found.verdict)
}
