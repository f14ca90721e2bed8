//! Notifications: people are told what needs them, here, by e-mail and through webhooks.
//!
//! What happens is noted in the change that it happens in (`outbox`); a task finds out who is to be told of it
//! (`fan_out`, by `rules`); what leaves the server is tried until it arrives (`delivery`). Owns how these are put
//! together. Must not know what happens.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use raven_protocol::id::UserId;
use tokio::sync::Notify;

use crate::db::Db;
use crate::error::Error;
use crate::events::Changes;
use crate::secrets::Secrets;

use inbox::Notification;
use mail::Mailer;
use post::Poster;

pub mod delivery;
mod fan_out;
pub mod inbox;
mod link;
pub mod mail;
pub mod outbox;
mod plane;
pub mod post;
pub mod rules;
pub mod topics;
pub mod webhooks;

/// Tests of an e-mail address or a webhook in a minute: a person tries again, a program floods a stranger.
const TESTS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(6).unwrap();

/// Told to the sockets of one person alone.
#[derive(Debug, Clone)]
pub struct NotificationAdded {
    pub user: UserId,
    pub notification: Notification,
    pub unread: u64,
}

/// Told to the sockets of one person alone.
#[derive(Debug, Clone)]
pub struct NotificationsRead {
    pub user: UserId,
    pub unread: u64,
}

/// The notifications of all workspaces.
#[derive(Clone)]
pub struct Notifications {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    changes: Changes,
    secrets: Secrets,
    mailer: Option<Mailer>,
    poster: Poster,
    public_url: String,
    /// Something may be due that was not before.
    due: Notify,
    tests: DefaultKeyedRateLimiter<String>,
}

impl Notifications {
    pub fn new(
        (db, changes, secrets): (Db, Changes, Secrets),
        mailer: Option<Mailer>,
        public_url: &str,
    ) -> anyhow::Result<Self> {
        let inner = Inner {
            db,
            changes,
            secrets,
            mailer,
            poster: Poster::new()?,
            public_url: public_url.trim_end_matches('/').to_owned(),
            due: Notify::new(),
            tests: RateLimiter::keyed(Quota::per_minute(TESTS_PER_MINUTE)),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    fn db(&self) -> &Db {
        &self.inner.db
    }

    /// The address of a page.
    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.inner.public_url)
    }

    fn limit_tests(&self, of: &str) -> Result<(), Error> {
        self.inner.tests.check_key(&of.to_owned()).map_err(|_| Error::RateLimited { seconds: 60 })
    }
}
