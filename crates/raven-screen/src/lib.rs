//! A terminal screen as a value: fed bytes, it answers queries and can be painted again elsewhere.
//!
//! Owns the emulation. Must not know IO, async, the wire protocol, or who is watching.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        reason = "a failed unwrap is a failed test"
    )
)]

mod answer;
mod filter;
mod handler;
mod keyboard;
mod model;
mod modes;
mod paint;
mod pen;
mod query;
mod scan;
mod screen;
mod title;

#[cfg(test)]
mod tests;

pub use filter::QueryFilter;
pub use screen::Screen;
