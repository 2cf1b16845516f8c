//! `[step.jira]`: an issue, at a site that may be named once for all steps.

use watchkeeper_model::{Connection, JiraAction, JiraApi, OnResolve};

use super::peer::{self, Own};
use crate::{
    lower::Context,
    place::{Place, Report},
    raw::step::Jira,
};

pub(super) fn lower(raw: &Jira, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<JiraAction> {
    let shared = context.main.and_then(|(main, _)| main.jira.as_ref());
    let own = Own { url: raw.url.as_ref(), user: raw.user.as_ref(), token: raw.token.as_ref(), ca: None };
    let peer = peer::lower("jira", &own, |main| main.jira.as_ref().map(Own::from), place, context, report);
    if raw.token.is_none() && shared.is_none_or(|shared| shared.token.is_none()) {
        let help = Some("give it here, or once under [jira] in config/watchkeeper.toml".to_owned());
        place.mistake(report, "nothing says the `token` of jira", help);
    }
    let Connection { url, user, token, .. } = peer?;
    let api = raw.api.as_ref().or_else(|| shared.and_then(|shared| shared.api.as_ref()));
    Some(JiraAction {
        url,
        api: api.map_or(JiraApi::V3, |api| api.0),
        user,
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
