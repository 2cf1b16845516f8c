//! Puts the alias of a registered model back: an absolute set, from a version that was read to one that is fixed.

use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use watchkeeper_engine::ports::action::{ActionCall, After, Probe};
use watchkeeper_model::{MlflowAction, ModelVersion};
use watchkeeper_net::permitted;

use crate::{
    ActionRunner, cause,
    contract::{Attempt, Kind, Reading, no_mark},
    limit::Limit,
    peer::{Peer, Trouble, cannot},
};

const NAME: &str = "MLflow";

#[async_trait]
impl Kind for MlflowAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        permitted(&self.peer.url, &runner.allow.hosts).err().map(|error| cause::line(&error))
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        let peer = match Peer::named(NAME, &self.peer, timeout, "lint", runner) {
            Ok(peer) => peer,
            Err(error) => return Some(Err(cannot(&error))),
        };
        let registry = Registry { peer: &peer, model: &self.model };
        Some(match look(&registry, self).await {
            Ok((was, to)) => {
                Ok(format!("{}@{} is at version {was}, and version {to} is there", self.model, self.alias))
            }
            Err(trouble) => Err(trouble.text()),
        })
    }

    async fn before(&self, call: &ActionCall, runner: &ActionRunner) -> Reading {
        let peer = match Peer::of(NAME, &self.peer, call, runner) {
            Ok(peer) => peer,
            Err(error) => return Reading::Refused(cannot(&error)),
        };
        let (was, to) = match look(&Registry { peer: &peer, model: &self.model }, self).await {
            Ok(found) => found,
            Err(trouble) => return trouble.unready(),
        };
        match &self.only_if {
            Some(only_if) if *only_if != was => Reading::Refused(moved(self, &was)),
            _ if was == to => Reading::Refused(format!(
                "{}@{} is at version {to} already: there is nothing to change",
                self.model, self.alias
            )),
            _ => Reading::Seen(json!({ "version": was, "to": to })),
        }
    }

    async fn send(&self, call: &ActionCall, limit: &Limit, runner: &ActionRunner) -> Attempt {
        let Some((was, to)) = recorded(call) else { return Attempt::failed("nothing says which version it goes to") };
        let peer = match Peer::of(NAME, &self.peer, call, runner) {
            Ok(peer) => peer.until(limit),
            Err(error) => return Attempt::failed(cannot(&error)),
        };
        let registry = Registry { peer: &peer, model: &self.model };
        match registry.at(&self.alias).await {
            // Sent before, and its answer was lost; or somebody did the same.
            Ok(now) if now == to => return set(self, was, to),
            Ok(now) if now != was => return Attempt::failed(moved(self, &now)),
            Ok(_) => {}
            Err(Trouble::Ambiguous(why)) => return Trouble::Away(why, None).attempt(),
            Err(trouble) => return trouble.attempt(),
        }
        match registry.set(&self.alias, to).await {
            Ok(_) => set(self, was, to),
            Err(trouble) => trouble.attempt(),
        }
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, runner: &ActionRunner) -> After {
        let Some((_, to)) = recorded(call) else { return After::Unreadable("nothing says where it went".to_owned()) };
        let peer = match Peer::of(NAME, &self.peer, call, runner) {
            Ok(peer) => peer,
            Err(error) => return After::Unreadable(cannot(&error)),
        };
        match (Registry { peer: &peer, model: &self.model }).at(&self.alias).await {
            Ok(now) if now == to => After::AsWanted(format!("{}@{} is at version {now}", self.model, self.alias)),
            Ok(now) => After::Failed(moved(self, &now)),
            Err(trouble) => trouble.unread(),
        }
    }
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
    let version = answer["model_version"]["version"].as_str().map(str::to_owned);
    version.ok_or_else(|| {
        Trouble::Refused("MLflow's answer names no version: is it another version of MLflow?".to_owned())
    })
}

fn recorded(call: &ActionCall) -> Option<(&str, &str)> {
    let before = call.before.as_ref()?;
    Some((before["version"].as_str()?, before["to"].as_str()?))
}

fn set(action: &MlflowAction, was: &str, to: &str) -> Attempt {
    let MlflowAction { model, alias, .. } = action;
    Attempt::done(format!("{model}@{alias} went from version {was} to version {to}"), Some(to.to_owned()))
}

fn moved(action: &MlflowAction, now: &str) -> String {
    let MlflowAction { model, alias, .. } = action;
    format!("{model}@{alias} was moved meanwhile: it is at version {now}")
}
