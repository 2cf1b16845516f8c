//! Data that cannot be read just now, or moves while it is read, is looked at again within the tick; what cannot change by
//! itself is not.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use watchkeeper_engine::ports::frame::{Frame, FrameError, FrameFault, Moment, Sources, Span};
use watchkeeper_model::{Name, Verdict};
use watchkeeper_testkit::ScriptedSources;

use crate::stage::{Said, Stage, auc, day, pause, sample};

/// What becomes of one look at the sources.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Look {
    Well,
    /// It cannot be opened.
    Closed(FrameFault),
    /// It moves while it is read.
    Moving,
}

/// Looks that were not taken yet; the last one is taken for ever.
#[derive(Clone)]
struct Looks(Arc<Mutex<VecDeque<Look>>>);

struct One(Look);

impl Sources for Looks {
    fn moment(&self) -> Arc<dyn Moment> {
        let mut looks = self.0.lock().unwrap();
        let look = if looks.len() > 1 { looks.pop_front() } else { looks.front().copied() };
        Arc::new(One(look.unwrap()))
    }
}

#[async_trait]
impl Moment for One {
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        match self.0 {
            Look::Closed(fault) => Err(FrameError::new(fault, "it is closed")),
            Look::Well | Look::Moving => Moment::open(&ScriptedSources, source, span).await,
        }
    }

    async fn unmoved(&self) -> Result<(), FrameError> {
        match self.0 {
            Look::Moving => Err(FrameError::new(FrameFault::Moved, "it changed while it was read")),
            _ => Ok(()),
        }
    }
}

/// The verdict and its reason, with how many looks were left over.
async fn evaluated(looks: &[Look]) -> (Verdict, Option<String>, usize) {
    let stage = Stage::new(Said::default().at(day(1), auc(0.9))).await;
    let looks = Looks(Arc::new(Mutex::new(looks.iter().copied().collect())));
    let engine = stage.engine_with(sample(pause()), Arc::new(looks.clone()), stage.notifier.clone());
    let evaluation = engine.evaluate("loan-auc", day(1)).await.unwrap();
    let left = looks.0.lock().unwrap().len();
    (evaluation.verdict, evaluation.error, left)
}

#[tokio::test]
async fn what_may_pass_is_tried_again_within_the_tick() {
    let away = Look::Closed(FrameFault::Unreachable);
    for looks in [[away, Look::Well, away], [Look::Moving, Look::Well, away]] {
        let (verdict, error, left) = evaluated(&looks).await;
        assert_eq!((verdict, error, left), (Verdict::Ok, None, 1), "{looks:?}");
    }
    let (verdict, error, _) = evaluated(&[away, Look::Moving, away, Look::Well]).await;
    assert_eq!((verdict, error.as_deref()), (Verdict::Error, Some("it is closed")), "three times, and no more");
    let (verdict, error, _) = evaluated(&[Look::Moving]).await;
    assert_eq!((verdict, error.as_deref()), (Verdict::Error, Some("it changed while it was read")));
}

#[tokio::test]
async fn what_cannot_change_by_itself_is_not() {
    for fault in [FrameFault::Missing, FrameFault::Refused, FrameFault::Malformed] {
        let (verdict, error, left) = evaluated(&[Look::Closed(fault), Look::Well, Look::Well]).await;
        assert_eq!((verdict, error.as_deref(), left), (Verdict::Error, Some("it is closed"), 2), "{fault:?}");
    }
}
