//! `kubernetes`: one object, changed by a fixed merge patch.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    Action, ActionFault, Connection, Fill, Guarantee, Kind, Undo,
    faults::{fault, of_name},
};

/// Change an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KubernetesAction {
    /// The API server.
    pub peer: Connection,
    /// The object's API, as `apps/v1`.
    pub api_version: String,
    /// The resource, in the plural, as `deployments`.
    pub resource: String,
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// What is changed.
    pub change: Change,
    /// What has to stand there, else it is left alone: a part of the object.
    #[serde(default)]
    pub only_if: Option<Value>,
}

/// What is changed in an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Change {
    /// Its pods are made anew, one after another.
    Restart,
    /// It has so many replicas.
    Scale(u32),
    /// It is suspended, or goes on.
    Suspend(bool),
    /// This is merged into it.
    Patch(Value),
}

impl KubernetesAction {
    /// Where a pod template says by whom it was restarted.
    pub const RESTARTED_BY: &'static str = "watchkeeper/restarted-by";

    /// The merge patch; `key` tells one restart from another.
    pub fn patch(&self, key: &str) -> Value {
        match &self.change {
            Change::Restart => {
                let annotations = json!({ Self::RESTARTED_BY: key });
                json!({ "spec": { "template": { "metadata": { "annotations": annotations } } } })
            }
            Change::Scale(replicas) => json!({ "spec": { "replicas": replicas } }),
            Change::Suspend(suspend) => json!({ "spec": { "suspend": suspend } }),
            Change::Patch(patch) => patch.clone(),
        }
    }

    fn object(&self) -> String {
        format!("{} {}/{}", self.resource, self.namespace, self.name)
    }
}

impl Kind for KubernetesAction {
    fn word(&self) -> &'static str {
        "kubernetes"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::Guarded
    }

    fn target(&self) -> String {
        format!("kubernetes:{}/{}", self.peer.url, self.object())
    }

    fn excludes_others(&self) -> bool {
        true
    }

    fn summary(&self) -> String {
        match &self.change {
            Change::Restart => format!("restart {}", self.object()),
            Change::Scale(replicas) => format!("scale {} to {replicas}", self.object()),
            Change::Suspend(true) => format!("suspend {}", self.object()),
            Change::Suspend(false) => format!("let {} go on", self.object()),
            Change::Patch(_) => format!("patch {}", self.object()),
        }
    }

    fn arguments(&self) -> String {
        let only_if = self.only_if.as_ref().map(|part| format!("\nif it says {part}"));
        format!("{} {}\n{}{}", self.peer.url, self.summary(), self.patch("…"), only_if.unwrap_or_default())
    }

    fn faults(&self) -> Vec<ActionFault> {
        let mut faults = self.peer.faults();
        let words = |text: &str| text.split('/').all(|part| of_name(&[], part, "").is_none());
        if !words(&self.api_version) || self.api_version.split('/').count() > 2 {
            let message = format!("`{}` is not the version of an API", self.api_version.escape_default());
            faults.push(fault(&["api_version"], message, "as in \"apps/v1\""));
        }
        faults.extend(of_name(&["resource"], &self.resource, "a resource"));
        if self.resource == "secrets" {
            let help = "what is there before a step is recorded for ever";
            faults.push(fault(&["resource"], "what secrets hold is not read", help));
        }
        faults.extend(of_name(&["namespace"], &self.namespace, "a namespace"));
        faults.extend(of_name(&["name"], &self.name, "an object"));
        if let Change::Patch(patch) = &self.change {
            let identity = ["apiVersion", "kind", "status"].iter().find(|key| patch.get(**key).is_some());
            faults.extend(identity.map(|key| fault(&["patch", key], format!("`{key}` is not changed by a patch"), "")));
        }
        faults
    }

    fn filled(&self, _: &mut Fill<'_>) -> Action {
        Action::Kubernetes(self.clone())
    }

    fn output(&self) -> Option<&'static str> {
        Some("generation")
    }

    fn reads_back(&self) -> bool {
        true
    }

    fn undo(&self) -> Undo {
        match self.change {
            Change::Restart => Undo::Never("the pods that were replaced do not come back"),
            Change::Scale(_) => Undo::Restores("scale it to what it was"),
            Change::Suspend(true) => Undo::Restores("let it go on"),
            Change::Suspend(false) => Undo::Restores("suspend it again"),
            Change::Patch(_) => Undo::Restores("merge back what was there before"),
        }
    }

    fn undone(&self, before: &Value) -> Option<Action> {
        let was = before.get("was").filter(|_| self.change != Change::Restart)?;
        let set = self.patch("");
        let change = Change::Patch(was.clone());
        Some(Action::Kubernetes(Self { change, only_if: Some(set), ..self.clone() })).filter(|_| *was != self.patch(""))
    }
}
