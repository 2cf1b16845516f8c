//! Act: intent, send, result. The only place where an effect on the outside begins.

use std::time::Duration;

use serde_json::json;
use watchkeeper_model::{Action, GateAction, Guarantee, Outcome, StepReport, Time, Withheld, digest_of};

use crate::{
    Engine, EngineError, compose,
    ports::{
        action::{ActionCall, ActionEnd},
        store::{Begin, Begun, LedgerRow, StepEnd, StepRecord, StoreError},
    },
};

/// What the outer time limit adds to the step's own, for actions that end themselves.
const GRACE: Duration = Duration::from_secs(2);

impl Engine {
    /// Runs the planned steps of an incident: the first, then the owner is told, then the automatic rest.
    pub(crate) async fn run_steps(&self, incident: &str) -> Result<(), EngineError> {
        for step in self.insist(|| self.ports.store.planned_steps(incident)).await? {
            match self.run_step(&step).await {
                Err(EngineError::Store(StoreError::Fenced)) => return Ok(()),
                ended => ended?,
            }
            self.tell_of_the_first(&step).await?;
        }
        Ok(())
    }

    /// After the first step its owner is told before anything else runs.
    pub(crate) async fn tell_of_the_first(&self, step: &StepRecord) -> Result<(), EngineError> {
        if step.position == 0 { self.deliver_due().await } else { Ok(()) }
    }

    pub(crate) async fn run_step(&self, step: &StepRecord) -> Result<(), EngineError> {
        let now = self.ports.clock.now();
        let intent = self.intent(step, now);
        match self.insist(|| self.ports.store.begin_step(step, &intent)).await? {
            Begun::Withheld(reason) => self.withhold(step, &reason).await,
            Begun::Go { reopen } => {
                // The intent holds the message for a step that hangs: the outbox has to know when it is due.
                self.outbox.notify_one();
                let end = self.send_and_find_out(step, &call(step, reopen)).await;
                self.record_end(step, end, Some(now), false).await
            }
        }
    }

    fn intent(&self, step: &StepRecord, now: Time) -> Begin {
        let monitor = self.workspace.monitors.get(&step.facts.monitor);
        let runbook = self.workspace.runbooks.get(&step.runbook.0);
        let first = step.position == 0;
        Begin {
            idempotency_key: idempotency_key(step),
            guard: runbook.map(|runbook| runbook.guard.clone()).unwrap_or_default(),
            inhibited_by: monitor.map(|m| m.alert.inhibited_by.iter().cloned().collect()).unwrap_or_default(),
            overdue: runbook
                .filter(|_| first)
                .map(|runbook| compose::overdue(&self.workspace, runbook, step, now))
                .unwrap_or_default(),
            at: now,
        }
    }

    /// Sends, and where no answer came looks for our mark if the peer can be asked for it.
    async fn send_and_find_out(&self, step: &StepRecord, call: &ActionCall) -> ActionEnd {
        let end = self.send(&step.step.action, call).await;
        match (end.outcome, step.step.action.guarantee()) {
            (Outcome::Unknown, Guarantee::Probe) => self.probe(step).await,
            _ => end,
        }
    }

    /// Sends a call whose intent is committed. A gate is set by the transaction that records the result.
    pub(crate) async fn send(&self, action: &Action, call: &ActionCall) -> ActionEnd {
        if let Action::Gate(gate) = action {
            return gate_end(gate);
        }
        let limit = call.timeout + GRACE;
        tokio::time::timeout(limit, self.ports.actions.perform(call)).await.unwrap_or_else(|_| {
            ActionEnd::unknown(format!("no answer within {} s: it may have run or may yet run", call.timeout.as_secs()))
        })
    }

    async fn withhold(&self, step: &StepRecord, reason: &Withheld) -> Result<(), EngineError> {
        let end = ActionEnd { outcome: Outcome::Withheld, detail: reason.to_string(), reference: None };
        let escalate = matches!(reason, Withheld::PerTarget(_) | Withheld::Global(_) | Withheld::CircuitOpen(_));
        self.record_end(step, end, None, escalate).await
    }

    /// Commits how a step ended, together with what people are told of it.
    pub(crate) async fn record_end(
        &self,
        step: &StepRecord,
        end: ActionEnd,
        started_at: Option<Time>,
        escalate_now: bool,
    ) -> Result<(), EngineError> {
        let now = self.ports.clock.now();
        let report = StepReport {
            step: step.step.id.clone(),
            action: step.step.action.kind().to_owned(),
            summary: step.step.action.summary(),
            outcome: Some(end.outcome),
            detail: end.detail,
            started_at,
            finished_at: Some(now),
        };
        let first = step.position == 0;
        let messages = match self.workspace.runbooks.get(&step.runbook.0) {
            Some(runbook) if first => compose::handoff(&self.workspace, runbook, step, &report, escalate_now, now),
            _ => compose::later_step(&self.workspace, step, &report, now),
        };
        let ledger = vec![LedgerRow {
            kind: "step.ended",
            subject: step.incident.clone(),
            body: json!({ "run": step.run, "report": report, "drill": step.facts.drill }),
        }];
        let end = StepEnd {
            outcome: end.outcome,
            report,
            reference: end.reference,
            messages,
            ledger,
            hands_off: first,
            at: now,
        };
        self.insist(|| self.ports.store.end_step(step, &end)).await?;
        self.outbox.notify_one();
        Ok(())
    }
}

/// The call of a step; equal records give equal calls.
pub(crate) fn call(step: &StepRecord, reopen: Option<String>) -> ActionCall {
    ActionCall {
        run: step.run.clone(),
        idempotency_key: idempotency_key(step),
        incident: step.incident.clone(),
        action: step.step.action.clone(),
        timeout: step.step.timeout,
        reopen,
    }
}

pub(crate) fn gate_end(GateAction { gate, state }: &GateAction) -> ActionEnd {
    ActionEnd::done(format!("gate {gate} is {state}"))
}

fn idempotency_key(step: &StepRecord) -> String {
    digest_of(&[&step.incident, &step.runbook.1, step.step.id.as_str()])
}

/// Whether a crash in the middle of this step can be answered by sending the same bytes again.
pub(crate) fn may_send_again(step: &StepRecord) -> bool {
    matches!(step.step.action.guarantee(), Guarantee::Local | Guarantee::Guarded)
}
