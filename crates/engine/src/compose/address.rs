//! Addressing: a note becomes one message a channel of its team, and one a mailbox where a channel has several.

use std::collections::BTreeSet;

use watchkeeper_model::{Channel, Facts, Message, MessageKind, Name, NextStep, StepReport, Time, Workspace, short_id};

use crate::ports::store::{NewMessage, OutboxItem};

/// A message before it is addressed.
pub(crate) struct Note {
    pub(crate) kind: MessageKind,
    pub(crate) facts: Facts,
    pub(crate) first_step: Option<StepReport>,
    pub(crate) next_steps: Vec<NextStep>,
    /// A sentence on why it is sent, where its kind does not say it.
    pub(crate) note: Option<String>,
}

impl Note {
    pub(crate) fn of(kind: MessageKind, facts: Facts) -> Self {
        Self { kind, facts, first_step: None, next_steps: Vec::new(), note: None }
    }

    /// The message; its id names the team and the channel that it goes to, where they are known.
    pub(super) fn message(&self, to: Option<(&Name, &Name)>) -> Message {
        let facts = &self.facts;
        let mut parts = vec![self.about(), self.kind.as_str().to_owned()];
        parts.extend(self.first_step.iter().filter(|_| of_a_step(self.kind)).map(|step| step.step.to_string()));
        if self.kind == MessageKind::Spread {
            parts.push(facts.at.timestamp().to_string());
        }
        parts.extend(to.into_iter().flat_map(|(team, channel)| [team.to_string(), channel.to_string()]));
        Message {
            id: parts.join("."),
            kind: self.kind,
            facts: facts.clone(),
            first_step: self.first_step.clone(),
            next_steps: self.next_steps.clone(),
            note: self.note.clone(),
            digest: Vec::new(),
            report: None,
            link: None,
            ledger_head: String::new(),
        }
    }

    /// The incident, or the tick of a warning; several groups of a tick may be warned of.
    fn about(&self) -> String {
        let Facts { incident, monitor, at, group, .. } = &self.facts;
        let tick = || format!("{monitor}.{}", at.timestamp());
        let warned = || match group.is_empty() {
            true => tick(),
            false => {
                let labels: Vec<&str> = group.iter().flat_map(|(name, value)| [name.as_str(), value]).collect();
                format!("{}.{}", tick(), short_id(&labels))
            }
        };
        incident.clone().unwrap_or_else(warned)
    }
}

/// Whether there is one message of this kind for each step.
fn of_a_step(kind: MessageKind) -> bool {
    matches!(kind, MessageKind::Step | MessageKind::Verified)
}

/// One message a channel of the team, or a mailbox of it, due at `not_before`.
pub(crate) fn to_team(workspace: &Workspace, team: &Name, note: &Note, not_before: Time) -> Vec<NewMessage> {
    let Facts { severity, labels, .. } = &note.facts;
    let channels = workspace.teams.get(team).map(|team| team.channels(*severity, labels)).unwrap_or_default();
    // A channel that is listed twice is told once.
    let mut told = BTreeSet::new();
    let channels = channels.iter().filter(|channel| told.insert(*channel));
    channels.flat_map(|channel| to_channel(workspace, team, channel, note, not_before)).collect()
}

fn to_channel(workspace: &Workspace, team: &Name, channel: &Name, note: &Note, not_before: Time) -> Vec<NewMessage> {
    let to = |receiver| NewMessage {
        incident: note.facts.incident.clone(),
        overdue_for: None,
        until_acknowledged: false,
        team: Some(team.clone()),
        channel: channel.clone(),
        receiver,
        not_before,
        repeat: None,
        message: Message { link: link(workspace, &note.facts), ..note.message(Some((team, channel))) },
    };
    receivers(workspace, channel).into_iter().map(to).collect()
}

/// The same message for the channels that may take it when its own does not: the other ones of its team, then the one for
/// what nobody else takes.
pub(crate) fn instead(workspace: &Workspace, item: &OutboxItem, reason: &str, now: Time) -> Vec<NewMessage> {
    let team = item.team.as_ref().and_then(|name| Some((name, workspace.teams.get(name)?)));
    let of_team = team.map(|(_, team)| team.channels(item.message.facts.severity, &item.message.facts.labels));
    let all = of_team.unwrap_or_default().iter().chain(&workspace.daemon.fallback).filter(|to| **to != item.channel);
    let why = format!("It was meant for channel {}, which did not take it: {reason}.", item.channel);
    let note = item.message.note.as_ref().map_or_else(|| why.clone(), |note| format!("{note} {why}"));
    let message = |to: &Name| Message {
        id: format!("{}.{to}", item.message.id),
        note: Some(note.clone()),
        ..item.message.clone()
    };
    let to = |channel: &Name, receiver| NewMessage {
        incident: item.message.facts.incident.clone(),
        overdue_for: None,
        until_acknowledged: false,
        team: item.team.clone(),
        channel: channel.clone(),
        receiver,
        not_before: now,
        repeat: None,
        message: message(channel),
    };
    all.flat_map(|channel| receivers(workspace, channel).into_iter().map(|receiver| to(channel, receiver))).collect()
}

/// The incident's page; a link leads there and never to an act, since scanners open every link.
fn link(workspace: &Workspace, facts: &Facts) -> Option<String> {
    let (url, incident) = (workspace.web.url.as_ref()?, facts.incident.as_ref()?);
    Some(format!("{url}/incidents/{incident}"))
}

/// The mailboxes of a channel that sends to each; one that is gone is told once, and says so.
pub(super) fn receivers(workspace: &Workspace, channel: &Name) -> Vec<Option<String>> {
    workspace.channels.get(channel).map_or_else(|| vec![None], Channel::receivers)
}
