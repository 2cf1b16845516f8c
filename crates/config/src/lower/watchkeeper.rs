//! The daemon, what steps may reach, teams and gates.

use std::{collections::BTreeMap, net::SocketAddr, path::Path};

use watchkeeper_model::{Allow, Daemon, Gate, GateState, Name, Route, Team, normalized, unit_fault};

use super::{
    Context,
    action::{PROGRAM_PATH, is_program_path},
    names::Kind,
};
use crate::{
    place::{Place, Report},
    raw::leaf::NameText,
};

/// The folder of the store when none is given.
pub(crate) const STATE: &str = "state";

pub(crate) fn daemon(context: &Context<'_>, report: &mut Report) -> Daemon {
    let raw = context.main.and_then(|(main, _)| main.daemon.clone()).unwrap_or_default();
    if let (Some((_, place)), Some(state)) = (context.main, &raw.state) {
        require_own_folder(context.folder, state, place.key("daemon").key("state"), report);
    }
    if let (Some((_, place)), Some(channel)) = (context.main, &raw.fallback) {
        context.names.require(Kind::Channel, channel.0.as_str(), place.key("daemon").key("fallback"), report);
    }
    Daemon {
        listen: raw.listen.and_then(|text| text.parse().ok()).unwrap_or(SocketAddr::from(([127, 0, 0, 1], 7707))),
        state: raw.state.unwrap_or_else(|| STATE.to_owned()).into(),
        checks_max: raw.checks_max,
        shutdown: raw.shutdown.map_or(Daemon::SHUTDOWN, |limit| limit.0),
        fallback: raw.fallback.map(|channel| channel.0),
    }
}

/// The store is private: it can be in none of the workspace's folders that others read, nor around them.
fn require_own_folder(workspace: &Path, state: &str, place: Place<'_>, report: &mut Report) {
    let workspace = std::path::absolute(workspace).unwrap_or_else(|_| workspace.to_owned());
    let folder = normalized(&workspace.join(state));
    let inside = ["config", "runbooks"].iter().any(|part| folder.starts_with(normalized(&workspace.join(part))));
    if inside || normalized(&workspace).starts_with(&folder) {
        let message = format!("the store cannot be in `{state}`, which holds the workspace's own files");
        place.mistake(report, message, Some("name a folder of its own, as in `state = \"state\"`".to_owned()));
    }
}

pub(crate) fn allow(context: &Context<'_>, report: &mut Report) -> Allow {
    let Some((main, place)) = context.main else { return Allow::default() };
    let raw = main.allow.clone().unwrap_or_default();
    for (index, program) in raw.exec.iter().enumerate().filter(|(_, program)| !is_program_path(program)) {
        let message = format!("`{program}` is not a program's path");
        place.key("allow").key("exec").index(index).mistake(report, message, Some(PROGRAM_PATH.to_owned()));
    }
    for (index, program) in raw.exec.iter().enumerate().filter(|(_, program)| is_shell(program)) {
        let message = format!("`{program}` runs whatever it is given, so that this list means nothing");
        let help = "write what it should do into a script, and allow that".to_owned();
        place.key("allow").key("exec").index(index).warn(report, message, Some(help));
    }
    for (index, folder) in raw.folders.iter().enumerate().filter(|(_, folder)| !Path::new(folder).is_absolute()) {
        let message = format!("`{folder}` is not a folder's whole path");
        let help = "write it from `/`, as in \"/var/log/orders\"".to_owned();
        place.key("allow").key("folders").index(index).mistake(report, message, Some(help));
    }
    for (index, unit) in raw.units.iter().enumerate() {
        let at = place.key("allow").key("units").index(index);
        unit_fault(unit).into_iter().for_each(|message| at.mistake(report, message, None));
    }
    Allow {
        exec: raw.exec.into_iter().collect(),
        hosts: raw.hosts.into_iter().map(|host| host.0.to_lowercase()).collect(),
        units: raw.units.into_iter().collect(),
        folders: raw.folders.into_iter().map(Into::into).collect(),
    }
}

/// Whether a program runs what its arguments say.
fn is_shell(program: &str) -> bool {
    const SHELLS: [&str; 12] =
        ["sh", "bash", "dash", "zsh", "ksh", "fish", "ash", "busybox", "env", "xargs", "sudo", "su"];
    let name = Path::new(program).file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let interpreter = ["python", "perl", "ruby", "node"].iter().any(|name_of| name.starts_with(name_of));
    SHELLS.contains(&name) || interpreter
}

pub(crate) fn teams(context: &Context<'_>, report: &mut Report) -> BTreeMap<Name, Team> {
    let Some((main, place)) = context.main else { return BTreeMap::new() };
    let mut teams = BTreeMap::new();
    for (name, raw) in &main.team {
        let at = place.key("team").key(name);
        let notify = channels(&raw.notify, at.key("notify"), context, report);
        let routes = raw.route.iter().enumerate().map(|(index, raw)| Route {
            severities: raw.severity.iter().map(|severity| severity.0).collect(),
            labels: raw.labels.clone(),
            notify: channels(&raw.notify, at.key("route").index(index).key("notify"), context, report),
        });
        let routes = routes.collect();
        if let Some(hours) = &raw.hours {
            context.names.require(Kind::Hours, hours.0.as_str(), at.key("hours"), report);
        }
        let team = Team {
            layers: raw.layers.iter().map(|layer| layer.0).collect(),
            members: raw.members.iter().map(|member| member.0.clone()).collect(),
            notify,
            routes,
            hours: raw.hours.as_ref().map(|hours| hours.0.clone()),
        };
        teams.extend(Name::parse(name).ok().map(|name| (name, team)));
    }
    teams
}

fn channels(raw: &[NameText], place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Vec<Name> {
    for (index, channel) in raw.iter().enumerate() {
        context.names.require(Kind::Channel, channel.0.as_str(), place.index(index), report);
    }
    raw.iter().map(|channel| channel.0.clone()).collect()
}

pub(crate) fn gates(context: &Context<'_>) -> BTreeMap<Name, Gate> {
    let raw = context.main.iter().flat_map(|(main, _)| &main.gate);
    let gate = |(name, raw): (&String, &crate::raw::watchkeeper::Gate)| {
        let on_unreachable = raw.on_unreachable.as_ref().map_or(GateState::Paused, |state| state.0);
        Some((Name::parse(name).ok()?, Gate { description: raw.description.clone(), on_unreachable }))
    };
    raw.filter_map(gate).collect()
}
