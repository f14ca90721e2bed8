//! Tools about agents.

use std::sync::Arc;

use raven_protocol::permission::Permission;
use rmcp::model::{CallToolResult, JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::agents::Agents;
use crate::auth::AgentCaller;
use crate::error::Error;

/// Name of the tool that tells an agent who it is.
pub const PROFILE: &str = "agent_profile";

pub fn profile_tool() -> Tool {
    let text = json!({ "type": "string" });
    let permissions: Vec<&str> = Permission::all().map(Permission::as_str).collect();
    let output = json!({
        "type": "object",
        "properties": {
            "id": text,
            "name": text,
            "type": text,
            "status": text,
            "capabilities": { "type": "array", "items": text },
            "permissions": { "type": "array", "items": { "type": "string", "enum": permissions } },
            "workspaceId": text,
            "createdAt": { "type": "string", "format": "date-time" },
        },
        "required":
            ["id", "name", "type", "status", "capabilities", "permissions", "workspaceId", "createdAt"],
    });
    let input = json!({ "type": "object", "properties": {}, "additionalProperties": false });
    Tool::new(PROFILE, "Tells who you are here, and what you may do.", schema(input))
        .with_title("Your profile")
        .with_raw_output_schema(schema(output))
        .with_annotations(ToolAnnotations::new().read_only(true))
}

pub async fn profile(
    agents: &Agents,
    caller: &AgentCaller,
    arguments: &JsonObject,
) -> Result<CallToolResult, Error> {
    if let Some(unknown) = arguments.keys().next() {
        return Err(Error::invalid(unknown, "is no argument of this tool, which takes none"));
    }
    let profile = agents.profile(caller).await?;
    Ok(CallToolResult::structured(serde_json::to_value(profile).map_err(anyhow::Error::from)?))
}

fn schema(value: Value) -> Arc<JsonObject> {
    match value {
        Value::Object(object) => Arc::new(object),
        _ => Arc::default(),
    }
}
