//! Alarm: a store that is away is told of on channels, past the outbox, which is a part of the store.

use std::{collections::BTreeSet, time::Duration};

use watchkeeper_model::{
    Cause, Channel, Facts, Labels, Layer, Message, MessageKind, Name, SeriesReport, Severity, Subject, Team, Time,
    Verdict, Workspace,
};

use crate::ports::{
    notifier::{Delivery, Notifier, To},
    store::Unreadable,
};

/// How long the store may be away before anybody is woken.
const AFTER: Duration = Duration::from_secs(30);
/// The pause before a team that could not be reached is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// What was told already.
#[derive(Default)]
pub(super) struct Alarm {
    reached: BTreeSet<Name>,
    tried_at: Option<Time>,
    logged: BTreeSet<Unreadable>,
}

impl Alarm {
    /// Tells every team on the first of its channels that works, once while the store is away.
    pub(super) async fn sound(
        &mut self,
        workspace: &Workspace,
        notifier: &dyn Notifier,
        away_since: Option<Time>,
        now: Time,
    ) {
        let Some(since) = away_since else {
            self.reached.clear();
            self.tried_at = None;
            return;
        };
        if now < since + AFTER || self.tried_at.is_some_and(|tried| now < tried + AGAIN_AFTER) {
            return;
        }
        self.tried_at = Some(now);
        for (name, team) in &workspace.teams {
            if !self.reached.contains(name) && reach(workspace, notifier, name, team, since).await {
                self.reached.insert(name.clone());
            }
        }
    }

    /// Logs each row that cannot be read once.
    pub(super) fn log_unreadable(&mut self, rows: Vec<Unreadable>) {
        let rows: BTreeSet<Unreadable> = rows.into_iter().collect();
        for row in rows.difference(&self.logged) {
            tracing::error!(
                row = row.row,
                reason = row.reason,
                "a row cannot be read and is left aside; everything else goes on"
            );
        }
        self.logged = rows;
    }
}

/// Tells a team on the first of its channels on which anybody is reached.
async fn reach(workspace: &Workspace, notifier: &dyn Notifier, name: &Name, team: &Team, since: Time) -> bool {
    for channel in &team.notify {
        let Some(message) = message(name, channel, since) else { return false };
        let mut reached = false;
        for receiver in workspace.channels.get(channel).map(Channel::receivers).unwrap_or_default() {
            let to = To { receiver: receiver.as_deref(), ..To::channel(channel) };
            match notifier.send(to, &message).await {
                Delivery::Sent(_) => reached = true,
                Delivery::Retry { reason, .. } | Delivery::Unwell(reason) | Delivery::Refused(reason) => {
                    tracing::error!(team = %name, %channel, receiver, reason, "the alarm did not get through");
                }
            }
        }
        if reached {
            return true;
        }
    }
    false
}

fn message(team: &Name, channel: &Name, since: Time) -> Option<Message> {
    let reason = format!(
        "its store has failed since {}: no check is recorded, no first step runs and no other message goes out until \
         it works again",
        since.format("%F %T UTC")
    );
    let report = SeriesReport {
        subject: Subject::Unmeasured(Cause::Error),
        value: None,
        baseline: None,
        verdict: Verdict::Error,
        limit: String::new(),
        excess: None,
        detail: Some(reason),
    };
    Some(Message {
        id: format!("alarm.{}.{team}.{channel}", since.timestamp()),
        kind: MessageKind::Alarm,
        note: None,
        digest: Vec::new(),
        report: None,
        link: None,
        facts: Facts {
            group: Labels::new(),
            monitor: Name::parse("watchkeeper").ok()?,
            description: "Watchkeeper itself".to_owned(),
            layer: Layer::System,
            severity: Severity::Critical,
            owner: team.clone(),
            labels: Labels::new(),
            incident: None,
            run: None,
            at: since,
            series: vec![report],
            more_series: 0,
            trend: None,
            drill: false,
        },
        first_step: None,
        next_steps: Vec::new(),
        ledger_head: String::new(),
    })
}
