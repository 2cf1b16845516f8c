//! What a text may be: told by all texts of a column, and read as what it was told to be.

use std::fmt;

use datafusion::arrow::array::timezone::Tz;
use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder, StringBuilder, TimestampMicrosecondBuilder,
    TimestampMillisecondBuilder, TimestampNanosecondBuilder, TimestampSecondBuilder,
};
use datafusion::arrow::compute::kernels::cast_utils::{Parser, string_to_datetime};
use datafusion::arrow::datatypes::{DataType, Date32Type, TimeUnit};
use std::sync::Arc;
use watchkeeper_model::ColumnType;

/// How numbers and missing values are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Writing {
    /// A point or a comma.
    pub(crate) decimal: char,
    /// Words for no value; the empty text is one always.
    pub(crate) nulls: Vec<String>,
}

/// Words that mean nothing unless somebody says otherwise.
pub(crate) const NULLS: [&str; 9] = ["NA", "N/A", "n/a", "NULL", "null", "\\N", "nan", "NaN", "-"];

impl Default for Writing {
    fn default() -> Self {
        Self { decimal: '.', nulls: NULLS.map(str::to_owned).to_vec() }
    }
}

impl Writing {
    /// The text of a value; none where there is none.
    pub(crate) fn value<'a>(&self, text: Option<&'a str>) -> Option<&'a str> {
        let text = text.filter(|text| !text.is_empty())?;
        let trimmed = text.trim();
        (!trimmed.is_empty() && !self.nulls.iter().any(|word| word == trimmed)).then_some(text)
    }

    /// A number with decimals.
    pub(crate) fn number(&self, text: &str) -> Option<f64> {
        let text = text.trim();
        if self.decimal == '.' {
            return numeric(text).then(|| text.parse().ok()).flatten();
        }
        // Points are for thousands then: `1.234,5`.
        let (whole, decimals) = text.split_once(self.decimal).unwrap_or((text, ""));
        let mut groups = whole.split('.');
        let first = groups.next()?;
        let mut plain = first.to_owned();
        let mut grouped = false;
        for group in groups {
            grouped = true;
            if group.len() != 3 || !group.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            plain.push_str(group);
        }
        if grouped && !(1..=3).contains(&first.trim_start_matches(['-', '+']).len()) {
            return None;
        }
        if !decimals.is_empty() {
            plain.push('.');
            plain.push_str(decimals);
        }
        numeric(&plain).then(|| plain.parse().ok()).flatten()
    }
}

/// What Rust reads as a number without its words for infinity and NaN in letters that names are made of.
fn numeric(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || matches!(digits, "inf" | "Inf" | "Infinity")
}

fn integer(text: &str) -> Option<i64> {
    text.trim().parse().ok()
}

fn flag(text: &str) -> Option<bool> {
    match text.trim() {
        "true" | "True" | "TRUE" => Some(true),
        "false" | "False" | "FALSE" => Some(false),
        _ => None,
    }
}

fn date(text: &str) -> Option<i32> {
    let text = text.trim();
    (text.len() <= 10).then(|| Date32Type::parse(text)).flatten()
}

fn moment(text: &str) -> Option<chrono::DateTime<Tz>> {
    let text = text.trim();
    // Four digits of a year and a hyphen, so that no number is a time.
    (text.len() >= 10 && text.as_bytes().get(4) == Some(&b'-')).then_some(())?;
    let utc: Tz = "+00:00".parse().ok()?;
    string_to_datetime(&utc, text).ok()
}

/// Digits after the point of a time in microseconds.
const MICROS: usize = 6;

/// Whether a text begins with digits where a shape has zeros, and with its other characters.
fn has_shape(text: &str, shape: &str) -> bool {
    let text = text.trim().as_bytes();
    let fits = |(found, wanted): (&u8, u8)| if wanted == b'0' { found.is_ascii_digit() } else { *found == wanted };
    text.len() >= shape.len() && text.iter().zip(shape.bytes()).all(fits)
}

/// Digits after the seconds' point.
fn fraction(text: &str) -> usize {
    text.find('.').map_or(0, |at| text[at + 1..].bytes().take_while(u8::is_ascii_digit).count())
}

/// Whether a number's digits begin with a zero that says nothing of its value: a code, such as a zip code.
fn is_code(text: &str) -> bool {
    let digits = text.trim().trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && digits.as_bytes().get(1).is_some_and(u8::is_ascii_digit)
}

/// What all texts of a column so far may be.
#[derive(Debug, Clone)]
pub(crate) struct Guess {
    values: u64,
    integer: bool,
    number: bool,
    flag: bool,
    date: bool,
    moment: bool,
    fraction: usize,
    /// Whether a time is beyond the years that can be counted in nanoseconds.
    far: bool,
}

impl Default for Guess {
    fn default() -> Self {
        Self { values: 0, integer: true, number: true, flag: true, date: true, moment: true, fraction: 0, far: false }
    }
}

impl Guess {
    pub(crate) fn see(&mut self, text: Option<&str>, writing: &Writing) {
        let Some(text) = writing.value(text) else { return };
        self.values += 1;
        if self.number {
            self.number = !is_code(text) && writing.number(text).is_some();
        }
        if self.integer {
            // A number of nothing but digits that is too large for one is an identifier: it is not rounded.
            self.integer = self.number && integer(text).is_some();
            let huge = || text.trim().trim_start_matches('-').bytes().all(|byte| byte.is_ascii_digit());
            if !self.integer && self.number && huge() {
                self.number = false;
            }
        }
        self.flag = self.flag && flag(text).is_some();
        // By their shape: a day that is none, such as 0000-00-00, is a mistake among days and no text.
        self.date = self.date && has_shape(text, "0000-00-00") && text.trim().len() == 10;
        if self.moment {
            self.moment = has_shape(text, "0000-00-00");
            let far = moment(text).is_some_and(|time| time.timestamp_nanos_opt().is_none());
            self.fraction = self.fraction.max(fraction(text).min(if far { MICROS } else { usize::MAX }));
            self.far = self.far || far;
        }
    }

    /// The type; none where there was no value at all.
    pub(crate) fn data_type(&self) -> DataType {
        let unit = match self.fraction {
            0 => TimeUnit::Second,
            1..=3 => TimeUnit::Millisecond,
            4..=MICROS => TimeUnit::Microsecond,
            _ if self.far => TimeUnit::Microsecond,
            _ => TimeUnit::Nanosecond,
        };
        match () {
            () if self.values == 0 => DataType::Null,
            () if self.integer => DataType::Int64,
            () if self.number => DataType::Float64,
            () if self.flag => DataType::Boolean,
            () if self.date => DataType::Date32,
            () if self.moment => DataType::Timestamp(unit, None),
            () => DataType::Utf8,
        }
    }
}

/// The arrow type of a column whose type is said.
pub(crate) fn said(column: ColumnType, guessed: &DataType) -> DataType {
    match column {
        ColumnType::Text => DataType::Utf8,
        ColumnType::Number => DataType::Float64,
        ColumnType::Integer => DataType::Int64,
        ColumnType::Flag => DataType::Boolean,
        ColumnType::Time if guessed.is_temporal() => guessed.clone(),
        ColumnType::Time => DataType::Timestamp(TimeUnit::Microsecond, None),
    }
}

/// Values of one column, as its type says.
pub(crate) enum Column {
    Integers(Int64Builder),
    Numbers(Float64Builder),
    Flags(BooleanBuilder),
    Dates(Date32Builder),
    Seconds(TimestampSecondBuilder),
    Millis(TimestampMillisecondBuilder),
    Micros(TimestampMicrosecondBuilder),
    Nanos(TimestampNanosecondBuilder),
    Texts(StringBuilder),
}

/// A text that is not of its column's type.
pub(crate) struct Unfit;

impl Column {
    pub(crate) fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Int64 => Self::Integers(Int64Builder::new()),
            DataType::Float64 => Self::Numbers(Float64Builder::new()),
            DataType::Boolean => Self::Flags(BooleanBuilder::new()),
            DataType::Date32 => Self::Dates(Date32Builder::new()),
            DataType::Timestamp(TimeUnit::Second, _) => Self::Seconds(TimestampSecondBuilder::new()),
            DataType::Timestamp(TimeUnit::Millisecond, _) => Self::Millis(TimestampMillisecondBuilder::new()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => Self::Micros(TimestampMicrosecondBuilder::new()),
            DataType::Timestamp(TimeUnit::Nanosecond, _) => Self::Nanos(TimestampNanosecondBuilder::new()),
            _ => Self::Texts(StringBuilder::new()),
        }
    }

    /// Adds a row's value.
    pub(crate) fn add(&mut self, text: Option<&str>, writing: &Writing) -> Result<(), Unfit> {
        let text = writing.value(text);
        fn read<T>(text: Option<&str>, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Unfit> {
            text.map(|text| read(text).ok_or(Unfit)).transpose()
        }
        match self {
            Self::Integers(to) => to.append_option(read(text, integer)?),
            Self::Numbers(to) => to.append_option(read(text, |text| writing.number(text))?),
            Self::Flags(to) => to.append_option(read(text, flag)?),
            Self::Dates(to) => to.append_option(read(text, date)?),
            Self::Seconds(to) => to.append_option(read(text, |text| Some(moment(text)?.timestamp()))?),
            Self::Millis(to) => to.append_option(read(text, |text| Some(moment(text)?.timestamp_millis()))?),
            Self::Micros(to) => to.append_option(read(text, |text| Some(moment(text)?.timestamp_micros()))?),
            Self::Nanos(to) => to.append_option(read(text, |text| moment(text)?.timestamp_nanos_opt())?),
            Self::Texts(to) => to.append_option(text),
        }
        Ok(())
    }

    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Integers(from) => Arc::new(from.finish()),
            Self::Numbers(from) => Arc::new(from.finish()),
            Self::Flags(from) => Arc::new(from.finish()),
            Self::Dates(from) => Arc::new(from.finish()),
            Self::Seconds(from) => Arc::new(from.finish()),
            Self::Millis(from) => Arc::new(from.finish()),
            Self::Micros(from) => Arc::new(from.finish()),
            Self::Nanos(from) => Arc::new(from.finish()),
            Self::Texts(from) => Arc::new(from.finish()),
        }
    }
}

impl fmt::Display for Writing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.decimal == ',' { f.write_str("decimal comma") } else { f.write_str("decimal point") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(texts: &[&str], decimal: char) -> DataType {
        let writing = Writing { decimal, ..Writing::default() };
        let mut guess = Guess::default();
        texts.iter().for_each(|text| guess.see(Some(text), &writing));
        guess.data_type()
    }

    #[test]
    fn types_are_told_by_all_values() {
        assert_eq!(guess(&["1", "NA", "", "-3"], '.'), DataType::Int64);
        assert_eq!(guess(&["1", "2.5", "1e-9", "-"], '.'), DataType::Float64);
        assert_eq!(guess(&["1", "2,5", "1.234,5"], ','), DataType::Float64);
        assert_eq!(guess(&["true", "False"], '.'), DataType::Boolean);
        assert_eq!(guess(&["2024-01-05", "2024-02-29"], '.'), DataType::Date32);
        assert_eq!(guess(&["2024-01-05", "2024-02-29T12:00:00Z"], '.'), DataType::Timestamp(TimeUnit::Second, None));
        assert_eq!(guess(&["2024-02-29 12:00:00.123456"], '.'), DataType::Timestamp(TimeUnit::Microsecond, None));
        assert_eq!(guess(&["", "NA"], '.'), DataType::Null);
    }

    #[test]
    fn codes_and_identifiers_stay_texts() {
        assert_eq!(guess(&["01234", "1234"], '.'), DataType::Utf8);
        assert_eq!(guess(&["9223372036854775813"], '.'), DataType::Utf8);
        assert_eq!(guess(&["0.5", "0", "-0"], '.'), DataType::Float64);
        assert_eq!(guess(&["nancy", "inf"], '.'), DataType::Utf8);
        assert_eq!(guess(&["1,234", "12,345"], '.'), DataType::Utf8);
    }
}
