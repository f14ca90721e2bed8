//! Anthropic's Claude Code, as it is installed.
//!
//! Owns its program's name and how to get it. Must not know how it is started. Nothing is known of its
//! screens here, so a still one may be a dialog and is never called ready.

use super::{Kind, ProgramOf, WhenStill};

/// The kind.
pub const KIND: Kind = Kind {
    name: "claude-code",
    program: ProgramOf::Named("claude"),
    install: Some("npm install -g @anthropic-ai/claude-code"),
    when_still: WhenStill::MustBeLookedAt,
};
