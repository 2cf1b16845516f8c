//! Ticks: claimed, judged on what was read, recorded if that still holds.

use watchkeeper_model::{
    Cause, Change, Counted, GroupState, Judged, Judgement, MessageStatus, Standing, StepEvent, StepStatus, Streaks,
    Subject, Verdict, advance,
};

use crate::{
    messages::Told,
    world::{Incident, Kept, Moves, OWNERS, State, Tick, Work, World},
};

/// A tick in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Ticking {
    tick: usize,
    epoch: u8,
    read: Option<Read>,
}

/// What was read to decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Read {
    newest: Option<u8>,
    breaching: bool,
    open: Option<usize>,
}

impl World {
    pub(crate) fn begin_ticks(&self, owner: usize, moves: &mut Moves) {
        // Each tick is claimed after the one before it: the high-water mark.
        if let Some(tick) = self.ticks.iter().position(|tick| *tick == Tick::Due) {
            self.add(moves, OWNERS[owner], "claims tick", tick, |world| {
                world.ticks[tick] = Tick::Claimed { epoch: 1 };
                world.owners[owner] = Work::Tick(Ticking { tick, epoch: 1, read: None });
            });
        }
        for (tick, claimed) in self.ticks.iter().enumerate() {
            let Tick::Claimed { epoch } = *claimed else { continue };
            let slow =
                self.in_hand(|work| matches!(work, Work::Tick(other) if other.tick == tick && other.epoch == epoch));
            if !self.protocol.reconciles || (slow && self.taken_over == 0) {
                continue;
            }
            self.add(moves, OWNERS[owner], "takes up tick", tick, |world| {
                world.taken_over -= u8::from(slow);
                world.ticks[tick] = Tick::Claimed { epoch: epoch + 1 };
                world.owners[owner] = Work::Tick(Ticking { tick, epoch: epoch + 1, read: None });
            });
        }
    }

    pub(crate) fn tick(&self, owner: usize, ticking: Ticking, moves: &mut Moves) {
        let Ticking { tick, epoch, read } = ticking;
        let Some(read) = read else {
            self.add(moves, OWNERS[owner], "reads the groups for tick", tick, |world| {
                let open = world.incidents.iter().position(|incident| incident.state != State::Resolved);
                let read = Read { newest: world.newest, breaching: world.breaching, open };
                world.owners[owner] = Work::Tick(Ticking { read: Some(read), ..ticking });
            });
            return;
        };
        let again = |world: &mut Self| world.owners[owner] = Work::Tick(Ticking { read: None, ..ticking });
        let leave = |world: &mut Self| world.owners[owner] = Work::Idle;
        if self.ticks[tick] == (Tick::Finished { epoch }) {
            self.add(moves, OWNERS[owner], "finds that it has recorded tick", tick, leave);
        } else if self.ticks[tick] != (Tick::Claimed { epoch }) {
            self.add(moves, OWNERS[owner], "is fenced from tick", tick, leave);
        } else if self.protocol.compares_newest && self.newest != read.newest {
            self.add(moves, OWNERS[owner], "finds the groups moved for tick", tick, again);
        } else {
            let decided = decide(self.data.0[tick], read);
            if self.protocol.one_open_incident && decided.change == Change::Open && self.has_open() {
                self.add(moves, OWNERS[owner], "may not open another incident for tick", tick, again);
                return;
            }
            let does = ["records tick", "records, and is not answered, tick"];
            self.commit(moves, owner, does, tick, |world| world.record(tick, epoch, read, &decided), leave);
        }
    }

    fn has_open(&self) -> bool {
        self.incidents.iter().any(|incident| incident.state != State::Resolved)
    }

    fn record(&mut self, tick: usize, epoch: u8, read: Read, decided: &Decided) {
        let number = u8::try_from(tick).unwrap();
        self.ticks[tick] = Tick::Finished { epoch };
        let older = read.newest.is_some_and(|newest| newest >= number);
        let late = self.newest.is_some_and(|newest| newest >= number);
        self.newest = self.newest.max(Some(number));
        if older {
            return;
        }
        self.breaching = decided.breaching;
        match (decided.change, read.open) {
            (Change::Open, _) => {
                if late && !self.protocol.may_be_stale {
                    self.wrong = Some("an incident opened on data older than what was judged");
                }
                self.open(number);
            }
            (Change::Resolve, Some(open)) => {
                self.incidents[open].state = State::Resolved;
                self.cancel(open, Told::Reminder);
            }
            (Change::Continue, Some(open)) if !self.held => self.resume(open),
            _ => {}
        }
    }

    /// What was withheld for a reason that has ended is planned again, for whoever takes it next.
    fn resume(&mut self, incident: usize) {
        let incident = &mut self.incidents[incident];
        if let (true, Some(planned)) = (incident.resumes, incident.step.next(StepEvent::Resume)) {
            (incident.step, incident.resumes) = (planned, false);
            incident.epoch += 1;
        }
    }

    fn open(&mut self, tick: u8) {
        self.incidents.push(Incident {
            tick,
            state: State::Open,
            step: StepStatus::Planned,
            epoch: 1,
            messages: [Kept::default(); 3],
            flying: 0,
            arrived: 0,
            told: false,
            resumes: false,
            ended_before: false,
        });
        let incident = self.incidents.len() - 1;
        self.kept(incident, Told::Overdue).status = Some(MessageStatus::Waiting);
        if !self.protocol.tells_after {
            self.kept(incident, Told::Handoff).status = Some(MessageStatus::Waiting);
        }
    }
}

struct Decided {
    change: Change,
    breaching: bool,
}

/// What the model makes of a tick.
fn decide(breach: bool, read: Read) -> Decided {
    let subject = || Subject::Unmeasured(Cause::Error);
    let mut before = GroupState::default();
    if read.breaching {
        before.standings.insert(subject(), Standing::Breaching(0));
    }
    let verdict = if breach { Verdict::Breach } else { Verdict::Ok };
    let counted = Counted { judgement: Judgement { verdict, clears: !breach }, streaks: Streaks::AT_ONCE };
    let judged = Judged {
        subject: subject(),
        value: None,
        baseline: None,
        verdict,
        counted: Some(counted),
        limit: None,
        excess: None,
        detail: None,
    };
    let (after, change) = advance(&before, &[judged], read.open.is_some());
    let breaching = after.standings.values().any(|standing| matches!(standing, Standing::Breaching(_)));
    Decided { change, breaching }
}
