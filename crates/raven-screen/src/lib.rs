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
mod brush;
mod buffer;
mod canvas;
mod cell;
mod charset;
mod controls;
mod extras;
mod filter;
mod history;
mod keyboard;
mod model;
mod modes;
mod paint;
mod params;
mod pen;
mod query;
mod reflow;
mod row;
mod scan;
mod screen;
mod signals;
mod strings;
mod text;
mod title;
mod width;

#[cfg(test)]
mod tests;

pub use filter::QueryFilter;
pub use screen::Screen;
pub use signals::Signal;
