//! systemd's own manager, on a bus of its own.

use std::process::Command;

use watchkeeper_engine::ports::action::{ActionCall, Actions as _, After, Probe};
use watchkeeper_model::{Action, Bus, Outcome, SystemdAction, UnitJob};
use watchkeeper_testkit::real::Systemd;

use super::{ROUNDS, assert_done};
use crate::{Bench, assert_end, call, seconds};

const SCORING: &str = "[Unit]\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 1000000\n";
const BROKEN: &str = "[Service]\nExecStart=/bin/false\nType=oneshot\n";
/// Where a process finds the bus of its user; it is given when it is started.
const BUS: &str = "DBUS_SESSION_BUS_ADDRESS";
const WITHIN: &str = "WATCHKEEPER_TESTS_ON_A_BUS";

fn unit(unit: &str, job: UnitJob) -> Action {
    Action::Systemd(SystemdAction { unit: unit.to_owned(), job, bus: Bus::User, only_if_up: None })
}

/// Runs itself once more, with the bus of its own as that of its user.
#[tokio::test]
async fn a_unit_is_restarted_once_stopped_and_started_again() {
    if std::env::var_os(WITHIN).is_none() {
        let systemd = Systemd::start(&[("scoring.service", SCORING), ("broken.service", BROKEN)]);
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "real::systemd::a_unit_is_restarted_once_stopped_and_started_again", "--nocapture"]);
        let ended = again.env(BUS, systemd.address()).env(WITHIN, "1").output().unwrap();
        let said = String::from_utf8_lossy(&ended.stdout);
        assert!(
            ended.status.success() && said.contains("1 passed"),
            "{said}\n{}",
            String::from_utf8_lossy(&ended.stderr)
        );
        return;
    }
    let bench = Bench::new();
    let start = unit("scoring.service", UnitJob::Start);
    assert_eq!(bench.live(&start).await.unwrap(), "scoring.service is inactive (dead)");
    assert_done(&bench.act(&start, 1).await.1);
    restarts(&bench).await;
    stops_and_starts(&bench).await;
    refuses(&bench).await;
}

/// Each restart has an invocation of its own, by which it is found.
async fn restarts(bench: &Bench) {
    let restart = unit("scoring.service", UnitJob::Restart);
    let mut seen = std::collections::BTreeSet::new();
    for round in 0..ROUNDS {
        let before = bench.before(&restart).await.unwrap();
        let unsent = ActionCall { before, ..call(restart.clone(), seconds(10)) };
        assert_eq!(bench.runner.probe(&unsent).await, Probe::Absent, "it was not restarted so far");
        let (done, end) = bench.act(&restart, round + 2).await;
        assert_end(&end, Outcome::Done, "scoring.service is active (running)");
        let invocation = end.reference.unwrap();
        assert_eq!(bench.runner.probe(&done).await, Probe::Found(invocation.clone()));
        assert!(seen.insert(invocation), "each restart is another invocation");
        assert_eq!(restart.undone(done.before.as_ref().unwrap()), None, "a restart is not taken back");
    }
    let (done, _) = bench.act(&restart, 50).await;
    assert!(
        matches!(bench.after(&done).await, After::AsWanted(stands) if stands == "scoring.service is active (running)")
    );
    bench.act(&restart, 51).await;
    let after = bench.after(&done).await;
    assert!(matches!(&after, After::Failed(why) if why.contains("was started again since")), "{after:?}");
}

async fn stops_and_starts(bench: &Bench) {
    let stop = unit("scoring.service", UnitJob::Stop);
    for round in 0..ROUNDS {
        let (done, end) = bench.act(&stop, 100 + 2 * round).await;
        assert_end(&end, Outcome::Done, "scoring.service is inactive (dead)");
        assert_eq!(bench.after(&done).await, After::AsWanted("scoring.service is inactive (dead)".to_owned()));
        assert_end(&bench.undo(&done, 101 + 2 * round).await, Outcome::Done, "is active (running)");
    }
}

async fn refuses(bench: &Bench) {
    let (done, _) = bench.act(&unit("scoring.service", UnitJob::Stop), 200).await;
    assert_done(&bench.act(&unit("scoring.service", UnitJob::Start), 201).await.1);
    let undo = done.action.undone(done.before.as_ref().unwrap()).unwrap();
    let why = bench.before(&undo).await.unwrap_err();
    assert_eq!(why, "scoring.service was changed meanwhile: it is active");
    let (_, end) = bench.act(&unit("broken.service", UnitJob::Restart), 202).await;
    assert_end(&end, Outcome::Failed, "the job to restart broken.service ended as failed");
    let why = bench.before(&unit("missing.service", UnitJob::Restart)).await.unwrap_err();
    assert_eq!(why, "systemd has no unit missing.service (not-found)");
    let end = bench.perform(unit("other.service", UnitJob::Restart), seconds(5)).await;
    assert_end(&end, Outcome::Failed, "other.service is not in `allow.units`");
    let end = bench.perform(unit("*.service", UnitJob::Restart), seconds(5)).await;
    assert_end(&end, Outcome::Failed, "`*.service` is not the whole name of a unit");
}
