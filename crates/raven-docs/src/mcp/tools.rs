//! Every tool, by name.
//!
//! Owns which tools there are, and how errors are told to their callers. Must not know transport.

use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, ErrorCode, JsonObject, Tool};
use serde_json::json;

use crate::agents::Agents;
use crate::auth::AgentCaller;
use crate::error::Error;

mod agent;

/// Code of an error that tells that something is not there.
const NOT_FOUND: ErrorCode = ErrorCode(-32001);

/// Every tool.
pub fn all() -> Vec<Tool> {
    vec![agent::profile_tool()]
}

/// Calls a tool.
pub async fn call(
    agents: &Agents,
    caller: &AgentCaller,
    name: &str,
    arguments: JsonObject,
) -> Result<CallToolResponse, ErrorData> {
    let called = match name {
        agent::PROFILE => agent::profile(agents, caller, &arguments).await,
        _ => return Err(ErrorData::invalid_params(format!("there is no tool `{name}`; list them"), None)),
    };
    called.map(Into::into).map_err(|error| told(&error))
}

fn told(error: &Error) -> ErrorData {
    let data = Some(json!({ "code": error.code() }));
    match error {
        Error::Internal(cause) => {
            tracing::error!(error = format!("{cause:#}"), "a tool call failed");
            ErrorData::internal_error(error.to_string(), data)
        }
        Error::NotFound(_) => ErrorData::new(NOT_FOUND, error.to_string(), data),
        _ => ErrorData::invalid_params(error.to_string(), data),
    }
}
