//! A process from its start to its end: its time, its processor's and its memory.

use std::{
    io::Read as _,
    process::{Command, Stdio},
    time::Instant,
};

use wait4::Wait4 as _;

pub(crate) struct Ended {
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_mb: f64,
    pub(crate) stdout: String,
}

/// Runs a command, which must end well.
pub(crate) fn run(command: &mut Command) -> Ended {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).spawn().expect("it starts");
    let mut stdout = String::new();
    child.stdout.take().expect("a pipe").read_to_string(&mut stdout).expect("it is read");
    let ended = child.wait4().expect("it ends");
    let seconds = start.elapsed().as_secs_f64();
    assert!(matches!(ended.status.code(), Some(0 | 1)), "{command:?} ended with {}: {stdout}", ended.status);
    let used = ended.rusage;
    Ended { seconds, cpu_seconds: (used.utime + used.stime).as_secs_f64(), peak_mb: used.maxrss as f64 / 1e6, stdout }
}
