//! How a monitor's baseline stands, for people.

use watchkeeper_model::Monitor;

use super::Baselines;
use super::{
    fingerprint::{Moved, moved, moved_unread},
    known::fixed,
};
use crate::error::EngineError;
use crate::ports::baseline::KeptBaseline;

/// How a monitor's baseline stands.
#[derive(Debug, Clone, PartialEq)]
pub enum BaselineState {
    /// The monitor compares with nothing.
    None,
    /// It moves with the window and is read anew every time.
    Moving,
    /// It is fixed and not frozen yet.
    NotFrozen,
    /// It is frozen, and its data is as it was.
    Frozen(KeptBaseline),
    /// It is frozen, and its data is not what it was; checks go on with what is frozen.
    Moved {
        /// What is frozen.
        kept: KeptBaseline,
        /// What became of the data: `6000 rows instead of 5832`.
        how: String,
    },
}

impl Baselines {
    /// How a monitor's baseline stands. Its data is read where the identity of its source does not tell; only where it is
    /// the same still if `glance` says to leave the rows alone, as of a whole table.
    pub(crate) async fn state(&self, monitor: &Monitor, glance: bool) -> Result<BaselineState, EngineError> {
        let Some(baseline) = &monitor.baseline else { return Ok(BaselineState::None) };
        let Some((source, span)) = fixed(baseline) else { return Ok(BaselineState::Moving) };
        let kept = self.store.baseline(&monitor.id).await?;
        let Some(kept) = kept.filter(|kept| kept.digest.fingerprint.is_of(source, span)) else {
            return Ok(BaselineState::NotFrozen);
        };
        if glance && matches!(moved_unread(&*self.sources, &kept.digest.fingerprint).await, Ok(false)) {
            return Ok(BaselineState::Frozen(kept));
        }
        let how = match moved(&*self.sources, &kept.digest.fingerprint).await {
            Ok(None) => return Ok(BaselineState::Frozen(kept)),
            Ok(Some(Moved { rows })) if rows == kept.digest.fingerprint.rows => {
                format!("as many rows ({rows}), but other columns or values")
            }
            Ok(Some(Moved { rows })) => format!("{rows} rows instead of {}", kept.digest.fingerprint.rows),
            Err(error) => format!("it cannot be read: {error}"),
        };
        Ok(BaselineState::Moved { kept, how })
    }
}
