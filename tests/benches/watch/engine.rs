//! Engine: durable ticks, and a daemon with thousands of monitors on one minute.

mod daemon;
mod lag;
mod response;
mod ticks;

use crate::options::Options;

const GROUP: &str = "engine";

pub(crate) fn run(options: &Options) {
    ticks::run(options);
    lag::run(options);
}
