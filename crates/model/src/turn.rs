//! Whose turn it is: what the steps before one in its run say about it.

use crate::{Name, OnFailure, Outcome, Remedy, StepStatus};

/// A step before another one in its run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// Its id.
    pub step: Name,
    /// What becomes of later ones when it fails.
    pub on_failure: OnFailure,
    /// Where it stands.
    pub status: StepStatus,
    /// Whether it helped; absent before it was done.
    pub remedy: Option<Remedy>,
}

/// Whether a step may run as far as those before it go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Turn {
    /// It may.
    #[default]
    Now,
    /// It is not known yet: this one has to end first.
    Waits(Name),
    /// It does not run: this one failed, and stops the rest.
    Stopped(Name),
    /// It does not run: it is for the failure of this one, which did not fail.
    NotNeeded(Name),
}

/// The turn of `step` after the steps before it in its run.
pub fn turn(earlier: &[Earlier], step: &Name) -> Turn {
    let stops = || earlier.iter().filter(|before| before.on_failure == OnFailure::Stop);
    let names_it = || earlier.iter().filter(|before| before.on_failure == OnFailure::Step(step.clone()));
    if let Some(failed) = stops().find(|before| before.failed()) {
        return Turn::Stopped(failed.step.clone());
    }
    if names_it().any(Earlier::failed) {
        return stops().find(|before| before.is_open()).map_or(Turn::Now, |open| Turn::Waits(open.step.clone()));
    }
    if let Some(open) = stops().chain(names_it()).find(|before| before.is_open()) {
        return Turn::Waits(open.step.clone());
    }
    let unneeded = names_it().next();
    unneeded.map_or(Turn::Now, |before| Turn::NotNeeded(before.step.clone()))
}

impl Earlier {
    /// It failed, nobody knows, or it did not help.
    fn failed(&self) -> bool {
        let ended_badly = matches!(self.status, StepStatus::Ended(Outcome::Failed | Outcome::Unknown));
        ended_badly || self.remedy == Some(Remedy::NotRemediated)
    }

    /// Whether it failed is not known yet. What waits for people is nothing to wait for.
    fn is_open(&self) -> bool {
        let under_way = matches!(self.status, StepStatus::Planned | StepStatus::Released | StepStatus::Intent);
        under_way || self.remedy == Some(Remedy::Verifying)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn restart(on_failure: OnFailure, outcome: Option<Outcome>, remedy: Option<Remedy>) -> Earlier {
        let status = outcome.map_or(StepStatus::Intent, StepStatus::Ended);
        Earlier { step: name("restart"), on_failure, status, remedy }
    }

    #[test]
    fn what_is_for_a_failure_runs_after_one_only() {
        let rollback = name("rollback");
        let after = |outcome, remedy| turn(&[restart(OnFailure::Step(rollback.clone()), outcome, remedy)], &rollback);
        let restart = name("restart");
        assert_eq!(after(None, None), Turn::Waits(restart.clone()));
        assert_eq!(after(Some(Outcome::Done), Some(Remedy::Verifying)), Turn::Waits(restart.clone()));
        assert_eq!(after(Some(Outcome::Done), Some(Remedy::NotRemediated)), Turn::Now);
        assert_eq!(after(Some(Outcome::Failed), None), Turn::Now);
        assert_eq!(after(Some(Outcome::Unknown), None), Turn::Now);
        assert_eq!(after(Some(Outcome::Done), Some(Remedy::Remediated)), Turn::NotNeeded(restart.clone()));
        assert_eq!(after(Some(Outcome::Withheld), None), Turn::NotNeeded(restart));
    }

    #[test]
    fn a_failure_stops_the_rest_where_the_step_says_so() {
        let ticket = name("ticket");
        let after = |on_failure, outcome| turn(&[restart(on_failure, outcome, None)], &ticket);
        assert_eq!(after(OnFailure::Stop, Some(Outcome::Failed)), Turn::Stopped(name("restart")));
        assert_eq!(after(OnFailure::Stop, None), Turn::Waits(name("restart")));
        assert_eq!(after(OnFailure::Stop, Some(Outcome::Done)), Turn::Now);
        assert_eq!(after(OnFailure::Continue, Some(Outcome::Failed)), Turn::Now);
        assert_eq!(after(OnFailure::Continue, None), Turn::Now);
        assert_eq!(after(OnFailure::Step(name("rollback")), Some(Outcome::Failed)), Turn::Now);
    }
}
