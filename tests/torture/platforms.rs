//! What runs models and jobs, as far as a first step speaks to it: a model registry, a cluster and a scheduler, each of
//! which writes down what really changed, and in which hour.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// The version that is served when an hour begins, and the one that was good.
const BAD: &str = "9";
const GOOD: &str = "7";

/// What stands there, and what changed.
#[derive(Debug, Default)]
pub(crate) struct Platforms {
    hour: u64,
    champion: String,
    deployment: Value,
    version: u64,
    /// The hours in which the alias was set to another version.
    pub(crate) rolled_back: Vec<u64>,
    /// The hours in which the pods were made anew.
    pub(crate) restarted: Vec<u64>,
    /// The runs of a DAG, as often as each was begun.
    pub(crate) triggered: BTreeMap<String, usize>,
}

impl Platforms {
    /// An hour begins: the bad version is served.
    pub(crate) fn begin(&mut self, hour: u64) {
        self.hour = hour;
        BAD.clone_into(&mut self.champion);
        if self.deployment.is_null() {
            self.deployment = json!({ "metadata": { "name": "scoring", "generation": 1 }, "spec": { "replicas": 2 } });
        }
    }

    /// Carries a request out: the status and the answer; `None` for what is none of theirs.
    pub(crate) fn take(&mut self, method: &str, target: &str, body: &Value) -> Option<(u16, Value)> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        match path.split('/').nth(2)? {
            "2.0" => Some(self.registry(method, path, query, body)),
            "apps" => Some(self.cluster(method, body)),
            "v2" => Some(self.scheduler(method, path, body)),
            _ => None,
        }
    }

    fn registry(&mut self, method: &str, path: &str, query: &str, body: &Value) -> (u16, Value) {
        let version = |version: &str| (200, json!({ "model_version": { "version": version, "status": "READY" } }));
        match method {
            "POST" => {
                let wanted = body["version"].as_str().unwrap_or_default();
                if wanted != self.champion {
                    wanted.clone_into(&mut self.champion);
                    self.rolled_back.push(self.hour);
                }
                (200, json!({}))
            }
            _ if path.ends_with("/alias") && query.contains("alias=champion") => version(&self.champion),
            _ => version(GOOD),
        }
    }

    fn cluster(&mut self, method: &str, body: &Value) -> (u16, Value) {
        let now = json!(self.version.to_string());
        if method == "PATCH" {
            if body["metadata"]["resourceVersion"] != now {
                return (409, json!({ "message": "the object has been modified" }));
            }
            let annotations = "/spec/template/metadata/annotations";
            if body.pointer(annotations) != self.deployment.pointer(annotations) {
                self.deployment["spec"]["template"] = body["spec"]["template"].clone();
                self.restarted.push(self.hour);
            }
        }
        // Its status moves all the time.
        self.version += u64::from(method == "PATCH" || self.version.is_multiple_of(3));
        let mut object = self.deployment.clone();
        object["metadata"]["resourceVersion"] = if method == "PATCH" { json!(self.version.to_string()) } else { now };
        (200, object)
    }

    fn scheduler(&mut self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let run = |id: &str| json!({ "dag_run_id": id, "state": "queued" });
        match (method, path.split_once("/dagRuns")) {
            ("POST", Some(_)) => {
                let id = body["dag_run_id"].as_str().unwrap_or_default().to_owned();
                if self.triggered.contains_key(&id) {
                    return (409, json!({ "detail": "it is there already" }));
                }
                let answer = run(&id);
                *self.triggered.entry(id).or_default() += 1;
                (200, answer)
            }
            ("GET", Some((_, id))) if self.triggered.contains_key(id.trim_start_matches('/')) => (200, run(id)),
            ("GET", None) => (200, json!({ "dag_id": "retrain", "is_paused": false })),
            _ => (404, json!({ "detail": "not found" })),
        }
    }
}
