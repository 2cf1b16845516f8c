//! Runs a program: no shell, an empty environment but for what the step lists, a time limit on its process group.
//!
//! What a program that was killed at its time limit has done is unknown. A program that puts itself into a session of
//! its own leaves the group, and with it the limit.

mod output;
mod process;

use std::{collections::BTreeMap, io, path::PathBuf, time::Duration};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, After, Probe};
use watchkeeper_model::ExecAction;
use watchkeeper_secret::{Mask, SecretError};

use crate::{
    ActionRunner, cause,
    contract::{Attempt, Kind, Reading, no_mark, unreadable},
    limit::Limit,
};
use process::{Ending, Program};

/// The longest value of a variable that is filled with data, in bytes: Linux refuses to start a program with a
/// variable of 128 KiB.
const VARIABLE_BYTES_MAX: usize = 64 * 1024;

/// The variable that tells a program of a drill.
const DRILL: &str = "WATCHKEEPER_DRILL";

/// Why a program was not started.
#[derive(Debug, thiserror::Error)]
enum ExecError {
    #[error("the step names no program")]
    NoProgram,
    #[error("{path} is not in `allow.exec` of watchkeeper.toml")]
    NotAllowed { path: String },
    #[error("{path} is no path: programs are not looked for")]
    NoPath { path: String },
    #[error("the secret for variable {variable}")]
    Secret { variable: String, source: SecretError },
    #[error("cannot start {path} in {}", directory.display())]
    Start { path: String, directory: PathBuf, source: io::Error },
}

#[async_trait]
impl Kind for ExecAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        permitted(self, runner).err().map(|error| cause::line(&error))
    }

    async fn ask(&self, _: Duration, _: &ActionRunner) -> Option<Result<String, String>> {
        None
    }

    async fn before(&self, _: &ActionCall, _: &ActionRunner) -> Reading {
        Reading::Nothing
    }

    /// Runs the program to its end or its time limit.
    async fn send(&self, call: &ActionCall, _: &Limit, runner: &ActionRunner) -> Attempt {
        Attempt::Ended(match start(self, call, runner) {
            Ok(program) => end(self, call, program).await,
            Err(error) => ActionEnd::failed(cause::line(&error)),
        })
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, _: &ActionRunner) -> After {
        unreadable(call)
    }
}

/// The program and its arguments, when it may be started.
fn permitted<'a>(action: &'a ExecAction, runner: &ActionRunner) -> Result<(&'a String, &'a [String]), ExecError> {
    let (path, arguments) = action.command.split_first().ok_or(ExecError::NoProgram)?;
    if !runner.allow.exec.contains(path) {
        return Err(ExecError::NotAllowed { path: path.clone() });
    }
    if !path.contains('/') {
        return Err(ExecError::NoPath { path: path.clone() });
    }
    Ok((path, arguments))
}

fn start(action: &ExecAction, call: &ActionCall, runner: &ActionRunner) -> Result<Program, ExecError> {
    let (path, arguments) = permitted(action, runner)?;
    let secrets = secrets(action, runner)?;
    let mut command = tokio::process::Command::new(runner.workspace.join(path));
    let directory = runner.workspace.join(action.directory.as_deref().unwrap_or_default());
    command.args(arguments).current_dir(&directory).env_clear();
    command.envs(action.env.iter().map(|(name, value)| (name, variable(&value.text()))));
    if call.drill {
        command.env(DRILL, "1");
    }
    command.envs(secrets.iter().map(|(name, value)| (name, value.expose_secret())));
    let stdin = action.stdin.as_ref().map(|text| text.text());
    process::start(command, stdin, Mask::over(secrets.values())).map_err(|source| ExecError::Start {
        path: path.clone(),
        directory,
        source,
    })
}

fn secrets(action: &ExecAction, runner: &ActionRunner) -> Result<BTreeMap<String, SecretString>, ExecError> {
    let read = |(variable, secret)| {
        let value = runner.secrets.resolve(secret);
        let value = value.map_err(|source| ExecError::Secret { variable: String::clone(variable), source })?;
        Ok((String::clone(variable), value))
    };
    action.secrets.iter().map(read).collect()
}

/// Data as a variable can hold it: without NUL, and short enough to start the program at all.
fn variable(text: &str) -> String {
    let mut value = text.replace('\0', "\u{fffd}");
    value.truncate(value.floor_char_boundary(VARIABLE_BYTES_MAX));
    value
}

/// Waits for the program and says how it ended.
async fn end(action: &ExecAction, call: &ActionCall, mut program: Program) -> ActionEnd {
    let ending = program.end(call.timeout).await;
    let said = program.said();
    let path = action.command.first().map_or("", String::as_str);
    match ending {
        Ending::Exited(0) => ActionEnd::done(with("exit code 0".to_owned(), &said)),
        // It says itself that it did not do what it should; what it did before that stays done.
        Ending::Exited(code) => ActionEnd::failed(with(format!("exit code {code}"), &said)),
        Ending::Signalled(signal) => {
            let text = format!("{path} was killed by signal {signal}: it may have done a part of its work");
            ActionEnd::unknown(with(text, &said))
        }
        Ending::Killed => {
            let limit = call.timeout;
            let text = format!("may have run or may yet run: {path} was killed at its time limit of {limit:?}");
            ActionEnd::unknown(with(text, &said))
        }
        Ending::Lost(error) => ActionEnd::unknown(with(format!("{path} was started and then lost: {error}"), &said)),
    }
}

/// The reason, and the program's last words where it said something.
fn with(reason: String, said: &str) -> String {
    if said.is_empty() { reason } else { format!("{reason}: {said}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_takes_any_data() {
        assert_eq!(variable("a\0b"), "a\u{fffd}b");
        let long = "é".repeat(VARIABLE_BYTES_MAX);
        assert_eq!(variable(&long).len(), VARIABLE_BYTES_MAX);
    }
}
