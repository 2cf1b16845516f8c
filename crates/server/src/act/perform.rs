//! Performing: one call of the store or the daemon for each act, the same that the command line makes.

use serde_json::{Value, json};
use watchkeeper_engine::assigned;
use watchkeeper_model::{Answering, GateState, IncidentState, LedgerEntry, Matcher, Name, NoAnswer, Person, Time};
use watchkeeper_store::{Closed, HoldScope, NewSilence, PeopleError, Reply};

use super::{Act, Answer, AskMonitor, Change, Done};
use crate::{House, problem::Problem, seen};

/// The row of an act is looked for among so many, the newest of its subject.
const ROWS_SINCE_MAX: u32 = 20;

/// What was done: the sentence, what it gave, where it is shown, and whose ledger row tells of it.
struct Told {
    said: String,
    result: Value,
    shown: String,
    subject: Option<String>,
}

/// Does it as this person, whom the record calls `by` where no account stands beside the name; gives what came of it.
pub(super) async fn perform(house: &House, act: &Act, person: &Person, by: String) -> Result<Done, Problem> {
    let now = house.now();
    let told = match act {
        Act::Incident { id, change, seen } => of_incident(house, id, change, seen.as_deref(), &by, now).await?,
        Act::Step { run, step, answer, seen } => {
            of_step(house, run, step, answer, seen.as_deref(), person, now).await?
        }
        Act::Gate { gate, state, reason, seen } => {
            of_gate(house, gate, *state, reason, seen.as_deref(), &by, now).await?
        }
        Act::Hold { monitor, length, reason } => {
            let scope = scope(house, monitor.as_deref())?;
            let until = length.map(|length| now + length);
            house.store().hold(&scope, &by, reason, until, now).await.map_err(Problem::store)?;
            let ends = until.map_or_else(String::new, |until| format!(" until {}", utc(until)));
            let said = format!("automatic steps of {} are on hold{ends}, by {by}", of(&scope));
            Told { said, result: json!({ "until": until }), shown: "/gates".to_owned(), subject: Some(word(&scope)) }
        }
        Act::Release { monitor } => {
            let scope = scope(house, monitor.as_deref())?;
            if !house.store().release(&scope, &by, now).await.map_err(Problem::store)? {
                return Err(Problem::not_done(format!("automatic steps of {} were not on hold", of(&scope))));
            }
            let said = format!("automatic steps of {} run again, by {by}", of(&scope));
            Told { said, result: Value::Null, shown: "/gates".to_owned(), subject: Some(word(&scope)) }
        }
        Act::Silence { matchers, length, reason, acts } => {
            let new = NewSilence { matchers, reason, by: &by, until: now + *length, acts: *acts };
            let silence = house.store().add_silence(new, now).await.map_err(Problem::store)?;
            let about = matchers.iter().map(Matcher::to_string).collect::<Vec<_>>().join(" and ");
            let said = format!("silence {} of {about} until {}", silence.id, utc(silence.until));
            let subject = Some(silence.id.clone());
            Told { said, result: json!(silence), shown: "/gates".to_owned(), subject }
        }
        Act::EndSilence { id } => {
            let ended = house.store().end_silence(id, &by, now).await.map_err(Problem::refused)?;
            let said = format!("silence {} is over, ended by {by}", ended.id);
            Told { said, result: Value::Null, shown: "/gates".to_owned(), subject: Some(ended.id) }
        }
        Act::Monitor { monitor, ask } => of_monitor(house, monitor, *ask, &by).await?,
        Act::Reload => {
            tracing::info!(by, "a reload is asked for");
            let result = house.hands().reload().await.map_err(Problem::not_done)?;
            let said = "the configuration was read again".to_owned();
            Told { said, result, shown: "/system".to_owned(), subject: None }
        }
        Act::TakeWatch { team } => take_watch(house, team.as_deref(), &by, now).await?,
    };
    let Told { said, result, shown, subject } = told;
    let ledger = match subject {
        Some(subject) => newest_row(house, subject, [&by, &person.name], now).await?,
        None => None,
    };
    Ok(Done { said, ledger, by, result, shown })
}

/// The row that the act has made; others may have made some since.
async fn newest_row(house: &House, subject: String, by: [&str; 2], now: Time) -> Result<Option<u64>, Problem> {
    let filter = watchkeeper_store::LedgerFilter { subject: Some(subject), ..Default::default() };
    let rows = house.store().ledger_newest(&filter, ROWS_SINCE_MAX).await.map_err(Problem::store)?;
    let is_ours = |row: &&LedgerEntry| {
        let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
        row.at >= now - chrono::TimeDelta::seconds(1) && body["by"].as_str().is_some_and(|name| by.contains(&name))
    };
    Ok(rows.iter().find(is_ours).map(|row| row.seq))
}

async fn of_incident(
    house: &House,
    id: &str,
    change: &Change,
    saw: Option<&str>,
    by: &str,
    now: Time,
) -> Result<Told, Problem> {
    let store = house.store();
    if let Some(saw) = saw {
        let is = store.incident(id).await.map_err(Problem::refused)?.incident;
        seen::require(saw, &seen::incident(&is), || format!("the incident is {} now", seen::incident_in_words(&is)))?;
    }
    let refused = Problem::refused;
    let (id, said, result) = match change {
        Change::Acknowledge => {
            let taken = store.acknowledge(id, by, now).await.map_err(refused)?;
            match &taken.state {
                IncidentState::Acknowledged { by: theirs, at } if theirs != by => {
                    let title = format!("incident {} was acknowledged before, by {theirs} at {}", taken.id, utc(*at));
                    return Err(Problem::moved(title, "it stays theirs"));
                }
                _ => {}
            }
            let said = format!("incident {} of {} is acknowledged by {by}", taken.id, taken.monitor);
            (taken.id, said, Value::Null)
        }
        Change::GiveBack => {
            let back = store.give_back(id, by, now).await.map_err(refused)?;
            let said = format!(
                "incident {} of {} is given back by {by}: its reminders and escalations go on",
                back.id, back.monitor
            );
            (back.id, said, Value::Null)
        }
        Change::Assign(team) => {
            let workspace = house.workspace();
            let known = || workspace.teams.keys().map(Name::to_string);
            let team = workspace.teams.keys().find(|known| known.as_str() == team.as_str());
            let team = team.ok_or_else(|| Problem::no_such("team", change_team(change), known()))?;
            let told = |incident: &watchkeeper_model::Incident, facts, first| {
                assigned(&workspace, &incident.runbook, facts, first, by, now)
            };
            let found = store.assign(id, team, by, told, now).await.map_err(refused)?;
            let said = format!("incident {} of {} is {team}'s now, by {by}; they are told", found.id, found.monitor);
            (found.id, said, Value::Null)
        }
        Change::Comment(text) => {
            let id = store.comment(id, by, text, now).await.map_err(refused)?;
            let said = format!("commented on incident {id} as {by}");
            (id, said, Value::Null)
        }
        Change::Resolve => {
            let Closed { incident, left_paused } = store.resolve(id, by, now).await.map_err(refused)?;
            house.metrics().resolved_by_people();
            let said = format!("incident {} of {} is resolved by {by}", incident.id, incident.monitor);
            (incident.id, said, json!({ "left_paused": left_paused }))
        }
    };
    Ok(Told { said, result, shown: format!("/incidents/{id}"), subject: Some(id) })
}

fn change_team(change: &Change) -> &str {
    match change {
        Change::Assign(team) => team,
        _ => "",
    }
}

async fn of_step(
    house: &House,
    run: &str,
    step: &Name,
    answer: &Answer,
    saw: Option<&str>,
    person: &Person,
    now: Time,
) -> Result<Told, Problem> {
    let store = house.store();
    let found = store.step_of(run, step).await.map_err(Problem::refused)?;
    let (run, incident) = (found.step.run.clone(), found.incident.id.clone());
    if let Some(saw) = saw {
        let is = || format!("the step is {} now", found.step.status);
        seen::require(saw, &seen::step(&found.step), is)?;
    }
    let what = format!("step {step} of run {run}");
    let teams = &house.workspace().teams;
    let answering = match answer {
        Answer::Start { again } => store.start_step(&run, step, person, *again, now).await.map_err(Problem::refused)?,
        Answer::Approve => store.answer(&run, step, person, Reply::Yes, teams, now).await.map_err(not_answered)?,
        Answer::Reject(reason) => {
            store.answer(&run, step, person, Reply::No(reason), teams, now).await.map_err(not_answered)?
        }
        Answer::Undo => {
            let undo = store.undo_step(&run, step, person, now).await.map_err(Problem::refused)?;
            let said = format!("step {undo} of run {run} takes {step} back: the daemon begins it within seconds");
            let shown = format!("/incidents/{incident}");
            return Ok(Told { said, result: json!({ "step": undo }), shown, subject: Some(incident) });
        }
        Answer::Settle(outcome) => {
            store.settle(&run, step, *outcome, person, now).await.map_err(Problem::refused)?;
            let said = format!("{what} is {outcome}, settled by {}", person.name);
            let shown = format!("/incidents/{incident}");
            return Ok(Told { said, result: Value::Null, shown, subject: Some(incident) });
        }
    };
    let (said, wants) = match answering {
        Answering::Released => (format!("{what} may run: the daemon begins it within seconds"), Some(0)),
        Answering::Wants(left) => (format!("{what} wants {left} more agreements"), Some(left)),
        Answering::Refused => (format!("{what} will not run, and its owner is told so"), None),
    };
    let result = json!({ "released": wants == Some(0), "wants": wants });
    Ok(Told { said, result, shown: format!("/incidents/{incident}"), subject: Some(incident) })
}

/// Who may answer stands in the configuration, for those who may read it.
fn not_answered(error: PeopleError) -> Problem {
    let team = match &error {
        PeopleError::NotAnswered { why: NoAnswer::NotAMember { team, .. }, .. } => Some(team.clone()),
        _ => None,
    };
    let problem = Problem::refused(error);
    match team {
        Some(team) => problem.detail(format!("this takes a member of {team}; this try is recorded")),
        None => problem,
    }
}

async fn of_gate(
    house: &House,
    gate: &str,
    state: GateState,
    reason: &str,
    saw: Option<&str>,
    by: &str,
    now: Time,
) -> Result<Told, Problem> {
    let gates = house.gates().await.map_err(Problem::store)?;
    let found = gates.iter().find(|found| found.name.as_str() == gate);
    let known = || gates.iter().map(|gate| gate.name.to_string());
    let found = found.ok_or_else(|| Problem::no_such("gate", gate, known()))?;
    let store = house.store();
    match saw {
        None => store.set_gate(&found.name, state, by, reason, now).await.map_err(Problem::store)?,
        Some(saw) => {
            let is = format!("gate {gate} is {} now, set by {}", found.state, found.by.as_deref().unwrap_or("nobody"));
            seen::require(saw, &seen::gate(found), || is)?;
            let as_seen = (found.state, found.since);
            let set = store.set_gate_as_seen(&found.name, as_seen, state, by, reason, now).await;
            set.map_err(Problem::refused)?;
        }
    }
    let said = format!("gate {gate} is {state}, set by {by}");
    let result = json!({ "gate": gate, "state": state });
    Ok(Told { said, result, shown: "/gates".to_owned(), subject: Some(gate.to_owned()) })
}

async fn of_monitor(house: &House, monitor: &str, ask: AskMonitor, by: &str) -> Result<Told, Problem> {
    let workspace = house.workspace();
    let name = workspace.monitors.keys().find(|known| known.as_str() == monitor).cloned();
    let name =
        name.ok_or_else(|| Problem::no_such("monitor", monitor, workspace.monitors.keys().map(Name::to_string)))?;
    let (hands, shown) = (house.hands(), format!("/monitors/{name}"));
    match ask {
        AskMonitor::Check => {
            let result = hands.check(name).await.map_err(Problem::not_done)?;
            let verdict = result["verdict"].as_str().unwrap_or("error").replace('_', " ");
            let said = format!("checked now, and acted on nothing: {verdict}");
            Ok(Told { said, result, shown, subject: None })
        }
        AskMonitor::Drill => {
            let result = hands.drill(name, by.to_owned()).await.map_err(Problem::not_done)?;
            let incident = result["id"].as_str().unwrap_or_default().to_owned();
            let said = format!("drill {incident} was opened by {by}");
            Ok(Told { said, shown: format!("/incidents/{incident}"), subject: Some(incident), result })
        }
        AskMonitor::RefreshBaseline => {
            let result = hands.refresh_baseline(name, by.to_owned()).await.map_err(Problem::not_done)?;
            let said = format!("the baseline of {monitor} was frozen anew by {by}");
            Ok(Told { said, result, shown, subject: Some(monitor.to_owned()) })
        }
    }
}

async fn take_watch(house: &House, team: Option<&str>, by: &str, now: Time) -> Result<Told, Problem> {
    let workspace = house.workspace();
    let found = team.map(|team| {
        let known = || workspace.teams.keys().map(Name::to_string);
        let found = workspace.teams.keys().find(|known| known.as_str() == team);
        found.ok_or_else(|| Problem::no_such("team", team, known()))
    });
    let team = found.transpose()?;
    let taken = house.store().take_watch(team, by, now).await.map_err(Problem::store)?;
    let from = taken.from.as_ref().map_or_else(String::new, |from| format!(", relieving {from}"));
    let of = team.map_or_else(String::new, |team| format!(" of {team}"));
    let said = format!("{by} has the watch{of}{from}, with {} open", taken.open);
    let shown = team.map_or_else(|| "/handover".to_owned(), |team| format!("/handover?team={team}"));
    Ok(Told { said, result: json!({ "relieved": taken.from, "open": taken.open }), shown, subject: None })
}

/// What a hold is about: all, or a monitor that is known or held.
fn scope(house: &House, monitor: Option<&str>) -> Result<HoldScope, Problem> {
    let Some(monitor) = monitor else { return Ok(HoldScope::All) };
    let workspace = house.workspace();
    let known = || workspace.monitors.keys().map(Name::to_string);
    let found = workspace.monitors.keys().find(|known| known.as_str() == monitor).cloned();
    found.map(HoldScope::Monitor).ok_or_else(|| Problem::no_such("monitor", monitor, known()))
}

fn of(scope: &HoldScope) -> String {
    match scope {
        HoldScope::All => "every monitor".to_owned(),
        HoldScope::Monitor(monitor) => monitor.to_string(),
    }
}

fn word(scope: &HoldScope) -> String {
    match scope {
        HoldScope::All => "*".to_owned(),
        HoldScope::Monitor(monitor) => monitor.to_string(),
    }
}

fn utc(at: Time) -> String {
    at.format("%F %T UTC").to_string()
}
