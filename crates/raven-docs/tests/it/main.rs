//! The control plane as its users meet it: the real programs as processes, spoken to by their public APIs only.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed one is a failed test")]

mod anew;
mod asking;
mod browser;
mod callers;
mod chance;
mod foreign;
mod operator;
mod programs;
mod surroundings;

mod approvals;
mod audit;
mod audit_tampering;
mod cli;
mod driving;
mod interleavings;
mod invitations;
mod journey;
mod kills;
mod links;
mod lockout;
mod mcp_tools;
mod members;
mod openid;
mod people;
mod policies;
mod questions;
mod recordings;
mod routes;
mod runtime_trouble;
mod seats;
mod second_factor;
mod secrets;
mod sign_ins;
mod soak;
mod sockets;
mod spawn_bounds;
mod survival;
mod tampering;
mod terminal;
mod tokens;
mod workspaces;
