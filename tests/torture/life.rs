//! One life of the daemon.

use std::{
    fs::{self, File},
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::{
    place::Place,
    plan::{Fault, Injection},
};

/// How long things may take in real time.
const PATIENCE: Duration = Duration::from_secs(40);
/// How often they are looked at.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A running daemon; killed when dropped.
pub(crate) struct Life {
    child: Child,
    log: PathBuf,
}

/// What a daemon is found doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    Running,
    /// By a fault.
    Stopped,
    /// By a fault.
    Killed,
}

/// The daemons that share the store.
pub(crate) struct Crew(Vec<Life>);

impl Crew {
    /// Each comes to the fault by itself.
    pub(crate) fn begin(place: &Place, fault: Option<Fault>) -> Self {
        Self((0..place.daemons()).map(|number| Life::begin(place, number, fault)).collect())
    }

    /// Another one takes the place of each that was killed.
    pub(crate) fn replace_killed(&mut self, place: &Place, fault: Option<Fault>) -> Result<(), String> {
        for (number, life) in self.0.iter_mut().enumerate() {
            if life.found()? == Found::Killed {
                *life = Life::begin(place, number, fault);
            }
        }
        Ok(())
    }

    /// Which of them were struck and do not run.
    pub(crate) fn struck(&mut self) -> Result<Vec<usize>, String> {
        let found = self.0.iter_mut().map(Life::found).collect::<Result<Vec<_>, _>>()?;
        let struck = found.into_iter().enumerate().filter(|(_, found)| *found != Found::Running);
        Ok(struck.map(|(number, _)| number).collect())
    }

    pub(crate) fn listens(&mut self) -> Result<(), String> {
        self.0.iter_mut().try_for_each(Life::listens)
    }

    /// What the first of them is found doing that does not simply run.
    pub(crate) fn found(&mut self) -> Result<Found, String> {
        for life in &mut self.0 {
            let found = life.found()?;
            if found != Found::Running {
                return Ok(found);
            }
        }
        Ok(Found::Running)
    }

    pub(crate) fn signal(&self, name: &str) {
        self.0.iter().for_each(|life| life.signal(name));
    }

    pub(crate) fn end(self) -> Result<(), String> {
        self.0.into_iter().try_for_each(Life::end)
    }

    /// What they said.
    pub(crate) fn said(&self) -> String {
        self.0.iter().map(Life::said).collect::<Vec<_>>().join("\n-- the other one:\n")
    }
}

impl Life {
    fn begin(place: &Place, number: usize, fault: Option<Fault>) -> Self {
        let log = place.path(&format!("log-{number}"));
        let file = File::create(&log).expect("a log");
        let mut command = place.command_of(number);
        command.arg("run").stdout(Stdio::null()).stderr(file);
        if let Some(Fault { injection, at }) = fault.filter(|fault| fault.injection != Injection::Reloads) {
            let how = if injection == Injection::Kill { "kill" } else { "stop" };
            command.env("WATCHKEEPER_FAULT", format!("{at}:1:{how}"));
        }
        Self { child: command.spawn().expect("the daemon starts"), log }
    }

    /// What it said.
    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until it listens, or a fault has ended it before.
    fn listens(&mut self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        while !self.said().contains("listening on ") && self.found()? == Found::Running {
            if Instant::now() > until {
                return Err(format!("the daemon does not listen:\n{}", self.said()));
            }
            thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn found(&mut self) -> Result<Found, String> {
        if let Some(status) = self.child.try_wait().expect("it is ours") {
            return match status.signal() {
                Some(9) => Ok(Found::Killed),
                _ => Err(format!("the daemon ended by itself, {status}:\n{}", self.said())),
            };
        }
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        Ok(if state == Some('T') { Found::Stopped } else { Found::Running })
    }

    fn signal(&self, name: &str) {
        // It may have come to its fault meanwhile.
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).output();
        drop(sent.expect("kill runs"));
    }

    /// Ends it as an operator does. It may come to its fault point now.
    fn end(mut self) -> Result<(), String> {
        // Before that, nothing listens to signals yet.
        self.listens()?;
        self.signal("TERM");
        let until = Instant::now() + PATIENCE;
        loop {
            match self.child.try_wait().expect("it is ours") {
                Some(status) if status.success() || status.signal() == Some(9) => return Ok(()),
                Some(status) => return Err(format!("the daemon ended with {status}:\n{}", self.said())),
                None if Instant::now() > until => return Err(format!("the daemon obeys no SIGTERM:\n{}", self.said())),
                None => {
                    if self.found() == Ok(Found::Stopped) {
                        self.signal("CONT");
                    }
                    thread::sleep(LOOK_EVERY);
                }
            }
        }
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
