//! Rows of typed columns: ask for answers first, read chunks only when every row must be seen.

use crate::ask::{Answers, Ask};
use crate::bindings::watchkeeper::check::data;
use crate::chunks::cannot_read;
use crate::failure::did_you_mean;
use crate::{Chunks, Failure, Field, Kind};

/// The kinds that aggregates and `numbers` read as f64.
pub const NUMERIC: &[Kind] = &[Kind::Number, Kind::Integer];

/// Every kind, for checks that only count.
pub const ANY: &[Kind] = &[Kind::Number, Kind::Integer, Kind::Text, Kind::Flag, Kind::Time, Kind::Other];

/// The rows of a window or of a baseline.
///
/// The host's frames implement it, and `Table` does in tests.
pub trait Frame {
    /// The columns, in order.
    fn fields(&self) -> Vec<Field>;

    /// Puts all questions in one scan, where the data lives.
    fn answer(&self, ask: Ask) -> Result<Answers, Failure>;

    /// Runs read-only SQL over the rows, visible as `input`.
    fn query(&self, sql: &str) -> Result<Box<dyn Frame>, Failure>;

    /// Reads columns in chunks of rows.
    fn scan(&self, columns: &[&str]) -> Result<Chunks, Failure>;

    /// The number of rows.
    fn rows(&self) -> Result<u64, Failure> {
        let mut ask = Ask::new();
        let rows = ask.rows();
        self.answer(ask)?.get(rows)
    }

    /// The field that a parameter names, which must be of one of `kinds`.
    fn field(&self, param: &str, column: &str, kinds: &[Kind]) -> Result<Field, Failure> {
        find(&self.fields(), param, column, kinds)
    }

    /// The fields that a parameter names, or every field of one of `kinds` when it names none.
    fn fields_named(&self, param: &str, columns: &[String], kinds: &[Kind]) -> Result<Vec<Field>, Failure> {
        let fields = self.fields();
        if columns.is_empty() {
            return every(fields, kinds);
        }
        columns.iter().map(|column| find(&fields, param, column, kinds)).collect()
    }
}

impl Frame for data::Frame {
    fn fields(&self) -> Vec<Field> {
        data::Frame::fields(self)
    }

    fn answer(&self, ask: Ask) -> Result<Answers, Failure> {
        let answers = self.aggregate(&ask.questions).map_err(cannot_read)?;
        Ok(Answers(answers))
    }

    fn query(&self, sql: &str) -> Result<Box<dyn Frame>, Failure> {
        let frame = data::Frame::query(self, sql).map_err(cannot_read)?;
        Ok(Box::new(frame))
    }

    fn scan(&self, columns: &[&str]) -> Result<Chunks, Failure> {
        let columns: Vec<String> = columns.iter().map(|column| (*column).to_owned()).collect();
        let scan = data::Frame::scan(self, &columns).map_err(cannot_read)?;
        Ok(Chunks::of(scan))
    }
}

fn find(fields: &[Field], param: &str, column: &str, kinds: &[Kind]) -> Result<Field, Failure> {
    let Some(field) = fields.iter().find(|field| field.name == column) else {
        return Err(Failure::config(format!(
            "parameter \"{param}\": the data has no column \"{column}\"{}; it has {}",
            did_you_mean(column, names(fields)),
            listed(fields),
        )));
    };
    if kinds.contains(&field.kind) {
        return Ok(field.clone());
    }
    Err(Failure::config(format!(
        "parameter \"{param}\": column \"{column}\" is {} ({}), expected {}",
        word(field.kind),
        field.data_type,
        words(kinds),
    )))
}

fn every(fields: Vec<Field>, kinds: &[Kind]) -> Result<Vec<Field>, Failure> {
    let all = listed(&fields);
    let fitting: Vec<Field> = fields.into_iter().filter(|field| kinds.contains(&field.kind)).collect();
    if fitting.is_empty() {
        let expected = words(kinds);
        return Err(Failure::config(format!("the data has no column of kind {expected}; it has {all}")));
    }
    Ok(fitting)
}

fn names(fields: &[Field]) -> impl Iterator<Item = &str> {
    fields.iter().map(|field| field.name.as_str())
}

fn listed(fields: &[Field]) -> String {
    if fields.is_empty() {
        return "none".to_owned();
    }
    names(fields).collect::<Vec<_>>().join(", ")
}

fn words(kinds: &[Kind]) -> String {
    let words: Vec<_> = kinds.iter().map(|kind| word(*kind)).collect();
    words.join(" or ")
}

fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Number => "number",
        Kind::Integer => "integer",
        Kind::Text => "text",
        Kind::Flag => "flag",
        Kind::Time => "time",
        Kind::Other => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Table;

    fn table() -> Table {
        Table::new().numbers("income", [Some(1.0)]).texts("city", [Some("Ely")])
    }

    fn sentence<T>(result: Result<T, Failure>) -> String {
        match result {
            Ok(_) => "ok".to_owned(),
            Err(failure) => failure.sentence().to_owned(),
        }
    }

    #[test]
    fn no_names_mean_every_fitting_column() -> Result<(), Failure> {
        let fields = table().fields_named("columns", &[], NUMERIC)?;
        assert_eq!(names(&fields).collect::<Vec<_>>(), ["income"]);
        Ok(())
    }

    #[test]
    fn a_missing_column_is_named_with_its_nearest() {
        let wrong = sentence(table().field("label", "incme", NUMERIC));
        let expected =
            "parameter \"label\": the data has no column \"incme\" (did you mean \"income\"?); it has income, city";
        assert_eq!(wrong, expected);
    }

    #[test]
    fn a_column_of_another_kind_says_both_kinds() {
        let wrong = sentence(table().field("label", "city", NUMERIC));
        assert!(wrong.ends_with("column \"city\" is text (Utf8), expected number or integer"));
        let wrong = sentence(table().fields_named("columns", &[], &[Kind::Time]));
        assert!(wrong.ends_with("the data has no column of kind time; it has income, city"));
    }
}
