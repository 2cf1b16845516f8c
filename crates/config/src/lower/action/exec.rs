//! `[step.exec]`: a program that may be run.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Component, Path},
};

use watchkeeper_model::ExecAction;

use super::{secrets, templates};
use crate::{
    lower::Context,
    nearest::suggestion,
    place::{Place, Report},
    raw::step::Exec,
};

pub(super) fn lower(raw: &Exec, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> ExecAction {
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

/// How a program is written.
pub(crate) const PROGRAM_PATH: &str =
    "write its whole path, from `/`, or the way from the workspace folder, as in \"scripts/restart.sh\"";

/// Whether a text is an absolute path, or one within the workspace; names are not looked for.
pub(crate) fn is_program_path(program: &str) -> bool {
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
