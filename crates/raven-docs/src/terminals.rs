//! Terminal sessions: an agent's PTY as the control plane knows it, and who is attached to it.
//!
//! Owns a session's row and the registry of live hubs. Must not know Socket.IO, nor how bytes reach
//! a runtime (see `terminals/dial` and the runtime door).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use raven_protocol::id::{AgentId, RuntimeSessionId, SessionId, WorkspaceId};
use raven_protocol::terminal::{TerminalSize, TerminalStatus};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::{Drive, Granted, Read};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{self, Action, Actor, Entry, Outcome};
use crate::auth::Named;
use crate::db::{self, Db, sessions as rows};
use crate::error::Error;
use crate::events::{Change, Changes, Published, WorkspaceEvent};
use crate::links::Guest;
use crate::page::{Page, PageQuery};
use crate::recordings::{Recording, Recordings};
use crate::runtimes::Runtimes;

pub mod decoder;
pub mod dial;
pub mod hub;
pub mod link;
pub mod raw;
pub mod reports;
mod tail;
pub mod viewer;

use hub::seats::{Kind, Occupant, Right};
use hub::{Hub, HubStart};
use viewer::{Attached, Attachment, Seat};

/// A session as the API and events show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalSession {
    pub id: String,
    pub agent_id: String,
    pub runtime_session_id: String,
    pub runtime_endpoint: Option<String>,
    pub title: Option<String>,
    pub status: TerminalStatus,
    pub cols: i64,
    pub rows: i64,
    pub created_at: Timestamp,
    pub ended_at: Option<Timestamp>,
}

/// A session with what belongs to it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionDetail {
    #[serde(flatten)]
    pub session: TerminalSession,
    pub agent_name: String,
    /// Null for one that ended before recordings were made.
    pub recording: Option<Recording>,
}

/// Which sessions a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct SessionQuery {
    /// Only of this agent.
    pub agent_id: Option<String>,
}

/// A session as its agent shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SessionBrief {
    pub id: String,
    pub status: TerminalStatus,
    pub cols: i64,
    pub rows: i64,
}

/// How a session comes to be.
pub struct Opening {
    pub runtime_session_id: RuntimeSessionId,
    pub endpoint: Option<String>,
    /// Whether we connect to the runtime; otherwise it connects to us.
    pub may_dial: bool,
    pub title: Option<String>,
    pub size: Option<TerminalSize>,
}

/// What to attach to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Agent(AgentId),
    Session(SessionId),
}

/// Why nothing can be attached to.
#[derive(Debug)]
pub enum NotAttached {
    NotFound,
    Terminated,
    Internal(Error),
}

/// The sessions of all workspaces.
#[derive(Clone)]
pub struct Terminals {
    db: Db,
    changes: Changes,
    runtimes: Runtimes,
    recordings: Recordings,
    tasks: TaskTracker,
    cancel: CancellationToken,
    hubs: Arc<Mutex<HashMap<SessionId, Hub>>>,
}

impl Terminals {
    pub fn new(
        db: Db,
        changes: Changes,
        runtimes: Runtimes,
        recordings: Recordings,
        running: (TaskTracker, CancellationToken),
    ) -> Self {
        let (tasks, cancel) = running;
        Self { db, changes, runtimes, recordings, tasks, cancel, hubs: Arc::default() }
    }

    /// Takes up every session that had not ended when the server last did.
    pub async fn resume(&self) -> Result<(), Error> {
        self.tasks.spawn(self.clone().mark_statuses());
        for row in rows::unended(self.db.read()).await? {
            self.set_status(&row, TerminalStatus::Disconnected).await?;
            self.start(Some(row));
        }
        Ok(())
    }

    /// Has sessions and their recordings tell of their agents' statuses.
    async fn mark_statuses(self) {
        let mut told = self.changes.listen();
        while let Some(heard) = self.cancel.run_until_cancelled(told.recv()).await {
            match heard {
                Ok(Published { event, .. }) => {
                    if let WorkspaceEvent::AgentChanged(agent) | WorkspaceEvent::AgentLogin(agent) = &*event
                        && let Some(hub) = self.hub_of_agent(&agent.id)
                    {
                        hub.agent_is(agent.status, agent.login_url.clone());
                    }
                }
                // A recording lacks a mark then, and nothing else.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    /// The session of an agent with a runtime's id, opened as part of a change when there is none.
    /// A new session takes the place of the agent's last.
    pub async fn ensure(
        &self,
        change: &mut Change,
        agent: &db::agents::Model,
        opening: Opening,
    ) -> Result<Option<rows::Model>, Error> {
        let workspace = WorkspaceId::parse(agent.workspace_id.as_str())?;
        let last = rows::of_agent(change.tx(), &workspace, &AgentId::parse(agent.id.as_str())?).await?;
        if last.as_ref().is_some_and(|last| last.runtime_session_id == opening.runtime_session_id.as_str()) {
            return Ok(None);
        }
        if rows::of_run(change.tx(), agent, &opening.runtime_session_id).await?.is_some() {
            return Err(reports::of_former_run(&opening.runtime_session_id));
        }
        if let Some(last) = last.filter(|last| !status_of(last).is_final()) {
            end_row(change, last).await?;
        }
        let size = opening.size.unwrap_or_default();
        let row = rows::Model {
            id: SessionId::generate().to_string(),
            workspace_id: agent.workspace_id.clone(),
            agent_id: agent.id.clone(),
            runtime_session_id: opening.runtime_session_id.to_string(),
            runtime_endpoint: opening.endpoint,
            direction: if opening.may_dial { "dialled" } else { "dials_in" }.to_owned(),
            title: opening.title,
            status: spelled(TerminalStatus::Pending).to_owned(),
            cols: size.cols.into(),
            rows: size.rows.into(),
            created_at: Timestamp::now().as_millis(),
            ended_at: None,
        };
        rows::insert(change.tx(), &row).await?;
        let actor = Actor::runtime(agent.runtime_id.as_deref());
        let target = audit::Target::new("terminal session", row.id.as_str());
        let kept =
            json!({ "runtimeSessionId": row.runtime_session_id, "runtimeEndpoint": row.runtime_endpoint });
        let entry =
            Entry::new(actor, Action::TerminalCreate, target).agent(row.agent_id.as_str()).after(kept);
        change.audit(&workspace, entry).await?;
        let agent = Named { id: agent.id.clone(), name: agent.name.clone() };
        let about = About { agent: Some(agent), session: Some(row.id.clone()), ..About::default() };
        activity::record(change, &workspace, ActivityKind::TerminalSessionCreated, about).await?;
        change.tell(&workspace, WorkspaceEvent::TerminalChanged(view(&row)));
        Ok(Some(row))
    }

    /// Starts the hub of a session whose row is committed, in place of that of the agent's last.
    /// One that runs already goes on.
    pub fn start(&self, row: Option<rows::Model>) {
        let Some(row) = row else { return };
        let Ok(id) = SessionId::parse(row.id.as_str()) else { return };
        let mut hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        if hubs.contains_key(&id) {
            return;
        }
        for (_, replaced) in hubs.iter().filter(|(_, hub)| hub.agent() == row.agent_id) {
            replaced.end("another session of the agent took its place");
        }
        let hub = Hub::start(HubStart { terminals: self.clone(), row: row.clone() });
        if row.direction == "dialled" {
            self.tasks.spawn(dial::keep_connected(self.clone(), self.runtimes.clone(), row, hub.clone()));
        }
        hubs.insert(id, hub);
    }

    /// Attaches a member of the workspace, who may become the writer when their role lets them.
    pub async fn attach(
        &self,
        by: &Granted<Read>,
        target: Target,
        seat: Seat,
    ) -> Result<(Attached, Attachment), NotAttached> {
        let occupant = Occupant { who: by.by(), right: Right::of(by, seat.wish), kind: Kind::Member };
        self.seat(by.workspace(), target, occupant, seat).await
    }

    /// Attaches a guest to the one session that their link is for; they never type.
    pub async fn watch(&self, guest: &Guest, seat: Seat) -> Result<(Attached, Attachment), NotAttached> {
        let occupant = Occupant { who: guest.named(), right: Right::Watch, kind: Kind::Guest };
        let target = Target::Session(guest.session().clone());
        self.seat(guest.workspace(), target, occupant, seat).await
    }

    async fn seat(
        &self,
        workspace: &WorkspaceId,
        target: Target,
        occupant: Occupant,
        seat: Seat,
    ) -> Result<(Attached, Attachment), NotAttached> {
        let found = match &target {
            Target::Agent(agent) => rows::of_agent(self.db.read(), workspace, agent).await,
            Target::Session(session) => rows::find(self.db.read(), workspace, session).await,
        };
        let row = found.map_err(|error| NotAttached::Internal(error.into()))?.ok_or(NotAttached::NotFound)?;
        if !status_of(&row).is_final() {
            self.start(Some(row.clone()));
        }
        let hub = self.hub(&row).ok_or(NotAttached::Terminated)?;
        // It may have ended between the look at its row and the start of its hub.
        let session = SessionId::parse(row.id.as_str()).map_err(|_| NotAttached::NotFound)?;
        let now = rows::find(self.db.read(), workspace, &session).await;
        if now
            .map_err(|error| NotAttached::Internal(error.into()))?
            .is_none_or(|row| status_of(&row).is_final())
        {
            hub.end("the session had ended");
            return Err(NotAttached::Terminated);
        }
        let attached = hub.attach(occupant, seat).await.ok_or(NotAttached::Terminated)?;
        // Looked at after the seat was taken: who comes while an agent is revoked is unseated by one or the other.
        let agent = AgentId::parse(row.agent_id.as_str()).map_err(|_| NotAttached::NotFound)?;
        let agent = db::agents::find(self.db.read(), workspace, &agent).await;
        match agent.map_err(|error| NotAttached::Internal(error.into()))? {
            Some(agent) if agent.access == "revoked" => Err(NotAttached::Terminated),
            Some(_) | None => Ok(attached),
        }
    }

    /// Ends a session by hand: viewers are detached, the agent goes on.
    pub async fn terminate(&self, by: &Granted<Drive>, id: &SessionId) -> Result<(), Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?;
        let row = row.ok_or(Error::NotFound("terminal session"))?;
        if !status_of(&row).is_final() {
            // The hub ends the session in its own time, with an entry of its own.
            let target = audit::Target::new("terminal session", row.id.as_str());
            let entry = Entry::new(by.actor(), Action::TerminalEnd, target).agent(row.agent_id.as_str());
            let mut change = self.changes.begin_for(by).await?;
            change.audit(by.workspace(), entry.outcome(Outcome::Begun)).await?;
            change.commit().await?;
        }
        if let Some(hub) = self.hub(&row) {
            hub.end("ended by hand");
        }
        self.set_status(&row, TerminalStatus::Terminated).await.map(drop)
    }

    /// Unseats everybody at an agent's terminal, guests too; see [`Self::seat`] for why nobody comes back.
    pub fn dismiss(&self, agent: &str) {
        if let Some(hub) = self.hub_of_agent(agent) {
            hub.dismiss();
        }
    }

    /// Lets the session of an agent that has ended come to its end.
    pub async fn agent_ended(&self, workspace: &WorkspaceId, agent: &AgentId) -> Result<(), Error> {
        let row = rows::of_agent(self.db.read(), workspace, agent).await?;
        let Some(row) = row.filter(|row| !status_of(row).is_final()) else { return Ok(()) };
        match self.hub(&row) {
            Some(hub) => hub.agent_ended(),
            None => drop(self.set_status(&row, TerminalStatus::Terminated).await?),
        }
        Ok(())
    }

    /// Sessions of a workspace, newest first.
    pub async fn list(
        &self,
        by: &Granted<Read>,
        query: SessionQuery,
        page: PageQuery,
    ) -> Result<Page<SessionDetail>, Error> {
        let limit = page.limit()?;
        let agent = query.agent_id.as_deref();
        let before = page.cursor.as_deref();
        let found = rows::page(self.db.read(), by.workspace(), agent, before, limit + 1).await?;
        let details = self.details(&found).await?;
        let detail =
            |row: rows::Model| details.get(&row.id).cloned().ok_or(Error::NotFound("terminal session"));
        Page::of(found, limit, |row| &row.id, detail)
    }

    /// One session.
    pub async fn get(&self, by: &Granted<Read>, target: Target) -> Result<SessionDetail, Error> {
        let row = match &target {
            Target::Agent(agent) => rows::of_agent(self.db.read(), by.workspace(), agent).await?,
            Target::Session(session) => rows::find(self.db.read(), by.workspace(), session).await?,
        };
        let row = row.ok_or(Error::NotFound("terminal session"))?;
        let found = self.details(std::slice::from_ref(&row)).await?.remove(&row.id);
        found.ok_or(Error::NotFound("terminal session"))
    }

    async fn details(&self, found: &[rows::Model]) -> Result<HashMap<String, SessionDetail>, Error> {
        let mut recordings = self.recordings.of_sessions(found).await?;
        let agents: Vec<String> = found.iter().map(|row| row.agent_id.clone()).collect();
        let names = db::agents::names(self.db.read(), &agents).await?;
        let details = found.iter().map(|row| {
            let detail = SessionDetail {
                session: view(row),
                agent_name: names.get(&row.agent_id).cloned().unwrap_or_default(),
                recording: recordings.remove(&row.id),
            };
            (row.id.clone(), detail)
        });
        Ok(details.collect())
    }

    /// The newest session of each of some agents, by agent.
    pub async fn briefs(&self, agents: &[String]) -> Result<HashMap<String, SessionBrief>, Error> {
        let found = rows::of_agents(self.db.read(), agents).await?;
        Ok(found.into_iter().map(|row| (row.agent_id.clone(), brief(&row))).collect())
    }

    /// The newest session of an agent, within a change.
    pub async fn brief_in(change: &Change, agent: &db::agents::Model) -> Result<Option<SessionBrief>, Error> {
        let found = rows::of_agents(change.tx(), std::slice::from_ref(&agent.id)).await?;
        Ok(found.last().map(brief))
    }

    /// Writes a session's state, and tells of it; a repeated or late one changes nothing.
    pub(crate) async fn set_status(
        &self,
        row: &rows::Model,
        status: TerminalStatus,
    ) -> Result<rows::Model, Error> {
        let (workspace, id) =
            (WorkspaceId::parse(row.workspace_id.as_str())?, SessionId::parse(row.id.as_str())?);
        let mut change = self.changes.begin().await?;
        let found = rows::find(change.tx(), &workspace, &id).await?;
        let mut row = found.ok_or(Error::NotFound("terminal session"))?;
        let after = status_of(&row).then(status);
        if after == status_of(&row) {
            return Ok(row);
        }
        if after.is_final() {
            row = end_row(&mut change, row).await?;
        } else {
            row.status = spelled(after).to_owned();
            rows::update(change.tx(), &row).await?;
            change.tell(&workspace, WorkspaceEvent::TerminalChanged(view(&row)));
        }
        change.commit().await?;
        Ok(row)
    }

    /// Writes a session's size; it is not an event of its own.
    pub(crate) async fn set_size(&self, row: &rows::Model, size: TerminalSize) -> Result<(), Error> {
        let (workspace, id) =
            (WorkspaceId::parse(row.workspace_id.as_str())?, SessionId::parse(row.id.as_str())?);
        let change = self.changes.begin().await?;
        let Some(mut row) = rows::find(change.tx(), &workspace, &id).await? else { return Ok(()) };
        (row.cols, row.rows) = (size.cols.into(), size.rows.into());
        rows::update(change.tx(), &row).await?;
        change.commit().await
    }

    fn hub_of_agent(&self, agent: &str) -> Option<Hub> {
        let hubs = self.hubs.lock().unwrap_or_else(PoisonError::into_inner);
        hubs.values().find(|hub| hub.agent() == agent && !hub.is_over()).cloned()
    }

    fn hub(&self, row: &rows::Model) -> Option<Hub> {
        let id = SessionId::parse(row.id.as_str()).ok()?;
        self.hubs.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Forgets the hub of a session that has ended.
    fn forget(&self, id: &str) {
        if let Ok(id) = SessionId::parse(id) {
            self.hubs.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
    }
}

async fn end_row(change: &mut Change, mut row: rows::Model) -> Result<rows::Model, Error> {
    let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
    row.status = spelled(TerminalStatus::Terminated).to_owned();
    row.ended_at = Some(Timestamp::now().as_millis());
    rows::update(change.tx(), &row).await?;
    let target = audit::Target::new("terminal session", row.id.as_str());
    let entry = Entry::new(Actor::system(), Action::TerminalEnd, target).agent(row.agent_id.as_str());
    change.audit(&workspace, entry).await?;
    let agent = db::agents::find(change.tx(), &workspace, &AgentId::parse(row.agent_id.as_str())?).await?;
    let agent = agent.map(|agent| Named { id: agent.id, name: agent.name });
    let about = About { agent, session: Some(row.id.clone()), ..About::default() };
    activity::record(change, &workspace, ActivityKind::TerminalSessionTerminated, about).await?;
    change.tell(&workspace, WorkspaceEvent::TerminalChanged(view(&row)));
    Ok(row)
}

/// The spelling of a state in rows, which is that of every surface.
fn spelled(status: TerminalStatus) -> &'static str {
    match status {
        TerminalStatus::Pending => "pending",
        TerminalStatus::Connecting => "connecting",
        TerminalStatus::Active => "active",
        TerminalStatus::LoginRequired => "login_required",
        TerminalStatus::Disconnected => "disconnected",
        TerminalStatus::Terminated => "terminated",
    }
}

pub(crate) fn status_of(row: &rows::Model) -> TerminalStatus {
    use TerminalStatus::{Active, Connecting, Disconnected, LoginRequired, Pending, Terminated};
    let all = [Pending, Connecting, Active, LoginRequired, Disconnected];
    all.into_iter().find(|status| spelled(*status) == row.status).unwrap_or(Terminated)
}

pub(crate) fn size_of(row: &rows::Model) -> TerminalSize {
    let narrow = |cells: i64| u32::try_from(cells).unwrap_or(0);
    TerminalSize::new(narrow(row.cols), narrow(row.rows)).unwrap_or_default()
}

fn brief(row: &rows::Model) -> SessionBrief {
    SessionBrief { id: row.id.clone(), status: status_of(row), cols: row.cols, rows: row.rows }
}

fn view(row: &rows::Model) -> TerminalSession {
    TerminalSession {
        id: row.id.clone(),
        agent_id: row.agent_id.clone(),
        runtime_session_id: row.runtime_session_id.clone(),
        runtime_endpoint: row.runtime_endpoint.clone(),
        title: row.title.clone(),
        status: status_of(row),
        cols: row.cols,
        rows: row.rows,
        created_at: Timestamp::from_millis(row.created_at),
        ended_at: row.ended_at.map(Timestamp::from_millis),
    }
}
