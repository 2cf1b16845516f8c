//! CSV: how it is written, and its records. Quoted fields may hold line ends; a quote that nothing ends is an error.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use super::Misread;
use super::records::{Record, Records, Sink};

/// A record may be so long: a quote that nothing ends would otherwise take in the whole file.
const RECORD_BYTES_MAX: usize = 16 << 20;

/// How CSV is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialect {
    pub(crate) delimiter: u8,
    pub(crate) quote: u8,
    pub(crate) escape: Option<u8>,
    pub(crate) comment: Option<u8>,
    /// Lines before the first row, such as `sep=;`.
    pub(crate) skipped: u64,
}

impl Dialect {
    fn reader(&self) -> Reader {
        let mut builder = ReaderBuilder::new();
        builder.delimiter(self.delimiter).quote(self.quote);
        if let Some(escape) = self.escape {
            builder.escape(Some(escape)).double_quote(false);
        }
        builder.build()
    }
}

/// The rows of CSV.
pub(crate) struct CsvRecords {
    reader: Reader,
    skip: u64,
    comment: Option<u8>,
    in_comment: bool,
    text: Vec<u8>,
    ends: Vec<usize>,
    filled: usize,
    fields: usize,
    /// The line that the reader is on, from 1.
    line: u64,
    /// The line that the record begins on, once it has begun.
    begun: Option<u64>,
    record: Record,
}

impl CsvRecords {
    pub(crate) fn new(dialect: &Dialect) -> Self {
        Self {
            reader: dialect.reader(),
            skip: dialect.skipped,
            comment: dialect.comment,
            in_comment: false,
            text: vec![0; 4 << 10],
            ends: vec![0; 64],
            filled: 0,
            fields: 0,
            line: 1,
            begun: None,
            record: Record::default(),
        }
    }

    fn read(&mut self, mut rest: &[u8], sink: &mut Sink<'_>) -> Result<bool, Misread> {
        while self.skip > 0 && !rest.is_empty() {
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else { return Ok(true) };
            (rest, self.skip, self.line) = (&rest[end + 1..], self.skip - 1, self.line + 1);
        }
        while self.begins(&mut rest) {
            let (text, ends) = (&mut self.text[self.filled..], &mut self.ends[self.fields..]);
            let (found, taken, filled, fields) = self.reader.read_record(rest, text, ends);
            let (before, after) = rest.split_at(taken);
            let breaks = before.iter().filter(|byte| **byte == b'\n').count() as u64;
            (rest, self.line) = (after, self.line + breaks);
            (self.filled, self.fields) = (self.filled + filled, self.fields + fields);
            match found {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.text.len() >= RECORD_BYTES_MAX => {
                    return Err(self.unended(&format!("is longer than {} MiB", RECORD_BYTES_MAX >> 20)));
                }
                ReadRecordResult::OutputFull => self.text.resize(self.text.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() * 2, 0),
                ReadRecordResult::Record => {
                    if !self.taken(sink)? {
                        return Ok(false);
                    }
                }
                ReadRecordResult::End => {}
            }
        }
        Ok(true)
    }

    /// Leaves out blank lines and comments before a record; gives whether there is something of one.
    fn begins(&mut self, rest: &mut &[u8]) -> bool {
        while self.begun.is_none() {
            match rest.first() {
                None => return false,
                Some(b'\n') => (self.line, self.in_comment) = (self.line + 1, false),
                Some(b'\r') => {}
                Some(_) if self.in_comment => {}
                Some(byte) if Some(*byte) == self.comment => self.in_comment = true,
                Some(_) => {
                    self.begun = Some(self.line);
                    break;
                }
            }
            *rest = &rest[1..];
        }
        !rest.is_empty()
    }

    fn taken(&mut self, sink: &mut Sink<'_>) -> Result<bool, Misread> {
        let line = self.begun.take().unwrap_or(self.line);
        self.record.start(line);
        let text = std::str::from_utf8(&self.text[..self.filled]);
        let text = text.map_err(|_| Misread::told(format!("line {line} of it cuts a character in two")))?;
        let mut start = 0;
        for end in &self.ends[..self.fields] {
            self.record.push(text.get(start..*end));
            start = *end;
        }
        (self.filled, self.fields) = (0, 0);
        sink(&self.record)
    }

    fn unended(&self, what: &str) -> Misread {
        let line = self.begun.unwrap_or(self.line);
        Misread::told(format!("the row that begins on line {line} of it {what}; is a quote missing there?"))
    }
}

impl Records for CsvRecords {
    fn push(&mut self, text: &str, sink: &mut Sink<'_>) -> Result<bool, Misread> {
        self.read(text.as_bytes(), sink)
    }

    fn end(&mut self, growing: bool, sink: &mut Sink<'_>) -> Result<(), Misread> {
        if self.begun.is_none() {
            return Ok(());
        }
        // A line end ends the record, unless it is within quotes.
        self.read(b"\n", sink)?;
        match self.begun {
            Some(_) if !growing => Err(self.unended("has a quote that nothing ends")),
            _ => Ok(()),
        }
    }

    fn line(&self) -> u64 {
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, pieces: usize, growing: bool) -> Result<Vec<(u64, Vec<String>)>, String> {
        let dialect = Dialect { delimiter: b',', quote: b'"', escape: None, comment: Some(b'#'), skipped: 0 };
        let (mut records, mut rows) = (CsvRecords::new(&dialect), Vec::new());
        let mut sink = |record: &Record| {
            let fields = (0..record.len()).map(|place| record.get(place).unwrap_or("?").to_owned());
            rows.push((record.line, fields.collect()));
            Ok(true)
        };
        let chars: Vec<char> = text.chars().collect();
        for piece in chars.chunks(pieces) {
            records.push(&piece.iter().collect::<String>(), &mut sink).map_err(|error| error.to_string())?;
        }
        records.end(growing, &mut sink).map_err(|error| error.to_string())?;
        Ok(rows)
    }

    fn row(line: u64, fields: &[&str]) -> (u64, Vec<String>) {
        (line, fields.iter().map(|field| (*field).to_owned()).collect())
    }

    #[test]
    fn rows_have_the_lines_that_they_begin_on_however_they_come() {
        let text = "a,b\n\n# no row\n1,\"x\n\"\"y\"\"\"\r\n2,\"\"\n3,\"é, ü\"";
        let wanted = [row(1, &["a", "b"]), row(4, &["1", "x\n\"y\""]), row(6, &["2", ""]), row(7, &["3", "é, ü"])];
        for pieces in 1..text.len() {
            assert_eq!(rows(text, pieces, false).expect("rows"), wanted, "in pieces of {pieces}");
        }
    }

    #[test]
    fn a_quote_that_nothing_ends_is_told_unless_somebody_is_writing() {
        let text = "a,b\n1,2\n3,\"four\n5,6\n";
        let error = rows(text, 5, false).expect_err("an error");
        assert_eq!(
            error,
            "the row that begins on line 3 of it has a quote that nothing ends; is a quote missing there?"
        );
        assert_eq!(rows(text, 5, true).expect("rows"), [row(1, &["a", "b"]), row(2, &["1", "2"])]);
    }
}
