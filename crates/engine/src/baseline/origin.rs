//! Where a remembered frame's rows are, opened only when the memory does not hold what is asked.

use std::sync::Arc;

use tokio::sync::OnceCell;
use watchkeeper_model::Name;

use super::fingerprint::{Moved, moved};
use crate::ports::baseline::Fingerprint;
use crate::ports::frame::{Frame, FrameError, FrameFault, Sources};

const GONE: &str = "the run that is replayed did not ask this, or its answer was too long to be kept";

/// The rows behind a memory.
pub(crate) enum Origin {
    /// There are none: what is replayed asks only what it asked then.
    Gone,
    /// They are open.
    Open(Arc<dyn Frame>),
    /// They are a frozen baseline's, to be opened only if they are still the ones that were frozen.
    Frozen(Box<FrozenRows>),
    /// They are a query's over another origin's.
    Query {
        /// The rows that are queried.
        of: Arc<Origin>,
        /// The query.
        sql: String,
        /// Its result, once it was needed.
        result: OnceCell<Arc<dyn Frame>>,
    },
}

/// The rows of a frozen baseline.
pub(crate) struct FrozenRows {
    pub(crate) monitor: Name,
    pub(crate) sources: Arc<dyn Sources>,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) opened: OnceCell<Arc<dyn Frame>>,
}

impl Origin {
    /// The frame itself.
    pub(crate) async fn frame(&self) -> Result<Arc<dyn Frame>, FrameError> {
        match self {
            Self::Gone => Err(FrameError::new(FrameFault::Missing, GONE)),
            Self::Open(frame) => Ok(Arc::clone(frame)),
            Self::Frozen(rows) => rows.opened.get_or_try_init(|| rows.open()).await.cloned(),
            Self::Query { of, sql, result } => {
                let query = || async { Box::pin(of.frame()).await?.query(sql).await };
                result.get_or_try_init(query).await.cloned()
            }
        }
    }
}

impl FrozenRows {
    async fn open(&self) -> Result<Arc<dyn Frame>, FrameError> {
        let print = &self.fingerprint;
        let (fault, why) = match moved(&*self.sources, print).await {
            Ok(None) => return self.sources.open(&print.source, print.span).await,
            Ok(Some(Moved { rows })) => {
                (FrameFault::Missing, format!("its data has changed since ({} rows then, {rows} now)", print.rows))
            }
            Err(error) => (error.fault, format!("its data cannot be read any more: {error}")),
        };
        let monitor = &self.monitor;
        let message = format!(
            "the frozen baseline of `{monitor}` holds answers, not rows, and not the answer that is asked; {why}. \
             `watchkeeper baseline refresh {monitor}` takes the data as it is"
        );
        Err(FrameError::new(fault, message))
    }
}
