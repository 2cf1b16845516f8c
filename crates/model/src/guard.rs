//! Guards: whether an automatic step may act now. Facts are read from the store; the decision is made here.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::Time;

/// The limits of a runbook's automatic steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// Acts of one step in one incident.
    pub per_incident: u32,
    /// Acts on one target.
    pub per_target: Option<Budget>,
    /// Acts of every runbook together.
    pub global: Option<Budget>,
    /// Stops acting after failures.
    pub circuit_breaker: Option<CircuitBreaker>,
}

/// At most `max` acts in any `per`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Acts allowed.
    pub max: u32,
    /// The length of the sliding window.
    pub per: Duration,
}

/// After `failures` in a row, no act for `cooldown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CircuitBreaker {
    /// Failures (or unknown outcomes) in a row that open it.
    pub failures: u32,
    /// How long it stays open.
    pub cooldown: Duration,
}

/// What the store knows, read in the transaction that records the intent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GuardFacts {
    /// The hold in force, and why it was set.
    pub held: Option<String>,
    /// Whether the incident is no longer open.
    pub over: bool,
    /// The latest time at which the step may begin by itself.
    pub not_after: Option<Time>,
    /// Open incidents of inhibiting monitors, by monitor.
    pub inhibited_by: Option<String>,
    /// Acts of this step in this incident.
    pub acts_in_incident: u32,
    /// Acts on this target in the budget's window.
    pub acts_on_target: u32,
    /// Acts of all runbooks in the budget's window.
    pub acts_overall: u32,
    /// The newest unbroken row of failures of this runbook.
    pub failures: BreakerState,
}

/// Failures in a row, newest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BreakerState {
    /// How many.
    pub in_a_row: u32,
    /// When the newest ended.
    pub newest: Option<Time>,
}

/// Whether a step may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// It may.
    Granted,
    /// It may not, and why.
    Withheld(Withheld),
}

/// Why a step did not act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// People hold all automatic steps.
    Held(String),
    /// The incident resolved before the step began.
    Over,
    /// The reason for it is too old: it could not begin before this time.
    Late(Time),
    /// An inhibiting monitor's incident is open.
    Inhibited(String),
    /// The step's budget in this incident is used up.
    PerIncident(u32),
    /// The target's budget is used up.
    PerTarget(u32),
    /// The overall budget is used up.
    Global(u32),
    /// The circuit breaker is open until this time.
    CircuitOpen(Time),
}

impl Guard {
    /// Decides whether a step may act at `now`; the first reason that holds is given.
    pub fn permit(&self, facts: &GuardFacts, now: Time) -> Permission {
        let used_up = |budget: &Option<Budget>, acts: u32| budget.as_ref().filter(|b| acts >= b.max).map(|b| b.max);
        let reason = if let Some(reason) = &facts.held {
            Withheld::Held(reason.clone())
        } else if facts.over {
            Withheld::Over
        } else if let Some(latest) = facts.not_after.filter(|latest| *latest < now) {
            Withheld::Late(latest)
        } else if let Some(monitor) = &facts.inhibited_by {
            Withheld::Inhibited(monitor.clone())
        } else if facts.acts_in_incident >= self.per_incident {
            Withheld::PerIncident(self.per_incident)
        } else if let Some(max) = used_up(&self.per_target, facts.acts_on_target) {
            Withheld::PerTarget(max)
        } else if let Some(max) = used_up(&self.global, facts.acts_overall) {
            Withheld::Global(max)
        } else if let Some(until) = self.circuit_open_until(&facts.failures).filter(|until| now < *until) {
            Withheld::CircuitOpen(until)
        } else {
            return Permission::Granted;
        };
        Permission::Withheld(reason)
    }

    fn circuit_open_until(&self, failures: &BreakerState) -> Option<Time> {
        let breaker = self.circuit_breaker.as_ref().filter(|breaker| failures.in_a_row >= breaker.failures)?;
        failures.newest.map(|newest| newest + breaker.cooldown)
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(reason) => write!(f, "automatic steps are on hold: {reason}"),
            Self::Over => f.write_str("the incident resolved before the step began"),
            Self::Late(latest) => write!(
                f,
                "it could not begin by {}: what was measured then is too old to act on",
                latest.format("%F %T UTC")
            ),
            Self::Inhibited(monitor) => write!(f, "an incident of {monitor} is open, which inhibits this monitor"),
            Self::PerIncident(max) => write!(f, "the step has acted {max} times in this incident, its limit"),
            Self::PerTarget(max) => write!(f, "the target's budget of {max} acts is used up"),
            Self::Global(max) => write!(f, "the overall budget of {max} acts is used up"),
            Self::CircuitOpen(until) => write!(f, "the circuit breaker is open until {}", until.format("%F %T UTC")),
        }
    }
}

impl Default for Guard {
    /// One act of a step in an incident; no budgets, no breaker.
    fn default() -> Self {
        Self { per_incident: 1, per_target: None, global: None, circuit_breaker: None }
    }
}
