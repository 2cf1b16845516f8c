//! Digest: what a channel is told at once when many messages are due at the same time.

use std::cmp::Reverse;

use watchkeeper_model::{Excess, Message, MessageKind, short_id};

/// From so many messages on, a channel gets one instead.
pub(crate) const DIGEST_MIN: usize = 4;

/// One message for many, the worst first; `None` where they are few enough to be told one by one.
pub(crate) fn digest(mut messages: Vec<Message>) -> Option<Message> {
    if messages.len() < DIGEST_MIN {
        return None;
    }
    messages.sort_by(|left, right| {
        let rank = |message: &Message| (Reverse(urgency(message.kind)), Reverse(message.facts.severity));
        let excess = |message: &Message| message.facts.worst().and_then(|report| report.excess);
        rank(left).cmp(&rank(right)).then_with(|| Excess::compare(excess(right), excess(left)))
    });
    let ids: Vec<&str> = messages.iter().map(|message| message.id.as_str()).collect();
    let worst = messages.first()?;
    Some(Message {
        id: format!("digest.{}", short_id(&ids)),
        kind: MessageKind::Digest,
        facts: worst.facts.clone(),
        first_step: None,
        next_steps: Vec::new(),
        note: None,
        report: None,
        link: None,
        ledger_head: messages.last()?.ledger_head.clone(),
        digest: messages,
    })
}

/// What asks for people most is highest.
fn urgency(kind: MessageKind) -> u8 {
    match kind {
        MessageKind::Alarm => 5,
        MessageKind::Escalation | MessageKind::Approval => 4,
        MessageKind::Handoff | MessageKind::Overdue | MessageKind::Spread | MessageKind::Digest => 3,
        MessageKind::Reminder | MessageKind::Step | MessageKind::Verified | MessageKind::Report => 2,
        MessageKind::Warning => 1,
        MessageKind::Acknowledged | MessageKind::Resolved | MessageKind::Test => 0,
    }
}
