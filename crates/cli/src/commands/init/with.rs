//! What `init --with` adds: a starting runbook for what runs the services, and where that is.

use std::collections::BTreeSet;

use super::SAMPLE;
use crate::{args::StartWith, place};

/// One start: its runbook, what steps may reach, and the connection.
struct Start {
    runbook: (&'static str, &'static str),
    units: &'static [&'static str],
    hosts: &'static [&'static str],
    connection: &'static str,
    to_do: &'static str,
}

fn start(with: StartWith) -> Start {
    match with {
        StartWith::Systemd => Start {
            runbook: ("runbooks/restart-scoring.toml", include_str!("../../../sample/with/systemd.toml")),
            units: &["scoring.service"],
            hosts: &[],
            connection: "",
            to_do: "name your unit in runbooks/restart-scoring.toml and in [allow] units, and let Watchkeeper's user manage it",
        },
        StartWith::Kubernetes => Start {
            runbook: ("runbooks/restart-pods.toml", include_str!("../../../sample/with/kubernetes.toml")),
            units: &[],
            hosts: &["kubernetes.default.svc"],
            connection: "\n[kubernetes]                             # within a cluster, a pod finds these\n\
                 url = \"https://kubernetes.default.svc\"\n\
                 # token = { file = \"/var/run/secrets/kubernetes.io/serviceaccount/token\" }\n\
                 # ca = \"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt\"\n",
            to_do: "name your workloads in runbooks/restart-pods.toml, and the token and certificates in [kubernetes]",
        },
        StartWith::Airflow => Start {
            runbook: ("runbooks/pause-pipeline.toml", include_str!("../../../sample/with/airflow.toml")),
            units: &[],
            hosts: &["airflow.example.com"],
            connection: "\n[airflow]\nurl = \"https://airflow.example.com\"\n\
                 # user = \"watchkeeper\"\n# token = { file = \"secrets/airflow\" }  # its password\n",
            to_do: "name your DAGs in runbooks/pause-pipeline.toml, and your server in [airflow] and [allow] hosts",
        },
        StartWith::Mlflow => Start {
            runbook: ("runbooks/roll-back-model.toml", include_str!("../../../sample/with/mlflow.toml")),
            units: &[],
            hosts: &["mlflow.example.com"],
            connection: "\n[mlflow]\nurl = \"https://mlflow.example.com\"\n\
                 # token = { file = \"secrets/mlflow\" }\n",
            to_do: "name your model in runbooks/roll-back-model.toml, and your server in [mlflow] and [allow] hosts",
        },
    }
}

/// What is to be done by hand before a start acts on real things.
pub(super) fn to_do(with: StartWith) -> &'static str {
    start(with).to_do
}

/// The sample's files and those of every start.
pub(super) fn files(with: &[StartWith]) -> Vec<(&'static str, String)> {
    let starts: Vec<Start> = with.iter().copied().collect::<BTreeSet<_>>().into_iter().map(start).collect();
    let sample = SAMPLE.iter().map(|(path, text)| match *path {
        place::MARK => (*path, format!("{text}{}", additions(&starts))),
        _ => (*path, (*text).to_owned()),
    });
    let runbooks = starts.iter().map(|start| (start.runbook.0, start.runbook.1.to_owned()));
    sample.chain(runbooks).collect()
}

/// What they need in the main file: one list of what steps may reach, and the connections.
fn additions(starts: &[Start]) -> String {
    if starts.is_empty() {
        return String::new();
    }
    let list = |key: &str, of: fn(&Start) -> &'static [&'static str]| {
        let names: Vec<&str> = starts.iter().flat_map(of).copied().collect();
        if names.is_empty() { String::new() } else { format!("{key} = {names:?}\n") }
    };
    let allow = list("units", |start| start.units) + &list("hosts", |start| start.hosts);
    let connections: String = starts.iter().map(|start| start.connection).collect();
    format!("\n[allow]                                  # what steps may reach\n{allow}{connections}")
}
