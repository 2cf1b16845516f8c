//! Records of texts: rows of CSV, lines of logs. One is put together in the same place again and again.

use super::Misread;

/// One row.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// All fields, one after another.
    text: String,
    /// Where each field ends; none where there is no value at all.
    fields: Vec<Option<(usize, usize)>>,
    /// The line it begins on, from 1.
    pub(crate) line: u64,
}

impl Record {
    pub(crate) fn start(&mut self, line: u64) {
        self.text.clear();
        self.fields.clear();
        self.line = line;
    }

    /// Adds a field.
    pub(crate) fn push(&mut self, field: Option<&str>) {
        self.fields.push(field.map(|field| {
            let start = self.text.len();
            self.text.push_str(field);
            (start, self.text.len())
        }));
    }

    /// A field's text.
    pub(crate) fn get(&self, place: usize) -> Option<&str> {
        let (start, end) = (*self.fields.get(place)?)?;
        self.text.get(start..end)
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }
}

/// What takes records in; gives whether it wants more.
pub(crate) type Sink<'a> = dyn FnMut(&Record) -> Result<bool, Misread> + Send + 'a;

/// Makes records of text that comes in pieces.
pub(crate) trait Records: Send {
    /// Takes in the next piece. Gives whether the sink wants more.
    fn push(&mut self, text: &str, sink: &mut Sink<'_>) -> Result<bool, Misread>;
    /// The text has ended. `growing`: somebody is still writing, and what is not whole is left for later.
    fn end(&mut self, growing: bool, sink: &mut Sink<'_>) -> Result<(), Misread>;
    /// The line that the next piece begins on, from 1.
    fn line(&self) -> u64;
}
