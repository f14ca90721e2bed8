//! The audit log as auditors read it: pages of entries with where the recordings have the moment.
//!
//! Owns the handle that the doors and the command line use. Must not know how entries come to be.

use std::collections::HashMap;
use std::sync::Arc;

use raven_protocol::id::WorkspaceId;
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};

use super::chain::Chains;
use super::checkpoint::{Checkpoint, PublicKey, Signer};
use super::{Actor, ActorKind, Outcome, Target};
use crate::access::{Administer, Granted};
use crate::db::audit::{self as rows, Filter};
use crate::db::{Db, audit_checkpoints, recordings, sessions};
use crate::error::Error;
use crate::events::Changes;
use crate::page::{Page, PageQuery};
use crate::recordings::Recordings;
use crate::secrets::Secrets;

/// Longest text that a filter takes: ids are shorter.
const MAX_FILTER: usize = 200;

/// The audit log of one data folder.
#[derive(Clone)]
pub struct AuditLog {
    pub(super) db: Db,
    pub(super) changes: Changes,
    pub(super) chains: Chains,
    pub(super) signer: Arc<Signer>,
    pub(super) recordings: Recordings,
    /// Told when there is a checkpoint to be delivered.
    pub(super) made: Arc<Notify>,
    /// Held by whoever checks the log for somebody who waits.
    pub(super) examining: Arc<Semaphore>,
}

/// One entry as it is shown.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// Position in the workspace's chain.
    pub seq: i64,
    pub at: Timestamp,
    pub actor: Actor,
    pub action: String,
    pub target: Target,
    /// The agent that it concerns.
    pub agent_id: Option<String>,
    pub outcome: Outcome,
    /// What was there before; null when nothing was, or when its time is over.
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// Whether before and after were removed because their time is over.
    pub detail_expired: bool,
    pub request_id: Option<String>,
    /// Where the call came from.
    pub address: Option<String>,
    /// Where the agent's recording has the moment.
    pub moment: Option<Moment>,
    /// The entry's place in the chain.
    pub link: String,
}

/// A place in a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Moment {
    pub session_id: String,
    /// Milliseconds after its beginning.
    pub offset_ms: i64,
}

/// Which entries a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only what this actor did.
    pub actor_id: Option<String>,
    /// How the action begins, such as `agent.` or `agent.spawn`.
    pub action: Option<String>,
    /// Only what concerns this agent.
    pub agent_id: Option<String>,
    pub target_kind: Option<String>,
    pub target_id: Option<String>,
    pub outcome: Option<Outcome>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
    pub request_id: Option<String>,
}

impl AuditQuery {
    /// Whether it leaves nothing out.
    pub fn is_all(&self) -> bool {
        let Self { actor_id, action, agent_id, target_kind, target_id, outcome, since, until, request_id } =
            self;
        let texts = [actor_id, action, agent_id, target_kind, target_id, request_id];
        texts.iter().all(|text| text.is_none()) && outcome.is_none() && since.is_none() && until.is_none()
    }

    /// # Errors
    /// `Invalid` for a text that is too long.
    pub(super) fn filter(self) -> Result<Filter, Error> {
        let Self { actor_id, action, agent_id, target_kind, target_id, outcome, since, until, request_id } =
            self;
        for (field, text) in [
            ("actorId", &actor_id),
            ("action", &action),
            ("agentId", &agent_id),
            ("targetKind", &target_kind),
            ("targetId", &target_id),
            ("requestId", &request_id),
        ] {
            if text.as_ref().is_some_and(|text| text.len() > MAX_FILTER) {
                return Err(Error::invalid(field, format!("must be at most {MAX_FILTER} bytes")));
            }
        }
        Ok(Filter {
            actor: actor_id,
            action,
            agent: agent_id,
            target_kind,
            target: target_id,
            outcome: outcome.map(Outcome::as_str),
            request: request_id,
            since: since.map(Timestamp::as_millis),
            until: until.map(Timestamp::as_millis),
        })
    }
}

impl AuditLog {
    /// # Errors
    /// When the signing key cannot be derived.
    pub fn open(db: Db, changes: Changes, secrets: &Secrets, recordings: Recordings) -> anyhow::Result<Self> {
        let (chains, signer) = (Chains::open(secrets)?, Arc::new(Signer::of(secrets)?));
        let examining = Arc::new(Semaphore::new(1));
        Ok(Self { db, changes, chains, signer, recordings, made: Arc::default(), examining })
    }

    /// The chains' key, for checks of what is not in the database.
    pub fn chains(&self) -> &Chains {
        &self.chains
    }

    /// The key by which others check checkpoints.
    pub fn public_key(&self) -> &PublicKey {
        self.signer.public()
    }

    /// A workspace's entries, newest first.
    ///
    /// # Errors
    /// `Invalid` for a filter or cursor that is none.
    pub async fn list(
        &self,
        by: &Granted<Administer>,
        query: AuditQuery,
        page: PageQuery,
    ) -> Result<Page<AuditEntry>, Error> {
        let limit = page.limit()?;
        let before = page.cursor.as_deref().map(|cursor| {
            cursor.parse().map_err(|_| Error::invalid("cursor", "is not one of a page of this list"))
        });
        let (filter, before) = (query.filter()?, before.transpose()?);
        let chain = by.workspace().as_str();
        let mut found = rows::page(self.db.read(), chain, &filter, before, limit + 1).await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| more).map(|row| row.seq.to_string());
        let runs = self.runs(by.workspace(), &found).await?;
        Ok(Page { items: found.into_iter().map(|row| view(row, &runs)).collect(), next_cursor })
    }

    /// The terminal sessions of the agents that some entries concern.
    async fn runs(&self, workspace: &WorkspaceId, found: &[rows::Model]) -> Result<Runs, Error> {
        let mut agents: Vec<String> = found.iter().filter_map(|row| row.agent_id.clone()).collect();
        agents.sort_unstable();
        agents.dedup();
        let mut runs = Runs::new();
        let rows = sessions::all_of_agents(self.db.read(), workspace, &agents).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
        let recorded = recordings::of_sessions(self.db.read(), &ids).await?;
        let recorded: HashMap<String, recordings::Model> = recorded
            .into_iter()
            .filter(|row| row.expired_at.is_none())
            .map(|row| (row.session_id.clone(), row))
            .collect();
        for row in rows {
            if let Some(recording) = recorded.get(&row.id) {
                let run = Run { session: row.id, began: recording.started_at, ended: recording.ended_at };
                runs.entry(row.agent_id).or_default().push(run);
            }
        }
        Ok(runs)
    }

    /// Every checkpoint, oldest first within each chain, for the command line.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all_checkpoints(&self) -> anyhow::Result<Vec<Checkpoint>> {
        let mut all = Vec::new();
        for chain in self.all_chains().await? {
            let found = audit_checkpoints::of_chain(self.db.read(), &chain).await?;
            all.extend(found.into_iter().map(Checkpoint::from));
        }
        Ok(all)
    }

    /// The names of all chains, for the command line.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn all_chains(&self) -> anyhow::Result<Vec<String>> {
        Ok(rows::heads(self.db.read()).await?.into_iter().map(|head| head.chain).collect())
    }

    /// A workspace's checkpoints, newest first.
    pub async fn checkpoints(
        &self,
        by: &Granted<Administer>,
        page: PageQuery,
    ) -> Result<Page<Checkpoint>, Error> {
        let limit = page.limit()?;
        let (chain, before) = (by.workspace().as_str(), page.cursor.as_deref());
        let found = audit_checkpoints::page(self.db.read(), Some(chain), before, limit + 1).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(row.into()))
    }
}

type Runs = HashMap<String, Vec<Run>>;

/// One terminal of an agent, as far as it was recorded.
struct Run {
    session: String,
    began: i64,
    ended: Option<i64>,
}

fn view(row: rows::Model, runs: &Runs) -> AuditEntry {
    let detail: Option<Value> = row.detail.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let part = |name: &str| {
        detail.as_ref().and_then(|detail| detail.get(name)).filter(|value| !value.is_null()).cloned()
    };
    let moment = row.agent_id.as_ref().and_then(|agent| runs.get(agent)).and_then(|runs| {
        let run =
            runs.iter().find(|run| run.began <= row.at && run.ended.is_none_or(|ended| row.at <= ended))?;
        Some(Moment { session_id: run.session.clone(), offset_ms: row.at - run.began })
    });
    AuditEntry {
        seq: row.seq,
        at: Timestamp::from_millis(row.at),
        before: part("before"),
        after: part("after"),
        detail_expired: row.detail.is_none(),
        actor: Actor { kind: ActorKind::from_row(&row.actor_kind), id: row.actor_id, name: row.actor_name },
        action: row.action,
        target: Target { kind: row.target_kind, id: row.target_id, name: row.target_name },
        agent_id: row.agent_id,
        outcome: Outcome::from_row(&row.outcome),
        request_id: row.request_id,
        address: row.address,
        moment,
        link: row.link,
    }
}
