//! Google's generateContent, whole and streamed.
//!
//! Owns its wire format. Must not know what is said.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::script::{self, Item, Reply, fitting};
use super::stream::{self, Pace};
use super::{CACHED_TOKENS, INPUT_TOKENS, OUTPUT_TOKENS};

pub async fn call(Path(call): Path<String>, Json(body): Json<Value>) -> Response {
    let (model, method) = call.split_once(':').unwrap_or((&call, ""));
    if method == "countTokens" {
        return Json(json!({"totalTokens": INPUT_TOKENS})).into_response();
    }
    let tools = tools(&body);
    let reply = if tools.is_empty() { aside(&body) } else { script::reply(&conversation(&body)) };
    let (parts, pace) = match reply {
        Reply::Say(words) => (vec![json!({"text": words})], Pace::AtOnce),
        Reply::Slow(words) => (words.into_iter().map(|word| json!({"text": word})).collect(), Pace::Slow),
        Reply::Run(command) => {
            let args = json!({"command": command, "description": "As ordered"});
            (vec![json!({"functionCall": {"name": "run_shell_command", "args": args}})], Pace::AtOnce)
        }
        Reply::Call { name, arguments } => {
            let name = tools.iter().find(|offered| offered.ends_with(&name)).unwrap_or(&name);
            (vec![json!({"functionCall": {"name": name, "args": arguments}})], Pace::AtOnce)
        }
        Reply::Limit => return limit(),
    };
    if method == "generateContent" {
        return Json(chunk(model, &Value::Array(parts), "STOP".into())).into_response();
    }
    let mut chunks: Vec<Value> =
        parts.into_iter().map(|part| chunk(model, &json!([part]), Value::Null)).collect();
    chunks.push(chunk(model, &json!([{"text": ""}]), "STOP".into()));
    stream::plain(chunks, None, pace)
}

fn tools(body: &Value) -> Vec<String> {
    let lists = body["tools"].as_array().into_iter().flatten();
    lists
        .flat_map(|list| list["functionDeclarations"].as_array().into_iter().flatten())
        .filter_map(|tool| Some(tool["name"].as_str()?.to_owned()))
        .collect()
}

fn aside(body: &Value) -> Reply {
    let config = &body["generationConfig"];
    let schema =
        ["responseJsonSchema", "responseSchema"].into_iter().map(|name| &config[name]).find(|s| !s.is_null());
    Reply::Say(schema.map_or("Stub".into(), |schema| fitting(schema).to_string()))
}

fn conversation(body: &Value) -> Vec<Item> {
    let users = body["contents"].as_array().into_iter().flatten().filter(|content| content["role"] == "user");
    users
        .flat_map(|content| content["parts"].as_array().into_iter().flatten())
        .filter_map(|part| match (&part["text"], &part["functionResponse"]["response"]) {
            (Value::String(text), _) => Some(Item::Text(text.clone())),
            (_, Value::Object(response)) => {
                let telling = response.get("output").or_else(|| response.get("error"));
                Some(Item::Result(telling.and_then(Value::as_str).unwrap_or_default().to_owned()))
            }
            _ => None,
        })
        .collect()
}

fn chunk(model: &str, parts: &Value, reason: Value) -> Value {
    let mut candidate = json!({"index": 0, "content": {"role": "model", "parts": parts}});
    if !reason.is_null() {
        candidate["finishReason"] = reason;
    }
    json!({"candidates": [candidate], "modelVersion": model, "responseId": format!("r{}", stream::number()),
        "usageMetadata": {"promptTokenCount": INPUT_TOKENS, "cachedContentTokenCount": CACHED_TOKENS,
            "candidatesTokenCount": OUTPUT_TOKENS, "totalTokenCount": INPUT_TOKENS + OUTPUT_TOKENS}})
}

fn limit() -> Response {
    let error = json!({"code": 429, "status": "RESOURCE_EXHAUSTED",
        "message": "You exceeded your current quota. Please retry in 3600s.",
        "details": [{"@type": "type.googleapis.com/google.rpc.QuotaFailure",
            "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel"}]}]});
    stream::refusal(StatusCode::TOO_MANY_REQUESTS, json!({"error": error}))
}
