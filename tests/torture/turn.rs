//! One turn: a monitor's data moves, the daemon is struck while it follows, and all must be quiet and right again.

use std::{
    fs,
    io::Write,
    thread,
    time::{Duration, Instant},
};

use fastrand::Rng;
use watchkeeper_testkit::{Postgres, Proxy};

use crate::{
    audit::Audit,
    life::{Crew, Found, LOOK_EVERY},
    place::{LEASE, Place},
    plan::{self, Fault, Injection, Kind},
    store::{self, Store},
    table::Table,
};

const HOUR: Duration = Duration::from_secs(3600);
/// How long before its tick the daemon is started.
const START: Duration = Duration::from_millis(500);
/// The first time, it has to be running by then: a monitor that never ran has missed nothing.
const FIRST_START: Duration = Duration::from_secs(3);
/// How long it may take until all is quiet, in real time.
const QUIET_WITHIN: Duration = Duration::from_secs(60);
/// What the clock is moved on by, each time it is not quiet yet.
const CLOCK_STEP: Duration = Duration::from_secs(3);
/// What the clock is moved on by in one turn, at most: the next tick is not due yet.
const CLOCK_MAX: Duration = Duration::from_secs(58 * 60);
/// How long a full disk lasts, in real time.
const FULL_FOR: Duration = Duration::from_millis(1_200);
/// How long a lock lasts, in real time: shorter and longer than a writer waits for it.
const LOCKED_FOR: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(6)];
/// How long a daemon is cut off from the store, in real time: shorter and longer than its lease.
const CUT_FOR: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(4)];
/// Turns that a failure's story tells.
const STORY: usize = 8;

pub(crate) struct Torture<'a> {
    place: &'a Place,
    dice: Rng,
    audit: Audit,
    hour: u64,
    lines: Vec<String>,
    pub(crate) table: Table,
    pub(crate) turns: usize,
    pub(crate) repeated: usize,
}

/// A turn under way.
struct Turn {
    kind: Kind,
    hour: u64,
    breaches: bool,
    /// How far the clock is past the hour.
    clock: Duration,
    /// How often a daemon was struck.
    struck: usize,
}

impl Turn {
    /// Whether the tick may not begin any more.
    fn is_too_late(&self) -> bool {
        self.clock >= Place::STARTING_DEADLINE
    }
}

impl<'a> Torture<'a> {
    pub(crate) fn new(place: &'a Place, dice: Rng) -> Self {
        let (audit, lines, table) = (Audit::default(), Vec::new(), Table::default());
        Self { place, dice, audit, hour: 0, lines, table, turns: 0, repeated: 0 }
    }

    /// The last turns.
    pub(crate) fn story(&self) -> String {
        self.lines[self.lines.len().saturating_sub(STORY)..].join("\n")
    }

    /// A turn without a fault: the monitor has a tick behind it.
    pub(crate) fn warm_up(&mut self, kind: Kind) {
        self.play(kind, false, &[], FIRST_START).unwrap_or_else(|wrong| panic!("without any fault: {wrong}"));
    }

    pub(crate) fn turn(&mut self) -> Result<(), String> {
        let kind = plan::one_of(&mut self.dice, &Kind::ALL);
        let breaches = !Store::open(self.place)?.is_open(kind.as_str())?;
        let faults = plan::faults(&mut self.dice, kind, breaches, self.place);
        self.turns += 1;
        self.play(kind, breaches, &faults, START)
    }

    fn play(&mut self, kind: Kind, breaches: bool, faults: &[Fault], before: Duration) -> Result<(), String> {
        self.hour += 1;
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        let moves = if breaches { "goes into breach" } else { "is well" };
        self.lines.push(format!("turn {}: {} {moves}; {}", self.turns, kind.as_str(), told.join(", then ")));
        self.place.begin(self.hour);
        self.place.watch_only(kind);
        self.place.set_data(kind, breaches);
        let mut turn = Turn { kind, hour: self.hour, breaches, clock: Duration::ZERO, struck: 0 };
        self.place.set_clock(turn.hour - 1, HOUR - before);
        let mut crew = Crew::begin(self.place, faults.first().copied());
        for (number, fault) in (1..).zip(faults) {
            if !self.strike(&mut turn, &mut crew, *fault)? {
                break;
            }
            if fault.injection == Injection::Kill {
                crew.replace_killed(self.place, faults.get(number).copied())?;
            }
        }
        crew.listens()?;
        self.wait_until_quiet(&mut turn, &mut crew)?;
        crew.end()?;
        let store = Store::open(self.place)?;
        self.follows(&turn, &store)?;
        let repeated = self.audit.compare(self.place, &store)?;
        if repeated > turn.struck {
            return Err(format!("{repeated} messages repeated after {} faults", turn.struck));
        }
        self.repeated += repeated;
        Ok(())
    }

    /// Waits for a fault to strike, and does the rest of it; gives whether it struck.
    fn strike(&mut self, turn: &mut Turn, crew: &mut Crew, fault: Fault) -> Result<bool, String> {
        if fault.injection == Injection::Reloads {
            crew.listens()?;
            for _ in 0..20 {
                crew.signal("HUP");
                thread::sleep(LOOK_EVERY);
            }
            self.table.count(fault.injection.as_str(), fault.at, turn.kind);
            turn.struck += 1;
            return Ok(true);
        }
        let until = Instant::now() + QUIET_WITHIN;
        let found = loop {
            match crew.found()? {
                // A place that was never come to.
                Found::Running if self.is_quiet(turn) == Ok(true) => return Ok(false),
                Found::Running if Instant::now() > until => {
                    return Err(format!("stranded before {fault}: {:?} past the hour:\n{}", turn.clock, crew.said()));
                }
                Found::Running => self.pass_time(turn),
                found => break found,
            }
        };
        self.table.count(fault.injection.as_str(), fault.at, turn.kind);
        let struck = crew.struck()?;
        turn.struck += struck.len();
        if found == Found::Killed {
            return Ok(true);
        }
        match fault.injection {
            Injection::Stop => {
                let away = Duration::from_secs(60 * plan::one_of(&mut self.dice, &[10, 50]));
                turn.clock = (turn.clock + away).min(CLOCK_MAX);
                self.place.set_clock(turn.hour, turn.clock);
                if self.place.daemons() > 1 && self.dice.bool() {
                    // The other one has taken over by then.
                    thread::sleep(LEASE * 2);
                }
                crew.signal("CONT");
            }
            Injection::Cut => {
                let ways = || struck.iter().filter_map(|number| self.place.ways.get(*number));
                ways().for_each(Proxy::cut);
                crew.signal("CONT");
                thread::sleep(plan::one_of(&mut self.dice, &CUT_FOR));
                ways().for_each(Proxy::mend);
            }
            Injection::Restarted => {
                self.place.server.iter().for_each(Postgres::crash_and_restart);
                crew.signal("CONT");
            }
            Injection::Full => {
                let filler = self.place.path("state/filler");
                fill(&filler);
                crew.signal("CONT");
                thread::sleep(FULL_FOR);
                fs::remove_file(filler).expect("the disk is freed");
            }
            Injection::Locked => {
                // At some places the daemon itself has the lock: then it is only stopped.
                let lock = store::lock(self.place);
                crew.signal("CONT");
                thread::sleep(plan::one_of(&mut self.dice, &LOCKED_FOR));
                drop(lock);
            }
            Injection::Kill | Injection::Reloads => {}
        }
        Ok(true)
    }

    /// Lets a little time pass, more of it by the daemon's clock once its tick is due.
    fn pass_time(&self, turn: &mut Turn) {
        thread::sleep(LOOK_EVERY);
        let due = Store::open(self.place).and_then(|store| store.is_past(turn.kind.as_str(), Place::tick(turn.hour)));
        if due == Ok(true) && turn.clock + CLOCK_STEP < CLOCK_MAX {
            turn.clock += CLOCK_STEP;
            self.place.set_clock(turn.hour, turn.clock);
        }
    }

    fn wait_until_quiet(&self, turn: &mut Turn, crew: &mut Crew) -> Result<(), String> {
        let until = Instant::now() + QUIET_WITHIN;
        loop {
            self.revive(turn, crew)?;
            match self.is_quiet(turn) {
                Ok(true) => return Ok(()),
                seen if Instant::now() > until => {
                    let unfinished = Store::open(self.place).and_then(|store| store.unfinished());
                    let (clock, said) = (turn.clock, crew.said());
                    return Err(format!("stranded: {seen:?}, {unfinished:?}, {clock:?} past the hour:\n{said}"));
                }
                _ => self.pass_time(turn),
            }
        }
    }

    /// The other daemon may have come to the fault as well.
    fn revive(&self, turn: &mut Turn, crew: &mut Crew) -> Result<(), String> {
        turn.struck += crew.struck()?.len();
        crew.replace_killed(self.place, None)?;
        if crew.found()? == Found::Stopped {
            crew.signal("CONT");
        }
        Ok(())
    }

    /// Whether the tick is behind us, or too late, and nothing that it began is unfinished.
    fn is_quiet(&self, turn: &Turn) -> Result<bool, String> {
        let store = Store::open(self.place)?;
        let past = turn.is_too_late() || store.is_past(turn.kind.as_str(), Place::tick(turn.hour))?;
        let unfinished = store.unfinished()?;
        Ok(past && unfinished.ticks + unfinished.steps + unfinished.messages == 0)
    }

    /// What was to follow from the tick, unless it came too late to be judged.
    fn follows(&self, turn: &Turn, store: &Store<'_>) -> Result<(), String> {
        let id = turn.kind.as_str();
        if !store.is_judged(id, Place::tick(turn.hour))? {
            return if turn.is_too_late() { Ok(()) } else { Err("lost: the tick was not judged".to_owned()) };
        }
        if store.is_open(id)? == turn.breaches {
            return Ok(());
        }
        Err(format!(
            "the data {} in breach, and the incident is not as that says",
            if turn.breaches { "is" } else { "is not" }
        ))
    }
}

/// Fills the disk to its last byte.
fn fill(filler: &std::path::Path) {
    let mut file = fs::File::create(filler).expect("the filler is made");
    for size in [1 << 20, 1 << 12, 1] {
        let block = vec![0; size];
        while file.write_all(&block).is_ok() {}
    }
}
