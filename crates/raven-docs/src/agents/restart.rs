//! Restarts: an agent ends, its recording is finished, and its runtime starts it anew under the same id.
//!
//! Owns that order, and that one restart of an agent is under way at a time. Must not know how its runtime does
//! it. A crash in between leaves a row that has ended, or one that is settled as one that was never told of.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use raven_protocol::agent::AgentStatus;
use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::runtime_api::{McpAccess, RestartRequest};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::deed::Deed;
use super::limits::More;
use super::{Agent, Agents, StopAgent, check_is_spawned, check_not_revoked, rows, status_of, view};
use crate::access::{Drive, Granted};
use crate::activity::ActivityKind;
use crate::assignments::ending::{Left, agent_left};
use crate::audit::Action;
use crate::auth::AGENT_KEY;
use crate::db::{self, sessions};
use crate::error::{Conflict, Error};
use crate::events::WorkspaceEvent;
use crate::secrets;
use crate::terminals::{self, Terminals};

/// How long an agent may take to end: what its runtime gives it, and the way of the news.
const ENDS: Duration = Duration::from_secs(30);

/// How long the rest of its output may take to be recorded.
const RECORDED: Duration = Duration::from_secs(20);

/// What became of a restart whose agent was stopped meanwhile.
const CALLED_OFF: &str =
    "this agent was stopped while it was being restarted: restart it again if it is to run";

/// How often a row is looked at meanwhile.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Agents that are being restarted, with the stop that calls it off.
#[derive(Clone, Default)]
pub struct Restarts(Arc<Mutex<HashMap<AgentId, watch::Sender<Option<StopAgent>>>>>);

/// One of them, until it is dropped.
struct UnderWay {
    restarts: Restarts,
    id: AgentId,
    called_off: watch::Receiver<Option<StopAgent>>,
}

impl Restarts {
    fn begin(&self, id: &AgentId) -> Result<UnderWay, Error> {
        let mut under_way = self.under_way();
        if under_way.contains_key(id) {
            let detail = "this agent is being restarted already: wait until it is ready".to_owned();
            return Err(Error::Conflict { code: Conflict::RestartUnderWay, detail });
        }
        let (calls_off, called_off) = watch::channel(None);
        under_way.insert(id.clone(), calls_off);
        Ok(UnderWay { restarts: self.clone(), id: id.clone(), called_off })
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<AgentId, watch::Sender<Option<StopAgent>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether an agent is being restarted.
    pub fn is_under_way(&self, id: &AgentId) -> bool {
        self.under_way().contains_key(id)
    }

    /// Has an agent that is being restarted not start again.
    pub fn call_off(&self, id: &AgentId, how: StopAgent) {
        if let Some(calls_off) = self.under_way().get(id) {
            calls_off.send_replace(Some(how));
        }
    }
}

impl UnderWay {
    /// The stop that called it off.
    fn called_off(&self) -> Option<StopAgent> {
        *self.called_off.borrow()
    }

    /// Waits for something, unless it is called off.
    async fn until(&self, something: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
        let mut called_off = self.called_off.clone();
        tokio::select! {
            done = something => done,
            _ = called_off.wait_for(Option::is_some) => Err(was_called_off()),
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.restarts.under_way().remove(&self.id);
    }
}

impl Agents {
    /// Ends an agent if it runs, and has its runtime start it anew.
    ///
    /// # Errors
    /// `Conflict` while another restart of it is under way, before its former output is recorded, or when it
    /// is stopped meanwhile; what the runtime could not be asked or did not accept. The agent is then what it
    /// was; it has failed only when nobody knows whether the new run began.
    pub async fn restart(&self, by: &Granted<Drive>, id: &AgentId) -> Result<Agent, Error> {
        let row = rows::find(self.db.read(), by.workspace(), id).await?.ok_or(Error::NotFound("agent"))?;
        check_is_spawned(&row)?;
        check_not_revoked(&row)?;
        let deed = Deed {
            action: Action::AgentRestart,
            told: Some((ActivityKind::AgentRestarted, None)),
            kept: json!({}),
        };
        self.on_record(by, &row, deed, self.end_and_begin(by, id, &row)).await?;
        self.get(&by.and()?, id).await
    }

    async fn end_and_begin(&self, by: &Granted<Drive>, id: &AgentId, row: &rows::Model) -> Result<(), Error> {
        let workspace = by.workspace();
        let only = self.restarts.begin(id)?;
        self.check_is_there(workspace, row).await?;
        let client = self.runtimes.client(workspace).await?;
        // Whether it is there is asked before anything is ended.
        client.health().await?;
        let env = self.variables(row)?;
        self.end(workspace, id, StopAgent::default()).await?;
        only.until(self.until_ended(workspace, id)).await?;
        only.until(self.until_recorded(workspace, id)).await?;
        let (token, key) = (secrets::generate("raven_cb_"), secrets::generate(AGENT_KEY));
        let (former, row) = self.begin_anew(by, &only, (&token, &key)).await?;
        let theirs = AgentId::parse(row.runtime_agent_id.as_str())?;
        let url = format!("{}/mcp", self.callback_url.trim_end_matches('/'));
        let mcp = McpAccess { url, keys: [(theirs.clone(), key)].into() };
        let request = RestartRequest { mcp: Some(mcp), env, callback_token: Some(token) };
        match client.restart(&theirs, &request).await {
            Ok(spawned) => self.bind(workspace, &client, &row.id, &spawned).await?,
            Err(failure) if failure.is_refusal() => {
                self.put_back(workspace, id, (former, &row)).await?;
                return Err(failure.passed_on("agent on its runtime"));
            }
            // Whether it began is not known: when it is heard of again, it is stopped.
            Err(failure) => {
                self.fail(workspace, &row.id, &failure.to_string()).await?;
                return Err(failure.passed_on("agent on its runtime"));
            }
        }
        // A stop that came after the last look may have found the former run, which had ended.
        if let Some(how) = only.called_off() {
            if let Err(unreached) = self.end(workspace, id, how).await {
                // Its runtime is told again when it tells of it.
                self.fail(workspace, &row.id, CALLED_OFF).await?;
                return Err(unreached);
            }
            return Err(was_called_off());
        }
        Ok(())
    }

    /// Seals the variables of a spawn, for its restarts: its runtime keeps them nowhere.
    pub(super) fn seal_variables(
        &self,
        agent: &str,
        env: &BTreeMap<String, String>,
    ) -> Result<Option<String>, Error> {
        if env.is_empty() {
            return Ok(None);
        }
        let text = SecretString::from(serde_json::to_string(env).map_err(anyhow::Error::from)?);
        Ok(Some(self.secrets.seal(&purpose(agent), &text)?))
    }

    fn variables(&self, row: &rows::Model) -> Result<BTreeMap<String, String>, Error> {
        let Some(sealed) = &row.variables_sealed else { return Ok(BTreeMap::new()) };
        let text = self.secrets.unseal(&purpose(&row.id), sealed)?;
        Ok(serde_json::from_str(text.expose_secret()).map_err(anyhow::Error::from)?)
    }

    async fn until_ended(&self, workspace: &WorkspaceId, id: &AgentId) -> Result<(), Error> {
        let begin = Instant::now();
        loop {
            let row = rows::find(self.db.read(), workspace, id).await?.ok_or(Error::NotFound("agent"))?;
            if status_of(&row)?.is_final() {
                return Ok(());
            }
            if begin.elapsed() > ENDS {
                let detail = "the agent did not end: stop it by force, then restart it".to_owned();
                return Err(Error::Conflict { code: Conflict::AgentBusy, detail });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    /// Its runtime keeps what is not recorded, for as long as this run is its last.
    async fn until_recorded(&self, workspace: &WorkspaceId, id: &AgentId) -> Result<(), Error> {
        let begin = Instant::now();
        loop {
            let last = sessions::of_agent(self.db.read(), workspace, id).await?;
            if last.is_none_or(|last| terminals::status_of(&last).is_final()) {
                return Ok(());
            }
            if begin.elapsed() > RECORDED {
                let detail = "its former output is not recorded yet: try again in a few seconds".to_owned();
                return Err(Error::Conflict { code: Conflict::NotRecordedYet, detail });
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn begin_anew(
        &self,
        by: &Granted<Drive>,
        only: &UnderWay,
        (token, key): (&SecretString, &SecretString),
    ) -> Result<(rows::Model, rows::Model), Error> {
        let mut change = self.changes.begin_for(by).await?;
        if only.called_off().is_some() {
            return Err(was_called_off());
        }
        let (workspace, id, now) = (by.workspace(), &only.id, Timestamp::now());
        let former = self.row_in(&change, workspace, id).await?;
        check_not_revoked(&former)?;
        self.check_room(&change, workspace, More(1), Some(id)).await?;
        let row = rows::Model {
            status: AgentStatus::Spawning.as_str().to_owned(),
            status_since: now.as_millis(),
            evidence: None,
            error: None,
            login_url: None,
            doing: "{}".to_owned(),
            pid: None,
            exit_code: None,
            callback_digest: secrets::digest(token.expose_secret()),
            started_at: None,
            ended_at: None,
            ..former.clone()
        };
        rows::update(change.tx(), &row).await?;
        let digest = secrets::digest(key.expose_secret());
        db::agent_keys::insert(change.tx(), workspace, id, digest, now).await?;
        let session = Terminals::brief_in(&change, &row).await?;
        change.tell(workspace, WorkspaceEvent::AgentChanged(Box::new(view(row.clone(), session)?)));
        change.commit().await?;
        Ok((former, row))
    }

    /// Undoes a restart that its runtime refused, unless something else became of it meanwhile.
    async fn put_back(
        &self,
        workspace: &WorkspaceId,
        id: &AgentId,
        (former, begun): (rows::Model, &rows::Model),
    ) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let row = self.row_in(&change, workspace, id).await?;
        if row.status != begun.status || row.callback_digest != begun.callback_digest {
            return Ok(());
        }
        rows::update(change.tx(), &former).await?;
        db::agent_keys::revoke_of_agent(change.tx(), &former.id, Timestamp::now()).await?;
        agent_left(&mut change, &former, Left::Ended).await?;
        let session = Terminals::brief_in(&change, &former).await?;
        change.tell(workspace, WorkspaceEvent::AgentChanged(Box::new(view(former, session)?)));
        change.commit().await
    }
}

fn was_called_off() -> Error {
    Error::Conflict { code: Conflict::RestartCalledOff, detail: CALLED_OFF.to_owned() }
}

/// What an agent's variables are sealed for.
fn purpose(agent: &str) -> String {
    format!("variables of the agent {agent}")
}
