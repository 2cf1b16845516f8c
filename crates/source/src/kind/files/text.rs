//! Text files of rows: CSV as people have it, and logs. What a file is written like is learned once, and reading goes by
//! it.

mod cell;
mod csv;
mod input;
mod log;
mod records;
mod sniff;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::object_store::{self, ObjectMeta, ObjectStore};
use regex::Regex;
use watchkeeper_model::{FileFormat, FilesSource, LogLines, is_hidden};

use super::File;
pub(crate) use cell::said;
pub(super) use cell::{Column, Guess, Writing};
use csv::{CsvRecords, Dialect};
use input::{Charset, Decoding, Unpacked};
use log::{LogRecords, Pattern};
use records::{Record, Records};

pub(super) use input::Packing;
pub(super) use table::{TextTable, Written};

/// How much of a value is shown.
const SHOWN_CHARS_MAX: usize = 40;
/// What is looked at to tell how a file is written.
const HEAD_BYTES: usize = 256 << 10;
/// A file of more columns was read with the wrong delimiter, or is no table.
pub(super) const COLUMNS_MAX: usize = 10_000;

/// Why a text file cannot be read; goes on after its path.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Misread {
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error("{0}")]
    Told(String),
    #[error("column `{column}` is {kind}: line {line} holds `{text}`")]
    Unfit { column: String, kind: &'static str, line: u64, text: String },
}

impl Misread {
    pub(crate) fn told(what: impl Into<String>) -> Self {
        Self::Told(what.into())
    }

    /// The same, of a file.
    pub(super) fn of(self, path: &str) -> DataFusionError {
        match self {
            Self::Told(what) => DataFusionError::External(Box::new(Misreading(format!("{path}: {what}")))),
            Self::Unfit { column, kind, line, text } => {
                let what = unfit(&column, path, kind, line, &text);
                DataFusionError::External(Box::new(Misreading(what)))
            }
            Self::Store(error) => error.into(),
            Self::Io(error) => error.into(),
            Self::Arrow(error) => error.into(),
        }
    }
}

/// `column `ms` of a.csv is integer: line 7 of it holds `soon`; correct it, or …`.
pub(super) fn unfit(column: &str, path: &str, kind: &str, line: u64, text: &str) -> String {
    let shown: String = text.chars().filter(|c| !is_hidden(*c)).take(SHOWN_CHARS_MAX).collect();
    let line = grouped(line);
    format!(
        "column `{column}` of {path} is {kind}: line {line} of it holds `{shown}`; correct it, or convert the column in a view"
    )
}

/// `8,112`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// What a text file holds that is not what it should be, with the file and the line.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misreading(pub(crate) String);

/// How one file is written.
#[derive(Debug)]
pub(crate) struct TextFile {
    packing: Packing,
    charset: Charset,
    form: Form,
    /// The columns, in order.
    names: Vec<String>,
    writing: Writing,
}

#[derive(Debug)]
enum Form {
    Csv { dialect: Dialect, header: bool },
    Log(Pattern),
}

impl TextFile {
    /// Learns how a file is written, and its columns.
    pub(super) async fn learn(
        store: &dyn ObjectStore,
        file: &File,
        format: FileFormat,
        source: &FilesSource,
        rows_max: u64,
    ) -> Result<(Self, SchemaRef), Misread> {
        let (packing, _) = Packing::of(file.meta.location.as_ref());
        let mut input = Unpacked::open(store, &file.meta.location, packing).await?;
        let (mut head, mut whole) = (Vec::new(), false);
        while head.len() < HEAD_BYTES && !whole {
            match input.next().await? {
                Some(bytes) => head.extend(bytes),
                None => whole = true,
            }
        }
        let charset = Charset::of(&head, source.csv.encoding);
        let mut decoding = Decoding::new(charset);
        let text = decoding.text(&head, whole, 1)?;
        let (form, writing) = form(&text, whole, format, source)?;
        let mut this = Self { packing, charset, form, names: Vec::new(), writing };
        let mut columns = Learning { named: !this.has_header(), rows_max, ..Learning::default() };
        if let Form::Csv { .. } = this.form {
            columns.names.clone_from(&source.csv.names);
        }
        let mut records = this.records(None);
        let mut wants_more = columns.feed(&mut records, &text, &this.writing)?;
        while wants_more && !whole {
            match input.next().await? {
                Some(bytes) => {
                    let text = decoding.text(&bytes, false, records.line())?;
                    wants_more = columns.feed(&mut records, &text, &this.writing)?;
                }
                None => whole = true,
            }
        }
        if whole && wants_more {
            let text = decoding.text(&[], true, records.line())?;
            columns.feed(&mut records, &text, &this.writing)?;
            columns.finish(&mut records, file.growing, &this.writing)?;
        }
        this.names = match &records {
            AnyRecords::Log(log) => log.names.clone(),
            AnyRecords::Csv(_) => columns.named(),
        };
        if this.names.len() > COLUMNS_MAX {
            return Err(Misread::told(format!("it has {} columns; the limit is {COLUMNS_MAX}", this.names.len())));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = this.names.iter().find(|name| !seen.insert(*name)) {
            let what =
                format!("the column `{twice}` stands twice in it; name its columns anew in the `names` of its `csv`");
            return Err(Misread::told(what));
        }
        let schema = this.schema(&columns.guesses, source);
        Ok((this, schema))
    }

    fn has_header(&self) -> bool {
        matches!(self.form, Form::Csv { header: true, .. })
    }

    fn schema(&self, guesses: &[Guess], source: &FilesSource) -> SchemaRef {
        let field = |(place, name): (usize, &String)| {
            let guessed = guesses.get(place).map_or(DataType::Null, Guess::data_type);
            let said = source.columns.get(name);
            Field::new(name, said.map_or_else(|| guessed.clone(), |said| cell::said(*said, &guessed)), true)
        };
        Arc::new(Schema::new(self.names.iter().enumerate().map(field).collect::<Vec<_>>()))
    }

    fn records(&self, names: Option<Vec<String>>) -> AnyRecords {
        match &self.form {
            Form::Csv { dialect, .. } => AnyRecords::Csv(Box::new(CsvRecords::new(dialect))),
            Form::Log(pattern) => AnyRecords::Log(Box::new(LogRecords::new(pattern.clone(), names))),
        }
    }

    /// What was understood, for people: `delimiter ;, decimal comma, UTF-8, header`.
    pub(super) fn told(&self) -> String {
        let packing = match self.packing {
            Packing::Plain => None,
            Packing::Gzip => Some("gzip".to_owned()),
            Packing::Zstd => Some("zstd".to_owned()),
        };
        let form = match &self.form {
            Form::Csv { dialect, header } => {
                let delimiter = match dialect.delimiter {
                    b'\t' => "tab".to_owned(),
                    other => format!("`{}`", other as char),
                };
                let quote = (dialect.quote != b'"').then(|| format!(", quote `{}`", dialect.quote as char));
                let escape = dialect.escape.map(|escape| format!(", escape `{}`", escape as char));
                let header = if *header { "a header" } else { "no header" };
                let parts = [quote, escape].into_iter().flatten().collect::<String>();
                format!("delimiter {delimiter}{parts}, {header}, {}", self.writing)
            }
            Form::Log(Pattern::Groups(_)) => "lines by a pattern".to_owned(),
            Form::Log(Pattern::Logfmt) => "key=value pairs".to_owned(),
        };
        [Some(form), Some(self.charset.name().to_owned()), packing].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// Looks at the texts of a column until one is not of a type; gives its line, its text, and how many were before it.
    pub(super) async fn first_unfit(
        &self,
        store: &dyn ObjectStore,
        file: &ObjectMeta,
        column: &str,
        data_type: &DataType,
    ) -> Result<(Option<(u64, String)>, u64), Misread> {
        let Some(place) = self.names.iter().position(|name| name == column) else { return Ok((None, 0)) };
        let (mut found, mut before, mut rows) = (None, 0, 0_u64);
        let mut sink = |record: &Record| {
            rows += 1;
            if rows == 1 && self.has_header() {
                return Ok(true);
            }
            let text = record.get(place);
            match Column::of(data_type).add(text, &self.writing) {
                Err(_) => found = Some((record.line, text.unwrap_or_default().to_owned())),
                Ok(()) => before += u64::from(self.writing.value(text).is_some()),
            }
            Ok(found.is_none())
        };
        let mut input = Unpacked::open(store, &file.location, self.packing).await?;
        let (mut decoding, mut records) = (Decoding::new(self.charset), self.records(Some(self.names.clone())));
        while let Some(bytes) = input.next().await? {
            let text = decoding.text(&bytes, false, records.line())?;
            if !records.push(&text, &mut sink)? {
                break;
            }
        }
        Ok((found, before))
    }
}

/// Tells how a file is written.
fn form(text: &str, whole: bool, format: FileFormat, source: &FilesSource) -> Result<(Form, Writing), Misread> {
    if format != FileFormat::Log {
        let sniff::Understood { dialect, writing, header } = sniff::understood(text, whole, &source.csv);
        return Ok((Form::Csv { dialect, header }, writing));
    }
    let pattern = match &source.log {
        Some(LogLines::Pattern(pattern)) => {
            let regex =
                Regex::new(pattern).map_err(|error| Misread::told(format!("its pattern cannot be read: {error}")))?;
            Pattern::Groups(regex)
        }
        Some(LogLines::Logfmt) => Pattern::Logfmt,
        None => return Err(Misread::told("nothing says how its lines are taken apart; set its `log`")),
    };
    Ok((Form::Log(pattern), Writing::default()))
}

enum AnyRecords {
    Csv(Box<CsvRecords>),
    Log(Box<LogRecords>),
}

impl AnyRecords {
    fn as_records(&mut self) -> &mut dyn Records {
        match self {
            Self::Csv(records) => records.as_mut(),
            Self::Log(records) => records.as_mut(),
        }
    }

    fn push(&mut self, text: &str, sink: &mut records::Sink<'_>) -> Result<bool, Misread> {
        self.as_records().push(text, sink)
    }

    fn end(&mut self, growing: bool, sink: &mut records::Sink<'_>) -> Result<(), Misread> {
        self.as_records().end(growing, sink)
    }

    fn line(&mut self) -> u64 {
        self.as_records().line()
    }
}

/// What is learned of the columns, row by row.
#[derive(Default)]
struct Learning {
    /// Whether the next row is one of values.
    named: bool,
    names: Vec<String>,
    guesses: Vec<Guess>,
    rows: u64,
    rows_max: u64,
}

impl Learning {
    fn feed(&mut self, records: &mut AnyRecords, text: &str, writing: &Writing) -> Result<bool, Misread> {
        records.push(text, &mut |record: &Record| self.see(record, writing))
    }

    fn finish(&mut self, records: &mut AnyRecords, growing: bool, writing: &Writing) -> Result<(), Misread> {
        records.end(growing, &mut |record: &Record| self.see(record, writing))
    }

    fn see(&mut self, record: &Record, writing: &Writing) -> Result<bool, Misread> {
        if !self.named {
            self.named = true;
            if self.names.is_empty() {
                let name = |place| record.get(place).unwrap_or_default().trim().to_owned();
                self.names = (0..record.len()).map(name).collect();
            }
            return Ok(true);
        }
        if record.len() > self.guesses.len() {
            self.guesses.resize(record.len().min(COLUMNS_MAX + 1), Guess::default());
        }
        for (place, guess) in self.guesses.iter_mut().enumerate() {
            guess.see(record.get(place), writing);
        }
        self.rows += 1;
        Ok(self.rows < self.rows_max)
    }

    /// The names of a CSV file's columns; of those that nobody names, their places.
    fn named(&self) -> Vec<String> {
        let columns = self.names.len().max(if self.names.is_empty() { self.guesses.len() } else { 0 });
        let name = |place: usize| match self.names.get(place) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => format!("column_{}", place + 1),
        };
        (0..columns).map(name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_grouped_by_thousands() {
        assert_eq!([7, 812, 8_112, 1_000_000].map(grouped), ["7", "812", "8,112", "1,000,000"]);
    }
}
