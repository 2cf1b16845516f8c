//! Store: durable ticks on SQLite and PostgreSQL beside the bare database, gates under load, and two daemons with thousands
//! of monitors on one server.

mod bare;
mod gates;
mod minutely;
mod ticks;

use crate::options::Options;

const GROUP: &str = "store";

pub(crate) fn run(options: &Options) {
    ticks::run(options);
    gates::run(options);
    minutely::run(options);
}
