//! Lines of logs: a pattern whose named groups are the columns, or `key=value` pairs. A line that does not begin an entry
//! goes on with the one before it, as stack traces do.

use std::collections::BTreeMap;

use regex::Regex;

use super::Misread;
use super::records::{Record, Records, Sink};

/// The longest entry; what goes on after it is left out.
const ENTRY_BYTES_MAX: usize = 1 << 20;
/// Keys of `key=value` pairs.
const KEYS_MAX: usize = 1_000;

/// How an entry is taken apart.
#[derive(Debug, Clone)]
pub(crate) enum Pattern {
    Groups(Regex),
    Logfmt,
}

impl Pattern {
    /// The columns that every entry has.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::Groups(regex) => regex.capture_names().flatten().map(str::to_owned).collect(),
            Self::Logfmt => Vec::new(),
        }
    }

    fn begins(&self, line: &str) -> bool {
        match self {
            Self::Groups(regex) => regex.is_match(line),
            Self::Logfmt => !line.starts_with(char::is_whitespace) && pairs(line).next().is_some(),
        }
    }
}

/// The entries of a log.
pub(crate) struct LogRecords {
    pattern: Pattern,
    /// The columns, in order; more are found while they are learned.
    pub(crate) names: Vec<String>,
    learning: bool,
    rest: String,
    /// The line that `rest` is on.
    line: u64,
    /// The entry that may go on, and its line.
    entry: Option<(u64, String)>,
    record: Record,
}

impl LogRecords {
    /// `names`: the columns; none while they are learned.
    pub(crate) fn new(pattern: Pattern, names: Option<Vec<String>>) -> Self {
        let (learning, names) = (names.is_none(), names.unwrap_or_else(|| pattern.names()));
        Self { pattern, names, learning, rest: String::new(), line: 1, entry: None, record: Record::default() }
    }

    fn take(&mut self, line: &str, sink: &mut Sink<'_>) -> Result<bool, Misread> {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let number = self.line;
        self.line += 1;
        if self.pattern.begins(line) {
            let before = self.entry.replace((number, line.to_owned()));
            return before.map_or(Ok(true), |before| self.taken(&before, sink));
        }
        match &mut self.entry {
            Some((_, entry)) if entry.len() + line.len() < ENTRY_BYTES_MAX => {
                entry.push('\n');
                entry.push_str(line);
            }
            Some(_) => {}
            None if line.trim().is_empty() => {}
            None => {
                return Err(Misread::told(format!(
                    "line {number} of it does not fit its pattern, and no entry goes before it"
                )));
            }
        }
        Ok(true)
    }

    fn taken(&mut self, (number, entry): &(u64, String), sink: &mut Sink<'_>) -> Result<bool, Misread> {
        self.record.start(*number);
        match &self.pattern {
            Pattern::Groups(regex) => {
                let (first, more) =
                    entry.split_once('\n').map_or((&entry[..], None), |(first, more)| (first, Some(more)));
                let Some(groups) = regex.captures(first) else { return Ok(true) };
                let last = self.names.len().saturating_sub(1);
                for (place, name) in self.names.iter().enumerate() {
                    let text = groups.name(name).map(|group| group.as_str());
                    match more.filter(|_| place == last) {
                        Some(more) => self.record.push(Some(&format!("{}\n{more}", text.unwrap_or_default()))),
                        None => self.record.push(text),
                    }
                }
            }
            Pattern::Logfmt => {
                let found: BTreeMap<&str, String> = pairs(entry).collect();
                if self.learning {
                    for (key, _) in pairs(entry) {
                        if !self.names.iter().any(|name| name == key) {
                            self.names.push(key.to_owned());
                        }
                    }
                    if self.names.len() > KEYS_MAX {
                        return Err(Misread::told(format!("it has more than {KEYS_MAX} keys; give it a `pattern`")));
                    }
                }
                self.names.iter().for_each(|name| self.record.push(found.get(name.as_str()).map(String::as_str)));
            }
        }
        sink(&self.record)
    }
}

impl Records for LogRecords {
    fn push(&mut self, text: &str, sink: &mut Sink<'_>) -> Result<bool, Misread> {
        self.rest.push_str(text);
        let whole = std::mem::take(&mut self.rest);
        let mut rest = &whole[..];
        while let Some((line, after)) = rest.split_once('\n') {
            rest = after;
            if !self.take(line, sink)? {
                return Ok(false);
            }
        }
        self.rest = rest.to_owned();
        Ok(true)
    }

    fn end(&mut self, _growing: bool, sink: &mut Sink<'_>) -> Result<(), Misread> {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() && !self.take(&rest, sink)? {
            return Ok(());
        }
        if let Some(entry) = self.entry.take() {
            self.taken(&entry, sink)?;
        }
        Ok(())
    }

    fn line(&self) -> u64 {
        self.line
    }
}

/// The `key=value` pairs of an entry; a value in double quotes may hold spaces, and quotes behind a backslash.
fn pairs(entry: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = entry;
    std::iter::from_fn(move || {
        loop {
            rest = rest.trim_start();
            let end = rest.find(|c: char| c.is_whitespace() || c == '=')?;
            let (key, after) = rest.split_at(end);
            let Some(value) = after.strip_prefix('=').filter(|_| !key.is_empty() && !key.contains('"')) else {
                // A word without a value says nothing here.
                rest = after.trim_start_matches('=');
                continue;
            };
            let (value, after) = match value.strip_prefix('"') {
                Some(quoted) => unquoted(quoted),
                None => {
                    let end = value.find(char::is_whitespace).unwrap_or(value.len());
                    (value[..end].to_owned(), &value[end..])
                }
            };
            rest = after;
            return Some((key, value));
        }
    })
}

/// A quoted text without its escapes, and what comes after it.
fn unquoted(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, escaped)) => text.push(escaped),
                None => {}
            },
            c => text.push(c),
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    type Entry = (u64, Vec<Option<String>>);

    fn entries(pattern: Pattern, text: &str) -> (Vec<String>, Vec<Entry>) {
        let (mut records, mut entries) = (LogRecords::new(pattern, None), Vec::new());
        let mut sink = |record: &Record| {
            entries.push((record.line, (0..record.len()).map(|place| record.get(place).map(str::to_owned)).collect()));
            Ok(true)
        };
        for piece in text.as_bytes().chunks(7) {
            records.push(std::str::from_utf8(piece).expect("ASCII"), &mut sink).expect("entries");
        }
        records.end(false, &mut sink).expect("entries");
        (records.names, entries)
    }

    #[test]
    fn what_does_not_begin_an_entry_goes_on_with_the_one_before() {
        let pattern = Regex::new(r"^(?<at>\S+) (?<level>[A-Z]+) (?<message>.*)$").expect("a pattern");
        let text = "2024-01-05T10:00:00Z INFO up\n2024-01-05T10:00:01Z ERROR failed\n  at main.rs:3\n\n  at lib.rs:9\n";
        let (names, entries) = entries(Pattern::Groups(pattern), text);
        assert_eq!(names, ["at", "level", "message"]);
        assert_eq!(entries[1].0, 2);
        assert_eq!(entries[1].1[2].as_deref(), Some("failed\n  at main.rs:3\n\n  at lib.rs:9"));
        assert_eq!(entries.len(), 2);
    }

    #[test]
    fn pairs_are_taken_apart_and_keys_become_columns() {
        let text = "at=1 level=info msg=\"it \\\"works\\\" now\" done\nat=2 level=error code=7\n";
        let (names, entries) = entries(Pattern::Logfmt, text);
        assert_eq!(names, ["at", "level", "msg", "code"]);
        assert_eq!(entries[0].1[2].as_deref(), Some("it \"works\" now"));
        assert_eq!((entries[1].1[2].as_deref(), entries[1].1[3].as_deref()), (None, Some("7")));
    }
}
