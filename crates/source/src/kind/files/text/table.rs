//! Text files as a table: the columns asked for are read, and the texts of no others.

use std::collections::VecDeque;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::object_store::ObjectStore;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use futures::stream;

use super::cell::Column;
use super::input::{Decoding, Unpacked};
use super::records::Record;
use super::{AnyRecords, Misread, TextFile};
use crate::kind::files::File;
use crate::session::SCAN_PARTS;
use crate::shape::{kind_of, word};

/// Rows of a batch, and values of one.
const BATCH_ROWS: usize = 16_384;
const BATCH_VALUES: usize = 1 << 20;
/// The texts of a batch: long ones make it short.
const BATCH_BYTES: usize = 8 << 20;

/// A file, how it is written, and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    pub(crate) file: File,
    pub(crate) text: Arc<TextFile>,
    pub(crate) shown: String,
}

/// Text files of the same columns.
#[derive(Debug)]
pub(crate) struct TextTable {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) files: Vec<Written>,
    pub(crate) schema: SchemaRef,
}

#[async_trait]
impl TableProvider for TextTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let all = || (0..self.schema.fields().len()).collect();
        let columns: Vec<usize> = projection.cloned().unwrap_or_else(all);
        let schema = Arc::new(self.schema.project(&columns)?);
        let share = self.files.len().div_ceil(SCAN_PARTS).max(1);
        let part = |files: &[Written]| -> Arc<dyn PartitionStream> {
            let (store, schema) = (Arc::clone(&self.store), Arc::clone(&schema));
            Arc::new(TextPart { store, files: files.to_vec(), schema, columns: columns.clone() })
        };
        let parts = self.files.chunks(share).map(part).collect();
        Ok(Arc::new(StreamingTableExec::try_new(schema, parts, None, None, false, limit)?))
    }
}

/// Some of the files, one after another.
#[derive(Debug)]
struct TextPart {
    store: Arc<dyn ObjectStore>,
    files: Vec<Written>,
    /// The columns asked for.
    schema: SchemaRef,
    /// Their places in each file.
    columns: Vec<usize>,
}

impl PartitionStream for TextPart {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let reading = Reading {
            store: Arc::clone(&self.store),
            files: self.files.clone().into(),
            open: None,
            rows: Rows::new(&self.schema, &self.columns),
        };
        let batches = stream::try_unfold(reading, |mut reading| async move {
            Ok(reading.next().await?.map(|batch| (batch, reading)))
        });
        Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches))
    }
}

struct Reading {
    store: Arc<dyn ObjectStore>,
    files: VecDeque<Written>,
    open: Option<Open>,
    rows: Rows,
}

/// A file that is being read.
struct Open {
    of: Written,
    input: Unpacked,
    decoding: Decoding,
    records: AnyRecords,
    /// Rows to leave out: the header.
    skip: usize,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(batch) = self.rows.done.pop_front() {
                return Ok(Some(batch));
            }
            if self.open.is_none() {
                let Some(next) = self.files.pop_front() else { return self.rows.rest() };
                self.open = Some(Open::new(self.store.as_ref(), next).await?);
            }
            let Some(open) = &mut self.open else { continue };
            let more = open.step(&mut self.rows).await;
            if !more.map_err(|error| error.of(&open.of.shown))? {
                self.open = None;
            }
        }
    }
}

impl Open {
    async fn new(store: &dyn ObjectStore, of: Written) -> Result<Self> {
        let input = Unpacked::open(store, &of.file.meta.location, of.text.packing).await;
        let input = input.map_err(|error| error.of(&of.shown))?;
        let (decoding, records) = (Decoding::new(of.text.charset), of.text.records(Some(of.text.names.clone())));
        let skip = usize::from(of.text.has_header());
        Ok(Self { of, input, decoding, records, skip })
    }

    /// Reads on; gives whether there is more.
    async fn step(&mut self, rows: &mut Rows) -> Result<bool, Misread> {
        let bytes = self.input.next().await?;
        let line = self.records.line();
        let text = self.decoding.text(bytes.as_deref().unwrap_or_default(), bytes.is_none(), line)?;
        let (of, skip) = (&self.of, &mut self.skip);
        let mut sink = |record: &Record| {
            if *skip > 0 {
                *skip -= 1;
            } else {
                rows.add(record, of)?;
            }
            Ok(true)
        };
        self.records.push(&text, &mut sink)?;
        if bytes.is_none() {
            self.records.end(self.of.file.growing, &mut sink)?;
        }
        Ok(bytes.is_some())
    }
}

/// Rows that become batches.
struct Rows {
    schema: SchemaRef,
    places: Vec<usize>,
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
    rows_max: usize,
    done: VecDeque<RecordBatch>,
}

impl Rows {
    fn new(schema: &SchemaRef, places: &[usize]) -> Self {
        Self {
            schema: Arc::clone(schema),
            places: places.to_vec(),
            columns: schema.fields().iter().map(|field| Column::of(field.data_type())).collect(),
            rows: 0,
            bytes: 0,
            rows_max: (BATCH_VALUES / places.len().max(1)).clamp(1, BATCH_ROWS),
            done: VecDeque::new(),
        }
    }

    fn add(&mut self, record: &Record, of: &Written) -> Result<(), Misread> {
        let named = of.text.names.len();
        if record.len() != named {
            let (line, fields) = (record.line, record.len());
            return Err(Misread::told(format!(
                "line {line} of it has {fields} fields, and {named} are named; correct it, or set its `csv` delimiter"
            )));
        }
        for ((place, column), field) in self.places.iter().zip(&mut self.columns).zip(self.schema.fields()) {
            let text = record.get(*place);
            self.bytes += text.map_or(0, str::len);
            if column.add(text, &of.text.writing).is_err() {
                return Err(Misread::Unfit {
                    column: field.name().clone(),
                    kind: word(kind_of(field.data_type())),
                    line: record.line,
                    text: text.unwrap_or_default().to_owned(),
                });
            }
        }
        self.rows += 1;
        if self.rows >= self.rows_max || self.bytes >= BATCH_BYTES {
            let batch = self.batch()?;
            self.done.push_back(batch);
        }
        Ok(())
    }

    fn batch(&mut self) -> Result<RecordBatch, Misread> {
        let columns = self.columns.iter_mut().map(Column::finish).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.rows)));
        self.bytes = 0;
        Ok(RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)?)
    }

    /// What is left at the end.
    fn rest(&mut self) -> Result<Option<RecordBatch>> {
        if self.rows == 0 { Ok(None) } else { self.batch().map(Some).map_err(|error| error.of("its files")) }
    }
}
