//! A daemon of the measured binary.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::options::Options;

/// How long a minute's ticks may take before the run is given up.
const PATIENCE: Duration = Duration::from_secs(240);

/// Killed in the end.
pub(crate) struct Daemon {
    process: Child,
    log: PathBuf,
}

impl Daemon {
    pub(super) fn start(options: &Options, folder: &Path) -> Self {
        Self::start_at(options, folder, "log")
    }

    /// Of several in one folder, each has a log of its own.
    pub(crate) fn start_at(options: &Options, folder: &Path, log: &str) -> Self {
        let log = folder.join(log);
        let mut command = Command::new(&options.binary);
        command.args(["run", "--workspace"]).arg(folder).stdout(Stdio::null());
        command.stderr(fs::File::create(&log).expect("a file"));
        Self { process: command.spawn().expect("it starts"), log }
    }

    /// Looks until there is something; a daemon that ends, or lets nothing come of it, stops the benchmark.
    pub(crate) fn wait_for<T>(&mut self, mut look: impl FnMut() -> Option<T>) -> T {
        let start = Instant::now();
        loop {
            thread::sleep(Duration::from_millis(500));
            if let Some(found) = look() {
                return found;
            }
            let ended = self.process.try_wait().expect("it is asked");
            assert!(ended.is_none(), "the daemon ended: {}", fs::read_to_string(&self.log).unwrap_or_default());
            assert!(start.elapsed() < PATIENCE, "the ticks of a minute are not done");
        }
    }

    /// Where it listens, once it does.
    pub(crate) fn address(&self) -> String {
        let start = Instant::now();
        loop {
            let said = fs::read_to_string(&self.log).unwrap_or_default();
            let address = said.lines().find_map(|line| line.split_once("listening on "));
            if let Some((_, address)) = address {
                return address.trim().to_owned();
            }
            assert!(start.elapsed() < PATIENCE, "it does not listen: {said}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Seconds of a processor, and the most memory, as the kernel counts them.
    pub(crate) fn used(&self) -> (f64, f64) {
        let read =
            |file: &str| fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).expect("Linux says it");
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
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
