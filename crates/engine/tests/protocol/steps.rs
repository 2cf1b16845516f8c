//! Steps: intent, send, result; and what is found out about those that were left in the middle.

use watchkeeper_model::{Guarantee, MessageStatus, Outcome, Recovery, StepEvent, StepStatus};

use crate::{
    messages::Told,
    world::{Moves, OWNERS, State, Work, World},
};

/// The most requests on their way at once.
const FLYING_MAX: u8 = 2;

/// A step in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Stepping {
    incident: usize,
    epoch: u8,
    at: At,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum At {
    /// Taken as planned.
    Planned,
    /// Taken in the middle.
    Abandoned,
    /// The intent is committed, or left for later.
    ToSend,
    /// It was sent: an answer may come.
    Sent,
    /// The mark is looked for.
    Looking,
    /// How it ended is to be recorded.
    Ending(Outcome),
}

impl World {
    pub(crate) fn begin_steps(&self, owner: usize, moves: &mut Moves) {
        for (index, incident) in self.incidents.iter().enumerate() {
            let at = match incident.step {
                StepStatus::Planned => At::Planned,
                StepStatus::Intent => At::Abandoned,
                _ => continue,
            };
            let epoch = incident.epoch;
            let slow = self
                .in_hand(|work| matches!(work, Work::Step(other) if other.incident == index && other.epoch == epoch));
            let is_left = at == At::Abandoned || epoch > 1;
            if (!self.protocol.reconciles && is_left) || (slow && self.taken_over == 0) {
                continue;
            }
            self.add(moves, OWNERS[owner], "takes the step of incident", index, |world| {
                world.taken_over -= u8::from(slow);
                world.incidents[index].epoch += 1;
                world.owners[owner] = Work::Step(Stepping { incident: index, epoch: epoch + 1, at });
            });
        }
    }

    pub(crate) fn step(&self, owner: usize, stepping: Stepping, moves: &mut Moves) {
        let Stepping { incident: index, epoch, at } = stepping;
        let incident = &self.incidents[index];
        let go = |at| move |world: &mut Self| world.owners[owner] = Work::Step(Stepping { at, ..stepping });
        let leave = |world: &mut Self| world.owners[owner] = Work::Idle;
        let guarantee = self.protocol.guarantee;
        let mut add = |does, change: &dyn Fn(&mut Self)| self.add(moves, OWNERS[owner], does, index, change);
        match at {
            At::Planned | At::Ending(_) if incident.epoch != epoch => {
                add("is fenced from the step of incident", &leave)
            }
            At::Planned if !self.protocol.intends_before => {
                add("goes on without an intent for incident", &go(At::ToSend))
            }
            At::Planned => self.intend(owner, stepping, moves),
            At::Abandoned => {
                for (late, does) in
                    [(false, "finds in time the step of incident"), (true, "finds too late the step of incident")]
                {
                    add(
                        does,
                        &go(match guarantee.when_abandoned(late) {
                            Recovery::SendAgain => At::ToSend,
                            Recovery::Look => At::Looking,
                            Recovery::LeaveUnknown => At::Ending(Outcome::Unknown),
                            Recovery::GiveUp => At::Ending(Outcome::Failed),
                        }),
                    );
                }
            }
            // A gate is set by the transaction that records the result.
            At::ToSend if guarantee == Guarantee::Local => {
                add("goes to set the gate of incident", &go(At::Ending(Outcome::Done)))
            }
            At::ToSend if incident.flying < FLYING_MAX => add("sends the request of incident", &|world| {
                world.incidents[index].flying += 1;
                go(At::Sent)(world);
            }),
            At::ToSend => {}
            At::Sent => {
                if incident.arrived > 0 {
                    add("is answered for incident", &go(At::Ending(Outcome::Done)));
                }
                add(
                    "is not answered in time for incident",
                    &go(match guarantee.when_unanswered() {
                        Recovery::Look => At::Looking,
                        _ => At::Ending(Outcome::Unknown),
                    }),
                );
            }
            At::Looking => {
                let (does, outcome) = match incident.arrived {
                    0 => ("finds no mark of incident", Outcome::Unknown),
                    _ => ("finds the mark of incident", Outcome::Done),
                };
                add(does, &go(At::Ending(outcome)));
            }
            At::Ending(outcome) => self.end(owner, stepping, outcome, moves),
        }
    }

    /// Commits the intent, unless the incident is over by then.
    fn intend(&self, owner: usize, stepping: Stepping, moves: &mut Moves) {
        let index = stepping.incident;
        let go = |at| move |world: &mut Self| world.owners[owner] = Work::Step(Stepping { at, ..stepping });
        let incident = &self.incidents[index];
        if incident.step == StepStatus::Intent {
            self.add(moves, OWNERS[owner], "finds its intent for incident", index, go(At::ToSend));
            return;
        }
        let Some(intent) = incident.step.next(StepEvent::Begin) else {
            self.add(moves, OWNERS[owner], "is fenced from the step of incident", index, |world| {
                world.owners[owner] = Work::Idle
            });
            return;
        };
        if incident.state == State::Resolved {
            self.add(moves, OWNERS[owner], "withholds the step of incident", index, go(At::Ending(Outcome::Withheld)));
            return;
        }
        if self.held {
            let does = "withholds for as long as it is held the step of incident";
            self.add(moves, OWNERS[owner], does, index, go(At::Ending(Outcome::Withheld)));
            return;
        }
        let does = ["commits the intent of incident", "commits, and is not answered, the intent of incident"];
        self.commit(moves, owner, does, index, |world| world.incidents[index].step = intent, go(At::ToSend));
    }

    /// Commits how the step ended, with what people are told of it.
    fn end(&self, owner: usize, stepping: Stepping, outcome: Outcome, moves: &mut Moves) {
        let index = stepping.incident;
        let incident = &self.incidents[index];
        let leave = |world: &mut Self| world.owners[owner] = Work::Idle;
        let sets_gate = self.protocol.guarantee == Guarantee::Local && outcome == Outcome::Done;
        let before = match incident.step {
            StepStatus::Planned if !self.protocol.intends_before && outcome != Outcome::Withheld => StepStatus::Intent,
            status => status,
        };
        let event = if outcome == Outcome::Withheld { StepEvent::Withhold } else { StepEvent::End(outcome) };
        if matches!(before, StepStatus::Ended(_)) {
            self.add(moves, OWNERS[owner], "finds its end of the step of incident", index, leave);
        } else if sets_gate && incident.state == State::Resolved {
            self.add(moves, OWNERS[owner], "is overtaken in incident", index, |world| {
                world.owners[owner] = Work::Step(Stepping { at: At::Ending(Outcome::Failed), ..stepping });
            });
        } else if let Some(ended) = before.next(event) {
            let does = [
                "records the end of the step of incident",
                "records, and is not answered, the end of the step of incident",
            ];
            let change = |world: &mut Self| {
                world.incidents[index].step = ended;
                world.incidents[index].ended_before = true;
                world.incidents[index].resumes = outcome == Outcome::Withheld;
                world.incidents[index].arrived += u8::from(sets_gate);
                world.cancel(index, Told::Overdue);
                for told in [Told::Handoff, Told::Reminder] {
                    world.kept(index, told).status.get_or_insert(MessageStatus::Waiting);
                }
            };
            self.commit(moves, owner, does, index, change, leave);
        } else {
            self.add(moves, OWNERS[owner], "is fenced from the step of incident", index, leave);
        }
    }

    /// Requests arrive when they like, or never.
    pub(crate) fn network(&self, moves: &mut Moves) {
        for (index, incident) in self.incidents.iter().enumerate().filter(|(_, incident)| incident.flying > 0) {
            self.add(moves, "the network", "delivers a request of incident", index, |world| {
                world.incidents[index].flying -= 1;
                world.incidents[index].arrived = incident.arrived.saturating_add(1);
            });
            if self.lost > 0 {
                self.add(moves, "the network", "loses a request of incident", index, |world| {
                    world.incidents[index].flying -= 1;
                    world.lost -= 1;
                });
            }
        }
    }
}
