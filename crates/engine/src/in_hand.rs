//! What this process has in hand: whoever works on a step, a message or a tick says so here, for exactly as long as it
//! does. What is unfinished in the store and in nobody's hand is stranded, and is taken up again.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use watchkeeper_model::{Name, Time};

/// A piece of work that has one owner at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Piece {
    /// A step of a run.
    Step(String, Name),
    /// Whether a step of a run helped.
    Verify(String, Name),
    /// A row of the outbox.
    Message(i64),
    /// A monitor's tick.
    Tick(Name, Time),
}

/// Every piece in hand.
#[derive(Debug, Default)]
pub(crate) struct InHand(Mutex<BTreeSet<Piece>>);

/// Let go of when it is dropped, by a panic as well.
#[derive(Debug)]
pub(crate) struct Held {
    all: Arc<InHand>,
    piece: Piece,
}

impl InHand {
    /// Takes a piece; `None` when somebody has it.
    pub(crate) fn take(self: &Arc<Self>, piece: Piece) -> Option<Held> {
        let taken = self.pieces().insert(piece.clone());
        taken.then(|| Held { all: Arc::clone(self), piece })
    }

    /// Whether somebody has it.
    pub(crate) fn has(&self, piece: &Piece) -> bool {
        self.pieces().contains(piece)
    }

    fn pieces(&self) -> std::sync::MutexGuard<'_, BTreeSet<Piece>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.all.pieces().remove(&self.piece);
    }
}
