//! A daemon of the measured binary.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
};

use crate::options::Options;

/// Killed in the end.
pub(super) struct Daemon(Child);

impl Daemon {
    pub(super) fn start(options: &Options, folder: &Path) -> Self {
        let log = fs::File::create(folder.join("log")).expect("a file");
        let mut command = Command::new(&options.binary);
        command.args(["run", "--workspace"]).arg(folder).stdout(Stdio::null()).stderr(log);
        Self(command.spawn().expect("it starts"))
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("it is asked").is_some()
    }

    /// Seconds of a processor, and the most memory, as the kernel counts them.
    pub(super) fn used(&self) -> (f64, f64) {
        let read = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.0.id())).expect("Linux says it");
        let (stat, status) = (read("stat"), read("status"));
        let after_name = stat.rsplit(") ").next().expect("it has a name").split(' ');
        let ticks: f64 = after_name.skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a line");
        let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse().expect("a number");
        // Linux counts hundredths of a second for whoever asks.
        (ticks / 100.0, kilobytes * 1024.0 / 1e6)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
