//! `notify test`: one marked message on a channel, past the store, so that somebody sees whether it arrives.

use std::path::Path;

use watchkeeper_engine::ports::{
    clock::Clock,
    notifier::{Delivery, Notifier, To},
};
use watchkeeper_model::{Channel, Facts, Labels, Layer, Message, MessageKind, Name, Severity, Workspace, short_id};
use watchkeeper_notify::Channels;
use watchkeeper_secret::SecretReader;

use crate::{
    args::{NotifyArgs, NotifyCommand},
    clock::SystemClock,
    commands::people::configured,
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
    wiring,
};

/// Sends it, and says who took it.
pub(crate) async fn run(folder: &Path, args: &NotifyArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let NotifyCommand::Test { channel, by } = &args.command;
    let workspace = wiring::configuration(folder, terminal).await?;
    let name = configured("channel", channel, workspace.channels.keys())?;
    let channels = Channels::new(folder, workspace.channels.clone(), SecretReader::new(folder), std::io::stdout());
    let channels = channels.map_err(Failure::usage)?;
    let message = message(&workspace, &name, &person::acting(by));
    let message = message.ok_or_else(|| Failure::internal("a test has no name"))?;
    let mut exit = Exit::Fine;
    for receiver in workspace.channels.get(&name).map(Channel::receivers).unwrap_or_default() {
        let to = To { receiver: receiver.as_deref(), ..To::channel(&name) };
        let place = receiver.as_ref().map_or_else(|| name.to_string(), |receiver| format!("{name} ({receiver})"));
        let told = match channels.send(to, &message).await {
            Delivery::Sent(_) => "sent".to_owned(),
            Delivery::Retry { reason, .. } | Delivery::Unwell(reason) | Delivery::Refused(reason) => {
                exit = Exit::Unreachable;
                format!("not sent: {reason}")
            }
        };
        terminal.line(format_args!("{}: {}", harmless(&place), harmless(&told)))?;
    }
    Ok(exit)
}

fn message(workspace: &Workspace, channel: &Name, by: &str) -> Option<Message> {
    let now = SystemClock.now();
    let owner = workspace.teams.iter().find(|(_, team)| team.notify.contains(channel)).map(|(name, _)| name);
    Some(Message {
        id: format!("test.{}", short_id(&[channel.as_str(), &now.timestamp_micros().to_string()])),
        kind: MessageKind::Test,
        facts: Facts {
            monitor: Name::parse("watchkeeper").ok()?,
            description: "A test of the channel".to_owned(),
            layer: Layer::System,
            severity: Severity::Info,
            owner: owner.unwrap_or(channel).clone(),
            labels: Labels::new(),
            group: Labels::new(),
            incident: None,
            run: None,
            at: now,
            series: Vec::new(),
            more_series: 0,
            trend: None,
            drill: false,
        },
        first_step: None,
        next_steps: Vec::new(),
        note: Some(format!("It was sent by {by}.")),
        digest: Vec::new(),
        report: None,
        link: None,
        ledger_head: String::new(),
    })
}
