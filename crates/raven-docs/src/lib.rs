//! The control plane as a library: [`Config`](config::Config) in, a running [`Server`] out.
//!
//! Doors (`http`, `socket`) → rooms (`people`, `agents`, `runtimes`, `terminals`, …) → cellar
//! (`db`, `secrets`). See ARCHITECTURE.md.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed one is a failed test")
)]

mod access;
mod activity;
mod agents;
mod app;
mod approvals;
mod assignments;
mod attachments;
mod audit;
mod auth;
pub mod cli;
mod comments;
pub mod config;
mod db;
mod deadlines;
mod deeds;
mod error;
mod events;
mod history;
mod http;
mod links;
mod lock;
mod mcp;
mod memory;
mod mentions;
mod notifications;
mod origin;
mod page;
mod pages;
mod parallax;
mod patch;
mod people;
mod policies;
mod projects;
mod questions;
mod recordings;
mod repeats;
mod runtimes;
mod search;
mod secrets;
mod settings;
mod socket;
mod socket_client;
mod spaces;
mod store;
mod tasks;
mod terminals;
mod tool_calls;

pub use app::Server;
