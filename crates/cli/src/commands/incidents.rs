//! `incidents`: what is open, and all that is known of one.

use std::path::Path;

use watchkeeper_model::{Labels, Severity};
use watchkeeper_store::{Comment, IncidentDetail, IncidentFilter, IncidentRecord, StepDetail};

use crate::{
    args::{IncidentsArgs, Show},
    commands::people::{opened_to_read, refused},
    exit::Exit,
    failure::Failure,
    render::{
        json,
        table::{Cell, Table, Tone, cell},
        terminal::Terminal,
        text::{harmless, utc, utc_or_hyphen},
    },
};

/// Lists them, or shows one.
pub(crate) async fn run(folder: &Path, args: &IncidentsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened_to_read(folder, terminal).await?.store;
    if let Some(Show::Show { id }) = &args.show {
        let detail = store.incident(id).await.map_err(refused)?;
        if args.json {
            json::print(terminal, &detail)?
        } else {
            show(&detail, terminal)?
        }
        return Ok(Exit::Fine);
    }
    let filter = IncidentFilter { unresolved: !args.all, ..IncidentFilter::default() };
    let incidents = store.incidents(&filter).await.map_err(Failure::unreachable)?;
    if args.json {
        json::print(terminal, &incidents)?;
    } else {
        let none = if args.all { "no incidents" } else { "no open incidents" };
        table(&incidents).print(terminal, none)?;
    }
    Ok(Exit::Fine)
}

/// Incidents as a table.
pub(crate) fn table(incidents: &[IncidentRecord]) -> Table {
    let mut table = Table::new(&["INCIDENT", "MONITOR", "STATE", "SEVERITY", "OWNER", "OPENED", "WORST SERIES"]);
    for incident in incidents {
        let worst = incident.series.first().map_or_else(|| "-".to_owned(), ToString::to_string);
        table.row([
            cell(&incident.id),
            cell(named(incident)),
            Cell::toned(incident.state, state_tone(incident.state)),
            Cell::toned(incident.severity, severity_tone(incident.severity)),
            cell(&incident.owner),
            cell(utc(incident.opened_at)),
            cell(worst),
        ]);
    }
    table
}

/// The monitor, its group, and whether it is a drill.
fn named(incident: &IncidentRecord) -> String {
    let drill = if incident.drill { " (drill)" } else { "" };
    format!("{}{}{drill}", incident.monitor, group(&incident.group))
}

fn group(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(", ")) }
}

fn state_tone(state: &str) -> Tone {
    match state {
        "acknowledged" => Tone::Attention,
        "resolved" => Tone::Good,
        _ => Tone::Bad,
    }
}

fn severity_tone(severity: Severity) -> Tone {
    match severity {
        Severity::Info => Tone::Plain,
        Severity::Warning => Tone::Attention,
        Severity::Critical => Tone::Bad,
    }
}

fn show(detail: &IncidentDetail, terminal: &mut Terminal) -> Result<(), Failure> {
    let incident = &detail.incident;
    let taken = incident.acknowledged_by.as_deref().map_or_else(
        || "nobody yet".to_owned(),
        |by| format!("{} at {}", harmless(by), utc_or_hyphen(incident.acknowledged_at)),
    );
    let facts = [
        ("incident", incident.id.clone()),
        ("monitor", harmless(&named(incident))),
        ("layer", format!("{}, {}", incident.layer, incident.severity)),
        ("owner", incident.owner.to_string()),
        ("runbook", incident.runbook.to_string()),
        ("opened", utc(incident.opened_at)),
        ("state", told(incident)),
        ("remedy", incident.remedy.map_or_else(|| "-".to_owned(), |remedy| remedy.to_string())),
        ("acknowledged", taken),
        ("handed off", utc_or_hyphen(detail.handed_off_at)),
    ];
    for (name, fact) in facts {
        terminal.line(format_args!("{name:<13} {fact}"))?;
    }
    terminal.line("")?;
    for report in &incident.series {
        terminal.line(harmless(&report.to_string()))?;
    }
    terminal.line("")?;
    steps(detail).print(terminal, "no steps")?;
    for line in detail.steps.iter().filter_map(helped) {
        terminal.line(line)?;
    }
    terminal.line("")?;
    deliveries(detail).print(terminal, "nobody was told yet")?;
    for Comment { at, by, text } in &detail.comments {
        terminal.line(format_args!("\n{} {}: {}", utc(*at), harmless(by), harmless(text)))?;
    }
    Ok(())
}

fn told(incident: &IncidentRecord) -> String {
    match incident.resolved_at {
        Some(at) => {
            let by = incident.resolved_by.as_deref().map_or_else(|| "recovery".to_owned(), harmless);
            format!("resolved by {by} at {}", utc(at))
        }
        None => incident.state.to_owned(),
    }
}

fn steps(detail: &IncidentDetail) -> Table {
    let mut table = Table::new(&["RUN", "STEP", "DOES", "GUARANTEE", "STATUS", "STARTED", "FINISHED", "DETAIL"]);
    for step in &detail.steps {
        let settled = step.settled_by.as_deref().map(|by| format!(" (settled by {by})")).unwrap_or_default();
        let detail = format!("{}{settled}", step.detail.clone().unwrap_or_else(|| waits(step)));
        table.row([
            cell(&step.run),
            cell(&step.step),
            cell(&step.summary),
            cell(step.guarantee),
            Cell::toned(step.status, status_tone(step.status)),
            cell(utc_or_hyphen(step.started_at)),
            cell(utc_or_hyphen(step.finished_at)),
            cell(detail),
        ]);
    }
    table
}

/// Whether a step that was done helped, and how it is taken back.
fn helped(step: &StepDetail) -> Option<String> {
    let StepDetail { run, step: id, .. } = step;
    let remedy = step.remedy?;
    let how = step.verified.as_deref().map(|how| format!(" {}", harmless(how))).unwrap_or_default();
    let undo = if step.undoable { format!("; to take it back: watchkeeper undo {run} {id}") } else { String::new() };
    Some(format!("step {id}: {remedy}{how}{undo}"))
}

/// For whom a step without a result waits.
fn waits(step: &StepDetail) -> String {
    let (run, id) = (&step.run, &step.step);
    match (step.status, &step.approvers, step.asked_at) {
        ("waiting", Some(team), Some(_)) => {
            let agreed: Vec<&str> = step.answers.iter().map(|answer| answer.by.as_str()).collect();
            let agreed = if agreed.is_empty() { String::new() } else { format!(", agreed: {}", agreed.join(", ")) };
            format!("waits for {team}{agreed}: watchkeeper approve {run} {id}")
        }
        ("waiting", _, None) => format!("waits to be started: watchkeeper step {run} {id}"),
        _ => "-".to_owned(),
    }
}

fn status_tone(status: &str) -> Tone {
    match status {
        "done" => Tone::Good,
        "failed" | "unknown" => Tone::Bad,
        "withheld" | "waiting" => Tone::Attention,
        _ => Tone::Plain,
    }
}

fn deliveries(detail: &IncidentDetail) -> Table {
    let mut table = Table::new(&["TOLD AT", "CHANNEL", "MESSAGE", "OUTCOME"]);
    for sent in &detail.deliveries {
        let to = sent.receiver.as_ref().map_or_else(|| sent.channel.to_string(), |to| format!("{} {to}", sent.channel));
        table.row([cell(utc(sent.at)), cell(to), cell(&sent.kind), cell(&sent.outcome)]);
    }
    table
}

#[cfg(test)]
mod tests {
    use watchkeeper_model::{Layer, Name, Time};

    use super::*;
    use crate::render::terminal::tests::on_paper;

    fn drill() -> IncidentRecord {
        let name = |text| Name::parse(text).unwrap();
        IncidentRecord {
            id: "0123456789".to_owned(),
            monitor: name("loan-nulls"),
            group: Labels::from([("column".to_owned(), "in\u{1b}come".to_owned())]),
            layer: Layer::Data,
            severity: Severity::Critical,
            owner: name("data-team"),
            runbook: name("missing-values"),
            opened_at: Time::from_timestamp(1_767_225_600, 0).unwrap(),
            state: "open",
            acknowledged_by: None,
            acknowledged_at: None,
            resolved_by: None,
            resolved_at: None,
            remedy: None,
            series: Vec::new(),
            drill: true,
        }
    }

    #[test]
    fn an_incident_is_a_line_and_its_labels_are_harmless() {
        let (mut terminal, out, _) = on_paper();
        table(&[drill()]).print(&mut terminal, "").unwrap();
        let expected = "\
INCIDENT    MONITOR                                    STATE  SEVERITY  OWNER      OPENED                WORST SERIES
0123456789  loan-nulls{column=\"in\\u{1b}come\"} (drill)  open   critical  data-team  2026-01-01T00:00:00Z  -
";
        assert_eq!(out.text(), expected);
    }

    #[test]
    fn a_resolution_says_whether_people_or_the_data_did_it() {
        let resolved_at = Time::from_timestamp(1_767_225_600, 0);
        let recovered = IncidentRecord { state: "resolved", resolved_at, ..drill() };
        assert_eq!(told(&recovered), "resolved by recovery at 2026-01-01T00:00:00Z");
        let closed = IncidentRecord { resolved_by: Some("on-call".to_owned()), ..recovered };
        assert_eq!(told(&closed), "resolved by on-call at 2026-01-01T00:00:00Z");
        assert_eq!(told(&drill()), "open");
    }
}
