//! `assign`: makes another team the owner of an incident, and tells it so.

use std::path::Path;

use watchkeeper_engine::{assigned, ports::clock::Clock};

use crate::{
    args::AssignArgs,
    clock::SystemClock,
    commands::people::{configured, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{terminal::Terminal, text::harmless},
    stored::StoreAt,
    wiring,
};

/// Assigns it. On which channels the team is told stands in the configuration, so that must have no mistakes.
pub(crate) async fn run(folder: &Path, args: &AssignArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    let store = StoreAt::of(folder, &workspace).open().await?;
    let team = configured("team", &args.team, workspace.teams.keys())?;
    let (by, now) = (person::acting(&args.by), SystemClock.now());
    let told = store.assign(
        &args.incident,
        &team,
        &by,
        |incident, facts, first_step| assigned(&workspace, &incident.runbook, facts, first_step, &by, now),
        now,
    );
    let found = told.await.map_err(refused)?;
    let (id, monitor) = (&found.id, &found.monitor);
    terminal.line(format_args!("incident {id} of {monitor} is {team}'s now, by {}; they are told", harmless(&by)))?;
    Ok(Exit::Fine)
}
