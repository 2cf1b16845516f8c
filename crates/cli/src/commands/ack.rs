//! `ack`: takes an incident, so that its reminders and escalations stop.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::{Incident, IncidentState};

use crate::{
    args::AckArgs,
    clock::SystemClock,
    commands::people::{opened, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{
        terminal::Terminal,
        text::{harmless, utc},
    },
};

/// Takes it, and says whose it is.
pub(crate) async fn run(folder: &Path, args: &AckArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened(folder, terminal).await?.store;
    let by = person::acting(&args.by);
    let taken = store.acknowledge(&args.incident, &by, SystemClock.now()).await.map_err(refused)?;
    terminal.line(told(&taken))?;
    Ok(Exit::Fine)
}

/// Whose it is, which need not be the one who asked.
fn told(taken: &Incident) -> String {
    match &taken.state {
        IncidentState::Acknowledged { by, at } => {
            format!("incident {} of {} is acknowledged by {} since {}", taken.id, taken.monitor, harmless(by), utc(*at))
        }
        state => format!("incident {} of {} is {}", taken.id, taken.monitor, state.as_str()),
    }
}
