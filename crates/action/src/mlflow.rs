//! Puts the alias of a registered model back: an absolute set, from a version that was read to one that is fixed.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, After, Probe};
use watchkeeper_model::{MlflowAction, ModelVersion};

use crate::{
    ActionRunner,
    contract::{Attempt, Kind, Reading, no_mark},
    limit::Limit,
    peer::{Peer, Trouble, refusal},
};

const NAME: &str = "MLflow";

#[async_trait]
impl Kind for MlflowAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        refusal(&self.peer.url, runner)
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        let MlflowAction { model, alias, .. } = self;
        let looked = match Peer::named(NAME, &self.peer, timeout, "lint", runner) {
            Ok(peer) => look(&Registry { peer: &peer, model }, self).await,
            Err(trouble) => Err(trouble),
        };
        let found = looked.map(|(was, to)| format!("{model}@{alias} is at version {was}, and version {to} is there"));
        Some(found.map_err(Trouble::text))
    }

    async fn before(&self, call: &ActionCall, runner: &ActionRunner) -> Reading {
        read(self, call, runner).await.unwrap_or_else(Trouble::unready)
    }

    async fn send(&self, call: &ActionCall, limit: &Limit, runner: &ActionRunner) -> Attempt {
        put_back(self, call, limit, runner).await.unwrap_or_else(Trouble::attempt)
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, runner: &ActionRunner) -> After {
        read_back(self, call, runner).await.unwrap_or_else(Trouble::unread)
    }
}

async fn read(action: &MlflowAction, call: &ActionCall, runner: &ActionRunner) -> Result<Reading, Trouble> {
    let MlflowAction { model, alias, .. } = action;
    let peer = Peer::of(NAME, &action.peer, call, runner)?;
    let (was, to) = look(&Registry { peer: &peer, model }, action).await?;
    Ok(match &action.only_if {
        Some(only_if) if *only_if != was => Reading::Refused(moved(action, &was)),
        _ if was == to => {
            Reading::Refused(format!("{model}@{alias} is at version {to} already: there is nothing to change"))
        }
        _ => Reading::Seen(json!({ "version": was, "to": to })),
    })
}

async fn put_back(
    action: &MlflowAction,
    call: &ActionCall,
    limit: &Limit,
    runner: &ActionRunner,
) -> Result<Attempt, Trouble> {
    let (was, to) = recorded(call)?;
    let peer = Peer::of(NAME, &action.peer, call, runner)?.until(limit);
    let registry = Registry { peer: &peer, model: &action.model };
    let now = registry.at(&action.alias).await.map_err(Trouble::before_acting)?;
    // Sent before, and its answer was lost; or somebody did the same.
    if now != to {
        if now != was {
            return Ok(Attempt::failed(moved(action, &now)));
        }
        registry.set(&action.alias, to).await?;
    }
    let MlflowAction { model, alias, .. } = action;
    Ok(Attempt::done(format!("{model}@{alias} went from version {was} to version {to}"), Some(to.to_owned())))
}

async fn read_back(action: &MlflowAction, call: &ActionCall, runner: &ActionRunner) -> Result<After, Trouble> {
    let (_, to) = recorded(call)?;
    let peer = Peer::of(NAME, &action.peer, call, runner)?;
    let now = Registry { peer: &peer, model: &action.model }.at(&action.alias).await?;
    Ok(match now == to {
        true => After::AsWanted(format!("{}@{} is at version {now}", action.model, action.alias)),
        false => After::Failed(moved(action, &now)),
    })
}

/// One model of the registry.
struct Registry<'a> {
    peer: &'a Peer,
    model: &'a str,
}

impl Registry<'_> {
    /// The version that an alias is at.
    async fn at(&self, alias: &str) -> Result<String, Trouble> {
        let answer = self.get("registered-models/alias", &[("name", self.model), ("alias", alias)]).await?;
        version(&answer)
    }

    /// Whether a version is there and may be served.
    async fn require(&self, wanted: &str) -> Result<(), Trouble> {
        let answer = self.get("model-versions/get", &[("name", self.model), ("version", wanted)]).await?;
        match answer["model_version"]["status"].as_str() {
            Some("READY") => Ok(()),
            status => {
                let status = self.peer.quoted(status.unwrap_or("without a status"));
                Err(Trouble::Refused(format!("version {wanted} of {} is {status}", self.model)))
            }
        }
    }

    async fn set(&self, alias: &str, to: &str) -> Result<Value, Trouble> {
        let body = json!({ "name": self.model, "alias": alias, "version": to });
        let url = self.peer.url(&["api", "2.0", "mlflow", "registered-models", "alias"]);
        self.peer.ask(Method::POST, url, Some(&body)).await
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        let path: Vec<&str> = ["api", "2.0", "mlflow"].into_iter().chain(path.split('/')).collect();
        let mut url = self.peer.url(&path);
        url.query_pairs_mut().extend_pairs(query);
        self.peer.ask(Method::GET, url, None).await
    }
}

/// The version that the alias is at, and the one that it is to go to, which is there.
async fn look(registry: &Registry<'_>, action: &MlflowAction) -> Result<(String, String), Trouble> {
    let was = registry.at(&action.alias).await?;
    let to = match &action.to {
        ModelVersion::Number(version) => version.clone(),
        ModelVersion::Alias(alias) => registry.at(alias).await?,
    };
    registry.require(&to).await?;
    Ok((was, to))
}

fn version(answer: &Value) -> Result<String, Trouble> {
    let version = answer["model_version"]["version"].as_str().filter(|version| ModelVersion::is_number(version));
    version.map(str::to_owned).ok_or_else(|| {
        Trouble::Refused("MLflow's answer names no version: is it another version of MLflow?".to_owned())
    })
}

/// The version that the alias was at, and the one that it goes to.
fn recorded(call: &ActionCall) -> Result<(&str, &str), Trouble> {
    let before = call.before.as_ref();
    let versions = before.and_then(|before| Some((before["version"].as_str()?, before["to"].as_str()?)));
    versions.ok_or_else(|| Trouble::Refused("nothing says which version it goes to".to_owned()))
}

fn moved(action: &MlflowAction, now: &str) -> String {
    let MlflowAction { model, alias, .. } = action;
    format!("{model}@{alias} was moved meanwhile: it is at version {now}")
}
