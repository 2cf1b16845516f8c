//! Arguments of the commands by which people answer, switch and read the record.

use clap::{Args, Subcommand, ValueEnum};

use watchkeeper_model::{Matcher, Role, Time};

use super::{ListingArgs, value};

/// Arguments of `incidents`.
#[derive(Debug, Args)]
pub(crate) struct IncidentsArgs {
    /// List resolved ones too.
    #[arg(long)]
    pub(crate) all: bool,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show one.
    #[command(subcommand)]
    pub(crate) show: Option<Show>,
}

/// Arguments of `handoffs`.
#[derive(Debug, Args)]
pub(crate) struct HandoffsArgs {
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show one.
    #[command(subcommand)]
    pub(crate) show: Option<Show>,
}

/// One record instead of the list.
#[derive(Debug, Subcommand)]
pub(crate) enum Show {
    /// Show one with everything that is known of it.
    Show {
        /// Its id: ten hex digits.
        id: String,
    },
}

/// Who acts.
#[derive(Debug, Args)]
pub(crate) struct ByArgs {
    /// Who does this, for the record; by default the user of this machine.
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

/// Arguments of `ack`.
#[derive(Debug, Args)]
pub(crate) struct AckArgs {
    /// The incident's id.
    pub(crate) incident: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `resolve`.
#[derive(Debug, Args)]
pub(crate) struct ResolveArgs {
    /// The incident's id.
    pub(crate) incident: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `settle`.
#[derive(Debug, Args)]
pub(crate) struct SettleArgs {
    /// The run's id.
    pub(crate) run: String,
    /// The step's id in its runbook.
    pub(crate) step: String,
    /// How it ended, as far as people could find out.
    pub(crate) outcome: SettledAs,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `step`.
#[derive(Debug, Args)]
pub(crate) struct StartArgs {
    /// Which step, and who acts.
    #[command(flatten)]
    pub(crate) step: StepArgs,
    /// Make another attempt at a step that has ended, with a key of its own.
    #[arg(long)]
    pub(crate) again: bool,
}

/// Arguments of what takes nothing but who does it.
#[derive(Debug, Args)]
pub(crate) struct ByOnlyArgs {
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `unack`.
#[derive(Debug, Args)]
pub(crate) struct UnackArgs {
    /// The incident's id.
    pub(crate) incident: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `assign`.
#[derive(Debug, Args)]
pub(crate) struct AssignArgs {
    /// The incident's id.
    pub(crate) incident: String,
    /// The team that answers for it from now on.
    pub(crate) team: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `comment`.
#[derive(Debug, Args)]
pub(crate) struct CommentArgs {
    /// The incident's id.
    pub(crate) incident: String,
    /// The words.
    pub(crate) text: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments that name a step, as `approve` takes them.
#[derive(Debug, Args)]
pub(crate) struct StepArgs {
    /// The run's id.
    pub(crate) run: String,
    /// The step's id in its runbook.
    pub(crate) step: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `reject`.
#[derive(Debug, Args)]
pub(crate) struct RejectArgs {
    /// Which step, and who acts.
    #[command(flatten)]
    pub(crate) step: StepArgs,
    /// Why, for the record and for the owner.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
}

/// How people say a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SettledAs {
    /// It did what it should.
    Done,
    /// It did not.
    Failed,
}

/// Arguments of `pause` and `open`.
#[derive(Debug, Args)]
pub(crate) struct GateArgs {
    /// The gate's name.
    pub(crate) gate: String,
    /// Why, for the record.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `hold`.
#[derive(Debug, Args)]
pub(crate) struct HoldArgs {
    /// Hold only this monitor's steps.
    #[arg(long, value_name = "MONITOR")]
    pub(crate) monitor: Option<String>,
    /// End the hold by itself after this long, as in 2h; without it people release it.
    #[arg(long = "for", value_name = "DURATION", value_parser = value::duration)]
    pub(crate) length: Option<std::time::Duration>,
    /// Why, for the record and for the messages that say a step was withheld.
    #[arg(long, value_name = "TEXT", default_value = "no reason given")]
    pub(crate) reason: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `release`.
#[derive(Debug, Args)]
pub(crate) struct ReleaseArgs {
    /// Release this monitor's hold; the overall one when absent.
    #[arg(long, value_name = "MONITOR")]
    pub(crate) monitor: Option<String>,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `silence`.
#[derive(Debug, Args)]
pub(crate) struct SilenceArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: SilenceCommand,
}

/// What to do with silences.
#[derive(Debug, Subcommand)]
pub(crate) enum SilenceCommand {
    /// For a time, nobody is told of what the matchers fit, and no first step runs there; all of it is recorded.
    Add(AddSilenceArgs),
    /// List those in force.
    List(ListingArgs),
    /// End one before its time.
    End(EndSilenceArgs),
}

/// Arguments of `silence add`.
#[derive(Debug, Args)]
pub(crate) struct AddSilenceArgs {
    /// What it is about; all of these have to fit: monitor=loan-*, layer=data, severity=info, owner=ml-team,
    /// labels.env=prod.
    #[arg(required = true, value_name = "MATCHER", value_parser = value::matcher)]
    pub(crate) matchers: Vec<Matcher>,
    /// How long it lasts, as in 2h.
    #[arg(long = "for", value_name = "DURATION", value_parser = value::duration, conflicts_with = "until")]
    pub(crate) length: Option<std::time::Duration>,
    /// When it ends.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) until: Option<Time>,
    /// Why, for the record and for the messages that say a step was withheld.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Let first steps run all the same.
    #[arg(long)]
    pub(crate) keep_acting: bool,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `silence end`.
#[derive(Debug, Args)]
pub(crate) struct EndSilenceArgs {
    /// Its id.
    pub(crate) id: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `token`.
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make one, and print it this once.
    New(NewTokenArgs),
    /// List them, without what proves them.
    List(ListingArgs),
    /// End one, and every session begun with it.
    Revoke(RevokeTokenArgs),
}

/// Arguments of `token new`.
#[derive(Debug, Args)]
pub(crate) struct NewTokenArgs {
    /// What the record calls whoever uses it.
    pub(crate) name: String,
    /// What it may: viewer (read), responder (act on incidents, gates, holds, silences), admin (all), gates (ask gates).
    #[arg(long, value_name = "ROLE", value_parser = value::role())]
    pub(crate) role: Role,
    /// When it ends by itself, as in 90d; until it is revoked when absent.
    #[arg(long, value_name = "DURATION", value_parser = value::duration)]
    pub(crate) expires: Option<std::time::Duration>,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `token revoke`.
#[derive(Debug, Args)]
pub(crate) struct RevokeTokenArgs {
    /// Its name.
    pub(crate) name: String,
    /// Who acts.
    #[command(flatten)]
    pub(crate) by: ByArgs,
}

/// Arguments of `digest`.
#[derive(Debug, Args)]
pub(crate) struct DigestArgs {
    /// The digest of the configuration, for its team and window; with --send, its channels.
    pub(crate) name: Option<String>,
    /// Whose incidents; all of them when absent.
    #[arg(long, value_name = "TEAM", conflicts_with = "name")]
    pub(crate) team: Option<String>,
    /// How long a time it is about, as in 7d.
    #[arg(long, value_name = "DURATION", value_parser = value::duration)]
    pub(crate) window: Option<std::time::Duration>,
    /// Up to when; now when absent.
    #[arg(long, value_name = "TIME", value_parser = value::time)]
    pub(crate) until: Option<Time>,
    /// Print JSON instead of text.
    #[arg(long, conflicts_with = "markdown")]
    pub(crate) json: bool,
    /// Print Markdown instead of text.
    #[arg(long)]
    pub(crate) markdown: bool,
    /// Put it among the messages that the daemon sends, to the channels of the digest.
    #[arg(long, requires = "name")]
    pub(crate) send: bool,
}

/// Arguments of `notify`.
#[derive(Debug, Args)]
pub(crate) struct NotifyArgs {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: NotifyCommand,
}

/// What to do with channels.
#[derive(Debug, Subcommand)]
pub(crate) enum NotifyCommand {
    /// Send one message that is marked as a test, and say who took it.
    Test {
        /// The channel's name.
        channel: String,
        /// Who acts.
        #[command(flatten)]
        by: ByArgs,
    },
}

/// Arguments of `ledger`.
#[derive(Debug, Args)]
pub(crate) struct LedgerArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub(crate) command: LedgerCommand,
}

/// What to do with the ledger.
#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Recompute the chain and name the first bad row.
    Verify {
        /// A head somebody kept, for example from a handoff message: it must still be in the chain.
        #[arg(long, value_name = "HASH", value_parser = value::hash)]
        head: Option<String>,
        /// Print JSON instead of a line.
        #[arg(long)]
        json: bool,
    },
    /// Print every row, one JSON object a line, oldest first.
    Export,
}
