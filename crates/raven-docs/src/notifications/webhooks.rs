//! Webhooks: addresses that are told of a workspace's events.
//!
//! Owns their rules: who makes them, their secrets, what they want to hear, and when they are turned off. Must
//! not know how a request is made (see `post`), nor when (see `delivery`).

use raven_protocol::id::{WebhookId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::delivery::{Attempt, End};
use super::topics::Topic;
use super::{Notifications, post};
use crate::access::{Administer, Granted};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, Entry, Target};
use crate::auth::Named;
use crate::db::{deliveries, webhooks as rows};
use crate::error::{Conflict, Error};
use crate::events::Change;
use crate::page::{Page, PageQuery};
use crate::patch::present;
use crate::people::check_text;

mod log;

pub use log::{Delivery, WebhookTest};

/// Webhooks of a workspace: each costs a request for each event.
const MAX_WEBHOOKS: u64 = 20;

/// Agents that a webhook may name; more is better said by naming none.
const MAX_AGENTS: usize = 50;

/// How long nothing may be accepted before a webhook is turned off: a long weekend with a day to mend it.
const FAILING_MS: i64 = 5 * 24 * 60 * 60 * 1000;

/// Why one is off whose admin turned it off.
const BY_HAND: &str = "an admin turned it off";

/// Why one is off whose maker is no admin any more.
const MAKER_GONE: &str = "who made it is no admin any more: look where it leads, then turn it on";

/// A webhook to be made.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewWebhook {
    pub name: String,
    /// An `http` or `https` address.
    pub url: String,
    /// What it is told; everything unless said.
    pub topics: Option<Vec<Topic>>,
    /// Only of these agents.
    pub agent_ids: Option<Vec<String>>,
}

/// A change of a webhook; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookChange {
    pub name: Option<String>,
    pub url: Option<String>,
    pub topics: Option<Vec<Topic>>,
    /// Null for every agent.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Vec<String>>)]
    pub agent_ids: Option<Option<Vec<String>>>,
    pub enabled: Option<bool>,
}

/// A webhook, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub id: String,
    pub name: String,
    pub url: String,
    pub topics: Vec<Topic>,
    /// Null for every agent.
    pub agent_ids: Option<Vec<String>>,
    pub enabled: bool,
    /// Why it is off.
    pub disabled_because: Option<String>,
    /// Since when nothing of it was accepted.
    pub failing_since: Option<Timestamp>,
    pub created_by: Named,
    pub created_at: Timestamp,
}

fn purpose(id: &str) -> String {
    format!("secret of the webhook {id}")
}

impl Notifications {
    /// Makes a webhook; answers it with its secret, which is shown this once.
    ///
    /// # Errors
    /// `Invalid` for what cannot be one, `Conflict` when there are too many.
    pub async fn create_webhook(
        &self,
        by: &Granted<Administer>,
        new: NewWebhook,
    ) -> Result<(Webhook, SecretString), Error> {
        let workspace = by.workspace();
        let (id, secret) = (WebhookId::generate().to_string(), post::new_secret());
        let Named { id: created_by, name: created_by_name } = by.by();
        let row = rows::Model {
            name: check_text("name", &new.name)?,
            url: post::check_url(&new.url)?.into(),
            topics: topics_text(new.topics.unwrap_or_else(|| Topic::ALL.to_vec()))?,
            agent_ids: new.agent_ids.map(agents_text).transpose()?,
            secret_sealed: self.inner.secrets.seal(&purpose(&id), &secret)?,
            id,
            workspace_id: workspace.to_string(),
            off_because: None,
            failing_since: None,
            created_by,
            created_by_name,
            created_at: Timestamp::now().as_millis(),
        };
        let mut change = self.inner.changes.begin_for(by).await?;
        if rows::count(change.tx(), workspace).await? >= MAX_WEBHOOKS {
            let detail = format!("a workspace has at most {MAX_WEBHOOKS} webhooks: remove one first");
            return Err(Error::Conflict { code: Conflict::TooManyWebhooks, detail });
        }
        rows::insert(change.tx(), &row).await?;
        change.audit(workspace, entry(by, Action::WebhookCreate, &row).after(audited(&row))).await?;
        change.commit().await?;
        Ok((view(row)?, secret))
    }

    /// The workspace's webhooks, newest first.
    pub async fn list_webhooks(
        &self,
        by: &Granted<Administer>,
        page: PageQuery,
    ) -> Result<Page<Webhook>, Error> {
        let limit = page.limit()?;
        let found = rows::page(self.db().read(), by.workspace(), page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, view)
    }

    /// Changes a webhook. One that is turned on again begins anew.
    ///
    /// # Errors
    /// `Invalid` for what cannot be one; nothing is changed then.
    pub async fn change_webhook(
        &self,
        by: &Granted<Administer>,
        id: &WebhookId,
        wanted: WebhookChange,
    ) -> Result<Webhook, Error> {
        let mut change = self.inner.changes.begin_for(by).await?;
        let before = found(&change, by.workspace(), id).await?;
        let mut row = before.clone();
        if let Some(name) = wanted.name {
            row.name = check_text("name", &name)?;
        }
        if let Some(url) = wanted.url {
            row.url = post::check_url(&url)?.into();
        }
        if let Some(topics) = wanted.topics {
            row.topics = topics_text(topics)?;
        }
        if let Some(agents) = wanted.agent_ids {
            row.agent_ids = agents.map(agents_text).transpose()?;
        }
        match wanted.enabled {
            Some(true) => (row.off_because, row.failing_since) = (None, None),
            Some(false) => row.off_because = row.off_because.or(Some(BY_HAND.to_owned())),
            None => {}
        }
        rows::update(change.tx(), &row).await?;
        let entry = entry(by, Action::WebhookChange, &row).before(audited(&before)).after(audited(&row));
        change.audit(by.workspace(), entry).await?;
        change.commit().await?;
        view(row)
    }

    /// Removes a webhook with its log. What is on its way to it is not sent any more.
    pub async fn delete_webhook(&self, by: &Granted<Administer>, id: &WebhookId) -> Result<(), Error> {
        let mut change = self.inner.changes.begin_for(by).await?;
        let row = found(&change, by.workspace(), id).await?;
        rows::remove(change.tx(), &row.id).await?;
        deliveries::remove_of(change.tx(), &row.id).await?;
        change.audit(by.workspace(), entry(by, Action::WebhookDelete, &row).before(audited(&row))).await?;
        change.commit().await
    }

    /// Gives a webhook another secret, which is shown this once; the former one signs nothing any more.
    pub async fn rotate_webhook(
        &self,
        by: &Granted<Administer>,
        id: &WebhookId,
    ) -> Result<(Webhook, SecretString), Error> {
        let secret = post::new_secret();
        let mut change = self.inner.changes.begin_for(by).await?;
        let mut row = found(&change, by.workspace(), id).await?;
        row.secret_sealed = self.inner.secrets.seal(&purpose(&row.id), &secret)?;
        rows::update(change.tx(), &row).await?;
        change.audit(by.workspace(), entry(by, Action::WebhookRotate, &row)).await?;
        change.commit().await?;
        Ok((view(row)?, secret))
    }

    /// Sends a delivery to its webhook.
    pub(super) async fn send_to_webhook(&self, row: &deliveries::Model) -> Result<Attempt, Error> {
        match rows::by_id(self.db().read(), &row.target_id).await? {
            Some(webhook) if webhook.off_because.is_none() => self.post(&webhook, row).await,
            Some(_) => Ok(Attempt::drop("the webhook is off")),
            None => Ok(Attempt::drop("the webhook was removed")),
        }
    }

    async fn post(&self, webhook: &rows::Model, row: &deliveries::Model) -> Result<Attempt, Error> {
        let secret = self.inner.secrets.unseal(&purpose(&webhook.id), &webhook.secret_sealed)?;
        Ok(self.inner.poster.post(&webhook.url, &secret, &row.event_id, &row.body).await)
    }

    /// Notes what an attempt says of its webhook: one that is gone, or fails for days, is turned off.
    pub(super) async fn note_webhook(
        &self,
        change: &mut Change,
        row: &deliveries::Model,
        attempt: &Attempt,
    ) -> Result<(), Error> {
        let Some(mut webhook) = rows::by_id(change.tx(), &row.target_id).await? else { return Ok(()) };
        let now = Timestamp::now().as_millis();
        let failing_since = match attempt.end {
            End::Delivered => None,
            End::Drop => webhook.failing_since,
            End::TryAgain | End::GiveUp | End::Gone => webhook.failing_since.or(Some(now)),
        };
        let why = match attempt.end {
            End::Gone => Some("the receiver answered 410: it wants nothing more"),
            _ if failing_since.is_some_and(|since| now - since > FAILING_MS) => {
                Some("nothing was accepted for 5 days")
            }
            _ => None,
        };
        if failing_since == webhook.failing_since && why.is_none() {
            return Ok(());
        }
        webhook.failing_since = failing_since;
        if let Some(why) = why.filter(|_| webhook.off_because.is_none()) {
            turn_off(change, Actor::system(), (&mut webhook, why)).await?;
        }
        Ok(rows::update(change.tx(), &webhook).await?)
    }
}

/// Turns off what somebody made who may not make webhooks any more: what it is told may go to them alone. An admin who
/// knows where it goes turns it on again.
pub async fn off_with_maker(
    change: &mut Change,
    workspace: &WorkspaceId,
    (actor, maker): (&Actor, &str),
) -> Result<(), Error> {
    let on = rows::on(change.tx(), workspace).await?;
    for mut webhook in on.into_iter().filter(|webhook| webhook.created_by == maker) {
        turn_off(change, actor.clone(), (&mut webhook, MAKER_GONE)).await?;
        rows::update(change.tx(), &webhook).await?;
    }
    Ok(())
}

async fn turn_off(
    change: &mut Change,
    actor: Actor,
    (webhook, why): (&mut rows::Model, &str),
) -> Result<(), Error> {
    webhook.off_because = Some(why.to_owned());
    let workspace = WorkspaceId::parse(webhook.workspace_id.as_str())?;
    let entry = Entry::new(actor, Action::WebhookDisable, Target::named("webhook", &named(webhook)));
    change.audit(&workspace, entry.after(json!({ "because": why }))).await?;
    let about = About { detail: Some(format!("{}: {why}", webhook.name)), ..About::default() };
    activity::record(change, &workspace, ActivityKind::WebhookDisabled, about).await
}

/// Whether a webhook is to be told of something.
pub(super) fn wants(row: &rows::Model, topic: Topic, agent: Option<&str>) -> Result<bool, Error> {
    let Webhook { topics, agent_ids, .. } = view(row.clone())?;
    let of_agent = agent_ids.is_none_or(|ids| agent.is_some_and(|agent| ids.iter().any(|id| id == agent)));
    Ok(topics.contains(&topic) && of_agent)
}

async fn found(change: &Change, workspace: &WorkspaceId, id: &WebhookId) -> Result<rows::Model, Error> {
    rows::find(change.tx(), workspace, id).await?.ok_or(Error::NotFound("webhook"))
}

fn topics_text(mut topics: Vec<Topic>) -> Result<String, Error> {
    topics.sort_unstable();
    topics.dedup();
    if topics.is_empty() {
        return Err(Error::invalid("topics", "must name at least one"));
    }
    Ok(serde_json::to_string(&topics).map_err(anyhow::Error::from)?)
}

fn agents_text(ids: Vec<String>) -> Result<String, Error> {
    if ids.is_empty() || ids.len() > MAX_AGENTS {
        let why = format!("must name 1 to {MAX_AGENTS} agents, or be null for every agent");
        return Err(Error::invalid("agentIds", why));
    }
    for id in &ids {
        raven_protocol::id::AgentId::parse(id.as_str())?;
    }
    Ok(serde_json::to_string(&ids).map_err(anyhow::Error::from)?)
}

fn named(row: &rows::Model) -> Named {
    Named { id: row.id.clone(), name: row.name.clone() }
}

fn entry(by: &Granted<Administer>, action: Action, row: &rows::Model) -> Entry {
    Entry::new(by.actor(), action, Target::named("webhook", &named(row)))
}

/// What the audit log keeps: of the address only where it leads, as its path or query may be a secret.
fn audited(row: &rows::Model) -> Value {
    let origin = url::Url::parse(&row.url).map(|url| url.origin().ascii_serialization());
    json!({
        "name": row.name,
        "origin": origin.ok(),
        "topics": row.topics,
        "agentIds": row.agent_ids,
        "disabledBecause": row.off_because,
    })
}

fn view(row: rows::Model) -> Result<Webhook, Error> {
    let agents = row.agent_ids.as_deref().map(serde_json::from_str).transpose();
    Ok(Webhook {
        topics: serde_json::from_str(&row.topics).map_err(anyhow::Error::from)?,
        agent_ids: agents.map_err(anyhow::Error::from)?,
        id: row.id,
        name: row.name,
        url: row.url,
        enabled: row.off_because.is_none(),
        disabled_because: row.off_because,
        failing_since: row.failing_since.map(Timestamp::from_millis),
        created_by: Named { id: row.created_by, name: row.created_by_name },
        created_at: Timestamp::from_millis(row.created_at),
    })
}
