//! `digest`: what happened in a time, as text, Markdown or JSON; and sent to its channels.

use std::{path::Path, time::Duration};

use watchkeeper_engine::{digest_messages, ports::clock::Clock as _};
use watchkeeper_model::{Digest, Name, Report, Workspace};

use crate::{
    args::DigestArgs,
    clock::SystemClock,
    commands::people::configured,
    exit::Exit,
    failure::Failure,
    render::{json, terminal::Terminal, text::harmless},
    stored::StoreAt,
    wiring,
};

/// The time that is told of when nothing says otherwise.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// Tells it, or sends it. Whose monitors there are stands in the configuration, so that must have no mistakes.
pub(crate) async fn run(folder: &Path, args: &DigestArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    let digest = match &args.name {
        Some(name) => Some(named(&workspace, name)?),
        None => None,
    };
    let team = match (&args.team, digest) {
        (Some(team), _) => Some(configured("team", team, workspace.teams.keys())?),
        (None, digest) => digest.and_then(|(_, digest)| digest.team.clone()),
    };
    let now = SystemClock.now();
    let to = args.until.unwrap_or(now);
    let window = args.window.or_else(|| digest.map(|(_, digest)| digest.window)).unwrap_or(WEEK);
    let store = match args.send {
        true => StoreAt::of(folder, &workspace).open().await?,
        false => StoreAt::of(folder, &workspace).open_to_read().await?,
    };
    let report = store.report(&workspace, team.as_ref(), to - window, to).await.map_err(Failure::unreachable)?;
    if let (true, Some((name, digest))) = (args.send, digest) {
        let messages = digest_messages(&workspace, name, digest, report, now);
        let channels: Vec<String> = messages.iter().map(|new| new.channel.to_string()).collect();
        let note = format!("digest {name} by hand {}", now.timestamp_micros());
        store.add_digest(&note, &messages).await.map_err(Failure::unreachable)?;
        terminal
            .line(format_args!("digest {name} goes to {}: the daemon sends it within seconds", channels.join(", ")))?;
        return Ok(Exit::Fine);
    }
    print(&report, args, terminal)?;
    Ok(Exit::Fine)
}

fn named<'a>(workspace: &'a Workspace, name: &str) -> Result<(&'a Name, &'a Digest), Failure> {
    let name = configured("digest", name, workspace.reports.keys())?;
    workspace.reports.get_key_value(&name).ok_or_else(|| Failure::usage(format!("there is no digest `{name}`")))
}

fn print(report: &Report, args: &DigestArgs, terminal: &mut Terminal) -> Result<(), Failure> {
    if args.json {
        json::print(terminal, report)?;
    } else if args.markdown {
        terminal.line(report.markdown().trim_end())?;
    } else {
        terminal.line(report.headline())?;
        for line in report.lines() {
            terminal.line(harmless(&line))?;
        }
    }
    Ok(())
}
