//! What a step does: its one action table, within what `watchkeeper.toml` allows. One file a kind.

mod airflow;
mod exec;
mod fields;
mod http;
mod jira;
mod kubernetes;
mod mlflow;
mod peer;
mod sql;
mod systemd;

use std::collections::BTreeMap;

pub(super) use exec::{PROGRAM_PATH, is_program_path};
use watchkeeper_model::{Action, GateAction, Secret, Template, looks_secret};

use super::{Context, names::Kind, secret};
use crate::{
    nearest::suggestion,
    place::{Place, Report},
    raw::{leaf::TemplateText, step::ActionTable, watchkeeper::SecretTable},
};

/// Lowers an action table; `None` when something it needs is missing, which has been reported.
pub(crate) fn lower(
    raw: ActionTable<'_>,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<Action> {
    let action = match raw {
        ActionTable::Gate(gate) => {
            context.names.require(Kind::Gate, gate.gate.0.as_str(), place.key("gate").key("gate"), report);
            Action::Gate(GateAction { gate: gate.gate.0.clone(), state: gate.state.0 })
        }
        ActionTable::Exec(raw) => Action::Exec(exec::lower(raw, place.key("exec"), context, report)),
        ActionTable::Http(raw) => Action::Http(http::lower(raw, place.key("http"), context, report)),
        ActionTable::Jira(raw) => Action::Jira(jira::lower(raw, place.key("jira"), context, report)?),
        ActionTable::Sql(raw) => Action::Sql(sql::lower(raw, place.key("sql"), context, report)),
        ActionTable::Mlflow(raw) => Action::Mlflow(mlflow::lower(raw, place.key("mlflow"), context, report)?),
        ActionTable::Systemd(raw) => Action::Systemd(systemd::lower(raw, place.key("systemd"), context, report)),
        ActionTable::Kubernetes(raw) => {
            Action::Kubernetes(kubernetes::lower(raw, place.key("kubernetes"), context, report)?)
        }
        ActionTable::Airflow(raw) => Action::Airflow(airflow::lower(raw, place.key("airflow"), context, report)?),
    };
    check_faults(&action, place.key(action.kind()), report);
    Some(action)
}

fn templates(raw: &BTreeMap<String, TemplateText>) -> BTreeMap<String, Template> {
    raw.iter().map(|(name, template)| (name.clone(), template.0.clone())).collect()
}

fn secrets(
    raw: &BTreeMap<String, SecretTable>,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> BTreeMap<String, Secret> {
    raw.iter().map(|(name, raw)| (name.clone(), secret::lower(raw, place.key(name), context, report))).collect()
}

/// Reports what every run of the action would refuse, and warns of what looks like a secret.
fn check_faults(action: &Action, place: Place<'_>, report: &mut Report) {
    for fault in action.faults() {
        let at = fault.keys.iter().fold(place, |place, key| match key.parse() {
            Ok(index) => place.index(index),
            Err(_) => place.key(key),
        });
        at.mistake(report, fault.message, fault.help);
    }
    let warn = |at: Place<'_>, value: &str, report: &mut Report| {
        if looks_secret(value) {
            let help =
                Some("name where it is kept, as `{ file = \"…\" }`; what stands here is recorded for ever".to_owned());
            at.warn(report, "this looks like a secret", help);
        }
    };
    let (env, body, headers) = (place.key("env"), place.key("body"), place.key("headers"));
    match action {
        Action::Exec(exec) => {
            let command = place.key("command");
            exec.command.iter().enumerate().for_each(|(index, text)| warn(command.index(index), text, report));
            exec.env.iter().for_each(|(name, text)| warn(env.key(name), &text.text(), report));
        }
        Action::Http(http) => {
            warn(place.key("url"), &http.url, report);
            http.headers.iter().for_each(|(name, text)| warn(headers.key(name), text, report));
            http.body.iter().for_each(|(name, field)| warn(body.key(name), &field.json().to_string(), report));
        }
        _ => {}
    }
}

/// A host is allowed by its name, or by name and port.
pub(super) fn check_host(url: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    let (Some((main, _)), Ok(url)) = (context.main, url::Url::parse(url)) else { return };
    let host = url.host_str().unwrap_or("").to_lowercase();
    let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or(0));
    let allowed = main.allow.iter().flat_map(|allow| &allow.hosts).map(|host| host.0.as_str());
    if !allowed.clone().any(|allowed| allowed.eq_ignore_ascii_case(&host) || allowed.eq_ignore_ascii_case(&with_port)) {
        let help = suggestion(&host, allowed)
            .unwrap_or_else(|| "add it to [allow] hosts in config/watchkeeper.toml".to_owned());
        place.mistake(report, format!("`{host}` may not be reached"), Some(help));
    }
}
