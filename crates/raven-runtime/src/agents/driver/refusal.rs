//! Why an agent could not be driven.
//!
//! Owns the words. Must not know the door that shows them.

use std::io;

use raven_protocol::agent::AgentStatus;
use raven_protocol::doing::Prompt;
use raven_protocol::id::MessageId;

/// Why.
#[derive(Debug, thiserror::Error)]
pub enum DriveRefused {
    /// It has ended, or is about to.
    #[error("the agent is {0}: spawn another one")]
    Ended(AgentStatus),
    /// It cannot take a message now.
    #[error("the agent is {status}{}: {}", asks(.prompt), advice(*.status))]
    NotReady {
        /// Its status.
        status: AgentStatus,
        /// What it asks.
        prompt: Option<Box<Prompt>>,
    },
    /// Others wait before it, though the agent could take it.
    #[error(
        "{0} sent before it wait for this agent, whose input line somebody uses: send with `queue`, or clear that line in its terminal"
    )]
    Behind(usize),
    /// Too many wait already.
    #[error("{0} messages wait for this agent already: wait until it has taken some")]
    QueueFull(usize),
    /// Nothing of that id waits.
    #[error(
        "no message `{0}` waits for this agent: it was taken back before, or never sent to it; it is not typed if it comes yet"
    )]
    NoSuchMessage(MessageId),
    /// It cannot be taken back any more.
    #[error("this message was typed already: interrupt the agent's turn if it is not wanted")]
    Typed,
    /// Somebody has typed something that is not submitted yet.
    #[error("its input line already has `{0}`: submit or clear that in its terminal first")]
    ComposerInUse(String),
    /// It was typed, and the program did not take it.
    #[error(
        "its program did not take what was typed: look at its terminal. The last lines of its screen:\n{0}"
    )]
    NotTaken(String),
    /// It was sent before, begun, and not seen to be taken.
    #[error(
        "this message was typed before, and its program was not seen to take it: look at its terminal; it is not typed again"
    )]
    NotTakenBefore,
    /// It was taken back before anything of it was typed.
    #[error("this message was taken back, and is not typed any more: send another one")]
    TakenBack,
    /// The question is another one now.
    #[error("this prompt is gone or has changed: read the agent again and answer the prompt that it has now")]
    PromptChanged,
    /// It was not offered.
    #[error("`{choice}` is none of its options, which are: {known}")]
    NoSuchChoice {
        /// What was chosen.
        choice: String,
        /// What can be.
        known: String,
    },
    /// There is no turn.
    #[error("the agent is {0}: there is no turn to interrupt")]
    NothingToInterrupt(AgentStatus),
    /// The request makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The sign-in could not be completed.
    #[error("the sign-in was not completed: {0}")]
    SignIn(String),
    /// The agent's host cannot be asked.
    #[error("the agent's terminal cannot be reached: {0}")]
    Host(#[from] io::Error),
}

fn asks(prompt: &Option<Box<Prompt>>) -> String {
    let question = prompt.as_ref().and_then(|prompt| prompt.question.lines().next());
    question.map(|question| format!(" and asks `{question}`")).unwrap_or_default()
}

fn advice(status: AgentStatus) -> &'static str {
    match status {
        AgentStatus::Waiting => "answer that first, or send with `queue`",
        AgentStatus::LoginRequired => "sign in first, or send with `queue`",
        _ => "wait until it is ready, or send with `queue`",
    }
}
