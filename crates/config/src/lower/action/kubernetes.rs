//! `[step.kubernetes]`: an object, and the one thing that is changed in it.

use watchkeeper_model::{KubernetesAction, ObjectChange};

use super::peer::{self, Own};
use crate::{
    lower::Context,
    place::{Place, Report},
    raw::step::Kubernetes,
};

/// Resources whose pods can be made anew.
const RESTARTED: [&str; 3] = ["deployments", "statefulsets", "daemonsets"];

pub(super) fn lower(
    raw: &Kubernetes,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<KubernetesAction> {
    let own = Own { url: raw.url.as_ref(), user: None, token: raw.token.as_ref(), ca: raw.ca.as_ref() };
    let peer = peer::lower("kubernetes", &own, |main| main.kubernetes.as_ref().map(Own::from), place, context, report);
    let usual = if raw.resource == "cronjobs" { "batch/v1" } else { "apps/v1" };
    Some(KubernetesAction {
        peer: peer?,
        api_version: raw.api_version.clone().unwrap_or_else(|| usual.to_owned()),
        resource: raw.resource.clone(),
        namespace: raw.namespace.clone(),
        name: raw.name.clone(),
        change: change(raw, place, report)?,
        only_if: None,
    })
}

fn change(raw: &Kubernetes, place: Place<'_>, report: &mut Report) -> Option<ObjectChange> {
    if let Some(restart) = raw.restart {
        if !restart {
            place.key("restart").mistake(report, "a step that does not restart does nothing", None);
        }
        if !RESTARTED.contains(&raw.resource.as_str()) {
            let help = format!("pods are made anew for {}", RESTARTED.join(", "));
            place.key("resource").mistake(report, format!("`{}` has no pods of its own", raw.resource), Some(help));
        }
        return Some(ObjectChange::Restart);
    }
    let scaled = raw.replicas.map(ObjectChange::Scale);
    let changed = scaled.or_else(|| raw.suspend.map(ObjectChange::Suspend));
    let patch = || raw.patch.as_ref().map(|patch| ObjectChange::Patch(patch.clone().into_iter().collect()));
    changed.or_else(patch)
}
