//! The HTTP face, asked over a real socket, on a real store in memory.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod api;
mod gates;
mod house;
mod oidc;
mod pages;
mod roles;
