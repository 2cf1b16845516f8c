//! Measures what a query says.

use watchkeeper_plugin::{
    Check, Column, Declared, Failure, Field, Frame, Kind, Measurement, NUMERIC, Params, Run, Values, log,
};

/// The columns of an answer that are no labels.
const METRIC: &str = "metric";
const VALUE: &str = "value";

/// What can be a label.
const LABELS: &[Kind] = &[Kind::Text, Kind::Integer, Kind::Flag];

/// What a query says.
#[derive(Debug, Params)]
pub struct Sql {
    /// One read-only query over the rows, which are called `input`. Each row of its answer is a measurement: the text
    /// `metric`, the number `value`, and every other column a label.
    query: String,
}

impl Check for Sql {
    const SUMMARY: &'static str = "What a query over the rows says: each row of its answer is a measurement.";

    /// The query names the metrics.
    const METRICS: &'static [Declared] = &[];

    fn check(&self, _: &Run, current: &dyn Frame, _: Option<&dyn Frame>) -> Result<Vec<Measurement>, Failure> {
        let answer = current.query(&self.query)?;
        let labels = labels(&*answer)?;
        let mut read = Read::default();
        let columns: Vec<&str> = [METRIC, VALUE].into_iter().chain(labels.iter().map(String::as_str)).collect();
        for chunk in answer.scan(&columns)? {
            read.chunk(&chunk?, &labels)?;
        }
        if read.skipped > 0 {
            log::warn(&format!("{} rows of the answer have no metric or value", read.skipped));
        }
        match read.measurements.is_empty() {
            false => Ok(read.measurements),
            true if read.skipped == 0 => Err(Failure::no_data("the query answered without a row")),
            true => {
                Err(Failure::no_data(format!("none of the answer's {} rows has a metric and a value", read.skipped)))
            }
        }
    }
}

/// The answer's columns besides metric and value, which must be there.
fn labels(answer: &dyn Frame) -> Result<Vec<String>, Failure> {
    answer.field("query", METRIC, &[Kind::Text])?;
    answer.field("query", VALUE, NUMERIC)?;
    let fields = answer.fields().into_iter().filter(|field: &Field| field.name != METRIC && field.name != VALUE);
    fields.map(|field| answer.field("query", &field.name, LABELS).map(|field| field.name)).collect()
}

/// What was read so far.
#[derive(Debug, Default)]
struct Read {
    measurements: Vec<Measurement>,
    /// Rows without a metric or a value; NaN is no value.
    skipped: u64,
}

impl Read {
    fn chunk(&mut self, chunk: &[Column], labels: &[String]) -> Result<(), Failure> {
        let [metrics, values, rest @ ..] = chunk else { return Ok(()) };
        let values = values.numbers()?;
        for (row, (metric, value)) in metrics.texts()?.zip(values.iter()).enumerate() {
            let (Some(metric), Some(value)) = (metric, value.filter(|value| !value.is_nan())) else {
                self.skipped += 1;
                continue;
            };
            if value.is_infinite() {
                return Err(Failure::config(format!("parameter \"query\": the value of {metric} is {value}")));
            }
            let labelled = labels.iter().zip(rest).filter_map(|(name, column)| Some((name, shown(column, row)?)));
            let measurement = Measurement::new(metric, value);
            self.measurements.push(labelled.fold(measurement, |it, (name, label)| it.label(name, &label)));
        }
        Ok(())
    }
}

/// A cell as a label; none of a null, so that the series goes without that label.
fn shown(column: &Column, row: usize) -> Option<String> {
    column.is_valid(row).then(|| match &column.values {
        Values::Texts(texts) => texts[row].clone(),
        Values::Integers(integers) => integers[row].to_string(),
        Values::Booleans(flags) => flags[row].to_string(),
        // Other kinds are refused before a row is read.
        Values::Numbers(_) | Values::Times(_) => String::new(),
    })
}

watchkeeper_plugin::export!(Sql);

#[cfg(test)]
mod tests;
