//! Tools by which agents ask for a yes, and look how a request stands. Owns their types and words; the rules are the
//! room's.

use raven_protocol::id::ApprovalId;
use raven_protocol::time::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::approvals::state::ApprovalState;
use crate::approvals::{Approval, Verdict};
use crate::error::Error;
use crate::mcp::call::Call;
use crate::mcp::tool::{Category, Effect, Governed, Listed, Tool, Words};

pub const TOOLS: &[Listed] = &[Listed::of::<ApprovalRequest>(), Listed::of::<ApprovalStatus>()];

/// The refusal of a call that waits for people: an id to ask after, and nothing that could approve it.
pub fn required(asked: &Approval) -> Result<Error, Error> {
    Ok(Error::ApprovalRequired { request: ApprovalId::parse(asked.id.as_str())?, deadline: asked.deadline })
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ApprovalRequest {
    /// What you want to do, so that a person can judge it.
    action: String,
    /// Why.
    reason: String,
}

impl Tool for ApprovalRequest {
    const WORDS: Words = Words::of(
        ("approval_request", "Ask for approval"),
        "Asks people whether you may do something that is not a tool here. Nothing is done by it: wait for \
         `approved: true` from `approval_status` before you act.",
        Category::Approval,
        Effect::Adds,
    )
    .governed(Governed::Never);
    type Answer = Asked;

    async fn call(self, call: Call) -> Result<Asked, Error> {
        Ok(shown(call.app.approvals.ask_for_yes(&call.caller, self.action, self.reason).await?))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ApprovalStatus {
    /// As you were given it.
    request_id: ApprovalId,
    /// How long to wait for a decision; 0 by default.
    #[serde(default)]
    #[schemars(range(min = 0, max = 60))]
    wait_seconds: u64,
}

impl Tool for ApprovalStatus {
    const WORDS: Words = Words::of(
        ("approval_status", "State of a request"),
        "Tells how a request for approval stands, at once or as soon as it is decided.",
        Category::Approval,
        Effect::Reads,
    )
    .governed(Governed::Never);
    type Answer = Asked;

    async fn call(self, call: Call) -> Result<Asked, Error> {
        let approvals = &call.app.approvals;
        match call.wait(approvals.get_own(&call.caller, &self.request_id, self.wait_seconds)).await {
            Some(decided) => Ok(shown(decided?)),
            None => Ok(shown(approvals.get_own(&call.caller, &self.request_id, 0).await?)),
        }
    }
}

/// A request, as it is told to the agent that made it.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Asked {
    /// Ask after it with `approval_status`.
    request_id: String,
    state: ApprovalState,
    /// Null while nobody has decided.
    approved: Option<bool>,
    /// When it is denied unless somebody decides before.
    deadline: Timestamp,
    /// What was asked for.
    summary: String,
    decided_by: Vec<String>,
    /// Why it was rejected, in their words.
    reason: Option<String>,
    /// Why it could not be done after all.
    error: Option<String>,
    /// What came of it, when it was done for you.
    result: Option<Value>,
}

fn shown(approval: Approval) -> Asked {
    let approved = match approval.state {
        ApprovalState::Pending => None,
        ApprovalState::Rejected | ApprovalState::Expired => Some(false),
        ApprovalState::Approved | ApprovalState::Running | ApprovalState::Done | ApprovalState::Failed => {
            Some(true)
        }
    };
    let rejected = approval.decisions.iter().find(|decision| decision.verdict == Verdict::Reject);
    Asked {
        request_id: approval.id,
        state: approval.state,
        approved,
        deadline: approval.deadline,
        summary: approval.summary,
        reason: rejected.and_then(|decision| decision.note.clone()),
        decided_by: approval.decisions.into_iter().map(|decision| decision.by.name).collect(),
        error: approval.error,
        result: approval.result,
    }
}
