//! Ids: prefixed UUIDv7 text that we make, and foreign ids that we accept as given.
//!
//! Owns their shape and validation. Must not know what the ids point at.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest id that is accepted, in bytes.
pub const MAX_ID_LEN: usize = 128;

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id: use 1 to 128 of A-Z a-z 0-9 . _ : -")]
pub struct InvalidId {
    /// The offending text, cut to 40 characters.
    pub text: String,
}

fn validate(text: &str) -> Result<(), InvalidId> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-');
    // A name of dots alone would be a path component with a meaning of its own.
    let only_dots = text.bytes().all(|b| b == b'.');
    if text.is_empty() || text.len() > MAX_ID_LEN || only_dots || !text.bytes().all(allowed) {
        return Err(InvalidId { text: text.chars().take(40).collect() });
    }
    Ok(())
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[derive(utoipa::ToSchema, schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schema(value_type = String, min_length = 1, max_length = 128, pattern = "^[A-Za-z0-9._:-]+$")]
        pub struct $name(String);

        impl $name {
            /// The prefix of the ids that we make.
            pub const PREFIX: &'static str = $prefix;

            /// Makes a new id: the prefix and a time-ordered UUIDv7.
            #[must_use]
            pub fn generate() -> Self {
                Self(format!(concat!($prefix, "_{}"), uuid::Uuid::now_v7().simple()))
            }

            /// Accepts an id as given, ours or foreign.
            ///
            /// # Errors
            /// [`InvalidId`] unless the text is 1–128 of `[A-Za-z0-9._:-]`.
            pub fn parse(text: impl Into<String>) -> Result<Self, InvalidId> {
                let text = text.into();
                validate(&text)?;
                Ok(Self(text))
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(text: String) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
    )*};
}

ids! {
    /// A workspace: the tenant that users, agents and settings belong to.
    WorkspaceId = "ws";
    /// A person's account.
    UserId = "usr";
    /// One spawned agent, the same in both programs.
    AgentId = "agt";
    /// A terminal session as the control plane knows it.
    SessionId = "ses";
    /// A PTY as its runtime knows it; foreign runtimes choose their own.
    RuntimeSessionId = "pty";
    /// One installation of a runtime; kept over restarts of its daemon.
    RuntimeId = "rt";
    /// A browser's sign-in (its id, never its cookie).
    SignInId = "sgn";
    /// A link that invites a person (its id, never its token).
    InvitationId = "ivt";
    /// Who vouches for the people of a workspace.
    IdentityProviderId = "idp";
    /// That somebody whom a provider knows has an account.
    ConnectionId = "con";
    /// A personal access token (its id, never its secret).
    TokenId = "tok";
    /// A read-only link to a terminal session (its id, never its token).
    LinkId = "lnk";
    /// An invite of outside agents (its id, never its token).
    InviteId = "ivt";
    /// An outside agent's request for access.
    AccessRequestId = "areq";
    /// The key by which an agent is known to its control plane.
    AgentKeyId = "key";
    /// One entry of the activity feed.
    ActivityId = "act";
    /// A question that an agent's program asks.
    PromptId = "prm";
    /// A signed checkpoint of the audit log.
    AuditCheckpointId = "chk";
    /// A message that was sent to an agent.
    MessageId = "msg";
    /// A stored request that people decide.
    ApprovalId = "apr";
    /// A question of an agent to a person.
    QuestionId = "qst";
    /// Something that people and webhooks are told of; the same for each of them.
    EventId = "evt";
    /// What one person was told.
    NotificationId = "ntf";
    /// An address that is told of events.
    WebhookId = "whk";
    /// One event on its way to one webhook, or an e-mail.
    DeliveryId = "dlv";
    /// A space: pages that belong together.
    SpaceId = "spc";
    /// A page of a space.
    PageId = "pg";
    /// A former state of a page.
    PageVersionId = "pgv";
    /// A file that belongs to a page.
    AttachmentId = "att";
    /// A project: tasks that belong together.
    ProjectId = "prj";
    /// A task.
    TaskId = "tsk";
    /// A comment on a page or a task.
    CommentId = "cmt";
    /// Something that an agent remembers.
    MemoryId = "mem";
    /// A unit of work that is given to an agent.
    AssignmentId = "asg";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_carry_their_prefix_and_sort_by_time() {
        let first = AgentId::generate();
        std::thread::yield_now();
        let second = AgentId::generate();
        assert!(first.as_str().starts_with("agt_"));
        assert!(first < second, "{first} before {second}");
        assert_eq!(AgentId::parse(first.as_str()).unwrap(), first);
    }

    #[test]
    fn foreign_ids_are_taken_as_given_and_unsafe_ones_refused() {
        for good in ["a", "agent-123", "A.b:c_d-9", &"x".repeat(128)] {
            assert_eq!(AgentId::parse(good).unwrap().as_str(), good);
        }
        for bad in ["", ".", "..", "a b", "a/b", "ä", "a\n", &"x".repeat(129)] {
            assert!(AgentId::parse(bad).is_err(), "{bad:?}");
            assert!(serde_json::from_value::<AgentId>(bad.into()).is_err(), "{bad:?}");
        }
    }
}
