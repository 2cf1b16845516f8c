//! The host against guests of every kind: good ones, broken ones and hostile ones.

mod bench;
mod frames;
mod guests;
mod hostile;
mod refused;
mod standard;
mod trusted;
