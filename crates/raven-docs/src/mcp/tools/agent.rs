//! Tools about agents.

use raven_protocol::permission::Permission;
use rmcp::model::{Tool as Described, ToolAnnotations};
use serde_json::{Value, json};

use super::describe::{number, text, texts, time, tool};
use super::{Call, Governed, Tool, approval, read};
use crate::access::{SpawnAgents, decide};
use crate::agents::spawn::Spawn;
use crate::approvals::Gated;
use crate::auth::Caller;
use crate::error::Error;

/// Tells an agent who it is.
pub const PROFILE: Tool = Tool {
    name: "agent_profile",
    needs: None,
    governed: Governed::Here,
    describe: describe_profile,
    call: |call| Box::pin(profile(call)),
};

/// Spawns agents.
pub const SPAWN: Tool = Tool {
    name: "agent_spawn",
    needs: Some(Permission::DelegateAgents),
    governed: Governed::InItsRoom,
    describe: describe_spawn,
    call: |call| Box::pin(spawn(call)),
};

fn permissions() -> Value {
    let words: Vec<&str> = Permission::all().map(Permission::as_str).collect();
    json!({ "type": "array", "items": { "type": "string", "enum": words } })
}

fn describe_profile() -> Described {
    let what = "Tells who you are here, and what you may do.";
    let answers = json!({
        "properties": {
            "id": text("your id"),
            "name": text("your name"),
            "type": text("the kind of agent"),
            "status": text("as others see you"),
            "capabilities": texts("what you are for"),
            "permissions": permissions(),
            "workspaceId": text("where you work"),
            "createdAt": time("when you were made"),
        },
        "required":
            ["id", "name", "type", "status", "capabilities", "permissions", "workspaceId", "createdAt"],
    });
    let takes = json!({ "additionalProperties": false });
    tool(PROFILE.name, "Your profile", what, takes, answers)
        .with_annotations(ToolAnnotations::new().read_only(true))
}

async fn profile(call: Call) -> Result<Value, Error> {
    if let Some(unknown) = call.arguments.keys().next() {
        return Err(Error::invalid(unknown, "is no argument of this tool, which takes none"));
    }
    let profile = call.app.agents.profile(&call.caller).await?;
    Ok(serde_json::to_value(profile).map_err(anyhow::Error::from)?)
}

fn describe_spawn() -> Described {
    let what = "Spawns agents, with no more permissions than you have. People may have to approve it first: then \
                the error has a `requestId`, and once they have, the agents are spawned; ask `approval_status`, and \
                do not call again.";
    let takes = json!({
        "properties": {
            "agentType": text("the kind of agent, such as codex"),
            "count": number(1, 10, "how many; 1 by default"),
            "name": text("their name"),
            "capabilities": texts("what they are for"),
            "permissions": permissions(),
            "config": { "type": "object", "description": "cwd, repository, model, env, args, permissionMode …" },
        },
        "required": ["agentType"],
        "additionalProperties": false,
    });
    let agent = json!({
        "type": "object",
        "properties": { "id": text("its id"), "name": text("its name"), "type": text(""), "status": text("") },
    });
    let answers = json!({
        "properties": {
            "success": { "type": "boolean" },
            "spawnedAgents": { "type": "array", "items": agent },
            "errors": { "type": "array", "items": { "type": "object" } },
        },
        "required": ["success", "spawnedAgents"],
    });
    tool(SPAWN.name, "Spawn agents", what, takes, answers)
}

async fn spawn(call: Call) -> Result<Value, Error> {
    let by = decide::<SpawnAgents>(&Caller::Agent(call.caller))?;
    match call.app.approvals.spawn(&by, read::<Spawn>(call.arguments)?, None).await? {
        Gated::Done(answer) => Ok(serde_json::to_value(answer).map_err(anyhow::Error::from)?),
        Gated::Waits(asked) => Err(approval::required(&asked)?),
    }
}
