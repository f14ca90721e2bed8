//! Where an agent lives: its home, its working folder, and what is written there before it starts.
//!
//! Owns these folders. Must not know statuses, terminals or HTTP.

pub mod home;
pub mod vars;
pub mod worktree;
