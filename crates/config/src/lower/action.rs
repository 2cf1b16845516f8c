//! What a step does: its one action table, within what `watchkeeper.toml` allows.

use std::{collections::BTreeMap, path::Path};

use watchkeeper_model::{Action, ExecAction, GateAction, HttpAction, JiraAction, JiraApi, Template};

use super::{Context, names::Kind, secret};
use crate::{
    nearest::suggestion,
    place::{Place, Report},
    raw::{
        leaf::TemplateText,
        runbook::{Exec, Http, Jira, Step},
    },
};

/// Lowers the step's action; `None` when something it needs is missing, which has been reported.
pub(crate) fn lower(raw: &Step, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<Action> {
    if let Some(gate) = &raw.gate {
        context.names.require(Kind::Gate, gate.gate.0.as_str(), place.key("gate").key("gate"), report);
        Some(Action::Gate(GateAction { gate: gate.gate.0.clone(), state: gate.state.0 }))
    } else if let Some(exec) = &raw.exec {
        Some(Action::Exec(lower_exec(exec, place.key("exec"), context, report)))
    } else if let Some(http) = &raw.http {
        Some(Action::Http(lower_http(http, place.key("http"), context, report)))
    } else {
        lower_jira(raw.jira.as_ref()?, place.key("jira"), context, report).map(Action::Jira)
    }
}

fn templates(raw: &BTreeMap<String, TemplateText>) -> BTreeMap<String, Template> {
    raw.iter().map(|(name, template)| (name.clone(), template.0.clone())).collect()
}

fn lower_exec(raw: &Exec, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> ExecAction {
    check_program(raw.command.first().map_or("", String::as_str), place.key("command").index(0), context, report);
    let at = place.key("secrets");
    let secrets =
        raw.secrets.iter().map(|(name, raw)| (name.clone(), secret::lower(raw, at.key(name), context, report)));
    ExecAction {
        command: raw.command.clone(),
        env: templates(&raw.env),
        stdin: raw.stdin.as_ref().map(|text| text.0.clone()),
        directory: raw.directory.clone(),
        secrets: secrets.collect(),
    }
}

fn check_program(program: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    if !Path::new(program).is_absolute() {
        let help = Some("write the program's whole path, from `/`".to_owned());
        return place.mistake(report, format!("`{program}` is not an absolute path"), help);
    }
    let Some((main, _)) = context.main else { return };
    let allowed = main.allow.iter().flat_map(|allow| &allow.exec).map(String::as_str);
    if !allowed.clone().any(|allowed| allowed == program) {
        let near = suggestion(program, allowed)
            .unwrap_or_else(|| "add it to [allow] exec in config/watchkeeper.toml".to_owned());
        place.mistake(report, format!("`{program}` may not be run"), Some(near));
    }
}

fn lower_http(raw: &Http, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> HttpAction {
    check_host(&raw.url.0, place.key("url"), context, report);
    HttpAction {
        method: raw.method.clone().unwrap_or_else(|| "POST".to_owned()),
        url: raw.url.0.clone(),
        headers: raw.headers.clone(),
        body: templates(&raw.body),
        token: raw.token.as_ref().map(|token| secret::lower(token, place.key("token"), context, report)),
        idempotent: raw.idempotent,
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

fn lower_jira(raw: &Jira, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<JiraAction> {
    let defaults = context.main.and_then(|(main, place)| Some((main.jira.as_ref()?, place.key("jira"))));
    let shared = defaults.map(|(defaults, _)| defaults);
    let url = raw.url.as_ref().map(|url| (url.0.clone(), place.key("url")));
    let url = url
        .or_else(|| defaults.and_then(|(defaults, place)| Some((defaults.url.as_ref()?.0.clone(), place.key("url")))));
    let token = raw.token.as_ref().map(|token| (token, place.key("token")));
    let token =
        token.or_else(|| defaults.and_then(|(defaults, place)| Some((defaults.token.as_ref()?, place.key("token")))));
    for (key, missing) in [("url", url.is_none()), ("token", token.is_none())] {
        if missing {
            let help = Some("give it here, or once under [jira] in config/watchkeeper.toml".to_owned());
            place.mistake(report, format!("nothing says the Jira `{key}`"), help);
        }
    }
    if let Some((url, place)) = &url {
        check_host(url, *place, context, report);
    }
    let token = token.map(|(token, place)| secret::lower(token, place, context, report));
    let api = raw.api.as_ref().or_else(|| shared.and_then(|shared| shared.api.as_ref()));
    Some(JiraAction {
        url: url?.0,
        api: api.map_or(JiraApi::V3, |api| api.0),
        user: raw.user.clone().or_else(|| shared.and_then(|shared| shared.user.clone())),
        token: token?,
        project: raw.project.clone(),
        issue_type: raw.issue_type.clone().unwrap_or_else(|| "Task".to_owned()),
        summary: raw.summary.0.clone(),
        description: raw.description.as_ref().map(|text| text.0.clone()),
        labels: raw.labels.clone(),
        create_when_unknown: raw.create_when_unknown,
    })
}
