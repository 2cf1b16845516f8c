//! A running program in a process group of its own, which never outlives the call.

use std::{convert::Infallible, io, os::fd::OwnedFd, os::unix::process::ExitStatusExt, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::AsyncWriteExt,
    net::unix::pipe::Receiver,
    process::{Child, ChildStdin, Command},
    time::timeout,
};

use super::output::Tail;
use watchkeeper_secret::Mask;

/// How long a killed program may take to be gone.
const REAP_TIMEOUT: Duration = Duration::from_millis(500);

/// A pipe holds 64 KiB; this many reads of 8 KiB empty it more than once.
const LAST_READS_MAX: u32 = 32;

/// How a program ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// With this code.
    Exited(i32),
    /// By a signal that was not ours.
    Signalled(i32),
    /// By us, at its time limit.
    Killed,
    /// Nobody knows.
    Lost(io::Error),
}

/// A started program. Dropping it kills its whole group, so that a call that is given up leaves nothing behind.
#[derive(Debug)]
pub(super) struct Program {
    child: Child,
    stdin: Option<(ChildStdin, String)>,
    output: Receiver,
    tail: Tail,
    mask: Mask,
}

/// Starts a program whose output and errors go into one pipe, in the order in which they are written.
pub(super) fn start(mut command: Command, stdin: Option<String>, mask: Mask) -> io::Result<Program> {
    let (reader, writer) = io::pipe()?;
    let output = Receiver::from_owned_fd(OwnedFd::from(reader))?;
    command.stdin(if stdin.is_some() { Stdio::piped() } else { Stdio::null() });
    command.stdout(writer.try_clone()?).stderr(writer).process_group(0);
    let mut child = command.spawn()?;
    let stdin = child.stdin.take().zip(stdin);
    Ok(Program { child, stdin, output, tail: Tail::keeping(mask.longest()), mask })
}

impl Program {
    /// Feeds and drains the program until it ends; at `limit` its group is killed.
    pub(super) async fn end(&mut self, limit: Duration) -> Ending {
        let Self { child, stdin, output, tail, .. } = self;
        let stdin = stdin.take();
        let pump = async {
            tokio::join!(feed(stdin), drain(output, tail));
            std::future::pending::<Infallible>().await
        };
        let waited = timeout(limit, async {
            tokio::select! {
                status = child.wait() => status,
                never = pump => match never {},
            }
        });
        match waited.await {
            Ok(Ok(status)) => {
                self.read_rest();
                status.code().map_or_else(|| Ending::Signalled(status.signal().unwrap_or_default()), Ending::Exited)
            }
            Ok(Err(error)) => Ending::Lost(error),
            Err(_) => self.give_up().await,
        }
    }

    /// Kills the group and waits a moment, so that nothing of it runs when the outcome is told.
    async fn give_up(&mut self) -> Ending {
        kill_group(&self.child);
        // A process that the kernel cannot stop right now is reaped later, by the runtime.
        drop(timeout(REAP_TIMEOUT, self.child.wait()).await);
        self.read_rest();
        Ending::Killed
    }

    /// Reads what is in the pipe, without waiting: a daemon that the program started may hold it open for ever.
    fn read_rest(&mut self) {
        let mut chunk = [0; 8 * 1024];
        for _ in 0..LAST_READS_MAX {
            match self.output.try_read(&mut chunk) {
                Ok(0) | Err(_) => break,
                Ok(length) => self.tail.push(&chunk[..length]),
            }
        }
    }

    /// The program's last lines, masked and escaped.
    pub(super) fn said(&self) -> String {
        self.tail.last_lines(&self.mask)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        kill_group(&self.child);
    }
}

/// Kills the group, unless its leader was reaped: then the number may be another's by now.
fn kill_group(child: &Child) {
    let leader = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(leader) = leader {
        // The only error is that nobody is left.
        kill_process_group(leader, Signal::KILL).ok();
    }
}

/// Writes standard input and closes it. A program that does not read it is free to do so.
async fn feed(stdin: Option<(ChildStdin, String)>) {
    if let Some((mut pipe, text)) = stdin {
        drop(pipe.write_all(text.as_bytes()).await);
    }
}

/// Reads until the pipe closes, so that a program that says too much is never blocked.
async fn drain(output: &mut Receiver, tail: &mut Tail) {
    let mut chunk = vec![0; 8 * 1024];
    while let Ok(length @ 1..) = tokio::io::AsyncReadExt::read(output, &mut chunk).await {
        tail.push(&chunk[..length]);
    }
}
