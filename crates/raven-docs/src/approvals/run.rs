//! What was approved is done: once, by the right that who asked has then, and on record.
//!
//! Owns the claim, which only one can make, and what became of it. A request that was approved is taken up on
//! start; one that was being done when the server ended is settled as failed, as nobody knows how far it got.
//! Must not know what tools do: the door that has them gives the way to call one.

use std::time::Duration;

use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::action::{ActionKind, ApprovedAction};
use super::state::{ApprovalState, Happened};
use super::{Approvals, AskerKind, Told, about_agent, asker_kind, moved, rows, target, tell, tell_only};
use crate::access::{SpawnAgents, decide};
use crate::activity::ActivityKind;
use crate::audit::{Action, Actor, ActorKind, Entry, Outcome};
use crate::auth::{AgentCaller, Auth, Caller, Named};
use crate::error::Error;
use crate::origin::Origin;
use crate::policies::ruling::{Asker, Effect, spawn_names, tool_names};

/// How often approved requests are looked for without a word: only when a write failed is there one.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// How often, and after which pause, it is tried to write down what became of a request: a full disk or a locked
/// database pass. What is not written down by then is settled by the next start, as not known.
const SETTLE_TRIES: u32 = 30;
const SETTLE_AGAIN: Duration = Duration::from_secs(2);

/// Most bytes of a result that are kept.
const MAX_RESULT: usize = 64 * 1024;

/// A call of a tool that people approved.
pub struct ToolCall {
    pub caller: AgentCaller,
    pub name: String,
    pub arguments: Map<String, Value>,
}

impl Approvals {
    /// Settles what was being done when the server ended.
    pub async fn settle(&self) -> Result<(), Error> {
        for row in rows::in_state(self.db.read(), ApprovalState::Running.as_str(), None).await? {
            let why =
                "raven-docs ended while it was being done: look whether it happened, and ask again if not";
            self.settled(row, Err(why.to_owned())).await?;
        }
        Ok(())
    }

    /// Does what is approved, until the server ends.
    pub async fn carry_out<F, Fut>(self, call_tool: F, tasks: TaskTracker, cancel: CancellationToken)
    where
        F: Fn(ToolCall) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        loop {
            match self.claimed().await {
                Ok(rows) => {
                    for row in rows {
                        tasks.spawn(self.clone().run(row, call_tool.clone()));
                    }
                }
                Err(error) => tracing::error!(%error, "approved requests could not be taken up"),
            }
            tokio::select! {
                () = cancel.cancelled() => return,
                () = self.work.notified() => {}
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }

    /// Claims every request that is approved and is to be done.
    async fn claimed(&self) -> Result<Vec<rows::Model>, Error> {
        let (approved, nothing_to_do) = (ApprovalState::Approved.as_str(), ActionKind::Custom.as_str());
        if rows::in_state(self.db.read(), approved, Some(nothing_to_do)).await?.is_empty() {
            return Ok(Vec::new());
        }
        let mut change = self.changes.begin().await?;
        let mut claimed = Vec::new();
        for row in rows::in_state(change.tx(), approved, Some(nothing_to_do)).await? {
            let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
            let row = moved(&change, row, Happened::Claimed).await?;
            let entry = Entry::new(asker(&row), Action::ApprovalExecute, target(&row));
            change.audit(&workspace, about_agent(entry.outcome(Outcome::Begun), &row)).await?;
            tell_only(&mut change, &workspace, row.clone()).await?;
            claimed.push(row);
        }
        change.commit().await?;
        Ok(claimed)
    }

    async fn run<F, Fut>(self, row: rows::Model, call_tool: F)
    where
        F: Fn(ToolCall) -> Fut + Send + 'static,
        Fut: Future<Output = Result<Value, Error>> + Send + 'static,
    {
        // What is done names the request in the audit log, as its own requests would.
        let origin = Origin { request_id: Some(row.id.clone()), address: None };
        let (this, asked) = (self.clone(), row.clone());
        let done = tokio::spawn(origin.scope(async move { this.perform(&asked, call_tool).await })).await;
        let done = match done {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(Error::Internal(cause))) => {
                tracing::error!(
                    error = format!("{cause:#}"),
                    approval.id = row.id,
                    "an approved action failed"
                );
                Err("something broke inside raven-docs; its log has it".to_owned())
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("something broke inside raven-docs; its log has it".to_owned()),
        };
        for _ in 0..SETTLE_TRIES {
            match self.settled(row.clone(), done.clone()).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(%error, approval.id = row.id, "what became of an approved action could not be written down");
                }
            }
            tokio::time::sleep(SETTLE_AGAIN).await;
        }
    }

    /// Does it by the right that who asked has now, which may be none any more.
    async fn perform<F, Fut>(&self, row: &rows::Model, call_tool: F) -> Result<Value, Error>
    where
        F: Fn(ToolCall) -> Fut,
        Fut: Future<Output = Result<Value, Error>>,
    {
        let caller = self.asker_now(row).await?;
        let action = self.opened(row)?;
        self.check_not_denied(row, &action, &caller).await?;
        match (action, caller) {
            (ApprovedAction::Spawn { wanted }, caller) => {
                let answer = self.agents.spawn(&decide::<SpawnAgents>(&caller)?, *wanted, None).await?;
                Ok(serde_json::to_value(answer).map_err(anyhow::Error::from)?)
            }
            (ApprovedAction::Tool { name, arguments }, Caller::Agent(caller)) => {
                call_tool(ToolCall { caller, name, arguments }).await
            }
            (ApprovedAction::Tool { .. }, Caller::Person(_) | Caller::ControlPlane(_)) => {
                Err(Error::Denied("only agents call tools".to_owned()))
            }
            (ApprovedAction::Custom { .. }, _) => Ok(Value::Null),
        }
    }

    /// What a policy denies by now is not done, whoever approved it before.
    async fn check_not_denied(
        &self,
        row: &rows::Model,
        action: &ApprovedAction,
        caller: &Caller,
    ) -> Result<(), Error> {
        let agent = match caller {
            Caller::Agent(agent) => Some(agent),
            Caller::Person(_) | Caller::ControlPlane(_) => None,
        };
        let ruling = if let (ApprovedAction::Tool { name, arguments }, Some(agent)) = (action, agent) {
            self.policies.ruling_of_call(agent, name, arguments).await?
        } else {
            let asker = if agent.is_some() { Asker::Agent } else { Asker::Person };
            let names = row.tool.as_deref().map_or_else(|| spawn_names(asker), tool_names);
            self.policies.ruling(caller.workspace(), agent.map(AgentCaller::agent), &names).await?
        };
        if ruling.effect() == Effect::Deny { Err(ruling.denied()) } else { Ok(()) }
    }

    async fn asker_now(&self, row: &rows::Model) -> Result<Caller, Error> {
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let caller = match asker_kind(row) {
            AskerKind::User => {
                Auth::person_now(self.db.read(), &workspace, &row.asked_id).await?.map(Caller::Person)
            }
            AskerKind::Agent => {
                let id = AgentId::parse(row.asked_id.as_str())?;
                let asked_at = Timestamp::from_millis(row.created_at);
                let known = self.agents.had_access_at(&workspace, &id, asked_at).await?;
                self.auth.agent_now(&workspace, &id).await?.filter(|_| known).map(Caller::Agent)
            }
        };
        caller.ok_or_else(|| Error::Denied("who asked for it has no access here any more".to_owned()))
    }

    /// Writes down what became of a request.
    async fn settled(&self, row: rows::Model, done: Result<Value, String>) -> Result<(), Error> {
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let mut change = self.changes.begin().await?;
        let (what, outcome) = match &done {
            Ok(_) => (Happened::Succeeded, Outcome::Done),
            Err(_) => (Happened::Broke, Outcome::Failed),
        };
        let mut row = row;
        match &done {
            Ok(result) => row.result = Some(bounded(result)),
            Err(why) => row.error = Some(why.clone()),
        }
        let row = moved(&change, row, what).await?;
        let kept = json!({ "state": row.state, "error": row.error, "actionDigest": row.action_digest });
        let entry = Entry::new(asker(&row), Action::ApprovalExecute, target(&row)).after(kept);
        change.audit(&workspace, about_agent(entry.outcome(outcome), &row)).await?;
        match done {
            Ok(_) => drop(tell_only(&mut change, &workspace, row).await?),
            Err(why) => {
                let told = Told::of(ActivityKind::ApprovalFailed, None, Some(why));
                drop(tell(&mut change, &workspace, row, told).await?);
            }
        }
        change.commit().await
    }
}

/// On whose right it is done.
fn asker(row: &rows::Model) -> Actor {
    let kind = match asker_kind(row) {
        AskerKind::User => ActorKind::User,
        AskerKind::Agent => ActorKind::Agent,
    };
    Actor::of(kind, Named { id: row.asked_id.clone(), name: row.asked_name.clone() })
}

fn bounded(result: &Value) -> String {
    let text = result.to_string();
    if text.len() <= MAX_RESULT { text } else { json!({ "tooLong": text.len() }).to_string() }
}
