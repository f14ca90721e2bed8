//! Agents: listing, looking, stopping, callbacks. Spawning and reports have files of their own below.
//!
//! Owns an agent's row. Must not know HTTP, sockets or terminal bytes.

use std::sync::Arc;

use raven_protocol::agent::{AgentChange, AgentStatus};
use raven_protocol::doing::{Doing, PromptKind};
use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::permission::Permission;
use raven_protocol::runtime_api::{CallbackStatus, ScreenJson, SpawnCallback, StopRequest};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{Drive, Granted, Read};
use crate::audit::Action;
use crate::auth::{Named, Runtime};
use crate::db::{Db, agents as rows};
use crate::error::{Conflict, Error, RuntimeFailure};
use crate::events::{Change, Changes};
use crate::page::{Page, PageQuery};
use crate::runtimes::Runtimes;
use crate::secrets::Secrets;
use crate::terminals::reports::is_of_former_run;
use crate::terminals::{Opening, SessionBrief, Terminals};

use admission::{Access, AccessDecision, AgentOrigin, check_is_spawned, check_not_revoked};
use deed::Deed;

pub mod admission;
mod deed;
mod driving;
pub mod handing;
pub mod invites;
mod limits;
pub mod lineage;
pub mod own;
pub mod profile;
mod report;
pub mod requests;
mod restart;
mod revocation;
pub mod spawn;

/// Longest text of a callback, in bytes: an error with the last lines of a screen, generously.
const MAX_TOLD: usize = 16 * 1024;

/// Most agents that are shown to ask at once: a page, and more than people can answer.
const MAX_ASKING: u64 = 200;

/// An agent as the API and events show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Agent {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub agent_type: String,
    pub status: AgentStatus,
    /// When it reached this status.
    pub status_since: Timestamp,
    /// What the runtime saw that made it say so.
    pub evidence: Option<String>,
    /// Why it failed, with the last lines of its screen where there are any.
    pub error: Option<String>,
    pub login_url: Option<String>,
    pub capabilities: Vec<String>,
    /// What it may do here.
    pub permissions: Vec<Permission>,
    /// Its working folder on the runtime's machine.
    pub cwd: Option<String>,
    pub pid: Option<i64>,
    pub exit_code: Option<i64>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub last_activity_at: Option<Timestamp>,
    /// Who spawned it; null for an agent from outside.
    pub spawned_by: Option<Spawner>,
    /// Where it runs.
    pub origin: AgentOrigin,
    /// Whether it is let in.
    pub access: Access,
    /// What it says of itself.
    pub description: Option<String>,
    pub avatar_url: Option<String>,
    /// What an agent from outside asked for; null for one that did not ask.
    pub requested_permissions: Option<Vec<Permission>>,
    /// Who decided last of its access; null for one of which nobody had to.
    pub decision: Option<AccessDecision>,
    /// The invite by which it came.
    pub invite: Option<Named>,
    /// What it says that it is at.
    pub own_status: Option<own::SaidStatus>,
    /// Its terminal, once it has one.
    pub session: Option<SessionBrief>,
    /// What it is at: what it asks, how to sign in, its turn, what it has used.
    #[serde(flatten)]
    pub doing: Doing,
}

/// Who spawned an agent.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Spawner {
    pub id: String,
    pub name: String,
    /// `user` or `agent`.
    pub kind: String,
}

/// Which agents a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AgentQuery {
    pub status: Option<AgentStatus>,
    /// Only those with this capability.
    pub capabilities: Option<String>,
    /// Only those of this access; of those from outside only approved and revoked ones by default.
    pub access: Option<Access>,
    /// Only those that run there.
    pub origin: Option<AgentOrigin>,
}

/// How to stop an agent.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StopAgent {
    /// Kill at once instead of asking first.
    pub force: bool,
}

/// The agents of all workspaces.
#[derive(Clone)]
pub struct Agents {
    db: Db,
    changes: Changes,
    runtimes: Runtimes,
    terminals: Terminals,
    callback_url: Arc<str>,
    secrets: Secrets,
    restarts: restart::Restarts,
    limits: Arc<requests::Limits>,
    started_at: Timestamp,
}

impl Agents {
    pub fn new(
        db: Db,
        changes: Changes,
        runtimes: Runtimes,
        terminals: Terminals,
        (callback_url, secrets): (&str, Secrets),
    ) -> Self {
        let started_at = Timestamp::now();
        Self {
            db,
            changes,
            runtimes,
            terminals,
            callback_url: callback_url.into(),
            secrets,
            restarts: restart::Restarts::default(),
            limits: Arc::default(),
            started_at,
        }
    }

    async fn fail(&self, workspace: &WorkspaceId, id: &str, why: &str) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let mut row = self.row_in(&change, workspace, &AgentId::parse(id)?).await?;
        row.error = Some(why.to_owned());
        self.transition(&mut change, row, AgentChange::Failed).await?;
        change.commit().await
    }

    async fn row_in(
        &self,
        change: &Change,
        workspace: &WorkspaceId,
        id: &AgentId,
    ) -> Result<rows::Model, Error> {
        rows::find(change.tx(), workspace, id).await?.ok_or(Error::NotFound("agent"))
    }

    /// The agents of a workspace, newest first.
    pub async fn list(
        &self,
        by: &Granted<Read>,
        query: AgentQuery,
        page: PageQuery,
    ) -> Result<Page<Agent>, Error> {
        let access = query.access.map_or(vec![Access::Approved, Access::Revoked], |only| vec![only]);
        let filter = rows::Filter {
            status: query.status,
            capability: query.capabilities,
            access: access.into_iter().map(Access::as_str).collect(),
            origin: query.origin.map(AgentOrigin::as_str),
            ..rows::Filter::default()
        };
        self.page_of(by.workspace(), filter, page).await
    }

    async fn page_of(
        &self,
        workspace: &WorkspaceId,
        filter: rows::Filter,
        page: PageQuery,
    ) -> Result<Page<Agent>, Error> {
        let limit = page.limit()?;
        let filter = rows::Filter { before: page.cursor, ..filter };
        let found = rows::page(self.db.read(), workspace, &filter, limit + 1).await?;
        let ids: Vec<String> = found.iter().map(|row| row.id.clone()).collect();
        let sessions = self.terminals.briefs(&ids).await?;
        Page::of(
            found,
            limit,
            |row| &row.id,
            |row| {
                let session = sessions.get(&row.id).cloned();
                view(row, session)
            },
        )
    }

    /// The agents whose program asks a person to permit or to choose something.
    pub async fn asking(&self, by: &Granted<Read>) -> Result<Vec<Agent>, Error> {
        let query = AgentQuery { status: Some(AgentStatus::Waiting), ..AgentQuery::default() };
        let page = PageQuery { cursor: None, limit: Some(MAX_ASKING) };
        let asks = |agent: &Agent| {
            let kind = agent.doing.prompt.as_ref().map(|prompt| prompt.kind);
            matches!(kind, Some(PromptKind::Permission | PromptKind::Choice))
        };
        Ok(self.list(by, query, page).await?.items.into_iter().filter(asks).collect())
    }

    /// One agent.
    pub async fn get(&self, by: &Granted<Read>, id: &AgentId) -> Result<Agent, Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?.ok_or(Error::NotFound("agent"))?;
        let session = self.terminals.briefs(std::slice::from_ref(&row.id)).await?.remove(&row.id);
        view(row, session)
    }

    /// Asks the runtime to end an agent's whole process tree; an event tells when it is gone. One that is
    /// being restarted does not start again.
    pub async fn stop(&self, by: &Granted<Drive>, id: &AgentId, how: StopAgent) -> Result<Agent, Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?.ok_or(Error::NotFound("agent"))?;
        check_is_spawned(&row)?;
        self.restarts.call_off(id, how);
        let deed = Deed { action: Action::AgentStop, told: None, kept: json!({ "force": how.force }) };
        self.on_record(by, &row, deed, self.end(by.workspace(), id, how)).await
    }

    async fn end(&self, workspace: &WorkspaceId, id: &AgentId, how: StopAgent) -> Result<Agent, Error> {
        let row = rows::find(self.db.read(), workspace, id).await?.ok_or(Error::NotFound("agent"))?;
        if !status_of(&row)?.is_final() {
            self.check_is_there(workspace, &row).await?;
            let theirs = AgentId::parse(row.runtime_agent_id)?;
            let client = self.runtimes.client(workspace).await?;
            match client.stop(&theirs, StopRequest { force: how.force, timeout: None }).await {
                Ok(report) => drop(self.apply(workspace, &report, None).await?),
                Err(RuntimeFailure::Refused { status: 404, .. }) => {
                    self.forgotten(workspace, id, "its runtime no longer knows it").await?;
                }
                Err(failure) => return Err(failure.into()),
            }
        }
        let row = rows::find(self.db.read(), workspace, id).await?.ok_or(Error::NotFound("agent"))?;
        let session = self.terminals.briefs(std::slice::from_ref(&row.id)).await?.remove(&row.id);
        view(row, session)
    }

    /// An agent cannot be asked after at another runtime than its own.
    async fn check_is_there(&self, workspace: &WorkspaceId, row: &rows::Model) -> Result<(), Error> {
        let settings = crate::db::settings::find(self.db.read(), workspace).await?;
        match (&row.runtime_id, settings.and_then(|settings| settings.runtime_id)) {
            (Some(own), Some(named)) if *own != named => Err(Error::Runtime(RuntimeFailure::Refused {
                status: 409,
                code: String::new(),
                detail: format!(
                    "this agent runs on the runtime {own}, and the settings name {named}: change them back first"
                ),
            })),
            _ => Ok(()),
        }
    }

    /// The agent's screen as its runtime has it now.
    pub async fn screen(&self, by: &Granted<Read>, id: &AgentId) -> Result<ScreenJson, Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?.ok_or(Error::NotFound("agent"))?;
        check_is_spawned(&row)?;
        let client = self.runtimes.client(by.workspace()).await?;
        let screen = client.screen(&AgentId::parse(row.runtime_agent_id)?).await;
        screen.map_err(|failure| match failure {
            RuntimeFailure::Refused { detail, .. } => {
                Error::Conflict { code: Conflict::NoLiveScreen, detail }
            }
            other => other.into(),
        })
    }

    /// Takes a runtime's callback.
    pub async fn callback(&self, from: &Runtime, told: SpawnCallback) -> Result<(), Error> {
        check_callback(&told)?;
        let client = self.runtimes.client(from.workspace()).await.ok();
        let mut change = self.changes.begin().await?;
        let found = rows::find_reported(change.tx(), from.workspace(), &told.agent_id).await?;
        let mut row = found.filter(|row| from.may_speak_for(row)).ok_or(Error::NotFound("agent"))?;
        if let Some(run) = &told.runtime_session_id
            && is_of_former_run(&change, &row, run).await?
        {
            return Ok(());
        }
        let what = match told.status {
            CallbackStatus::Ready => AgentChange::Ready,
            CallbackStatus::Failed => AgentChange::Failed,
            CallbackStatus::RequiresLogin => AgentChange::LoginRequired,
        };
        let id = AgentId::parse(row.id.as_str())?;
        let mut opened = None;
        if let Some(runtime_session_id) = told.runtime_session_id
            && !status_of(&row)?.is_final()
        {
            let dialled = told.runtime_endpoint.as_deref().zip(client.as_ref());
            let may_dial = dialled.is_some_and(|(address, client)| Runtimes::is_same_host(client, address));
            let endpoint = told.runtime_endpoint;
            let opening = Opening { runtime_session_id, may_dial, endpoint, title: None, size: None };
            opened = self.terminals.ensure(&mut change, &row, opening).await?;
        }
        row.login_url = told.login_url.or(row.login_url);
        row.error = told.error.or(row.error);
        self.transition(&mut change, row, what).await?;
        change.commit().await?;
        self.terminals.start(opened);
        if what == AgentChange::Failed {
            self.terminals.agent_ended(from.workspace(), &id).await?;
        }
        Ok(())
    }
}

/// Checks what a runtime tells before it is kept and shown.
fn check_callback(told: &SpawnCallback) -> Result<(), Error> {
    crate::terminals::reports::check_endpoint(told.runtime_endpoint.as_deref())?;
    let texts = [("error", &told.error), ("loginUrl", &told.login_url), ("mcpEndpoint", &told.mcp_endpoint)];
    for (field, text) in texts {
        if text.as_ref().is_some_and(|text| text.len() > MAX_TOLD) {
            return Err(Error::invalid(field, format!("must be at most {MAX_TOLD} bytes")));
        }
    }
    let is_link =
        |text: &str| url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    match &told.login_url {
        Some(address) if !is_link(address) => {
            Err(Error::invalid("loginUrl", "must be an http or https address"))
        }
        _ => Ok(()),
    }
}

/// Most capabilities of an agent, and most characters of each.
const MAX_CAPABILITIES: usize = 32;

fn check_capabilities(capabilities: &[String]) -> Result<(), Error> {
    let fits = |text: &String| !text.is_empty() && text.chars().count() <= MAX_CAPABILITIES;
    if capabilities.len() > MAX_CAPABILITIES || !capabilities.iter().all(fits) {
        let why = format!("must be at most {MAX_CAPABILITIES} texts of 1 to {MAX_CAPABILITIES} characters");
        return Err(Error::invalid("capabilities", why));
    }
    Ok(())
}

/// An agent by the id that it is known by.
fn named(row: &rows::Model) -> Named {
    Named { id: row.external_id.as_ref().unwrap_or(&row.id).clone(), name: row.name.clone() }
}

fn status_of(row: &rows::Model) -> Result<AgentStatus, Error> {
    let status = AgentStatus::from_str_opt(&row.status);
    Ok(status.ok_or_else(|| anyhow::anyhow!("agent {} has the unknown status `{}`", row.id, row.status))?)
}

fn view(row: rows::Model, session: Option<SessionBrief>) -> Result<Agent, Error> {
    let (origin, admission) = (AgentOrigin::of(&row), admission::of(&row)?);
    Ok(Agent {
        status: status_of(&row)?,
        capabilities: serde_json::from_str(&row.capabilities).map_err(anyhow::Error::from)?,
        permissions: serde_json::from_str(&row.permissions).map_err(anyhow::Error::from)?,
        doing: serde_json::from_str(&row.doing).map_err(anyhow::Error::from)?,
        access: Access::of(&row),
        spawned_by: (origin == AgentOrigin::Spawned).then_some(Spawner {
            id: row.spawned_by,
            name: row.spawned_by_name,
            kind: row.spawned_by_kind,
        }),
        origin,
        own_status: row.own_status.as_deref().and_then(|said| serde_json::from_str(said).ok()),
        description: admission.description,
        avatar_url: admission.avatar_url,
        requested_permissions: admission.request.map(|asked| asked.permissions.into_iter().collect()),
        decision: admission.decision,
        invite: admission.invite,
        id: row.external_id.unwrap_or(row.id),
        name: row.name,
        agent_type: row.agent_type,
        status_since: Timestamp::from_millis(row.status_since),
        evidence: row.evidence,
        error: row.error,
        login_url: row.login_url,
        cwd: row.cwd,
        pid: row.pid,
        exit_code: row.exit_code,
        created_at: Timestamp::from_millis(row.created_at),
        started_at: row.started_at.map(Timestamp::from_millis),
        ended_at: row.ended_at.map(Timestamp::from_millis),
        last_activity_at: row.last_activity_at.map(Timestamp::from_millis),
        session,
    })
}
