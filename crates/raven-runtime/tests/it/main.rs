//! The real program with real terminals, from the outside.
//!
//! Owns one test binary for the whole crate. Must not know the program's insides.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::disallowed_methods,
        clippy::allow_attributes,
        reason = "a panic is a failed test, and tests start programs in environments of their own"
    )
)]

mod anew;
mod callbacks;
mod commands;
mod daemon;
mod doctor;
mod doors;
mod driving;
mod events;
mod kept;
mod keys;
mod kinds;
mod recorders;
mod restarts;
mod signals;
mod spawning;
mod startup;
mod stopping;
mod terminal;
mod terminals;
mod unread;
mod worktrees;
