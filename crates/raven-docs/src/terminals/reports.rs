//! What runtimes do with their own sessions: create them, dial in to them, tell of their state.
//!
//! Every call is of a runtime that was recognised. Must not know which socket it came by.

use raven_protocol::agent::AgentStatus;
use raven_protocol::id::{AgentId, RuntimeSessionId, WorkspaceId};
use raven_protocol::terminal::{TerminalSize, TerminalStatus};
use serde::Deserialize;

use super::link::Link;
use super::{Opening, TerminalSession, Terminals, rows, size_of, view};
use crate::auth::{Auth, Credentials, Runtime};
use crate::db;
use crate::error::{Conflict, Error};
use crate::events::Change;

/// A session that a runtime creates, as in the guide.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewSession {
    pub agent_id: AgentId,
    pub workspace_id: WorkspaceId,
    pub runtime_session_id: RuntimeSessionId,
    /// A `ws`, `wss`, `http` or `https` address; kept and shown. The runtime dials in.
    pub runtime_endpoint: Option<String>,
    pub title: Option<String>,
    /// Columns, 2 to 1000; 80 by default.
    pub cols: Option<u32>,
    /// Rows, 1 to 500; 24 by default.
    pub rows: Option<u32>,
}

impl Terminals {
    /// A runtime's own session, which it will dial in to.
    pub async fn create(&self, from: &Runtime, new: NewSession) -> Result<TerminalSession, Error> {
        let size = TerminalSize::new(
            new.cols.unwrap_or(TerminalSize::DEFAULT.cols.into()),
            new.rows.unwrap_or(TerminalSize::DEFAULT.rows.into()),
        )?;
        check_endpoint(new.runtime_endpoint.as_deref())?;
        let mut change = self.changes.begin().await?;
        let found = db::agents::find_reported(change.tx(), from.workspace(), &new.agent_id).await?;
        let agent = found.filter(|agent| from.may_speak_for(agent)).ok_or(Error::NotFound("agent"))?;
        if is_of_former_run(&change, &agent, &new.runtime_session_id).await? {
            return Err(of_former_run(&new.runtime_session_id));
        }
        let opening = Opening {
            runtime_session_id: new.runtime_session_id.clone(),
            endpoint: new.runtime_endpoint,
            may_dial: false,
            title: new.title,
            size: Some(size),
        };
        let opened = self.ensure(&mut change, &agent, opening).await?;
        change.commit().await?;
        self.start(opened);
        let row = rows::by_runtime_id(self.db.read(), from.workspace(), &new.runtime_session_id).await?;
        Ok(view(&row.ok_or(Error::NotFound("terminal session"))?))
    }

    /// The runtime behind a call about a session of its own. Runtimes choose these ids, so several
    /// workspaces may have the same: it is that of the workspace which the credentials are good for.
    pub async fn runtime_of(
        &self,
        auth: &Auth,
        credentials: &Credentials,
        id: &RuntimeSessionId,
    ) -> Result<Runtime, Error> {
        for row in rows::unended_by_runtime_id(self.db.read(), id).await? {
            match auth.runtime(credentials, &WorkspaceId::parse(row.workspace_id)?).await {
                Err(Error::Unauthenticated) => {}
                decided => return decided,
            }
        }
        Err(Error::Unauthenticated)
    }

    /// Connects the wire of a runtime that dialled in; answers the terminal's size, and the offset from
    /// which its output counts.
    pub async fn accept(
        &self,
        from: &Runtime,
        id: &RuntimeSessionId,
        wire: Link,
    ) -> Result<(TerminalSize, u64), Error> {
        let row = self.reported(from, id).await?;
        let hub = self.hub(&row).ok_or_else(|| terminated(&row))?;
        hub.connect(wire).await;
        Ok((size_of(&row), hub.position().await))
    }

    /// Takes a runtime's word on the state of its session.
    pub async fn report(
        &self,
        from: &Runtime,
        id: &RuntimeSessionId,
        status: TerminalStatus,
    ) -> Result<TerminalSession, Error> {
        let row = self.reported(from, id).await?;
        match self.hub(&row) {
            Some(hub) if status.is_final() => hub.end("its runtime ended the session"),
            Some(hub) => hub.report(status).await,
            None => {}
        }
        let row = self.set_status(&row, status).await?;
        Ok(view(&row))
    }

    async fn reported(&self, from: &Runtime, id: &RuntimeSessionId) -> Result<rows::Model, Error> {
        let row = rows::by_runtime_id(self.db.read(), from.workspace(), id).await?;
        let row = row.ok_or(Error::NotFound("terminal session"))?;
        let agent = AgentId::parse(row.agent_id.as_str())?;
        let agent = db::agents::find(self.db.read(), from.workspace(), &agent).await?;
        if agent.is_some_and(|agent| from.may_speak_for(&agent)) {
            Ok(row)
        } else {
            Err(Error::Unauthenticated)
        }
    }
}

/// Whether what is told is of a former run: of a terminal that is not the agent's last, or that was there
/// before the restart that is under way.
pub(crate) async fn is_of_former_run(
    change: &Change,
    agent: &db::agents::Model,
    run: &RuntimeSessionId,
) -> Result<bool, Error> {
    let Some(told) = rows::of_run(change.tx(), agent, run).await? else { return Ok(false) };
    let (workspace, id) =
        (WorkspaceId::parse(agent.workspace_id.as_str())?, AgentId::parse(agent.id.as_str())?);
    let last = rows::of_agent(change.tx(), &workspace, &id).await?;
    let begins_anew = agent.status == AgentStatus::Spawning.as_str() && told.created_at < agent.status_since;
    Ok(begins_anew || last.is_some_and(|last| last.id != told.id))
}

pub(super) fn of_former_run(run: &RuntimeSessionId) -> Error {
    let detail = format!("the session {run} is of a former run of this agent: each run has its own");
    Error::Conflict { code: Conflict::SessionTerminated, detail }
}

pub(crate) fn check_endpoint(endpoint: Option<&str>) -> Result<(), Error> {
    let Some(endpoint) = endpoint else { return Ok(()) };
    let good = url::Url::parse(endpoint)
        .is_ok_and(|url| matches!(url.scheme(), "ws" | "wss" | "http" | "https") && url.has_host());
    if good {
        Ok(())
    } else {
        Err(Error::invalid("runtimeEndpoint", "must be a ws, wss, http or https address"))
    }
}

fn terminated(row: &rows::Model) -> Error {
    let detail = format!("terminal session {} has ended; create a new one", row.id);
    Error::Conflict { code: Conflict::SessionTerminated, detail }
}
