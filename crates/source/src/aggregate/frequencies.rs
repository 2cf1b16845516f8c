//! Distinct values and the most frequent of them.

use std::hash::Hash;

use chrono::{DateTime, SecondsFormat, Utc};
use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::HashMap;
use watchkeeper_engine::ports::frame::FieldKind;

use crate::cells::{Cells, each};

/// How often each value of a column occurs; nulls and NaNs are left out, and 0 and -0 are one value.
#[derive(Debug, Clone)]
pub(super) struct Frequencies {
    kind: FieldKind,
    integers: HashMap<i128, u64>,
    numbers: HashMap<u64, u64>,
    texts: HashMap<String, u64>,
}

impl Frequencies {
    pub(super) fn new(kind: FieldKind) -> Self {
        Self { kind, integers: HashMap::default(), numbers: HashMap::default(), texts: HashMap::default() }
    }

    pub(super) fn add(&mut self, cells: &Cells) -> Result<(), ArrowError> {
        match cells {
            Cells::Numbers(numbers) => each(numbers, |x| {
                if !x.is_nan() {
                    *self.numbers.entry((x + 0.0).to_bits()).or_insert(0) += 1;
                }
            }),
            Cells::Integers(integers) | Cells::Times(integers) => {
                each(integers, |x| *self.integers.entry(i128::from(x)).or_insert(0) += 1);
            }
            Cells::Unsigned(integers) => each(integers, |x| *self.integers.entry(i128::from(x)).or_insert(0) += 1),
            Cells::Flags(flags) => {
                flags.iter().flatten().for_each(|x| *self.integers.entry(i128::from(x)).or_insert(0) += 1);
            }
            Cells::Texts(texts) => texts.iter().flatten().for_each(|text| self.count_text(text)),
            Cells::Other(other) => self.add_shown(other)?,
        }
        Ok(())
    }

    pub(super) fn merge(&mut self, later: Self) {
        join(&mut self.integers, later.integers);
        join(&mut self.numbers, later.numbers);
        join(&mut self.texts, later.texts);
    }

    /// How many different values there are.
    pub(super) fn distinct(&self) -> u64 {
        (self.integers.len() + self.numbers.len() + self.texts.len()) as u64
    }

    /// The most frequent values, ties by value: numbers by size, texts by their bytes.
    pub(super) fn top(&self, limit: usize) -> Vec<(String, u64)> {
        match self.kind {
            FieldKind::Number => {
                let numbers = self.numbers.iter().map(|(bits, count)| (f64::from_bits(*bits), *count)).collect();
                ranked(numbers, limit, |a, b| a.total_cmp(b), |x| x.to_string())
            }
            FieldKind::Integer | FieldKind::Flag | FieldKind::Time => {
                let integers = self.integers.iter().map(|(value, count)| (*value, *count)).collect();
                ranked(integers, limit, Ord::cmp, |x| self.show(*x))
            }
            FieldKind::Text | FieldKind::Other => {
                let texts = self.texts.iter().map(|(text, count)| (text.as_str(), *count)).collect();
                ranked(texts, limit, Ord::cmp, |text| (*text).to_owned())
            }
        }
    }

    fn show(&self, value: i128) -> String {
        match self.kind {
            FieldKind::Flag => (value == 1).to_string(),
            FieldKind::Time => i64::try_from(value)
                .ok()
                .and_then(DateTime::<Utc>::from_timestamp_micros)
                .map_or_else(|| value.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            _ => value.to_string(),
        }
    }

    fn add_shown(&mut self, other: &ArrayRef) -> Result<(), ArrowError> {
        let shown = ArrayFormatter::try_new(other, &FormatOptions::default())?;
        for row in (0..other.len()).filter(|row| other.is_valid(*row)) {
            let text = shown.value(row).try_to_string()?;
            self.count_text(&text);
        }
        Ok(())
    }

    fn count_text(&mut self, text: &str) {
        match self.texts.get_mut(text) {
            Some(count) => *count += 1,
            None => drop(self.texts.insert(text.to_owned(), 1)),
        }
    }
}

fn join<K: Hash + Eq>(counts: &mut HashMap<K, u64>, more: HashMap<K, u64>) {
    for (key, count) in more {
        *counts.entry(key).or_insert(0) += count;
    }
}

fn ranked<T>(
    mut values: Vec<(T, u64)>,
    limit: usize,
    order: impl Fn(&T, &T) -> std::cmp::Ordering,
    show: impl Fn(&T) -> String,
) -> Vec<(String, u64)> {
    values.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| order(&a.0, &b.0)));
    values.iter().take(limit).map(|(value, count)| (show(value), *count)).collect()
}
