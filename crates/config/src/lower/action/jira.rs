//! `[step.jira]`: an issue, at a site that may be named once for all steps.

use watchkeeper_model::{JiraAction, JiraApi, OnResolve};

use super::check_host;
use crate::{
    lower::{Context, secret},
    place::{Place, Report},
    raw::step::Jira,
};

pub(super) fn lower(raw: &Jira, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<JiraAction> {
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
