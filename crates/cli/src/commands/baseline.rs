//! `baseline`: what a monitor compares with, frozen so that it never changes unseen.

use std::{path::Path, sync::Arc};

use watchkeeper_engine::{BaselineError, BaselineState, Engine, KeptBaseline};

use crate::{
    args::{BaselineArgs, BaselineCommand},
    assembly,
    commands::people::configured,
    exit::Exit,
    failure::Failure,
    person,
    render::{
        baseline::{self, Told},
        json,
        terminal::Terminal,
    },
    stored::StoreAt,
    wiring,
};

/// Shows, freezes or refreshes.
pub(crate) async fn run(folder: &Path, args: &BaselineArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    let store = match &args.command {
        BaselineCommand::Show { .. } => StoreAt::of(folder, &workspace).open_to_read().await?,
        BaselineCommand::Freeze { .. } | BaselineCommand::Refresh { .. } => {
            StoreAt::of(folder, &workspace).open().await?
        }
    };
    let (BaselineCommand::Show { monitor, .. }
    | BaselineCommand::Freeze { monitor, .. }
    | BaselineCommand::Refresh { monitor, .. }) = &args.command;
    let monitor = configured("monitor", monitor, workspace.monitors.keys())?;
    let engine = assembly::observer(folder, workspace, Arc::new(store))?;
    match &args.command {
        BaselineCommand::Show { json, .. } => show(&engine, monitor.as_str(), *json, terminal).await,
        BaselineCommand::Freeze { by, .. } => {
            let kept = engine.freeze_baseline(monitor.as_str(), &person::acting(by), false).await.map_err(refused)?;
            frozen(&kept, "frozen", terminal)
        }
        BaselineCommand::Refresh { by, .. } => {
            let kept = engine.freeze_baseline(monitor.as_str(), &person::acting(by), true).await.map_err(refused)?;
            frozen(&kept, "refreshed", terminal)
        }
    }
}

/// Data that moved is a finding: somebody has to decide whether it is the new baseline.
async fn show(engine: &Engine, monitor: &str, as_json: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let state = engine.baseline_state(monitor).await.map_err(Failure::unreachable)?;
    if as_json {
        json::print(terminal, &Told::of(monitor, &state))?;
    } else {
        baseline::show(monitor, &state, terminal)?;
    }
    Ok(if matches!(state, BaselineState::Moved { .. }) { Exit::Finding } else { Exit::Fine })
}

fn frozen(kept: &KeptBaseline, done: &str, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (print, frame) = (&kept.digest.fingerprint, &kept.digest.frame);
    let (monitor, source, rows) = (&kept.monitor, &print.source, print.rows);
    let (columns, answers) = (frame.fields.len(), frame.answers.len());
    terminal.line(format_args!(
        "the baseline of {monitor} is {done}: {source}, {rows} rows, {columns} columns, {answers} answers kept"
    ))?;
    if let Some(warning) = baseline::rows_not_kept(frame) {
        terminal.note(warning)?;
    }
    Ok(Exit::Fine)
}

fn refused(error: BaselineError) -> Failure {
    match error {
        BaselineError::NotFixed(_) => Failure::usage(error),
        BaselineError::Frozen { ref monitor, .. } => {
            let hint = format!("`watchkeeper baseline refresh {monitor}` takes the data as it is now");
            Failure::usage(error).hint(hint)
        }
        BaselineError::Unfit { .. } => Failure::usage(error),
        BaselineError::Unread { .. } | BaselineError::Engine(_) => Failure::unreachable(error),
    }
}
