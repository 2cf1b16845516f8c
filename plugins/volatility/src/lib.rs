//! Measures how much a value moves from row to row.

use watchkeeper_plugin::{
    Ask, Check, Declared, Failure, Field, Frame, Gaps, Kind, Measurement, Metric, NUMERIC, Params, Run, sql,
};

/// How much a value moves from row to row.
#[derive(Debug, Params)]
pub struct Volatility {
    /// The column with the value, such as a portfolio's; rows are taken in the order of the source's time column.
    value: String,
    /// `log`: the logarithm of each value over the one before; `simple`: that quotient minus 1.
    #[param(default = "log")]
    returns: String,
    /// Rows a year, such as 252 for trading days: the deviation is multiplied by its root.
    annualise: Option<f64>,
}

const VOLATILITY: Metric = Metric::new(
    "volatility",
    "return",
    "Sample standard deviation of the returns; a year's with `annualise`, else one row's.",
);

impl Check for Volatility {
    const SUMMARY: &'static str = "The sample standard deviation of a value's returns from row to row.";

    const METRICS: &'static [Declared] = &[VOLATILITY.declared()];

    fn check(&self, run: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let time = run
            .time_column
            .as_deref()
            .ok_or_else(|| Failure::config("returns need an order; give the monitor's source a time_column"))?;
        let fields = [
            current.field("value", &self.value, NUMERIC)?,
            current.field("time_column", time, &[Kind::Time, Kind::Text])?,
        ];
        let year = self.periods()?;
        let gaps = Gaps::find(current, &fields)?;
        self.refuse_undefined(current)?;
        let returns = current.query(&self.returns(&fields)?)?;
        let (count, deviation) = self.deviation(&*returns, &gaps)?;
        let told = format!("{count} returns; {} of {} rows have no value", gaps.missing(0), gaps.rows());
        Ok(vec![VOLATILITY.of([], deviation * year.sqrt()).detail(told)])
    }
}

impl Volatility {
    /// Returns a year; 1 leaves the deviation as it is.
    fn periods(&self) -> Result<f64, Failure> {
        match self.annualise {
            None => Ok(1.0),
            Some(periods) if periods.is_finite() && periods > 0.0 => Ok(periods),
            Some(other) => Err(Failure::config(format!(
                "parameter \"annualise\": expected the rows of a year, such as 252, got {other}"
            ))),
        }
    }

    /// A logarithm exists above 0 only.
    fn refuse_undefined(&self, frame: &dyn Frame) -> Result<(), Failure> {
        let mut ask = Ask::new();
        let least = ask.minimum(&self.value);
        match frame.answer(ask)?.get(least)? {
            Some(least) if least <= 0.0 && self.returns == "log" => Err(Failure::config(format!(
                "log returns need values above 0, and the least of column \"{}\" is {least}; \
                 set `returns` to simple, or make such values null in a view",
                self.value
            ))),
            _ => Ok(()),
        }
    }

    /// A query of all returns, in the order of time; equal times by value, so that the order is never one of chance.
    fn returns(&self, [value, time]: &[Field; 2]) -> Result<String, Failure> {
        let formula = match self.returns.as_str() {
            "log" => "ln(value / earlier)",
            "simple" => "value / earlier - 1.0",
            other => {
                return Err(Failure::config(format!(
                    "parameter \"returns\": there are no \"{other}\" returns; choose log or simple"
                )));
            }
        };
        let (value, time) = (sql::number(value), sql::time(time));
        Ok(format!(
            "SELECT {formula} AS moved FROM (SELECT value, lag(value) OVER (ORDER BY at, value) AS earlier FROM \
             (SELECT {value} AS value, {time} AS at FROM input WHERE {value} IS NOT NULL) AS present) AS pairs \
             WHERE earlier IS NOT NULL"
        ))
    }

    fn deviation(&self, returns: &dyn Frame, gaps: &Gaps) -> Result<(u64, f64), Failure> {
        let mut ask = Ask::new();
        let (rows, nans, deviation) = (ask.rows(), ask.nans("moved"), ask.deviation("moved"));
        let answers = returns.answer(ask)?;
        let (count, nans) = (answers.get(rows)?, answers.get(nans)?);
        match answers.get(deviation)? {
            Some(deviation) if nans == 0 && deviation.is_finite() => Ok((count, deviation)),
            _ if count < 2 => Err(Failure::no_data(format!(
                "a deviation needs two returns, of three values; column \"{}\" has {} in {} rows",
                self.value,
                gaps.present(0),
                gaps.rows()
            ))),
            _ => Err(Failure::config(format!(
                "a return of column \"{}\" is infinite or undefined: it holds a 0 or an infinite value; \
                 make such values null in a view",
                self.value
            ))),
        }
    }
}

watchkeeper_plugin::export!(Volatility);

#[cfg(test)]
mod tests;
