//! Pressed: the same press twice is one act. What came of it is remembered for as long as the daemon lives.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::Mutex as Turn;

use super::{Done, Given};
use crate::problem::Problem;

/// So many are remembered, the newest.
const KEPT_MAX: usize = 2_000;
/// A longer key is none.
const KEY_MAX: usize = 300;

type Place = Arc<Turn<Option<(Given, Done)>>>;

/// What was pressed, by key.
#[derive(Debug, Default)]
pub(crate) struct Pressed(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    places: HashMap<String, Place>,
    order: VecDeque<String>,
}

impl Pressed {
    /// Does it, or gives what came of it the first time. A refusal is not remembered.
    pub(super) async fn once(
        &self,
        key: &str,
        given: &Given,
        perform: impl Future<Output = Result<Done, Problem>>,
    ) -> Result<Done, Problem> {
        if key.len() > KEY_MAX {
            return Err(Problem::field("Idempotency-Key", format!("the key is longer than {KEY_MAX} bytes")));
        }
        let place = self.place(key);
        let mut first = place.lock().await;
        match &*first {
            Some((before, done)) if before == given => Ok(done.clone()),
            Some(_) => Err(Problem::field("Idempotency-Key", "this key was used for another request")),
            None => {
                let done = perform.await?;
                *first = Some((given.clone(), done.clone()));
                Ok(done)
            }
        }
    }

    fn place(&self, key: &str) -> Place {
        let mut kept = self.kept();
        if let Some(place) = kept.places.get(key) {
            return Arc::clone(place);
        }
        let place = Place::default();
        kept.places.insert(key.to_owned(), Arc::clone(&place));
        kept.order.push_back(key.to_owned());
        if kept.order.len() > KEPT_MAX
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.places.remove(&oldest);
        }
        place
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
