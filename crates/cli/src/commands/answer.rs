//! `step`, `approve` and `reject`: people start a step that waits for them, agree to it or say no.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::{Name, Workspace};
use watchkeeper_store::{Answering, SqliteStore};

use crate::{
    args::{RejectArgs, StepArgs},
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
    wiring,
};

/// Starts it.
pub(crate) async fn start(folder: &Path, args: &StepArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let step = Name::parse(&args.step).map_err(Failure::usage)?;
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let answering = store.start_step(&args.run, &step, &by, SystemClock.now()).await.map_err(refused)?;
    tell(answering, args, terminal)
}

/// Agrees to it.
pub(crate) async fn approve(folder: &Path, args: &StepArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (store, step, by) = member(folder, args, terminal).await?;
    let answering = store.approve(&args.run, &step, &by, SystemClock.now()).await.map_err(refused)?;
    tell(answering, args, terminal)
}

/// Says no.
pub(crate) async fn reject(folder: &Path, args: &RejectArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (store, step, by) = member(folder, &args.step, terminal).await?;
    let rejected = store.reject(&args.step.run, &step, &by, &args.reason, SystemClock.now()).await;
    tell(rejected.map_err(refused)?, &args.step, terminal)
}

/// The store, the step and the member of the step's team who answers. Who is a member has to be known for certain, so
/// these commands need a configuration without mistakes.
async fn member(
    folder: &Path,
    args: &StepArgs,
    terminal: &mut Terminal,
) -> Result<(SqliteStore, Name, String), Failure> {
    let step = Name::parse(&args.step).map_err(Failure::usage)?;
    let workspace = wiring::configuration(folder, terminal).await?;
    let store = wiring::store(folder, &workspace).await?;
    let by = person::acting(&args.by);
    if let Some(approval) = store.approval_of(&args.run, &step).await.map_err(refused)? {
        must_belong(&workspace, &approval.team, &by)?;
    }
    Ok((store, step, by))
}

fn must_belong(workspace: &Workspace, team: &Name, by: &str) -> Result<(), Failure> {
    let members = workspace.teams.get(team).map(|team| team.members.as_slice()).unwrap_or_default();
    if members.iter().any(|member| member == by) {
        return Ok(());
    }
    let failure = Failure::usage(format!("{} is not a member of {team}, who have to agree", harmless(by)));
    Err(match members {
        [] => failure.hint(format!("add `members` to [team.{team}] in config/watchkeeper.toml")),
        members => failure.hint(format!("say who you are with --by, one of: {}", members.join(", "))),
    })
}

fn tell(answering: Answering, args: &StepArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let what = format!("step {} of run {}", harmless(&args.step), harmless(&args.run));
    terminal.line(match answering {
        Answering::Released => {
            format!("{what} may run: the daemon begins it within seconds, and tells its owner how it ended")
        }
        Answering::Wants(1) => {
            format!("{what} wants one more agreement: `watchkeeper approve {} {}`", args.run, args.step)
        }
        Answering::Wants(left) => format!("{what} wants {left} more agreements"),
        Answering::Refused => format!("{what} will not run, and its owner is told so"),
    })?;
    Ok(Exit::Fine)
}
