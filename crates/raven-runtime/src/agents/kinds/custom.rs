//! A command of the user's own, or the login shell.
//!
//! Owns that nothing is known of it but that it runs. Must not know how it is started.

use super::{Kind, ProgramOf, WhenStill};

/// The kind.
pub const KIND: Kind =
    Kind { name: "custom", program: ProgramOf::Spawn, install: None, when_still: WhenStill::Ready };
