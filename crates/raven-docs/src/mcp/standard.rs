//! The older surface, one POST per method under `/api/mcp-standard`, for clients that were written for it.
//!
//! Owns its paths and the shape of its answers, which come from the same functions as those of `/mcp`. Must not know
//! what a tool does.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json, Router, middleware, routing};
use rmcp::model::{CallToolResult, JsonObject, Tool as Described};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Client;
use super::server::recognise;
use super::told::told;
use super::tool::{Category, Listed};
use super::tools::catalogue::{self, ToolSearch};
use super::{prompts, resources, schema, tools};
use crate::app::App;
use crate::auth::AgentCaller;
use crate::error::Error;
use crate::http::extract::MAX_BODY;

/// The revision whose words this surface speaks.
const REVISION: &str = "2024-11-05";

/// The surface, for whoever has an agent's key.
pub fn route(app: &App) -> Router<App> {
    Router::new()
        .route("/api/mcp-standard/{method}", routing::post(serve))
        .route_layer(middleware::from_fn_with_state(app.clone(), recognise))
}

async fn serve(
    State(app): State<App>,
    Extension(caller): Extension<AgentCaller>,
    Path(method): Path<String>,
    body: Bytes,
) -> Response {
    match answered(&app, &caller, (&method, &body)).await {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => refused(error).await,
    }
}

/// The methods that count as calls where they are answered.
const CALLS: [&str; 3] = ["call_tool", "list_resources", "read_resource"];

async fn answered(app: &App, by: &AgentCaller, (method, body): (&str, &[u8])) -> Result<Value, Error> {
    if !CALLS.contains(&method) {
        app.tool_calls.limit_message(by).await?;
    }
    match method {
        "initialize" => Ok(begun()),
        "list_tools" => {
            let OfCategory { category } = read(body)?;
            Ok(json!({ "tools": of_category(by, category) }))
        }
        "get_tools_by_category" => {
            let ByCategory { category } = read(body)?;
            Ok(json!({ "category": category, "tools": of_category(by, Some(category)) }))
        }
        "search_tools" => written(catalogue::search(by, &read::<ToolSearch>(body)?)?),
        "list_categories" => written(catalogue::categories(by)),
        "call_tool" => {
            let Named { name, arguments } = read(body)?;
            let done = tools::call(app, by, (&name, arguments), Client::default()).await?;
            written(CallToolResult::structured(done))
        }
        "list_resources" => {
            let From { cursor } = read(body)?;
            let (resources, next) = resources::page(app, by, cursor).await?;
            Ok(json!({ "resources": resources, "nextCursor": next }))
        }
        "read_resource" => {
            let At { uri } = read(body)?;
            Ok(json!({ "contents": resources::read(app, by, &uri).await?.contents }))
        }
        "list_prompts" => Ok(json!({ "prompts": prompts::list() })),
        "get_prompt" => {
            let Named { name, arguments } = read(body)?;
            let got = prompts::get(&name, &arguments)?;
            Ok(json!({ "description": got.description, "messages": got.messages }))
        }
        _ => Err(Error::NoRoute),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfCategory {
    category: Option<Category>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ByCategory {
    category: Category,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(default)]
    arguments: JsonObject,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct From {
    cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    uri: String,
}

fn begun() -> Value {
    json!({
        "protocolVersion": REVISION,
        "capabilities": { "tools": {}, "resources": {}, "prompts": {} },
        "serverInfo": { "name": "raven", "version": env!("CARGO_PKG_VERSION") },
    })
}

fn of_category(by: &AgentCaller, category: Option<Category>) -> Vec<&'static Described> {
    let is_in = |tool: &Listed| category.is_none_or(|category| category == tool.words.category);
    tools::list(by).filter(|(tool, _)| is_in(tool)).map(|(_, described)| described).collect()
}

/// A body, which may be left out when nothing needs to be said.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Error> {
    let given = if body.iter().all(u8::is_ascii_whitespace) {
        JsonObject::new()
    } else {
        serde_json::from_slice(body)
            .map_err(|error| Error::Malformed(format!("the body is no JSON object: {error}")))?
    };
    schema::read(given)
}

fn written(answer: impl Serialize) -> Result<Value, Error> {
    Ok(serde_json::to_value(answer).map_err(anyhow::Error::from)?)
}

/// A problem, as everywhere, with the error as `/mcp` tells it.
async fn refused(error: Error) -> Response {
    let told = told(&error);
    let (parts, body) = error.into_response().into_parts();
    let read = to_bytes(body, MAX_BODY).await.unwrap_or_default();
    let mut problem: Value = serde_json::from_slice(&read).unwrap_or_else(|_| json!({}));
    problem["error"] = json!(told);
    let mut response = Response::from_parts(parts, Body::from(problem.to_string()));
    response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
    response
}
