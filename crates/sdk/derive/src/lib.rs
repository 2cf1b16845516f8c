//! Derives a check's parameters from its struct.
