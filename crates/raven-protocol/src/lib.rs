//! What the two programs say to each other, and what a browser hears.
//!
//! Owns every name that crosses a process boundary: ids, statuses, events, frames, request and
//! response bodies, problems. Must not know: IO, async, a database, HTTP, a PTY.
#![warn(missing_docs)]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test"))]

pub mod agent;
pub mod doing;
pub mod event;
pub mod id;
pub mod kind;
pub mod permission;
pub mod problem;
pub mod runtime_api;
pub mod terminal;
pub mod time;
