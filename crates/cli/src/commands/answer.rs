//! `step`, `approve` and `reject`: people start a step, agree to it or say no.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::{Answering, Name, NoAnswer, Workspace};
use watchkeeper_store::{PeopleError, Reply};

use crate::{
    args::{RejectArgs, StartArgs, StepArgs},
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
    stored::StoreAt,
    wiring,
};

/// Starts it.
pub(crate) async fn start(folder: &Path, args: &StartArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let StepArgs { run, step, by } = &args.step;
    let name = Name::parse(step).map_err(Failure::usage)?;
    let store = opened(folder, terminal).await?.store;
    let started = store.start_step(run, &name, &person::person(by), args.again, SystemClock.now()).await;
    tell(started.map_err(refused)?, &args.step, terminal)
}

/// Agrees to it.
pub(crate) async fn approve(folder: &Path, args: &StepArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    answer(folder, args, Reply::Yes, terminal).await
}

/// Says no.
pub(crate) async fn reject(folder: &Path, args: &RejectArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    answer(folder, &args.step, Reply::No(&args.reason), terminal).await
}

/// Who is a member of a team has to be known for certain, so this needs a configuration without mistakes.
async fn answer(folder: &Path, args: &StepArgs, reply: Reply<'_>, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let step = Name::parse(&args.step).map_err(Failure::usage)?;
    let workspace = wiring::configuration(folder, terminal).await?;
    let store = StoreAt::of(folder, &workspace).open().await?;
    let by = person::person(&args.by);
    let answered = store.answer(&args.run, &step, &by, reply, &workspace.teams, SystemClock.now()).await;
    tell(answered.map_err(|error| not_answered(error, &workspace))?, args, terminal)
}

/// Who may answer stands in the configuration, for those who may read it; it is not told to whoever asks.
fn not_answered(error: PeopleError, workspace: &Workspace) -> Failure {
    let team = match &error {
        PeopleError::NotAnswered { why: NoAnswer::NotAMember { team, .. }, .. } => team.clone(),
        _ => return refused(error),
    };
    let failure = refused(error);
    match workspace.teams.get(&team).is_some_and(|team| !team.members.is_empty()) {
        true => {
            failure.hint(format!("its members stand in [team.{team}] of config/watchkeeper.toml; this try is recorded"))
        }
        false => failure.hint(format!("add `members` to [team.{team}] in config/watchkeeper.toml")),
    }
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
