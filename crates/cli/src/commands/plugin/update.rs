//! `plugin update`: what changed where the plugins came from, and the new bytes pinned.

use std::{collections::BTreeSet, path::Path};

use watchkeeper_engine::ports::checker::{Checker, Manual};
use watchkeeper_plugin_host::{Inspected, Lock, Pinned};
use watchkeeper_registry::{Fetched, Origin, fetch};

use super::{add, size};
use crate::{args::UpdateArgs, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// Fetches each, tells what changed, and pins it.
pub(crate) async fn run(workspace: &Path, args: &UpdateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut lock = Lock::read(workspace).map_err(Failure::usage)?;
    let chosen = |pinned: &Pinned| args.name.as_ref().is_none_or(|name| *name == pinned.name);
    if !lock.plugins.iter().any(chosen) {
        return Err(Failure::usage("no such plugin is pinned").hint("`watchkeeper plugin add SOURCE` pins one"));
    }
    let mut changed = false;
    for pinned in lock.plugins.iter_mut().filter(|pinned| chosen(pinned)) {
        let origin = Origin::parse(&pinned.source).map_err(Failure::usage)?;
        let place = match &origin {
            Origin::File(path) => Origin::File(workspace.join(path)),
            elsewhere => elsewhere.clone(),
        };
        let fetched = fetch(&place).await.map_err(Failure::unreachable)?;
        let found = add::looked_into(&fetched).await?;
        if found.digest == pinned.sha256 {
            terminal.line(format_args!("{}: unchanged", pinned.name))?;
            continue;
        }
        changed = true;
        terminal.line(format_args!("{}:", pinned.name))?;
        for change in changes(workspace, pinned, &found).await {
            terminal.line(format_args!("  {change}"))?;
        }
        if !args.dry_run {
            *pinned = replaced(workspace, pinned, &origin, &fetched).await?;
        }
    }
    match (changed, args.dry_run) {
        (false, _) => {}
        (true, true) => terminal.line("nothing was written; without --dry-run it is")?,
        (true, false) => lock.write(workspace).map_err(Failure::internal)?,
    }
    Ok(Exit::Fine)
}

async fn replaced(workspace: &Path, old: &Pinned, origin: &Origin, fetched: &Fetched) -> Result<Pinned, Failure> {
    add::taken(workspace, &old.name, origin, fetched, old.key.as_deref()).await
}

/// What is another one now: imports above all, because they are what it may reach.
async fn changes(workspace: &Path, old: &Pinned, new: &Inspected) -> Vec<String> {
    let set = |names: &[String]| names.iter().cloned().collect::<BTreeSet<String>>();
    let (before, after) = (set(&old.imports), set(&new.imports));
    let also = after.difference(&before).map(|import| format!("now also imports {import}"));
    let no_more = before.difference(&after).map(|import| format!("no longer imports {import}"));
    let mut changes: Vec<String> = also.chain(no_more).collect();
    if new.interface.as_ref() != Some(&old.interface) {
        changes.push(format!("exports {} instead of {}", new.interface.clone().unwrap_or_default(), old.interface));
    }
    let host = wiring::host(workspace);
    if let Ok(Ok(manual)) = async { Ok::<_, Failure>(host?.manual(&old.name).await) }.await {
        changes.extend(of_manuals(&manual, &new.manual));
    }
    changes.push(format!("{} instead of {}", size(new.bytes), size(old.bytes)));
    changes.push(format!("sha256 {} instead of {}", new.digest, old.sha256));
    changes
}

/// Parameters and metrics that came or went.
fn of_manuals(old: &Manual, new: &Manual) -> Vec<String> {
    let params = |manual: &Manual| manual.params.iter().map(|param| param.name.clone()).collect::<BTreeSet<_>>();
    let metrics = |manual: &Manual| manual.metrics.iter().map(|metric| metric.name.clone()).collect::<BTreeSet<_>>();
    let pairs = [("takes", params(old), params(new)), ("measures", metrics(old), metrics(new))];
    pairs
        .iter()
        .flat_map(|(does, before, after)| {
            let also = after.difference(before).map(move |name| format!("now also {does} `{name}`"));
            let no_more = before.difference(after).map(move |name| format!("no longer {does} `{name}`"));
            also.chain(no_more)
        })
        .collect()
}
