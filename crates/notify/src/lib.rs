//! Who is told and how, one file a channel.
//!
//! Architecture invariant: what a row, a measurement or an alert says is data here. It never becomes a header, HTML,
//! a mention or a terminal's control sequence; `wording` cleans it once and each channel escapes it in its own way.

mod channels;
mod console;
mod email;
mod http;
mod pagerduty;
mod reason;
mod slack;
mod teams;
mod webhook;
mod wording;

pub use channels::{Channels, ChannelsError};
pub use wording::{Act, Heading, Wording};
