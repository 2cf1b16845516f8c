//! Messages as their receivers get them: a mail server, Slack and webhooks on loopback, and a console.

mod console;
mod email;
mod http_peer;
mod sample;
mod slack;
mod smtp_server;
mod webhook;
mod wording;
