//! Agents at the doors of people: what a policy says of a tool counts for the route that does the same, and is recorded
//! as asked for under the tool's name.
//!
//! Owns the asking of the policy, and that no agent reads here unrecorded; who is refused is recorded by the guard, and
//! what is changed by its room. Must not know what is done.

use serde::Serialize;
use serde_json::{Value, json};

use crate::access::Granted;
use crate::app::App;
use crate::error::Error;
use crate::policies::ruling::Effect;

/// Lets people pass, and agents whose policy allows the tool of this name. Where people are to be asked first, they
/// are asked for the tool with these arguments, which is called when they say yes.
///
/// # Errors
/// `Denied` when the policy denies it, `ApprovalRequired` when people were asked.
pub async fn governed<P>(
    app: &App,
    by: &Granted<P>,
    (tool, arguments): (&'static str, Value),
) -> Result<(), Error> {
    let Some(agent) = by.agent() else { return Ok(()) };
    app.approvals.check_tool(agent, (tool, arguments.as_object().cloned().unwrap_or_default())).await
}

/// The arguments of a tool: what the path says, and the body.
pub fn arguments(path: Value, body: &impl Serialize) -> Result<Value, Error> {
    let body = serde_json::to_value(body).map_err(anyhow::Error::from)?;
    let mut all = serde_json::Map::new();
    for part in [path, body] {
        if let Value::Object(part) = part {
            // Null is what a field is that was left out, but for the one where it says something.
            all.extend(part.into_iter().filter(|(name, value)| !value.is_null() || name == "parentId"));
        }
    }
    Ok(Value::Object(all))
}

/// The same for what reads, or does more than its tool: what people are to be asked for first is refused. What an agent
/// is allowed is recorded.
///
/// # Errors
/// `Denied` when the policy denies it or asks people.
pub async fn allowed<P>(app: &App, by: &Granted<P>, tool: &'static str) -> Result<(), Error> {
    allowed_with(app, by, (tool, json!({}))).await
}

/// The same for what is more or less by what it is called with.
///
/// # Errors
/// As [`allowed`].
pub async fn allowed_with<P>(
    app: &App,
    by: &Granted<P>,
    (tool, arguments): (&'static str, Value),
) -> Result<(), Error> {
    permitted_with(app, by, (tool, arguments)).await?;
    recorded(app, by, tool).await
}

/// Records that an agent asks for what a tool does, of which no policy says anything.
///
/// # Errors
/// That it could not be recorded.
pub async fn recorded<P>(app: &App, by: &Granted<P>, tool: &'static str) -> Result<(), Error> {
    match by.agent() {
        Some(agent) => app.tool_calls.asked_by_http(agent, tool).await,
        None => Ok(()),
    }
}

/// Whether the policy allows it, for who records it otherwise.
///
/// # Errors
/// `Denied` when the policy denies it or asks people.
pub async fn permitted<P>(app: &App, by: &Granted<P>, tool: &'static str) -> Result<(), Error> {
    permitted_with(app, by, (tool, json!({}))).await
}

async fn permitted_with<P>(
    app: &App,
    by: &Granted<P>,
    (tool, arguments): (&'static str, Value),
) -> Result<(), Error> {
    let Some(agent) = by.agent() else { return Ok(()) };
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let ruling = app.policies.ruling_of_call(agent, tool, &arguments).await?;
    match ruling.effect() {
        Effect::Allow => Ok(()),
        Effect::Deny => Err(ruling.denied()),
        Effect::Ask => {
            let hint =
                format!("people must approve this first: call the tool `{tool}` at /mcp, which asks them");
            Err(Error::Denied(hint))
        }
    }
}
