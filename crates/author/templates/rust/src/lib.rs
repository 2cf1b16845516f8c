//! The share of rows at or above a limit.

use watchkeeper_plugin::{Ask, Check, Declared, Failure, Frame, Measurement, Metric, NUMERIC, Params, Run};

const SHARE_ABOVE: Metric =
    Metric::new("share_above", "share", "Rows at or above the limit divided by rows with a value.");

/// What a monitor sets; its author reads the doc comments.
#[derive(Debug, Params)]
pub struct MyCheck {
    /// The column to look at.
    column: String,
    /// The least value that counts.
    #[param(default = 100.0)]
    limit: f64,
}

impl Check for MyCheck {
    const SUMMARY: &'static str = "The share of rows at or above a limit.";
    const METRICS: &'static [Declared] = &[SHARE_ABOVE.declared()];

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        current.field("column", &self.column, NUMERIC)?;
        let mut ask = Ask::new();
        let asked = ask.histogram(&self.column, vec![self.limit]);
        let counts = current.answer(ask)?.get(asked)?;
        let (rows, above) = (counts.iter().sum::<u64>(), counts[1]);
        if rows == 0 {
            return Err(Failure::no_data(format!("no row has a value in \"{}\"", self.column)));
        }
        Ok(vec![SHARE_ABOVE.of([], above as f64 / rows as f64).detail(format!("{above} of {rows} rows"))])
    }
}

watchkeeper_plugin::export!(MyCheck);
