//! Tools by which agents ask people.

use raven_protocol::id::QuestionId;
use rmcp::model::{Tool as Described, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

use super::describe::{maybe, number, text, texts, time, tool};
use super::{Call, Governed, Tool, read};
use crate::error::Error;
use crate::questions::{Ask, Question};

/// Asks a person.
pub const ASK: Tool = Tool {
    name: "question_ask",
    needs: None,
    governed: Governed::Never,
    describe: describe_ask,
    call: |call| Box::pin(ask(call)),
};

/// Tells whether a question was answered, and how.
pub const GET: Tool = Tool {
    name: "question_get",
    needs: None,
    governed: Governed::Never,
    describe: describe_get,
    call: |call| Box::pin(get(call)),
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Get {
    question_id: QuestionId,
    #[serde(default)]
    wait_seconds: u64,
}

fn answers() -> Value {
    json!({
        "properties": {
            "questionId": text("ask after it with `question_get`"),
            "state": { "type": "string", "enum": ["open", "escalated", "answered", "expired"] },
            "question": text("as you asked it"),
            "answer": maybe("what the person said"),
            "answeredBy": maybe("who"),
            "deadline": time("when it takes no answer any more"),
        },
        "required": ["questionId", "state", "question", "deadline"],
    })
}

fn describe_ask() -> Described {
    let what = "Asks the people of your workspace, and answers with what they said when they do so within \
                `waitSeconds`; otherwise with an id for `question_get`.";
    let takes = json!({
        "properties": {
            "question": text("what you want to know"),
            "options": texts("what they can choose from; any answer otherwise"),
            "context": text("what they should know to answer"),
            "waitSeconds": number(0, 50, "how long to wait; 0 by default"),
        },
        "required": ["question"],
        "additionalProperties": false,
    });
    tool(ASK.name, "Ask a person", what, takes, answers())
}

fn describe_get() -> Described {
    let what = "Tells whether your question was answered, at once or as soon as it is.";
    let takes = json!({
        "properties": {
            "questionId": text("as you were given it"),
            "waitSeconds": number(0, 50, "how long to wait; 0 by default"),
        },
        "required": ["questionId"],
        "additionalProperties": false,
    });
    tool(GET.name, "Answer to a question", what, takes, answers())
        .with_annotations(ToolAnnotations::new().read_only(true))
}

async fn ask(call: Call) -> Result<Value, Error> {
    Ok(shown(call.app.questions.ask(&call.caller, read::<Ask>(call.arguments)?).await?))
}

async fn get(call: Call) -> Result<Value, Error> {
    let Get { question_id, wait_seconds } = read(call.arguments)?;
    Ok(shown(call.app.questions.answered(&call.caller, &question_id, wait_seconds).await?))
}

fn shown(question: Question) -> Value {
    json!({
        "questionId": question.id,
        "state": question.state,
        "question": question.question,
        "answer": question.answer,
        "answeredBy": question.answered_by.map(|by| by.name),
        "deadline": question.deadline,
    })
}
