//! Reads: data is waited for by its own monitor alone. Each source has a bounded number of reads that have not ended; one
//! that cannot be interrupted goes on counting after its monitor gave up, until it really ends. A check that waits for
//! data gives its turn to another one.

use std::{
    any::Any,
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use futures::FutureExt as _;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use watchkeeper_model::Name;

use crate::ports::{
    frame::{Aggregate, Answer, Column, Field, Frame, FrameError, FrameFault, Scan},
    memory::Memory,
};

/// Reads of one source that have not ended, at most; the next ones wait for them.
const OF_ONE_SOURCE_MAX: usize = 8;
/// Checks of one source that are under way, at most: one that hangs leaves room for the others.
const CHECKS_OF_ONE_SOURCE_MAX: usize = 8;
/// Checks that are under way in all, computing or waiting for data; the host has room for more.
const CHECKS_MAX: usize = 48;
/// Reads of all sources that have just begun, at most: they share the processors.
const FRESH_MAX: usize = 16;
/// A read that has not ended after so long waits for its data, and no longer counts as fresh.
const FRESH_FOR: Duration = Duration::from_millis(250);

/// The reads of every source.
pub(crate) struct Reads {
    of: Mutex<BTreeMap<Name, Reading>>,
    fresh: Arc<Semaphore>,
    checks: Arc<Semaphore>,
}

/// The reads of one source.
#[derive(Clone)]
pub(crate) struct Reading {
    own: Arc<Semaphore>,
    fresh: Arc<Semaphore>,
    own_checks: Arc<Semaphore>,
    checks: Arc<Semaphore>,
}

/// Room for one check to be under way.
pub(crate) struct Room {
    _of_source: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

impl Default for Reads {
    fn default() -> Self {
        let (fresh, checks) = (Arc::new(Semaphore::new(FRESH_MAX)), Arc::new(Semaphore::new(CHECKS_MAX)));
        Self { of: Mutex::default(), fresh, checks }
    }
}

impl Reads {
    pub(crate) fn of(&self, source: &Name) -> Reading {
        let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        let reading = of.entry(source.clone()).or_insert_with(|| Reading {
            own: Arc::new(Semaphore::new(OF_ONE_SOURCE_MAX)),
            fresh: Arc::clone(&self.fresh),
            own_checks: Arc::new(Semaphore::new(CHECKS_OF_ONE_SOURCE_MAX)),
            checks: Arc::clone(&self.checks),
        });
        reading.clone()
    }
}

impl Reading {
    /// How many have not ended.
    pub(crate) fn under_way(&self) -> usize {
        OF_ONE_SOURCE_MAX - self.own.available_permits()
    }

    /// Waits for room for a check over this source.
    pub(crate) async fn room(&self) -> Result<Room, FrameError> {
        Ok(Room {
            _of_source: Arc::clone(&self.own_checks).acquire_owned().await.map_err(gone)?,
            _of_all: Arc::clone(&self.checks).acquire_owned().await.map_err(gone)?,
        })
    }

    /// Runs one read to its end. One that has to wait does so in a task of its own: whoever stops waiting for it does not
    /// make it end. What is held needs none.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl Future<Output = Result<T, FrameError>> + Send + 'static,
    ) -> Result<T, FrameError> {
        let own = Arc::clone(&self.own).acquire_owned().await.map_err(gone)?;
        let fresh = self.fresh.acquire().await.map_err(gone)?;
        let mut read = AssertUnwindSafe(read).catch_unwind().boxed();
        if let Poll::Ready(read) = futures::poll!(&mut read) {
            return read.unwrap_or_else(|panic| Err(failed(&*panic)));
        }
        let mut reading = tokio::spawn(async move {
            let read = read.await;
            drop(own);
            read
        });
        let ended = match tokio::time::timeout(FRESH_FOR, &mut reading).await {
            Ok(ended) => ended,
            Err(_) => {
                drop(fresh);
                reading.await
            }
        };
        // Only the end of the runtime ends a read that caught its own panic.
        let read = ended.map_err(|_| FrameError::new(FrameFault::Unreachable, STOPPING))?;
        read.unwrap_or_else(|panic| Err(failed(&*panic)))
    }
}

const STOPPING: &str = "the engine is being stopped";

/// Semaphores are closed by nobody; if one were, nothing could be read.
fn gone(_: AcquireError) -> FrameError {
    FrameError::new(FrameFault::Unreachable, STOPPING)
}

fn failed(panic: &(dyn Any + Send)) -> FrameError {
    let said = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let said = said.unwrap_or("it panicked");
    FrameError::new(FrameFault::Malformed, format!("the read failed by a mistake in Watchkeeper: {said}"))
}

/// A check's turn at the processors, given to others while it waits for data.
pub(crate) struct Turn {
    all: Arc<Semaphore>,
    held: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Turn {
    pub(crate) async fn take(all: &Arc<Semaphore>) -> Arc<Self> {
        let turn = Self { all: Arc::clone(all), held: Mutex::default() };
        turn.resume().await;
        Arc::new(turn)
    }

    async fn resume(&self) {
        let permit = Arc::clone(&self.all).acquire_owned().await.ok();
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = permit;
    }

    fn pause(&self) {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// A frame whose reads count as its source's, and do not hold its check's turn.
pub(crate) struct CountedFrame {
    pub(crate) inner: Arc<dyn Frame>,
    pub(crate) reading: Reading,
    pub(crate) turn: Arc<Turn>,
}

impl CountedFrame {
    async fn run<T, Read>(&self, read: impl FnOnce(Arc<dyn Frame>) -> Read) -> Result<T, FrameError>
    where
        T: Send + 'static,
        Read: Future<Output = Result<T, FrameError>> + Send + 'static,
    {
        self.turn.pause();
        let ended = self.reading.run(read(Arc::clone(&self.inner))).await;
        self.turn.resume().await;
        ended
    }
}

#[async_trait]
impl Frame for CountedFrame {
    fn fields(&self) -> &[Field] {
        self.inner.fields()
    }

    fn time_column(&self) -> Option<&str> {
        self.inner.time_column()
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        let asks = asks.to_vec();
        self.run(|frame| async move { frame.aggregate(&asks).await }).await
    }

    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        let (sql, memory) = (sql.to_owned(), Arc::clone(memory));
        let inner = self.run(|frame| async move { frame.query_in(&sql, &memory).await }).await?;
        Ok(Arc::new(Self { inner, reading: self.reading.clone(), turn: Arc::clone(&self.turn) }))
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        let columns = columns.to_vec();
        let scan = self.run(|frame| async move { frame.scan(&columns).await }).await?;
        Ok(Box::new(CountedScan { scan: Some(scan), reading: self.reading.clone(), turn: Arc::clone(&self.turn) }))
    }
}

struct CountedScan {
    /// Absent after a read that somebody stopped waiting for.
    scan: Option<Box<dyn Scan>>,
    reading: Reading,
    turn: Arc<Turn>,
}

#[async_trait]
impl Scan for CountedScan {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let unread = || FrameError::new(FrameFault::Unreachable, "an earlier part of the rows could not be read");
        let mut scan = self.scan.take().ok_or_else(unread)?;
        self.turn.pause();
        let read = self.reading.run(async move { scan.next().await.map(|chunk| (scan, chunk)) }).await;
        self.turn.resume().await;
        let (scan, chunk) = read?;
        self.scan = Some(scan);
        Ok(chunk)
    }
}
