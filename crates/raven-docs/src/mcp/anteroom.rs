//! Who comes to `/mcp` without a key: an agent that has an invite, and wants one.
//!
//! Owns how narrow that is: a caller without any credential may begin, sees one tool, and calls it. Every other message is
//! refused as one with a wrong key is, and nothing is kept between two messages. Must not know what an invite is worth.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::permission::Permission;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, Implementation, ListToolsResult,
    PaginatedRequestParams, ServerCapabilities, ServerConfig, Tool as Described, ToolAnnotations,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use schemars::JsonSchema;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tower::ServiceExt as _;

use super::schema;
use super::server::{answered, refused};
use super::told::told;
use crate::agents::invites::Registration;
use crate::agents::requests::Stranger;
use crate::app::App;
use crate::error::Error;
use crate::http::extract::{MAX_BODY, credentials};
use crate::origin::Origin;

/// The one tool that is for who has no key.
const TOOL: &str = "agent_register";

/// What a client may say without a key, beside calling that tool.
const METHODS: [&str; 5] =
    ["initialize", "notifications/initialized", "server/discover", "ping", "tools/list"];

const WHAT: &str = "Lets you in as an agent by an invite, and answers with your key, once. From then on send it as \
    `Authorization: Bearer raven_mcp_…`: with it you see the tools of your workspace.";

const INSTRUCTIONS: &str =
    "You have sent no key. With an invite, `agent_register` gives you one; begin anew with it.";

/// Serves callers without a key.
#[derive(Clone)]
pub struct Anteroom {
    service: StreamableHttpService<Desk, NeverSessionManager>,
}

/// As much of a message as tells whether it is let in.
#[derive(Deserialize)]
struct Message {
    method: String,
    #[serde(default)]
    params: Params,
}

#[derive(Default, Deserialize)]
struct Params {
    name: Option<String>,
}

impl Anteroom {
    pub fn new(app: &App, config: StreamableHttpServerConfig) -> Self {
        let shared = app.clone();
        let desk = move || Ok(Desk { app: shared.clone() });
        Self {
            service: StreamableHttpService::new(desk, Arc::default(), config.with_legacy_session_mode(false)),
        }
    }

    /// Whether a request comes without any credential. One with a wrong key is none of ours.
    pub fn is_for(request: &Request) -> bool {
        let given = credentials(request.headers(), None);
        request.method() == Method::POST && given.bearer.is_none() && given.cookie.is_none()
    }

    pub async fn serve(self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        let Ok(bytes) = to_bytes(body, MAX_BODY).await else {
            return Error::TooLarge { limit_kib: MAX_BODY / 1024 }.into_response();
        };
        if !is_let_in(&bytes) {
            return refused(Error::UnknownAgentKey);
        }
        parts.extensions.insert(Origin::current());
        answered(self.service.oneshot(Request::from_parts(parts, Body::from(bytes))).await)
    }
}

fn is_let_in(message: &[u8]) -> bool {
    let Ok(Message { method, params }) = serde_json::from_slice(message) else { return false };
    METHODS.contains(&method.as_str()) || (method == "tools/call" && params.name.as_deref() == Some(TOOL))
}

/// What answers one message.
struct Desk {
    app: App,
}

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AgentRegister {
    /// The invite that you were given: `inv_…`.
    #[schemars(with = "String")]
    invite_token: SecretString,
    /// How people are to know you.
    agent_name: String,
    /// What you are; for people.
    agent_description: Option<String>,
    /// What you are for.
    #[serde(default)]
    capabilities: Vec<String>,
    /// A picture of you.
    avatar_url: Option<String>,
}

/// An agent that was let in.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Registered {
    agent_id: String,
    /// Your key, shown this once.
    api_key: String,
    permissions: Vec<Permission>,
    workspace_id: WorkspaceId,
}

fn described() -> Described {
    Described::new(TOOL, WHAT, schema::taken::<AgentRegister>())
        .with_title("Register by an invite")
        .with_raw_output_schema(schema::answered::<Registered>().into())
        .with_annotations(
            ToolAnnotations::with_title("Register by an invite").read_only(false).destructive(false),
        )
}

impl ServerHandler for Desk {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
            .with_server_info(
                Implementation::new("raven", env!("CARGO_PKG_VERSION")).with_title("Raven Docs"),
            )
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(vec![described()]))
    }

    fn get_tool(&self, name: &str) -> Option<Described> {
        (name == TOOL).then(described)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let parts = context.extensions.get::<Parts>();
        let origin = parts.and_then(|parts| parts.extensions.get::<Origin>()).cloned().unwrap_or_default();
        let done = origin.clone().scope(self.register(request, &origin)).await;
        match done {
            Ok(value) => Ok(CallToolResult::structured(value).into()),
            Err(error) => {
                if let Error::Internal(cause) = &error {
                    tracing::error!(error = format!("{cause:#}"), "a registration failed");
                }
                Err(told(&error))
            }
        }
    }
}

impl Desk {
    /// As the route of registrations does, under the same limit.
    async fn register(
        &self,
        request: CallToolRequestParams,
        origin: &Origin,
    ) -> Result<serde_json::Value, Error> {
        if request.name != TOOL {
            return Err(Error::UnknownAgentKey);
        }
        let arguments = request.arguments.unwrap_or_default();
        let arguments = arguments.into_iter().map(|(name, value)| (schema::camel_case(&name), value));
        let asked = schema::read::<AgentRegister>(arguments.collect())?;
        let newcomer = Registration {
            invite_token: asked.invite_token,
            agent_id: AgentId::generate(),
            agent_name: asked.agent_name,
            capabilities: asked.capabilities,
            description: asked.agent_description,
            avatar_url: asked.avatar_url,
        };
        let from = Stranger { address: origin.network(), account: None };
        let (agent, workspace, key) = self.app.agents.register_in(newcomer, from).await?;
        let registered = Registered {
            agent_id: agent.id,
            api_key: key.expose_secret().to_owned(),
            permissions: agent.permissions,
            workspace_id: workspace,
        };
        Ok(serde_json::to_value(registered).map_err(anyhow::Error::from)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_way_to_a_key_is_open_without_one() {
        for (message, open) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"x"}}"#, true),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#, true),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"agent_register"}}"#, true),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"agent_profile"}}"#, false),
            (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, false),
            (r#"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#, false),
            (r#"{"jsonrpc":"2.0","id":1,"method":"prompts/get"}"#, false),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]"#, false),
            ("{}", false),
            ("", false),
        ] {
            assert_eq!(is_let_in(message.as_bytes()), open, "{message}");
        }
    }
}
