//! Measures the share of rows without a value, per column.

use watchkeeper_plugin::{
    ANY, Answers, Ask, Asked, Check, Declared, Failure, Field, Frame, Kind, Measurement, Metric, Params, Run,
};

/// Where values are missing.
#[derive(Debug, Params)]
pub struct NullRate {
    /// Columns to look at; all when empty.
    #[param(default)]
    columns: Vec<String>,
    /// Whether NaN counts as missing.
    #[param(default = true)]
    nan_is_null: bool,
}

const NULL_RATE: Metric<1> =
    Metric::new("null_rate", "share", "Rows without a value divided by all rows, between 0 and 1.").by(["column"]);

impl Check for NullRate {
    const SUMMARY: &'static str = "The share of rows without a value, per column.";

    const METRICS: &'static [Declared] = &[NULL_RATE.declared()];

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let fields = current.fields_named("columns", &self.columns, ANY)?;
        let mut ask = Ask::new();
        let rows = ask.rows();
        let missing: Vec<Missing> = fields.iter().map(|it| self.ask(&mut ask, it)).collect();
        let answers = current.answer(ask)?;
        let rows = match answers.get(rows)? {
            0 => return Err(Failure::no_data("the window has no rows")),
            rows => rows,
        };
        missing.iter().map(|it| it.rate(&answers, rows)).collect()
    }
}

/// The questions about one column.
struct Missing {
    column: String,
    nulls: Asked<u64>,
    nans: Option<Asked<u64>>,
}

impl NullRate {
    fn ask(&self, ask: &mut Ask, field: &Field) -> Missing {
        let may_hold_nan = self.nan_is_null && field.kind == Kind::Number;
        Missing {
            column: field.name.clone(),
            nulls: ask.nulls(&field.name),
            nans: may_hold_nan.then(|| ask.nans(&field.name)),
        }
    }
}

impl Missing {
    fn rate(&self, answers: &Answers, rows: u64) -> Result<Measurement, Failure> {
        let nans = match self.nans {
            Some(nans) => answers.get(nans)?,
            None => 0,
        };
        let missing = answers.get(self.nulls)? + nans;
        let rate = NULL_RATE.of([&self.column], missing as f64 / rows as f64);
        Ok(rate.detail(format!("{missing} of {rows} rows")))
    }
}

watchkeeper_plugin::export!(NullRate);

#[cfg(test)]
mod tests;
