//! Triggers a DAG under a run id of our own, or pauses it. The API is Airflow 3's, `/api/v2`.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, After, Probe};
use watchkeeper_model::{AirflowAction, DagAct, Fields, fields};

use crate::{
    ActionRunner,
    contract::{Attempt, Kind, Reading, no_mark},
    limit::Limit,
    peer::{Peer, Trouble, refusal},
};

const NAME: &str = "Airflow";

#[async_trait]
impl Kind for AirflowAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        refusal(&self.peer.url, runner)
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        let looked = match Peer::named(NAME, &self.peer, timeout, "lint", runner) {
            Ok(peer) => dag(peer, self).await,
            Err(trouble) => Err(trouble),
        };
        let found = looked.map(|paused| match paused {
            true => format!("DAG {} is there, and paused", self.dag),
            false => format!("DAG {} is there", self.dag),
        });
        Some(found.map_err(Trouble::text))
    }

    async fn before(&self, call: &ActionCall, runner: &ActionRunner) -> Reading {
        read(self, call, runner).await.unwrap_or_else(Trouble::unready)
    }

    async fn send(&self, call: &ActionCall, limit: &Limit, runner: &ActionRunner) -> Attempt {
        act(self, call, limit, runner).await.unwrap_or_else(Trouble::attempt)
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, runner: &ActionRunner) -> After {
        read_back(self, call, runner).await.unwrap_or_else(Trouble::unread)
    }
}

async fn read(action: &AirflowAction, call: &ActionCall, runner: &ActionRunner) -> Result<Reading, Trouble> {
    let paused = dag(Peer::of(NAME, &action.peer, call, runner)?, action).await?;
    Ok(match (&action.act, action.only_if_paused) {
        (_, Some(only_if)) if only_if != paused => {
            let now = if paused { "paused" } else { "not paused" };
            Reading::Refused(format!("DAG {} was changed meanwhile: it is {now}", action.dag))
        }
        (DagAct::Trigger(_), _) if paused => {
            Reading::Refused(format!("DAG {} is paused, so that a run of it would not begin", action.dag))
        }
        _ => Reading::Seen(json!({ "is_paused": paused })),
    })
}

async fn act(
    action: &AirflowAction,
    call: &ActionCall,
    limit: &Limit,
    runner: &ActionRunner,
) -> Result<Attempt, Trouble> {
    if call.before.is_none() {
        return Ok(Attempt::failed("nothing says what was there before"));
    }
    let peer = Peer::of(NAME, &action.peer, call, runner)?.until(limit);
    let peer = signed_in(peer).await.map_err(Trouble::before_acting)?;
    match &action.act {
        DagAct::Trigger(conf) => trigger(&peer, action, conf, call).await,
        DagAct::Pause(wanted) => pause(&peer, action, *wanted).await,
    }
}

async fn read_back(action: &AirflowAction, call: &ActionCall, runner: &ActionRunner) -> Result<After, Trouble> {
    let peer = Peer::of(NAME, &action.peer, call, runner)?;
    let DagAct::Pause(wanted) = action.act else { return state_of_run(peer, action, call).await };
    let paused = dag(peer, action).await?;
    Ok(match paused == wanted {
        true => After::AsWanted(format!("DAG {} is {}", action.dag, if wanted { "paused" } else { "not paused" })),
        false => After::Failed(format!("DAG {} was changed meanwhile", action.dag)),
    })
}

/// A peer that takes our requests: a user and a password are given in exchange for a token first.
async fn signed_in(peer: Peer) -> Result<Peer, Trouble> {
    let Some((user, password)) = peer.credentials() else { return Ok(peer) };
    let body = json!({ "username": user, "password": password });
    let answer = peer.ask_openly(peer.url(&["auth", "token"]), &body).await?;
    let token = answer["access_token"].as_str().map(SecretString::from);
    let token =
        token.ok_or_else(|| Trouble::Refused("Airflow gave no token: is it another version of Airflow?".to_owned()))?;
    Ok(peer.with_token(token))
}

/// Whether the DAG is paused, which says that it is there.
async fn dag(peer: Peer, action: &AirflowAction) -> Result<bool, Trouble> {
    let peer = signed_in(peer).await?;
    let dag = peer.ask(Method::GET, peer.url(&["api", "v2", "dags", &action.dag]), None).await?;
    let silent = || Trouble::Refused("Airflow does not say whether it is paused: is it another version?".to_owned());
    dag["is_paused"].as_bool().ok_or_else(silent)
}

/// The id of the run that a call triggers: the same each time that it is sent.
fn run_id(call: &ActionCall) -> String {
    let key: String = call.idempotency_key.chars().take(24).collect();
    format!("watchkeeper-{}-{key}", call.run)
}

async fn trigger(peer: &Peer, action: &AirflowAction, conf: &Fields, call: &ActionCall) -> Result<Attempt, Trouble> {
    let id = run_id(call);
    let note = format!("Triggered by Watchkeeper for incident {}, run {}.", call.incident, call.run);
    let mut body = json!({ "dag_run_id": id, "logical_date": null, "conf": fields::json(conf), "note": note });
    if call.drill {
        body["conf"]["watchkeeper_drill"] = Value::Bool(true);
    }
    let done = |how: &str| Attempt::done(format!("{how} run {id} of DAG {}", action.dag), Some(id.clone()));
    let runs = ["api", "v2", "dags", &action.dag, "dagRuns"];
    match peer.ask(Method::POST, peer.url(&runs), Some(&body)).await {
        Ok(_) => Ok(done("triggered")),
        // Ours is there already: an earlier attempt was carried out.
        Err(Trouble::Conflict(why)) => {
            match peer.ask(Method::GET, peer.url(&[&runs[..], &[&id]].concat()), None).await {
                Ok(_) => Ok(done("found")),
                Err(Trouble::NotFound(_)) => Err(Trouble::Refused(why)),
                Err(trouble) => Err(Trouble::Ambiguous(trouble.text())),
            }
        }
        Err(trouble) => Err(trouble),
    }
}

async fn pause(peer: &Peer, action: &AirflowAction, wanted: bool) -> Result<Attempt, Trouble> {
    let mut url = peer.url(&["api", "v2", "dags", &action.dag]);
    url.set_query(Some("update_mask=is_paused"));
    peer.ask(Method::PATCH, url, Some(&json!({ "is_paused": wanted }))).await?;
    let how = if wanted { "is paused" } else { "goes on" };
    Ok(Attempt::done(format!("DAG {} {how}", action.dag), None))
}

async fn state_of_run(peer: Peer, action: &AirflowAction, call: &ActionCall) -> Result<After, Trouble> {
    let peer = signed_in(peer).await?;
    let id = run_id(call);
    let run = peer.ask(Method::GET, peer.url(&["api", "v2", "dags", &action.dag, "dagRuns", &id]), None).await?;
    Ok(match run["state"].as_str() {
        Some("success") => After::AsWanted(format!("run {id} succeeded")),
        Some("failed") => After::Failed(format!("run {id} failed")),
        state => After::NotYet(format!("run {id} is {}", peer.quoted(state.unwrap_or("without a state")))),
    })
}
