//! Fault points: the places around every commit and every sending where a build for tests can be made to die or to stop.
//! A release build has none.

use std::{fmt, sync::OnceLock};

/// A commit or a sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Point {
    /// A tick is claimed.
    TickClaim,
    /// A tick that was left in the middle is taken up.
    TickTake,
    /// Ticks are passed over, or the mark is set up to which none runs any more.
    TickPass,
    /// A check is recorded, with all that follows.
    TickRecord,
    /// A step is taken in hand.
    StepTake,
    /// A step's intent is committed.
    StepIntent,
    /// A step's action is sent, or its program run.
    StepSend,
    /// A peer is asked whether it knows of an earlier sending.
    StepProbe,
    /// A step's end is committed, with its messages.
    StepEnd,
    /// Whether a step helped is committed.
    StepVerify,
    /// Messages that are due are taken.
    MessageTake,
    /// A message is sent.
    MessageSend,
    /// How a delivery ended is committed.
    MessageMark,
    /// Messages whose sender is gone are put back.
    MessagePutBack,
}

/// Before it, or after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Nothing of it has happened.
    Before,
    /// All of it has.
    After,
}

type Hook = Box<dyn Fn(Point, Side) + Send + Sync>;

static HOOK: OnceLock<Hook> = OnceLock::new();

/// Has `hook` called at every point; the first one stays.
pub fn on_reach(hook: impl Fn(Point, Side) + Send + Sync + 'static) {
    let _ = HOOK.set(Box::new(hook));
}

/// Comes to a point. Nothing at all in a release build.
#[inline]
pub fn reach(point: Point, side: Side) {
    if cfg!(debug_assertions)
        && let Some(hook) = HOOK.get()
    {
        hook(point, side);
    }
}

impl Point {
    /// Every point.
    pub const ALL: [Self; 14] = [
        Self::TickClaim,
        Self::TickTake,
        Self::TickPass,
        Self::TickRecord,
        Self::StepTake,
        Self::StepIntent,
        Self::StepSend,
        Self::StepProbe,
        Self::StepEnd,
        Self::StepVerify,
        Self::MessageTake,
        Self::MessageSend,
        Self::MessageMark,
        Self::MessagePutBack,
    ];

    /// Its name: `step.intent`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TickClaim => "tick.claim",
            Self::TickTake => "tick.take",
            Self::TickPass => "tick.pass",
            Self::TickRecord => "tick.record",
            Self::StepTake => "step.take",
            Self::StepIntent => "step.intent",
            Self::StepSend => "step.send",
            Self::StepProbe => "step.probe",
            Self::StepEnd => "step.end",
            Self::StepVerify => "step.verify",
            Self::MessageTake => "message.take",
            Self::MessageSend => "message.send",
            Self::MessageMark => "message.mark",
            Self::MessagePutBack => "message.put-back",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before",
            Self::After => "after",
        })
    }
}
