//! The world: what the store holds, what two owners have in hand, what is on its way to the peer.

use std::fmt;

use watchkeeper_model::{Guarantee, MessageStatus, StepStatus};

use crate::{
    messages::{Sending, Told},
    steps::Stepping,
    ticks::Ticking,
};

/// Whether the data of each tick is in breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Data(pub(crate) &'static [bool]);

/// The protocol, whole or with a part left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Protocol {
    /// What the first step of the runbook guarantees.
    pub(crate) guarantee: Guarantee,
    /// A record is written only if the newest tick is the one it was decided on.
    pub(crate) compares_newest: bool,
    /// Whether a decision on older data is lived with, as long as nothing is done twice.
    pub(crate) may_be_stale: bool,
    /// A group has one open incident at most.
    pub(crate) one_open_incident: bool,
    /// What was left in the middle is taken up.
    pub(crate) reconciles: bool,
    /// The owner is told by the transaction that records the end.
    pub(crate) tells_after: bool,
    /// The intent is committed before anything is sent.
    pub(crate) intends_before: bool,
    /// A reminder that is due is sent only if its incident is open and unacknowledged.
    pub(crate) looks_before_reminding: bool,
}

impl Protocol {
    pub(crate) fn shipped(guarantee: Guarantee) -> Self {
        Self {
            guarantee,
            compares_newest: true,
            may_be_stale: false,
            one_open_incident: true,
            reconciles: true,
            tells_after: true,
            intends_before: true,
            looks_before_reminding: true,
        }
    }

    /// The part that is left out.
    pub(crate) fn broken(&self) -> &'static str {
        match self {
            Self { one_open_incident: false, .. } => "no UNIQUE open incident",
            Self { compares_newest: false, .. } => "no CAS on the newest tick",
            Self { reconciles: false, .. } => "no reconciler",
            Self { tells_after: false, .. } => "told before the act",
            Self { intends_before: false, .. } => "intent after the sending",
            Self { looks_before_reminding: false, .. } => "reminder without a look at its incident",
            _ => "nothing",
        }
    }
}

/// A tick in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Tick {
    Due,
    Claimed { epoch: u8 },
    Finished { epoch: u8 },
}

/// An incident's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum State {
    Open,
    Acknowledged,
    Resolved,
}

/// A message in the store; `None` until it is enqueued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Kept {
    pub(crate) status: Option<MessageStatus>,
    /// Which try it is: a try that was taken over marks nothing.
    pub(crate) tries: u8,
}

/// An incident with its first step and its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Incident {
    /// The tick that opened it.
    pub(crate) tick: u8,
    pub(crate) state: State,
    pub(crate) step: StepStatus,
    pub(crate) epoch: u8,
    pub(crate) messages: [Kept; 3],
    /// Requests that were sent and have neither arrived nor been lost.
    pub(crate) flying: u8,
    /// Requests that arrived at the peer, or gates that were set.
    pub(crate) arrived: u8,
    /// The handoff arrived at a channel.
    pub(crate) told: bool,
    /// Its step was withheld for a reason that may end.
    pub(crate) resumes: bool,
    /// Its step has ended before: what was told then was true.
    pub(crate) ended_before: bool,
}

/// What an owner has in hand; lost when it crashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Work {
    Idle,
    Tick(Ticking),
    Step(Stepping),
    Message(Sending),
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) protocol: Protocol,
    pub(crate) data: Data,
    pub(crate) ticks: Vec<Tick>,
    /// The newest tick recorded.
    pub(crate) newest: Option<u8>,
    /// The group's standing.
    pub(crate) breaching: bool,
    /// People hold automatic steps.
    pub(crate) held: bool,
    pub(crate) incidents: Vec<Incident>,
    pub(crate) owners: [Work; 2],
    /// Crashes that may still happen.
    pub(crate) crashes: u8,
    /// Commits whose answer may still be lost, and requests that may be.
    pub(crate) lost: u8,
    /// Times that work may still be taken from an owner that is only slow.
    pub(crate) taken_over: u8,
    /// What has gone wrong.
    pub(crate) wrong: Option<&'static str>,
}

/// A move: who does what to which tick or incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) who: &'static str,
    pub(crate) does: &'static str,
    pub(crate) to: u8,
}

impl Move {
    /// Faults need not happen: a state in which nothing else can is an end.
    pub(crate) fn is_fault(&self) -> bool {
        matches!(self.does, "crashes" | "acknowledges incident" | "releases the hold")
    }
}

impl fmt::Display for Move {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.does {
            "crashes" | "releases the hold" => write!(f, "{} {}", self.who, self.does),
            does => write!(f, "{} {does} {}", self.who, self.to),
        }
    }
}

/// The owners' names.
pub(crate) const OWNERS: [&str; 2] = ["A", "B"];

/// The moves that are possible, each with what comes of it.
pub(crate) type Moves = Vec<(Move, World)>;

impl World {
    pub(crate) fn new(protocol: Protocol, data: Data, crashes: u8, lost: u8) -> Self {
        Self {
            protocol,
            data,
            ticks: vec![Tick::Due; data.0.len()],
            newest: None,
            breaching: false,
            held: false,
            incidents: Vec::new(),
            owners: [Work::Idle; 2],
            crashes,
            lost,
            taken_over: 1,
            wrong: None,
        }
    }

    /// Every move that is possible here.
    pub(crate) fn moves(&self) -> Moves {
        let mut moves = Vec::new();
        for (owner, work) in self.owners.iter().enumerate() {
            match *work {
                Work::Idle => {
                    self.begin_ticks(owner, &mut moves);
                    self.begin_steps(owner, &mut moves);
                    self.begin_messages(owner, &mut moves);
                }
                Work::Tick(ticking) => self.tick(owner, ticking, &mut moves),
                Work::Step(stepping) => self.step(owner, stepping, &mut moves),
                Work::Message(sending) => self.message(owner, sending, &mut moves),
            }
            if self.crashes > 0 && *work != Work::Idle {
                self.add(&mut moves, OWNERS[owner], "crashes", 0, |world| {
                    world.crashes -= 1;
                    world.owners[owner] = Work::Idle;
                });
            }
        }
        self.network(&mut moves);
        self.people(&mut moves);
        moves
    }

    /// Adds a move.
    pub(crate) fn add(
        &self,
        moves: &mut Moves,
        who: &'static str,
        does: &'static str,
        to: usize,
        change: impl FnOnce(&mut Self),
    ) {
        let mut world = self.clone();
        change(&mut world);
        world.look();
        moves.push((Move { who, does, to: u8::try_from(to).unwrap() + 1 }, world));
    }

    /// Adds a commit: it may answer, or be done without the owner hearing of it, who then asks again.
    pub(crate) fn commit(
        &self,
        moves: &mut Moves,
        owner: usize,
        does: [&'static str; 2],
        to: usize,
        change: impl Fn(&mut Self),
        after: impl FnOnce(&mut Self),
    ) {
        self.add(moves, OWNERS[owner], does[0], to, |world| {
            change(world);
            after(world);
        });
        if self.lost > 0 {
            self.add(moves, OWNERS[owner], does[1], to, |world| {
                change(world);
                world.lost -= 1;
            });
        }
    }

    /// Whether a living owner has this in hand.
    pub(crate) fn in_hand(&self, is: impl Fn(Work) -> bool) -> bool {
        self.owners.iter().any(|work| is(*work))
    }

    fn people(&self, moves: &mut Moves) {
        if self.held {
            self.add(moves, "somebody", "releases the hold", 0, |world| world.held = false);
        }
        for (index, incident) in self.incidents.iter().enumerate() {
            if incident.state == State::Open {
                self.add(moves, "the owner", "acknowledges incident", index, |world| {
                    world.incidents[index].state = State::Acknowledged;
                });
            }
        }
    }

    /// What must never be.
    fn look(&mut self) {
        let effects = |incident: &Incident| match self.protocol.guarantee {
            // The peer knows the key.
            Guarantee::Guarded => incident.arrived.min(1),
            _ => incident.arrived,
        };
        // Ticks in breach one after another are one breach.
        let breach_of = |tick: u8| self.data.0[..usize::from(tick)].iter().filter(|breach| !**breach).count();
        for incident in &self.incidents {
            let same = self.incidents.iter().filter(|other| breach_of(other.tick) == breach_of(incident.tick));
            if same.map(effects).sum::<u8>() > 1 {
                self.wrong = Some("one breach was acted on twice");
                return;
            }
        }
        let untrue = |incident: &Incident| {
            incident.told && !incident.ended_before && !matches!(incident.step, StepStatus::Ended(_))
        };
        if self.incidents.iter().any(untrue) {
            self.wrong = Some("the owner was told of a step that had not ended");
        }
    }

    /// Whether nothing is left to do, and everything is told.
    pub(crate) fn is_done(&self) -> bool {
        let waits = |kept: &Kept| matches!(kept.status, Some(MessageStatus::Waiting | MessageStatus::Sending));
        self.ticks.iter().all(|tick| matches!(tick, Tick::Finished { .. }))
            && self.owners.iter().all(|work| *work == Work::Idle)
            && self.incidents.iter().all(|incident| {
                matches!(incident.step, StepStatus::Ended(_)) && incident.told && !incident.messages.iter().any(waits)
            })
    }

    /// A message of an incident.
    pub(crate) fn kept(&mut self, incident: usize, told: Told) -> &mut Kept {
        &mut self.incidents[incident].messages[told as usize]
    }
}
