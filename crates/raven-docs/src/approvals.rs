//! Approvals: what was asked for, who decided it, and until when.
//!
//! A request is stored data: it outlives the caller and the server, and its deadline means no. Owns requests and
//! decisions. Must not know how an approved action is done (see `run`), nor how anything is transported.

use std::sync::Arc;

use raven_protocol::id::{ApprovalId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::access::{Decide, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::agents::Agents;
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::{Auth, Named, Person};
use crate::db::{self, Db, approvals as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes, WorkspaceEvent};
use crate::policies::Policies;
use crate::policies::ruling::DeciderRole;
use crate::secrets::Secrets;

pub mod action;
mod asking;
mod deciders;
pub mod queue;
pub mod run;
pub mod state;

use action::{ActionKind, cut};
pub use asking::Gated;
use deciders::{Admins, refusal};
use state::{ApprovalState, Happened};

/// Longest note or reason of a decision, in characters.
const MAX_NOTE: usize = 1000;

/// Who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AskerKind {
    User,
    Agent,
}

impl AskerKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Agent => "agent",
        }
    }
}

/// Who asked, by name.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AskedBy {
    pub kind: AskerKind,
    #[serde(flatten)]
    pub named: Named,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = ApprovalVerdict)]
pub enum Verdict {
    Approve,
    Reject,
}

impl Verdict {
    fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// What one person decided.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[schema(as = ApprovalDecision)]
pub struct Decision {
    pub by: Named,
    pub verdict: Verdict,
    pub note: Option<String>,
    pub at: Timestamp,
}

/// A request as the API and events show it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approval {
    pub id: String,
    pub state: ApprovalState,
    pub action: ActionKind,
    /// The tool that an agent wants to use.
    pub tool: Option<String>,
    /// What it is, in one line.
    pub summary: String,
    /// Why, in the words of who asked.
    pub reason: Option<String>,
    /// All of it, without secrets.
    #[schema(value_type = Object)]
    pub arguments: Value,
    pub asked_by: AskedBy,
    /// The agent that asks.
    pub agent: Option<Named>,
    /// The person at the root of those who spawned that agent.
    pub owner: Option<Named>,
    /// How many people must approve.
    pub deciders: u32,
    pub decider_role: DeciderRole,
    pub decisions: Vec<Decision>,
    pub created_at: Timestamp,
    /// When it is denied unless it was decided before.
    pub deadline: Timestamp,
    pub settled_at: Option<Timestamp>,
    /// Why it could not be done.
    pub error: Option<String>,
    /// What came of it.
    #[schema(value_type = Option<Object>)]
    pub result: Option<Value>,
}

/// A request as one person sees it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SeenApproval {
    #[serde(flatten)]
    pub approval: Approval,
    /// Why the reader may not decide it; null when they may.
    pub refusal: Option<String>,
}

/// An approval with a note.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Approve {
    /// For whoever reads it later.
    pub note: Option<String>,
}

/// A rejection.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reject {
    /// Why not; whoever asked reads it.
    pub reason: String,
}

/// The requests of all workspaces.
#[derive(Clone)]
pub struct Approvals {
    db: Db,
    changes: Changes,
    secrets: Secrets,
    auth: Auth,
    agents: Agents,
    policies: Policies,
    /// Told when something is approved that is to be done.
    work: Arc<Notify>,
    /// Told when a deadline was set.
    deadlines: Arc<Notify>,
}

impl Approvals {
    pub fn new(
        (db, changes, secrets): (Db, Changes, Secrets),
        (auth, agents, policies): (Auth, Agents, Policies),
        deadlines: Arc<Notify>,
    ) -> Self {
        Self { db, changes, secrets, auth, agents, policies, work: Arc::default(), deadlines }
    }

    /// Approves or rejects a request.
    ///
    /// # Errors
    /// `Denied` for those who may not, `Conflict` when it was decided or its deadline has passed.
    pub async fn decide(
        &self,
        by: &Granted<Decide>,
        id: &ApprovalId,
        verdict: Verdict,
        note: Option<String>,
    ) -> Result<Approval, Error> {
        let note = check_note(note)?;
        let person = by.person().ok_or_else(|| Error::Denied("no agent decides; ask a person".to_owned()))?;
        let mut change = self.changes.begin_for(by).await?;
        let row = rows::find(change.tx(), by.workspace(), id).await?.ok_or(Error::NotFound("approval"))?;
        check_open(&row)?;
        self.check_decider(&change, &row, person).await?;
        let decision = rows::decisions::Model {
            approval_id: row.id.clone(),
            user_id: person.id.to_string(),
            user_name: person.name.clone(),
            verdict: verdict.as_str().to_owned(),
            note: note.clone(),
            at: Timestamp::now().as_millis(),
        };
        if !rows::decide(change.tx(), &decision).await? {
            let detail = "you have approved this already; another person must too".to_owned();
            return Err(Error::Conflict { code: Conflict::AlreadyDecided, detail });
        }
        let made = self.good_decisions(&change, &row).await?;
        let missing = usize::try_from(row.deciders).unwrap_or(1).saturating_sub(made);
        let row = match verdict {
            Verdict::Reject => moved(&change, row, Happened::Refused).await?,
            Verdict::Approve if missing == 0 => moved(&change, row, Happened::Agreed).await?,
            Verdict::Approve => row,
        };
        let approval = record_decision(&mut change, by, row, (verdict, note, missing)).await?;
        change.commit().await?;
        self.work.notify_one();
        Ok(approval)
    }

    /// How many have approved who still may: a vote ends with the right to it.
    async fn good_decisions(&self, change: &Change, row: &rows::Model) -> Result<usize, Error> {
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let admins = admins(change.tx(), &workspace).await?;
        let mut good = 0;
        for decision in rows::decisions_of(change.tx(), std::slice::from_ref(&row.id)).await? {
            let person = Auth::person_now(change.tx(), &workspace, &decision.user_id).await?;
            good += usize::from(person.is_some_and(|person| refusal(row, &person, admins).is_none()));
        }
        Ok(good)
    }

    /// Looks at the person's role as it is now, within the change: it may have been taken from them meanwhile.
    async fn check_decider(&self, change: &Change, row: &rows::Model, person: &Person) -> Result<(), Error> {
        let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
        let now = Auth::person_now(change.tx(), &workspace, person.id.as_str()).await?;
        let now = now.ok_or(Error::Unauthenticated)?;
        // A token may be for less than its person's role.
        let now = Person { role: now.role.min(person.role), ..now };
        match refusal(row, &now, admins(change.tx(), &workspace).await?) {
            Some(why) => Err(Error::Denied(why)),
            None => Ok(()),
        }
    }

    /// Denies what nobody decided in time; answers when the next deadline is.
    pub async fn expire(&self) -> Result<Option<Timestamp>, Error> {
        let pending = ApprovalState::Pending.as_str();
        if !rows::overdue(self.db.read(), pending, Timestamp::now()).await?.is_empty() {
            let mut change = self.changes.begin().await?;
            for row in rows::overdue(change.tx(), pending, Timestamp::now()).await? {
                let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
                let row = moved(&change, row, Happened::DeadlinePassed).await?;
                let entry = Entry::new(Actor::system(), Action::ApprovalExpire, target(&row));
                change.audit(&workspace, about_agent(entry, &row)).await?;
                tell(&mut change, &workspace, row, Told::of(ActivityKind::ApprovalExpired, None, None))
                    .await?;
            }
            change.commit().await?;
        }
        Ok(rows::next_deadline(self.db.read(), pending).await?.map(Timestamp::from_millis))
    }

    async fn view(&self, row: rows::Model) -> Result<Approval, Error> {
        let decisions = rows::decisions_of(self.db.read(), std::slice::from_ref(&row.id)).await?;
        view(row, decisions)
    }

    fn opened(&self, row: &rows::Model) -> Result<action::ApprovedAction, Error> {
        let text = self.secrets.unseal(&purpose(&row.id), &row.action_sealed)?;
        Ok(serde_json::from_str(text.expose_secret()).map_err(anyhow::Error::from)?)
    }
}

/// What an action is sealed for: nobody can put one request's action into another.
fn purpose(id: &str) -> String {
    format!("approved action of {id}")
}

fn check_note(note: Option<String>) -> Result<Option<String>, Error> {
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    match note {
        Some(note) if note.chars().count() > MAX_NOTE => {
            Err(Error::invalid("note", format!("must be at most {MAX_NOTE} characters")))
        }
        note => Ok(note),
    }
}

/// A request takes a decision while it is pending and its deadline is to come, whether or not anybody has noted yet
/// that it has passed.
fn check_open(row: &rows::Model) -> Result<(), Error> {
    let state = state_of(row)?;
    if state == ApprovalState::Expired
        || (state == ApprovalState::Pending && row.deadline <= Timestamp::now().as_millis())
    {
        let detail = "its deadline has passed, which is a no; it must be asked for again".to_owned();
        return Err(Error::Conflict { code: Conflict::DeadlinePassed, detail });
    }
    if state != ApprovalState::Pending {
        let detail = format!("it was decided already: it is {}", state.as_str());
        return Err(Error::Conflict { code: Conflict::AlreadyDecided, detail });
    }
    Ok(())
}

async fn admins(db: &impl db::ConnectionTrait, workspace: &WorkspaceId) -> Result<Admins, Error> {
    Ok(Admins(db::memberships::count_with(db, workspace, &["admin", "owner"]).await?))
}

/// Moves a request on, unless somebody else has moved it meanwhile.
async fn moved(change: &Change, mut row: rows::Model, what: Happened) -> Result<rows::Model, Error> {
    let from = state_of(&row)?;
    let to = from.on(what).ok_or_else(|| already(from))?;
    row.state = to.as_str().to_owned();
    if !matches!(to, ApprovalState::Approved | ApprovalState::Running) || row.action_kind == "custom" {
        row.settled_at = Some(Timestamp::now().as_millis());
        // Nobody does it any more: the secrets in it are kept no longer.
        row.action_sealed.clear();
    }
    if rows::move_on(change.tx(), &row, from.as_str()).await? { Ok(row) } else { Err(already(from)) }
}

fn already(state: ApprovalState) -> Error {
    let detail = format!("it was decided already: it was {}", state.as_str());
    Error::Conflict { code: Conflict::AlreadyDecided, detail }
}

async fn record_decision(
    change: &mut Change,
    by: &Granted<Decide>,
    row: rows::Model,
    (verdict, note, missing): (Verdict, Option<String>, usize),
) -> Result<Approval, Error> {
    let (action, kind) = match verdict {
        Verdict::Approve => (Action::ApprovalApprove, ActivityKind::ApprovalApproved),
        Verdict::Reject => (Action::ApprovalReject, ActivityKind::ApprovalRejected),
    };
    let kept = json!({ "state": row.state, "note": note, "deciders": row.deciders, "missing": missing,
        "actionDigest": row.action_digest });
    let entry = about_agent(Entry::new(by.actor(), action, target(&row)), &row).after(kept);
    change.audit(by.workspace(), entry).await?;
    let more = (verdict == Verdict::Approve && missing > 0).then(|| format!("{missing} more must approve"));
    tell(change, by.workspace(), row, Told::of(kind, Some(by.by()), more.or(note))).await
}

/// How the feed tells of a change of a request.
struct Told {
    kind: ActivityKind,
    by: Option<Named>,
    more: Option<String>,
}

impl Told {
    fn of(kind: ActivityKind, by: Option<Named>, more: Option<String>) -> Self {
        Self { kind, by, more }
    }
}

/// Writes into the feed what became of a request, and tells browsers and whoever waits.
async fn tell(
    change: &mut Change,
    workspace: &WorkspaceId,
    row: rows::Model,
    told: Told,
) -> Result<Approval, Error> {
    let more = told.more.map(|more| format!(": {more}")).unwrap_or_default();
    let detail = Some(cut(&format!("{}{more}", row.summary), MAX_NOTE));
    let agent = named(row.agent_id.clone(), row.agent_name.clone());
    activity::record(change, workspace, told.kind, About { agent, actor: told.by, detail, session: None })
        .await?;
    tell_only(change, workspace, row).await
}

/// Tells browsers and whoever waits.
async fn tell_only(
    change: &mut Change,
    workspace: &WorkspaceId,
    row: rows::Model,
) -> Result<Approval, Error> {
    let decisions = rows::decisions_of(change.tx(), std::slice::from_ref(&row.id)).await?;
    let approval = view(row, decisions)?;
    change.tell(workspace, WorkspaceEvent::ApprovalDecided(Box::new(approval.clone())));
    Ok(approval)
}

fn target(row: &rows::Model) -> Target {
    Target::named("approval", &Named { id: row.id.clone(), name: row.summary.clone() })
}

fn about_agent(entry: Entry, row: &rows::Model) -> Entry {
    match &row.agent_id {
        Some(agent) => entry.agent(agent.as_str()),
        None => entry,
    }
}

fn named(id: Option<String>, name: Option<String>) -> Option<Named> {
    Some(Named { id: id?, name: name.unwrap_or_default() })
}

fn state_of(row: &rows::Model) -> Result<ApprovalState, Error> {
    let state = ApprovalState::from_str_opt(&row.state);
    Ok(state.ok_or_else(|| anyhow::anyhow!("approval {} has the unknown state `{}`", row.id, row.state))?)
}

fn asker_kind(row: &rows::Model) -> AskerKind {
    if row.asked_kind == AskerKind::User.as_str() { AskerKind::User } else { AskerKind::Agent }
}

fn view(row: rows::Model, decisions: Vec<rows::decisions::Model>) -> Result<Approval, Error> {
    let json = |text: &str| serde_json::from_str(text).map_err(anyhow::Error::from);
    let asked_by = AskedBy {
        kind: asker_kind(&row),
        named: Named { id: row.asked_id.clone(), name: row.asked_name.clone() },
    };
    let unknown = || anyhow::anyhow!("approval {} is of the unknown kind `{}`", row.id, row.action_kind);
    Ok(Approval {
        state: state_of(&row)?,
        action: ActionKind::from_str_opt(&row.action_kind).ok_or_else(unknown)?,
        arguments: json(&row.shown)?,
        result: row.result.as_deref().map(json).transpose()?,
        decider_role: DeciderRole::from_str_opt(&row.decider_role).unwrap_or_default(),
        deciders: u32::try_from(row.deciders).unwrap_or(1),
        decisions: decisions.into_iter().map(decision).collect(),
        id: row.id,
        tool: row.tool,
        summary: row.summary,
        reason: row.reason,
        asked_by,
        agent: named(row.agent_id, row.agent_name),
        owner: named(row.owner_id, row.owner_name),
        created_at: Timestamp::from_millis(row.created_at),
        deadline: Timestamp::from_millis(row.deadline),
        settled_at: row.settled_at.map(Timestamp::from_millis),
        error: row.error,
    })
}

fn decision(row: rows::decisions::Model) -> Decision {
    let verdict = if row.verdict == Verdict::Approve.as_str() { Verdict::Approve } else { Verdict::Reject };
    let by = Named { id: row.user_id, name: row.user_name };
    Decision { by, verdict, note: row.note, at: Timestamp::from_millis(row.at) }
}
