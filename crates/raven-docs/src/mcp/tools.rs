//! Every tool, by name, and the one gate that every call passes.
//!
//! Owns which tools there are, what each needs, and how errors are told to their callers. What a tool does is in the
//! files below, one per noun: parameters, description, and one call of a room. Must not know transport.

use std::pin::Pin;
use std::time::Instant;

use raven_protocol::permission::Permission;
use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, CallToolResult, ErrorCode, JsonObject, Tool as Described};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::app::App;
use crate::approvals::run::ToolCall;
use crate::auth::AgentCaller;
use crate::error::Error;
use crate::policies::ruling::{Effect, tool_names};

mod agent;
mod approval;
mod describe;
mod question;

/// Codes of errors that are told to agents.
const NOT_FOUND: ErrorCode = ErrorCode(-32001);
const DENIED: ErrorCode = ErrorCode(-32002);
const NOT_ACCESSIBLE: ErrorCode = ErrorCode(-32003);
const APPROVAL_REQUIRED: ErrorCode = ErrorCode(-32005);
const RATE_LIMITED: ErrorCode = ErrorCode(-32029);
/// What is possible, but not now.
const REFUSED: ErrorCode = ErrorCode(-32000);

/// One tool.
pub struct Tool {
    pub name: &'static str,
    /// What an agent needs to see and use it; any agent may when it is `None`.
    pub needs: Option<Permission>,
    pub governed: Governed,
    pub describe: fn() -> Described,
    pub call: fn(Call) -> Answering,
}

/// Who asks the policy whether a call is allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Governed {
    /// The gate.
    Here,
    /// The room that does it, as other doors lead to it too.
    InItsRoom,
    /// Nobody: it is how an agent asks.
    Never,
}

/// A call that passed the gate.
pub struct Call {
    pub app: App,
    pub caller: AgentCaller,
    pub arguments: JsonObject,
}

/// What becomes of a call.
pub type Answering = Pin<Box<dyn Future<Output = Result<Value, Error>> + Send>>;

const TOOLS: [&Tool; 6] =
    [&agent::PROFILE, &agent::SPAWN, &question::ASK, &question::GET, &approval::REQUEST, &approval::STATUS];

/// The tools that an agent may use.
pub fn list(caller: &AgentCaller) -> Vec<Described> {
    TOOLS.iter().filter(|tool| is_for(tool, caller)).map(|tool| (tool.describe)()).collect()
}

/// Calls a tool: the agent may, the policy allows it or asks people, then it is done; and the record says how it went.
pub async fn call(
    app: &App,
    caller: &AgentCaller,
    name: &str,
    arguments: JsonObject,
) -> Result<CallToolResponse, ErrorData> {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == name) else {
        return Err(ErrorData::invalid_params(format!("there is no tool `{name}`; list them"), None));
    };
    app.tool_calls.limit(caller).map_err(|error| told(&error))?;
    let begun = Instant::now();
    let done = gate(app, caller, tool, arguments).await;
    let recorded = app.tool_calls.record(caller, tool.name, &done, begun.elapsed()).await;
    let done = recorded.and(done);
    done.map(|value| CallToolResult::structured(value).into()).map_err(|error| told(&error))
}

async fn gate(app: &App, caller: &AgentCaller, tool: &Tool, arguments: JsonObject) -> Result<Value, Error> {
    check(tool, caller)?;
    let arguments = own(caller, arguments)?;
    if tool.governed == Governed::Here {
        let names = tool_names(tool.name);
        let ruling = app.policies.ruling(caller.workspace(), Some(caller.agent()), &names).await?;
        match ruling.effect() {
            Effect::Allow => {}
            Effect::Deny => return Err(ruling.denied()),
            Effect::Ask => {
                let asked = app.approvals.ask_for_tool(caller, (tool.name, arguments), &ruling).await?;
                return Err(approval::required(&asked)?);
            }
        }
    }
    (tool.call)(Call { app: app.clone(), caller: caller.clone(), arguments }).await
}

/// Does what people approved: with the arguments that they saw, and by the right that the agent has now.
pub async fn approved(app: App, call: ToolCall) -> Result<Value, Error> {
    let ToolCall { caller, name, arguments } = call;
    let tool = TOOLS.iter().find(|tool| tool.name == name).ok_or(Error::NotFound("tool"))?;
    let begun = Instant::now();
    let done = match check(tool, &caller) {
        Ok(()) => (tool.call)(Call { app: app.clone(), caller: caller.clone(), arguments }).await,
        Err(refused) => Err(refused),
    };
    app.tool_calls.record(&caller, tool.name, &done, begun.elapsed()).await?;
    done
}

fn is_for(tool: &Tool, caller: &AgentCaller) -> bool {
    tool.needs.is_none_or(|needed| caller.permissions().contains(&needed))
}

fn check(tool: &Tool, caller: &AgentCaller) -> Result<(), Error> {
    match tool.needs {
        Some(needed) if !is_for(tool, caller) => Err(Error::Denied(format!(
            "to use {} an agent needs the permission {needed}, which you do not have; an admin can grant it",
            tool.name
        ))),
        _ => Ok(()),
    }
}

/// The arguments in our spelling, without the workspace: that is the caller's own, or none.
fn own(caller: &AgentCaller, arguments: JsonObject) -> Result<JsonObject, Error> {
    let mut arguments: JsonObject =
        arguments.into_iter().map(|(name, value)| (camel_case(&name), value)).collect();
    match arguments.remove("workspaceId") {
        None | Some(Value::Null) => Ok(arguments),
        Some(Value::String(id)) if id == caller.workspace().as_str() => Ok(arguments),
        Some(_) => Err(Error::Denied("`workspaceId` must be your own workspace; leave it out".to_owned())),
    }
}

/// `agent_type` is taken for `agentType`.
fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut text, part| {
        let mut chars = part.chars();
        text.extend(chars.next().map(|c| c.to_ascii_uppercase()));
        text.push_str(chars.as_str());
        text
    })
}

/// The arguments of a call as a tool takes them.
fn read<T: DeserializeOwned>(arguments: JsonObject) -> Result<T, Error> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| Error::invalid("arguments", error.to_string()))
}

fn told(error: &Error) -> ErrorData {
    let data = |more: Value| {
        let mut data = json!({ "code": error.code() });
        if let (Value::Object(data), Value::Object(more)) = (&mut data, more) {
            data.extend(more);
        }
        Some(data)
    };
    let plain = data(json!({}));
    match error {
        Error::Internal(cause) => {
            tracing::error!(error = format!("{cause:#}"), "a tool call failed");
            ErrorData::internal_error(error.to_string(), plain)
        }
        Error::NotFound(_) => ErrorData::new(NOT_FOUND, error.to_string(), plain),
        Error::Denied(_) => ErrorData::new(DENIED, error.to_string(), plain),
        Error::NotForAgents(_) => ErrorData::new(NOT_ACCESSIBLE, error.to_string(), plain),
        Error::Stale { current, difference } => {
            let more = data(json!({ "currentVersion": current, "difference": difference }));
            ErrorData::new(REFUSED, error.to_string(), more)
        }
        Error::ApprovalRequired { request, deadline } => {
            let more = data(json!({ "requestId": request, "deadline": deadline }));
            ErrorData::new(APPROVAL_REQUIRED, error.to_string(), more)
        }
        Error::RateLimited { seconds } => {
            ErrorData::new(RATE_LIMITED, error.to_string(), data(json!({ "retryAfter": seconds })))
        }
        Error::Conflict { .. } | Error::Runtime(_) => ErrorData::new(REFUSED, error.to_string(), plain),
        _ => ErrorData::invalid_params(error.to_string(), plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_arguments_are_one() {
        for (given, ours) in [
            ("agent_type", "agentType"),
            ("agentType", "agentType"),
            ("wait_seconds", "waitSeconds"),
            ("count", "count"),
            ("a__b_", "aB"),
        ] {
            assert_eq!(camel_case(given), ours);
        }
    }

    #[test]
    fn every_tool_is_described_under_its_name_and_once() {
        let names: std::collections::BTreeSet<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        assert_eq!(names.len(), TOOLS.len());
        for tool in TOOLS {
            let described = (tool.describe)();
            assert_eq!(described.name, tool.name);
            assert!(described.description.is_some() && described.output_schema.is_some(), "{}", tool.name);
        }
    }
}
