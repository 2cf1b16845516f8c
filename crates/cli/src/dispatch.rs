//! From a parsed command line to its command.

use std::path::Path;

use tracing_subscriber::EnvFilter;

use crate::{
    args::{Cli, Command},
    commands::{
        ack, answer, assign, backtest, baseline, check, comment, compile_plugin, completions, digest, drill, gates,
        handoffs, hold, incidents, init, ledger, lint, notify, plugin, replay, reset_clock, resolve, run, schema,
        settle, silence, simulate, status, store, switch_gate, token, unack, undo,
    },
    exit::Exit,
    failure::Failure,
    place,
    render::terminal::Terminal,
};

/// Runs one command to its end.
pub(crate) fn run(cli: Cli, terminal: &mut Terminal) -> Result<Exit, Failure> {
    log_to_stderr(&cli.command, terminal);
    #[cfg(debug_assertions)]
    crate::test_hooks::install()?;
    match &cli.command {
        Command::Init(args) => init::run(args, terminal),
        Command::Schema(args) => schema::run(args, cli.workspace.as_deref(), terminal),
        Command::Completions(args) => completions::run(args, terminal),
        Command::Plugin(args) => plugin::run(args, cli.workspace.as_deref(), terminal),
        // Before any thread is started: it limits its whole process.
        Command::CompilePlugin(args) => compile_plugin::run(args),
        command => {
            let folder = place::find(cli.workspace.as_deref())?;
            on_runtime(in_workspace(command, &folder, terminal))
        }
    }
}

/// Runs what a command does to its end.
pub(crate) fn on_runtime(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let ended = runtime.block_on(work);
    // What hangs in a system call, a stopped file server's say, is not waited for.
    runtime.shutdown_background();
    ended
}

async fn in_workspace(command: &Command, folder: &Path, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match command {
        Command::Lint(args) => lint::run(folder, args, terminal).await,
        Command::Status(args) => status::run(folder, args, terminal).await,
        Command::Incidents(args) => incidents::run(folder, args, terminal).await,
        Command::Ack(args) => ack::run(folder, args, terminal).await,
        Command::Unack(args) => unack::run(folder, args, terminal).await,
        Command::Assign(args) => assign::run(folder, args, terminal).await,
        Command::Comment(args) => comment::run(folder, args, terminal).await,
        Command::Resolve(args) => resolve::run(folder, args, terminal).await,
        Command::Settle(args) => settle::run(folder, args, terminal).await,
        Command::Step(args) => answer::start(folder, args, terminal).await,
        Command::Undo(args) => undo::run(folder, args, terminal).await,
        Command::Approve(args) => answer::approve(folder, args, terminal).await,
        Command::Reject(args) => answer::reject(folder, args, terminal).await,
        Command::Handoffs(args) => handoffs::run(folder, args, terminal).await,
        Command::Gates(args) => gates::run(folder, args, terminal).await,
        Command::Pause(args) => switch_gate::pause(folder, args, terminal).await,
        Command::Open(args) => switch_gate::open(folder, args, terminal).await,
        Command::Hold(args) => hold::hold(folder, args, terminal).await,
        Command::Release(args) => hold::release(folder, args, terminal).await,
        Command::Silence(args) => silence::run(folder, args, terminal).await,
        Command::ResetClock(args) => reset_clock::run(folder, args, terminal).await,
        Command::Token(args) => token::run(folder, args, terminal).await,
        Command::Digest(args) => digest::run(folder, args, terminal).await,
        Command::Notify(args) => notify::run(folder, args, terminal).await,
        Command::Ledger(args) => ledger::run(folder, args, terminal).await,
        Command::Store(args) => store::run(folder, args, terminal).await,
        Command::Check(args) => check::run(folder, args, terminal).await,
        Command::Replay(args) => replay::run(folder, args, terminal).await,
        Command::Backtest(args) => backtest::run(folder, args, terminal).await,
        Command::Baseline(args) => baseline::run(folder, args, terminal).await,
        Command::Simulate(args) => simulate::run(folder, args, terminal).await,
        Command::Drill(args) => drill::run(folder, args, terminal).await,
        Command::Run(_) => run::run(folder, terminal).await,
        // These need no workspace.
        Command::Init(args) => init::run(args, terminal),
        Command::Schema(args) => schema::run(args, Some(folder), terminal),
        Command::Completions(args) => completions::run(args, terminal),
        Command::Plugin(args) => plugin::run(args, Some(folder), terminal),
        Command::CompilePlugin(args) => compile_plugin::run(args),
    }
}

/// Logs go to standard error: the daemon tells what it does, other commands only what goes wrong. `WATCHKEEPER_LOG`
/// says otherwise.
fn log_to_stderr(command: &Command, terminal: &Terminal) {
    let default = match command {
        Command::Run(_) => "info",
        // What a check says before it traps is in the message.
        Command::Plugin(_) | Command::Replay(_) => "off",
        _ => "warn",
    };
    let filter = EnvFilter::try_from_env("WATCHKEEPER_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A log that nobody reads any more must not end what is watched.
    log.with_ansi(terminal.styled_err).log_internal_errors(false).init();
}
