//! Finds out who is to be told of what was noted: inbox, e-mails, webhooks, in one transaction for each.
//!
//! Owns what each of them is given. A note is removed in the transaction that hands it on, so that a crash tells
//! nobody twice and leaves nobody out. Must not know how anything is sent.

use raven_protocol::id::{AgentId, DeliveryId, NotificationId, UserId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde_json::json;

use super::delivery::{Channel, State};
use super::mail::Letter;
use super::rules::{self, Channels, Member, News};
use super::topics::{Audience, Topic};
use super::{NotificationAdded, Notifications, inbox, link, webhooks};
use crate::agents::lineage;
use crate::auth::Role;
use crate::db::notifications::Owner;
use crate::db::{self, deliveries, memberships, notification_jobs as jobs, notifications as told};
use crate::error::Error;
use crate::events::{Change, WorkspaceEvent};

/// Notes that are read at once.
const BATCH: u64 = 50;

/// How long an e-mail gathers what else its agent has on the topic; and time to read it in the UI instead.
const GATHER_MS: i64 = 60_000;

/// Members of a workspace that are read at once.
const MEMBERS: u64 = 200;

impl Notifications {
    /// Hands on what was noted, oldest first; answers whether more may be there.
    pub(super) async fn fan_out(&self) -> Result<bool, Error> {
        let batch = jobs::oldest(self.db().read(), BATCH).await?;
        let more = batch.len() as u64 == BATCH;
        for job in batch {
            let mut change = self.inner.changes.begin().await?;
            if jobs::remove(change.tx(), &job.id).await? {
                self.hand_on(&mut change, &job).await?;
                change.commit().await?;
            }
        }
        Ok(more)
    }

    async fn hand_on(&self, change: &mut Change, job: &jobs::Model) -> Result<(), Error> {
        let workspace = WorkspaceId::parse(job.workspace_id.as_str())?;
        let topic = Topic::from_str_opt(&job.topic);
        let (Some(topic), Some(audience)) = (topic, Audience::from_str_opt(&job.audience)) else {
            // A note of a newer version, before this one was put back.
            return Ok(());
        };
        // What is for one person alone is theirs, whose agent it may be.
        let agent = job.agent_id.as_deref().filter(|_| job.user_id.is_none());
        let spawned_by = spawned_by(change, &workspace, agent).await?;
        let news =
            News { topic, audience, actor: job.actor_id.as_deref(), spawned_by: spawned_by.as_deref() };
        let mut after = None;
        loop {
            let members = memberships::page(change.tx(), &workspace, after.as_deref(), MEMBERS).await?;
            let is_for = |member: &&memberships::Model| {
                job.user_id.as_ref().is_none_or(|user| *user == member.user_id)
            };
            for member in members.iter().filter(is_for) {
                self.tell(change, job, &news, member).await?;
            }
            match members.last() {
                Some(last) if members.len() as u64 == MEMBERS => after = Some(last.user_id.clone()),
                _ => break,
            }
        }
        for webhook in db::webhooks::on(change.tx(), &workspace).await? {
            if webhooks::wants(&webhook, topic, job.agent_id.as_deref())? {
                let row = self.to_webhook(job, &webhook.id, topic);
                deliveries::insert(change.tx(), &row).await?;
            }
        }
        Ok(())
    }

    async fn tell(
        &self,
        change: &mut Change,
        job: &jobs::Model,
        news: &News<'_>,
        member: &memberships::Model,
    ) -> Result<(), Error> {
        let (workspace, user) =
            (WorkspaceId::parse(job.workspace_id.as_str())?, UserId::parse(member.user_id.as_str())?);
        let owner = Owner { workspace: &workspace, user: &user };
        let Some(role) = Role::from_str_opt(&member.role) else { return Ok(()) };
        let preferences = inbox::kept(change.tx(), owner).await?;
        let member = Member { id: user.as_str(), role, preferences: &preferences };
        let Channels { in_app, email } = rules::channels(news, &member);
        if in_app {
            let row = to_inbox(job, &user);
            told::insert(change.tx(), &row).await?;
            let unread = told::unread(change.tx(), owner).await?;
            let added = NotificationAdded { user: user.clone(), notification: inbox::view(row)?, unread };
            change.tell(&workspace, WorkspaceEvent::NotificationAdded(Box::new(added)));
        }
        if email && self.inner.mailer.is_some() {
            self.gather(change, job, &user).await?;
        }
        Ok(())
    }

    /// Adds to the e-mail that gathers for this person, agent and topic, or begins one.
    async fn gather(&self, change: &Change, job: &jobs::Model, user: &UserId) -> Result<(), Error> {
        let now = Timestamp::now().as_millis();
        let who = (State::Pending.as_str(), job.workspace_id.as_str(), user.as_str());
        let about = (job.agent_id.as_deref(), job.topic.as_str());
        if let Some(mut row) = deliveries::gathering(change.tx(), who, about, now).await? {
            let mut letter: Letter = serde_json::from_str(&row.body).map_err(anyhow::Error::from)?;
            letter.add(job);
            row.body = serde_json::to_string(&letter).map_err(anyhow::Error::from)?;
            return Ok(deliveries::update(change.tx(), &row).await?);
        }
        let letter = serde_json::to_string(&Letter::of(job)).map_err(anyhow::Error::from)?;
        let row = deliveries::Model {
            next_at: Some(now + GATHER_MS),
            ..delivery(job, (Channel::Email, user.as_str()), letter)
        };
        Ok(deliveries::insert(change.tx(), &row).await?)
    }

    fn to_webhook(&self, job: &jobs::Model, webhook: &str, topic: Topic) -> deliveries::Model {
        let agent = job.agent_id.as_ref().map(|id| json!({ "id": id, "name": job.agent_name }));
        let body = json!({
            "id": job.id,
            "type": topic,
            "kind": job.kind,
            "createdAt": Timestamp::from_millis(job.created_at),
            "workspaceId": job.workspace_id,
            "agent": agent,
            "message": job.message,
            "detail": job.detail,
            "userId": job.user_id,
            "url": self.url(&link::of(job.path.as_deref(), &job.topic, job.agent_id.as_deref())),
        });
        delivery(job, (Channel::Webhook, webhook), body.to_string())
    }
}

fn to_inbox(job: &jobs::Model, user: &UserId) -> told::Model {
    told::Model {
        id: NotificationId::generate().to_string(),
        workspace_id: job.workspace_id.clone(),
        user_id: user.to_string(),
        event_id: job.id.clone(),
        topic: job.topic.clone(),
        kind: job.kind.clone(),
        message: job.message.clone(),
        detail: job.detail.clone(),
        agent_id: job.agent_id.clone(),
        agent_name: job.agent_name.clone(),
        session_id: job.session_id.clone(),
        created_at: job.created_at,
        read_at: None,
        path: job.path.clone(),
    }
}

fn delivery(job: &jobs::Model, (channel, target): (Channel, &str), body: String) -> deliveries::Model {
    let now = Timestamp::now().as_millis();
    deliveries::Model {
        id: DeliveryId::generate().to_string(),
        workspace_id: job.workspace_id.clone(),
        channel: channel.as_str().to_owned(),
        target_id: target.to_owned(),
        event_id: job.id.clone(),
        topic: job.topic.clone(),
        agent_id: job.agent_id.clone(),
        body,
        state: State::Pending.as_str().to_owned(),
        attempts: 0,
        code: None,
        answer: None,
        next_at: Some(now),
        created_at: now,
        ended_at: None,
    }
}

/// Everybody who stands behind an agent; `None` when nobody does.
async fn spawned_by(
    change: &Change,
    workspace: &WorkspaceId,
    agent: Option<&str>,
) -> Result<Option<Vec<String>>, Error> {
    let Some(agent) = agent.map(AgentId::parse).transpose()? else { return Ok(None) };
    let behind = lineage::behind(change, workspace, &agent).await?;
    let chain: Vec<String> = behind.into_iter().map(|spawner| spawner.id).collect();
    Ok(Some(chain).filter(|chain| !chain.is_empty()))
}
