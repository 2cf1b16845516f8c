//! What a simulation came to: incidents with their first steps, gates, and where the mail is.

use std::collections::BTreeSet;

use watchkeeper_model::{Channel, Transport, Workspace};
use watchkeeper_store::{Handoff, IncidentFilter, SqlStore};

use crate::{
    commands::gates,
    failure::Failure,
    render::{
        table::{Cell, Table, cell, outcome_tone},
        terminal::Terminal,
        text::{harmless, utc},
    },
};

/// Incidents listed, at most.
const LISTED_MAX: usize = 20;

/// The ids of the incidents that are in the store.
pub(super) async fn incidents(store: &SqlStore) -> Result<BTreeSet<String>, Failure> {
    let all = store.incidents(&IncidentFilter::default()).await.map_err(Failure::unreachable)?;
    Ok(all.into_iter().map(|incident| incident.id).collect())
}

/// Tells what came of it; `known` are the incidents of before.
pub(super) async fn print(
    workspace: &Workspace,
    store: &SqlStore,
    known: &BTreeSet<String>,
    rehearsed: bool,
    terminal: &mut Terminal,
) -> Result<(), Failure> {
    let opened: BTreeSet<String> = &incidents(store).await? - known;
    let mut handoffs = store.handoffs().await.map_err(Failure::unreachable)?;
    handoffs.retain(|handoff| opened.contains(&handoff.incident));
    handoffs.reverse();
    terminal.line(counted(opened.len(), handoffs.len(), rehearsed))?;
    if !handoffs.is_empty() {
        terminal.line("")?;
        table(&handoffs, rehearsed).print(terminal, "")?;
    }
    if handoffs.len() > LISTED_MAX {
        terminal.line(format_args!("and {} more", handoffs.len() - LISTED_MAX))?;
    }
    let set = store.gates().await.map_err(Failure::unreachable)?;
    terminal.line(if rehearsed { "\nGates as they would be:" } else { "\nGates:" })?;
    gates::table(&gates::rows(&workspace.gates, &set)).print(terminal, "none")?;
    if !rehearsed {
        mails(workspace, terminal)?;
    }
    Ok(())
}

/// `3 incidents were opened, 3 of them handed to their owners.`
fn counted(opened: usize, handed: usize, rehearsed: bool) -> String {
    let (be, be_one) = if rehearsed { ("would be", "would be") } else { ("were", "was") };
    match opened {
        0 => format!("No incident {be_one} opened."),
        1 if handed == 1 => format!("1 incident {be_one} opened and handed to its owner."),
        1 => format!("1 incident {be_one} opened."),
        _ => format!("{opened} incidents {be} opened, {handed} of them handed to their owners."),
    }
}

fn table(handoffs: &[Handoff], rehearsed: bool) -> Table {
    let mut table = Table::new(&["INCIDENT", "MONITOR", "OPENED", "FIRST STEP", "OUTCOME", "OWNER", "TOLD"]);
    for handoff in handoffs.iter().take(LISTED_MAX) {
        let step = &handoff.first_step;
        let would = if rehearsed { "would be " } else { "" };
        table.row([
            cell(&handoff.incident),
            cell(&handoff.monitor),
            cell(utc(handoff.opened_at)),
            cell(format_args!("{} ({})", step.step, step.action)),
            Cell::toned(format_args!("{would}{}", step.outcome), outcome_tone(step.outcome)),
            cell(&handoff.owner),
            cell(told(handoff, would)),
        ]);
    }
    table
}

/// The channels on which the owner was reached.
fn told(handoff: &Handoff, would: &str) -> String {
    let sent = handoff.notifications.iter().filter(|told| told.arrived());
    let channels: BTreeSet<&str> = sent.map(|told| told.channel.as_str()).collect();
    let channels: Vec<&str> = channels.into_iter().collect();
    if channels.is_empty() { "nobody yet".to_owned() } else { format!("{would}on {}", channels.join(", ")) }
}

/// Mail that is written to files is found there.
fn mails(workspace: &Workspace, terminal: &mut Terminal) -> Result<(), Failure> {
    let folders = workspace.channels.values().filter_map(|channel| match channel {
        Channel::Email(mail) => match &mail.transport {
            Transport::File { folder } => Some(folder.as_str()),
            Transport::Smtp { .. } => None,
        },
        _ => None,
    });
    for folder in folders.collect::<BTreeSet<_>>() {
        terminal.line(format_args!("\nMail lies in {}, one file a message.", harmless(folder)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_only_rehearsed_would_be() {
        assert_eq!(counted(3, 2, false), "3 incidents were opened, 2 of them handed to their owners.");
        assert_eq!(counted(3, 3, true), "3 incidents would be opened, 3 of them handed to their owners.");
        assert_eq!(counted(0, 0, true), "No incident would be opened.");
    }
}
