//! Messages as their receivers get them: a mail server, Slack and webhooks on loopback, and a console.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first thing that is not so")]

mod console;
mod email;
mod http_peer;
mod pagerduty;
mod sample;
mod slack;
mod smtp_server;
mod teams;
mod webhook;
mod wording;
