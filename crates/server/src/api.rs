//! The API's reading routes. What they give is what the command line prints with `--json`.

mod openapi;

use axum::{
    Json,
    body::Body,
    http::{
        HeaderMap, HeaderName, StatusCode, header::CONTENT_TYPE, header::ETAG, header::IF_NONE_MATCH, header::LINK,
    },
    response::{IntoResponse, Response},
};
use futures::stream;
use serde::Serialize;
use serde_json::{Value, json};
use watchkeeper_model::{Name, Role};
use watchkeeper_store::LedgerFilter;

pub(crate) use openapi::document;

use crate::{
    House,
    gates::GateView,
    ofrep, page,
    problem::Problem,
    routes::{Ask, Field, Kind, Routes},
    seen, series,
};

/// Rows of a list, at most.
const LIMIT_MAX: u32 = 200;
const LIMIT: u32 = 50;
/// Rows of the ledger that a download reads at once.
const PAGE: u32 = 1_000;

const LIMITED: Field = Field::optional("limit", Kind::Number, "At most so many, up to 200; 50 when absent");
const INCIDENTS: &[Field] = &[
    Field::optional("state", Kind::Words(&["open", "unacknowledged", "acknowledged", "resolved"]), "Only those"),
    Field::optional("monitor", Kind::Text, "Only of this monitor"),
    Field::optional("team", Kind::Text, "Only of this team"),
    Field::optional("layer", Kind::Words(&["data", "model", "system", "business"]), "Only of this layer"),
    Field::optional("text", Kind::Text, "Only those whose id, monitor or group holds this"),
    Field::optional("before", Kind::Text, "Where the list goes on, as `Link` says it"),
    LIMITED,
];
const LEDGER: &[Field] = &[
    Field::optional("subject", Kind::Text, "Only rows about this: an incident, a gate, a monitor"),
    Field::optional("kind", Kind::Text, "Only rows whose kind begins so"),
    Field::optional("before", Kind::Number, "Only rows before this number"),
    Field::optional("download", Kind::Flag, "Every row, one JSON object a line, oldest first"),
    LIMITED,
];
const SPAN: &[Field] = &[
    Field::optional("from", Kind::Text, "From this time on; 30 days ago when absent"),
    Field::optional("to", Kind::Text, "Until this time; now when absent"),
];
const RUNS: &[Field] = &[Field::optional("before", Kind::Text, "Only runs of ticks before this time"), LIMITED];
const REPORT: &[Field] = &[
    Field::optional("team", Kind::Text, "Whose incidents; all of them when absent"),
    Field::optional("since", Kind::Text, "From this time on"),
    Field::optional("until", Kind::Text, "Until this time; now when absent"),
    Field::optional("window", Kind::Text, "So long before `until`, as in 7d; 7d when absent"),
];

/// Declares every reading route.
pub(crate) fn routes(routes: Routes) -> Routes {
    let viewer = Role::Viewer;
    routes
        .read("/v1/monitors", viewer, "Monitors with their last verdict and next tick", &[], "Monitors", monitors)
        .read("/v1/monitors/{monitor}", viewer, "One monitor as it is configured", &[], "Monitor", monitor)
        .read(
            "/v1/monitors/{monitor}/points",
            viewer,
            "Its series over time, at most 500 ticks",
            SPAN,
            "Points",
            points,
        )
        .read("/v1/monitors/{monitor}/runs", viewer, "Its evaluations, newest first", RUNS, "Runs", runs)
        .read("/v1/incidents", viewer, "Incidents, newest first", INCIDENTS, "Incidents", incidents)
        .read(
            "/v1/incidents/{incident}",
            viewer,
            "One incident with steps, deliveries, comments",
            &[],
            "Incident",
            incident,
        )
        .read("/v1/gates", Role::Gates, "Every gate", &[], "Gates", gates)
        .read("/v1/gates/{gate}", Role::Gates, "One gate", &[], "Gate", gate)
        .read("/v1/handoffs", viewer, "Handoffs, newest first", &[], "Handoffs", handoffs)
        .read("/v1/steps", viewer, "Steps that wait for people, or whose outcome is unknown", &[], "Steps", steps)
        .read("/v1/runs/{run}/steps/{step}", viewer, "One step of a run", &[], "Step", step)
        .read("/v1/holds", viewer, "Holds in force", &[], "Holds", holds)
        .read("/v1/silences", viewer, "Silences and maintenance windows in force", &[], "Silences", silences)
        .read(
            "/v1/deliveries",
            viewer,
            "Messages that have been tried and reached nobody",
            &[],
            "Deliveries",
            deliveries,
        )
        .read("/v1/ledger", viewer, "The record, newest first", LEDGER, "Ledger", ledger)
        .read("/v1/plugins", viewer, "Checks that monitors use", &[], "Plugins", plugins)
        .read("/v1/teams", viewer, "Teams, and who has their watch", &[], "Teams", teams)
        .read("/v1/handover", viewer, "What happened in a time", REPORT, "Report", handover)
        .read("/v1/handover.md", viewer, "The same in Markdown", REPORT, "Markdown", handover_markdown)
}

/// An answer that a client need not read again where it has it.
fn tagged(ask: &Ask, value: impl Serialize) -> Response {
    let Ok(value) = serde_json::to_value(value) else {
        return Problem::broken("an answer cannot be written as JSON".to_owned()).into_response();
    };
    let tag = ofrep::tag_of(&value);
    match ask.held.as_deref().is_some_and(|held| ofrep::holds(held, &tag)) {
        true => (StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response(),
        false => ([(ETAG, tag)], Json(value)).into_response(),
    }
}

/// What a request says that it has.
pub(crate) fn held(headers: &HeaderMap) -> Option<String> {
    headers.get(IF_NONE_MATCH).and_then(|tag| tag.to_str().ok()).map(str::to_owned)
}

fn limit(ask: &Ask) -> Result<u32, Problem> {
    let expected = format!("a number from 1 to {LIMIT_MAX}");
    let limit =
        ask.parsed("limit", &expected, |text| text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)))?;
    Ok(limit.unwrap_or(LIMIT))
}

/// Where a list goes on.
fn with_next(answer: Response, next: Option<String>) -> Response {
    match next {
        Some(next) => ([(LINK, format!("<{next}>; rel=\"next\""))], answer).into_response(),
        None => answer,
    }
}

fn known_monitor(ask: &Ask) -> Result<Name, Problem> {
    let workspace = ask.house.workspace();
    let given = ask.path("monitor");
    let found = workspace.monitors.keys().find(|name| name.as_str() == given).cloned();
    found.ok_or_else(|| Problem::no_such("monitor", given, workspace.monitors.keys().map(Name::to_string)))
}

async fn monitors(ask: Ask) -> Result<Response, Problem> {
    let workspace = ask.house.workspace();
    let verdicts = ask.house.store().last_verdicts().await.map_err(Problem::store)?;
    let rows: Vec<Value> = workspace
        .monitors
        .values()
        .map(|monitor| {
            let last = verdicts.binary_search_by(|last| last.monitor.cmp(&monitor.id)).ok();
            let last = last.and_then(|place| verdicts.get(place));
            json!({
                "monitor": monitor.id, "description": monitor.description, "layer": monitor.layer,
                "severity": monitor.severity, "owner": monitor.owner, "verdict": last.map(|last| last.verdict),
                "at": last.map(|last| last.scheduled_at), "reason": last.and_then(|last| last.reason.as_ref()),
                "next": monitor.schedule.next_after(ask.now),
            })
        })
        .collect();
    Ok(Json(rows).into_response())
}

async fn monitor(ask: Ask) -> Result<Response, Problem> {
    let name = known_monitor(&ask)?;
    Ok(tagged(&ask, ask.house.workspace().monitors.get(&name)))
}

async fn points(ask: Ask) -> Result<Response, Problem> {
    let name = known_monitor(&ask)?;
    let moment = |text: &str| watchkeeper_config::time(text).ok();
    let to = ask.parsed("to", "a time or a date", moment)?.unwrap_or(ask.now);
    let from = ask.parsed("from", "a time or a date", moment)?;
    let from = from.or_else(|| to.checked_sub_signed(chrono::TimeDelta::days(30))).filter(|from| *from < to);
    let from = from.ok_or_else(|| Problem::field("from", "`from` is not before `to`"))?;
    let ticks = ask.house.store().ticks(&name, from, to, 500).await.map_err(Problem::store)?;
    let workspace = ask.house.workspace();
    let mut all = Vec::new();
    for past in ticks.shown.iter().flat_map(|tick| &tick.series) {
        if !all.contains(&past.series) {
            all.push(past.series.clone());
        }
    }
    let trends = all.iter().map(|series| series::trend(workspace.monitors.get(&name), series, &ticks.shown));
    let trends: Vec<_> = trends.collect();
    Ok(tagged(&ask, json!({ "monitor": name, "recorded": ticks.recorded, "series": trends })))
}

async fn runs(ask: Ask) -> Result<Response, Problem> {
    let (name, limit) = (known_monitor(&ask)?, limit(&ask)?);
    let before = ask.parsed("before", "a time or a date", |text| watchkeeper_config::time(text).ok())?;
    let mut runs = ask.house.store().runs(&name, before, limit + 1).await.map_err(Problem::store)?;
    let more = runs.len() > limit as usize;
    runs.truncate(limit as usize);
    let last = runs.last().and_then(|run| run["at"].as_str()).filter(|_| more).map(str::to_owned);
    let next = last.map(|at| format!("/v1/monitors/{name}/runs?limit={limit}&before={}", page::escaped(&at)));
    Ok(with_next(tagged(&ask, runs), next))
}

async fn incidents(ask: Ask) -> Result<Response, Problem> {
    let limit = limit(&ask)?;
    let filter = watchkeeper_store::IncidentFilter { limit: Some(limit + 1), ..page::incident_filter(&ask)? };
    let mut found = ask.house.store().incidents(&filter).await.map_err(Problem::store)?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let kept = ["state", "monitor", "team", "layer", "text"];
    let kept = kept.iter().filter_map(|name| Some(format!("{name}={}&", page::escaped(ask.query(name)?))));
    let kept: String = kept.collect();
    let next = found.last().filter(|_| more).map(page::incident_cursor);
    let next = next.map(|cursor| format!("/v1/incidents?{kept}limit={limit}&before={}", page::escaped(&cursor)));
    Ok(with_next(tagged(&ask, found), next))
}

async fn incident(ask: Ask) -> Result<Response, Problem> {
    let detail = ask.house.store().incident(ask.path("incident")).await.map_err(Problem::refused)?;
    let saw = seen::incident(&detail.incident);
    let mut value = serde_json::to_value(&detail).unwrap_or_default();
    value["seen"] = json!(saw);
    for (step, told) in detail.steps.iter().zip(value["steps"].as_array_mut().into_iter().flatten()) {
        told["seen"] = json!(seen::step(step));
    }
    Ok(tagged(&ask, value))
}

fn told_gate(gate: &GateView) -> Value {
    let mut value = serde_json::to_value(gate).unwrap_or_default();
    value["seen"] = json!(seen::gate(gate));
    value
}

async fn gates(ask: Ask) -> Result<Response, Problem> {
    let gates = ask.house.gates_asked_for().await.map_err(Problem::store)?;
    Ok(tagged(&ask, gates.views.iter().map(told_gate).collect::<Vec<_>>()))
}

async fn gate(ask: Ask) -> Result<Response, Problem> {
    let given = ask.path("gate");
    let found = ask.house.gate_asked_for(given).await.map_err(Problem::store)?;
    let workspace = ask.house.workspace();
    let known = || workspace.gates.keys().map(Name::to_string);
    Ok(tagged(&ask, told_gate(&found.ok_or_else(|| Problem::no_such("gate", given, known()))?)))
}

async fn handoffs(ask: Ask) -> Result<Response, Problem> {
    Ok(tagged(&ask, ask.house.store().newest_handoffs(LIMIT_MAX).await.map_err(Problem::store)?))
}

fn told(asked: &watchkeeper_store::AskedStep) -> Value {
    let mut value = serde_json::to_value(&asked.step).unwrap_or_default();
    value["incident"] = json!(asked.incident.id);
    value["monitor"] = json!(asked.incident.monitor);
    value["over"] = json!(asked.incident.state == "resolved");
    value["seen"] = json!(seen::step(&asked.step));
    value
}

async fn steps(ask: Ask) -> Result<Response, Problem> {
    let asked = ask.house.store().asked_steps().await.map_err(Problem::store)?;
    Ok(tagged(&ask, asked.iter().map(told).collect::<Vec<_>>()))
}

async fn step(ask: Ask) -> Result<Response, Problem> {
    let found = page::step(&ask).await?;
    Ok(tagged(&ask, told(&found)))
}

async fn holds(ask: Ask) -> Result<Response, Problem> {
    let holds = ask.house.store().holds(ask.now).await.map_err(Problem::store)?;
    let rows = holds.into_iter().map(|hold| {
        let monitor = match hold.scope {
            watchkeeper_store::HoldScope::All => None,
            watchkeeper_store::HoldScope::Monitor(monitor) => Some(monitor),
        };
        json!({ "monitor": monitor, "since": hold.since, "until": hold.until, "by": hold.by, "reason": hold.reason })
    });
    Ok(tagged(&ask, rows.collect::<Vec<_>>()))
}

async fn silences(ask: Ask) -> Result<Response, Problem> {
    let mut silences = ask.house.store().silences(ask.now).await.map_err(Problem::store)?;
    silences.extend(ask.house.workspace().quiet(ask.now).silences);
    Ok(tagged(&ask, silences))
}

async fn deliveries(ask: Ask) -> Result<Response, Problem> {
    let since = ask.now - chrono::TimeDelta::days(7);
    Ok(tagged(&ask, ask.house.store().undelivered(since).await.map_err(Problem::store)?))
}

async fn ledger(ask: Ask) -> Result<Response, Problem> {
    let filter: LedgerFilter = page::ledger_filter(&ask)?;
    match ask.query("download") {
        Some("true") => return Ok(download(ask.house)),
        None | Some("false") => {}
        Some(other) => {
            return Err(
                Problem::field("download", format!("`download` cannot be `{other}`")).detail("expected true or false")
            );
        }
    }
    let limit = limit(&ask)?;
    let mut rows = ask.house.store().ledger_newest(&filter, limit + 1).await.map_err(Problem::store)?;
    let more = rows.len() > limit as usize;
    rows.truncate(limit as usize);
    let next = rows.last().filter(|_| more).map(|last| {
        let kept =
            ["subject", "kind"].iter().filter_map(|name| Some(format!("{name}={}&", page::escaped(ask.query(name)?))));
        format!("/v1/ledger?{}limit={limit}&before={}", kept.collect::<String>(), last.seq)
    });
    Ok(with_next(tagged(&ask, rows), next))
}

/// Every row, page by page: the memory it takes does not grow with the ledger.
fn download(house: House) -> Response {
    let pages = stream::try_unfold((house, 1_u64), async |(house, from)| {
        let rows = house.store().ledger(from, PAGE).await?;
        let Some(last) = rows.last() else { return Ok::<_, watchkeeper_engine::ports::store::StoreError>(None) };
        let next = last.seq + 1;
        let lines: String = rows.iter().filter_map(|row| Some(serde_json::to_string(row).ok()? + "\n")).collect();
        Ok(Some((lines, (house, next))))
    });
    let headers = [
        (CONTENT_TYPE, "application/x-ndjson"),
        (HeaderName::from_static("content-disposition"), "attachment; filename=\"ledger.jsonl\""),
    ];
    (headers, Body::from_stream(pages)).into_response()
}

async fn plugins(ask: Ask) -> Result<Response, Problem> {
    let workspace = ask.house.workspace();
    let mut all: std::collections::BTreeMap<&str, Vec<&Name>> = std::collections::BTreeMap::new();
    for monitor in workspace.monitors.values() {
        all.entry(&monitor.check.plugin).or_default().push(&monitor.id);
    }
    let rows: Vec<Value> =
        all.iter().map(|(plugin, monitors)| json!({ "plugin": plugin, "monitors": monitors })).collect();
    Ok(tagged(&ask, rows))
}

async fn teams(ask: Ask) -> Result<Response, Problem> {
    let workspace = ask.house.workspace();
    let mut rows = Vec::new();
    for (name, team) in &workspace.teams {
        let watch = ask.house.store().on_watch(Some(name)).await.map_err(Problem::store)?;
        rows.push(json!({
            "team": name, "layers": team.layers, "on_watch": watch.as_ref().map(|watch| &watch.by),
            "since": watch.as_ref().map(|watch| watch.since),
        }));
    }
    Ok(tagged(&ask, rows))
}

async fn handover(ask: Ask) -> Result<Response, Problem> {
    let report = page::report(&ask).await?;
    Ok(tagged(&ask, report))
}

async fn handover_markdown(ask: Ask) -> Result<Response, Problem> {
    let report = page::report(&ask).await?;
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], report.markdown()).into_response())
}
