//! What a step does: its one action table, within what `watchkeeper.toml` allows.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Component, Path},
};

use watchkeeper_model::{
    Action, ExecAction, GateAction, HttpAction, JiraAction, JiraApi, OnResolve, Secret, Template, looks_secret,
};

use super::{Context, names::Kind, secret};
use crate::{
    nearest::suggestion,
    place::{Place, Report},
    raw::{
        leaf::TemplateText,
        runbook::{Exec, Http, Jira, Step},
        watchkeeper::SecretTable,
    },
};

/// Lowers the step's action; `None` when something it needs is missing, which has been reported.
pub(crate) fn lower(raw: &Step, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<Action> {
    let action = lowered(raw, place, context, report)?;
    check_faults(&action, place.key(action.kind()), report);
    Some(action)
}

fn lowered(raw: &Step, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<Action> {
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
    check_runnable(raw, place, context, report);
    ExecAction {
        command: raw.command.clone(),
        env: templates(&raw.env),
        stdin: raw.stdin.as_ref().map(|text| text.0.clone()),
        directory: raw.directory.clone(),
        secrets: secrets(&raw.secrets, place.key("secrets"), context, report),
    }
}

fn secrets(
    raw: &BTreeMap<String, SecretTable>,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> BTreeMap<String, Secret> {
    raw.iter().map(|(name, raw)| (name.clone(), secret::lower(raw, place.key(name), context, report))).collect()
}

/// A program that is not there, or cannot run, ends its step at night; the rest of the workspace goes on.
fn check_runnable(raw: &Exec, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    if context.environment.is_none() {
        return;
    }
    let program = raw.command.first().map_or("", String::as_str);
    let at = place.key("command").index(0);
    match fs::metadata(context.folder.join(program)) {
        _ if !is_program_path(program) => {}
        Err(error) => at.broken(report, format!("`{program}` cannot be run: {error}"), None),
        Ok(found) if !found.is_file() || found.permissions().mode() & 0o111 == 0 => {
            let help = Some("make it executable, or give the program that runs it".to_owned());
            at.broken(report, format!("`{program}` is not a program that can be run"), help);
        }
        Ok(_) => {}
    }
    let directory = raw.directory.as_ref().map(|directory| context.folder.join(directory));
    if directory.is_some_and(|directory| !directory.is_dir()) {
        let help = Some("paths start at the workspace folder".to_owned());
        place.key("directory").broken(report, "there is no such folder", help);
    }
    for (index, argument) in raw.command.iter().enumerate().skip(1) {
        // A script is most often the first argument, by its whole path.
        if index == 1 && argument.starts_with('/') && !Path::new(argument).exists() {
            place.key("command").index(index).warn(report, format!("there is no `{argument}`"), None);
        }
    }
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
            http.body.iter().for_each(|(name, text)| warn(body.key(name), &text.text(), report));
        }
        Action::Gate(_) | Action::Jira(_) | Action::JiraResolve(_) => {}
    }
}

/// How a program is written.
pub(super) const PROGRAM_PATH: &str =
    "write its whole path, from `/`, or the way from the workspace folder, as in \"scripts/restart.sh\"";

/// Whether a text is an absolute path, or one within the workspace; names are not looked for.
pub(super) fn is_program_path(program: &str) -> bool {
    let path = Path::new(program);
    program.contains('/') && (path.is_absolute() || path.components().all(|part| matches!(part, Component::Normal(_))))
}

fn check_program(program: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    if !is_program_path(program) {
        return place.mistake(report, format!("`{program}` is not a program's path"), Some(PROGRAM_PATH.to_owned()));
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
        secrets: secrets(&raw.secrets, place.key("secrets"), context, report),
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
        reopen_within: raw.reopen_within.as_ref().map_or(JiraAction::REOPEN_WITHIN, |within| within.0),
        on_resolve: raw.on_resolve.as_ref().map_or(OnResolve::Nothing, |told| told.0),
        create_when_unknown: raw.create_when_unknown,
    })
}
