//! Schedule, evaluate, decide, act, notify, record: the durable protocol and the ports it speaks through.

pub mod ports;
