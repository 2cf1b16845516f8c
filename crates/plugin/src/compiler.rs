//! Starts the child process that compiles, and waits for it no longer than it deserves.

use std::{
    ffi::OsString,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use tokio::{
    io::AsyncReadExt,
    process::{Child, Command},
    time::timeout,
};

use crate::{fault::Fault, text::one_line};

const WAIT_MAX: Duration = Duration::from_secs(60);
const STDERR_BYTES_MAX: u64 = 16 << 10;
const MESSAGE_CHARS_MAX: usize = 1_000;
/// More threads would only spend the child's address space on their stacks and arenas.
const THREADS_MAX: &str = "4";

/// A command that compiles one component: it is run with two more arguments, the component's path and the path to write
/// to, and calls [`compile_component`](crate::compile_component) with them. Not zero on exit: the reason is on stderr.
#[derive(Debug, Clone)]
pub struct Compiler {
    /// The executable, usually the running one.
    pub program: PathBuf,
    /// What comes before the two paths, usually a hidden subcommand.
    pub args: Vec<OsString>,
}

impl Compiler {
    /// Runs the command to its end, in `folder` and without any environment of ours.
    pub(crate) async fn compile(&self, folder: &Path, input: &Path, output: &Path) -> Result<(), Fault> {
        let mut command = Command::new(&self.program);
        command.args(&self.args).args([input, output]).current_dir(folder);
        command.env_clear().env("RAYON_NUM_THREADS", THREADS_MAX).kill_on_drop(true);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let program = self.program.display();
        let child =
            command.spawn().map_err(|error| Fault::host(format!("cannot start the compiler {program}: {error}")))?;
        match timeout(WAIT_MAX, finish(child)).await {
            Ok(Ok((status, stderr))) => verdict(status, &stderr),
            Ok(Err(error)) => Err(Fault::host(format!("cannot wait for the compiler {program}: {error}"))),
            Err(_) => Err(Fault::NotCompiled(format!("it took longer than {WAIT_MAX:?}; make it smaller"))),
        }
    }
}

async fn finish(mut child: Child) -> std::io::Result<(ExitStatus, String)> {
    let mut stderr = Vec::new();
    if let Some(pipe) = child.stderr.take() {
        pipe.take(STDERR_BYTES_MAX).read_to_end(&mut stderr).await?;
    }
    Ok((child.wait().await?, String::from_utf8_lossy(&stderr).into_owned()))
}

fn verdict(status: ExitStatus, stderr: &str) -> Result<(), Fault> {
    if status.success() {
        return Ok(());
    }
    Err(Fault::NotCompiled(match status.signal() {
        Some(signal) => {
            format!("signal {signal} ended the compiler, most likely at its limits; make the component smaller")
        }
        None if stderr.trim().is_empty() => format!("the compiler ended with {status}"),
        None => one_line(stderr, MESSAGE_CHARS_MAX),
    }))
}
