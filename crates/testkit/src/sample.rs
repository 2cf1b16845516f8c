//! A small workspace to tell stories with: one monitor, one runbook, one team, one channel, one gate.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use watchkeeper_model::{
    Action, AlertPolicy, Allow, Channel, CheckSpec, Comparison, Cron, Daemon, Digests, Gate, GateState, Guard, Input,
    Labels, Layer, Misfire, Monitor, Name, OnFailure, PolicyVerdict, Runbook, Schedule, Severity, Step, StepRun, Team,
    Threshold, Time, Workspace,
};

fn name(text: &str) -> Name {
    Name::parse(text).expect("the sample's names are names")
}

/// A time written as RFC 3339.
pub fn time(text: &str) -> Time {
    text.parse().expect("the sample's times are RFC 3339")
}

/// `loan-auc`: daily at 06:00 UTC, `auc` in breach below 0.60, cleared above 0.62.
pub fn monitor() -> Monitor {
    Monitor {
        id: name("loan-auc"),
        description: "Two-week AUC of the loan model".to_owned(),
        layer: Layer::Model,
        owner: name("ml-team"),
        severity: Severity::Critical,
        runbook: name("model-degradation"),
        labels: Labels::new(),
        schedule: Schedule {
            cron: Cron::parse("0 6 * * *").expect("the sample's cron is valid"),
            timezone: "UTC".parse().expect("UTC is a time zone"),
            jitter: Duration::ZERO,
            misfire: Misfire::Latest,
            starting_deadline: Duration::from_secs(600),
        },
        input: Input { source: name("loans"), window: None, delay: Duration::ZERO, min_rows: 1 },
        baseline: None,
        check: CheckSpec {
            plugin: "classification".to_owned(),
            timeout: Duration::from_secs(60),
            memory_bytes_max: 256 << 20,
            params: Vec::new(),
        },
        thresholds: vec![Threshold {
            metric: "auc".to_owned(),
            labels: BTreeMap::new(),
            breach: Some(Comparison::Below(0.60)),
            warn: None,
            clear: Some(Comparison::Above(0.62)),
            consecutive: 1,
            recover: 1,
        }],
        alert: AlertPolicy {
            no_data: PolicyVerdict::Warn,
            on_error: PolicyVerdict::Breach,
            group_by: BTreeSet::new(),
            repeat: None,
            inhibited_by: BTreeSet::new(),
        },
    }
}

/// `model-degradation`: its first step is `action`.
pub fn runbook(action: Action) -> Runbook {
    Runbook {
        id: name("model-degradation"),
        description: String::new(),
        notify_deadline: Duration::from_secs(60),
        guard: Guard::default(),
        first: Step {
            id: name("first"),
            description: "The first step".to_owned(),
            timeout: Duration::from_secs(20),
            action,
            run: StepRun::Auto,
            approval: None,
            after_resolve: false,
            verify: None,
            on_failure: OnFailure::Continue,
            retries: None,
            undo: None,
        },
        rest: Vec::new(),
        escalation: Vec::new(),
    }
}

/// The workspace around them.
pub fn workspace(monitor: Monitor, runbook: Runbook) -> Workspace {
    let gate = Gate { description: String::new(), on_unreachable: GateState::Paused };
    let team = Team {
        layers: BTreeSet::from([Layer::Model]),
        members: vec!["ml-lead@example.com".to_owned()],
        notify: vec![name("console")],
        routes: Vec::new(),
        hours: None,
    };
    Workspace {
        web: watchkeeper_model::Web::default(),
        reports: BTreeMap::new(),
        daemon: Daemon {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            state: PathBuf::from("state"),
            checks_max: Some(2),
            shutdown: Duration::from_secs(30),
            fallback: None,
        },
        store: watchkeeper_model::StoreSettings::default(),
        allow: Allow::default(),
        teams: BTreeMap::from([(name("ml-team"), team)]),
        channels: BTreeMap::from([(name("console"), Channel::Console)]),
        maintenance: std::collections::BTreeMap::new(),
        hours: std::collections::BTreeMap::new(),
        gates: BTreeMap::from([(name("loan-decisions"), gate)]),
        sources: BTreeMap::new(),
        monitors: BTreeMap::from([(monitor.id.clone(), monitor)]),
        runbooks: BTreeMap::from([(runbook.id.clone(), runbook)]),
        digests: Digests::default(),
    }
}
