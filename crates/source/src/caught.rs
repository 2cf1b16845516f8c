//! Readers of files that give up with a panic on what is damaged: that is an error of the source, and nobody else's.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_trait::async_trait;
use futures::FutureExt;
use watchkeeper_engine::ports::frame::{Aggregate, Answer, Column, Field, Frame, FrameError, RowCount, Scan};
use watchkeeper_engine::ports::memory::Memory;

use crate::fault::malformed;

/// Waits for a read of a source; a panic in it is an error. What was being read is not used again by anybody.
pub(crate) async fn caught<T>(
    source: &str,
    read: impl Future<Output = Result<T, FrameError>>,
) -> Result<T, FrameError> {
    AssertUnwindSafe(read).catch_unwind().await.unwrap_or_else(|panic| Err(gave_up(source, panic.as_ref())))
}

fn gave_up(source: &str, panic: &(dyn Any + Send)) -> FrameError {
    let said = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    let said = said.and_then(|said| said.lines().next()).unwrap_or("no reason");
    malformed(
        source,
        format!("cannot be read: its reader gave up ({said}); a file is probably damaged, write it again"),
    )
}

/// A frame whose every read is caught.
pub(crate) struct CaughtFrame {
    pub(crate) source: Arc<str>,
    pub(crate) inner: Arc<dyn Frame>,
}

#[async_trait]
impl Frame for CaughtFrame {
    fn fields(&self) -> &[Field] {
        self.inner.fields()
    }

    fn time_column(&self) -> Option<&str> {
        self.inner.time_column()
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        caught(&self.source, self.inner.aggregate(asks)).await
    }

    async fn query_in(&self, sql: &str, memory: &Arc<Memory>) -> Result<Arc<dyn Frame>, FrameError> {
        let inner = caught(&self.source, self.inner.query_in(sql, memory)).await?;
        Ok(Arc::new(Self { source: Arc::clone(&self.source), inner }))
    }

    async fn count_to(&self, enough: u64) -> Result<RowCount, FrameError> {
        caught(&self.source, self.inner.count_to(enough)).await
    }

    async fn remark(&self, column: &str) -> Option<String> {
        self.inner.remark(column).await
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        let inner = caught(&self.source, self.inner.scan(columns)).await?;
        Ok(Box::new(CaughtScan { source: Arc::clone(&self.source), inner: Some(inner) }))
    }
}

struct CaughtScan {
    source: Arc<str>,
    /// Absent after a read that failed.
    inner: Option<Box<dyn Scan>>,
}

#[async_trait]
impl Scan for CaughtScan {
    async fn next(&mut self) -> Result<Option<Vec<Column>>, FrameError> {
        let Some(mut inner) = self.inner.take() else { return Ok(None) };
        let chunk = caught(&self.source, inner.next()).await?;
        self.inner = Some(inner);
        Ok(chunk)
    }
}
