//! Restarts, starts or stops a unit over D-Bus. Each start of a unit has an invocation id of its own: another one than
//! that of the intent says that it was restarted since, so that nothing is restarted twice.

mod bus;

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt;
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, After, Probe};
use watchkeeper_model::{Bus, SystemdAction, UnitJob};
use watchkeeper_secret::Mask;
use zbus::{Connection, OwnedObjectPath};

use self::bus::{ManagerProxy, UnitProxy};
use crate::{
    ActionRunner, cause,
    contract::{Attempt, Kind, Reading, no_mark},
    limit::Limit,
};

/// A unit that is up for less may go down again at once.
const UP_FOR: Duration = Duration::from_secs(10);
const SAID_CHARS_MAX: usize = 300;

/// A unit as its manager sees it.
struct Seen {
    loaded: String,
    active: String,
    sub: String,
    invocation: String,
    /// On the monotonic clock.
    up_since: Duration,
}

#[async_trait]
impl Kind for SystemdAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        let allowed = runner.allow.units.contains(&self.unit);
        (!allowed).then(|| format!("{} is not in `allow.units` of watchkeeper.toml", self.unit))
    }

    async fn ask(&self, timeout: Duration, _: &ActionRunner) -> Option<Result<String, String>> {
        Some(match Limit::ahead(timeout).within(see(self)).await {
            Some(Ok(seen)) if seen.loaded == "loaded" => Ok(format!("{} is {} ({})", self.unit, seen.active, seen.sub)),
            Some(Ok(seen)) => Err(not_loaded(self, &seen)),
            Some(Err(error)) => Err(said(&error)),
            None => Err("systemd did not answer in time".to_owned()),
        })
    }

    async fn before(&self, call: &ActionCall, _: &ActionRunner) -> Reading {
        let seen = match Limit::ahead(call.timeout).within(see(self)).await {
            Some(Ok(seen)) => seen,
            Some(Err(error)) if is_refusal(&error) => return Reading::Refused(said(&error)),
            Some(Err(error)) => return Reading::Away(said(&error)),
            None => return Reading::Refused("systemd did not answer in time".to_owned()),
        };
        if seen.loaded != "loaded" {
            return Reading::Refused(not_loaded(self, &seen));
        }
        match self.only_if_up {
            Some(up) if up != seen.is_up() => {
                Reading::Refused(format!("{} was changed meanwhile: it is {}", self.unit, seen.active))
            }
            _ => Reading::Seen(json!({ "invocation": seen.invocation, "up": seen.is_up(), "active": seen.active })),
        }
    }

    async fn send(&self, _: &ActionCall, limit: &Limit, _: &ActionRunner) -> Attempt {
        let connection = match limit.within(connect(self.bus)).await {
            Some(Ok(connection)) => connection,
            Some(Err(error)) => {
                return Attempt::Busy { certain: true, end: ActionEnd::failed(said(&error)), after: None };
            }
            None => return Attempt::failed("systemd could not be reached in time"),
        };
        match limit.within(job(self, &connection)).await {
            Some(Ok(result)) if result == "done" => match limit.within(see_over(self, &connection)).await {
                Some(Ok(seen)) => {
                    let invocation = Some(seen.invocation.clone()).filter(|id| !id.is_empty());
                    Attempt::done(format!("{} is {} ({})", self.unit, seen.active, seen.sub), invocation)
                }
                _ => Attempt::done(format!("the job to {} {} is done", self.job, self.unit), None),
            },
            Some(Ok(result)) => {
                let result = Mask::default().head(&result, SAID_CHARS_MAX);
                Attempt::failed(format!("the job to {} {} ended as {result}", self.job, self.unit))
            }
            Some(Err(error)) if is_refusal(&error) => Attempt::failed(said(&error)),
            Some(Err(error)) => {
                let end = ActionEnd::unknown(format!("it may have been carried out: {}", said(&error)));
                Attempt::Busy { certain: false, end, after: None }
            }
            None => {
                let text = format!("the job to {} {} did not end in time: it may yet be done", self.job, self.unit);
                Attempt::Ended(ActionEnd::unknown(text))
            }
        }
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        let before = call.before.as_ref().and_then(|before| before["invocation"].as_str());
        let Some(before) = before.filter(|_| self.job == UnitJob::Restart) else { return no_mark(call) };
        match Limit::ahead(call.timeout).within(see(self)).await {
            Some(Ok(seen)) if seen.is_up() && !seen.invocation.is_empty() && seen.invocation != before => {
                Probe::Found(seen.invocation)
            }
            Some(Ok(_)) => Probe::Absent,
            Some(Err(error)) => Probe::Unreachable(said(&error)),
            None => Probe::Unreachable("systemd did not answer in time".to_owned()),
        }
    }

    async fn after(&self, call: &ActionCall, _: &ActionRunner) -> After {
        let seen = match Limit::ahead(call.timeout).within(see(self)).await {
            Some(Ok(seen)) => seen,
            Some(Err(error)) => return After::Unreadable(said(&error)),
            None => return After::Unreadable("systemd did not answer in time".to_owned()),
        };
        stands(self, &seen, call.reference.as_deref(), seen.up_for())
    }
}

/// How a unit stands after its job, which gave it the invocation `ours`.
fn stands(action: &SystemdAction, seen: &Seen, ours: Option<&str>, up_for: Duration) -> After {
    let stands = format!("{} is {} ({})", action.unit, seen.active, seen.sub);
    match (action.job.leaves_up(), seen.active.as_str()) {
        (false, _) if seen.is_up() => After::NotYet(stands),
        (false, _) => After::AsWanted(stands),
        (true, _) if ours.is_some_and(|ours| ours != seen.invocation) => {
            After::Failed(format!("{stands}, and was started again since: it does not stay up"))
        }
        (true, "failed") => After::Failed(stands),
        (true, "active" | "reloading") if up_for < UP_FOR => After::NotYet(format!("{stands} for {up_for:?}")),
        (true, "active" | "reloading") => After::AsWanted(stands),
        // One that waits to be started again has gone down, whenever it was up last.
        (true, _) => After::NotYet(stands),
    }
}

impl Seen {
    fn is_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading" | "activating")
    }

    fn up_for(&self) -> Duration {
        let now = clock_gettime(ClockId::Monotonic);
        let now = Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0));
        now.saturating_sub(self.up_since)
    }
}

async fn connect(bus: Bus) -> zbus::Result<Connection> {
    match bus {
        Bus::System => Connection::system().await,
        Bus::User => Connection::session().await,
    }
}

async fn see(action: &SystemdAction) -> zbus::Result<Seen> {
    see_over(action, &connect(action.bus).await?).await
}

async fn see_over(action: &SystemdAction, connection: &Connection) -> zbus::Result<Seen> {
    let path = ManagerProxy::new(connection).await?.load_unit(&action.unit).await?;
    let unit = UnitProxy::builder(connection).path(path).build().await?;
    let invocation = unit.invocation_id().await?;
    Ok(Seen {
        loaded: unit.load_state().await?,
        active: unit.active_state().await?,
        sub: unit.sub_state().await?,
        invocation: invocation.iter().map(|byte| format!("{byte:02x}")).collect(),
        up_since: Duration::from_micros(unit.active_enter_timestamp_monotonic().await?),
    })
}

/// Queues the job and waits for its end; whoever listens only afterwards may miss it.
async fn job(action: &SystemdAction, connection: &Connection) -> zbus::Result<String> {
    let manager = ManagerProxy::new(connection).await?;
    let mut removed = manager.receive_job_removed().await?;
    manager.subscribe().await?;
    let unit = action.unit.as_str();
    let job: OwnedObjectPath = match action.job {
        UnitJob::Restart => manager.restart_unit(unit, "replace").await?,
        UnitJob::Start => manager.start_unit(unit, "replace").await?,
        UnitJob::Stop => manager.stop_unit(unit, "replace").await?,
    };
    while let Some(signal) = removed.next().await {
        let ended = signal.args()?;
        if ended.job == job {
            return Ok(ended.result);
        }
    }
    Err(zbus::Error::Failure("systemd closed the connection before the job's end".to_owned()))
}

/// Whether the manager said no, so that nothing was begun.
fn is_refusal(error: &zbus::Error) -> bool {
    match error {
        zbus::Error::MethodError(name, _, _) => {
            !["NoReply", "Timeout", "TimedOut", "Disconnected"].iter().any(|lost| name.ends_with(lost))
        }
        _ => false,
    }
}

fn said(error: &zbus::Error) -> String {
    Mask::default().head(&format!("systemd: {}", cause::line(error)), SAID_CHARS_MAX)
}

fn not_loaded(action: &SystemdAction, seen: &Seen) -> String {
    format!("systemd has no unit {} ({})", action.unit, Mask::default().head(&seen.loaded, SAID_CHARS_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_unit_that_stays_up_is_as_wanted() {
        let restart = SystemdAction {
            unit: "scoring.service".to_owned(),
            job: UnitJob::Restart,
            bus: Bus::User,
            only_if_up: None,
        };
        let after = |active: &str, sub: &str, up_for: u64| {
            let (active, sub) = (active.to_owned(), sub.to_owned());
            let (loaded, invocation) = ("loaded".to_owned(), "1".to_owned());
            let seen = Seen { loaded, active, sub, invocation, up_since: Duration::ZERO };
            stands(&restart, &seen, Some("1"), Duration::from_secs(up_for))
        };
        let is = |how: &str| format!("scoring.service is {how}");
        assert_eq!(after("active", "running", 11), After::AsWanted(is("active (running)")));
        assert_eq!(after("active", "running", 9), After::NotYet(is("active (running) for 9s")));
        // It was up two seconds and went down; systemd waits a minute before it starts it again.
        assert_eq!(after("activating", "auto-restart", 40), After::NotYet(is("activating (auto-restart)")));
        assert_eq!(after("failed", "failed", 40), After::Failed(is("failed (failed)")));
    }
}
