//! A frame that is asked once: it answers from memory, and asks the rows only what it does not know.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::OnceCell;

use super::{
    memory::Memory,
    origin::Origin,
    replay::{KeptScan, RecordingScan},
};
use crate::ports::{
    baseline::FrameDigest,
    frame::{Aggregate, Answer, Field, Frame, FrameError, FrameFault, Scan},
    memory::Memory as RunMemory,
};

/// A frame with a memory.
pub(crate) struct RememberedFrame {
    pub(crate) memory: Arc<Memory>,
    pub(crate) origin: Arc<Origin>,
}

/// A frame that answers what was asked of it once, and nothing else.
pub(crate) fn replayed(digest: FrameDigest) -> Arc<dyn Frame> {
    Arc::new(RememberedFrame { memory: Arc::new(Memory::from_digest(digest)), origin: Arc::new(Origin::Gone) })
}

/// Histograms of one column that are kept as they were answered.
const HISTOGRAMS_MAX: usize = 4;

impl RememberedFrame {
    /// Remembers answers. Of a column whose bins are other ones at every tick, only some.
    fn learn(&self, asks: &[Aggregate], answers: &[Answer]) {
        for (ask, answer) in asks.iter().zip(answers) {
            let is_one_too_many = match ask {
                Aggregate::Histogram(column, _) => self.memory.histograms(column) >= HISTOGRAMS_MAX,
                _ => false,
            };
            if !is_one_too_many {
                self.memory.learn(std::slice::from_ref(ask), std::slice::from_ref(answer));
            }
        }
    }
}

#[async_trait]
impl Frame for RememberedFrame {
    fn fields(&self) -> &[Field] {
        &self.memory.fields
    }

    fn time_column(&self) -> Option<&str> {
        self.memory.time_column.as_deref()
    }

    async fn aggregate(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        let mut known = self.memory.answers(asks);
        for (ask, answer) in asks.iter().zip(&mut known) {
            if let (None, Aggregate::Histogram(column, edges)) = (&answer, ask) {
                *answer = self.memory.spread(column).map(|spread| Answer::Counts(spread.histogram(edges)));
            }
        }
        let unknown = asks.iter().zip(&known).filter(|(_, answer)| answer.is_none());
        let unknown: Vec<Aggregate> = unknown.map(|(ask, _)| ask.clone()).collect();
        let mut learnt = Vec::new();
        if !unknown.is_empty() {
            learnt = self.origin.frame().await?.aggregate(&unknown).await?;
            self.learn(&unknown, &learnt);
        }
        let mut learnt = learnt.into_iter();
        let answers = known.into_iter().map(|answer| answer.or_else(|| learnt.next()));
        let answers: Option<Vec<Answer>> = answers.collect();
        answers.ok_or_else(|| FrameError::new(FrameFault::Malformed, "the baseline did not answer every question"))
    }

    async fn query_in(&self, sql: &str, account: &Arc<RunMemory>) -> Result<Arc<dyn Frame>, FrameError> {
        let query = |result: OnceCell<Arc<dyn Frame>>| Origin::Query {
            of: Arc::clone(&self.origin),
            sql: sql.to_owned(),
            result,
        };
        if let Some(memory) = self.memory.query(sql) {
            return Ok(Arc::new(Self { memory, origin: Arc::new(query(OnceCell::new())) }));
        }
        // The answer outlives the run, which pays for none of it; it is not worked out for a run that is over.
        let frame = self.origin.frame().await?;
        let over = || FrameError::new(FrameFault::Refused, "the run that asked for it is over");
        let result = account.while_open(frame.query(sql)).await.ok_or_else(over)??;
        let memory = self.memory.learn_query(sql, &*result);
        Ok(Arc::new(Self { memory, origin: Arc::new(query(OnceCell::new_with(Some(result)))) }))
    }

    async fn scan(&self, columns: &[String]) -> Result<Box<dyn Scan>, FrameError> {
        if let Some(chunks) = self.memory.scan(columns) {
            return Ok(Box::new(KeptScan::new(chunks)));
        }
        let scan = self.origin.frame().await?.scan(columns).await?;
        Ok(Box::new(RecordingScan::new(scan, Arc::clone(&self.memory), columns)))
    }
}
