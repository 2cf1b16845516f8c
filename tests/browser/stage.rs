//! A workspace with an open incident, and the daemon that shows it.

use crate::bench::{Bench, Daemon};

/// The loan model on the evening of the day on which its AUC fell below its limit, as it is now.
pub(super) struct Stage {
    pub(super) bench: Bench,
    pub(super) daemon: Daemon,
    /// The open incident of `loan-auc`.
    pub(super) incident: String,
    /// Its run.
    pub(super) run: String,
}

impl Stage {
    pub(super) fn set() -> Self {
        let bench = Bench::sample();
        let period = ["--from", "2021-11-12T00:00:00Z", "--to", "2021-11-26T00:00:00Z"];
        let played = bench.run(&[&["simulate", "--execute"][..], &period].concat());
        assert!(played.status.success(), "{}", String::from_utf8_lossy(&played.stderr));
        let incidents = bench.json(&["incidents"], 0);
        let open = incidents.as_array().expect("a list").iter().find(|incident| incident["monitor"] == "loan-auc");
        let incident = open.expect("loan-auc is in breach")["id"].as_str().expect("an id").to_owned();
        let shown = bench.json(&["incidents", "show", &incident], 0);
        let run = shown["steps"][0]["run"].as_str().expect("a run").to_owned();
        let daemon = bench.daemon();
        Self { bench, daemon, incident, run }
    }

    /// A page's address.
    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.daemon.address)
    }

    /// Every page that there is something on.
    pub(super) fn pages(&self) -> Vec<String> {
        let Self { incident, run, .. } = self;
        [
            "/".to_owned(),
            "/monitors".to_owned(),
            "/monitors/loan-auc?days=30".to_owned(),
            "/incidents".to_owned(),
            "/incidents?text=none-of-them".to_owned(),
            format!("/incidents/{incident}"),
            "/approvals".to_owned(),
            format!("/runs/{run}/steps/compare"),
            "/gates".to_owned(),
            "/ledger".to_owned(),
            "/handover?until=2021-11-27".to_owned(),
            "/system".to_owned(),
            "/login".to_owned(),
            "/nothing-here/at-all".to_owned(),
            "/confirm/open/loan-decisions".to_owned(),
            format!("/confirm/resolve/{incident}"),
            format!("/confirm/start/{run}/compare"),
        ]
        .into()
    }

    /// The state of the incident.
    pub(super) fn state(&self) -> String {
        let shown = self.bench.json(&["incidents", "show", &self.incident], 0);
        shown["incident"]["state"].as_str().expect("a state").to_owned()
    }
}
