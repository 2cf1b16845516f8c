//! `drill`: a pretended breach through runbook, messages and handoff.

use std::{path::Path, sync::Arc};

use watchkeeper_model::Workspace;
use watchkeeper_store::{IncidentDetail, StepDetail};

use crate::{
    args::{ByArgs, DrillArgs},
    assembly::{self, Notes},
    clock::SystemClock,
    commands::{monitors, people::refused},
    exit::Exit,
    failure::Failure,
    person,
    rehearsal::Tellings,
    render::{terminal::Terminal, text::harmless},
    stored::StoreAt,
    turn::Turn,
    wiring,
};

/// Drills one monitor. Steps and messages are printed, not done, unless `--execute`.
pub(crate) async fn run(folder: &Path, args: &DrillArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    monitors::named(&workspace, std::slice::from_ref(&args.monitor))?;
    match args.execute {
        true => execute(folder, workspace, &args.monitor, terminal).await,
        false => rehearse(folder, workspace, &args.monitor, terminal).await,
    }
}

async fn rehearse(
    folder: &Path,
    workspace: Workspace,
    monitor: &str,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    terminal.note("A rehearsal: nothing is done, nothing is sent. --execute does both.")?;
    let store = assembly::rehearsal_store(folder, &workspace).await?;
    let tellings = Tellings::default();
    let engine = assembly::rehearsal(folder, workspace, Arc::new(SystemClock), store, tellings.clone())?;
    engine.drill(monitor, &person::acting(&ByArgs { by: None })).await?;
    let said = tellings.take();
    terminal.line(if said.is_empty() { "rehearsed: nobody would be told" } else { &said })?;
    Ok(Exit::Fine)
}

/// A step that fails, or of which nobody knows how it ended, is a finding: that is what drills are for.
async fn execute(folder: &Path, workspace: Workspace, monitor: &str, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = Arc::new(StoreAt::of(folder, &workspace).open().await?);
    let turn = Turn::begin(&store, "a drill").await?;
    let notes = Notes::default();
    let engine = assembly::real(folder, workspace, Arc::new(SystemClock), store.clone(), notes.clone())?;
    let drill = engine.drill(monitor, &person::acting(&ByArgs { by: None })).await?;
    turn.end().await?;
    let said = notes.take();
    if !said.is_empty() {
        terminal.line(format_args!("{said}\n"))?;
    }
    let detail = store.incident(&drill.id).await.map_err(refused)?;
    for step in &detail.steps {
        terminal.line(ended(step))?;
    }
    terminal.line(format_args!("Drill {}: see `watchkeeper incidents show {}`.", drill.id, drill.id))?;
    Ok(exit_of(&detail))
}

/// `step pause (pause gate loan-decisions): done - gate loan-decisions is paused`.
fn ended(step: &StepDetail) -> String {
    let detail = step.detail.as_deref().map(|detail| format!(" - {}", harmless(detail))).unwrap_or_default();
    format!("step {} ({}): {}{detail}", step.step, harmless(&step.summary), step.status)
}

fn exit_of(detail: &IncidentDetail) -> Exit {
    let bad = detail.steps.iter().any(|step| matches!(step.status, "failed" | "unknown"));
    if bad { Exit::Finding } else { Exit::Fine }
}
