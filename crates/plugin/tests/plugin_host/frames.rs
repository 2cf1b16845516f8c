//! Frames: a table in memory with real aggregates, and frames that never answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, mpsc},
};

use async_trait::async_trait;
use watchkeeper_engine::ports::{
    frame::{Aggregate, Answer, Column, Field, FieldKind, Frame, FrameError, FrameFault, Scan, Values},
    memory::Memory,
};

/// Columns of numbers; `None` is a null.
pub(crate) struct Table {
    fields: Vec<Field>,
    columns: BTreeMap<String, Vec<Option<f64>>>,
}

impl Table {
    pub(crate) fn of(columns: &[(&str, &[Option<f64>])]) -> Arc<dyn Frame> {
        let field = |name: &str| Field {
            name: name.to_owned(),
            kind: FieldKind::Number,
            data_type: "Float64".to_owned(),
            nullable: true,
        };
        Arc::new(Self {
            fields: columns.iter().map(|(name, _)| field(name)).collect(),
            columns: columns.iter().map(|(name, values)| ((*name).to_owned(), values.to_vec())).collect(),
        })
    }

    fn column(&self, name: &str) -> Result<&[Option<f64>], FrameError> {
        self.columns
            .get(name)
            .map(Vec::as_slice)
            .ok_or_else(|| FrameError::new(FrameFault::Missing, format!("there is no column `{name}`")))
    }

    fn values(&self, name: &str) -> Result<Vec<f64>, FrameError> {
        Ok(self.column(name)?.iter().flatten().copied().collect())
    }

    fn answer(&self, ask: &Aggregate) -> Result<Answer, FrameError> {
        let count = |count: usize| Answer::Count(count as u64);
        let fold = |values: Vec<f64>, pick: fn(f64, f64) -> f64| Answer::Number(values.into_iter().reduce(pick));
        Ok(match ask {
            Aggregate::Rows => count(self.columns.values().next().map_or(0, Vec::len)),
            Aggregate::Nulls(name) => count(self.column(name)?.iter().filter(|value| value.is_none()).count()),
            Aggregate::Nans(name) => count(self.values(name)?.iter().filter(|value| value.is_nan()).count()),
            Aggregate::Distinct(name) => {
                count(self.values(name)?.into_iter().map(f64::to_bits).collect::<BTreeSet<_>>().len())
            }
            Aggregate::Minimum(name) => fold(self.values(name)?, f64::min),
            Aggregate::Maximum(name) => fold(self.values(name)?, f64::max),
            Aggregate::Mean(name) => {
                let values = self.values(name)?;
                let mean = values.iter().sum::<f64>() / values.len() as f64;
                Answer::Number((!values.is_empty()).then_some(mean))
            }
            other => return Err(FrameError::new(FrameFault::Missing, format!("this table does not answer {other:?}"))),
        })
    }
}

#[async_trait]
impl Frame for Table {
    fn fields(&self) -> &[Field] {
        &self.fields
    }
    fn time_column(&self) -> Option<&str> {
        None
    }
    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        asks.iter().map(|ask| self.answer(ask)).collect()
    }
    async fn query_in(&self, _sql: &str, _memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        Ok(Arc::new(Self { fields: self.fields.clone(), columns: self.columns.clone() }))
    }
    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        let chunk = columns.iter().map(|name| self.column(name).map(column)).collect::<Result<_, _>>()?;
        Ok(Box::new(OneChunk(Some(chunk))))
    }
}

fn column(values: &[Option<f64>]) -> Column {
    let mut validity = vec![0u64; values.len().div_ceil(64)];
    for (row, _) in values.iter().enumerate().filter(|(_, value)| value.is_some()) {
        validity[row / 64] |= 1 << (row % 64);
    }
    let numbers = values.iter().map(|value| value.unwrap_or_default()).collect();
    Column { values: Values::Numbers(numbers), validity: Some(validity) }
}

struct OneChunk(Option<Vec<Column>>);

#[async_trait]
impl Scan for OneChunk {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        Ok(self.0.take())
    }
}

/// How a frame keeps its guest waiting.
pub(crate) enum Stuck {
    /// A future that is never ready.
    Pending,
    /// A thread that is held until the other end is dropped.
    Blocking(Mutex<mpsc::Receiver<()>>),
}

#[async_trait]
impl Frame for Stuck {
    fn fields(&self) -> &[Field] {
        &[]
    }
    fn time_column(&self) -> Option<&str> {
        None
    }
    async fn aggregate(&self, _asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        self.wait().await
    }
    async fn query_in(&self, _sql: &str, _memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        self.wait().await
    }
    async fn scan(&self, _columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        self.wait().await
    }
}

impl Stuck {
    async fn wait<T>(&self) -> Result<T, FrameError> {
        match self {
            Self::Pending => std::future::pending().await,
            Self::Blocking(held) => {
                let released = held.lock().map(|held| held.recv());
                Err(FrameError::new(FrameFault::Missing, format!("released: {released:?}")))
            }
        }
    }
}
