//! TOML to model: every mistake of every file at once.
