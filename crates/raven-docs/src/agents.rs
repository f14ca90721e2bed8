//! Agents: spawning, listing, stopping, and what their runtime's reports change.
//!
//! Owns an agent's row and its transitions. Must not know HTTP, sockets or terminal bytes.

use std::sync::Arc;

use raven_protocol::agent::{AgentChange, AgentStatus, AgentType, SpawnConfig, check_count, check_name};
use raven_protocol::id::{AgentId, RuntimeId, WorkspaceId};
use raven_protocol::runtime_api::{
    CallbackStatus, ScreenJson, SpawnCallback, SpawnRequest, SpawnedAgent, StopRequest,
};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::access::{Drive, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::auth::{Named, Runtime};
use crate::db::{Db, agents as rows};
use crate::error::{Conflict, Error, RuntimeFailure};
use crate::events::{Change, Changes, WorkspaceEvent};
use crate::page::{Page, PageQuery};
use crate::runtimes::Runtimes;
use crate::runtimes::client::RuntimeClient;
use crate::secrets;
use crate::terminals::{Opening, SessionBrief, Terminals};

mod report;

/// Most capabilities of a spawn, and most characters of each.
const MAX_CAPABILITIES: usize = 32;

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
    /// Its working folder on the runtime's machine.
    pub cwd: Option<String>,
    pub pid: Option<i64>,
    pub exit_code: Option<i64>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub last_activity_at: Option<Timestamp>,
    pub spawned_by: Named,
    /// Its terminal, once it has one.
    pub session: Option<SessionBrief>,
}

/// What to spawn. Unknown keys are refused: a misspelt option must not be ignored.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spawn {
    pub agent_type: AgentType,
    /// How many, 1 to 10; 1 by default.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10, default = 1)]
    pub count: u32,
    /// Name; with several agents each gets a number behind it.
    pub name: Option<String>,
    /// What the agents are for; kept, shown and searchable.
    #[serde(default)]
    pub capabilities: Vec<String>,
    #[serde(default)]
    pub config: SpawnConfig,
}

fn one() -> u32 {
    1
}

/// The answer to a spawn.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpawnAnswer {
    /// Whether every agent was accepted by the runtime.
    pub success: bool,
    pub spawned_agents: Vec<AcceptedAgent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<SpawnError>,
}

/// An agent that the runtime has accepted; events tell how it goes on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AcceptedAgent {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub agent_type: String,
    pub status: AgentStatus,
}

/// An agent that the runtime did not take.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpawnError {
    pub agent_id: String,
    pub message: String,
}

/// Which agents a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct AgentQuery {
    pub status: Option<AgentStatus>,
    /// Only those with this capability.
    pub capabilities: Option<String>,
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
    started_at: Timestamp,
}

impl Agents {
    pub fn new(
        db: Db,
        changes: Changes,
        runtimes: Runtimes,
        terminals: Terminals,
        callback_url: &str,
    ) -> Self {
        let started_at = Timestamp::now();
        Self { db, changes, runtimes, terminals, callback_url: callback_url.into(), started_at }
    }

    /// Spawns agents: their rows are committed before the runtime is asked, and its events settle
    /// what becomes of them.
    ///
    /// # Errors
    /// What the runtime could not be asked or did not accept; agents it did not take end as failed.
    pub async fn spawn(&self, by: &Granted<Drive>, wanted: Spawn) -> Result<SpawnAnswer, Error> {
        check(&wanted)?;
        let client = self.runtimes.client(by.workspace()).await?;
        let runtime = check_type(&client, &wanted.agent_type).await?;
        let token = secrets::generate("raven_cb_");
        let rows = self.insert(by, &wanted, runtime.as_ref(), &token).await?;
        match client.spawn(&self.request(by.workspace(), &wanted, &rows, token)).await {
            Ok(answer) => self.accepted(by.workspace(), &client, rows, answer.agents).await,
            Err(failure) => {
                for row in &rows {
                    self.fail(by.workspace(), &row.id, &failure.to_string()).await?;
                }
                Err(failure.into())
            }
        }
    }

    async fn insert(
        &self,
        by: &Granted<Drive>,
        wanted: &Spawn,
        runtime: Option<&RuntimeId>,
        token: &SecretString,
    ) -> Result<Vec<rows::Model>, Error> {
        let mut change = self.changes.begin().await?;
        let mut inserted = Vec::new();
        for number in 1..=wanted.count {
            let runtime_id = runtime.map(ToString::to_string);
            let row = rows::Model { runtime_id, ..new_row(by, wanted, number, token)? };
            rows::insert(change.tx(), &row).await?;
            let about = About { agent: Some(named(&row)), actor: Some(by.by()), ..About::default() };
            activity::record(&mut change, by.workspace(), ActivityKind::AgentSpawned, about).await?;
            change.tell(by.workspace(), WorkspaceEvent::AgentChanged(Box::new(view(row.clone(), None)?)));
            inserted.push(row);
        }
        change.commit().await?;
        Ok(inserted)
    }

    fn request(
        &self,
        workspace: &WorkspaceId,
        wanted: &Spawn,
        rows: &[rows::Model],
        token: SecretString,
    ) -> SpawnRequest {
        SpawnRequest {
            agent_type: wanted.agent_type.clone(),
            count: wanted.count,
            name: wanted.name.clone(),
            agent_ids: Some(rows.iter().filter_map(|row| AgentId::parse(row.id.as_str()).ok()).collect()),
            capabilities: wanted.capabilities.clone(),
            config: wanted.config.clone(),
            workspace_id: Some(workspace.clone()),
            callback_url: Some(self.callback_url.to_string()),
            callback_token: Some(token),
        }
    }

    /// Takes over what the runtime says of the agents that it accepted, in the order asked for.
    async fn accepted(
        &self,
        workspace: &WorkspaceId,
        client: &RuntimeClient,
        rows: Vec<rows::Model>,
        spawned: Vec<SpawnedAgent>,
    ) -> Result<SpawnAnswer, Error> {
        let mut answer = SpawnAnswer { success: true, spawned_agents: Vec::new(), errors: Vec::new() };
        let mut spawned = spawned.into_iter();
        for row in rows {
            let Some(theirs) = spawned.next() else {
                let message = "the runtime accepted fewer agents than it was asked for".to_owned();
                self.fail(workspace, &row.id, &message).await?;
                answer.errors.push(SpawnError { agent_id: row.id, message });
                continue;
            };
            self.bind(workspace, client, &row.id, &theirs).await?;
            let status = AgentStatus::Spawning;
            let accepted = AcceptedAgent { id: row.id, name: row.name, agent_type: row.agent_type, status };
            answer.spawned_agents.push(accepted);
        }
        answer.success = answer.errors.is_empty();
        Ok(answer)
    }

    async fn bind(
        &self,
        workspace: &WorkspaceId,
        client: &RuntimeClient,
        id: &str,
        theirs: &SpawnedAgent,
    ) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let mut row = self.row_in(&change, workspace, &AgentId::parse(id)?).await?;
        row.runtime_agent_id = theirs.id.to_string();
        rows::update(change.tx(), &row).await?;
        let opening = Opening {
            runtime_session_id: theirs.runtime_session_id.clone(),
            endpoint: Some(theirs.runtime_endpoint.clone()),
            may_dial: Runtimes::is_same_host(client, &theirs.runtime_endpoint),
            title: None,
            size: None,
        };
        let opened = self.terminals.ensure(&mut change, &row, opening).await?;
        change.commit().await?;
        self.terminals.start(opened);
        Ok(())
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
        let limit = page.limit()?;
        let filter =
            rows::Filter { status: query.status, capability: query.capabilities, before: page.cursor };
        let found = rows::page(self.db.read(), by.workspace(), &filter, limit + 1).await?;
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

    /// One agent.
    pub async fn get(&self, by: &Granted<Read>, id: &AgentId) -> Result<Agent, Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?.ok_or(Error::NotFound("agent"))?;
        let session = self.terminals.briefs(std::slice::from_ref(&row.id)).await?.remove(&row.id);
        view(row, session)
    }

    /// Asks the runtime to end an agent's whole process tree; an event tells when it is gone.
    pub async fn stop(&self, by: &Granted<Drive>, id: &AgentId, how: StopAgent) -> Result<Agent, Error> {
        let workspace = by.workspace();
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
        let mut change = self.changes.begin().await?;
        let found = rows::find_reported(change.tx(), from.workspace(), &told.agent_id).await?;
        let mut row = found.filter(|row| from.may_speak_for(row)).ok_or(Error::NotFound("agent"))?;
        if let Some(runtime_session_id) = told.runtime_session_id {
            let opening = Opening {
                runtime_session_id,
                may_dial: false,
                endpoint: told.runtime_endpoint,
                title: None,
                size: None,
            };
            self.terminals.ensure(&mut change, &row, opening).await?;
        }
        let what = match told.status {
            CallbackStatus::Ready => AgentChange::Ready,
            CallbackStatus::Failed => AgentChange::Failed,
            CallbackStatus::RequiresLogin => AgentChange::LoginRequired,
        };
        row.login_url = told.login_url;
        row.error = told.error.or(row.error);
        self.transition(&mut change, row, what).await?;
        change.commit().await
    }
}

fn check(wanted: &Spawn) -> Result<(), Error> {
    check_count(wanted.count)?;
    wanted.name.as_deref().map(check_name).transpose()?;
    wanted.config.check(&wanted.agent_type)?;
    let fits = |text: &String| !text.is_empty() && text.chars().count() <= MAX_CAPABILITIES;
    if wanted.capabilities.len() > MAX_CAPABILITIES || !wanted.capabilities.iter().all(fits) {
        let why = format!("must be at most {MAX_CAPABILITIES} texts of 1 to {MAX_CAPABILITIES} characters");
        return Err(Error::invalid("capabilities", why));
    }
    Ok(())
}

/// Asks the runtime whether it knows the kind, before anything is written; answers which one it is.
async fn check_type(client: &RuntimeClient, wanted: &AgentType) -> Result<Option<RuntimeId>, Error> {
    let (health, _) = client.health().await?;
    let Some(types) = health.agent_types else { return Ok(health.runtime_id) };
    if types.iter().any(|known| known.agent_type == *wanted) {
        return Ok(health.runtime_id);
    }
    let known: Vec<&str> = types.iter().map(|known| known.agent_type.as_str()).collect();
    let (unknown, known) = (wanted.to_string(), known.join(", "));
    Err(RuntimeFailure::UnknownAgentType { unknown, known }.into())
}

fn new_row(
    by: &Granted<Drive>,
    wanted: &Spawn,
    number: u32,
    token: &SecretString,
) -> Result<rows::Model, Error> {
    let base = wanted.name.clone().unwrap_or_else(|| wanted.agent_type.to_string());
    let name = if wanted.count > 1 { format!("{base} {number}") } else { base };
    let (id, now) = (AgentId::generate().to_string(), Timestamp::now().as_millis());
    let Named { id: spawned_by, name: spawned_by_name } = by.by();
    Ok(rows::Model {
        runtime_agent_id: id.clone(),
        runtime_id: None,
        id,
        workspace_id: by.workspace().to_string(),
        name,
        agent_type: wanted.agent_type.to_string(),
        status: AgentStatus::Spawning.as_str().to_owned(),
        status_since: now,
        evidence: None,
        error: None,
        login_url: None,
        capabilities: serde_json::to_string(&wanted.capabilities).map_err(anyhow::Error::from)?,
        cwd: wanted.config.cwd.clone(),
        pid: None,
        exit_code: None,
        callback_digest: secrets::digest(token.expose_secret()),
        spawned_by,
        spawned_by_name,
        created_at: now,
        started_at: None,
        ended_at: None,
        last_activity_at: None,
    })
}

fn named(row: &rows::Model) -> Named {
    Named { id: row.id.clone(), name: row.name.clone() }
}

fn status_of(row: &rows::Model) -> Result<AgentStatus, Error> {
    let status = AgentStatus::from_str_opt(&row.status);
    Ok(status.ok_or_else(|| anyhow::anyhow!("agent {} has the unknown status `{}`", row.id, row.status))?)
}

fn view(row: rows::Model, session: Option<SessionBrief>) -> Result<Agent, Error> {
    Ok(Agent {
        status: status_of(&row)?,
        capabilities: serde_json::from_str(&row.capabilities).map_err(anyhow::Error::from)?,
        id: row.id,
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
        spawned_by: Named { id: row.spawned_by, name: row.spawned_by_name },
        session,
    })
}
