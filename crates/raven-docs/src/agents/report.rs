//! What a runtime's reports change: transitions, their activity, and agents that were lost.
//!
//! Every report may come late, twice, or by two ways; the status machine decides what still counts.

use std::collections::HashSet;

use raven_protocol::agent::{AgentChange, AgentStatus};
use raven_protocol::doing::{Doing, PromptKind};
use raven_protocol::id::{AgentId, RuntimeId, RuntimeSessionId, WorkspaceId};
use raven_protocol::runtime_api::{RuntimeAgent, StopRequest};
use raven_protocol::time::Timestamp;
use serde_json::json;

use super::{Access, Agent, Agents, named, rows, status_of, view};
use crate::activity::{self, About, ActivityKind};
use crate::assignments::ending::{Left, agent_left, turn_ended};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Named;
use crate::db;
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};
use crate::notifications::outbox;
use crate::terminals::reports::is_of_former_run;
use crate::terminals::{Opening, Terminals};

/// How long a spawn call may be under way: an agent that is `spawning` for longer and unknown to
/// its runtime was lost. The call itself is given up after 30 s.
const SPAWN_UNDER_WAY_MS: i64 = 60_000;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The row agrees with it now.
    Yes,
    /// It tells nothing that still counts, or is of an agent that is not ours.
    Ignored,
    /// The agent ended here, and lives on there: it must be stopped.
    OutlivesItsRow,
    /// Its access was revoked, and it lives on there: it must be killed.
    OutlivesItsAccess,
}

impl Agents {
    /// Applies what a runtime reports of an agent, with the position of its event stream.
    pub(super) async fn apply(
        &self,
        workspace: &WorkspaceId,
        report: &RuntimeAgent,
        seq: Option<u64>,
    ) -> Result<Applied, Error> {
        let mut change = self.changes.begin().await?;
        if let Some(seq) = seq {
            db::settings::set_cursor(change.tx(), workspace, seq).await?;
        }
        let Some(row) = rows::find_reported(change.tx(), workspace, &report.id).await? else {
            change.commit().await?;
            return Ok(Applied::Ignored);
        };
        if is_of_former_run(&change, &row, &report.runtime_session_id).await? {
            change.commit().await?;
            return Ok(Applied::Ignored);
        }
        let session = self.terminals.ensure(&mut change, &row, opening(&report.runtime_session_id)).await?;
        let is_revoked = Access::of(&row) == Access::Revoked && goes_on(report.status);
        let (applied, ended) = match report.status.reported_by() {
            Some(what) if status_of(&row)?.on(what).is_ok() => {
                let id = row.id.clone();
                self.transition(&mut change, merge(row, report)?, what).await?;
                (Applied::Yes, report.status.is_final().then_some(id))
            }
            _ if status_of(&row)?.is_final() && !report.status.is_final() => (Applied::OutlivesItsRow, None),
            _ => (Applied::Ignored, None),
        };
        change.commit().await?;
        self.terminals.start(session);
        if let Some(agent) = ended {
            self.terminals.agent_ended(workspace, &AgentId::parse(agent)?).await?;
        }
        Ok(if is_revoked { Applied::OutlivesItsAccess } else { applied })
    }

    /// Applies one change of status to a row, with its activity and event. A change that cannot
    /// happen any more changes nothing.
    pub(super) async fn transition(
        &self,
        change: &mut Change,
        mut row: rows::Model,
        what: AgentChange,
    ) -> Result<(), Error> {
        let before = status_of(&row)?;
        let Ok(after) = before.on(what) else { return Ok(()) };
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let was = self.row_in(change, &workspace, &AgentId::parse(row.id.as_str())?).await?;
        let now = Timestamp::now();
        if after != before {
            row.status = after.as_str().to_owned();
            row.status_since = now.as_millis();
        }
        if after != AgentStatus::LoginRequired {
            row.login_url = None;
        }
        row.doing = serde_json::to_string(&lasting(doing_of(&row)?, after)).map_err(anyhow::Error::from)?;
        if after.is_final() && after != before {
            row.ended_at = Some(now.as_millis());
            row.pid = None;
            db::agent_keys::revoke_of_agent(change.tx(), &row.id, now).await?;
        }
        rows::update(change.tx(), &row).await?;
        if after.is_final() && after != before {
            let restarts = self.is_restarting(&AgentId::parse(row.id.as_str())?);
            agent_left(change, &row, if restarts { Left::Restarts } else { Left::Ended }).await?;
        }
        note_turn(change, &workspace, (&was, &row), after).await?;
        if let Some(turn) = doing_of(&row)?.turn {
            turn_ended(change, &row, &turn).await?;
        }
        if after == before {
            return self.tell_more(change, &was, row).await;
        }
        if let Some(kind) = activity_of(before, after) {
            let detail = if after == AgentStatus::Error { row.error.clone() } else { row.evidence.clone() };
            let about = About { agent: Some(named(&row)), detail, ..About::default() };
            activity::record(change, &workspace, kind, about).await?;
        }
        if let Some(action) = recorded_as(before, after) {
            let actor = Actor::runtime(row.runtime_id.as_deref());
            let kept = json!({ "status": after, "exitCode": row.exit_code, "error": row.error });
            let entry = Entry::new(actor, action, Target::named("agent", &named(&row)));
            change.audit(&workspace, entry.before(json!({ "status": before })).after(kept)).await?;
        }
        let session = Terminals::brief_in(change, &row).await?;
        let asks = asks_anew(&was, &row)?;
        let agent = Box::new(view(row, session)?);
        change.tell(&workspace, WorkspaceEvent::AgentChanged(agent.clone()));
        self.tell_prompt(change, &workspace, asks, agent).await
    }

    /// Tells what changed of an agent beside its status.
    async fn tell_more(&self, change: &mut Change, was: &rows::Model, row: rows::Model) -> Result<(), Error> {
        let unseen = rows::Model { last_activity_at: row.last_activity_at, ..was.clone() };
        if unseen == row {
            return Ok(());
        }
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let session = Terminals::brief_in(change, &row).await?;
        let (asks, login) = (asks_anew(was, &row)?, doing_of(was)?.login != doing_of(&row)?.login);
        let wants_login = row.status == AgentStatus::LoginRequired.as_str();
        let login = wants_login && (login || was.login_url != row.login_url);
        let agent = Box::new(view(row, session)?);
        change.tell(&workspace, WorkspaceEvent::AgentTold(agent.clone()));
        if login {
            change.tell(&workspace, WorkspaceEvent::AgentLogin(agent.clone()));
        }
        self.tell_prompt(change, &workspace, asks, agent).await
    }

    async fn tell_prompt(
        &self,
        change: &mut Change,
        workspace: &WorkspaceId,
        asks: Asks,
        agent: Box<Agent>,
    ) -> Result<(), Error> {
        if let Asks::Anew(question) = &asks
            && let Some(detail) = question
        {
            let by = Named { id: agent.id.clone(), name: agent.name.clone() };
            let about = About { agent: Some(by), detail: Some(detail.clone()), ..About::default() };
            activity::record(change, workspace, ActivityKind::AgentPrompt, about).await?;
        }
        if asks != Asks::TheSame {
            change.tell(workspace, WorkspaceEvent::AgentPrompt(agent));
        }
        Ok(())
    }

    /// Settles an agent that its runtime does not know any more.
    pub(super) async fn forgotten(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        why: &str,
    ) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let mut row = self.row_in(&change, workspace, id).await?;
        row.error = Some(why.to_owned());
        self.transition(&mut change, row, AgentChange::Failed).await?;
        change.commit().await?;
        self.terminals.agent_ended(workspace, id).await
    }

    /// Compares our rows with all agents that a workspace's runtime knows: lost ones are settled,
    /// and those that live on after their row ended are stopped.
    pub async fn reconcile(
        &self,
        workspace: &WorkspaceId,
        runtime: Option<&RuntimeId>,
        theirs: &[RuntimeAgent],
    ) -> Result<(), Error> {
        let known: HashSet<&str> = theirs.iter().map(|agent| agent.id.as_str()).collect();
        let now = Timestamp::now().as_millis();
        for row in rows::unended(self.db.read(), workspace).await? {
            if row.runtime_id.as_deref() != runtime.map(RuntimeId::as_str) {
                continue;
            }
            let under_way = row.status == AgentStatus::Spawning.as_str()
                && row.status_since >= self.started_at.as_millis()
                && now - row.status_since < SPAWN_UNDER_WAY_MS;
            if !under_way && !known.contains(row.runtime_agent_id.as_str()) {
                let why = "its runtime does not know it: it was lost when a program stopped; spawn it again";
                self.forgotten(workspace, &AgentId::parse(row.id)?, why).await?;
            }
        }
        for report in theirs {
            self.follow(workspace, report, None).await?;
        }
        Ok(())
    }

    /// Applies a report; an agent that lives on after its row ended is stopped.
    pub async fn follow(
        &self,
        workspace: &WorkspaceId,
        report: &RuntimeAgent,
        seq: Option<u64>,
    ) -> Result<(), Error> {
        let how = match self.apply(workspace, report, seq).await? {
            Applied::OutlivesItsRow => StopRequest::default(),
            Applied::OutlivesItsAccess => StopRequest { force: true, timeout: None },
            Applied::Yes | Applied::Ignored => return Ok(()),
        };
        tracing::warn!(agent.id = %report.id, "an agent outlives its row or its access; stopping it");
        let client = self.runtimes.client(workspace).await?;
        client.stop(&report.id, how).await?;
        Ok(())
    }

    /// Settles agents whose spawn never reached a runtime, when that cannot be asked.
    pub async fn settle_abandoned(&self) -> Result<(), Error> {
        let limit = Timestamp::from_millis(Timestamp::now().as_millis() - SPAWN_UNDER_WAY_MS);
        for row in rows::spawning_since_before(self.db.read(), limit).await? {
            let why = "its runtime never told of it; check the runtime's log and spawn it again";
            let workspace = WorkspaceId::parse(row.workspace_id)?;
            self.forgotten(&workspace, &AgentId::parse(row.id)?, why).await?;
        }
        Ok(())
    }
}

/// Whether an agent of this status goes on unless it is stopped.
fn goes_on(status: AgentStatus) -> bool {
    !status.is_final() && status != AgentStatus::Stopping
}

/// Whether an agent asks what it asked before.
#[derive(PartialEq, Eq)]
enum Asks {
    TheSame,
    /// Something else; with the question when the feed is to tell of it.
    Anew(Option<String>),
}

fn asks_anew(was: &rows::Model, row: &rows::Model) -> Result<Asks, Error> {
    let (before, after) = (doing_of(was)?.prompt, doing_of(row)?.prompt);
    if before == after {
        return Ok(Asks::TheSame);
    }
    let known = before.map(|prompt| prompt.id);
    // How to sign in is told by the login itself.
    let told = after.filter(|prompt| prompt.kind != PromptKind::Login && known.as_ref() != Some(&prompt.id));
    Ok(Asks::Anew(told.map(|prompt| prompt.question)))
}

fn doing_of(row: &rows::Model) -> Result<Doing, Error> {
    Ok(serde_json::from_str(&row.doing).map_err(anyhow::Error::from)?)
}

/// Notes a turn that is over, for those who wait for it: an agent that ended or wants a sign-in tells that instead.
async fn note_turn(
    change: &Change,
    workspace: &WorkspaceId,
    (was, row): (&rows::Model, &rows::Model),
    status: AgentStatus,
) -> Result<(), Error> {
    if status != AgentStatus::Ready {
        return Ok(());
    }
    let (before, after) = (doing_of(was)?.turn, doing_of(row)?.turn);
    outbox::note_turn(change, workspace, named(row), (before.as_ref(), after.as_ref())).await
}

/// What of it still holds in a status: who has ended asks nothing and waits for nothing.
fn lasting(doing: Doing, status: AgentStatus) -> Doing {
    let login = doing.login.filter(|_| status == AgentStatus::LoginRequired);
    if status.is_final() {
        return Doing { prompt: None, login, limit: None, queued: 0, queued_messages: Vec::new(), ..doing };
    }
    Doing { login, ..doing }
}

fn opening(runtime_session_id: &RuntimeSessionId) -> Opening {
    Opening {
        runtime_session_id: runtime_session_id.clone(),
        endpoint: None,
        may_dial: true,
        title: None,
        size: None,
    }
}

fn merge(row: rows::Model, report: &RuntimeAgent) -> Result<rows::Model, Error> {
    let by_login = report.doing.login.as_ref().and_then(|login| login.url.clone());
    Ok(rows::Model {
        doing: serde_json::to_string(&report.doing).map_err(anyhow::Error::from)?,
        evidence: report.evidence.clone(),
        error: report.error.clone(),
        login_url: report.login_url.clone().or(by_login),
        cwd: report.cwd.clone().or(row.cwd),
        pid: report.pid.map(i64::from),
        exit_code: report.exit_code.map(i64::from),
        started_at: report.started_at.map(Timestamp::as_millis).or(row.started_at),
        last_activity_at: report.last_activity_at.map(Timestamp::as_millis).or(row.last_activity_at),
        ..row
    })
}

/// How the audit log has a change: beginnings and ends, and not every turn of work.
fn recorded_as(before: AgentStatus, after: AgentStatus) -> Option<Action> {
    match activity_of(before, after)? {
        ActivityKind::AgentReady => Some(Action::AgentStarted),
        ActivityKind::AgentStopped => Some(Action::AgentEnded),
        ActivityKind::AgentFailed => Some(Action::AgentFailed),
        _ => None,
    }
}

/// What the feed tells of a change. Being ready is told once, not after every turn of work.
fn activity_of(before: AgentStatus, after: AgentStatus) -> Option<ActivityKind> {
    use AgentStatus::{Busy, Error, LoginRequired, Ready, Spawning, Starting, Stopped, Stopping, Waiting};
    match after {
        Ready => matches!(before, Spawning | Starting | LoginRequired).then_some(ActivityKind::AgentReady),
        LoginRequired => Some(ActivityKind::LoginRequired),
        Stopped => Some(ActivityKind::AgentStopped),
        Error => Some(ActivityKind::AgentFailed),
        Spawning | Starting | Busy | Waiting | Stopping => None,
    }
}
