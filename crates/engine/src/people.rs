//! People: steps that wait for somebody run once they agree, and end as withheld when nobody will.

use std::{sync::Arc, time::Duration};

use tokio::task::JoinSet;
use watchkeeper_model::Outcome;

use crate::{
    Engine, EngineError,
    ports::{
        action::ActionEnd,
        store::{Answered, StoreError},
    },
    watch::{Stop, source_of},
};

/// How long people wait for what they agreed to, at most.
const LOOK_EVERY: Duration = Duration::from_secs(2);

impl Engine {
    /// Looks for answers until asked to stop, then lets what was begun finish. Answers are given to the store by other
    /// processes, which cannot ring.
    pub(crate) async fn watch_people(self: Arc<Self>, stop: Stop) {
        let mut under_way = JoinSet::new();
        while !self.stopped_within(LOOK_EVERY, stop.clone()).await {
            match self.ports.store.answered_steps(self.ports.clock.now()).await {
                Ok(answered) => {
                    for answered in answered {
                        let engine = self.clone();
                        under_way.spawn(async move { engine.follow_logged(answered).await });
                    }
                }
                Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "answers cannot be read"),
            }
            // Those that ended are let go of.
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn follow_logged(&self, answered: Answered) {
        let (run, step) = (answered.step.run.clone(), answered.step.step.id.clone());
        if let Err(error) = self.follow(answered).await {
            tracing::error!(run, %step, error = source_of(&error), "an answered step failed; it is looked at again");
        }
    }

    /// Runs what was agreed to, ends what was refused or ran out of time.
    async fn follow(&self, answered: Answered) -> Result<(), EngineError> {
        let Answered { step, refused } = answered;
        let followed = match refused {
            None => self.run_step(&step).await,
            Some(reason) => {
                let end = ActionEnd { outcome: Outcome::Withheld, detail: reason, reference: None };
                self.record_end(&step, end, None, false).await
            }
        };
        match followed {
            // It was begun since the look, here or by an engine of an older configuration.
            Err(EngineError::Store(StoreError::Fenced)) => Ok(()),
            followed => followed,
        }
    }
}
