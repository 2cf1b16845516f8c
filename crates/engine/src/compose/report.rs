//! Reports that are sent on a schedule: to the channels that the digest names, or to its team's.

use std::collections::BTreeSet;

use watchkeeper_model::{Digest, Facts, Labels, Layer, Message, MessageKind, Name, Report, Severity, Time, Workspace};

use super::address::receivers;
use crate::ports::store::NewMessage;

/// The messages that tell a report, one a channel or mailbox.
pub fn digest_messages(
    workspace: &Workspace,
    name: &Name,
    digest: &Digest,
    report: Report,
    now: Time,
) -> Vec<NewMessage> {
    let of_team = digest.team.as_ref().and_then(|team| workspace.teams.get(team));
    let of_team = of_team.map(|team| team.channels(Severity::Info, &Labels::new())).unwrap_or_default();
    let channels = if digest.notify.is_empty() { of_team } else { &digest.notify };
    let mut told = BTreeSet::new();
    let link = workspace.web.url.as_ref().map(|url| address(url, &report));
    let to = |channel: &Name, receiver: Option<String>| NewMessage {
        incident: None,
        overdue_for: None,
        until_acknowledged: false,
        team: digest.team.clone(),
        channel: channel.clone(),
        receiver,
        not_before: now,
        repeat: None,
        message: Message {
            id: format!("report.{name}.{}.{channel}", report.to.timestamp()),
            kind: MessageKind::Report,
            facts: facts(name, digest, &report),
            first_step: None,
            next_steps: Vec::new(),
            note: None,
            digest: Vec::new(),
            report: Some(Box::new(report.clone())),
            link: link.clone(),
            ledger_head: String::new(),
        },
    };
    let channels = channels.iter().filter(|channel| told.insert(*channel));
    channels
        .flat_map(|channel| receivers(workspace, channel).into_iter().map(|receiver| to(channel, receiver)))
        .collect()
}

/// The page that shows the same.
fn address(url: &str, report: &Report) -> String {
    let minutes = (report.to - report.from).num_minutes();
    let team = report.team.as_ref().map_or_else(String::new, |team| format!("&team={team}"));
    let until = report.to.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    format!("{url}/handover?until={until}&window={minutes}m{team}")
}

/// A report is about no monitor: it stands under the digest's name.
fn facts(name: &Name, digest: &Digest, report: &Report) -> Facts {
    Facts {
        monitor: name.clone(),
        description: report.headline(),
        layer: Layer::Business,
        severity: Severity::Info,
        owner: digest.team.clone().unwrap_or_else(|| name.clone()),
        labels: Labels::new(),
        group: Labels::new(),
        incident: None,
        run: None,
        at: report.to,
        series: Vec::new(),
        more_series: 0,
        trend: report.trends.first().map(|(_, trend)| trend.clone()),
        drill: false,
    }
}
