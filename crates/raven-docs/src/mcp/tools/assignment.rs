//! Tools by which agents take up work and report on it. Owns their types and words; the rules are the room's.

use raven_protocol::id::AssignmentId;
use raven_protocol::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::access::work::{ReportWork, SeeWork};
use crate::assignments::Assignment;
use crate::assignments::reporting::Report;
use crate::assignments::state::{AssignmentState, ReportedState};
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Governed, Listed, Tool, Words};

pub const TOOLS: &[Listed] =
    &[Listed::of::<AssignmentNext>(), Listed::of::<AssignmentGet>(), Listed::of::<AssignmentReport>()];

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AssignmentNext {}

/// What an agent is to do now.
#[derive(Serialize, JsonSchema)]
struct Next {
    /// Null when there is nothing to do.
    assignment: Option<Work>,
}

impl Tool for AssignmentNext {
    const WORDS: Words = Words::of(
        ("assignment_next", "Next work"),
        "Answers with the work that you are to do now: what you have and have not ended, or else the next that was \
         given to you; `assignment` is null when there is none. Report on it with `assignment_report`.",
        Category::Assignment,
        Effect::Changes,
    )
    .governed(Governed::Never);
    type Answer = Next;

    async fn call(self, call: Call) -> Result<Next, Error> {
        Ok(Next { assignment: call.app.assignments.next(&call.caller).await?.map(Work::of) })
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AssignmentGet {
    /// As you were given it.
    assignment_id: AssignmentId,
}

impl Tool for AssignmentGet {
    const WORDS: Words = Words::of(
        ("assignment_get", "An assignment"),
        "Tells of work of yours, or of work that you gave another agent.",
        Category::Assignment,
        Effect::Reads,
    )
    .governed(Governed::Never);
    type Answer = Work;

    async fn call(self, call: Call) -> Result<Work, Error> {
        let by = call.granted::<SeeWork>()?;
        Ok(Work::of(call.app.assignments.get(&by, &self.assignment_id).await?))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AssignmentReport {
    /// As you were given it.
    assignment_id: AssignmentId,
    /// How it stands.
    state: ReportedState,
    /// How it goes, or why it does not; a few sentences.
    summary: Option<String>,
    /// What came of it: a text, or any JSON.
    result: Option<Value>,
    /// How far you are, in percent.
    #[schemars(range(min = 0, max = 100))]
    progress: Option<i64>,
}

impl Tool for AssignmentReport {
    const WORDS: Words = Words::of(
        ("assignment_report", "Report on work"),
        "Reports on your work: `working` when you begin and as you go on, `blocked` with why when you cannot, and at \
         the end `done` or `failed` with a summary and a result.",
        Category::Assignment,
        Effect::Changes,
    )
    .governed(Governed::Never);
    type Answer = Work;

    async fn call(self, call: Call) -> Result<Work, Error> {
        let Self { assignment_id, state, summary, result, progress } = self;
        let (by, report) = (call.granted::<ReportWork>()?, Report { state, summary, result, progress });
        Ok(Work::of(call.app.assignments.report(&by, &assignment_id, report).await?))
    }
}

/// An assignment, as agents are told of it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Work {
    /// Report with it.
    assignment_id: String,
    /// Whose work it is.
    agent_id: String,
    title: String,
    /// What is to be done.
    instructions: String,
    /// Pages that it is about; read them with `page_get`.
    page_ids: Vec<String>,
    /// Tasks that it is about; read them with `task_get`.
    task_ids: Vec<String>,
    state: AssignmentState,
    /// When it has failed unless it is done.
    deadline: Option<Timestamp>,
    /// In percent.
    progress: Option<i64>,
    /// What was said of it last.
    summary: Option<String>,
    /// What came of it.
    result: Option<Value>,
    /// Why it failed, where nobody reported that.
    reason: Option<String>,
    /// Who gave it.
    assigned_by: String,
    created_at: Timestamp,
}

impl Work {
    pub fn of(assignment: Assignment) -> Self {
        Self {
            assignment_id: assignment.id,
            agent_id: assignment.agent.id,
            title: assignment.title,
            instructions: assignment.instructions,
            page_ids: assignment.page_ids,
            task_ids: assignment.task_ids,
            state: assignment.state,
            deadline: assignment.deadline,
            progress: assignment.progress,
            summary: assignment.summary,
            result: assignment.result,
            reason: assignment.reason,
            assigned_by: assignment.assigned_by.name,
            created_at: assignment.created_at,
        }
    }
}
