//! A source as it was read: its columns, and its rows sorted by time in memory, or the plan that reads them.

use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, Weak};

use datafusion::arrow::array::{Array, RecordBatch, UInt64Array};
use datafusion::arrow::compute::take_record_batch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::dataframe::DataFrame;
use watchkeeper_engine::ports::frame::{FrameError, FrameFault, Span};

use crate::cut::Cut;
use crate::fault::{Why, fault_of, reason};
use crate::footer::Footer;
use crate::kind::{Lines, Listing, Timed};
use crate::rows::Rows;
use crate::shape::Shape;
use crate::time::{ceil_micros, micros, within};

/// What a table was made from; a table of the same stamp is the same table.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Stamp {
    /// Of files: which they are.
    pub(crate) listing: Option<Listing>,
    /// Of files: the columns that they are read with.
    pub(crate) columns: Option<SchemaRef>,
    /// Of a view: the stamps of its inputs.
    pub(crate) inputs: Vec<Arc<Stamp>>,
    /// Of a document: its text.
    pub(crate) document: Option<Vec<u8>>,
}

impl Stamp {
    /// Whether both are of the same data, read with whatever columns.
    pub(crate) fn is_of_same_data(&self, other: &Self) -> bool {
        self.listing == other.listing && self.inputs == other.inputs && self.document == other.document
    }

    /// Bytes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        self.listing.as_ref().map_or(0, Listing::bytes) + self.inputs.iter().map(|input| input.bytes()).sum::<u64>()
    }
}

type Cuts = std::sync::Mutex<Vec<(Span, Weak<Cut>)>>;

/// A source that was opened before.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it was made from.
    pub(crate) stamp: Arc<Stamp>,
    /// Its columns.
    pub(crate) shape: Arc<Shape>,
    rows: Rows,
    /// In memory with a time column: the times of the first rows in ascending order; rows without one come after.
    times: Vec<i64>,
    /// What its files say of all rows.
    footer: Option<Arc<Footer>>,
    /// Its files, where they say when their rows are.
    timed: Option<Timed>,
    /// What was cut of it and is still held: who opens the same rows shares it.
    cuts: Cuts,
    /// Why no window can be cut: its time column holds what is not a time.
    untimely: Option<FrameError>,
    /// When it was last looked at, as its keeper counts.
    pub(crate) looked_at: AtomicU64,
}

impl Table {
    /// Takes the rows of a plan: into memory if they take at most so many bytes, which 0 never allows.
    pub(crate) async fn read(
        name: &str,
        time_column: Option<&str>,
        stamp: Arc<Stamp>,
        plan: DataFrame,
        bytes_max: usize,
        lines: Option<Lines>,
    ) -> Result<Self, FrameError> {
        let schema = Arc::clone(plan.schema().inner());
        let shape = Arc::new(Shape::new(name, schema, time_column)?.with_lines(lines));
        let streamed = |plan: DataFrame| Rows::Plan(Box::new(plan));
        let rows =
            if bytes_max == 0 { Ok(streamed(plan.clone())) } else { Rows::gather(plan.clone(), bytes_max).await };
        match rows {
            Ok(Rows::Memory(batch)) => match Self::sorted(&stamp, &shape, batch) {
                Ok(table) => Ok(table),
                Err(untimely) => {
                    Ok(Self { untimely: Some(untimely), ..Self::unsorted(&stamp, &shape, streamed(plan)) })
                }
            },
            Ok(rows) => Ok(Self::unsorted(&stamp, &shape, rows)),
            Err(error) => match fault_of(&error) {
                // A value that cannot be read is a matter of its column; the others are read without it.
                FrameFault::Malformed => Ok(Self::unsorted(&stamp, &shape, streamed(plan))),
                fault => Err(Why::new(fault, format!("cannot be read: {}", reason(&error))).of(name)),
            },
        }
    }

    /// With what its files say of their rows.
    pub(crate) fn with_footers(self, footer: Option<Footer>, timed: Option<Timed>) -> Self {
        Self { footer: footer.map(Arc::new), timed, ..self }
    }

    /// What its files say of the rows of a span, which are all of them.
    fn footer_of(&self, span: Span) -> Option<&Arc<Footer>> {
        self.footer.as_ref().filter(|footer| footer.lies_in(span, self.shape.time))
    }

    /// Takes rows that are in memory already.
    pub(crate) fn of_rows(
        name: &str,
        time_column: Option<&str>,
        stamp: Arc<Stamp>,
        rows: RecordBatch,
    ) -> Result<Self, FrameError> {
        let shape = Arc::new(Shape::new(name, rows.schema(), time_column)?);
        Self::sorted(&stamp, &shape, rows)
    }

    /// Sorts by time, keeping the order of the files where times are equal.
    fn sorted(stamp: &Arc<Stamp>, shape: &Arc<Shape>, batch: RecordBatch) -> Result<Self, FrameError> {
        let Some(column) = shape.time else { return Ok(Self::unsorted(stamp, shape, Rows::Memory(batch))) };
        let times = micros(batch.column(column)).map_err(|error| {
            shape
                .malformed(format!("its time column `{}` holds what is not a time: {error}", shape.fields[column].name))
        })?;
        let mut order: Vec<(i64, u64)> = times.iter().zip(0..).filter_map(|(time, row)| Some((time?, row))).collect();
        let kept = times.null_count() == 0 && order.is_sorted();
        order.sort_unstable();
        let batch = if kept { batch } else { reorder(shape, &batch, &order, times.is_nullable().then_some(&times))? };
        let times = order.into_iter().map(|(time, _)| time).collect();
        Ok(Self { times, ..Self::unsorted(stamp, shape, Rows::Memory(batch)) })
    }

    fn unsorted(stamp: &Arc<Stamp>, shape: &Arc<Shape>, rows: Rows) -> Self {
        Self {
            stamp: Arc::clone(stamp),
            shape: Arc::clone(shape),
            rows,
            times: Vec::new(),
            footer: None,
            timed: None,
            cuts: Cuts::default(),
            untimely: None,
            looked_at: AtomicU64::new(0),
        }
    }

    /// What it holds in memory.
    pub(crate) fn bytes(&self) -> usize {
        match &self.rows {
            Rows::Memory(batch) => batch.get_array_memory_size() + size_of_val(&*self.times),
            Rows::Plan(_) => 0,
        }
    }

    /// All rows, in this table's order.
    pub(crate) fn rows(&self) -> &Rows {
        &self.rows
    }

    /// The rows with a time in the span, the same for all that hold them at once.
    pub(crate) fn cut(&self, span: Span) -> Result<Arc<Cut>, FrameError> {
        let mut cuts = self.cuts.lock().unwrap_or_else(PoisonError::into_inner);
        cuts.retain(|(_, cut)| cut.strong_count() > 0);
        let known = cuts.iter().find(|(of, _)| *of == span).and_then(|(_, cut)| cut.upgrade());
        if let Some(known) = known {
            return Ok(known);
        }
        let (rows, footer) = self.within(span)?;
        let cut = Arc::new(Cut::new(Arc::clone(&self.shape), rows, footer));
        cuts.push((span, Arc::downgrade(&cut)));
        Ok(cut)
    }

    /// The rows of a span, with what files say of them where they say it of no others.
    fn within(&self, span: Span) -> Result<(Rows, Option<Arc<Footer>>), FrameError> {
        if let Some(footer) = self.footer_of(span) {
            return Ok((self.rows.clone(), Some(Arc::clone(footer))));
        }
        if span == Span::default() {
            return Ok((self.rows.clone(), None));
        }
        let Some(column) = self.shape.time else {
            return Err(self.shape.windowless());
        };
        if let Some(untimely) = &self.untimely {
            return Err(untimely.clone());
        }
        let plan = match &self.rows {
            Rows::Memory(batch) => return Ok((Rows::Memory(self.slice(batch, span)), None)),
            Rows::Plan(plan) => plan,
        };
        let uncut = |error| self.shape.refused(format!("cannot cut a window: {}", reason(&error)));
        let timed = self.timed.as_ref().map(|timed| timed.within(span)).transpose().map_err(uncut)?;
        if let Some((rows, footer)) = timed.flatten() {
            return Ok((Rows::Plan(Box::new(rows)), footer.map(Arc::new)));
        }
        let field = self.shape.schema.field(column);
        let filter = within(field.name(), field.data_type(), span);
        let cut = filter.map_or_else(|| Ok(plan.as_ref().clone()), |filter| plan.as_ref().clone().filter(filter));
        Ok((Rows::Plan(Box::new(cut.map_err(uncut)?)), None))
    }

    fn slice(&self, batch: &RecordBatch, span: Span) -> RecordBatch {
        let before = |bound: i64| self.times.partition_point(|time| *time < bound);
        let start = span.start.map_or(0, |start| before(ceil_micros(start)));
        let end = span.end.map_or(self.times.len(), |end| before(ceil_micros(end)));
        batch.slice(start, end.saturating_sub(start))
    }
}

/// Rows by time, then those without one.
fn reorder(
    shape: &Shape,
    batch: &RecordBatch,
    order: &[(i64, u64)],
    times: Option<&datafusion::arrow::array::Int64Array>,
) -> Result<RecordBatch, FrameError> {
    let timeless = times.into_iter().flat_map(|times| times.iter().zip(0..).filter(|(time, _)| time.is_none()));
    let rows: UInt64Array = order.iter().map(|(_, row)| *row).chain(timeless.map(|(_, row)| row)).collect();
    take_record_batch(batch, &rows).map_err(|error| shape.malformed(format!("cannot be sorted by time: {error}")))
}
