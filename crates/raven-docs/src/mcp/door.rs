//! What clients ask for, by the official SDK's words, answered from our lists of tools, pages and prompts.
//!
//! Owns what this server says that it can. Must not know transport, nor what a tool does.

use std::sync::atomic::{AtomicBool, Ordering};

use axum::http::request::Parts;
use rmcp::model::{
    CacheScope, CallToolRequestParams, CallToolResponse, CallToolResult, GetPromptRequestParams,
    GetPromptResponse, Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, SubscriptionFilter, Tool as Described,
};
use rmcp::service::{NotificationContext, RequestContext, SubscriptionContext};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::call::Client;
use super::changed::Permissions;
use super::told::told;
use super::{prompts, resources, tools};
use crate::app::App;
use crate::auth::AgentCaller;
use crate::error::Error;
use crate::origin::Origin;

/// What every client is told when it begins.
const INSTRUCTIONS: &str = "Raven Docs: the pages, tasks and people of the workspace that you work in. Begin with \
    `assignment_next`, which tells what you are to do. Find things with `search_query`, and tools with `tool_search`. \
    When you need a decision, ask with `question_ask`; a tool that answers -32005 waits for a person: look with \
    `approval_status` and do not call it again. Tell how it went with `assignment_report`.";

/// What answers one session, or one request that stands for itself.
pub struct Door {
    app: App,
    /// Cancelled when this is dropped: nobody is there any more who could be told of changes.
    left: CancellationToken,
    _leaves: DropGuard,
    /// Whether somebody listens for changes already: a client may say that it has begun as often as it likes.
    listening: AtomicBool,
}

impl Door {
    pub fn new(app: App) -> Self {
        let left = CancellationToken::new();
        Self { app, _leaves: left.clone().drop_guard(), left, listening: AtomicBool::new(false) }
    }
}

/// Which agent calls, as it was recognised before, and where from.
fn caller(extensions: &rmcp::model::Extensions) -> Result<(&AgentCaller, Origin), ErrorData> {
    let parts = extensions.get::<Parts>();
    let caller = parts.and_then(|parts| parts.extensions.get::<AgentCaller>());
    let origin = parts.and_then(|parts| parts.extensions.get::<Origin>()).cloned().unwrap_or_default();
    Ok((caller.ok_or_else(|| ErrorData::internal_error("the caller is not known", None))?, origin))
}

fn cursor(request: Option<PaginatedRequestParams>) -> Option<String> {
    request.and_then(|request| request.cursor)
}

fn to_agent<T>(answer: Result<T, Error>) -> Result<T, ErrorData> {
    answer.map_err(|error| {
        if let Error::Internal(cause) = &error {
            tracing::error!(error = format!("{cause:#}"), "a request of an agent failed");
        }
        told(&error)
    })
}

impl ServerHandler for Door {
    fn get_info(&self) -> ServerConfig {
        let can = ServerCapabilities::builder()
            .enable_tools()
            .enable_tool_list_changed()
            .enable_resources()
            .enable_prompts()
            .build();
        ServerConfig::new(can)
            .with_server_info(
                Implementation::new("raven", env!("CARGO_PKG_VERSION")).with_title("Raven Docs"),
            )
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let (by, _) = caller(&context.extensions)?;
        let (tools, next) = to_agent(tools::page(by, cursor(request).as_deref()))?;
        // What an agent may use is its own matter, and may change at any time.
        let mut page =
            ListToolsResult::with_all_items(tools).with_ttl_ms(0).with_cache_scope(CacheScope::Private);
        page.next_cursor = next;
        Ok(page)
    }

    fn get_tool(&self, name: &str) -> Option<Described> {
        tools::described(name).cloned()
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let (by, origin) = caller(&context.extensions)?;
        let progress = context.meta.get_progress_token().map(|token| (context.peer.clone(), token));
        let client = Client::new(context.ct.clone(), progress);
        let wanted = (&*request.name, request.arguments.unwrap_or_default());
        let done = origin.scope(tools::call(&self.app, by, wanted, client)).await;
        to_agent(done.map(|value| CallToolResult::structured(value).into()))
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let (by, origin) = caller(&context.extensions)?;
        let listed = origin.scope(resources::page(&self.app, by, cursor(request))).await;
        let (pages, next) = to_agent(listed)?;
        let mut page =
            ListResourcesResult::with_all_items(pages).with_ttl_ms(0).with_cache_scope(CacheScope::Private);
        page.next_cursor = next;
        Ok(page)
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(resources::templates()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let (by, origin) = caller(&context.extensions)?;
        to_agent(origin.scope(resources::read(&self.app, by, &request.uri)).await.map(Into::into))
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::list()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        to_agent(prompts::get(&request.name, &request.arguments.unwrap_or_default()).map(Into::into))
    }

    async fn on_initialized(&self, context: NotificationContext<RoleServer>) {
        let Ok((by, _)) = caller(&context.extensions) else { return };
        if self.listening.swap(true, Ordering::Relaxed) {
            return;
        }
        let (mut permissions, left) = (Permissions::of(&self.app, by), self.left.clone());
        tokio::spawn(left.run_until_cancelled_owned(async move {
            while permissions.changed().await.is_some()
                && context.peer.notify_tool_list_changed().await.is_ok()
            {}
        }));
    }

    fn accepted_subscription_filter(&self, _: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        Some(SubscriptionFilter::builder().tools_list_changed().build())
    }

    async fn listen(&self, context: SubscriptionContext) -> Result<(), ErrorData> {
        let (by, _) = caller(&context.request_context().extensions)?;
        let mut permissions = Permissions::of(&self.app, by);
        loop {
            tokio::select! {
                () = context.cancelled() => return Ok(()),
                changed = permissions.changed() => {
                    if changed.is_none() || context.sink().notify_tool_list_changed().await.is_err() {
                        return Ok(());
                    }
                }
            }
        }
    }
}
