//! Outside agents that ask to be let in. Anybody may call this: nothing is told but that it was heard.
//!
//! Owns what a stranger may say, how often, and what it changes: never an agent that is let in or that is ours.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use raven_protocol::id::{AccessRequestId, AgentId, UserId, WorkspaceId};
use raven_protocol::permission::Permission;
use raven_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::admission::{self, Access, Admission, AgentOrigin, Asked, check_words, seen, standing, words};
use super::{Agents, check_capabilities, lineage, named, rows};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Outcome, Target};
use crate::db;
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};
use crate::people::check_text;

/// Calls of one address in a minute, requests and registrations: a program tries again, a flood goes on.
const OF_ADDRESS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// Requests to one workspace in a minute, by whomever: people must be able to read them.
const OF_WORKSPACE_PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Requests of one agent in an hour: who was denied may ask again, and not nag.
const OF_AGENT_PER_HOUR: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Requests that may wait in a workspace; more are not looked through by anybody.
const MAX_PENDING: u64 = 50;

/// Longest description or justification, in characters: a page of text.
const MAX_WORDS: usize = 2000;

/// Longest address, in characters; what browsers take.
const MAX_ADDRESS: usize = 2000;

/// Largest metadata, in bytes of JSON: some labels.
const MAX_METADATA: usize = 4096;

/// Ids that are words of our own addresses.
const RESERVED: [&str; 9] = [
    "pending",
    "available",
    "invites",
    "register",
    "spawn",
    "types",
    "runtime",
    "activity",
    "access-request",
];

/// What an outside agent asks for.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessRequest {
    pub workspace_id: WorkspaceId,
    /// Its own id, taken as given.
    pub agent_id: AgentId,
    pub agent_name: String,
    #[serde(default)]
    pub capabilities: Vec<String>,
    /// Reading pages, tasks, projects and memory by default.
    pub requested_permissions: Option<BTreeSet<Permission>>,
    pub description: Option<String>,
    /// Why; for admins only.
    pub justification: Option<String>,
    /// Where it can be reached; kept and shown, and never called.
    pub endpoint: Option<String>,
    pub avatar_url: Option<String>,
    #[schema(value_type = Option<Object>)]
    pub metadata: Option<Map<String, Value>>,
}

/// Who asks, as far as that is known.
pub struct Stranger {
    /// Its address, as text.
    pub address: String,
    /// The account that was signed in with it.
    pub account: Option<String>,
}

/// How often strangers may call.
pub(super) struct Limits {
    addresses: DefaultKeyedRateLimiter<String>,
    workspaces: DefaultKeyedRateLimiter<String>,
    agents: DefaultKeyedRateLimiter<String>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            addresses: RateLimiter::keyed(Quota::per_minute(OF_ADDRESS_PER_MINUTE)),
            workspaces: RateLimiter::keyed(Quota::per_minute(OF_WORKSPACE_PER_MINUTE)),
            agents: RateLimiter::keyed(Quota::per_hour(OF_AGENT_PER_HOUR)),
        }
    }
}

impl Limits {
    /// Counts a call of an address.
    pub fn address(&self, address: &str) -> Result<(), Error> {
        check(&self.addresses, address.to_owned(), 60)
    }

    fn workspace(&self, workspace: &WorkspaceId) -> Result<(), Error> {
        check(&self.workspaces, workspace.to_string(), 60)
    }

    fn agent(&self, workspace: &WorkspaceId, agent: &AgentId) -> Result<(), Error> {
        check(&self.agents, format!("{workspace} {agent}"), 360)
    }
}

fn check(limiter: &DefaultKeyedRateLimiter<String>, key: String, seconds: u32) -> Result<(), Error> {
    limiter.retain_recent();
    limiter.check_key(&key).map_err(|_| Error::RateLimited { seconds: seconds.into() })
}

impl Agents {
    /// Takes an outside agent's request. The answer is the same whether it was new, known, or of an agent that is
    /// here already, which is left as it is.
    ///
    /// # Errors
    /// `Denied` when the workspace takes no requests, or there is no such workspace; `RateLimited`.
    pub async fn request_access(
        &self,
        asked: AccessRequest,
        from: Stranger,
    ) -> Result<AccessRequestId, Error> {
        self.limits.address(&from.address)?;
        let asked = checked(asked)?;
        let settings = db::settings::find(self.db.read(), &asked.workspace_id).await?;
        if !settings.is_some_and(|settings| settings.allow_access_requests) {
            return Err(not_taken());
        }
        self.limits.workspace(&asked.workspace_id)?;
        self.limits.agent(&asked.workspace_id, &asked.agent_id)?;
        let id = self.request_id(&asked)?;
        let workspace = asked.workspace_id.clone();
        let mut change = self.changes.begin().await?;
        let known = rows::find(change.tx(), &workspace, &asked.agent_id).await?;
        match known.as_ref().map(|row| (AgentOrigin::of(row), Access::of(row))) {
            Some((AgentOrigin::External, Access::Pending)) => return Ok(id),
            Some((AgentOrigin::Spawned, _) | (_, Access::Approved)) => {
                self.note_refusal(&mut change, known, &asked).await?;
            }
            None | Some((AgentOrigin::External, Access::Denied | Access::Revoked)) => {
                if rows::count_access(change.tx(), &workspace, Access::Pending.as_str()).await? >= MAX_PENDING
                {
                    return Err(Error::RateLimited { seconds: 3600 });
                }
                self.take(&mut change, known, asked, (&id, from.account)).await?;
            }
        }
        change.commit().await?;
        Ok(id)
    }

    async fn take(
        &self,
        change: &mut Change,
        known: Option<rows::Model>,
        asked: AccessRequest,
        (id, account): (&AccessRequestId, Option<String>),
    ) -> Result<(), Error> {
        let workspace = asked.workspace_id.clone();
        let permissions =
            asked.requested_permissions.clone().unwrap_or_else(|| Permission::DEFAULT.into_iter().collect());
        let before = known.as_ref().map(admission::of).transpose()?.unwrap_or_default();
        let admission = Admission {
            description: asked.description,
            avatar_url: asked.avatar_url,
            request: Some(Asked {
                request_id: id.to_string(),
                at: Timestamp::now(),
                permissions: permissions.clone(),
                justification: asked.justification,
                endpoint: asked.endpoint,
                metadata: asked.metadata,
                by: account,
            }),
            ..before
        };
        let newcomer = Newcomer {
            id: asked.agent_id,
            name: asked.agent_name,
            capabilities: asked.capabilities,
            admission,
        };
        let row = self.enrol(change, &workspace, known, newcomer, Access::Pending).await?;
        let kept = json!({ "requestId": id, "requestedPermissions": permissions });
        let target = Target::named("agent", &named(&row));
        let entry = Entry::new(Actor::anonymous(), Action::AgentAccessRequest, target);
        change.audit(&workspace, entry.after(kept)).await?;
        let detail = Some(words(&permissions));
        let about = About { agent: Some(named(&row)), detail, ..About::default() };
        activity::record(change, &workspace, ActivityKind::AccessRequested, about).await?;
        let agent = seen(change, row).await?;
        change.tell(&workspace, WorkspaceEvent::AccessRequested(Box::new(agent)));
        Ok(())
    }

    /// Somebody asked as an agent that is here already: auditors may know, nobody else.
    async fn note_refusal(
        &self,
        change: &mut Change,
        known: Option<rows::Model>,
        asked: &AccessRequest,
    ) -> Result<(), Error> {
        let Some(row) = known else { return Ok(()) };
        let target = Target::named("agent", &named(&row));
        let entry = Entry::new(Actor::anonymous(), Action::AgentAccessRequest, target);
        let entry = entry.after(json!({ "access": row.access })).outcome(Outcome::Refused);
        change.audit(&asked.workspace_id, entry).await
    }

    /// The same for the same agent, whatever became of its requests, and nothing that could be guessed.
    fn request_id(&self, asked: &AccessRequest) -> Result<AccessRequestId, Error> {
        let of = format!("{} {}", asked.workspace_id, asked.agent_id);
        let digest = self.secrets.keyed_digest("access request", &of)?;
        let short: String = digest.chars().take(32).collect();
        Ok(AccessRequestId::parse(format!("{}_{short}", AccessRequestId::PREFIX))?)
    }

    /// Writes the row of an outside agent, anew or over the one that it had before.
    pub(super) async fn enrol(
        &self,
        change: &Change,
        workspace: &WorkspaceId,
        known: Option<rows::Model>,
        newcomer: Newcomer,
        access: Access,
    ) -> Result<rows::Model, Error> {
        let Newcomer { id, name, capabilities, admission } = newcomer;
        let now = Timestamp::now();
        let is_new = known.is_none();
        let row = match known {
            Some(row) => row,
            None => self.blank(change, workspace, &id, now).await?,
        };
        let row = rows::Model {
            name,
            capabilities: serde_json::to_string(&capabilities).map_err(anyhow::Error::from)?,
            permissions: "[]".to_owned(),
            admission: serde_json::to_string(&admission).map_err(anyhow::Error::from)?,
            ..standing(row, access, now)
        };
        if is_new {
            rows::insert(change.tx(), &row).await?;
        } else {
            rows::update(change.tx(), &row).await?;
        }
        Ok(row)
    }

    async fn blank(
        &self,
        change: &Change,
        workspace: &WorkspaceId,
        own: &AgentId,
        now: Timestamp,
    ) -> Result<rows::Model, Error> {
        // Another workspace may have an agent of this name, which is nobody's business here.
        let taken = rows::is_there(change.tx(), own).await?;
        let id = if taken { AgentId::generate() } else { own.clone() }.to_string();
        Ok(rows::Model {
            external_id: taken.then(|| own.to_string()),
            runtime_agent_id: id.clone(),
            id,
            workspace_id: workspace.to_string(),
            runtime_id: None,
            name: String::new(),
            agent_type: "external".to_owned(),
            status: String::new(),
            status_since: now.as_millis(),
            evidence: None,
            error: None,
            login_url: None,
            capabilities: "[]".to_owned(),
            permissions: "[]".to_owned(),
            doing: "{}".to_owned(),
            cwd: None,
            pid: None,
            exit_code: None,
            callback_digest: String::new(),
            variables_sealed: None,
            request_digest: None,
            spawned_by: String::new(),
            spawned_by_name: String::new(),
            spawned_by_kind: lineage::USER.to_owned(),
            origin: AgentOrigin::External.as_str().to_owned(),
            access: String::new(),
            admission: "{}".to_owned(),
            created_at: now.as_millis(),
            started_at: None,
            ended_at: None,
            last_activity_at: None,
            takes_prompts: false,
            reports: true,
            own_status: None,
        })
    }
}

/// An outside agent that asks, or comes by an invite.
pub(super) struct Newcomer {
    pub id: AgentId,
    pub name: String,
    pub capabilities: Vec<String>,
    pub admission: Admission,
}

fn not_taken() -> Error {
    Error::Denied(
        "this workspace takes no requests of agents; ask one of its admins for an invite".to_owned(),
    )
}

/// Checks an id that an agent gives itself.
pub(super) fn check_own_id(id: &AgentId) -> Result<(), Error> {
    if RESERVED.contains(&id.as_str()) {
        return Err(Error::invalid("agentId", "is a word of our own addresses; choose another"));
    }
    // Nothing that is looked up by an id may take an agent for a person.
    if id.as_str().starts_with(&format!("{}_", UserId::PREFIX)) {
        return Err(Error::invalid("agentId", "is written as the id of a person; choose another"));
    }
    Ok(())
}

/// Checks an address that is kept and shown.
pub(super) fn check_address(field: &'static str, text: Option<String>) -> Result<Option<String>, Error> {
    let Some(text) = check_words(field, text, MAX_ADDRESS)? else { return Ok(None) };
    let good = url::Url::parse(&text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https" | "ws" | "wss") && url.has_host());
    if good {
        Ok(Some(text))
    } else {
        Err(Error::invalid(field, "must be an http, https, ws or wss address"))
    }
}

pub(super) fn check_description(text: Option<String>) -> Result<Option<String>, Error> {
    check_words("description", text, MAX_WORDS)
}

fn checked(asked: AccessRequest) -> Result<AccessRequest, Error> {
    check_own_id(&asked.agent_id)?;
    check_capabilities(&asked.capabilities)?;
    if let Some(metadata) = &asked.metadata {
        let size = serde_json::to_string(metadata).map_err(anyhow::Error::from)?.len();
        if size > MAX_METADATA {
            return Err(Error::invalid("metadata", format!("must be at most {MAX_METADATA} bytes of JSON")));
        }
    }
    Ok(AccessRequest {
        agent_name: check_text("agentName", &asked.agent_name)?,
        description: check_description(asked.description)?,
        justification: check_words("justification", asked.justification, MAX_WORDS)?,
        endpoint: check_address("endpoint", asked.endpoint)?,
        avatar_url: check_address("avatarUrl", asked.avatar_url)?,
        ..asked
    })
}
