//! The console, and names of channels that are not there.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex},
};

use watchkeeper_engine::ports::notifier::{Delivery, Notifier, To};
use watchkeeper_model::Channel;
use watchkeeper_notify::Channels;
use watchkeeper_secret::SecretReader;

use crate::sample::{handoff, hostile, name};

#[derive(Clone, Default)]
struct Screen(Arc<Mutex<Vec<u8>>>);

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe whose reader has gone.
struct Broken;

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn on(sink: impl Write + Send + 'static) -> Channels {
    let channels = BTreeMap::from([(name("terminal"), Channel::Console)]);
    Channels::new(Path::new("."), channels, SecretReader::new(Path::new(".")), sink).unwrap()
}

#[tokio::test]
async fn the_whole_message_is_printed() {
    let screen = Screen::default();
    assert_eq!(on(screen.clone()).send(To::channel(&name("terminal")), &handoff()).await, Delivery::Sent(None));
    let printed = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
    let expected = format!(
        "\
loan-auc in breach: auc 0.5926, limit: below 0.6
loan-auc is in breach. The first step was done. This incident is now ml-team's.

Measured
  auc 0.5926, limit: below 0.6, baseline 0.71 (breach)

First step
  pause gate loan-decisions
  Done at 2026-11-02 06:00:10 UTC.
  set by the first step

What you can do
  Say that you have it
    watchkeeper ack 0a1b2c3d4e
  Compare predictions with ground truth

About
  Monitor:     loan-auc
  Description: Two-week AUC of the loan model
  Layer:       model
  Severity:    critical
  Owner:       ml-team
  Labels:      model=loan
  Incident:    0a1b2c3d4e
  Run:         5f6a7b8c9d
  Tick:        2026-11-02 06:00:00 UTC

Ledger head: {}

",
        "9f".repeat(32)
    );
    assert_eq!(printed, expected);
}

#[tokio::test]
async fn a_terminal_is_told_nothing_but_lines() {
    let screen = Screen::default();
    on(screen.clone()).send(To::channel(&name("terminal")), &hostile()).await;
    let printed = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
    assert!(printed.contains("<script>") && printed.chars().all(|c| c == '\n' || !c.is_control()), "{printed:?}");
}

#[tokio::test]
async fn a_broken_pipe_is_tried_again_and_an_unknown_channel_is_refused() {
    let channels = on(Broken);
    assert!(matches!(channels.send(To::channel(&name("terminal")), &handoff()).await, Delivery::Retry { .. }));
    let refused = channels.send(To::channel(&name("nowhere")), &handoff()).await;
    assert_eq!(refused, Delivery::Refused("there is no channel `nowhere` in this workspace".to_owned()));
}
