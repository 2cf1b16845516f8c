//! The domain, pure: what is watched, how it is judged, and the state machines of incidents and steps.
//!
//! Architecture invariant: nothing here reads a file, a socket or a clock. Every function is a value in, a value out;
//! the time is always an argument.

mod access;
mod action;
mod approval;
mod channel;
mod digest;
mod excess;
mod guard;
mod hidden;
mod incident;
mod judged;
mod ledger;
mod measurement;
mod message;
mod monitor;
mod name;
mod number;
mod path;
mod place;
mod quiet;
mod remedy;
mod report;
mod runbook;
mod schedule;
mod source;
mod step;
mod template;
mod threshold;
mod trend;
mod turn;
mod workspace;

pub use access::{Access, Oidc, Proxy, Role, Web, role_of_groups};
pub use action::{
    Action, ActionFault, AirflowAction, BodyEncoding, Bus, Connection, DagAct, ExecAction, Field, Fields, Follow,
    GateAction, GateState, Guarantee, HttpAction, JiraAction, JiraApi, JiraResolve, KubernetesAction, MlflowAction,
    ModelVersion, ObjectChange, OnResolve, Recovery, SqlAction, SqlEngine, SystemdAction, Undo, UnitJob, fields,
    looks_secret, unit_fault,
};
pub use approval::{Answer, Answering, Approval, Asked, NoAnswer, Person, address};
pub use channel::{
    Channel, EmailChannel, PagerdutyChannel, SlackChannel, SmtpTls, TeamsChannel, Transport, WebhookChannel,
};
pub use digest::{digest_of, short_id};
pub use excess::Excess;
pub use guard::{BreakerState, Budget, Busy, CircuitBreaker, Guard, GuardFacts, Inhibitor, Permission, Withheld};
pub use hidden::is_hidden;
pub use incident::{Change, GroupState, Incident, IncidentState, Standing, advance};
pub use judged::{Cause, Counted, Judged, Streaks, Subject};
pub use ledger::{LedgerEntry, LedgerFault, verify_chain, verify_chain_after};
pub use measurement::{Labels, Measurement, Series, Verdict};
pub use message::{Facts, Message, MessageEvent, MessageKind, MessageStatus, NextStep, SeriesReport, StepReport};
pub use monitor::{
    AlertPolicy, Baseline, CheckSpec, Input, InputWindow, Layer, Monitor, ParamValue, PolicyVerdict, Severity,
};
pub use name::{Name, NameError};
pub use number::{number, percent, reading};
pub use path::normalized;
pub use place::line_column;
pub use quiet::{Hours, Kept, Maintenance, Matcher, MatcherError, Quiet, Silence};
pub use remedy::{Remedy, Verify, VerifyBy};
pub use report::{Acted, Figures, Left, Report, Reported, median};
pub use runbook::{Escalation, OnFailure, Runbook, Step, StepRun};
pub use schedule::{Cron, CronError, Misfire, Schedule};
pub use source::{
    ColumnType, CsvOptions, DatabaseRows, DatabaseServer, DatabaseSource, Encoding, FileFormat, FilesSource,
    HttpSource, LogLines, NextPage, Pages, PrometheusSource, Source, SourceKind, ViewSource,
};
pub use step::{Outcome, StepEvent, StepStatus};
pub use template::{Outputs, Placeholder, Template, TemplateError};
pub use threshold::{Comparison, Judgement, Threshold};
pub use trend::{Trend, TrendPoint};
pub use turn::{Earlier, Turn, turn};
pub use workspace::{
    Allow, Daemon, Digest, Digests, Gate, Keep, Route, Secret, StoreSettings, Team, Unreachable, Workspace,
};

/// A point in time, always UTC.
pub type Time = chrono::DateTime<chrono::Utc>;
