//! `silence`: for a time, people are not told, and nothing acts unless the silence says so.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::{Silence, Time};
use watchkeeper_store::NewSilence;

use crate::{
    args::{AddSilenceArgs, EndSilenceArgs, ListingArgs, SilenceArgs, SilenceCommand},
    clock::SystemClock,
    commands::people::{opened, opened_to_read, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{
        json,
        table::{Table, cell},
        terminal::Terminal,
        text::{harmless, utc},
    },
};

/// Adds, lists or ends silences.
pub(crate) async fn run(folder: &Path, args: &SilenceArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        SilenceCommand::Add(args) => add(folder, args, terminal).await,
        SilenceCommand::List(args) => list(folder, args, terminal).await,
        SilenceCommand::End(args) => end(folder, args, terminal).await,
    }
}

async fn add(folder: &Path, args: &AddSilenceArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let opened = opened(folder, terminal).await?;
    for monitor in args.matchers.iter().filter_map(|matcher| matcher.monitor()) {
        opened.monitor(monitor, terminal).await?;
    }
    let (by, now) = (person::acting(&args.by), SystemClock.now());
    let new = NewSilence {
        matchers: &args.matchers,
        reason: &args.reason,
        by: &by,
        until: end_of(args, now)?,
        acts: args.keep_acting,
    };
    let silence = opened.store.add_silence(new, now).await.map_err(Failure::unreachable)?;
    terminal.line(format_args!(
        "silence {} until {}: {}; {}",
        silence.id,
        utc(silence.until),
        harmless(&about(&silence)),
        effect(&silence)
    ))?;
    Ok(Exit::Fine)
}

/// A silence that nobody ends must end by itself.
fn end_of(args: &AddSilenceArgs, now: Time) -> Result<Time, Failure> {
    let until = match (args.length, args.until) {
        (Some(length), _) => now + length,
        (None, Some(until)) => until,
        (None, None) => {
            return Err(Failure::usage("a silence needs an end").hint("give --for, as in --for 2h, or --until TIME"));
        }
    };
    match until > now {
        true => Ok(until),
        false => Err(Failure::usage(format!("{} is over already", utc(until))).hint("give a time to come")),
    }
}

async fn list(folder: &Path, args: &ListingArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened_to_read(folder, terminal).await?.store;
    let silences = store.silences(SystemClock.now()).await.map_err(Failure::unreachable)?;
    match args.json {
        true => json::print(terminal, &silences)?,
        false => table(&silences).print(terminal, "no silences")?,
    }
    Ok(Exit::Fine)
}

async fn end(folder: &Path, args: &EndSilenceArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let silence = store.end_silence(&args.id, &by, SystemClock.now()).await.map_err(refused)?;
    terminal.line(format_args!(
        "silence {} is ended by {}: {}",
        silence.id,
        harmless(&by),
        harmless(&about(&silence))
    ))?;
    Ok(Exit::Fine)
}

/// Silences as a table.
pub(crate) fn table(silences: &[Silence]) -> Table {
    let mut table = Table::new(&["SILENCE", "ABOUT", "UNTIL", "FIRST STEPS", "BY", "REASON"]);
    for silence in silences {
        table.row([
            cell(&silence.id),
            cell(about(silence)),
            cell(utc(silence.until)),
            cell(if silence.acts { "run" } else { "wait" }),
            cell(&silence.by),
            cell(&silence.reason),
        ]);
    }
    table
}

fn about(silence: &Silence) -> String {
    silence.matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" and ")
}

fn effect(silence: &Silence) -> &'static str {
    match silence.acts {
        true => "nobody is told, first steps run; everything is recorded",
        false => "nobody is told and no first step runs; everything is recorded",
    }
}
