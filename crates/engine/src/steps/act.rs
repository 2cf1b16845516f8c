//! Act: intent, send, result. The only place where an effect on the outside begins.

use serde_json::{Value, json};
use watchkeeper_model::{
    Action, Busy, GateAction, Inhibitor, Outcome, Recovery, Remedy, Step, StepReport, Time, VerifyBy, Withheld,
    digest_of,
};

use super::{
    Steps,
    limits::{BUSY_FOR, GRACE, may_take},
};
use crate::{
    compose,
    fault_points::{Point, Side, reach},
    ports::{
        action::{ActionCall, ActionEnd, Before},
        meter::Counted,
        store::{Begin, Begun, Ending, LedgerRow, StepEnd, StepRecord, StoreError},
    },
};

/// A replica that was stopped, or cut off from the store, between an intent and its act does not act any more.
const LEASE_OVER: &str = "nothing was done: this replica's lease ran out before the step was sent";

impl Steps {
    pub(super) async fn run_step(&self, step: &StepRecord) -> Result<(), StoreError> {
        loop {
            self.wait_for_the_lease().await;
            let read = self.read_before(step).await;
            let seen = match &read {
                Before::Seen(seen) => Some(seen),
                Before::Nothing | Before::Refused(_) => None,
            };
            // Lateness is judged when the store answers: it may have been away for long.
            let ask = || async {
                let now = self.retry.clock.now();
                Ok((self.store.begin_step(step, &self.intent(step, seen, now)).await?, now))
            };
            match self.retry.until_answered(ask).await? {
                (Begun::Withheld(reason), _) => return self.withhold(step, &reason).await,
                // It is found again once that is known, which may take long.
                (Begun::Busy(Busy::Step(_)), _) => return Ok(()),
                (Begun::Busy(busy), now) => {
                    tracing::info!(incident = step.incident, step = %step.step.id, ?busy, "a step waits for its turn");
                    self.retry.clock.sleep_until(now + BUSY_FOR).await;
                }
                (Begun::Go { reopen, despite, action, before }, begun_at) => {
                    let end = match read {
                        Before::Refused(reason) => ActionEnd::failed(format!("not sent: {reason}")),
                        _ if !self.store.lease_lasts() => ActionEnd::failed(LEASE_OVER),
                        _ => {
                            let action = *action;
                            let step =
                                StepRecord { step: Step { action, ..step.step.clone() }, before, ..step.clone() };
                            self.send_and_find_out(&step, &call(&step, reopen)).await
                        }
                    };
                    return self.record_end(step, overruling(end, &despite), Some(begun_at), None).await;
                }
            }
        }
    }

    /// What is recorded with the intent; a gate is read in its transaction. A peer that does not answer at all lets
    /// nothing be sent: what would be done could not be taken back.
    async fn read_before(&self, step: &StepRecord) -> Before {
        let limit = step.step.timeout + GRACE;
        let call = call(step, None);
        let reading = self.actions.before(&call);
        let late = || Before::Refused("what is there now could not be read in time".to_owned());
        tokio::time::timeout(limit, reading).await.unwrap_or_else(|_| late())
    }

    /// A lease that ran out while the store was away is renewed soon.
    async fn wait_for_the_lease(&self) {
        while !self.store.lease_lasts() {
            self.retry.clock.sleep_until(self.retry.clock.now() + BUSY_FOR).await;
        }
    }

    fn intent(&self, step: &StepRecord, before: Option<&Value>, now: Time) -> Begin {
        let monitor = self.workspace.monitors.get(&step.facts.monitor);
        let runbook = self.workspace.runbooks.get(&step.runbook.0);
        Begin {
            idempotency_key: idempotency_key(step),
            guard: runbook.map(|runbook| runbook.guard.clone()).unwrap_or_default(),
            inhibited_by: monitor.map(|m| m.alert.inhibited_by.iter().cloned().collect()).unwrap_or_default(),
            maintenance: self.workspace.quiet(now).silences,
            not_after: self.not_after(step),
            before: before.cloned(),
            at: now,
        }
    }

    /// The latest time at which a step may still begin by itself; `None` for one that people started or agreed to, for
    /// a drill, and where the configuration has the monitor no more.
    pub(super) fn not_after(&self, step: &StepRecord) -> Option<Time> {
        let by_itself = !step.by_people() && !step.facts.drill;
        let monitor = self.workspace.monitors.get(&step.facts.monitor).filter(|_| by_itself)?;
        let runbook = self.workspace.runbooks.get(&step.runbook.0)?;
        Some(step.tick + may_take(monitor, runbook, step.position))
    }

    /// Sends, and where no answer came looks for our mark if the peer can be asked for it.
    async fn send_and_find_out(&self, step: &StepRecord, call: &ActionCall) -> ActionEnd {
        let end = self.send(&step.step.action, call).await;
        match (end.outcome, step.step.action.guarantee().when_unanswered()) {
            (Outcome::Unknown, Recovery::Look) => self.probe(step, call).await,
            _ => end,
        }
    }

    /// Sends a call whose intent is committed. A gate is set by the transaction that records the result.
    pub(super) async fn send(&self, action: &Action, call: &ActionCall) -> ActionEnd {
        if let Action::Gate(gate) = action {
            return gate_end(gate);
        }
        // What is named and was not given is never sent as if it were.
        if let Some((named, _)) = action.named_outputs().first() {
            return ActionEnd::failed(format!("not sent: step {named} gave nothing to name"));
        }
        let limit = call.timeout + GRACE;
        reach(Point::StepSend, Side::Before);
        let end = tokio::time::timeout(limit, self.actions.perform(call)).await.unwrap_or_else(|_| {
            ActionEnd::unknown(format!("no answer within {} s: it may have run or may yet run", call.timeout.as_secs()))
        });
        reach(Point::StepSend, Side::After);
        end
    }

    async fn withhold(&self, step: &StepRecord, reason: &Withheld) -> Result<(), StoreError> {
        // A drill has no later tick.
        let waits = reason.may_end() && !step.facts.drill;
        let may_end = if waits { "; it runs once that ends, if the breach goes on" } else { "" };
        let end = ActionEnd { outcome: Outcome::Withheld, detail: format!("{reason}{may_end}"), reference: None };
        self.record_end(step, end, None, Some(reason)).await
    }

    /// Commits how a step ended, together with what people are told of it. They are told by the outbox: no delivery
    /// holds the next step up.
    pub(super) async fn record_end(
        &self,
        step: &StepRecord,
        end: ActionEnd,
        started_at: Option<Time>,
        withheld: Option<&Withheld>,
    ) -> Result<(), StoreError> {
        let finished_at = self.retry.clock.now();
        let report = |end: &ActionEnd| StepReport {
            remedy: (end.outcome == Outcome::Done).then(|| remedy(step)),
            step: step.step.id.clone(),
            action: step.step.action.kind().to_owned(),
            summary: step.step.action.summary(),
            outcome: Some(end.outcome),
            detail: end.detail.clone(),
            started_at,
            finished_at: Some(finished_at),
        };
        let ending = self.try_to_end(step, &report(&end), end.reference.as_ref(), withheld).await?;
        self.retry.meter.count(&Counted::Step {
            kind: step.step.action.kind(),
            outcome: end.outcome,
            took: started_at.and_then(|started| (finished_at - started).to_std().ok()),
            first_after: (finished_at - step.tick).to_std().ok().filter(|_| step.position == 0),
        });
        if let Ending::Overtaken(how) = ending {
            let instead = report(&ActionEnd::failed(format!("not done: {how}")));
            self.try_to_end(step, &instead, None, withheld).await?;
        }
        self.outbox.ring();
        Ok(())
    }

    /// Messages count from when the end is recorded: a store that was away takes nothing of the owner's time.
    async fn try_to_end(
        &self,
        step: &StepRecord,
        report: &StepReport,
        reference: Option<&String>,
        withheld: Option<&Withheld>,
    ) -> Result<Ending, StoreError> {
        let ask = || async {
            let now = self.retry.clock.now();
            // One that was withheld and runs after all has been handed over before.
            let first = step.position == 0 && !step.told;
            let runbook = self.workspace.runbooks.get(&step.runbook.0);
            let escalates = withheld.is_some_and(Withheld::escalates);
            let messages = match first {
                true => compose::handoff(&self.workspace, runbook, step, report, escalates, now),
                false => compose::later_step(&self.workspace, step, report, now),
            };
            let ledger = vec![LedgerRow {
                kind: "step.ended",
                subject: step.incident.clone(),
                body: json!({ "run": step.run, "report": report, "drill": step.facts.drill }),
            }];
            let end = StepEnd {
                outcome: report.outcome.unwrap_or(Outcome::Unknown),
                report: report.clone(),
                reference: reference.cloned(),
                remedy: report.remedy,
                messages,
                ledger,
                hands_off: first,
                resumes: withheld.is_some_and(Withheld::may_end),
                comment: withheld.and_then(|reason| held_back(step, reason)),
                at: now,
            };
            self.store.end_step(step, &end).await
        };
        self.retry.until_answered(ask).await
    }
}

/// A drill measures nothing, so no check tells whether it helped.
fn remedy(step: &StepRecord) -> Remedy {
    let looks = step.step.verify.as_ref().is_some_and(|verify| verify.by == VerifyBy::State || !step.facts.drill);
    if looks { Remedy::Verifying } else { Remedy::Acted }
}

/// What is noted on the incident that keeps this step back.
fn held_back(step: &StepRecord, reason: &Withheld) -> Option<(String, String)> {
    let Withheld::Inhibited(Inhibitor { incident, .. }) = reason else { return None };
    let (ours, monitor) = (&step.incident, &step.facts.monitor);
    Some((incident.clone(), format!("holds back step {} of incident {ours} of {monitor}", step.step.id)))
}

/// What people have overruled stands in the record.
fn overruling(end: ActionEnd, despite: &[Withheld]) -> ActionEnd {
    let reasons: Vec<String> = despite.iter().map(ToString::to_string).collect();
    match reasons.is_empty() {
        true => end,
        false => {
            ActionEnd { detail: format!("{} (people decided, although {})", end.detail, reasons.join("; ")), ..end }
        }
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
        before: step.before.clone(),
        reference: step.reference.clone(),
        retries: step.step.retries,
        attempt: step.attempt(),
        drill: step.facts.drill,
    }
}

fn gate_end(GateAction { gate, state }: &GateAction) -> ActionEnd {
    ActionEnd::done(format!("gate {gate} is {state}"))
}

fn idempotency_key(step: &StepRecord) -> String {
    let (step_id, attempt) = (step.step.id.as_str(), step.attempt());
    match attempt {
        1 => digest_of(&[&step.incident, &step.runbook.1, step_id]),
        // Another attempt is another act to its peer.
        attempt => digest_of(&[&step.incident, &step.runbook.1, step_id, &attempt.to_string()]),
    }
}
