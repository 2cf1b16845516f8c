//! Rows in memory, so that a check is tested without a host; it exists outside Wasm only.

mod frequencies;
mod paired;

use crate::ask::{Answers, Ask};
use crate::bindings::watchkeeper::check::data::{self, Aggregate, Answer, Values};
use crate::{Chunks, Column, Failure, Field, Frame, Kind};

/// A frame for tests: columns of equal length, written down.
#[derive(Debug, Clone, Default)]
pub struct Table {
    fields: Vec<Field>,
    columns: Vec<Column>,
    answers: Vec<(String, Table)>,
}

impl Table {
    /// No columns, no rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a column of numbers.
    #[must_use]
    pub fn numbers(self, name: &str, rows: impl IntoIterator<Item = Option<f64>>) -> Self {
        self.column(name, Kind::Number, "Float64", rows, Values::Numbers)
    }

    /// Adds a column of integers.
    #[must_use]
    pub fn integers(self, name: &str, rows: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.column(name, Kind::Integer, "Int64", rows, Values::Integers)
    }

    /// Adds a column of flags.
    #[must_use]
    pub fn flags(self, name: &str, rows: impl IntoIterator<Item = Option<bool>>) -> Self {
        self.column(name, Kind::Flag, "Boolean", rows, Values::Booleans)
    }

    /// Adds a column of times in microseconds since 1970 UTC.
    #[must_use]
    pub fn times(self, name: &str, rows: impl IntoIterator<Item = Option<i64>>) -> Self {
        self.column(name, Kind::Time, "Timestamp(µs)", rows, Values::Times)
    }

    /// Adds a column of texts.
    #[must_use]
    pub fn texts<'a>(self, name: &str, rows: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let rows = rows.into_iter().map(|row| row.map(str::to_owned));
        self.column(name, Kind::Text, "Utf8", rows, Values::Texts)
    }

    /// Scripts the frame that one query gives; every other query fails.
    #[must_use]
    pub fn answering(mut self, sql: &str, table: Self) -> Self {
        self.answers.push((sql.to_owned(), table));
        self
    }

    fn column<T: Default>(
        mut self,
        name: &str,
        kind: Kind,
        data_type: &str,
        rows: impl IntoIterator<Item = Option<T>>,
        values: fn(Vec<T>) -> Values,
    ) -> Self {
        let rows: Vec<Option<T>> = rows.into_iter().collect();
        let mut validity = vec![0; rows.len().div_ceil(64)];
        for (row, _) in rows.iter().enumerate().filter(|(_, cell)| cell.is_some()) {
            validity[row / 64] |= 1 << (row % 64);
        }
        let values = values(rows.into_iter().map(Option::unwrap_or_default).collect());
        let validity = Some(validity);
        self.columns.push(data::Column { values, validity }.into());
        self.fields.push(Field { name: name.to_owned(), kind, data_type: data_type.to_owned(), nullable: true });
        self
    }

    fn find(&self, name: &str) -> Result<&Column, Failure> {
        let place = self.fields.iter().position(|field| field.name == name);
        place.map(|place| &self.columns[place]).ok_or_else(|| Failure::retry(format!("the table has no column {name}")))
    }

    /// The values that are there, without NaN, ascending; texts count as 0, because only their number matters.
    fn sorted(&self, name: &str) -> Result<Vec<f64>, Failure> {
        let column = self.find(name)?;
        let cells: Vec<f64> = match &column.values {
            Values::Times(times) => times.iter().map(|time| *time as f64).collect(),
            Values::Texts(texts) => vec![0.0; texts.len()],
            _ => return column.numbers().map(|read| ascending(read.iter())),
        };
        let cells = cells.into_iter().enumerate();
        Ok(ascending(cells.map(|(row, cell)| column.is_valid(row).then_some(cell))))
    }

    fn reply(&self, question: &Aggregate) -> Result<Answer, Failure> {
        Ok(match question {
            Aggregate::Rows => Answer::Count(self.columns.first().map_or(0, Column::len) as u64),
            Aggregate::Nulls(column) => {
                let column = self.find(column)?;
                Answer::Count((0..column.len()).filter(|row| !column.is_valid(*row)).count() as u64)
            }
            Aggregate::Nans(column) => {
                let column = self.find(column)?;
                Answer::Count(match &column.values {
                    Values::Numbers(cells) => {
                        let nans =
                            cells.iter().enumerate().filter(|(row, cell)| column.is_valid(*row) && cell.is_nan());
                        nans.count() as u64
                    }
                    _ => 0,
                })
            }
            Aggregate::Minimum(column) => Answer::Number(self.sorted(column)?.first().copied()),
            Aggregate::Maximum(column) => Answer::Number(self.sorted(column)?.last().copied()),
            Aggregate::Mean(column) => {
                let cells = self.sorted(column)?;
                let mean = cells.iter().sum::<f64>() / cells.len() as f64;
                Answer::Number((!cells.is_empty()).then_some(mean))
            }
            Aggregate::Quantile((column, at)) => Answer::Number(quantile(&self.sorted(column)?, *at)),
            Aggregate::Histogram((column, edges)) => Answer::Counts(histogram(&self.sorted(column)?, edges)),
            Aggregate::Classes(of) => Answer::Classes(self.classes(of)?),
            Aggregate::Errors((target, prediction)) => Answer::Errors(self.errors(target, prediction)?),
            Aggregate::Deviation(column) => Answer::Number(deviation(&self.sorted(column)?)),
            Aggregate::Distinct(column) => Answer::Count(frequencies::frequencies(self.find(column)?)?.len() as u64),
            Aggregate::Top((column, most)) => {
                let mut groups = frequencies::frequencies(self.find(column)?)?;
                groups.truncate(*most as usize);
                Answer::Groups(groups)
            }
        })
    }
}

impl Frame for Table {
    fn fields(&self) -> Vec<Field> {
        self.fields.clone()
    }

    fn answer(&self, ask: Ask) -> Result<Answers, Failure> {
        let answers = ask.questions.iter().map(|question| self.reply(question));
        Ok(Answers(answers.collect::<Result<_, _>>()?))
    }

    fn query(&self, sql: &str) -> Result<Box<dyn Frame>, Failure> {
        let scripted = self.answers.iter().find(|(known, _)| known == sql);
        match scripted {
            Some((_, table)) => Ok(Box::new(table.clone())),
            None => Err(Failure::retry(format!("no table was given for {sql}"))),
        }
    }

    fn scan(&self, columns: &[&str]) -> Result<Chunks, Failure> {
        let chunk = columns.iter().map(|name| self.find(name).cloned());
        let mut chunk = Some(chunk.collect::<Result<Vec<_>, _>>()?);
        Ok(Chunks::new(move || Ok(chunk.take())))
    }
}

fn ascending(cells: impl Iterator<Item = Option<f64>>) -> Vec<f64> {
    let mut present: Vec<f64> = cells.flatten().collect();
    present.sort_by(f64::total_cmp);
    present
}

fn quantile(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + (above - below) * place.fract())
}

fn deviation(sorted: &[f64]) -> Option<f64> {
    let rows = sorted.len() as f64;
    let mean = sorted.iter().sum::<f64>() / rows;
    let squares: f64 = sorted.iter().map(|cell| (cell - mean) * (cell - mean)).sum();
    (sorted.len() > 1).then(|| (squares / (rows - 1.0)).sqrt())
}

fn histogram(sorted: &[f64], edges: &[f64]) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 1];
    for cell in sorted {
        counts[edges.partition_point(|edge| edge <= cell)] += 1;
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_leave_nulls_and_nan_out() -> Result<(), Failure> {
        let table = Table::new().numbers("x", [Some(4.0), None, Some(1.0), Some(f64::NAN)]);
        let mut ask = Ask::new();
        let (rows, nulls, nans) = (ask.rows(), ask.nulls("x"), ask.nans("x"));
        let (mean, most, middle) = (ask.mean("x"), ask.maximum("x"), ask.quantile("x", 0.5));
        let (bins, distinct) = (ask.histogram("x", vec![2.0]), ask.distinct("x"));
        let answers = table.answer(ask)?;
        assert_eq!((answers.get(mean)?, answers.get(most)?, answers.get(middle)?), (Some(2.5), Some(4.0), Some(2.5)));
        assert_eq!((answers.get(bins)?, answers.get(distinct)?), (vec![1, 1], 2));
        assert_eq!(answers.get(rows)?, 4);
        assert_eq!(answers.get(nulls)?, 1);
        assert_eq!(answers.get(nans)?, 1);
        Ok(())
    }

    #[test]
    fn quantiles_interpolate_and_bins_hold_their_lower_edge() {
        assert_eq!(quantile(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(histogram(&[1.0, 2.0, 3.0], &[2.0, 3.0]), [1, 1, 1]);
    }

    #[test]
    fn values_are_counted_and_the_most_frequent_come_first() -> Result<(), Failure> {
        let texts = Table::new().texts("t", [Some("b"), Some("a"), None, Some("b"), Some("c")]);
        let mut ask = Ask::new();
        let (distinct, top) = (ask.distinct("t"), ask.top("t", 2));
        let answers = texts.answer(ask)?;
        assert_eq!(answers.get(distinct)?, 3);
        assert_eq!(answers.get(top)?, [("b".to_owned(), 2), ("a".to_owned(), 1)]);
        assert_eq!(deviation(&[1.0, 2.0, 3.0]), Some(1.0));
        assert_eq!(deviation(&[1.0]), None);
        Ok(())
    }

    #[test]
    fn a_scan_gives_the_columns_asked_for() -> Result<(), Failure> {
        let table = Table::new().integers("a", [Some(1), Some(2)]).flags("b", [None, Some(true)]);
        let mut rows = Vec::new();
        table.scan(&["b", "a"])?.each_row(|[b, a]| {
            rows.push((b, a));
            Ok(())
        })?;
        assert_eq!(rows, [(None, Some(1.0)), (Some(1.0), Some(2.0))]);
        Ok(())
    }
}
