//! Tools by which agents ask for a yes, and look how a request stands.

use raven_protocol::id::ApprovalId;
use rmcp::model::{Tool as Described, ToolAnnotations};
use serde::Deserialize;
use serde_json::{Value, json};

use super::describe::{maybe, number, text, time, tool};
use super::{Call, Governed, Tool, read};
use crate::approvals::state::ApprovalState;
use crate::approvals::{Approval, Verdict};
use crate::error::Error;

/// Asks people for a yes.
pub const REQUEST: Tool = Tool {
    name: "approval_request",
    needs: None,
    governed: Governed::Never,
    describe: describe_request,
    call: |call| Box::pin(request(call)),
};

/// Tells how a request stands.
pub const STATUS: Tool = Tool {
    name: "approval_status",
    needs: None,
    governed: Governed::Never,
    describe: describe_status,
    call: |call| Box::pin(status(call)),
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    action: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Status {
    request_id: ApprovalId,
    #[serde(default)]
    wait_seconds: u64,
}

/// The refusal of a call that waits for people: an id to ask after, and nothing that could approve it.
pub fn required(asked: &Approval) -> Result<Error, Error> {
    Ok(Error::ApprovalRequired { request: ApprovalId::parse(asked.id.as_str())?, deadline: asked.deadline })
}

fn answers() -> Value {
    let states: Vec<&str> = ApprovalState::ALL.into_iter().map(ApprovalState::as_str).collect();
    json!({
        "properties": {
            "requestId": text("ask after it with `approval_status`"),
            "state": { "type": "string", "enum": states },
            "approved": { "type": ["boolean", "null"], "description": "null while nobody has decided" },
            "deadline": time("when it is denied unless somebody decides before"),
            "summary": text("what was asked for"),
            "decidedBy": { "type": "array", "items": { "type": "string" } },
            "reason": maybe("why it was rejected, in their words"),
            "error": maybe("why it could not be done after all"),
            "result": { "description": "what came of it, when it was done for you" },
        },
        "required": ["requestId", "state", "approved", "deadline"],
    })
}

fn describe_request() -> Described {
    let what = "Asks people whether you may do something that is not a tool here. Nothing is done by it: wait for \
                `approved: true` from `approval_status` before you act.";
    let takes = json!({
        "properties": {
            "action": text("what you want to do, so that a person can judge it"),
            "reason": text("why"),
        },
        "required": ["action", "reason"],
        "additionalProperties": false,
    });
    tool(REQUEST.name, "Ask for approval", what, takes, answers())
}

fn describe_status() -> Described {
    let what = "Tells how a request for approval stands, at once or as soon as it is decided.";
    let takes = json!({
        "properties": {
            "requestId": text("as you were given it"),
            "waitSeconds": number(0, 60, "how long to wait for a decision; 0 by default"),
        },
        "required": ["requestId"],
        "additionalProperties": false,
    });
    tool(STATUS.name, "State of a request", what, takes, answers())
        .with_annotations(ToolAnnotations::new().read_only(true))
}

async fn request(call: Call) -> Result<Value, Error> {
    let Request { action, reason } = read(call.arguments)?;
    Ok(shown(call.app.approvals.ask_for_yes(&call.caller, action, reason).await?))
}

async fn status(call: Call) -> Result<Value, Error> {
    let Status { request_id, wait_seconds } = read(call.arguments)?;
    Ok(shown(call.app.approvals.get_own(&call.caller, &request_id, wait_seconds).await?))
}

fn shown(approval: Approval) -> Value {
    let approved = match approval.state {
        ApprovalState::Pending => None,
        ApprovalState::Rejected | ApprovalState::Expired => Some(false),
        ApprovalState::Approved | ApprovalState::Running | ApprovalState::Done | ApprovalState::Failed => {
            Some(true)
        }
    };
    let rejected = approval.decisions.iter().find(|decision| decision.verdict == Verdict::Reject);
    let decided_by: Vec<&str> = approval.decisions.iter().map(|decision| decision.by.name.as_str()).collect();
    json!({
        "requestId": approval.id,
        "state": approval.state,
        "approved": approved,
        "deadline": approval.deadline,
        "summary": approval.summary,
        "decidedBy": decided_by,
        "reason": rejected.and_then(|decision| decision.note.as_ref()),
        "error": approval.error,
        "result": approval.result,
    })
}
