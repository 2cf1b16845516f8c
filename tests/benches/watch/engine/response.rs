//! From a verdict to its first step, and from that step's outcome to the message, among thousands of quiet monitors.

use rusqlite::Connection;

use super::{
    GROUP,
    lag::{every_minute, null_rate},
};
use crate::{
    report::{Figure, quantile},
    workspace::Workspace,
};

/// Monitors that find a breach; few enough that each owner's message stands by itself.
const MONITORS: usize = 20;

/// Adds monitors that find a breach, each with a gate of its own.
pub(super) fn add(workspace: &Workspace, jitter: u32) {
    let gates = (0..MONITORS).map(|number| {
        format!("[gate.g{number}]\n[channel.c{number}.console]\n[team.t{number}]\nnotify = [\"c{number}\"]\n")
    });
    workspace.configure(&gates.collect::<String>());
    for number in 0..MONITORS {
        let runbook = format!(
            "[runbook]\nid = \"act-{number}\"\n[guard]\nglobal = {{ max = {MONITORS}, per = \"1h\" }}\n\
             [[step]]\nid = \"pause\"\n[step.gate]\ngate = \"g{number}\"\nstate = \"paused\"\n"
        );
        workspace.write(&format!("runbooks/act-{number}.toml"), &runbook);
        let monitor = format!(
            "[monitor]\nid = \"breach-{number}\"\nlayer = \"model\"\nowner = \"t{number}\"\nrunbook = \"act-{number}\"\n\
             [schedule]\n{}\n[input]\nsource = \"rows\"\n{}",
            every_minute(jitter),
            null_rate("above = -1")
        );
        workspace.write(&format!("config/monitors/breach-{number}.toml"), &monitor);
    }
}

/// What the record says of those that have gone all the way.
pub(super) fn print(db: &Connection) {
    let print = |what: &str, sql: &str| {
        let mut query = db.prepare(sql).expect("a statement");
        let rows = query.query_map([], |row| row.get::<_, f64>(0)).expect("asked");
        let lags: Vec<f64> = rows.collect::<Result<_, _>>().expect("read");
        assert!(lags.len() * 2 > MONITORS, "{what}: only {} of {MONITORS} are there", lags.len());
        let ours = quantile(&lags, 0.5);
        Figure { group: GROUP, work: what, unit: "ms", ours, beside: None, more_is_better: false }.print();
    };
    print(
        "from a verdict that is recorded to its first step, which is started",
        "select (act.started_at - occurrence.finished_at) / 1e3 from act join step using (run, step)
         join incident on incident.id = step.incident
         join occurrence on occurrence.monitor = incident.monitor and occurrence.verdict = 'breach'
         group by incident.id having occurrence.scheduled_at = min(occurrence.scheduled_at) order by 1",
    );
    print(
        "from the first step's outcome to the owner's message, half a second of gathering in between",
        "select (min(delivery.at) - step.finished_at) / 1e3 from step join delivery using (incident)
         where step.position = 0 and step.status = 'done' group by step.incident order by 1",
    );
}
