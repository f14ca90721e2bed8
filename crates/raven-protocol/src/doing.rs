//! What an agent is at, beyond its status: what it asks, how to sign in, its turn, what it has used.
//!
//! Owns these shapes, which every surface shows as they are. Must not know how they were seen.

use serde::{Deserialize, Serialize};

use crate::id::{MessageId, PromptId};
use crate::time::Timestamp;

/// Everything of it; absent is what is not so, or not known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Doing {
    /// What it asks a person now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt: Option<Prompt>,
    /// How to sign in, while it wants that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// The usage limit that it waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What stands in its way, as its program shows it: a key that is refused, a provider that is away,
    /// a sign-in that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Its turn under way, or its last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turn: Option<Turn>,
    /// What it has used so far, where it tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Messages that wait until it can take them.
    #[serde(skip_serializing_if = "is_zero")]
    pub queued: u32,
    /// Their ids, oldest first: each can be taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub queued_messages: Vec<MessageId>,
    /// Version of its program, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The branch that it works on, when its working folder is a worktree of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

/// A question of an agent's program to a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// Changes whenever the question does; an answer names it, so that a stale one is refused.
    pub id: PromptId,
    /// What kind of question.
    pub kind: PromptKind,
    /// The question as its program shows it.
    pub question: String,
    /// The tool that it wants to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// What it wants to use the tool with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub arguments: Option<serde_json::Value>,
    /// What can be chosen; empty when it cannot be read from the screen, or when a text is wanted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<PromptOption>,
    /// The text that can be given instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<PromptInput>,
}

/// What kind of question a prompt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptKind {
    /// May it do something?
    Permission,
    /// Which of several?
    Choice,
    /// How to sign in.
    Login,
    /// Anything else: a person should look at its terminal.
    Text,
}

/// One thing that can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PromptOption {
    /// What an answer names.
    pub id: String,
    /// The words on the screen.
    pub label: String,
}

/// What text a prompt takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PromptInput {
    /// The code that a sign-in page shows.
    Code,
    /// The address that a browser was sent to at the end of a sign-in and could not open.
    RedirectUrl,
    /// A provider's API key.
    ApiKey,
    /// Anything.
    Text,
}

/// How to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Login {
    /// The way of it.
    pub kind: LoginKind,
    /// The page to open, in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether the page's host is one of those that this kind of agent signs in at.
    #[serde(default)]
    pub trusted: bool,
    /// The code to enter there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_code: Option<String>,
}

/// The ways of signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoginKind {
    /// The way is still to be chosen: its prompt has the options.
    Menu,
    /// A page that comes back to a port on the runtime's machine; the address it ends at can be pasted.
    Browser,
    /// A page and a code to enter there.
    DeviceCode,
    /// A page that shows a code to paste here.
    PasteCode,
    /// A provider's key is wanted.
    ApiKey,
}

/// A usage limit of the provider or the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    /// What the program says of it.
    pub text: String,
    /// When it ends, where that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
}

/// One turn of work: from a message taken to ready again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Turn {
    /// The message that began it; absent when somebody typed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Why it failed, where the program tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// What an agent has used since it started, as its program tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Usage {
    /// Tokens sent to the model, cached ones included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_tokens: Option<u64>,
    /// Those of them that the provider had cached.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cached_tokens: Option<u64>,
    /// Tokens that the model answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// Cost in millionths of a US dollar. No program knows what is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micro_usd: Option<u64>,
    /// Whether that is the runtime's own estimate, by list prices; its program tells it otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub cost_is_estimate: bool,
    /// How much of the model's context is left, 0 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_left_percent: Option<u8>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

/// Body of `POST /api/agents/{id}/send`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SendRequest {
    /// The text; line breaks are kept, other control characters refused. At most 64 KiB.
    pub message: String,
    /// Whether Enter follows; without it the text stays in the program's input line. True by default.
    #[serde(default = "yes")]
    pub submit: bool,
    /// Whether it waits while the agent is not ready, instead of being refused.
    #[serde(default)]
    pub queue: bool,
}

fn yes() -> bool {
    true
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendAnswer {
    /// Names the message; the turn that it begins carries it.
    pub message_id: MessageId,
    /// Where it is.
    pub state: MessageState,
}

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// It was typed, and the program was seen to take it.
    Submitted,
    /// It was typed and not submitted, as asked.
    Typed,
    /// It waits for the agent to be ready.
    Queued,
}

/// Body of `POST /api/agents/{id}/answer`: one of `choice` and `text`.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnswerRequest {
    /// The prompt that is answered.
    pub prompt_id: PromptId,
    /// The id of one of its options.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choice: Option<String>,
    /// The text that it takes, which may be a secret.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::runtime_api::expose")]
    #[schema(value_type = Option<String>)]
    pub text: Option<secrecy::SecretString>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_so_is_not_said_and_reads_back() {
        assert_eq!(serde_json::to_string(&Doing::default()).unwrap(), "{}");
        let doing = Doing {
            login: Some(Login {
                kind: LoginKind::DeviceCode,
                url: Some("https://a.example/device".into()),
                trusted: true,
                user_code: Some("AB-12".into()),
            }),
            queued: 2,
            ..Doing::default()
        };
        let json = serde_json::to_value(&doing).unwrap();
        assert_eq!((&json["login"]["userCode"], &json["queued"]), (&"AB-12".into(), &2.into()));
        assert_eq!(json["login"]["kind"], "device_code");
        assert_eq!(serde_json::from_value::<Doing>(json).unwrap(), doing);
    }

    #[test]
    fn a_message_is_submitted_unless_said_otherwise_and_options_are_not_guessed() {
        let sent: SendRequest = serde_json::from_str(r#"{"message": "go"}"#).unwrap();
        assert!(sent.submit && !sent.queue);
        assert!(serde_json::from_str::<SendRequest>(r#"{"message": "go", "enter": true}"#).is_err());
    }
}
