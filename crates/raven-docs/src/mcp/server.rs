//! The MCP endpoint: who calls is known by the key of their agent, and what they may call is told.
//!
//! Owns the endpoint's transport. Every request stands for itself, in every revision: there is no session to
//! lose when the server starts anew. Must not know what a tool does.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, Implementation, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tokio_util::sync::CancellationToken;

use super::tools;
use crate::app::App;
use crate::auth::{AgentCaller, Auth};
use crate::error::Error;
use crate::http::extract::{MAX_BODY, credentials};

/// The endpoint, for whoever has an agent's key.
pub fn route(app: &App, cancel: CancellationToken) -> Router<App> {
    // The guard has checked `Host` and `Origin` before, by the names under which this server is known.
    let config = StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY)
        .with_cancellation_token(cancel)
        .disable_allowed_hosts();
    let shared = app.clone();
    let handler = move || Ok(Door { app: shared.clone() });
    let service = StreamableHttpService::new(handler, Arc::new(LocalSessionManager::default()), config);
    Router::new()
        .route_service("/mcp", service)
        .route_layer(middleware::from_fn_with_state(app.clone(), recognise))
}

/// Lets only agents pass, and remembers which one it is.
async fn recognise(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match app.auth.agent(&credentials(request.headers(), None)).await {
        Ok(caller) => {
            // Nothing below is to see the key, nor to log it.
            request.headers_mut().remove(header::AUTHORIZATION);
            request.extensions_mut().insert(caller.clone());
            tokio::select! {
                response = next.run(request) => until_key_ends(response, app.auth, caller),
                () = app.auth.key_ended(&caller) => refused(Error::UnknownAgentKey),
            }
        }
        Err(error) => refused(error),
    }
}

fn refused(error: Error) -> Response {
    let unknown = matches!(error, Error::UnknownAgentKey);
    let mut response = error.into_response();
    if unknown {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A response whose stream, if it is one, ends with the caller's key.
fn until_key_ends(response: Response, auth: Auth, caller: AgentCaller) -> Response {
    let (parts, body) = response.into_parts();
    if body.size_hint().exact().is_some() {
        return Response::from_parts(parts, body);
    }
    let ended = Box::pin(async move { auth.key_ended(&caller).await });
    Response::from_parts(parts, Body::from_stream(body.into_data_stream().take_until(ended)))
}

/// What answers the calls of one request.
struct Door {
    app: App,
}

/// Which agent calls, as it was recognised before.
fn caller(context: &RequestContext<RoleServer>) -> Result<&AgentCaller, ErrorData> {
    let parts = context.extensions.get::<Parts>();
    let caller = parts.and_then(|parts| parts.extensions.get::<AgentCaller>());
    caller.ok_or_else(|| ErrorData::internal_error("the caller is not known", None))
}

impl ServerHandler for Door {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(Implementation::new("raven", env!("CARGO_PKG_VERSION")))
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::list(caller(&context)?)))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        tools::call(&self.app, caller(&context)?, &request.name, request.arguments.unwrap_or_default()).await
    }
}
