//! Restarts: an agent ends if it runs, and starts anew with the same id, folder and home.
//!
//! Owns their order: what the former run left is put aside, then the new run is written down, then its host
//! is started. A daemon that dies in between leaves an agent that is ended, or one that failed to start.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use raven_protocol::agent::InvalidSpawn;
use raven_protocol::doing::Doing;
use raven_protocol::id::{AgentId, RuntimeSessionId};
use raven_protocol::runtime_api::{RestartRequest, SpawnRequest, StopRequest};
use tokio_util::sync::CancellationToken;

use super::kept::{self, Kept};
use super::kinds::Kind;
use super::record::{Record, Spec};
use super::{Agents, Entry, SpawnRefused, plan};
use crate::session::runs;

/// How long an agent may take to end: its stop, and what its host may be overdue.
const ENDS: Duration = Duration::from_secs(30);

/// How long its former host may take to leave: it waits for those who read the last of its output.
const LEAVES: Duration = Duration::from_secs(15);

/// How often the former host is looked for.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Why an agent is not started anew.
#[derive(Debug, thiserror::Error)]
pub enum RestartRefused {
    /// There is none.
    #[error("there is no such agent")]
    NoAgent,
    /// Another restart of it is under way.
    #[error("this agent is being restarted already: wait until it is ready")]
    UnderWay,
    /// Its end was asked for meanwhile.
    #[error("this agent was stopped while it was being restarted: restart it again if it is to run")]
    CalledOff,
    /// It is not known what it was spawned with.
    #[error(
        "this agent was spawned by an older runtime, which kept not enough to start it anew: spawn it again"
    )]
    NotKept,
    /// It is a control plane's, and somebody else wants it started anew.
    #[error(
        "this agent is a control plane's, which would not know the new run: restart it there; a control plane gives \
         a `callbackToken`"
    )]
    NotOurs,
    /// Variables of its spawn are not known any more.
    #[error("it was spawned with variables that are kept nowhere, as they may be secrets: give {0} in `env`")]
    NeedsVariables(String),
    /// What it takes is not on this machine any more; the words are for a person.
    #[error("{0}")]
    Missing(String),
    /// It did not end.
    #[error("the agent did not end within {} s: stop it by force, then restart it", ENDS.as_secs())]
    DoesNotEnd,
    /// Its former terminal is still there.
    #[error("the last of its former output is still being read: try again in a few seconds")]
    StillRead,
    /// As at a spawn.
    #[error(transparent)]
    Spawn(#[from] SpawnRefused),
}

impl From<io::Error> for RestartRefused {
    fn from(broken: io::Error) -> Self {
        Self::Spawn(broken.into())
    }
}

/// Agents that are being restarted, with what calls it off.
#[derive(Default)]
pub struct Restarts(Mutex<BTreeMap<AgentId, CancellationToken>>);

/// One of them, until it is dropped.
pub(super) struct UnderWay<'a> {
    restarts: &'a Restarts,
    id: AgentId,
    called_off: CancellationToken,
}

impl Restarts {
    /// Takes an agent, so that nobody else restarts it or forgets it.
    pub(super) fn begin(&self, id: &AgentId) -> Result<UnderWay<'_>, RestartRefused> {
        let mut under_way = self.under_way();
        if under_way.contains_key(id) {
            return Err(RestartRefused::UnderWay);
        }
        let called_off = CancellationToken::new();
        under_way.insert(id.clone(), called_off.clone());
        Ok(UnderWay { restarts: self, id: id.clone(), called_off })
    }

    fn under_way(&self) -> MutexGuard<'_, BTreeMap<AgentId, CancellationToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has an agent that is being restarted not start again. Whoever starts it asks under the lock of the
    /// registry, and so does whoever calls this: one of them comes first.
    pub fn call_off(&self, id: &AgentId) {
        if let Some(called_off) = self.under_way().get(id) {
            called_off.cancel();
        }
    }

    /// Agents that are being restarted.
    pub fn all(&self) -> Vec<AgentId> {
        self.under_way().keys().cloned().collect()
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.restarts.under_way().remove(&self.id);
    }
}

impl Agents {
    /// Ends an agent if it runs, and starts it anew. `endpoint` makes the address of its terminal.
    ///
    /// # Errors
    /// [`RestartRefused`]; the agent goes on then, or has ended.
    pub async fn restart(
        &self,
        id: &AgentId,
        request: RestartRequest,
        endpoint: String,
    ) -> Result<Arc<Record>, RestartRefused> {
        let only = self.shared.restarts.begin(id)?;
        let record = self.get(id).ok_or(RestartRefused::NoAgent)?;
        // Refused before anything is ended.
        if record.spec.callback_url.is_some() && request.callback_token.is_none() {
            return Err(RestartRefused::NotOurs);
        }
        let mut kept = kept::read(record.folder())?.ok_or(RestartRefused::NotKept)?;
        kept.config.env = self.variables(id, &kept, &request)?;
        let kind = self.kind_to_restart(&record, &kept)?;
        self.check_anew(&record, &kept, &kind)?;
        let called_off = only.called_off.clone();
        let gone = called_off.run_until_cancelled(self.until_gone(id, &record)).await;
        gone.ok_or(RestartRefused::CalledOff)??;
        let agents = self.clone();
        let begun = tokio::task::spawn_blocking(move || {
            agents.begin_anew(&record, (kept, kind), (request, endpoint), &called_off)
        });
        begun.await.map_err(io::Error::other)?
    }

    /// Ends it if it runs, and waits until nobody serves its folder any more.
    async fn until_gone(&self, id: &AgentId, record: &Record) -> Result<(), RestartRefused> {
        if !record.status().is_final() {
            // Asked for by the restart itself: that calls nothing off.
            if let Some(entry) = self.entries().get(id) {
                entry.stop(StopRequest::default());
            }
            let mut statuses = record.statuses();
            let ended = tokio::time::timeout(ENDS, statuses.wait_for(|status| status.is_final())).await;
            ended.map_err(|_| RestartRefused::DoesNotEnd)?.map_err(io::Error::other)?;
        }
        tokio::time::timeout(LEAVES, no_host(record)).await.map_err(|_| RestartRefused::StillRead)
    }

    /// The variables of its spawn, as they are known here, with those that are given now.
    fn variables(
        &self,
        id: &AgentId,
        kept: &Kept,
        request: &RestartRequest,
    ) -> Result<BTreeMap<String, String>, RestartRefused> {
        if let Some(name) = request.env.keys().find(|name| !kept.variables.contains(name)) {
            let why = format!("has `{name}`, which is no variable of its spawn");
            return Err(SpawnRefused::Invalid(InvalidSpawn { field: "env", why }).into());
        }
        let mut env = self.entries().get(id).map(|entry| entry.env.clone()).unwrap_or_default();
        env.extend(request.env.clone());
        let missing: Vec<&str> =
            kept.variables.iter().map(String::as_str).filter(|name| !env.contains_key(*name)).collect();
        match missing.is_empty() {
            true => Ok(env),
            false => Err(RestartRefused::NeedsVariables(missing.join(", "))),
        }
    }

    /// Checks all that could stand against its start, as far as it is known before its end.
    fn check_anew(&self, record: &Record, kept: &Kept, kind: &Kind) -> Result<(), RestartRefused> {
        let setup = &self.shared.setup;
        kept.config.check(&record.spec.agent_type).map_err(SpawnRefused::Invalid)?;
        if let Some(cwd) = &kept.config.cwd
            && !Path::new(cwd).is_dir()
        {
            let why = format!("its working folder {cwd} is not on the runtime's machine any more");
            return Err(RestartRefused::Missing(why));
        }
        let mut env = setup.env.clone();
        env.extend(kept.config.env.clone());
        // Where a kind itself says that programs are, is known only once it is filled in.
        let says_where = kind.is.program.variables.iter().any(|variable| variable.name == "PATH");
        if let Some(missing) = kind.missing(&setup.installed, &env).filter(|_| !says_where) {
            return Err(RestartRefused::Missing(missing));
        }
        self.check_room(&self.entries(), &record.spec.id)
    }

    /// Checks that there is room for an agent beside the others.
    fn check_room(&self, entries: &BTreeMap<AgentId, Entry>, id: &AgentId) -> Result<(), RestartRefused> {
        let others = entries.values().map(|entry| &entry.record).filter(|record| record.spec.id != *id);
        let (active, most) =
            (others.filter(|record| !record.status().is_final()).count(), self.shared.setup.max_agents);
        match active < most {
            true => Ok(()),
            false => Err(SpawnRefused::Full { active, most }.into()),
        }
    }

    /// The kind as it is now; as it was at the spawn, when it is gone.
    fn kind_to_restart(&self, record: &Record, kept: &Kept) -> Result<Arc<Kind>, RestartRefused> {
        let now = self.shared.setup.kinds.find(&record.spec.agent_type);
        match now {
            Some(kind) => Ok(kind.with(&kept.config).map_err(SpawnRefused::Invalid)?),
            None => match kept::kind(record.folder()) {
                Ok(Some(kind)) => Ok(Arc::new(kind)),
                _ => Err(RestartRefused::NotKept),
            },
        }
    }

    fn begin_anew(
        &self,
        former: &Record,
        (kept, kind): (Kept, Arc<Kind>),
        (request, endpoint): (RestartRequest, String),
        called_off: &CancellationToken,
    ) -> Result<Arc<Record>, RestartRefused> {
        let setup = &self.shared.setup;
        let mut entries = self.entries();
        if called_off.is_cancelled() {
            return Err(RestartRefused::CalledOff);
        }
        if setup.leave.is_cancelled() {
            return Err(SpawnRefused::Leaving.into());
        }
        self.check_room(&entries, &former.spec.id)?;
        let folder = former.folder().to_owned();
        let spec = Spec {
            runtime_session_id: RuntimeSessionId::generate(),
            runtime_endpoint: endpoint,
            ..former.spec.clone()
        };
        let spawn = SpawnRequest {
            agent_type: spec.agent_type.clone(),
            count: 1,
            name: Some(spec.name.clone()),
            agent_ids: None,
            capabilities: spec.capabilities.clone(),
            permissions: kept.permissions,
            mcp: request.mcp,
            config: kept.config,
            workspace_id: spec.workspace_id.clone(),
            callback_url: None,
            callback_token: request.callback_token,
            keep: kept.keep,
        };
        let env = spawn.config.env.clone();
        former.retire();
        runs::put_aside(&folder, &former.spec.runtime_session_id)?;
        kept::write(&folder, &spawn, &kind)?;
        let mut plan = plan::plan(setup, &kind, &spawn, &spec, &folder);
        if spec.cwd.join(".git").exists() {
            plan.worktree = None;
        }
        let doing = Doing { branch: former.agent().doing.branch, ..Doing::default() };
        let known = (doing, former.messages_of_next_run(), setup.listeners.clone());
        let record = Record::create(&setup.folder, spec, spawn.callback_token, known)?;
        let stop = tokio::sync::watch::Sender::new(None);
        self.supervise(&record, Arc::clone(&kind), &stop, Some(plan));
        let entry = Entry { record: Arc::clone(&record), kind: Some(kind), env, stop };
        entries.insert(record.spec.id.clone(), entry);
        Ok(record)
    }
}

/// Returns once nobody serves its folder any more.
async fn no_host(record: &Record) {
    while record.session().is_served() {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}
