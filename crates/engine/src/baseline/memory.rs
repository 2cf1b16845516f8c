//! What a frame has said so far; it grows while the frame is asked, and becomes a digest.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::ports::baseline::{FrameDigest, Spread};
use crate::ports::frame::{Aggregate, Answer, Column, Field, FieldKind, Frame};

/// Chunks of columns, in the order of the rows.
pub(crate) type Chunks = Vec<Vec<Column>>;

/// What one frame has said.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) fields: Vec<Field>,
    pub(crate) time_column: Option<String>,
    said: Mutex<Said>,
}

#[derive(Debug, Default)]
struct Said {
    answers: Vec<(Aggregate, Answer)>,
    spreads: Vec<(String, Arc<Spread>)>,
    queries: Vec<(String, Arc<Memory>)>,
    scans: Vec<(Vec<String>, Arc<Chunks>)>,
    unkept: Vec<Vec<String>>,
}

impl Memory {
    /// A memory that knows a frame's columns and nothing else yet.
    pub(crate) fn of(frame: &dyn Frame) -> Self {
        Self {
            fields: frame.fields().to_vec(),
            time_column: frame.time_column().map(str::to_owned),
            said: Mutex::default(),
        }
    }

    /// The memory that a digest was made from.
    pub(crate) fn from_digest(digest: FrameDigest) -> Self {
        let said = Said {
            answers: digest.answers,
            spreads: digest.spreads.into_iter().map(|(column, spread)| (column, Arc::new(spread))).collect(),
            queries: digest
                .queries
                .into_iter()
                .map(|(sql, result)| (sql, Arc::new(Self::from_digest(result))))
                .collect(),
            scans: digest.scans.into_iter().map(|(columns, chunks)| (columns, Arc::new(chunks))).collect(),
            unkept: digest.unkept,
        };
        Self { fields: digest.fields, time_column: digest.time_column, said: Mutex::new(said) }
    }

    /// All of it, to be kept.
    pub(crate) fn digest(&self) -> FrameDigest {
        let said = self.said();
        FrameDigest {
            fields: self.fields.clone(),
            time_column: self.time_column.clone(),
            answers: said.answers.clone(),
            spreads: said.spreads.iter().map(|(column, spread)| (column.clone(), Spread::clone(spread))).collect(),
            queries: said.queries.iter().map(|(sql, result)| (sql.clone(), result.digest())).collect(),
            scans: said.scans.iter().map(|(columns, chunks)| (columns.clone(), chunks.to_vec())).collect(),
            unkept: said.unkept.clone(),
        }
    }

    /// The answer to each ask, where it is known.
    pub(crate) fn answers(&self, asks: &[Aggregate]) -> Vec<Option<Answer>> {
        let said = self.said();
        let known = |ask: &Aggregate| said.answers.iter().find(|(known, _)| known == ask);
        asks.iter().map(|ask| known(ask).map(|(_, answer)| answer.clone())).collect()
    }

    pub(crate) fn learn(&self, asks: &[Aggregate], answers: &[Answer]) {
        let mut said = self.said();
        for (ask, answer) in asks.iter().zip(answers) {
            if !said.answers.iter().any(|(known, _)| known == ask) {
                said.answers.push((ask.clone(), answer.clone()));
            }
        }
    }

    /// The same of asks that were not asked before.
    pub(crate) fn learn_all(&self, asks: &[Aggregate], answers: &[Answer]) {
        self.said().answers.extend(asks.iter().cloned().zip(answers.iter().cloned()));
    }

    /// How many histograms of a column are known; a bin that depends on the window is another one at every tick.
    pub(crate) fn histograms(&self, column: &str) -> usize {
        let of_column = |ask: &Aggregate| matches!(ask, Aggregate::Histogram(of, _) if of == column);
        self.said().answers.iter().filter(|(ask, _)| of_column(ask)).count()
    }

    /// The columns of numbers of which a histogram is known and not yet how their values are spread.
    pub(crate) fn unspread(&self) -> Vec<String> {
        let is_number = |kind: FieldKind| matches!(kind, FieldKind::Number | FieldKind::Integer);
        let numbers = self.fields.iter().filter(|field| is_number(field.kind)).map(|field| field.name.clone());
        numbers.filter(|column| self.histograms(column) > 0 && self.spread(column).is_none()).collect()
    }

    /// Whether it, or a query over it, was asked for a histogram whose column's spread is not known.
    pub(crate) fn asks_for_bins(&self) -> bool {
        !self.unspread().is_empty() || self.queries().iter().any(|(_, result)| result.asks_for_bins())
    }

    /// The queries that were asked, and what is known of their results.
    pub(crate) fn queries(&self) -> Vec<(String, Arc<Self>)> {
        self.said().queries.clone()
    }

    /// How a column's values are spread, where that is known.
    pub(crate) fn spread(&self, column: &str) -> Option<Arc<Spread>> {
        self.said().spreads.iter().find(|(known, _)| known == column).map(|(_, spread)| Arc::clone(spread))
    }

    pub(crate) fn learn_spread(&self, column: &str, spread: Spread) {
        let mut said = self.said();
        if !said.spreads.iter().any(|(known, _)| known == column) {
            said.spreads.push((column.to_owned(), Arc::new(spread)));
        }
    }

    /// What is known of a query's result.
    pub(crate) fn query(&self, sql: &str) -> Option<Arc<Self>> {
        self.said().queries.iter().find(|(known, _)| known == sql).map(|(_, result)| Arc::clone(result))
    }

    /// Remembers a query by the frame it gave.
    pub(crate) fn learn_query(&self, sql: &str, result: &dyn Frame) -> Arc<Self> {
        let memory = Arc::new(Self::of(result));
        self.said().queries.push((sql.to_owned(), Arc::clone(&memory)));
        memory
    }

    pub(crate) fn scan(&self, columns: &[String]) -> Option<Arc<Chunks>> {
        self.said().scans.iter().find(|(known, _)| known == columns).map(|(_, chunks)| Arc::clone(chunks))
    }

    /// Remembers a scan that was read to its end; `None`: it was too long to be kept.
    pub(crate) fn learn_scan(&self, columns: &[String], chunks: Option<Chunks>) {
        let mut said = self.said();
        match chunks {
            Some(chunks) if !said.scans.iter().any(|(known, _)| known == columns) => {
                said.scans.push((columns.to_vec(), Arc::new(chunks)));
            }
            None if !said.unkept.iter().any(|known| known == columns) => said.unkept.push(columns.to_vec()),
            _ => {}
        }
    }

    fn said(&self) -> MutexGuard<'_, Said> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
