//! Tools by which agents ask people. Owns their types and words; the rules are the room's.

use raven_protocol::id::QuestionId;
use raven_protocol::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Governed, Listed, Tool, Words};
use crate::questions::{Ask, Question, QuestionState};

pub const TOOLS: &[Listed] = &[Listed::of::<QuestionAsk>(), Listed::of::<QuestionGet>()];

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuestionAsk {
    /// What you want to know.
    question: String,
    /// What they can choose from; any answer otherwise.
    #[serde(default)]
    options: Vec<String>,
    /// What they should know to answer.
    context: Option<String>,
    /// How long to wait; 0 by default.
    #[serde(default)]
    #[schemars(range(min = 0, max = 50))]
    wait_seconds: u64,
}

impl Tool for QuestionAsk {
    const WORDS: Words = Words::of(
        ("question_ask", "Ask a person"),
        "Asks the people of your workspace, and answers with what they said when they do so within `waitSeconds`; \
         otherwise with an id for `question_get`.",
        Category::Approval,
        Effect::Adds,
    )
    .governed(Governed::Never);
    type Answer = Asked;

    async fn call(self, call: Call) -> Result<Asked, Error> {
        let Self { question, options, context, wait_seconds } = self;
        let asked =
            call.app.questions.ask(&call.caller, Ask { question, options, context, wait_seconds }).await?;
        if wait_seconds == 0 {
            return Ok(shown(asked));
        }
        let id = QuestionId::parse(asked.id.as_str())?;
        let answered = call.wait(call.app.questions.answered(&call.caller, &id, wait_seconds)).await;
        Ok(shown(answered.unwrap_or(Ok(asked))?))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct QuestionGet {
    /// As you were given it.
    question_id: QuestionId,
    /// How long to wait; 0 by default.
    #[serde(default)]
    #[schemars(range(min = 0, max = 50))]
    wait_seconds: u64,
}

impl Tool for QuestionGet {
    const WORDS: Words = Words::of(
        ("question_get", "Answer to a question"),
        "Tells whether your question was answered, at once or as soon as it is.",
        Category::Approval,
        Effect::Reads,
    )
    .governed(Governed::Never);
    type Answer = Asked;

    async fn call(self, call: Call) -> Result<Asked, Error> {
        let Self { question_id, wait_seconds } = self;
        let answered = call.wait(call.app.questions.answered(&call.caller, &question_id, wait_seconds)).await;
        match answered {
            Some(answered) => Ok(shown(answered?)),
            None => Ok(shown(call.app.questions.answered(&call.caller, &question_id, 0).await?)),
        }
    }
}

/// A question, as it is told to the agent that asked it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Asked {
    /// Ask after it with `question_get`.
    question_id: String,
    state: QuestionState,
    /// As you asked it.
    question: String,
    /// What the person said.
    answer: Option<String>,
    /// Who.
    answered_by: Option<String>,
    /// When it takes no answer any more.
    deadline: Timestamp,
}

fn shown(question: Question) -> Asked {
    Asked {
        question_id: question.id,
        state: question.state,
        question: question.question,
        answer: question.answer,
        answered_by: question.answered_by.map(|by| by.name),
        deadline: question.deadline,
    }
}
