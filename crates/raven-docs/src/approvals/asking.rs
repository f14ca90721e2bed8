//! Asking: an action that a policy wants people to decide becomes a stored request; and waiting for what they say.
//!
//! Owns the way from a ruling to a request. Must not know how it is decided or done.

use std::time::Duration;

use raven_protocol::id::{AgentId, ApprovalId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use tokio::time::Instant;

use super::action::ApprovedAction;
use super::state::ApprovalState;
use super::{
    Approval, Approvals, AskerKind, SeenApproval, admins, named, purpose, refusal, rows, target, view,
};
use crate::access::{Granted, Read, SpawnAgents};
use crate::activity::{self, About, ActivityKind};
use crate::agents::lineage;
use crate::agents::spawn::{Spawn, SpawnAnswer};
use crate::assignments::NewAssignment;
use crate::audit::{Action, Actor, Entry, Outcome, Target};
use crate::auth::{AgentCaller, Named};
use crate::error::{Conflict, Error};
use crate::events::{Change, Heard, WorkspaceEvent, heard_until};
use crate::policies::ruling::{Asker, DEADLINE_MINUTES, DeciderRole, Effect, Ruling, spawn_names};
use crate::repeats::IdempotencyKey;

/// Most requests of one asker that wait: people must be able to read them all.
const MAX_PENDING: u64 = 20;

/// Longest reason that an agent gives, and longest action that it describes, in characters.
const MAX_TEXT: usize = 4000;

/// Longest time that a caller waits for a decision at once: proxies cut off what is silent for longer.
const MAX_WAIT_SECONDS: u64 = 60;

/// What was asked for is done, or waits for people.
pub enum Gated<T> {
    Done(T),
    Waits(Box<Approval>),
}

/// Who asks, as it is kept.
pub struct By {
    workspace: WorkspaceId,
    kind: AskerKind,
    named: Named,
    actor: Actor,
    agent: Option<AgentId>,
}

impl By {
    fn granted<P>(by: &Granted<P>) -> Self {
        let agent = by.agent().map(|agent| agent.agent().clone());
        let kind = if agent.is_some() { AskerKind::Agent } else { AskerKind::User };
        Self { workspace: by.workspace().clone(), kind, named: by.by(), actor: by.actor(), agent }
    }

    pub fn agent(caller: &AgentCaller) -> Self {
        let named = caller.named();
        Self {
            workspace: caller.workspace().clone(),
            kind: AskerKind::Agent,
            actor: Actor::of(crate::audit::ActorKind::Agent, named.clone()),
            named,
            agent: Some(caller.agent().clone()),
        }
    }

    fn asker(&self) -> Asker {
        match self.kind {
            AskerKind::User => Asker::Person,
            AskerKind::Agent => Asker::Agent,
        }
    }
}

/// On which terms people decide.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    deciders: u32,
    role: DeciderRole,
    minutes: u32,
}

impl Terms {
    /// As a rule says.
    pub fn of(ruling: &Ruling) -> Self {
        let (deciders, role) = (ruling.rule.deciders, ruling.rule.decider_role);
        Self { deciders, role, minutes: ruling.deadline_minutes() }
    }

    /// What an agent asks for by itself: one admin decides.
    fn usual() -> Self {
        Self { deciders: 1, role: DeciderRole::default(), minutes: DEADLINE_MINUTES }
    }
}

impl Approvals {
    /// Spawns agents, or asks people whether to, as the policy says. A request that is repeated with its key is
    /// answered with what it asked for.
    ///
    /// # Errors
    /// `Denied` when the policy denies it; otherwise as [`Agents::spawn`](crate::agents::Agents::spawn).
    pub async fn spawn(
        &self,
        by: &Granted<SpawnAgents>,
        wanted: Spawn,
        key: Option<IdempotencyKey>,
    ) -> Result<Gated<SpawnAnswer>, Error> {
        let wanted = wanted.checked(by)?;
        let request = key.as_ref().map(|key| key.digest(by));
        if let Some(digest) = &request {
            if let Some(row) = rows::by_request_digest(self.db.read(), digest).await? {
                self.check_same(&row, &wanted)?;
                return Ok(Gated::Waits(Box::new(self.view(row).await?)));
            }
            if self.agents.has_spawned(digest).await? {
                return Ok(Gated::Done(self.agents.spawn(by, wanted, key).await?));
            }
        }
        let who = By::granted(by);
        let names = spawn_names(who.asker());
        let ruling = self.policies.ruling(by.workspace(), who.agent.as_ref(), &names).await?;
        match ruling.effect() {
            Effect::Allow => Ok(Gated::Done(self.agents.spawn(by, wanted, key).await?)),
            Effect::Deny => {
                self.refused(&who, Action::AgentSpawn).await?;
                Err(ruling.denied())
            }
            Effect::Ask => {
                let action = ApprovedAction::Spawn { wanted: Box::new(wanted) };
                let asked = self.ask(&who, action, None, (Terms::of(&ruling), request)).await?;
                Ok(Gated::Waits(Box::new(asked)))
            }
        }
    }

    /// A key that comes again must come with the same: people decide of what they were shown.
    fn check_same(&self, row: &rows::Model, wanted: &Spawn) -> Result<(), Error> {
        let action = ApprovedAction::Spawn { wanted: Box::new(wanted.clone()) };
        let text = serde_json::to_string(&action).map_err(anyhow::Error::from)?;
        if self.secrets.keyed_digest("approved action", &text)? == row.action_digest {
            return Ok(());
        }
        Err(Error::invalid("Idempotency-Key", "was used for another spawn; choose a new one"))
    }

    /// Asks people whether a tool may be used with these arguments; then it will be.
    pub async fn ask_for_tool(
        &self,
        caller: &AgentCaller,
        (name, arguments): (&str, serde_json::Map<String, serde_json::Value>),
        ruling: &Ruling,
    ) -> Result<Approval, Error> {
        let action = ApprovedAction::Tool { name: name.to_owned(), arguments };
        self.ask(&By::agent(caller), action, None, (Terms::of(ruling), None)).await
    }

    /// Asks the policy whether an agent may give another work, where it does not come by a tool.
    ///
    /// # Errors
    /// `Denied` when it may not, `ApprovalRequired` when people are to decide: then it is given once they have.
    pub async fn check_delegation(
        &self,
        caller: &AgentCaller,
        to: &AgentId,
        new: &NewAssignment,
    ) -> Result<(), Error> {
        let mut arguments = serde_json::to_value(new).map_err(anyhow::Error::from)?;
        arguments["agentId"] = json!(to);
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        self.check_tool(caller, ("agent_delegate", arguments)).await
    }

    /// Lets an agent do elsewhere what a tool does, as the policy says of the tool. What people approve is done by
    /// the tool then.
    ///
    /// # Errors
    /// `Denied` when the policy denies it, `ApprovalRequired` when people must decide.
    pub async fn check_tool(
        &self,
        caller: &AgentCaller,
        (name, arguments): (&str, serde_json::Map<String, serde_json::Value>),
    ) -> Result<(), Error> {
        let ruling = self.policies.ruling_of_call(caller, name, &arguments).await?;
        match ruling.effect() {
            Effect::Allow => Ok(()),
            Effect::Deny => Err(ruling.denied()),
            Effect::Ask => {
                let asked = self.ask_for_tool(caller, (name, arguments), &ruling).await?;
                let request = ApprovalId::parse(asked.id)?;
                Err(Error::ApprovalRequired { request, deadline: asked.deadline })
            }
        }
    }

    /// Asks people for a yes to what an agent will do by itself.
    pub async fn ask_for_yes(
        &self,
        caller: &AgentCaller,
        action: String,
        reason: String,
    ) -> Result<Approval, Error> {
        for (field, text) in [("action", &action), ("reason", &reason)] {
            if text.trim().is_empty() || text.chars().count() > MAX_TEXT {
                return Err(Error::invalid(field, format!("must be 1 to {MAX_TEXT} characters")));
            }
        }
        let action = ApprovedAction::Custom { action };
        self.ask(&By::agent(caller), action, Some(reason), (Terms::usual(), None)).await
    }

    async fn ask(
        &self,
        by: &By,
        action: ApprovedAction,
        reason: Option<String>,
        (terms, request): (Terms, Option<String>),
    ) -> Result<Approval, Error> {
        let mut change = self.changes.begin().await?;
        if let Some(digest) = &request
            && let Some(row) = rows::by_request_digest(change.tx(), digest).await?
        {
            return view(row, Vec::new());
        }
        let pending = ApprovalState::Pending.as_str();
        if rows::count_of(change.tx(), &by.workspace, (by.kind.as_str(), &by.named.id), pending).await?
            >= MAX_PENDING
        {
            let detail = format!("{MAX_PENDING} of your requests wait already; wait until some are decided");
            return Err(Error::Conflict { code: Conflict::TooManyRequests, detail });
        }
        let owner = match &by.agent {
            Some(agent) => root_of(&change, &by.workspace, agent).await?,
            None => None,
        };
        let row = self.new_row(by, &action, reason, (terms, request, owner))?;
        rows::insert(change.tx(), &row).await?;
        let kept = json!({ "action": row.action_kind, "tool": row.tool, "deciders": row.deciders,
            "deciderRole": row.decider_role, "deadline": Timestamp::from_millis(row.deadline),
            "actionDigest": row.action_digest });
        let entry = Entry::new(by.actor.clone(), Action::ApprovalRequest, target(&row)).after(kept);
        change.audit(&by.workspace, super::about_agent(entry, &row)).await?;
        let agent = named(row.agent_id.clone(), row.agent_name.clone());
        let (actor, detail) = (Some(by.named.clone()), Some(row.summary.clone()));
        let about = About { agent, actor, detail, session: None };
        activity::record(&mut change, &by.workspace, ActivityKind::ApprovalRequested, about).await?;
        let approval = view(row, Vec::new())?;
        change.tell(&by.workspace, WorkspaceEvent::ApprovalRequested(Box::new(approval.clone())));
        change.commit().await?;
        self.deadlines.notify_one();
        Ok(approval)
    }

    fn new_row(
        &self,
        by: &By,
        action: &ApprovedAction,
        reason: Option<String>,
        (terms, request_digest, owner): (Terms, Option<String>, Option<Named>),
    ) -> Result<rows::Model, Error> {
        let id = ApprovalId::generate().to_string();
        let text: SecretString = serde_json::to_string(action).map_err(anyhow::Error::from)?.into();
        let digest =
            self.secrets.keyed_digest("approved action", secrecy::ExposeSecret::expose_secret(&text))?;
        let now = Timestamp::now().as_millis();
        let (owner_id, owner_name) = owner.map(|owner| (owner.id, owner.name)).unzip();
        Ok(rows::Model {
            action_sealed: self.secrets.seal(&purpose(&id), &text)?,
            action_digest: digest,
            id,
            workspace_id: by.workspace.to_string(),
            asked_kind: by.kind.as_str().to_owned(),
            asked_id: by.named.id.clone(),
            asked_name: by.named.name.clone(),
            agent_id: by.agent.as_ref().map(ToString::to_string),
            agent_name: by.agent.as_ref().map(|_| by.named.name.clone()),
            owner_id,
            owner_name,
            action_kind: action.kind().as_str().to_owned(),
            tool: action.tool().map(str::to_owned),
            shown: action.shown()?.to_string(),
            summary: action.summary(),
            reason,
            state: ApprovalState::Pending.as_str().to_owned(),
            deciders: i64::from(terms.deciders),
            decider_role: terms.role.as_str().to_owned(),
            request_digest,
            created_at: now,
            deadline: now + i64::from(terms.minutes) * 60_000,
            settled_at: None,
            error: None,
            result: None,
        })
    }

    async fn refused(&self, by: &By, action: Action) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let target = Target::new("workspace", by.workspace.as_str());
        let entry = Entry::new(by.actor.clone(), action, target).outcome(Outcome::Refused);
        change.audit(&by.workspace, entry.after(json!({ "by": "policy" }))).await?;
        change.commit().await
    }

    /// One request, once it was decided or the caller has waited for so long.
    pub async fn get(&self, by: &Granted<Read>, id: &ApprovalId, wait: u64) -> Result<SeenApproval, Error> {
        let row = self.decided(by.workspace(), id, wait).await?;
        let row = row.ok_or(Error::NotFound("approval"))?;
        let refusal = match by.person() {
            Some(person) => refusal(&row, person, admins(self.db.read(), by.workspace()).await?),
            None => None,
        };
        Ok(SeenApproval { approval: self.view(row).await?, refusal })
    }

    /// One of an agent's own requests, once it was decided or the agent has waited for so long.
    pub async fn get_own(&self, of: &AgentCaller, id: &ApprovalId, wait: u64) -> Result<Approval, Error> {
        let row = rows::find(self.db.read(), of.workspace(), id).await?;
        let own = |row: &rows::Model| {
            row.asked_kind == AskerKind::Agent.as_str() && row.asked_id == of.agent().as_str()
        };
        if !row.as_ref().is_some_and(own) {
            return Err(Error::NotFound("approval"));
        }
        let row = self.decided(of.workspace(), id, wait).await?.ok_or(Error::NotFound("approval"))?;
        self.view(row).await
    }

    /// A request, as soon as it is not pending any more or the time is over.
    async fn decided(
        &self,
        workspace: &WorkspaceId,
        id: &ApprovalId,
        wait: u64,
    ) -> Result<Option<rows::Model>, Error> {
        if wait > MAX_WAIT_SECONDS {
            return Err(Error::invalid("waitSeconds", format!("must be 0 to {MAX_WAIT_SECONDS}")));
        }
        let until = Instant::now() + Duration::from_secs(wait);
        // Listening begins before the row is read: what is decided in between is heard.
        let mut heard = self.changes.listen();
        loop {
            let row = rows::find(self.db.read(), workspace, id).await?;
            let is_pending = row.as_ref().is_some_and(|row| row.state == ApprovalState::Pending.as_str());
            if !is_pending {
                return Ok(row);
            }
            let decided = |event: &WorkspaceEvent| matches!(event, WorkspaceEvent::ApprovalDecided(approval) if approval.id == id.as_str());
            if heard_until(&mut heard, until, decided).await == Heard::Nothing {
                return Ok(row);
            }
        }
    }
}

/// The person at the root of those who spawned an agent; of one from outside, who let it in.
async fn root_of(change: &Change, workspace: &WorkspaceId, agent: &AgentId) -> Result<Option<Named>, Error> {
    match lineage::behind(change, workspace, agent).await?.pop() {
        Some(last) if last.kind == lineage::AGENT => {
            Err(Error::Denied("too many agents stand between you and a person".to_owned()))
        }
        last => Ok(last.map(|person| Named { id: person.id, name: person.name })),
    }
}
