//! An MCP server with one tool, `lab_echo`, which returns what it is told.
//!
//! Owns the tool. Must not know its callers: the official SDK speaks every version of the protocol.

use std::sync::Arc;

use rmcp::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The server.
#[derive(Clone)]
pub struct Lab;

/// The server as something that axum can be given.
pub fn service(running: &CancellationToken) -> StreamableHttpService<Lab, LocalSessionManager> {
    let config = StreamableHttpServerConfig::default()
        .with_sse_retry(None)
        .with_cancellation_token(running.child_token());
    // Without the empty event that would begin each stream: Gemini CLI 0.61 takes it for a broken message.
    let mut sessions = LocalSessionManager::default();
    sessions.session_config.sse_retry = None;
    StreamableHttpService::new(|| Ok(Lab), Arc::new(sessions), config)
}

impl ServerHandler for Lab {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, rmcp::ErrorData> {
        let schema =
            json!({"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]});
        let Value::Object(schema) = schema else { unreachable!("an object was written") };
        Ok(ListToolsResult::with_all_items(vec![Tool::new("lab_echo", "Says what it is told", schema)]))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        _context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, rmcp::ErrorData> {
        let text = request.arguments.as_ref().and_then(|arguments| arguments.get("text")?.as_str());
        let echo = format!("echo-{}", text.unwrap_or_default());
        Ok(CallToolResult::success(vec![ContentBlock::text(echo)]).into())
    }
}
