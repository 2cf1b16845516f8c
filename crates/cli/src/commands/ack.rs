//! `ack`: takes an incident, so that its reminders and escalations stop.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock;
use watchkeeper_model::{Incident, IncidentState, Time};

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
    let now = SystemClock.now();
    let taken = store.acknowledge(&args.incident, &by, now).await.map_err(refused)?;
    terminal.line(told(&taken, now))?;
    Ok(Exit::Fine)
}

/// Whose it is: the one who asked, or whoever took it before.
fn told(taken: &Incident, now: Time) -> String {
    let Incident { id, monitor, state, .. } = taken;
    match state {
        IncidentState::Acknowledged { by, at } if *at == now => {
            format!("incident {id} of {monitor} is acknowledged by {}", harmless(by))
        }
        IncidentState::Acknowledged { by, at } => {
            let (by, at) = (harmless(by), utc(*at));
            format!("incident {id} of {monitor} was acknowledged before, by {by} at {at}, and stays theirs")
        }
        state => format!("incident {id} of {monitor} is {}", state.as_str()),
    }
}
