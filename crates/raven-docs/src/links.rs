//! Read-only links: whoever has one may watch one terminal session, until it expires or is revoked.
//!
//! Owns their making and end, and the recognition of guests. Must not know sockets, nor what a
//! guest's terminal shows. A token is shown once, and kept only as a digest.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use raven_protocol::id::{AgentId, LinkId, SessionId, WorkspaceId};
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::watch;

use crate::access::{Administer, Drive, Granted, decide_person};
use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Entry, Target};
use crate::auth::{Named, member};
use crate::db::{self, Db, links as rows};
use crate::error::{Conflict, Error};
use crate::events::{Change, Changes};
use crate::page::{Page, PageQuery};
use crate::people::check_text;
use crate::secrets;
use crate::terminals::status_of;

mod tries;

use tries::Tries;

/// What every token begins with, so that one that got astray is recognised.
const PREFIX: &str = "raven_link_";

/// How long a link is good unless said otherwise, in seconds: a day.
const DEFAULT_LIFETIME: u64 = 24 * 60 * 60;

/// Shortest lifetime, in seconds: to send a link and open it.
const MIN_LIFETIME: u64 = 60;

/// Longest lifetime, in seconds: 30 days, as a sign-in's.
const MAX_LIFETIME: u64 = 30 * 24 * 60 * 60;

/// Good links of one session; more could not be kept in view.
const MAX_LINKS: u64 = 50;

/// Guests by one link at once: a meeting. Each costs a queue, and everybody a message.
const MAX_GUESTS: usize = 50;

/// Attachments by one link in a minute: each costs a repaint and everybody a message.
const ATTACHES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(120).unwrap();

/// How often a guest's link is looked at again, beside when it expires or is revoked here.
const RECHECK_EVERY: Duration = Duration::from_secs(4);

/// Who a guest is when the link has no label.
const DEFAULT_LABEL: &str = "Guest";

/// A link to be made.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewLink {
    /// How its guests are called; `Guest` by default.
    pub label: Option<String>,
    /// 60 to 2592000; a day by default.
    #[schema(minimum = 60, maximum = 2_592_000)]
    pub expires_in_seconds: Option<u64>,
}

/// A link, without its token.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TerminalLink {
    pub id: String,
    pub label: String,
    pub created_by: Named,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// Somebody who came by a link that was good. Only this file makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guest {
    link: LinkId,
    label: String,
    workspace: WorkspaceId,
    session: SessionId,
    expires_at: Timestamp,
    /// The name of the agent that they watch.
    title: String,
}

/// What a guest is told of what they see, since they can ask for nothing else.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown<'a> {
    title: &'a str,
    link: ShownLink<'a>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownLink<'a> {
    label: &'a str,
    expires_at: Timestamp,
}

impl Guest {
    pub fn shown(&self) -> Shown<'_> {
        let link = ShownLink { label: &self.label, expires_at: self.expires_at };
        Shown { title: &self.title, link }
    }

    /// How the others see them.
    pub fn named(&self) -> Named {
        Named { id: self.link.to_string(), name: self.label.clone() }
    }

    pub fn workspace(&self) -> &WorkspaceId {
        &self.workspace
    }

    /// The one session that they may watch.
    pub fn session(&self) -> &SessionId {
        &self.session
    }
}

/// One of the places that a link has for guests; dropping it makes room for another.
pub struct Pass {
    link: LinkId,
    guests: Arc<Mutex<HashMap<LinkId, usize>>>,
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = guests.get_mut(&self.link) {
            *count -= 1;
            if *count == 0 {
                guests.remove(&self.link);
            }
        }
    }
}

/// The links of all workspaces.
#[derive(Clone)]
pub struct Links {
    db: Db,
    changes: Changes,
    /// The address of the page that a link opens.
    page: Arc<str>,
    /// Told when some link was revoked.
    revoked: watch::Sender<()>,
    tries: Arc<Mutex<Tries>>,
    attaches: Arc<DefaultKeyedRateLimiter<String>>,
    guests: Arc<Mutex<HashMap<LinkId, usize>>>,
}

impl Links {
    /// `public` is the server's address as browsers know it.
    pub fn new(db: Db, changes: Changes, public: &str) -> Self {
        Self {
            db,
            changes,
            page: format!("{}/watch", public.trim_end_matches('/')).into(),
            revoked: watch::Sender::new(()),
            tries: Arc::default(),
            attaches: Arc::new(RateLimiter::keyed(Quota::per_minute(ATTACHES_PER_MINUTE))),
            guests: Arc::default(),
        }
    }

    /// Makes a link to a session that has not ended; its token is shown this once.
    pub async fn create(
        &self,
        by: &Granted<Drive>,
        session: &SessionId,
        new: NewLink,
    ) -> Result<(TerminalLink, SecretString), Error> {
        let lifetime = match new.expires_in_seconds.unwrap_or(DEFAULT_LIFETIME) {
            seconds @ MIN_LIFETIME..=MAX_LIFETIME => i64::try_from(seconds).unwrap_or(i64::MAX) * 1000,
            other => {
                let why = format!("must be {MIN_LIFETIME} to {MAX_LIFETIME}, not {other}");
                return Err(Error::invalid("expiresInSeconds", why));
            }
        };
        let label = check_text("label", new.label.as_deref().unwrap_or(DEFAULT_LABEL))?;
        let (secret, now, maker) = (secrets::generate(PREFIX), Timestamp::now(), by.by());
        let mut change = self.changes.begin_for(by).await?;
        let found = db::sessions::find(change.tx(), by.workspace(), session).await?;
        let target = found.ok_or(Error::NotFound("terminal session"))?;
        if status_of(&target).is_final() {
            let detail = "the session has ended, and a link shows a live one".to_owned();
            return Err(Error::Conflict { code: Conflict::SessionTerminated, detail });
        }
        if rows::count_good(change.tx(), session, now).await? >= MAX_LINKS {
            let detail = format!("the session has {MAX_LINKS} links; revoke one first");
            return Err(Error::Conflict { code: Conflict::TooManyLinks, detail });
        }
        let row = rows::Model {
            id: LinkId::generate().to_string(),
            workspace_id: target.workspace_id.clone(),
            session_id: target.id.clone(),
            label,
            secret_digest: secrets::digest(secret.expose_secret()),
            created_by: maker.id,
            created_by_name: maker.name,
            created_at: now.as_millis(),
            expires_at: now.as_millis() + lifetime,
            revoked_at: None,
        };
        rows::insert(change.tx(), &row).await?;
        record(&mut change, (ActivityKind::TerminalLinkCreated, Action::LinkCreate), &target, &row, by)
            .await?;
        change.commit().await?;
        Ok((view(row), secret))
    }

    /// The address that opens a link's page. The token is in the fragment, which browsers send to
    /// no server and thus into no log.
    pub fn url(&self, token: &SecretString) -> String {
        format!("{}#{}", self.page, token.expose_secret())
    }

    /// A session's links, newest first, those that have ended included.
    pub async fn list(
        &self,
        by: &Granted<Drive>,
        session: &SessionId,
        page: PageQuery,
    ) -> Result<Page<TerminalLink>, Error> {
        let limit = page.limit()?;
        let found = db::sessions::find(self.db.read(), by.workspace(), session).await?;
        found.ok_or(Error::NotFound("terminal session"))?;
        let found = rows::page(self.db.read(), session, page.cursor.as_deref(), limit + 1).await?;
        Page::of(found, limit, |row| &row.id, |row| Ok(view(row)))
    }

    /// Ends a link: its maker may, and admins. Who watches by it is cut off.
    pub async fn revoke(&self, by: &Granted<Drive>, session: &SessionId, id: &LinkId) -> Result<(), Error> {
        let mut change = self.changes.begin_for(by).await?;
        let row = rows::find(change.tx(), by.workspace(), id).await?;
        let row = row.filter(|row| row.session_id == session.as_str()).ok_or(Error::NotFound("link"))?;
        if row.created_by != by.by().id {
            by.and::<Administer>()?;
        }
        if row.revoked_at.is_some() {
            return Ok(());
        }
        let target = db::sessions::find(change.tx(), by.workspace(), session).await?;
        let target = target.ok_or(Error::NotFound("terminal session"))?;
        rows::revoke(change.tx(), &row.id, Timestamp::now()).await?;
        record(&mut change, (ActivityKind::TerminalLinkRevoked, Action::LinkRevoke), &target, &row, by)
            .await?;
        change.commit().await?;
        self.revoked.send_replace(());
        Ok(())
    }

    /// Says that links were revoked with something else: who watches by one is looked at again.
    pub fn look_again(&self) {
        self.revoked.send_replace(());
    }

    /// The guest behind a token.
    ///
    /// # Errors
    /// `LinkEnded` when it is not good, for whatever reason; `RateLimited` after many bad ones.
    pub async fn recognise(&self, token: &SecretString, caller: Option<IpAddr>) -> Result<Guest, Error> {
        let tries = || self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        if caller.is_some_and(|address| tries().is_over(address, Instant::now())) {
            return Err(Error::RateLimited { seconds: 60 });
        }
        let guest = self.guest_of(token).await?;
        if let (None, Some(address)) = (&guest, caller) {
            tries().count(address, Instant::now());
        }
        guest.ok_or(Error::LinkEnded)
    }

    async fn guest_of(&self, token: &SecretString) -> Result<Option<Guest>, Error> {
        let digest = secrets::digest(token.expose_secret());
        let Some(row) = rows::by_digest(self.db.read(), &digest).await? else { return Ok(None) };
        let (workspace, session) =
            (WorkspaceId::parse(row.workspace_id.as_str())?, SessionId::parse(row.session_id.as_str())?);
        let target = db::sessions::find(self.db.read(), &workspace, &session).await?;
        let Some(target) = target.filter(|target| !status_of(target).is_final()) else { return Ok(None) };
        if !self.is_good(&row).await? {
            return Ok(None);
        }
        let agent = AgentId::parse(target.agent_id)?;
        let agent = db::agents::find(self.db.read(), &workspace, &agent).await?;
        Ok(Some(Guest {
            link: LinkId::parse(row.id)?,
            label: row.label,
            workspace,
            session,
            expires_at: Timestamp::from_millis(row.expires_at),
            title: agent.map(|agent| agent.name).unwrap_or_default(),
        }))
    }

    /// Takes one of the places that a guest's link has; `None` when all are taken.
    pub fn enter(&self, guest: &Guest) -> Option<Pass> {
        let mut guests = self.guests.lock().unwrap_or_else(PoisonError::into_inner);
        let count = guests.entry(guest.link.clone()).or_default();
        if *count >= MAX_GUESTS {
            return None;
        }
        *count += 1;
        Some(Pass { link: guest.link.clone(), guests: Arc::clone(&self.guests) })
    }

    /// Counts an attachment by a guest's link.
    ///
    /// # Errors
    /// `RateLimited` when there were too many lately, by all its guests together.
    pub fn count_attach(&self, guest: &Guest) -> Result<(), Error> {
        self.attaches.retain_recent();
        let link = guest.link.to_string();
        self.attaches.check_key(&link).map_err(|_| Error::RateLimited { seconds: 60 })
    }

    /// Returns once a guest's link has ended.
    pub async fn until_ended(&self, guest: &Guest) {
        let mut revoked = self.revoked.subscribe();
        loop {
            let left = guest.expires_at.as_millis() - Timestamp::now().as_millis();
            let Some(left) = u64::try_from(left).ok().filter(|left| *left > 0) else { return };
            match self.is_still_good(guest).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "a guest's link could not be looked at"),
            }
            tokio::select! {
                () = tokio::time::sleep(RECHECK_EVERY.min(Duration::from_millis(left))) => {}
                _ = revoked.changed() => {}
            }
        }
    }

    async fn is_still_good(&self, guest: &Guest) -> Result<bool, Error> {
        match rows::find(self.db.read(), &guest.workspace, &guest.link).await? {
            Some(row) => self.is_good(&row).await,
            None => Ok(false),
        }
    }

    /// Whether a link is neither revoked nor expired, and its maker could still make it.
    async fn is_good(&self, row: &rows::Model) -> Result<bool, Error> {
        if row.revoked_at.is_some() || row.expires_at <= Timestamp::now().as_millis() {
            return Ok(false);
        }
        let maker = member(&self.db, &row.workspace_id, &row.created_by).await?;
        Ok(maker.is_some_and(|maker| decide_person::<Drive>(&maker).is_ok()))
    }
}

async fn record(
    change: &mut Change,
    (kind, action): (ActivityKind, Action),
    target: &db::sessions::Model,
    row: &rows::Model,
    by: &Granted<Drive>,
) -> Result<(), Error> {
    let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
    let agent = AgentId::parse(target.agent_id.as_str())?;
    let agent = db::agents::find(change.tx(), &workspace, &agent).await?;
    let about = About {
        agent: agent.map(|agent| Named { id: agent.id, name: agent.name }),
        session: Some(target.id.clone()),
        actor: Some(by.by()),
        detail: Some(row.label.clone()),
    };
    let link = Target::named("link", &Named { id: row.id.clone(), name: row.label.clone() });
    let kept = json!({
        "sessionId": row.session_id,
        "expiresAt": Timestamp::from_millis(row.expires_at),
        "createdBy": row.created_by,
    });
    let entry = Entry::new(by.actor(), action, link).agent(target.agent_id.as_str());
    let entry = if action == Action::LinkCreate { entry.after(kept) } else { entry.before(kept) };
    change.audit(&workspace, entry).await?;
    activity::record(change, &workspace, kind, about).await
}

fn view(row: rows::Model) -> TerminalLink {
    TerminalLink {
        id: row.id,
        label: row.label,
        created_by: Named { id: row.created_by, name: row.created_by_name },
        created_at: Timestamp::from_millis(row.created_at),
        expires_at: Timestamp::from_millis(row.expires_at),
        revoked_at: row.revoked_at.map(Timestamp::from_millis),
    }
}

#[cfg(test)]
mod tests;
