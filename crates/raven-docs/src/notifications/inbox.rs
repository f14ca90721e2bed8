//! What a person was told, and what they want to be told: their own, and nobody else's.
//!
//! Owns reading and marking. Must not know how it gets there (see `fan_out`).

use raven_protocol::id::NotificationId;
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::delivery::{Channel, State};
use super::rules::Preferences;
use super::topics::Topic;
use super::{Notifications, NotificationsRead, link};
use crate::access::{Granted, Read};
use crate::audit::{Action, Entry, Target};
use crate::auth::{Named, Person};
use crate::db;
use crate::db::notifications::{self as rows, Owner, Which};
use crate::error::Error;
use crate::events::WorkspaceEvent;
use crate::page::{Page, PageQuery};

/// Something that a person was told.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    pub id: String,
    pub topic: Topic,
    /// The kind of the activity that it tells of; `turn_done` or `turn_failed` for the end of a turn.
    pub kind: String,
    pub message: String,
    /// One line more.
    pub detail: Option<String>,
    pub agent: Option<Named>,
    pub session_id: Option<String>,
    /// The page where it happened, on this server.
    pub path: String,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
}

/// A page of what one was told, newest first.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Inbox {
    pub items: Vec<Notification>,
    /// Pass as `cursor` to read on; null at the end.
    pub next_cursor: Option<String>,
    /// How many are not read, on all pages.
    pub unread: u64,
}

/// Which of them a list shows.
#[derive(Debug, Clone, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InboxQuery {
    /// Only those that are not read.
    pub unread: Option<bool>,
}

/// How many are not read.
#[derive(Debug, Clone, Copy, Serialize, utoipa::ToSchema)]
pub struct UnreadCount {
    pub unread: u64,
}

/// One's preferences, and what e-mail can do.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnPreferences {
    #[serde(flatten)]
    pub preferences: Preferences,
    pub email: EmailStatus,
}

/// Whether one can be told by e-mail.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EmailStatus {
    /// Whether the server was given a mail server.
    pub available: bool,
    /// Where one's e-mails go.
    pub address: String,
    /// The last e-mail that could not be delivered, of the last 30 days.
    pub last_failure: Option<EmailFailure>,
}

/// An e-mail that could not be delivered.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct EmailFailure {
    pub at: Timestamp,
    pub why: String,
}

/// The person of a right to read: agents have none.
pub(super) fn person(by: &Granted<Read>) -> Result<&Person, Error> {
    by.person().ok_or_else(|| Error::Denied("only people have notifications".to_owned()))
}

pub(super) fn owner(person: &Person) -> Owner<'_> {
    Owner { workspace: &person.workspace, user: &person.id }
}

impl Notifications {
    /// What one was told, newest first.
    pub async fn list(&self, by: &Granted<Read>, query: InboxQuery, page: PageQuery) -> Result<Inbox, Error> {
        let (owner, limit) = (owner(person(by)?), page.limit()?);
        let which = if query.unread == Some(true) { Which::Unread } else { Which::All };
        let found = rows::page(self.db().read(), (owner, which), page.cursor.as_deref(), limit + 1).await?;
        let unread = rows::unread(self.db().read(), owner).await?;
        let Page { items, next_cursor } = Page::of(found, limit, |row| &row.id, view)?;
        Ok(Inbox { items, next_cursor, unread })
    }

    /// Notes that one has read something, or everything.
    pub async fn read(&self, by: &Granted<Read>, id: Option<&NotificationId>) -> Result<UnreadCount, Error> {
        let person = person(by)?;
        let mut change = self.inner.changes.begin_for(by).await?;
        if let Some(id) = id {
            let found = rows::find(change.tx(), owner(person), id.as_str()).await?;
            found.ok_or(Error::NotFound("notification"))?;
        }
        rows::read(change.tx(), owner(person), id.map(NotificationId::as_str), Timestamp::now()).await?;
        let unread = rows::unread(change.tx(), owner(person)).await?;
        let told = NotificationsRead { user: person.id.clone(), unread };
        change.tell(&person.workspace, WorkspaceEvent::NotificationsRead(told));
        change.commit().await?;
        Ok(UnreadCount { unread })
    }

    /// What one wants to be told.
    pub async fn preferences(&self, by: &Granted<Read>) -> Result<OwnPreferences, Error> {
        let person = person(by)?;
        let preferences = kept(self.db().read(), owner(person)).await?;
        Ok(OwnPreferences { preferences, email: self.email_status(person).await? })
    }

    /// Sets what one wants to be told.
    ///
    /// # Errors
    /// `Invalid` when a topic is named twice.
    pub async fn set_preferences(
        &self,
        by: &Granted<Read>,
        wanted: Preferences,
    ) -> Result<OwnPreferences, Error> {
        let (person, wanted) = (person(by)?, wanted.complete()?);
        let text = serde_json::to_string(&wanted).map_err(anyhow::Error::from)?;
        let mut change = self.inner.changes.begin_for(by).await?;
        let kept = serde_json::to_value(&wanted).map_err(anyhow::Error::from)?;
        let target = Target::named("notifications", &by.by());
        let entry = Entry::new(by.actor(), Action::NotificationPreferences, target).after(kept);
        change.audit(by.workspace(), entry).await?;
        db::notification_preferences::put(change.tx(), owner(person), text).await?;
        change.commit().await?;
        Ok(OwnPreferences { preferences: wanted, email: self.email_status(person).await? })
    }

    async fn email_status(&self, person: &Person) -> Result<EmailStatus, Error> {
        let account = db::users::find(self.db().read(), person.id.as_str()).await?;
        let account = account.ok_or(Error::Unauthenticated)?;
        let (workspace, failed) = (person.workspace.as_str(), State::Failed.as_str());
        let last =
            db::deliveries::last_in_state(self.db().read(), workspace, person.id.as_str(), failed).await?;
        let last = last.filter(|row| row.channel == Channel::Email.as_str());
        Ok(EmailStatus {
            available: self.inner.mailer.is_some(),
            address: account.email,
            last_failure: last.map(|row| EmailFailure {
                at: Timestamp::from_millis(row.ended_at.unwrap_or(row.created_at)),
                why: row.answer.unwrap_or_default(),
            }),
        })
    }
}

/// What a person wants to be told, as it is kept.
pub(super) async fn kept(db: &impl db::ConnectionTrait, owner: Owner<'_>) -> Result<Preferences, Error> {
    match db::notification_preferences::find(db, owner).await? {
        Some(text) => {
            let kept: Preferences = serde_json::from_str(&text).map_err(anyhow::Error::from)?;
            kept.complete()
        }
        None => Ok(Preferences::default()),
    }
}

/// A row as the person sees it.
pub(super) fn view(row: rows::Model) -> Result<Notification, Error> {
    let topic = Topic::from_str_opt(&row.topic);
    Ok(Notification {
        topic: topic.ok_or_else(|| anyhow::anyhow!("unknown topic `{}`", row.topic))?,
        path: link::of(row.path.as_deref(), &row.topic, row.agent_id.as_deref()),
        id: row.id,
        kind: row.kind,
        message: row.message,
        detail: row.detail,
        agent: row.agent_id.map(|id| Named { id, name: row.agent_name.unwrap_or_default() }),
        session_id: row.session_id,
        created_at: Timestamp::from_millis(row.created_at),
        read_at: row.read_at.map(Timestamp::from_millis),
    })
}
