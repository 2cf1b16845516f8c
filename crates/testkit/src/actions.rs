//! Actions that end as the test says, and remember that they were asked.

use std::{collections::VecDeque, sync::Mutex};

use async_trait::async_trait;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, Actions, Probe};

/// Ends every action with the next entry of its script, and with `done` once that is used up.
#[derive(Default)]
pub struct ScriptedActions {
    ends: Mutex<VecDeque<ActionEnd>>,
    probes: Mutex<VecDeque<Probe>>,
    calls: Mutex<Vec<ActionCall>>,
}

impl ScriptedActions {
    /// A script of ends and a script of what probing finds (`Absent` once it is used up).
    pub fn new(ends: impl IntoIterator<Item = ActionEnd>, probes: impl IntoIterator<Item = Probe>) -> Self {
        let (ends, probes) = (ends.into_iter().collect(), probes.into_iter().collect());
        Self { ends: Mutex::new(ends), probes: Mutex::new(probes), calls: Mutex::default() }
    }

    /// The calls performed so far.
    pub fn calls(&self) -> Vec<ActionCall> {
        self.calls.lock().expect("no test panics while it holds this").clone()
    }
}

#[async_trait]
impl Actions for ScriptedActions {
    async fn perform(&self, call: &ActionCall) -> ActionEnd {
        self.calls.lock().expect("no test panics while it holds this").push(call.clone());
        let next = self.ends.lock().expect("no test panics while it holds this").pop_front();
        next.unwrap_or_else(|| ActionEnd::done("done"))
    }

    async fn probe(&self, _call: &ActionCall) -> Probe {
        self.probes.lock().expect("no test panics while it holds this").pop_front().unwrap_or(Probe::Absent)
    }
}
