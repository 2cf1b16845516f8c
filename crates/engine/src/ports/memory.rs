//! What a run may hold in memory: one account for the guest and for all that is held on the host's side for it. It is
//! closed with the run, and what still works for it stops.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio_util::sync::CancellationToken;

/// The account of one run.
#[derive(Debug)]
pub struct Memory {
    bytes_max: u64,
    held: AtomicU64,
    peak: AtomicU64,
    over: CancellationToken,
}

/// More was asked for than the run may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more memory than the check's limit of {} is needed; let it keep less, or raise the check's `memory`", Bytes(self.bytes_max))]
pub struct OutOfMemory {
    /// The run's limit.
    pub bytes_max: u64,
}

/// What is held of an account, given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    memory: Arc<Memory>,
    bytes: u64,
}

impl Memory {
    /// An account of which nothing is held.
    pub fn new(bytes_max: u64) -> Arc<Self> {
        Arc::new(Self { bytes_max, held: AtomicU64::new(0), peak: AtomicU64::new(0), over: CancellationToken::new() })
    }

    /// The limit, in bytes.
    pub const fn bytes_max(&self) -> u64 {
        self.bytes_max
    }

    /// What is held, in bytes.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// The most that was held at once, in bytes.
    pub fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    /// What may still be taken, in bytes.
    pub fn left(&self) -> u64 {
        self.bytes_max.saturating_sub(self.held())
    }

    /// Takes so many bytes until they are given back.
    pub fn take(&self, bytes: u64) -> Result<(), OutOfMemory> {
        let more = |held: u64| held.checked_add(bytes).filter(|held| *held <= self.bytes_max);
        match self.held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more) {
            Ok(held) => {
                self.peak.fetch_max(held + bytes, Ordering::Relaxed);
                Ok(())
            }
            Err(_) => Err(OutOfMemory { bytes_max: self.bytes_max }),
        }
    }

    /// Notes bytes that are held already, whatever the limit says.
    pub fn note(&self, bytes: u64) {
        let held = self.held.fetch_add(bytes, Ordering::Relaxed);
        self.peak.fetch_max(held + bytes, Ordering::Relaxed);
    }

    /// Gives back what was taken or noted.
    pub fn give_back(&self, bytes: u64) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// The run is over, whether it ended or was given up: what still works for it stops.
    pub fn close(&self) {
        self.over.cancel();
    }

    /// Works for the run as long as it is under way; none when it was over first.
    pub async fn while_open<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        self.over.run_until_cancelled(work).await
    }

    /// Takes so many bytes for as long as the answer is held.
    pub fn hold(self: &Arc<Self>, bytes: u64) -> Result<Held, OutOfMemory> {
        self.take(bytes)?;
        Ok(Held { memory: Arc::clone(self), bytes })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.memory.give_back(self.bytes);
    }
}

/// A number of bytes in the largest unit that fits.
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = |shift: u32| self.0 >= 1 << shift && self.0.trailing_zeros() >= shift;
        match self.0 {
            bytes if whole(30) => write!(f, "{} GiB", bytes >> 30),
            bytes if whole(20) => write!(f, "{} MiB", bytes >> 20),
            bytes if whole(10) => write!(f, "{} KiB", bytes >> 10),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_can_be_taken_again() {
        let memory = Memory::new(64 << 20);
        let held = memory.hold(60 << 20).expect("there is room");
        let refused = memory.hold(5 << 20).expect_err("there is none");
        assert!(refused.to_string().starts_with("more memory than the check's limit of 64 MiB is needed"), "{refused}");
        assert_eq!((memory.held(), memory.left()), (60 << 20, 4 << 20));
        drop(held);
        assert_eq!((memory.held(), memory.peak()), (0, 60 << 20));
    }

    #[tokio::test]
    async fn what_works_for_a_run_stops_when_it_is_over() {
        let memory = Memory::new(1);
        assert_eq!(memory.while_open(async { 7 }).await, Some(7));
        let endless = tokio::spawn({
            let memory = Arc::clone(&memory);
            async move { memory.while_open(std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        memory.close();
        assert_eq!(endless.await.expect("it stops"), None);
        assert_eq!(memory.while_open(async { 7 }).await, None);
    }
}
