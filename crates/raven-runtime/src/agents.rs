//! Every agent of this runtime: spawned, listed, stopped, adopted again after a restart, forgotten.
//!
//! Owns the registry and what a spawn may ask for. Must not know HTTP or terminals.

pub mod driver;
mod installing;
mod kept;
pub mod kinds;
mod plan;
pub mod prices;
pub mod record;
mod restart;
mod supervisor;
mod usage;
mod versions;
pub mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use raven_protocol::agent::{AgentStatus, InvalidSpawn, Repository, check_count, check_name};
use raven_protocol::doing::Doing;
use raven_protocol::id::{AgentId, RuntimeSessionId};
use raven_protocol::kind::AgentTypeStatus;
use raven_protocol::runtime_api::{RuntimeAgent, SpawnRequest, StopRequest};
use raven_protocol::time::Timestamp;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use self::driver::Driver;
use self::installing::Installations;
use self::kinds::{Equipment, Kind, Kinds};
use self::prices::Prices;
use self::record::{Listeners, Messages, Record, Spec};
pub use self::restart::RestartRefused;
use self::restart::Restarts;
use self::supervisor::{Plan, StopOrder, Supervisor};
use self::versions::Versions;
use crate::environment::Environment;
use crate::files;
use crate::keys::Keys;
use crate::place::worktree::Repositories;

/// Ended agents that stay listed.
const KEPT_ENDED: usize = 200;

/// How long an ended agent stays listed.
const KEPT_FOR_MS: i64 = 7 * 24 * 3600 * 1000;

/// How long a stop waits after asking, unless it says otherwise.
const STOP_WAIT_SECONDS: u32 = 5;

/// Longest that a stop may wait after asking, in seconds.
const MAX_STOP_WAIT_SECONDS: u32 = 60;

/// Why a spawn is refused; nothing was started then.
#[derive(Debug, thiserror::Error)]
pub enum SpawnRefused {
    /// The kind is none of ours.
    #[error("agent type `{0}` is unknown here; known are {1}")]
    UnknownType(String, String),
    /// A parameter is out of bounds.
    #[error(transparent)]
    Invalid(#[from] InvalidSpawn),
    /// An id is taken.
    #[error("there is an agent {0} already")]
    Exists(AgentId),
    /// There are as many as there may be.
    #[error(
        "{active} of {most} agents are running; stop some, or start the runtime with a larger --max-agents"
    )]
    Full {
        /// Agents that have not ended.
        active: usize,
        /// Most that may be.
        most: usize,
    },
    /// The daemon is going down.
    #[error("the runtime is shutting down")]
    Leaving,
    /// The data folder could not be written.
    #[error("the data folder cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// What the registry is made with.
pub struct Setup {
    /// Where agents' folders are.
    pub folder: PathBuf,
    /// The program that becomes a host.
    pub host_program: PathBuf,
    /// The kinds that can be started.
    pub kinds: Kinds,
    /// What models cost.
    pub prices: Arc<Prices>,
    /// The clean environment.
    pub env: Environment,
    /// Keys of model providers.
    pub keys: Keys,
    /// Repositories that worktrees are made of.
    pub repositories: Repositories,
    /// Where programs are that this runtime installed.
    pub installed: PathBuf,
    /// What installers see: the daemon's own variables, without ours.
    pub install_env: Environment,
    /// Where logins are kept that agents made.
    pub logins: PathBuf,
    /// Most agents at a time.
    pub max_agents: usize,
    /// Bytes of output that each host keeps, about.
    pub journal_limit: u64,
    /// Where changes are told.
    pub listeners: Listeners,
    /// Tasks of the daemon.
    pub tasks: TaskTracker,
    /// The daemon's end.
    pub leave: CancellationToken,
}

/// Handle to the registry.
#[derive(Clone)]
pub struct Agents {
    shared: Arc<Shared>,
}

struct Shared {
    setup: Setup,
    installations: Installations,
    versions: Versions,
    restarts: Restarts,
    entries: Mutex<BTreeMap<AgentId, Entry>>,
}

struct Entry {
    record: Arc<Record>,
    /// As it is watched and driven; none for one that had ended before this daemon began.
    kind: Option<Arc<Kind>>,
    /// The variables of its spawn, which may be secrets: they are kept in memory alone.
    env: BTreeMap<String, String>,
    stop: tokio::sync::watch::Sender<Option<StopOrder>>,
}

impl Entry {
    fn stop(&self, request: StopRequest) -> RuntimeAgent {
        match self.record.apply(record::stop_requested(), |_| ()) {
            Ok(agent) => {
                self.stop.send_replace(Some(order(request)));
                agent
            }
            // It has ended already.
            Err(_) => self.record.agent(),
        }
    }
}

impl Agents {
    /// Reads the agents of earlier daemons and follows those that live.
    pub fn open(setup: Setup) -> io::Result<Self> {
        files::create_private_dir(&setup.folder)?;
        let agents = Self {
            shared: Arc::new(Shared {
                setup,
                installations: Installations::default(),
                versions: Versions::default(),
                restarts: Restarts::default(),
                entries: Mutex::new(BTreeMap::new()),
            }),
        };
        for folder in std::fs::read_dir(&agents.shared.setup.folder)? {
            let folder = folder?.path();
            match Record::load(folder.clone(), agents.shared.setup.listeners.clone()) {
                Ok(Some(record)) => agents.adopt(record),
                Ok(None) => drop(std::fs::remove_dir_all(folder)),
                Err(broken) => {
                    tracing::error!(folder = %folder.display(), error = %broken, "an agent cannot be read");
                }
            }
        }
        let old = agents.clone();
        agents.shared.setup.tasks.spawn(async move { old.forget().await });
        // Programs are asked for their versions now, so that the first who wants the list has them.
        let _told_later = agents.types();
        Ok(agents)
    }

    fn entries(&self) -> MutexGuard<'_, BTreeMap<AgentId, Entry>> {
        self.shared.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn adopt(&self, record: Arc<Record>) {
        let status = record.status();
        let order = (status == AgentStatus::Stopping).then(|| order(StopRequest::default()));
        let stop = tokio::sync::watch::Sender::new(order);
        let kind = if status.is_final() { None } else { self.kept_kind(&record) };
        if let Some(kind) = &kind {
            self.supervise(&record, Arc::clone(kind), &stop, None);
        }
        self.entries().insert(record.spec.id.clone(), Entry { record, kind, env: BTreeMap::new(), stop });
    }

    /// The kind that an agent was spawned with, whatever became of it since: its program is still the same.
    fn kept_kind(&self, record: &Record) -> Option<Arc<Kind>> {
        match kept::kind(record.folder()) {
            Ok(Some(kind)) => return Some(Arc::new(kind)),
            Ok(None) => {}
            Err(unusable) => {
                let why = format!("{unusable:#}");
                tracing::warn!(agent.id = %record.spec.id, why, "the kind that an agent was spawned with cannot be used");
            }
        }
        self.shared.setup.kinds.or_custom(&record.spec.agent_type)
    }

    fn supervise(
        &self,
        record: &Arc<Record>,
        kind: Arc<Kind>,
        stop: &tokio::sync::watch::Sender<Option<StopOrder>>,
        plan: Option<Plan>,
    ) {
        let leave = self.shared.setup.leave.clone();
        let driver = Driver::new(Arc::clone(record), Arc::clone(&kind));
        let left = leave.clone();
        self.shared.setup.tasks.spawn(async move { left.run_until_cancelled(driver.hand_on_queue()).await });
        let supervisor = Supervisor {
            record: Arc::clone(record),
            kind,
            prices: Arc::clone(&self.shared.setup.prices),
            stops: stop.subscribe(),
            leave,
        };
        let agents = self.clone();
        self.shared.setup.tasks.spawn(async move {
            match plan {
                Some(plan) => supervisor.start(plan).await,
                None => supervisor.follow().await,
            }
            agents.forget().await;
        });
    }

    /// Spawns agents: all of them, or none when a parameter is refused. One that fails to start stays
    /// listed and is told by an event. `endpoint` makes the address of a terminal from an agent's id.
    ///
    /// # Errors
    /// [`SpawnRefused`] when nothing was started.
    pub fn spawn(
        &self,
        request: &SpawnRequest,
        endpoint: impl Fn(&AgentId) -> String,
    ) -> Result<Vec<Arc<Record>>, SpawnRefused> {
        let kind = self.check(request)?;
        let callback_url = check_callback(request)?;
        let mut entries = self.entries();
        let ids = self.admit(request, &entries)?;
        let mut spawned = Vec::new();
        for (index, id) in ids.into_iter().enumerate() {
            let folder = self.shared.setup.folder.join(id.as_str());
            let spec = Spec {
                name: name(request, &id, index),
                agent_type: request.agent_type.clone(),
                capabilities: request.capabilities.clone(),
                runtime_session_id: RuntimeSessionId::generate(),
                runtime_endpoint: endpoint(&id),
                workspace_id: request.workspace_id.clone(),
                callback_url: callback_url.clone(),
                cwd: request.config.cwd.as_ref().map_or_else(|| folder.join("work"), PathBuf::from),
                size: request.config.size()?,
                created_at: Timestamp::now(),
                id,
            };
            files::create_private_dir(&folder.join("work"))?;
            let plan = plan::plan(&self.shared.setup, &kind, request, &spec, &folder);
            kept::write(&folder, request, &kind)?;
            let begin = (Doing::default(), Messages::default(), self.shared.setup.listeners.clone());
            let record =
                Record::create(&self.shared.setup.folder, spec, request.callback_token.clone(), begin)?;
            let stop = tokio::sync::watch::Sender::new(None);
            self.supervise(&record, Arc::clone(&kind), &stop, Some(plan));
            let (kind, env) = (Some(Arc::clone(&kind)), request.config.env.clone());
            entries.insert(record.spec.id.clone(), Entry { record: Arc::clone(&record), kind, env, stop });
            spawned.push(record);
        }
        Ok(spawned)
    }

    fn check(&self, request: &SpawnRequest) -> Result<Arc<Kind>, SpawnRefused> {
        if self.shared.setup.leave.is_cancelled() {
            return Err(SpawnRefused::Leaving);
        }
        let Some(kind) = self.shared.setup.kinds.find(&request.agent_type) else {
            let known: Vec<&str> =
                self.kinds().all().iter().map(|kind| kind.is.agent_type.as_str()).collect();
            let known = known.join(", ");
            return Err(SpawnRefused::UnknownType(request.agent_type.to_string(), known));
        };
        check_count(request.count)?;
        request.name.as_deref().map_or(Ok(()), check_name)?;
        request.config.check(&request.agent_type)?;
        if let Some(cwd) = &request.config.cwd
            && !Path::new(cwd).is_dir()
        {
            let why = format!("{cwd} is not a folder on the runtime's machine");
            return Err(InvalidSpawn { field: "config.cwd", why }.into());
        }
        if let Some(Repository { path: Some(path), .. }) = &request.config.repository
            && !Path::new(path).is_dir()
        {
            let why = format!("{path} is not a folder on the runtime's machine");
            return Err(InvalidSpawn { field: "config.repository.path", why }.into());
        }
        Ok(kind.with(&request.config)?)
    }

    /// The new agents' ids, when there is room for them and they are free.
    fn admit(
        &self,
        request: &SpawnRequest,
        entries: &BTreeMap<AgentId, Entry>,
    ) -> Result<Vec<AgentId>, SpawnRefused> {
        let count = request.count as usize;
        let ids = match &request.agent_ids {
            Some(ids) => ids.clone(),
            None => (0..count).map(|_| AgentId::generate()).collect(),
        };
        let distinct: BTreeSet<&AgentId> = ids.iter().collect();
        if distinct.len() != count {
            let why = format!("must be {count} different ids, one for each agent");
            return Err(InvalidSpawn { field: "agentIds", why }.into());
        }
        if let Some(taken) = ids.iter().find(|id| entries.contains_key(id)) {
            return Err(SpawnRefused::Exists(taken.clone()));
        }
        let active = entries.values().filter(|entry| !entry.record.status().is_final()).count();
        let most = self.shared.setup.max_agents;
        if active + count > most {
            return Err(SpawnRefused::Full { active, most });
        }
        Ok(ids)
    }

    /// One agent.
    pub fn get(&self, id: &AgentId) -> Option<Arc<Record>> {
        self.entries().get(id).map(|entry| Arc::clone(&entry.record))
    }

    /// Every agent, newest first.
    pub fn all(&self) -> Vec<Arc<Record>> {
        let mut all: Vec<_> = self.entries().values().map(|entry| Arc::clone(&entry.record)).collect();
        all.sort_by(|a, b| (b.spec.created_at, &b.spec.id).cmp(&(a.spec.created_at, &a.spec.id)));
        all
    }

    /// Agents that have not ended.
    pub fn active(&self) -> usize {
        self.entries().values().filter(|entry| !entry.record.status().is_final()).count()
    }

    /// The kinds that can be started.
    pub fn kinds(&self) -> &Kinds {
        &self.shared.setup.kinds
    }

    /// Keys of model providers.
    pub fn keys(&self) -> &Keys {
        &self.shared.setup.keys
    }

    /// Every kind as it stands on this machine.
    pub fn types(&self) -> Vec<AgentTypeStatus> {
        let setup = &self.shared.setup;
        let here = Equipment {
            installed: &setup.installed,
            env: &setup.env,
            keys: &setup.keys,
            logins: &setup.logins,
        };
        let status = |kind: &Arc<Kind>| {
            let mut status = kind.status(&here);
            self.add_version(kind, &mut status);
            self.shared.installations.add_to(&mut status);
            status
        };
        setup.kinds.all().iter().map(status).collect()
    }

    /// Asks for an agent's end; `None` when there is no such agent. Its status is `stopping` at once, and
    /// an event tells the end. One that is being restarted does not start again.
    pub fn stop(&self, id: &AgentId, request: StopRequest) -> Option<RuntimeAgent> {
        let entries = self.entries();
        self.shared.restarts.call_off(id);
        entries.get(id).map(|entry| entry.stop(request))
    }

    /// Drives an agent; `None` when there is no such agent.
    pub fn driver(&self, id: &AgentId) -> Option<Driver> {
        let entries = self.entries();
        let Entry { record, kind, .. } = entries.get(id)?;
        // After its end there are only refusals to answer, for which any kind will do.
        let kind = kind.clone().or_else(|| self.kinds().or_custom(&record.spec.agent_type))?;
        Some(Driver::new(Arc::clone(record), kind))
    }

    /// Asks every agent to end and waits until all have, up to the longest that a stop can take.
    pub async fn stop_all(&self) {
        for id in self.shared.restarts.all() {
            self.stop(&id, StopRequest::default());
        }
        let live: Vec<_> = self.all().into_iter().filter(|record| !record.status().is_final()).collect();
        for record in &live {
            self.stop(&record.spec.id, StopRequest::default());
        }
        let ends = async {
            for record in live {
                let mut statuses = record.statuses();
                let _gone = statuses.wait_for(|status| status.is_final()).await;
            }
        };
        let limit = Duration::from_secs(u64::from(STOP_WAIT_SECONDS) * 4);
        if tokio::time::timeout(limit, ends).await.is_err() {
            tracing::error!("some agents did not end in time");
        }
    }

    /// Forgets agents that ended long ago, or before many others.
    async fn forget(&self) {
        for record in self.forgettable() {
            let (id, folder) = (&record.spec.id, record.folder());
            // Nobody starts it anew until this is over, and one that was is no more what was found.
            let Ok(_only) = self.shared.restarts.begin(id) else { continue };
            if self.get(id).is_none_or(|now| !Arc::ptr_eq(&now, &record)) {
                continue;
            }
            // What an agent made and nobody has elsewhere is kept, and the agent with it.
            if !self.shared.setup.repositories.take_away(&folder.join("work")).await {
                continue;
            }
            self.entries().remove(id);
            if let Err(refused) = std::fs::remove_dir_all(folder)
                && refused.kind() != io::ErrorKind::NotFound
            {
                tracing::warn!(agent.id = %id, error = %refused, "an old agent's folder stays");
            }
        }
    }

    fn forgettable(&self) -> Vec<Arc<Record>> {
        let now = Timestamp::now().as_millis();
        let entries = self.entries();
        let ended = entries.values();
        let ended = ended.filter_map(|entry| Some((entry.record.ended_at()?, &entry.record)));
        let mut ended: Vec<(Timestamp, Arc<Record>)> =
            ended.map(|(at, record)| (at, Arc::clone(record))).collect();
        ended.sort_unstable_by(|(a, x), (b, y)| (b, &y.spec.id).cmp(&(a, &x.spec.id)));
        let old = |(index, (at, _)): &(usize, (Timestamp, Arc<Record>))| {
            *index >= KEPT_ENDED || now - at.as_millis() >= KEPT_FOR_MS
        };
        ended.into_iter().enumerate().filter(old).map(|(_, (_, record))| record).collect()
    }
}

fn check_callback(request: &SpawnRequest) -> Result<Option<Url>, InvalidSpawn> {
    let refuse = |why: &str| Err(InvalidSpawn { field: "callbackUrl", why: why.to_owned() });
    let Some(text) = &request.callback_url else { return Ok(None) };
    match Url::parse(text) {
        Ok(_) if request.workspace_id.is_none() => refuse("needs `workspaceId` beside it"),
        Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(Some(url)),
        _ => refuse("must be an http or https address"),
    }
}

fn name(request: &SpawnRequest, id: &AgentId, index: usize) -> String {
    match &request.name {
        Some(name) if request.count > 1 => format!("{name} {}", index + 1),
        Some(name) => name.clone(),
        None => {
            let end: String = id.as_str().chars().rev().take(4).collect();
            format!("{}-{}", request.agent_type, end.chars().rev().collect::<String>())
        }
    }
}

fn order(request: StopRequest) -> StopOrder {
    let seconds = request.timeout.unwrap_or(STOP_WAIT_SECONDS).min(MAX_STOP_WAIT_SECONDS);
    StopOrder { force: request.force, wait: Duration::from_secs(seconds.into()) }
}
