//! This process among those that share a store.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// This process among those that share a store.
#[derive(Debug)]
pub(crate) struct Me {
    pub(crate) id: String,
    pub(crate) name: String,
    /// How long it keeps what it has when it is not heard of.
    pub(crate) lease: Duration,
    standing: Mutex<Standing>,
}

#[derive(Debug, Clone)]
pub(crate) struct Standing {
    /// Until when the lease lasts for certain, by this machine's own clock.
    pub(crate) until: Instant,
    /// Who is at work, in the order of their ids.
    pub(crate) alive: Arc<[String]>,
}

impl Me {
    /// Its lease is still to be granted.
    pub(crate) fn new(id: &str, name: &str, lease: Duration) -> Self {
        let standing = Mutex::new(Standing { until: Instant::now(), alive: Arc::default() });
        Self { id: id.to_owned(), name: name.to_owned(), lease, standing }
    }

    pub(crate) fn standing(&self) -> Standing {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The server granted the lease some time after `begun`.
    pub(crate) fn stand(&self, begun: Instant, alive: Vec<String>) {
        let until = begun + self.lease - self.lease / 10;
        *self.standing.lock().unwrap_or_else(PoisonError::into_inner) = Standing { until, alive: alive.into() };
    }
}
