//! Policies: what is allowed, what people are asked for, and what is denied, per workspace and agent.
//!
//! Owns the documents of rules and their versions. What rules mean is in `ruling`. Must not know who asks
//! for what, nor how a request is decided.

use raven_protocol::id::{AgentId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry, Target};
use crate::auth::{AgentCaller, Named};
use crate::db::{self, Db, policies as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes};

pub mod meetable;
pub mod names;
pub mod ruling;
pub mod withholding;

use ruling::{Asker, Rule, Ruling};

/// Most rules of one document: more than a person would keep in view.
const MAX_RULES: usize = 200;

/// A document of rules.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Policy {
    /// Which state of it this is; a change names the one that it was made from. 0 when there is none yet.
    pub version: i64,
    pub rules: Vec<Rule>,
    /// What counts for agents where no rule does.
    pub defaults: Vec<Rule>,
    pub updated_at: Option<Timestamp>,
    pub updated_by: Option<Named>,
}

/// A document in the place of another.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyChange {
    /// The version that was changed.
    pub version: i64,
    pub rules: Vec<Rule>,
}

/// Whose document.
#[derive(Debug, Clone)]
pub enum Of {
    Workspace,
    Agent(AgentId),
}

impl Of {
    fn key(&self) -> &str {
        match self {
            Self::Workspace => "",
            Self::Agent(id) => id.as_str(),
        }
    }
}

/// The policies of all workspaces.
#[derive(Clone)]
pub struct Policies {
    db: Db,
    changes: Changes,
}

impl Policies {
    pub fn new(db: Db, changes: Changes) -> Self {
        Self { db, changes }
    }

    /// A document as it is.
    pub async fn get(&self, by: &Granted<Administer>, of: &Of) -> Result<Policy, Error> {
        let mut key = of.key().to_owned();
        if let Of::Agent(id) = of {
            let agent = db::agents::find(self.db.read(), by.workspace(), id).await?;
            // An agent may be called by another id than it is kept under.
            key = agent.ok_or(Error::NotFound("agent"))?.id;
        }
        view(rows::find(self.db.read(), by.workspace(), &key).await?)
    }

    /// Puts a document in the place of the one that it was made from.
    ///
    /// # Errors
    /// `Conflict` when somebody else changed it meanwhile; `Invalid` for a rule that asks more people than there are.
    pub async fn put(
        &self,
        by: &Granted<Administer>,
        of: &Of,
        change: PolicyChange,
    ) -> Result<Policy, Error> {
        check(&change.rules)?;
        let mut tx = self.changes.begin_for(by).await?;
        let agent = agent_in(&tx, by.workspace(), of).await?;
        let key = agent.as_ref().map_or_else(|| of.key().to_owned(), |agent| agent.id.clone());
        let before = rows::find(tx.tx(), by.workspace(), &key).await?;
        let version = before.as_ref().map_or(0, |row| row.version);
        if version != change.version {
            let detail =
                format!("it is at version {version} and not {} any more; read it again", change.version);
            return Err(Error::Conflict { code: Conflict::PolicyChanged, detail });
        }
        let Named { id: updated_by, name: updated_by_name } = by.by();
        meetable::check(&tx, by.workspace(), &change.rules).await?;
        let row = rows::Model {
            workspace_id: by.workspace().to_string(),
            agent_id: key,
            version: version + 1,
            rules: serde_json::to_string(&change.rules).map_err(anyhow::Error::from)?,
            updated_at: Timestamp::now().as_millis(),
            updated_by,
            updated_by_name,
        };
        rows::put(tx.tx(), &row).await?;
        let target = match &agent {
            Some(agent) => Target::named("agent", agent),
            None => Target::new("workspace", by.workspace().as_str()),
        };
        let entry = Entry::new(by.actor(), Action::PolicyChange, target)
            .before(json!({ "version": version, "rules": parsed(before.as_ref())? }))
            .after(json!({ "version": row.version, "rules": change.rules }));
        tx.audit(by.workspace(), entry).await?;
        let about = About { agent, actor: Some(by.by()), ..About::default() };
        activity::record(&mut tx, by.workspace(), ActivityKind::PolicyChanged, about).await?;
        tx.commit().await?;
        view(Some(row))
    }

    /// What the rules of a workspace say of an action, which they may know by several names; of an agent's,
    /// its own rules too.
    pub async fn ruling(
        &self,
        workspace: &WorkspaceId,
        agent: Option<&AgentId>,
        names: &[String],
    ) -> Result<Ruling, Error> {
        let general = parsed(rows::find(self.db.read(), workspace, "").await?.as_ref())?;
        let own = match agent {
            Some(id) => parsed(rows::find(self.db.read(), workspace, id.as_str()).await?.as_ref())?,
            None => Vec::new(),
        };
        let asker = if agent.is_some() { Asker::Agent } else { Asker::Person };
        Ok(ruling::rule(asker, names, &general, &own))
    }

    /// What they say of an agent's call of a tool: the strictest of what they say of all that it amounts to.
    pub async fn ruling_of_call(
        &self,
        agent: &AgentCaller,
        tool: &str,
        arguments: &serde_json::Map<String, serde_json::Value>,
    ) -> Result<Ruling, Error> {
        let mut strictest: Option<Ruling> = None;
        for names in names::of_call(tool, arguments) {
            let ruling = self.ruling(agent.workspace(), Some(agent.agent()), &names).await?;
            if strictest.as_ref().is_none_or(|before| before.effect() < ruling.effect()) {
                strictest = Some(ruling);
            }
        }
        strictest.ok_or_else(|| anyhow::anyhow!("a call that has no name").into())
    }
}

async fn agent_in(change: &Change, workspace: &WorkspaceId, of: &Of) -> Result<Option<Named>, Error> {
    let Of::Agent(id) = of else { return Ok(None) };
    let row = db::agents::find(change.tx(), workspace, id).await?.ok_or(Error::NotFound("agent"))?;
    Ok(Some(Named { id: row.id, name: row.name }))
}

fn check(rules: &[Rule]) -> Result<(), Error> {
    if rules.len() > MAX_RULES {
        return Err(Error::invalid("rules", format!("must be at most {MAX_RULES}")));
    }
    for (number, rule) in rules.iter().enumerate() {
        rule.check(number)?;
        if rules[..number].iter().any(|before| before.action == rule.action) {
            let why = format!("has a rule already: `{}`; keep one of them", rule.action);
            return Err(Error::invalid(format!("rules[{number}].action"), why));
        }
    }
    Ok(())
}

fn parsed(row: Option<&rows::Model>) -> Result<Vec<Rule>, Error> {
    let rules = row.map(|row| serde_json::from_str(&row.rules)).transpose();
    Ok(rules.map_err(anyhow::Error::from)?.unwrap_or_default())
}

fn view(row: Option<rows::Model>) -> Result<Policy, Error> {
    let rules = parsed(row.as_ref())?;
    let updated_at = row.as_ref().map(|row| Timestamp::from_millis(row.updated_at));
    let (version, updated_by) = row.map_or((0, None), |row| {
        (row.version, Some(Named { id: row.updated_by, name: row.updated_by_name }))
    });
    Ok(Policy { version, rules, defaults: ruling::defaults(Asker::Agent), updated_at, updated_by })
}
