//! The command line: every command, argument and help text, in one place.

mod baseline;
mod engine;
mod people;
mod plugin;
mod store;
mod value;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use watchkeeper_config::FileKind;

pub(crate) use baseline::{BaselineArgs, BaselineCommand};
pub(crate) use engine::{BacktestArgs, CheckArgs, DrillArgs, PeriodArgs, ReplayArgs, RunArgs, SimulateArgs};
pub(crate) use people::{
    AckArgs, AddSilenceArgs, AssignArgs, ByArgs, ByOnlyArgs, CommentArgs, DigestArgs, EndSilenceArgs, GateArgs,
    HandoffsArgs, HoldArgs, IncidentsArgs, LedgerArgs, LedgerCommand, NewTokenArgs, NotifyArgs, NotifyCommand,
    RejectArgs, ReleaseArgs, ResolveArgs, RevokeTokenArgs, SettleArgs, SettledAs, Show, SilenceArgs, SilenceCommand,
    StartArgs, StepArgs, TokenArgs, TokenCommand, UnackArgs,
};
pub(crate) use plugin::{
    AddArgs, ComponentArgs, InspectArgs, NewPluginArgs, PluginArgs, PluginCommand, ProjectArgs, PushArgs, RecordArgs,
    TestPluginArgs, UpdateArgs,
};
pub(crate) use store::{StoreArgs, StoreCommand};

use crate::exit;

/// Watches data, models, systems and KPIs; on a breach runs the runbook's first step, tells the owner and records the
/// handoff.
#[derive(Debug, Parser)]
#[command(name = "watchkeeper", version, after_help = exit::HELP, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The workspace; by default the nearest folder upward that has config/watchkeeper.toml.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Write a sample workspace that works: one monitor, one runbook, sample data.
    #[command(after_help = exit::HELP)]
    Init(InitArgs),
    /// Report every mistake that can be known without running, and what each runbook step guarantees.
    #[command(after_help = exit::HELP)]
    Lint(LintArgs),
    /// Print the JSON Schema of one kind of file, for editors.
    #[command(after_help = exit::HELP)]
    Schema(SchemaArgs),

    /// Evaluate a monitor once and act on nothing.
    #[command(after_help = exit::HELP)]
    Check(CheckArgs),
    /// Run a check that did not end well again, on what it was answered then, and say what differs.
    #[command(after_help = exit::HELP)]
    Replay(ReplayArgs),
    /// Evaluate every tick of the past and act on nothing.
    #[command(after_help = exit::HELP)]
    Backtest(BacktestArgs),
    /// Show, freeze or refresh what a monitor compares with.
    #[command(after_help = exit::HELP)]
    Baseline(BaselineArgs),
    /// Run the whole engine on a simulated clock; actions and messages are printed, not done.
    #[command(after_help = exit::HELP)]
    Simulate(SimulateArgs),
    /// Pretend a breach: runbook, messages and handoff, marked as a drill everywhere.
    #[command(after_help = exit::HELP)]
    Drill(DrillArgs),
    /// Watch: the daemon. SIGTERM finishes what is in flight.
    #[command(after_help = exit::HELP)]
    Run(RunArgs),

    /// Show monitors with their last verdicts and next ticks, open incidents, gates and holds.
    #[command(after_help = exit::HELP)]
    Status(ListingArgs),
    /// List incidents, or show one.
    #[command(after_help = exit::HELP)]
    Incidents(IncidentsArgs),
    /// Take an incident: its reminders and escalations stop.
    #[command(after_help = exit::HELP)]
    Ack(AckArgs),
    /// Give an acknowledged incident back: its reminders and escalations go on.
    #[command(after_help = exit::HELP)]
    Unack(UnackArgs),
    /// Make another team the owner of an incident, and tell it so.
    #[command(after_help = exit::HELP)]
    Assign(AssignArgs),
    /// Say something about an incident, for the record.
    #[command(after_help = exit::HELP)]
    Comment(CommentArgs),
    /// Close an incident by hand.
    #[command(after_help = exit::HELP)]
    Resolve(ResolveArgs),
    /// Say how a step with an unknown outcome ended.
    #[command(after_help = exit::HELP)]
    Settle(SettleArgs),
    /// Start a step of a run that waits for people or was withheld, or make another attempt at one.
    #[command(after_help = exit::HELP)]
    Step(StartArgs),
    /// Take back what a step did, unless somebody has changed it since.
    #[command(after_help = exit::HELP)]
    Undo(StepArgs),
    /// Agree to a step that waits for your team.
    #[command(after_help = exit::HELP)]
    Approve(StepArgs),
    /// Say no to a step that waits for your team.
    #[command(after_help = exit::HELP)]
    Reject(RejectArgs),
    /// List handoffs, or show one.
    #[command(after_help = exit::HELP)]
    Handoffs(HandoffsArgs),

    /// List the gates and who set them last.
    #[command(after_help = exit::HELP)]
    Gates(ListingArgs),
    /// Pause a gate: its decisions must wait.
    #[command(after_help = exit::HELP)]
    Pause(GateArgs),
    /// Open a gate: its decisions may be made.
    #[command(after_help = exit::HELP)]
    Open(GateArgs),
    /// Stop all automatic steps, or those of one monitor; checks and messages go on.
    #[command(after_help = exit::HELP)]
    Hold(HoldArgs),
    /// Let automatic steps run again.
    #[command(after_help = exit::HELP)]
    Release(ReleaseArgs),
    /// Silence what matchers fit for a time: nobody is told, and nothing acts unless it says so.
    #[command(after_help = exit::HELP)]
    Silence(SilenceArgs),
    /// Forget ticks of a time to come, once a clock that was ahead is right again.
    #[command(after_help = exit::HELP)]
    ResetClock(ByOnlyArgs),
    /// Make, list or revoke what programs and people without a provider sign on to the page and the API with.
    #[command(after_help = exit::HELP)]
    Token(TokenArgs),
    /// Tell what happened in a time: what is open, what the machine did and whether it helped, what is left behind.
    #[command(after_help = exit::HELP)]
    Digest(DigestArgs),
    /// Try a channel.
    #[command(after_help = exit::HELP)]
    Notify(NotifyArgs),
    /// Verify or export the hash-chained record.
    #[command(after_help = exit::HELP)]
    Ledger(LedgerArgs),
    /// Look after the store: what it holds, whether it is sound, a backup of it, the way to a server.
    #[command(after_help = exit::HELP)]
    Store(StoreArgs),

    /// Write, test and ship plugins.
    #[command(after_help = exit::HELP)]
    Plugin(PluginArgs),
    /// Print a shell's completions of this command line.
    #[command(after_help = exit::HELP)]
    Completions(CompletionsArgs),

    /// Compile one component; the host starts this in a process of its own.
    #[command(hide = true)]
    CompilePlugin(CompilePluginArgs),
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder to write to; made when it does not exist.
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Write a starting runbook for what runs your services as well; may be given more than once.
    #[arg(long, value_name = "WHAT")]
    pub(crate) with: Vec<StartWith>,
}

/// What runs the services that a starting runbook acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum StartWith {
    /// Units of systemd.
    Systemd,
    /// Workloads of Kubernetes.
    Kubernetes,
    /// DAGs of Airflow.
    Airflow,
    /// Models of MLflow.
    Mlflow,
}

/// Arguments of `lint`.
#[derive(Debug, Args)]
pub(crate) struct LintArgs {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
    /// Ask the peers of channels and steps as well, for credentials, project and issue type; nothing is changed there.
    #[arg(long)]
    pub(crate) live: bool,
    /// Open the store as well, to read it.
    #[arg(long)]
    pub(crate) store: bool,
}

/// Arguments of listings.
#[derive(Debug, Args)]
pub(crate) struct ListingArgs {
    /// Print JSON instead of a table.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which kind of file.
    #[arg(value_name = "KIND", value_parser = value::file_kind())]
    pub(crate) kind: FileKind,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell.
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

/// Arguments of `compile-plugin`.
#[derive(Debug, Args)]
pub(crate) struct CompilePluginArgs {
    /// The component.
    pub(crate) input: PathBuf,
    /// Where the machine code goes; must not exist yet.
    pub(crate) output: PathBuf,
}

#[cfg(test)]
mod tests;
