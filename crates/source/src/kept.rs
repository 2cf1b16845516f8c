//! Tables that are kept until their data changes, within one budget of all sources: past it, those go that nobody has
//! looked at for longest.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use watchkeeper_engine::ports::frame::FrameError;

use crate::table::{Stamp, Table};

/// Bytes of rows that are kept from one evaluation to the next, at most; a table of more is kept alone.
const BYTES_MAX: usize = 512 << 20;

/// All tables that are kept.
#[derive(Debug)]
pub(crate) struct Budget {
    bytes_max: usize,
    looks: AtomicU64,
    tables: Mutex<Vec<Arc<Table>>>,
}

/// The tables of a source as it was last: one, or one for each set of columns that was asked for.
#[derive(Debug)]
pub(crate) struct Kept {
    budget: Arc<Budget>,
    tables: tokio::sync::Mutex<Vec<Weak<Table>>>,
}

impl Kept {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self { budget: Arc::clone(budget), tables: tokio::sync::Mutex::default() }
    }

    /// The table of a stamp, read unless it is kept. Locked while it is read, so that two opens at once read it once.
    pub(crate) async fn or_read(
        &self,
        stamp: Stamp,
        read: impl AsyncFnOnce(Arc<Stamp>) -> Result<Table, FrameError>,
    ) -> Result<Arc<Table>, FrameError> {
        let mut kept = self.tables.lock().await;
        kept.retain(|table| table.upgrade().is_some_and(|table| self.budget.holds_on_to(&table, &stamp)));
        let known = kept.iter().filter_map(Weak::upgrade).find(|table| *table.stamp == stamp);
        if let Some(table) = known {
            self.budget.looked_at(&table);
            return Ok(table);
        }
        let table = Arc::new(read(Arc::new(stamp)).await?);
        kept.push(Arc::downgrade(&table));
        self.budget.keep(&table);
        Ok(table)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self { bytes_max: BYTES_MAX, looks: AtomicU64::new(0), tables: Mutex::default() }
    }
}

impl Budget {
    fn looked_at(&self, table: &Table) {
        table.looked_at.store(self.looks.fetch_add(1, Ordering::Relaxed), Ordering::Relaxed);
    }

    fn keep(&self, table: &Arc<Table>) {
        self.looked_at(table);
        let mut tables = self.tables();
        tables.push(Arc::clone(table));
        let mut bytes: usize = tables.iter().map(|table| table.bytes()).sum();
        if bytes <= self.bytes_max {
            return;
        }
        tables.sort_by_key(|table| table.looked_at.load(Ordering::Relaxed));
        let newest = tables.len() - 1;
        let mut place = 0;
        tables.retain(|table| {
            let goes = place < newest && bytes > self.bytes_max && table.bytes() > 0;
            bytes -= if goes { table.bytes() } else { 0 };
            place += 1;
            !goes
        });
    }

    /// Whether a table is of the data as it is now; one that is not is let go.
    fn holds_on_to(&self, table: &Arc<Table>, now: &Stamp) -> bool {
        let is_now = table.stamp.is_of_same_data(now);
        if !is_now {
            self.tables().retain(|kept| !Arc::ptr_eq(kept, table));
        }
        is_now
    }

    fn tables(&self) -> MutexGuard<'_, Vec<Arc<Table>>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Float64Array, RecordBatch};

    use super::*;

    fn table(stamp: Arc<Stamp>) -> Result<Table, FrameError> {
        let numbers = Arc::new(Float64Array::from_iter_values((0..1_000).map(f64::from)));
        let rows = RecordBatch::try_from_iter([("x", numbers as _)]).expect("a batch");
        Table::of_rows("rows", None, stamp, rows)
    }

    #[tokio::test]
    async fn what_was_not_looked_at_for_longest_goes_and_is_read_again() {
        let room_for_two = 2 * table(Arc::default()).expect("a table").bytes();
        let budget = Arc::new(Budget { bytes_max: room_for_two, ..Budget::default() });
        let sources = [(); 3].map(|()| Kept::new(&budget));
        let mut read = [0; 3];
        // The first is looked at once more before the third comes, so that the second goes.
        for source in [0, 1, 0, 2, 0, 1, 1, 2] {
            let reading = async |stamp: Arc<Stamp>| {
                read[source] += 1;
                table(stamp)
            };
            sources[source].or_read(Stamp::default(), reading).await.expect("it is read");
            assert!(budget.tables().iter().map(|table| table.bytes()).sum::<usize>() <= room_for_two);
        }
        assert_eq!(read, [1, 2, 2]);
    }

    #[tokio::test]
    async fn what_has_changed_is_not_kept() {
        let budget = Arc::new(Budget::default());
        let source = Kept::new(&budget);
        for text in ["one", "two"] {
            let stamp = Stamp { document: Some(text.into()), ..Stamp::default() };
            let read = source.or_read(stamp, async |stamp: Arc<Stamp>| table(stamp)).await.expect("it is read");
            assert_eq!(read.stamp.document.as_deref(), Some(text.as_bytes()));
            assert_eq!(budget.tables().len(), 1);
        }
    }
}
