//! How a CSV file is written, told by its first rows with care: what fits the rows best, and in doubt what is most usual.

use watchkeeper_model::CsvOptions;

use super::cell::{Guess, NULLS, Writing};
use super::csv::{CsvRecords, Dialect};
use super::records::{Record, Records};

/// Usual first: in doubt the earlier one is taken.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
const QUOTES: [u8; 2] = [b'"', b'\''];
const ROWS_MAX: usize = 1_000;

/// What was understood of a CSV file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Understood {
    pub(crate) dialect: Dialect,
    pub(crate) writing: Writing,
    pub(crate) header: bool,
}

/// Reads the beginning of a file. `whole`: there is no more of it.
pub(crate) fn understood(head: &str, whole: bool, said: &CsvOptions) -> Understood {
    let (skipped, by_line) = separator_line(head);
    let one = |c: Option<char>| c.and_then(|c| u8::try_from(c).ok());
    let delimiters = one(said.delimiter).or(by_line).map_or(DELIMITERS.to_vec(), |delimiter| vec![delimiter]);
    let mut quotes = one(said.quote).map_or(QUOTES.to_vec(), |quote| vec![quote]);
    if !head.contains('"') {
        quotes.reverse();
    }
    let mut best: Option<(Score, Dialect, Vec<Vec<String>>)> = None;
    for (quote, delimiter) in quotes.iter().flat_map(|quote| delimiters.iter().map(move |d| (*quote, *d))) {
        // Single quotes are apostrophes unless fields begin and end with them.
        if said.quote.is_none() && quote == b'\'' && !has_single_quotes(head, delimiter) {
            continue;
        }
        let escape = one(said.escape).or_else(|| escape(head, quote));
        let dialect = Dialect { delimiter, quote, escape, comment: one(said.comment), skipped };
        let rows = rows(head, whole, &dialect);
        let score = Score::of(&rows, delimiter);
        if best.as_ref().is_none_or(|(known, ..)| score.beats(known)) {
            best = Some((score, dialect, rows));
        }
    }
    let usual = || Dialect { delimiter: b',', quote: b'"', escape: None, comment: None, skipped };
    let (dialect, rows) = best.map_or_else(|| (usual(), Vec::new()), |(_, dialect, rows)| (dialect, rows));
    let nulls = said.nulls.clone().unwrap_or_else(|| NULLS.map(str::to_owned).to_vec());
    let decimal = said.decimal.unwrap_or_else(|| decimal(&rows, dialect.delimiter, &nulls));
    let writing = Writing { decimal, nulls };
    let header = said.header.unwrap_or_else(|| said.names.is_empty() && has_header(&rows, &writing));
    Understood { dialect, writing, header }
}

/// `sep=;`, which a spreadsheet writes before everything else.
fn separator_line(head: &str) -> (u64, Option<u8>) {
    let first = head.lines().next().unwrap_or_default();
    match first.strip_prefix("sep=").map(str::as_bytes) {
        Some([delimiter]) => (1, Some(*delimiter)),
        _ => (0, None),
    }
}

/// Whether as many fields begin with a single quote as end with one.
fn has_single_quotes(head: &str, delimiter: u8) -> bool {
    let fields = || head.lines().flat_map(|line| line.split(delimiter as char)).map(str::trim);
    let begin = fields().filter(|field| field.starts_with('\'')).count();
    begin > 0 && begin == fields().filter(|field| field.ends_with('\'')).count()
}

/// A backslash where quotes within fields stand behind one and none is doubled.
fn escape(head: &str, quote: u8) -> Option<u8> {
    let quote = quote as char;
    let doubled = format!("{quote}{quote}");
    let doubled = head.matches(&doubled).count() > head.matches(&format!("{doubled}{quote}")).count()
        && head.split(['\n', ',', ';', '\t', '|']).any(|field| {
            let field = field.trim();
            field.len() > 2 && field != doubled && field.trim_matches(quote).contains(&doubled)
        });
    (head.contains(&format!("\\{quote}")) && !doubled).then_some(b'\\')
}

/// The first rows; one that the head cuts off is left out.
fn rows(head: &str, whole: bool, dialect: &Dialect) -> Vec<Vec<String>> {
    let (mut records, mut rows) = (CsvRecords::new(dialect), Vec::new());
    let mut sink = |record: &Record| {
        rows.push((0..record.len()).map(|place| record.get(place).unwrap_or_default().to_owned()).collect());
        Ok(rows.len() < ROWS_MAX)
    };
    // A row that cannot be read is told when the file is read.
    if records.push(head, &mut sink).unwrap_or(false) && whole {
        drop(records.end(true, &mut sink));
    }
    rows
}

/// How well a way of reading fits.
#[derive(Debug, PartialEq)]
struct Score {
    /// Whether all rows have as many fields, and more than one.
    even: bool,
    /// Share of rows that have as many fields as most.
    alike: f64,
    /// Share of the fields below the first row that are of a column that is no text.
    typed: f64,
    fields: usize,
}

impl Score {
    fn of(rows: &[Vec<String>], delimiter: u8) -> Self {
        let mut counts: Vec<usize> = rows.iter().map(Vec::len).collect();
        counts.sort_unstable();
        let most = counts.chunk_by(PartialEq::eq).max_by_key(|chunk| (chunk.len(), chunk[0]));
        let (fields, times) = most.map_or((0, 0), |chunk| (chunk[0], chunk.len()));
        let even = fields > 1 && times == rows.len();
        let by_comma = Writing { decimal: ',', ..Writing::default() };
        let is_number = |column: usize, writing: &Writing| guess(rows, column, 1, writing).data_type().is_numeric();
        let typed = (0..fields).filter(|column| {
            is_number(*column, &Writing::default()) || delimiter != b',' && is_number(*column, &by_comma)
        });
        let (typed, alike) = (typed.count() as f64 / fields.max(1) as f64, times as f64 / rows.len().max(1) as f64);
        Self { even, alike, typed, fields }
    }

    fn beats(&self, other: &Self) -> bool {
        match (self.even, other.even) {
            (true, false) => true,
            (false, true) => false,
            (true, true) => (self.typed, self.fields) > (other.typed, other.fields),
            (false, false) => self.fields > 1 && (other.fields < 2 || self.alike > other.alike),
        }
    }
}

fn guess(rows: &[Vec<String>], column: usize, from: usize, writing: &Writing) -> Guess {
    let mut guess = Guess::default();
    rows.iter().skip(from).for_each(|row| guess.see(row.get(column).map(String::as_str), writing));
    guess
}

/// A comma where columns are numbers with it only; what may be thousands as well is nobody's decimal.
fn decimal(rows: &[Vec<String>], delimiter: u8, nulls: &[String]) -> char {
    if delimiter == b',' {
        return '.';
    }
    let (point, comma) =
        (Writing { decimal: '.', nulls: nulls.to_vec() }, Writing { decimal: ',', nulls: nulls.to_vec() });
    let is_number = |column: usize, writing: &Writing| {
        guess(rows, column, 1, writing).data_type().is_numeric()
            && rows.iter().skip(1).any(|row| row.get(column).is_some_and(|text| writing.value(Some(text)).is_some()))
    };
    let thousands = |column: usize| {
        let texts = rows.iter().skip(1).filter_map(|row| row.get(column)).filter(|text| text.contains(','));
        texts.clone().all(|text| {
            let (whole, decimals) = text.trim().split_once(',').unwrap_or_default();
            decimals.len() == 3 && (1..=3).contains(&whole.trim_start_matches('-').len()) && !whole.starts_with('0')
        })
    };
    let columns = 0..rows.first().map_or(0, Vec::len);
    let by_comma = |column: &usize| is_number(*column, &comma) && !is_number(*column, &point) && !thousands(*column);
    let by_point = |column: usize| {
        is_number(column, &point)
            && rows.iter().skip(1).any(|row| row.get(column).is_some_and(|text| text.contains('.')))
    };
    if columns.clone().any(|column| by_comma(&column)) && !columns.clone().any(by_point) { ',' } else { '.' }
}

/// Whether the first row names the columns: unless it is of the same types as the others, some of which are no texts.
fn has_header(rows: &[Vec<String>], writing: &Writing) -> bool {
    let Some((first, others)) = rows.split_first() else { return true };
    let is_year = |text: &String| matches!(text.trim().parse::<u16>(), Ok(1900..=2100));
    let mut typed = 0;
    for (column, text) in first.iter().enumerate() {
        let below = guess(rows, column, 1, writing).data_type();
        if matches!(below, datafusion::arrow::datatypes::DataType::Utf8 | datafusion::arrow::datatypes::DataType::Null)
        {
            continue;
        }
        let mut with = guess(rows, column, 1, writing);
        with.see(Some(text), writing);
        let fits = with.data_type() == below || with.data_type().is_numeric() && below.is_numeric();
        if !fits || is_year(text) || writing.value(Some(text)).is_none() {
            return true;
        }
        typed += 1;
    }
    typed == 0 || others.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniffed(text: &str) -> Understood {
        understood(text, true, &CsvOptions::default())
    }

    fn delimiter(text: &str) -> char {
        sniffed(text).dialect.delimiter as char
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_even_rows() {
        assert_eq!(delimiter("id;ms\n1;2\n"), ';');
        assert_eq!(delimiter("id\tname\n1\tMeyer, Ann\n2\tRoe, Ed\n"), '\t');
        assert_eq!(delimiter("a;b\n1,5;2,5\n3,5;4,5\n"), ';');
        assert_eq!(delimiter("1,5;2,5\n3,5;4,5\n"), ';');
        assert_eq!(delimiter("id|note\n1|\"a,b;c\"\n"), '|');
        assert_eq!(delimiter("one\ntwo\n"), ',');
        assert_eq!(delimiter("sep=;\na;b\n1;2\n"), ';');
        assert_eq!(delimiter("name,quote\nann,\"it's; a | test\"\n"), ',');
    }

    #[test]
    fn decimals_are_commas_only_without_a_doubt() {
        assert_eq!(sniffed("a;b\n1,5;x\n22,75;y\n").writing.decimal, ',');
        assert_eq!(sniffed("a;b\n1,500;x\n22,750;y\n").writing.decimal, '.');
        assert_eq!(sniffed("a;b\n1.5;x\n22.75;y\n").writing.decimal, '.');
        assert_eq!(sniffed("a;b\n1.234,5;x\n").writing.decimal, ',');
    }

    #[test]
    fn a_first_row_of_the_columns_own_types_is_no_header() {
        assert!(sniffed("id,name\n1,ann\n").header);
        assert!(!sniffed("1,ann,2.5\n2,ed,3.5\n").header);
        assert!(sniffed("region,2019,2020\nnorth,1,2\n").header);
        assert!(sniffed("name,city\nann,berlin\n").header);
        assert!(sniffed("a,b\n").header);
    }

    #[test]
    fn quotes_and_escapes_are_told_by_what_is_there() {
        assert_eq!(sniffed("a,b\n'x,y',1\n'z',2\n").dialect.quote, b'\'');
        assert_eq!(sniffed("a,b\nit's,1\nthat's,2\n").dialect.quote, b'"');
        assert_eq!(sniffed("a,b\n\"say \\\"hi\\\", ann\",1\n").dialect.escape, Some(b'\\'));
        assert_eq!(sniffed("a,b\n\"say \"\"hi\"\"\",1\n").dialect.escape, None);
    }
}
