//! Engine: a daemon with thousands of monitors on one minute.

pub(crate) mod daemon;
pub(crate) mod lag;
mod response;

use crate::options::Options;

const GROUP: &str = "engine";

pub(crate) fn run(options: &Options) {
    lag::run(options);
}
