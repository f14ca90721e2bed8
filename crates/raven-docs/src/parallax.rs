//! The control plane outside, in the hosting mode `parallax`.
//!
//! Owns what is pushed to it. Must not know how often something is tried.

use raven_protocol::id::WorkspaceId;

/// What a control plane's key is sealed for.
pub fn key_purpose(workspace: &WorkspaceId) -> String {
    format!("control plane key of {workspace}")
}
