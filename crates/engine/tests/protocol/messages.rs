//! Messages: taken when they are due and wanted, sent, marked; and sent again when whoever sent them is gone.

use watchkeeper_model::{MessageEvent, MessageStatus, StepStatus};

use crate::world::{Moves, OWNERS, State, Work, World};

/// What is told of an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Told {
    /// What was done.
    Handoff,
    /// That the first step has not ended in time.
    Overdue,
    /// That nobody has acknowledged it.
    Reminder,
}

const ALL: [(Told, [&str; 2]); 3] = [
    (Told::Handoff, ["takes the handoff of incident", "puts back the handoff of incident"]),
    (Told::Overdue, ["takes the overdue notice of incident", "puts back the overdue notice of incident"]),
    (Told::Reminder, ["takes the reminder of incident", "puts back the reminder of incident"]),
];

/// A message in hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Sending {
    incident: usize,
    told: Told,
    tries: u8,
    sent: bool,
}

impl World {
    pub(crate) fn begin_messages(&self, owner: usize, moves: &mut Moves) {
        for (index, incident) in self.incidents.iter().enumerate() {
            for (told, [takes, puts_back]) in ALL {
                let kept = incident.messages[told as usize];
                match kept.status {
                    Some(MessageStatus::Waiting) if self.is_wanted(index, told) => {
                        self.add(moves, OWNERS[owner], takes, index, |world| {
                            world.take(index, told);
                            let sending = Sending { incident: index, told, tries: kept.tries, sent: false };
                            world.owners[owner] = Work::Message(sending);
                        });
                    }
                    Some(MessageStatus::Waiting) => {
                        self.add(moves, OWNERS[owner], "cancels what nobody wants of incident", index, |world| {
                            world.cancel(index, told);
                        });
                    }
                    // Messages are taken up only when whoever had them is gone: in hand, and one daemon a store.
                    Some(MessageStatus::Sending) if self.protocol.reconciles => {
                        let held = |work| matches!(work, Work::Message(other) if other.incident == index && other.told == told);
                        if !self.in_hand(held) {
                            self.add(moves, OWNERS[owner], puts_back, index, |world| world.put_back(index, told));
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    pub(crate) fn message(&self, owner: usize, sending: Sending, moves: &mut Moves) {
        let Sending { incident: index, told, tries, sent } = sending;
        if !sent {
            self.add(moves, OWNERS[owner], "sends a message of incident", index, |world| {
                let reached = &mut world.incidents[index];
                reached.told |= told == Told::Handoff;
                world.owners[owner] = Work::Message(Sending { sent: true, ..sending });
            });
            return;
        }
        let leave = |world: &mut Self| world.owners[owner] = Work::Idle;
        let kept = self.incidents[index].messages[told as usize];
        match kept.status.filter(|_| kept.tries == tries).and_then(|status| status.next(MessageEvent::Send)) {
            Some(status) => {
                let does = ["marks a message as sent of incident", "marks, and is not answered, a message of incident"];
                let change = |world: &mut Self| {
                    let kept = world.kept(index, told);
                    (kept.status, kept.tries) = (Some(status), tries + 1);
                };
                self.commit(moves, owner, does, index, change, leave);
            }
            None => self.add(moves, OWNERS[owner], "is fenced from a message of incident", index, leave),
        }
    }

    /// Whether a message that is due still has to be sent.
    fn is_wanted(&self, incident: usize, told: Told) -> bool {
        let incident = &self.incidents[incident];
        match told {
            Told::Handoff => true,
            Told::Overdue => matches!(incident.step, StepStatus::Planned | StepStatus::Intent),
            Told::Reminder => incident.state == State::Open || !self.protocol.looks_before_reminding,
        }
    }

    fn take(&mut self, incident: usize, told: Told) {
        if told == Told::Reminder && self.incidents[incident].state != State::Open {
            self.wrong = Some("a reminder was sent of an incident that is over");
        }
        self.moves_on(incident, told, MessageEvent::Take);
    }

    fn put_back(&mut self, incident: usize, told: Told) {
        let wanted = self.is_wanted(incident, told);
        self.moves_on(incident, told, if wanted { MessageEvent::Again } else { MessageEvent::Cancel });
        self.kept(incident, told).tries += 1;
    }

    /// Cancels what waits; what is being sent is on its way.
    pub(crate) fn cancel(&mut self, incident: usize, told: Told) {
        let reminds = told == Told::Reminder && !self.protocol.looks_before_reminding;
        if self.kept(incident, told).status == Some(MessageStatus::Waiting) && !reminds {
            self.moves_on(incident, told, MessageEvent::Cancel);
        }
    }

    fn moves_on(&mut self, incident: usize, told: Told, event: MessageEvent) {
        let kept = self.kept(incident, told);
        kept.status = Some(kept.status.and_then(|status| status.next(event)).unwrap());
    }
}
