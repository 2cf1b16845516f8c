//! Remedy rates: how often the first steps of a runbook helped, for `handoffs` and `status`.

use watchkeeper_store::RemedyRate;

use crate::render::table::{Table, cell};

/// Handoffs are counted for so long, in days.
pub(crate) const RATES_DAYS: i64 = 30;

/// One runbook a line.
pub(crate) fn table(rates: &[RemedyRate]) -> Table {
    let mut table =
        Table::new(&["RUNBOOK", "HANDOFFS", "ACTED", "VERIFYING", "REMEDIATED", "NOT REMEDIATED", "REMEDY RATE"]);
    for rate in rates {
        table.row([
            cell(&rate.runbook),
            cell(rate.handoffs),
            cell(rate.acted),
            cell(rate.verifying),
            cell(rate.remediated),
            cell(rate.not_remediated),
            rate.rate().map_or_else(|| cell("-"), |part| cell(format_args!("{:.0} %", part * 100.0))),
        ]);
    }
    table
}
