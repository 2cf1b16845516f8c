//! Changes one object by a fixed merge patch that names the version it was read at, so that a change in between is seen.
//!
//! The API server is asked over plain HTTP requests: three of them, whose certainty has to be known one by one.

mod merge;
mod rollout;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, After, Probe};
use watchkeeper_model::{KubernetesAction, ObjectChange};

use crate::{
    ActionRunner,
    contract::{Attempt, Kind, Reading, no_mark},
    limit::Limit,
    peer::{Peer, Trouble, refusal},
};

const NAME: &str = "Kubernetes";
/// How often a patch is made anew when the object's status moves between reading and writing.
const TRIES_MAX: u32 = 5;

#[async_trait]
impl Kind for KubernetesAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        refusal(&self.peer.url, runner)
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        let rehearsed = match Peer::named(NAME, &self.peer, timeout, "lint", runner) {
            Ok(peer) => rehearse(&peer, self).await,
            Err(trouble) => Err(trouble),
        };
        let takes = |()| format!("{} {}/{} is there, and may be patched", self.resource, self.namespace, self.name);
        Some(rehearsed.map(takes).map_err(Trouble::text))
    }

    async fn before(&self, call: &ActionCall, runner: &ActionRunner) -> Reading {
        look(self, call, runner).await.unwrap_or_else(Trouble::unready)
    }

    async fn send(&self, call: &ActionCall, limit: &Limit, runner: &ActionRunner) -> Attempt {
        change(self, call, limit, runner).await.unwrap_or_else(Trouble::attempt)
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, runner: &ActionRunner) -> After {
        read_back(self, call, runner).await.unwrap_or_else(Trouble::unread)
    }
}

async fn look(action: &KubernetesAction, call: &ActionCall, runner: &ActionRunner) -> Result<Reading, Trouble> {
    let peer = Peer::of(NAME, &action.peer, call, runner)?;
    let object = read(&peer, action).await?;
    Ok(match &action.only_if {
        Some(only_if) if !merge::holds(&object, only_if) => {
            Reading::Refused(moved(&peer, action, &merge::part(&object, only_if)))
        }
        _ => Reading::Seen(json!({ "was": merge::part(&object, &action.patch(&call.idempotency_key)) })),
    })
}

async fn change(
    action: &KubernetesAction,
    call: &ActionCall,
    limit: &Limit,
    runner: &ActionRunner,
) -> Result<Attempt, Trouble> {
    let was = call.before.as_ref().and_then(|before| before.get("was"));
    let was = was.ok_or_else(|| Trouble::Refused("nothing says what was there before".to_owned()))?;
    let peer = Peer::of(NAME, &action.peer, call, runner)?.until(limit);
    let patch = action.patch(&call.idempotency_key);
    for _ in 0..TRIES_MAX {
        let object = read(&peer, action).await.map_err(Trouble::before_acting)?;
        // Sent before, and its answer was lost; or somebody did the same.
        if merge::holds(&object, &patch) {
            return Ok(done(&peer, action, &object));
        }
        if !merge::holds(&object, was) {
            return Ok(Attempt::failed(moved(&peer, action, &merge::part(&object, was))));
        }
        match write(&peer, action, &patch, &object, None).await {
            Ok(object) => return Ok(done(&peer, action, &object)),
            // Its status moves all the time; what is to be changed is looked at again.
            Err(Trouble::Conflict(_)) => {}
            Err(trouble) => return Err(trouble),
        }
    }
    Err(Trouble::Away(format!("{}/{} moves all the time", action.namespace, action.name), None))
}

async fn read_back(action: &KubernetesAction, call: &ActionCall, runner: &ActionRunner) -> Result<After, Trouble> {
    let peer = Peer::of(NAME, &action.peer, call, runner)?;
    let patch = action.patch(&call.idempotency_key);
    let object = read(&peer, action).await?;
    Ok(match action.change {
        _ if !merge::holds(&object, &patch) => After::Failed(moved(&peer, action, &merge::part(&object, &patch))),
        ObjectChange::Restart | ObjectChange::Scale(_) => rollout::stands(&object, |said| peer.quoted(said)),
        ObjectChange::Suspend(_) | ObjectChange::Patch(_) => {
            After::AsWanted(format!("it says {}", peer.quoted(&patch.to_string())))
        }
    })
}

/// `api/v1/…` for the core, `apis/GROUP/VERSION/…` for everything else.
fn path(action: &KubernetesAction) -> Vec<&str> {
    let root = if action.api_version.contains('/') { "apis" } else { "api" };
    let version = action.api_version.split('/');
    let place = ["namespaces", &action.namespace, &action.resource, &action.name];
    std::iter::once(root).chain(version).chain(place).collect()
}

async fn read(peer: &Peer, action: &KubernetesAction) -> Result<Value, Trouble> {
    let object = peer.ask(Method::GET, peer.url(&path(action)), None).await?;
    match object["metadata"]["resourceVersion"].is_string() {
        true => Ok(object),
        false => Err(Trouble::Refused("the API server's answer is no object with a resourceVersion".to_owned())),
    }
}

async fn write(
    peer: &Peer,
    action: &KubernetesAction,
    patch: &Value,
    read: &Value,
    dry_run: Option<&str>,
) -> Result<Value, Trouble> {
    let mut url = peer.url(&path(action));
    url.query_pairs_mut().append_pair("fieldManager", "watchkeeper").extend_pairs(dry_run.map(|all| ("dryRun", all)));
    let mut patch = patch.clone();
    patch["metadata"]["resourceVersion"] = read["metadata"]["resourceVersion"].clone();
    peer.patch(url, "application/merge-patch+json", &patch).await
}

/// The patch as the server would take it, without its effect: the rights and the fields are looked at for real.
async fn rehearse(peer: &Peer, action: &KubernetesAction) -> Result<(), Trouble> {
    let object = read(peer, action).await?;
    write(peer, action, &action.patch("lint"), &object, Some("All")).await.map(drop)
}

fn done(peer: &Peer, action: &KubernetesAction, object: &Value) -> Attempt {
    let generation = object["metadata"]["generation"].as_u64().map(|generation| generation.to_string());
    let KubernetesAction { resource, namespace, name, .. } = action;
    let version = peer.quoted(object["metadata"]["resourceVersion"].as_str().unwrap_or("-"));
    Attempt::done(format!("{resource} {namespace}/{name} is changed, at version {version}"), generation)
}

fn moved(peer: &Peer, action: &KubernetesAction, now: &Value) -> String {
    let KubernetesAction { resource, namespace, name, .. } = action;
    let now = peer.quoted(&now.to_string());
    format!("{resource} {namespace}/{name} was changed meanwhile: it says {now}")
}
