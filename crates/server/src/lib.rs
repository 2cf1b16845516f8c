//! The daemon's HTTP face: gates over OFREP and plain HTTP, health.
