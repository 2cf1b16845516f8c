//! `runbooks/*.toml`: one runbook a file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    leaf::{DurationText, NameText},
    step::Step,
};

/// A runbook: the first step, the steps after it, and the limits around them.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunbookFile {
    /// What this runbook is.
    pub(crate) runbook: Head,
    /// What limits automatic steps.
    pub(crate) guard: Option<Guard>,
    /// The steps; the first runs by itself, before anybody is told.
    #[serde(default)]
    pub(crate) step: Vec<Step>,
    /// Who is told when nobody acknowledges.
    pub(crate) escalation: Option<Escalation>,
}

/// What a runbook is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Head {
    /// Unique in the workspace, kebab-case.
    pub(crate) id: NameText,
    /// One sentence for people.
    #[serde(default)]
    pub(crate) description: String,
    /// The owner is told by then even if the first step hangs; "60s" when absent.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) notify_deadline: Option<DurationText>,
}

/// What limits automatic steps; remembered over restarts.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Guard {
    /// Acts of one step in one incident; 1 when absent.
    #[schemars(range(min = 1))]
    pub(crate) per_incident: Option<u32>,
    /// Acts on one target; 3 in an hour when absent.
    pub(crate) per_target: Option<Budget>,
    /// Acts of every runbook together; 20 in an hour when absent.
    pub(crate) global: Option<Budget>,
    /// Incidents of one group: past it they are told and not acted on.
    pub(crate) flapping: Option<Budget>,
    /// Stops acting after failures.
    pub(crate) circuit_breaker: Option<CircuitBreaker>,
}

/// At most so many in any stretch of time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Budget {
    /// So many.
    #[schemars(range(min = 1))]
    pub(crate) max: u32,
    /// In any stretch of this length.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) per: DurationText,
}

/// After so many failures in a row, no act for a while.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CircuitBreaker {
    /// Failures in a row that open it.
    #[schemars(range(min = 1))]
    pub(crate) failures: u32,
    /// How long it stays open.
    #[schemars(extend("x-least" = "1s"))]
    pub(crate) cooldown: DurationText,
}

/// Who has to agree before a step runs; running out of time rejects.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Approval {
    /// The team whose members may approve.
    pub(crate) team: NameText,
    /// How many of them; 1 when absent.
    #[schemars(range(min = 1))]
    pub(crate) quorum: Option<u32>,
    /// Running out rejects; "24h" when absent.
    #[schemars(extend("x-least" = "1ms"))]
    pub(crate) timeout: Option<DurationText>,
    /// Whether the one who asked may approve; false when absent.
    #[serde(default)]
    pub(crate) self_approval: bool,
}

/// Who is told when nobody acknowledges.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Escalation {
    /// How long after the handoff.
    pub(crate) after: DurationText,
    /// The teams.
    #[schemars(length(min = 1))]
    pub(crate) to: Vec<NameText>,
    /// Further levels, each told later than the one before.
    #[serde(default)]
    pub(crate) then: Vec<EscalationLevel>,
}

/// A further level of an escalation.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EscalationLevel {
    /// How long after the handoff.
    pub(crate) after: DurationText,
    /// The teams.
    #[schemars(length(min = 1))]
    pub(crate) to: Vec<NameText>,
}
