//! Spawning: what may be asked for, the rows that come first, and what the runtime makes of it.
//!
//! Owns the order: rows are committed, then the runtime is asked, then its events settle the rest.

use std::collections::{BTreeMap, BTreeSet};

use raven_protocol::agent::{AgentStatus, AgentType, SpawnConfig, check_count, check_name};
use raven_protocol::id::{AgentId, ProjectId, RuntimeId, TaskId, WorkspaceId};
use raven_protocol::permission::Permission;
use raven_protocol::runtime_api::{McpAccess, SpawnRequest, SpawnedAgent};
use raven_protocol::terminal::Keep;
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::admission::{Access, AgentOrigin};
use super::limits::{self, More};
use super::lineage;
use super::{Agents, check_capabilities, named, rows, status_of, view};
use crate::access::{Granted, SpawnAgents};
use crate::activity::{self, About, ActivityKind};
use crate::assignments::{NewAssignment, giving};
use crate::audit::{Action, Entry, Target};
use crate::auth::{AGENT_KEY, Named};
use crate::db;
use crate::error::{Error, RuntimeFailure};
use crate::events::WorkspaceEvent;
use crate::repeats::IdempotencyKey;
use crate::runtimes::Runtimes;
use crate::runtimes::client::RuntimeClient;
use crate::secrets;
use crate::terminals::Opening;

/// What to spawn. Unknown keys are refused: a misspelt option must not be ignored. Written out only to be sealed.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spawn {
    pub agent_type: AgentType,
    /// How many, 1 to 10; 1 by default.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 10, default = 1)]
    #[schemars(range(min = 1, max = 10))]
    pub count: u32,
    /// Name; with several agents each gets a number behind it.
    pub name: Option<String>,
    /// What the agents are for; kept, shown and searchable.
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// What they may do here; reading pages, tasks, projects and memory by default.
    pub permissions: Option<BTreeSet<Permission>>,
    #[serde(default)]
    pub config: SpawnConfig,
    /// Its first work; with several agents each gets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment: Option<NewAssignment>,
    /// A task that its first work is about; that is to do it, unless `assignment` says more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task_id: Option<TaskId>,
    /// A project that its first work is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<ProjectId>,
}

fn one() -> u32 {
    1
}

impl Spawn {
    /// Checks everything that can be checked without the runtime. Nobody gives rights that they have not.
    ///
    /// # Errors
    /// `Invalid` for the first field that is out of bounds, and for rights that an agent has not; `Denied` for rights
    /// that only admins give.
    pub fn checked(mut self, by: &Granted<SpawnAgents>) -> Result<Self, Error> {
        self.assignment =
            giving::about((self.task_id.take(), self.project_id.take()), self.assignment.take());
        check(&self)?;
        self.permissions = Some(limits::granted(by, self.permissions.take())?);
        Ok(self)
    }
}

/// The answer to a spawn.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpawnAnswer {
    /// Whether every agent was accepted by the runtime.
    pub success: bool,
    pub spawned_agents: Vec<AcceptedAgent>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<SpawnError>,
}

/// An agent that the runtime has accepted; events tell how it goes on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
pub struct AcceptedAgent {
    pub id: String,
    pub name: String,
    #[serde(rename = "type")]
    pub agent_type: String,
    pub status: AgentStatus,
}

/// An agent that the runtime did not take.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SpawnError {
    pub agent_id: String,
    pub message: String,
}

/// Where new agents come from.
struct Origin {
    runtime: Option<RuntimeId>,
    /// Whether agents of this kind have tools to report with.
    reports: bool,
    request: Option<String>,
}

/// The rows of a spawn.
enum Inserted {
    New(Vec<rows::Model>, BTreeMap<AgentId, SecretString>),
    /// An earlier request with the same key has made them.
    Before(Vec<rows::Model>),
}

impl Agents {
    /// Spawns agents: their rows are committed before the runtime is asked, and its events settle
    /// what becomes of them. A request that is repeated with its key is answered with its agents.
    ///
    /// # Errors
    /// What the runtime could not be asked or did not accept; agents it did not take end as failed.
    pub async fn spawn(
        &self,
        by: &Granted<SpawnAgents>,
        wanted: Spawn,
        key: Option<IdempotencyKey>,
    ) -> Result<SpawnAnswer, Error> {
        let wanted = wanted.checked(by)?;
        let client = self.runtimes.client(by.workspace()).await?;
        let (runtime, reports) = check_type(&client, &wanted.agent_type).await?;
        let token = secrets::generate("raven_cb_");
        let request = key.map(|key| key.digest(by));
        let (rows, keys) =
            match self.insert(by, &wanted, Origin { runtime, reports, request }, &token).await? {
                Inserted::New(rows, keys) => (rows, keys),
                Inserted::Before(rows) => return repeated(&wanted, rows),
            };
        match client.spawn(&self.request(by.workspace(), &wanted, &rows, (token, keys))).await {
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
        by: &Granted<SpawnAgents>,
        wanted: &Spawn,
        origin: Origin,
        token: &SecretString,
    ) -> Result<Inserted, Error> {
        let mut change = self.changes.begin_for(by).await?;
        if let Some(request) = &origin.request {
            let before = rows::by_request_digest(change.tx(), request).await?;
            if !before.is_empty() {
                return Ok(Inserted::Before(before));
            }
        }
        self.check_giver(&change, by, &permissions(wanted)).await?;
        self.check_room(&change, by.workspace(), More(wanted.count), None).await?;
        let (mut inserted, mut keys) = (Vec::new(), BTreeMap::new());
        for number in 1..=wanted.count {
            let row = new_row(by, wanted, number, token)?;
            let runtime_id = origin.runtime.as_ref().map(ToString::to_string);
            let variables_sealed = self.seal_variables(&row.id, &wanted.config.env)?;
            let request_digest = origin.request.clone();
            let reports = origin.reports;
            let row = rows::Model { runtime_id, variables_sealed, request_digest, reports, ..row };
            rows::insert(change.tx(), &row).await?;
            let (id, key) = (AgentId::parse(row.id.as_str())?, secrets::generate(AGENT_KEY));
            let digest = secrets::digest(key.expose_secret());
            db::agent_keys::insert(change.tx(), by.workspace(), &id, digest, Timestamp::now()).await?;
            keys.insert(id, key);
            let about = About { agent: Some(named(&row)), actor: Some(by.by()), ..About::default() };
            activity::record(&mut change, by.workspace(), ActivityKind::AgentSpawned, about).await?;
            let spawned = Entry::new(by.actor(), Action::AgentSpawn, Target::named("agent", &named(&row)));
            let kept = json!({ "type": row.agent_type, "permissions": permissions(wanted), "cwd": row.cwd });
            change.audit(by.workspace(), spawned.after(kept)).await?;
            change.tell(by.workspace(), WorkspaceEvent::AgentChanged(Box::new(view(row.clone(), None)?)));
            if let Some(work) = &wanted.assignment {
                giving::insert(&mut change, by, &row, (work.clone(), None)).await?;
            }
            inserted.push(row);
        }
        change.commit().await?;
        Ok(Inserted::New(inserted, keys))
    }

    fn request(
        &self,
        workspace: &WorkspaceId,
        wanted: &Spawn,
        rows: &[rows::Model],
        (token, keys): (SecretString, BTreeMap<AgentId, SecretString>),
    ) -> SpawnRequest {
        let url = format!("{}/mcp", self.callback_url.trim_end_matches('/'));
        SpawnRequest {
            agent_type: wanted.agent_type.clone(),
            count: wanted.count,
            name: wanted.name.clone(),
            agent_ids: Some(rows.iter().filter_map(|row| AgentId::parse(row.id.as_str()).ok()).collect()),
            capabilities: wanted.capabilities.clone(),
            permissions: permissions(wanted),
            mcp: Some(McpAccess { url, keys }),
            config: wanted.config.clone(),
            workspace_id: Some(workspace.clone()),
            callback_url: Some(self.callback_url.to_string()),
            callback_token: Some(token),
            keep: Keep::UntilRecorded,
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

    /// Whether agents were spawned by a request that is repeated.
    pub(crate) async fn has_spawned(&self, request: &str) -> Result<bool, Error> {
        Ok(!rows::by_request_digest(self.db.read(), request).await?.is_empty())
    }

    pub(super) async fn bind(
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
}

/// Answers a repeated request with the agents of the first.
fn repeated(wanted: &Spawn, before: Vec<rows::Model>) -> Result<SpawnAnswer, Error> {
    let same = before.len() == wanted.count as usize
        && before.iter().all(|row| row.agent_type == wanted.agent_type.as_str());
    if !same {
        return Err(Error::invalid("Idempotency-Key", "was used for another spawn; choose a new one"));
    }
    let mut answer = SpawnAnswer { success: true, spawned_agents: Vec::new(), errors: Vec::new() };
    for row in before {
        let status = status_of(&row)?;
        if status == AgentStatus::Error {
            let message = row.error.unwrap_or_else(|| "it failed".to_owned());
            answer.errors.push(SpawnError { agent_id: row.id, message });
        } else {
            let accepted = AcceptedAgent { id: row.id, name: row.name, agent_type: row.agent_type, status };
            answer.spawned_agents.push(accepted);
        }
    }
    answer.success = answer.errors.is_empty();
    match (answer.spawned_agents.is_empty(), answer.errors.first()) {
        (true, Some(first)) => Err(RuntimeFailure::SpawnFailed(first.message.clone()).into()),
        _ => Ok(answer),
    }
}

fn permissions(wanted: &Spawn) -> Vec<Permission> {
    let given = wanted.permissions.as_ref().map(|given| given.iter().copied().collect());
    given.unwrap_or_else(|| Permission::DEFAULT.to_vec())
}

fn check(wanted: &Spawn) -> Result<(), Error> {
    check_count(wanted.count)?;
    wanted.name.as_deref().map(check_name).transpose()?;
    wanted.config.check(&wanted.agent_type)?;
    wanted.assignment.as_ref().map(giving::check).transpose()?;
    check_capabilities(&wanted.capabilities)
}

/// Asks the runtime whether it knows the kind, before anything is written; answers which one it is, and whether agents
/// of that kind can be given tools.
async fn check_type(client: &RuntimeClient, wanted: &AgentType) -> Result<(Option<RuntimeId>, bool), Error> {
    let (health, _) = client.health().await?;
    let Some(types) = health.agent_types else { return Ok((health.runtime_id, true)) };
    if let Some(known) = types.iter().find(|known| known.agent_type == *wanted) {
        return Ok((health.runtime_id, known.mcp));
    }
    let known: Vec<&str> = types.iter().map(|known| known.agent_type.as_str()).collect();
    let (unknown, known) = (wanted.to_string(), known.join(", "));
    Err(RuntimeFailure::UnknownAgentType { unknown, known }.into())
}

/// Whether what is typed into an agent is taken as words, and can be seen to be: a command of somebody's own may be
/// a shell, unless it is described what its screen means.
fn takes_prompts(wanted: &Spawn) -> bool {
    let described = wanted.config.rules.is_some() || wanted.config.signals.is_some();
    wanted.agent_type.as_str() != AgentType::CUSTOM || described
}

fn new_row(
    by: &Granted<SpawnAgents>,
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
        permissions: serde_json::to_string(&permissions(wanted)).map_err(anyhow::Error::from)?,
        doing: "{}".to_owned(),
        cwd: wanted.config.cwd.clone(),
        pid: None,
        exit_code: None,
        callback_digest: secrets::digest(token.expose_secret()),
        variables_sealed: None,
        request_digest: None,
        spawned_by,
        spawned_by_name,
        spawned_by_kind: if by.agent().is_some() { lineage::AGENT } else { lineage::USER }.to_owned(),
        origin: AgentOrigin::Spawned.as_str().to_owned(),
        external_id: None,
        access: Access::Approved.as_str().to_owned(),
        admission: "{}".to_owned(),
        created_at: now,
        started_at: None,
        ended_at: None,
        last_activity_at: None,
        takes_prompts: takes_prompts(wanted),
        reports: true,
        own_status: None,
    })
}
