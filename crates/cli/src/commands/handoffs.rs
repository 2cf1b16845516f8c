//! `handoffs`: what went from the machine to its owners.

use std::path::Path;

use chrono::TimeDelta;
use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_store::Handoff;

use crate::{
    args::{HandoffsArgs, Show},
    clock::SystemClock,
    commands::{
        people::opened_to_read,
        remedies::{self, RATES_DAYS},
    },
    exit::Exit,
    failure::Failure,
    render::{
        json,
        table::{Cell, Table, cell, outcome_tone, remedy_tone},
        terminal::Terminal,
        text::{harmless, utc, utc_or_hyphen},
    },
};

/// Lists them, or shows one.
pub(crate) async fn run(folder: &Path, args: &HandoffsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened_to_read(folder, terminal).await?.store;
    let handoffs = store.handoffs().await.map_err(Failure::unreachable)?;
    match &args.show {
        None if args.json => json::print(terminal, &handoffs)?,
        None => {
            table(&handoffs).print(terminal, "no handoffs")?;
            let rates = store.remedy_rates(SystemClock.now() - TimeDelta::days(RATES_DAYS)).await;
            remedies::table(&rates.map_err(Failure::unreachable)?).print_after(terminal)?;
        }
        Some(Show::Show { id }) => {
            let handoff = the_one(&handoffs, id)?;
            if args.json { json::print(terminal, handoff)? } else { show(handoff, terminal)? }
        }
    }
    Ok(Exit::Fine)
}

/// The handoff whose id, or whose incident's id, begins so.
fn the_one<'a>(handoffs: &'a [Handoff], given: &str) -> Result<&'a Handoff, Failure> {
    let meant = |handoff: &&Handoff| handoff.id.starts_with(given) || handoff.incident.starts_with(given);
    let found: Vec<&Handoff> = handoffs.iter().filter(meant).collect();
    match found[..] {
        [one] => Ok(one),
        [] => Err(Failure::usage(format!("there is no handoff {given}")).hint("`watchkeeper handoffs` lists them")),
        [..] => Err(Failure::usage(format!("{given} may be any of {} handoffs: give more of its id", found.len()))),
    }
}

fn table(handoffs: &[Handoff]) -> Table {
    let headers = &[
        "HANDOFF",
        "INCIDENT",
        "MONITOR",
        "OWNER",
        "OPENED",
        "FIRST STEP",
        "OUTCOME",
        "REMEDY",
        "ACKNOWLEDGED",
        "RESOLVED",
    ];
    let mut table = Table::new(headers);
    for handoff in handoffs {
        let step = &handoff.first_step;
        table.row([
            cell(&handoff.id),
            cell(&handoff.incident),
            cell(&handoff.monitor),
            cell(&handoff.owner),
            cell(utc(handoff.opened_at)),
            cell(format_args!("{} ({})", step.step, step.action)),
            Cell::toned(step.outcome, outcome_tone(step.outcome)),
            step.remedy.map_or_else(|| cell("-"), |remedy| Cell::toned(remedy, remedy_tone(remedy))),
            cell(handoff.acknowledged_by.as_deref().unwrap_or("-")),
            cell(utc_or_hyphen(handoff.resolved_at)),
        ]);
    }
    table
}

fn show(handoff: &Handoff, terminal: &mut Terminal) -> Result<(), Failure> {
    let step = &handoff.first_step;
    let acknowledged = handoff.acknowledged_by.as_deref().map_or_else(
        || "nobody yet".to_owned(),
        |by| format!("{} at {}", harmless(by), utc_or_hyphen(handoff.acknowledged_at)),
    );
    let facts = [
        ("handoff", handoff.id.clone()),
        ("incident", handoff.incident.clone()),
        ("monitor", format!("{} ({}, {})", handoff.monitor, handoff.layer, handoff.severity)),
        ("owner", handoff.owner.to_string()),
        ("opened", utc(handoff.opened_at)),
        ("first step", format!("{} ({}): {}", step.step, harmless(&step.action), step.outcome)),
        ("remedy", step.remedy.map_or_else(|| "-".to_owned(), |remedy| remedy.to_string())),
        ("started", utc_or_hyphen(step.started_at)),
        ("finished", utc_or_hyphen(step.finished_at)),
        ("handed off", utc(handoff.handed_off_at)),
        ("acknowledged", acknowledged),
        ("resolved", utc_or_hyphen(handoff.resolved_at)),
        ("ledger head", handoff.ledger_head.clone()),
    ];
    for (name, fact) in facts {
        terminal.line(format_args!("{name:<13} {fact}"))?;
    }
    terminal.line("")?;
    let mut table = Table::new(&["TOLD AT", "CHANNEL", "OUTCOME"]);
    for sent in &handoff.notifications {
        let to = sent.receiver.as_ref().map_or_else(|| sent.channel.to_string(), |to| format!("{} {to}", sent.channel));
        table.row([cell(utc(sent.at)), cell(to), cell(&sent.outcome)]);
    }
    Ok(table.print(terminal, "nobody was told yet")?)
}

#[cfg(test)]
mod tests {
    use watchkeeper_model::{Layer, Name, Outcome, Severity, Time};
    use watchkeeper_store::{FirstStep, Notification};

    use super::*;
    use crate::render::terminal::tests::on_paper;

    fn handoff(id: &str) -> Handoff {
        let name = |text| Name::parse(text).unwrap();
        let at = Time::from_timestamp(1_767_225_600, 0).unwrap();
        let first_step = FirstStep {
            step: name("pause"),
            action: "gate".to_owned(),
            outcome: Outcome::Done,
            started_at: Some(at),
            finished_at: Some(at),
            remedy: Some(watchkeeper_model::Remedy::Acted),
        };
        Handoff {
            id: id.to_owned(),
            incident: format!("1{}", &id[1..]),
            monitor: name("loan-auc"),
            layer: Layer::Model,
            severity: Severity::Critical,
            owner: name("ml-team"),
            opened_at: at,
            first_step,
            notifications: vec![Notification {
                channel: name("mail-ml"),
                receiver: None,
                outcome: "sent".to_owned(),
                at,
            }],
            handed_off_at: at,
            acknowledged_by: None,
            acknowledged_at: None,
            resolved_at: None,
            ledger_head: "ab".repeat(32),
        }
    }

    #[test]
    fn a_handoff_is_a_line() {
        let (mut terminal, out, _) = on_paper();
        table(&[handoff("0123456789")]).print(&mut terminal, "").unwrap();
        let expected = "\
HANDOFF     INCIDENT    MONITOR   OWNER    OPENED                FIRST STEP    OUTCOME  REMEDY  ACKNOWLEDGED  RESOLVED
0123456789  1123456789  loan-auc  ml-team  2026-01-01T00:00:00Z  pause (gate)  done     acted   -             -
";
        assert_eq!(out.text(), expected);
    }

    #[test]
    fn one_is_found_by_the_beginning_of_its_id_or_its_incident() {
        let all = [handoff("0123456789"), handoff("0223456789")];
        assert_eq!(the_one(&all, "012").unwrap().id, "0123456789");
        assert_eq!(the_one(&all, "122").unwrap().id, "0223456789");
        assert!(the_one(&all, "0").is_err() && the_one(&all, "f").is_err());
    }

    #[test]
    fn a_shown_handoff_says_who_was_told_and_carries_the_head() {
        let (mut terminal, out, _) = on_paper();
        show(&handoff("0123456789"), &mut terminal).unwrap();
        let text = out.text();
        assert!(text.contains("acknowledged  nobody yet\n"), "{text}");
        assert!(text.contains(&format!("ledger head   {}\n", "ab".repeat(32))), "{text}");
        assert!(text.contains("2026-01-01T00:00:00Z  mail-ml  sent\n"), "{text}");
    }
}
