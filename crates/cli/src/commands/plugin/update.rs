//! `plugin update`: what changed where the plugins came from, and the new bytes pinned.

use std::{collections::BTreeSet, path::Path};

use watchkeeper_engine::ports::checker::{Checker, Manual};
use watchkeeper_plugin_host::{Inspected, Lock, Pinned};
use watchkeeper_registry::{Origin, fetch};

use super::{add, size};
use crate::{args::UpdateArgs, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// Fetches each, tells what changed, and pins it.
pub(crate) async fn run(workspace: &Path, args: &UpdateArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut lock = Lock::read(workspace).map_err(Failure::usage)?;
    let chosen = |pinned: &Pinned| args.name.as_ref().is_none_or(|name| *name == pinned.name);
    if !lock.plugins.iter().any(chosen) {
        return Err(Failure::usage("no such plugin is pinned").hint("`watchkeeper plugin add SOURCE` pins one"));
    }
    // All are fetched and looked into before any is written: one that fails leaves every other as it was.
    let mut replaced = Vec::new();
    for old in lock.plugins.iter_mut().filter(|pinned| chosen(pinned)) {
        let origin = Origin::parse(&old.source).map_err(Failure::usage)?;
        let place = match &origin {
            Origin::File(path) => Origin::File(workspace.join(path)),
            elsewhere => elsewhere.clone(),
        };
        let fetched = fetch(&place).await.map_err(Failure::unreachable)?;
        let found = add::looked_into(&fetched).await?;
        if found.digest == old.sha256 {
            terminal.line(format_args!("{}: unchanged", old.name))?;
            continue;
        }
        terminal.line(format_args!("{}:", old.name))?;
        for change in changes(workspace, old, &found).await {
            terminal.line(format_args!("  {change}"))?;
        }
        let new = add::pinned(&old.name, &origin, &fetched, old.key.as_deref(), found)?;
        replaced.push((std::mem::replace(old, new).name, fetched));
    }
    if args.dry_run && !replaced.is_empty() {
        terminal.line("nothing was written; without --dry-run it is")?;
    } else if !replaced.is_empty() {
        for (name, fetched) in &replaced {
            let new = lock.plugins.iter().find(|pinned| pinned.name == *name);
            new.map_or(Ok(()), |new| add::put_in_place(workspace, new, fetched))?;
        }
        lock.write(workspace).map_err(Failure::internal)?;
    }
    Ok(Exit::Fine)
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
