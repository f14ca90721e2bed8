//! Every tool, by family, and the one gate that every call passes.
//!
//! Owns which tools there are, and who may call one. What a tool does is in the files below, one per family. Must not
//! know transport.

use std::sync::LazyLock;

use rmcp::model::{JsonObject, Tool as Described};
use serde_json::Value;

use super::call::{Call, Client};
use super::cursor;
use super::schema::{camel_case, respell};
use super::tool::{Governed, Listed};
use crate::app::App;
use crate::approvals::run::ToolCall;
use crate::auth::AgentCaller;
use crate::error::Error;
use crate::policies::ruling::Effect;

mod agent;
mod approval;
mod assignment;
pub mod catalogue;
mod colleague;
mod comment;
mod memory;
mod page;
mod project;
mod question;
mod search;
mod space;
mod task;

/// All families, in the order in which clients see them.
const FAMILIES: [&[Listed]; 13] = [
    agent::TOOLS,
    colleague::TOOLS,
    assignment::TOOLS,
    question::TOOLS,
    approval::TOOLS,
    space::TOOLS,
    page::TOOLS,
    comment::TOOLS,
    search::TOOLS,
    project::TOOLS,
    task::TOOLS,
    memory::TOOLS,
    catalogue::TOOLS,
];

/// Longest name that is kept of what is no tool.
const MAX_NAME: usize = 40;

/// Every tool with its description, which takes some time to make.
static DESCRIBED: LazyLock<Vec<(Listed, Described)>> =
    LazyLock::new(|| all().map(|tool| (*tool, tool.described())).collect());

/// Every tool.
pub fn all() -> impl Iterator<Item = &'static Listed> {
    FAMILIES.into_iter().flatten()
}

/// The tools that an agent may use.
pub fn list(caller: &AgentCaller) -> impl Iterator<Item = (&'static Listed, &'static Described)> {
    DESCRIBED.iter().filter(|(tool, _)| is_for(tool, caller)).map(|(tool, described)| (tool, described))
}

/// A page of the tools that an agent may use.
pub fn page(caller: &AgentCaller, cursor: Option<&str>) -> Result<(Vec<Described>, Option<String>), Error> {
    let is_shown = |(tool, _): &&(Listed, Described)| is_for(tool, caller);
    let (shown, next) =
        cursor::page(DESCRIBED.iter(), (|(tool, _)| tool.words.name, &is_shown), (cursor, cursor::PAGE))?;
    Ok((shown.into_iter().map(|(_, described)| described.clone()).collect(), next))
}

/// A tool's description, whoever may use it.
pub fn described(name: &str) -> Option<&'static Described> {
    DESCRIBED.iter().find(|(tool, _)| tool.words.is_named(name)).map(|(_, described)| described)
}

fn find(name: &str) -> Option<&'static Listed> {
    all().find(|tool| tool.words.is_named(name))
}

/// Calls a tool: the agent may, the policy allows it or asks people, then it is done; and the record says how it went.
/// When the client leaves, what is waited for is given up, and the rest goes on.
///
/// # Errors
/// What the gate or the tool refuses.
pub async fn call(
    app: &App,
    caller: &AgentCaller,
    (name, arguments): (&str, JsonObject),
    client: Client,
) -> Result<Value, Error> {
    app.tool_calls.limit(caller).await?;
    let Some(tool) = find(name) else {
        let none = Error::invalid("name", format!("is `{}`, which is no tool; list them", spelled(name)));
        return app.tool_calls.keep(caller, spelled(name), std::future::ready(Err(none))).await;
    };
    let (client, _left) = client.until_dropped();
    // In a box, as it is large and handed on often: on the stack of a worker it would not fit so many times.
    let deed = Box::pin(gate(Call { app: app.clone(), caller: caller.clone(), client }, tool, arguments));
    app.tool_calls.keep(caller, tool.words.name.to_owned(), deed).await
}

/// A name that is none of a tool, as it can be kept: what looks like one, and not whatever else was sent.
fn spelled(name: &str) -> String {
    let is_name =
        (1..=MAX_NAME).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
    if is_name { name.to_owned() } else { "unknown".to_owned() }
}

async fn gate(call: Call, tool: &'static Listed, arguments: JsonObject) -> Result<Value, Error> {
    let (app, caller) = (&call.app, &call.caller);
    check(tool, caller)?;
    let mut arguments = own(caller, arguments)?;
    if let Some(described) = described(tool.words.name) {
        respell(&described.input_schema, &mut arguments);
    }
    if tool.words.governed == Governed::Here {
        let ruling = app.policies.ruling_of_call(caller, tool.words.name, &arguments).await?;
        match ruling.effect() {
            Effect::Allow => {}
            Effect::Deny => return Err(ruling.denied()),
            Effect::Ask => {
                let asked = app.approvals.ask_for_tool(caller, (tool.words.name, arguments), &ruling).await?;
                return Err(approval::required(&asked)?);
            }
        }
    }
    (tool.call)(call, arguments).await
}

/// Does what people approved: with the arguments that they saw, and by the right that the agent has now.
pub async fn approved(app: App, call: ToolCall) -> Result<Value, Error> {
    let ToolCall { caller, name, arguments } = call;
    let tool = find(&name).ok_or(Error::NotFound("tool"))?;
    let (calls, by) = (app.tool_calls.clone(), caller.clone());
    let deed = async move {
        check(tool, &caller)?;
        (tool.call)(Call { app, caller, client: Client::default() }, arguments).await
    };
    calls.keep(&by, tool.words.name.to_owned(), deed).await
}

fn is_for(tool: &Listed, caller: &AgentCaller) -> bool {
    tool.words.needs.is_none_or(|needed| caller.permissions().contains(&needed))
}

fn check(tool: &Listed, caller: &AgentCaller) -> Result<(), Error> {
    match tool.words.needs {
        Some(needed) if !is_for(tool, caller) => Err(Error::Denied(format!(
            "to use {} an agent needs the permission {needed}, which you do not have; an admin can grant it",
            tool.words.name
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

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
    fn rules_know_every_name_of_a_tool() {
        let aliases = all().flat_map(|tool| tool.words.aliases.iter().map(|other| (tool.words.name, *other)));
        let aliases: BTreeSet<_> = aliases.collect();
        assert_eq!(aliases, BTreeSet::from(crate::policies::names::ALIASES));
    }

    #[test]
    fn every_tool_is_told_in_full_and_under_names_of_its_own() {
        let mut names = BTreeSet::new();
        for tool in all() {
            let words = &tool.words;
            for name in words.aliases.iter().chain([&words.name]) {
                assert!(names.insert(*name), "{name} is there twice");
            }
            assert!(!words.title.is_empty() && words.what.ends_with('.'), "{}", words.name);
            let described = tool.described();
            let takes = Value::Object((*described.input_schema).clone());
            assert_eq!(
                (&takes["type"], &takes["additionalProperties"]),
                (&"object".into(), &false.into()),
                "{takes}"
            );
            for (argument, schema) in takes["properties"].as_object().unwrap() {
                assert!(schema["description"].is_string(), "{}: {argument} is not described", words.name);
                assert_eq!(&camel_case(argument), argument, "{}", words.name);
            }
            let answers = Value::Object((*described.output_schema.unwrap()).clone());
            assert_eq!(answers["type"], "object", "{}", words.name);
            assert!(!format!("{takes}{answers}").contains("$ref"), "{}", words.name);
        }
    }
}
