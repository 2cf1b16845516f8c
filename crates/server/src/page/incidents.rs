//! `/incidents`: all of them, newest first, by a filter that stands in the address.

use maud::{Markup, html};
use watchkeeper_model::{Layer, Name, Time};
use watchkeeper_store::{IncidentFilter, IncidentRecord};

use super::{
    Nav, Page, escaped,
    parts::{group, monitor_name, wrong},
};
use crate::{
    look::{badge, time, words},
    problem::Problem,
    routes::Ask,
};

/// So many are listed at once.
const LISTED: u32 = 50;
pub(crate) const LAYERS: [Layer; 4] = [Layer::Data, Layer::Model, Layer::System, Layer::Business];
const STATES: [(&str, &str); 5] = [
    ("", "all"),
    ("open", "not resolved"),
    ("unacknowledged", "nobody has it"),
    ("acknowledged", "somebody has it"),
    ("resolved", "resolved"),
];

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let filter = IncidentFilter { limit: Some(LISTED + 1), ..filter(&ask)? };
    let mut found = ask.house.store().incidents(&filter).await.map_err(Problem::store)?;
    let more = found.len() > LISTED as usize;
    found.truncate(LISTED as usize);
    let workspace = ask.house.workspace();
    let content = html! {
        h1 { (headline(&ask, found.len(), more)) }
        (controls(&ask, workspace.teams.keys()))
        section id="list" data-live {
            @if found.is_empty() {
                p class="quiet" { "None matches. " a href="/incidents" { "Show all" } }
            } @else {
                table {
                    thead { tr { th { "Incident" } th { "State" } th { "What is wrong" } th { "Owner" } th { "Opened" } th { "Resolved" } } }
                    tbody { @for incident in &found { (row(&monitor_name(&workspace, &incident.monitor), incident, ask.now)) } }
                }
            }
            @if let Some(last) = found.last().filter(|_| more) {
                div class="buttons" { a class="button" rel="next" href=(next(&ask, last)) { "Older incidents" } }
            }
        }
    };
    Ok(Page::new(Nav::Incidents, "Incidents", content))
}

/// The filter of an address, for the page and the API.
pub(crate) fn filter(ask: &Ask) -> Result<IncidentFilter, Problem> {
    let name = |field: &str| ask.parsed(field, "a name", |text| Name::parse(text).ok());
    let layer = |text: &str| LAYERS.into_iter().find(|layer| layer.as_str() == text);
    let after = |text: &str| {
        let (at, id) = text.split_once(',')?;
        Some((at.parse::<Time>().ok()?, id.to_owned()))
    };
    let state = ask.parsed("state", "open, unacknowledged, acknowledged or resolved", |text| {
        STATES.iter().skip(1).map(|(state, _)| *state).find(|state| *state == text)
    })?;
    Ok(IncidentFilter {
        unresolved: state == Some("open"),
        resolved: state == Some("resolved"),
        acknowledged: match state {
            Some("acknowledged") => Some(true),
            Some("unacknowledged") => Some(false),
            _ => None,
        },
        monitor: name("monitor")?,
        owner: name("team")?,
        layer: ask.parsed("layer", "data, model, system or business", layer)?,
        text: ask.query("text").map(|text| text.chars().take(200).collect()),
        after: ask.parsed("before", "the time and the id of the last one that was shown", after)?,
        limit: None,
    })
}

/// Where the list goes on: after the last one that is shown.
pub(crate) fn cursor(last: &IncidentRecord) -> String {
    format!("{},{}", last.opened_at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true), last.id)
}

fn next(ask: &Ask, last: &IncidentRecord) -> String {
    let kept = ["state", "team", "layer", "monitor", "text"];
    let kept = kept.iter().filter_map(|name| Some(format!("{name}={}&", escaped(ask.query(name)?))));
    format!("/incidents?{}before={}", kept.collect::<String>(), escaped(&cursor(last)))
}

fn headline(ask: &Ask, shown: usize, more: bool) -> String {
    let state = ask.query("state").and_then(|state| STATES.iter().find(|(known, _)| *known == state));
    let state = state.map_or_else(String::new, |(_, words)| format!(", {words}"));
    let at_least = if more { "The newest " } else { "" };
    format!("{at_least}{}{state}", words::count(shown, "incident"))
}

fn controls<'a>(ask: &Ask, teams: impl Iterator<Item = &'a Name>) -> Markup {
    let is = |field: &str, value: &str| ask.query(field).unwrap_or_default() == value;
    html! {
        form class="filter" method="get" action="/incidents" role="search" {
            label { "Text, id or monitor" input type="search" name="text" value=(ask.query("text").unwrap_or_default()) maxlength="200"; }
            label { "State" select name="state" { @for (state, words) in STATES { option value=(state) selected[is("state", state)] { (words) } } } }
            label { "Team" select name="team" { option value="" { "all" } @for team in teams { option value=(team) selected[is("team", team.as_str())] { (team) } } } }
            label { "Layer" select name="layer" { option value="" { "all" } @for layer in LAYERS { option value=(layer) selected[is("layer", layer.as_str())] { (layer) } } } }
            @if let Some(monitor) = ask.query("monitor") { input type="hidden" name="monitor" value=(monitor); }
            button type="submit" { "Show" }
        }
    }
}

fn row(name: &str, incident: &IncidentRecord, now: Time) -> Markup {
    html! {
        tr {
            td {
                a href=(format!("/incidents/{}", incident.id)) { (words::cut(name, 100)) } " "
                span class="meta" { (incident.id) @if !incident.group.is_empty() { " · " (group(incident)) } @if incident.drill { " · drill" } }
            }
            td { (badge::incident(incident)) @if incident.state == "acknowledged" { span class="meta" { " by " (words::cut(incident.acknowledged_by.as_deref().unwrap_or_default(), 40)) } } }
            td { @if let Some(worst) = incident.series.first() { (wrong(worst)) } }
            td data-label="owner" { (incident.owner) }
            td data-label="opened" { (time::minute(incident.opened_at)) span class="muted" { ", " (time::between(incident.opened_at, now)) " ago" } }
            td data-label="resolved" { @if let Some(at) = incident.resolved_at { (time::minute(at)) } }
        }
    }
}
