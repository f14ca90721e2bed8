//! Prompts: ready words for what agents are most often told to do here.
//!
//! Owns their list and their words. Must not know whether what they speak of is there.

use rmcp::model::{GetPromptResult, JsonObject, Prompt, PromptArgument, PromptMessage, Role};
use serde_json::Value;

use crate::error::Error;

/// One prompt.
struct Ready {
    name: &'static str,
    title: &'static str,
    what: &'static str,
    takes: &'static [Argument],
    words: fn(&Given<'_>) -> String,
}

struct Argument {
    name: &'static str,
    what: &'static str,
    need: Need,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Required,
    Optional,
}

/// The arguments that were given, all of them texts.
struct Given<'a>(&'a JsonObject);

impl Given<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str).filter(|text| !text.trim().is_empty())
    }
}

const PROMPTS: [Ready; 3] = [
    Ready {
        name: "begin_assignment",
        title: "Begin an assignment",
        what: "Takes up what you are assigned, and works on it.",
        takes: &[Argument {
            name: "assignmentId",
            what: "Which one; the next by default.",
            need: Need::Optional,
        }],
        words: begin,
    },
    Ready {
        name: "report_assignment",
        title: "Report on an assignment",
        what: "Tells the people of the workspace how an assignment went.",
        takes: &[
            Argument { name: "assignmentId", what: "Which one.", need: Need::Required },
            Argument { name: "outcome", what: "How it went, in a few words.", need: Need::Optional },
        ],
        words: report,
    },
    Ready {
        name: "ask_person",
        title: "Ask a person",
        what: "Asks the people of the workspace something, and goes on with the answer.",
        takes: &[
            Argument { name: "question", what: "What you want to know.", need: Need::Required },
            Argument { name: "context", what: "What they should know to answer.", need: Need::Optional },
        ],
        words: ask,
    },
];

fn begin(given: &Given<'_>) -> String {
    let first = match given.text("assignmentId") {
        Some(id) => format!("Call `assignment_get` with the assignmentId `{id}`"),
        None => "Call `assignment_next`".to_owned(),
    };
    format!(
        "{first} and read what you are to do. Read the pages and tasks that it names with `page_get` and `task_get`. \
         Tell that you work on it with `assignment_report` and the state `working`. When something is unclear, ask \
         with `question_ask` rather than guess. When it is done, or cannot be done, report it with `assignment_report`: \
         the state `done` or `failed`, and a summary."
    )
}

fn report(given: &Given<'_>) -> String {
    let id = given.text("assignmentId").unwrap_or_default();
    let outcome =
        given.text("outcome").map(|outcome| format!(" This is how it went: {outcome}")).unwrap_or_default();
    format!(
        "Report on the assignment `{id}` with `assignment_report`: its state (`done`, `failed` or `blocked`), and a \
         summary that somebody understands who has not watched: what was changed, where it is, and what is left.{outcome}"
    )
}

fn ask(given: &Given<'_>) -> String {
    let question = given.text("question").unwrap_or_default();
    let context = given
        .text("context")
        .map(|context| format!(" Give them this context: {context}"))
        .unwrap_or_default();
    format!(
        "Ask the people of the workspace with `question_ask`: {question}{context} Wait with `waitSeconds` 50; while \
         nobody has answered, go on with what does not depend on it, and look again with `question_get`."
    )
}

/// All prompts.
pub fn list() -> Vec<Prompt> {
    PROMPTS
        .iter()
        .map(|ready| {
            let takes = ready.takes.iter().map(|argument| {
                PromptArgument::new(argument.name)
                    .with_description(argument.what)
                    .with_required(argument.need == Need::Required)
            });
            Prompt::new(ready.name, Some(ready.what), Some(takes.collect())).with_title(ready.title)
        })
        .collect()
}

/// One prompt with its arguments filled in.
///
/// # Errors
/// `Invalid` for a name or arguments that are none of its own, or that are missing.
pub fn get(name: &str, arguments: &JsonObject) -> Result<GetPromptResult, Error> {
    let ready = PROMPTS.iter().find(|ready| ready.name == name);
    let ready =
        ready.ok_or_else(|| Error::invalid("name", format!("is `{name}`, which is no prompt; list them")))?;
    let given = Given(arguments);
    if let Some(unknown) = arguments.keys().find(|given| !ready.takes.iter().any(|own| own.name == **given)) {
        return Err(Error::invalid(unknown, "is no argument of this prompt"));
    }
    for argument in ready.takes.iter().filter(|argument| argument.need == Need::Required) {
        if given.text(argument.name).is_none() {
            return Err(Error::invalid(argument.name, "is missing"));
        }
    }
    let message = PromptMessage::new_text(Role::User, (ready.words)(&given));
    Ok(GetPromptResult::new(vec![message]).with_description(ready.what))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_take_their_own_arguments_and_no_others() {
        let object = |value: Value| value.as_object().unwrap().clone();
        for (name, arguments, said) in [
            ("begin_assignment", serde_json::json!({}), Ok("`assignment_next`")),
            ("begin_assignment", serde_json::json!({ "assignmentId": "asg_1" }), Ok("asg_1")),
            ("ask_person", serde_json::json!({ "question": "Which colour?" }), Ok("Which colour?")),
            ("ask_person", serde_json::json!({}), Err("question")),
            ("report_assignment", serde_json::json!({ "assignmentId": "a", "x": "1" }), Err("x")),
            ("none", serde_json::json!({}), Err("name")),
        ] {
            match (get(name, &object(arguments)), said) {
                (Ok(got), Ok(said)) => assert!(serde_json::to_string(&got).unwrap().contains(said), "{name}"),
                (Err(Error::Invalid { field, .. }), Err(named)) => assert_eq!(field, named),
                (got, _) => panic!("{name}: {got:?}"),
            }
        }
    }
}
