//! OpenAI's Responses.
//!
//! Owns its wire format. Must not know what is said.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use raven_protocol::time::Timestamp;
use serde_json::{Value, json};

use super::script::{self, Item, Reply, Tool, fitting, text};
use super::stream::{self, Pace};
use super::{CACHED_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS};

/// How long a limit lasts, in seconds.
const LIMIT_SECONDS: i64 = 3_600;

pub async fn create(Json(body): Json<Value>) -> Response {
    let tools = tools(&body["tools"], None);
    let reply = if tools.is_empty() { aside(&body) } else { script::reply(&conversation(&body)) };
    let id = format!("resp_{}", stream::number());
    let (item, deltas, pace) = match reply {
        Reply::Say(words) => (message(&words), vec![words], Pace::AtOnce),
        Reply::Slow(words) => (message(&words.concat()), words, Pace::Slow),
        Reply::Run(command) => (run(&command, &tools), Vec::new(), Pace::AtOnce),
        Reply::Call { name, arguments } => (tool_call(&name, &arguments, &tools), Vec::new(), Pace::AtOnce),
        Reply::Limit => return limit(),
    };
    let mut events = vec![json!({"type": "response.created", "response": {"id": id}})];
    let mut begun = item.clone();
    if item["type"] == "message" {
        begun["content"] = json!([]);
        begun["status"] = "in_progress".into();
    }
    events.push(json!({"type": "response.output_item.added", "output_index": 0, "item": begun}));
    events.extend(deltas.into_iter().map(|delta| {
        json!({"type": "response.output_text.delta", "item_id": item["id"], "output_index": 0, "content_index": 0, "delta": delta})
    }));
    events.push(json!({"type": "response.output_item.done", "output_index": 0, "item": item}));
    events
        .push(json!({"type": "response.completed", "response": {"id": id, "output": [], "usage": usage()}}));
    stream::typed(events, pace)
}

fn aside(body: &Value) -> Reply {
    let schema = &body["text"]["format"]["schema"];
    Reply::Say(if schema.is_null() { "Stub".into() } else { fitting(schema).to_string() })
}

fn conversation(body: &Value) -> Vec<Item> {
    let items = body["input"].as_array().into_iter().flatten();
    items
        .filter_map(|item| match item["type"].as_str() {
            Some("function_call_output" | "custom_tool_call_output") => {
                let output = &item["output"];
                Some(Item::Result(if output.is_object() { text(&output["content"]) } else { text(output) }))
            }
            Some("message") | None if item["role"] == "user" => Some(Item::Text(text(&item["content"]))),
            _ => None,
        })
        .collect()
}

fn tools(list: &Value, namespace: Option<&str>) -> Vec<Tool> {
    let mut found = Vec::new();
    for tool in list.as_array().into_iter().flatten() {
        let Some(name) = tool["name"].as_str() else { continue };
        if tool["type"] == "namespace" {
            found.extend(tools(&tool["tools"], Some(name)));
        } else {
            found.push(Tool { namespace: namespace.map(str::to_owned), name: name.to_owned() });
        }
    }
    found
}

fn message(words: &str) -> Value {
    json!({"type": "message", "id": format!("msg_{}", stream::number()), "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": words, "annotations": []}]})
}

/// A command that must be allowed by a person, in whatever way the program wants to hear it.
fn run(command: &str, tools: &[Tool]) -> Value {
    let why = json!({"sandbox_permissions": "require_escalated", "justification": "As ordered"});
    let offered = |name: &str| tools.iter().any(|tool| tool.name == name);
    let (name, mut arguments) = if offered("exec_command") {
        ("exec_command", json!({"cmd": command}))
    } else if offered("shell_command") {
        ("shell_command", json!({"command": command}))
    } else {
        ("shell", json!({"command": ["sh", "-c", command]}))
    };
    for (field, value) in why.as_object().into_iter().flatten() {
        arguments[field] = value.clone();
    }
    call(None, name, &arguments)
}

fn tool_call(name: &str, arguments: &Value, tools: &[Tool]) -> Value {
    let found = tools.iter().find(|tool| tool.name.ends_with(name));
    let namespace = found.and_then(|tool| tool.namespace.as_deref());
    call(namespace, found.map_or(name, |tool| &tool.name), arguments)
}

fn call(namespace: Option<&str>, name: &str, arguments: &Value) -> Value {
    let number = stream::number();
    let mut call = json!({"type": "function_call", "id": format!("fc_{number}"), "call_id": format!("call_{number}"),
        "name": name, "arguments": arguments.to_string(), "status": "completed"});
    if let Some(namespace) = namespace {
        call["namespace"] = namespace.into();
    }
    call
}

fn usage() -> Value {
    json!({"input_tokens": INPUT_TOKENS, "input_tokens_details": {"cached_tokens": CACHED_TOKENS},
        "output_tokens": OUTPUT_TOKENS, "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": INPUT_TOKENS + OUTPUT_TOKENS})
}

fn limit() -> Response {
    let resets_at = Timestamp::now().as_millis() / 1_000 + LIMIT_SECONDS;
    let error = json!({"type": "usage_limit_reached", "message": "The usage limit has been reached",
        "plan_type": "plus", "resets_at": resets_at, "resets_in_seconds": LIMIT_SECONDS});
    stream::refusal(StatusCode::TOO_MANY_REQUESTS, json!({"error": error}))
}
