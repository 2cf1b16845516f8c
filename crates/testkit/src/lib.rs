//! A manual clock and scripted ports for tests.
