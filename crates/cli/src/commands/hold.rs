//! `hold` and `release`: the kill switch of automatic steps.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_store::HoldScope;

use crate::{
    args::{HoldArgs, ReleaseArgs},
    clock::SystemClock,
    commands::people::{Opened, opened},
    exit::Exit,
    failure::Failure,
    person,
    render::{
        terminal::Terminal,
        text::{harmless, utc},
    },
};

/// Holds from the next intent on.
pub(crate) async fn hold(folder: &Path, args: &HoldArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = opened(folder, terminal).await?;
    let scope = scope(&opened, args.monitor.as_deref(), terminal).await?;
    let by = person::acting(&args.by);
    let now = SystemClock.now();
    let until = args.length.map(|length| now + length);
    opened.store.hold(&scope, &by, &args.reason, until, now).await.map_err(Failure::unreachable)?;
    let (whose, by) = (steps_of(&scope), harmless(&by));
    let until = until.map(|until| format!(" until {}", utc(until))).unwrap_or_default();
    terminal.line(format_args!("{whose} are on hold by {by}{until}; checks and messages go on"))?;
    Ok(Exit::Fine)
}

/// Releases a hold.
pub(crate) async fn release(folder: &Path, args: &ReleaseArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = opened(folder, terminal).await?;
    let scope = scope(&opened, args.monitor.as_deref(), terminal).await?;
    let by = person::acting(&args.by);
    let released = opened.store.release(&scope, &by, SystemClock.now()).await.map_err(Failure::unreachable)?;
    let whose = steps_of(&scope);
    let told = if released { "run again" } else { "were not on hold" };
    terminal.line(format_args!("{whose} {told}"))?;
    Ok(Exit::Fine)
}

async fn scope(opened: &Opened, monitor: Option<&str>, terminal: &mut Terminal) -> Result<HoldScope, Failure> {
    match monitor {
        None => Ok(HoldScope::All),
        Some(monitor) => Ok(HoldScope::Monitor(opened.monitor(monitor, terminal).await?)),
    }
}

fn steps_of(scope: &HoldScope) -> String {
    match scope {
        HoldScope::All => "all automatic steps".to_owned(),
        HoldScope::Monitor(monitor) => format!("the automatic steps of {monitor}"),
    }
}
