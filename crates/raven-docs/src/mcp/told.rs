//! How errors are told to agents: a code of MCP's or of ours, and data for programs.
//!
//! Owns the codes. Must not know what a tool does.

use rmcp::ErrorData;
use rmcp::model::ErrorCode;
use serde_json::{Value, json};

use crate::error::Error;

const NOT_FOUND: ErrorCode = ErrorCode(-32001);
pub const DENIED: ErrorCode = ErrorCode(-32002);
const NOT_ACCESSIBLE: ErrorCode = ErrorCode(-32003);
const EXISTS: ErrorCode = ErrorCode(-32004);
const APPROVAL_REQUIRED: ErrorCode = ErrorCode(-32005);
const RATE_LIMITED: ErrorCode = ErrorCode(-32029);
/// What is possible, but not now.
const REFUSED: ErrorCode = ErrorCode(-32000);

/// Codes of errors that say that something with this name is there already.
const ABOUT_WHAT_EXISTS: [&str; 3] = ["SLUG_TAKEN", "NAME_TAKEN", "AGENT_ID_TAKEN"];

/// An error as it is told to the agent that has caused it.
pub fn told(error: &Error) -> ErrorData {
    let (code, more) = face(error);
    let mut data = json!({ "code": error.code() });
    if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
        data.extend(more);
    }
    ErrorData::new(code, error.to_string(), Some(data))
}

fn face(error: &Error) -> (ErrorCode, Value) {
    let plain = Value::Null;
    match error {
        Error::Internal(_) => (ErrorCode::INTERNAL_ERROR, plain),
        Error::NotFound(_) => (NOT_FOUND, plain),
        Error::Denied(_) => (DENIED, plain),
        Error::NotForAgents(_) => (NOT_ACCESSIBLE, plain),
        Error::Stale { current, difference } => {
            (REFUSED, json!({ "currentVersion": current, "difference": difference }))
        }
        Error::ApprovalRequired { request, deadline } => {
            (APPROVAL_REQUIRED, json!({ "requestId": request, "deadline": deadline }))
        }
        Error::RateLimited { seconds } => (RATE_LIMITED, json!({ "retryAfter": seconds })),
        Error::Conflict { .. } if ABOUT_WHAT_EXISTS.contains(&error.code()) => (EXISTS, plain),
        Error::Conflict { .. } | Error::Runtime(_) => (REFUSED, plain),
        Error::Invalid { field, .. } => (ErrorCode::INVALID_PARAMS, json!({ "argument": field })),
        _ => (ErrorCode::INVALID_PARAMS, plain),
    }
}
