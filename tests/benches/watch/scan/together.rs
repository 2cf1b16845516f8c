//! All monitors due at one tick of one process, as in the daemon: a process of its own, so that its memory is its own.

use std::{path::Path, process::Command, time::Instant};

use futures::future::join_all;

use crate::{
    options::Options,
    process::{self, Ended},
    within::Within,
};

/// What the child is told to do.
pub(crate) const CHILD: &str = "all-at-once";
/// Ticks of one run: the first is cold, the others are warm.
const TICKS: usize = 2;

/// One run: the process, and the seconds of its last tick.
pub(super) fn run(folder: &Path) -> (Ended, f64) {
    let own = std::env::current_exe().expect("this binary has a path");
    let ended = process::run(Command::new(own).arg(CHILD).current_dir(folder));
    let warm = ended.stdout.trim().parse().expect("the seconds of the last tick");
    (ended, warm)
}

/// The child, in the workspace's folder.
#[tokio::main]
pub(crate) async fn child(options: &Options) {
    let folder = std::env::current_dir().expect("a folder");
    let within = Within::start(options, &folder).await;
    let mut seconds = 0.0;
    for _ in 0..TICKS {
        let start = Instant::now();
        join_all(within.monitors.iter().map(|monitor| within.evaluate(monitor))).await;
        seconds = start.elapsed().as_secs_f64();
    }
    println!("{seconds}");
}
