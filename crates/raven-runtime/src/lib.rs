//! Runs coding agents, each on a terminal of its own, behind an HTTP and WebSocket API.
//!
//! Owns the parts of the `raven-runtime` program and the handle to a whole daemon. Must not know a
//! database, a user interface, or the control plane's rules.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::allow_attributes,
        reason = "a panic is a failed test"
    )
)]

pub(crate) mod agents;
mod api;
pub mod cli;
pub mod config;
mod data_dir;
mod doctor;
mod environment;
mod events;
mod files;
mod group;
mod heartbeat;
pub mod host;
mod install;
mod keys;
mod outbox;
mod place;
mod runtime;
mod session;

pub use config::Config;
pub use runtime::Runtime;
