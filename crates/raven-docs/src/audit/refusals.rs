//! Attempts at what somebody may not: recorded, and bounded, so that nobody fills the log by trying.
//!
//! Owns the bound. Must not know why something was refused.

use std::num::NonZeroU32;
use std::sync::Arc;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use raven_protocol::id::WorkspaceId;

use super::{Action, Actor, Entry, Outcome, Target};
use crate::error::Error;
use crate::events::Changes;

/// Refused attempts of one actor that are recorded in a minute: enough to see what somebody tries.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).unwrap();

/// Longest name of what was asked for, in characters.
const MAX_ASKED: usize = 200;

/// Records attempts that were refused.
#[derive(Clone)]
pub struct Refusals {
    changes: Changes,
    lately: Arc<DefaultKeyedRateLimiter<String>>,
}

impl Refusals {
    pub fn new(changes: Changes) -> Self {
        Self { changes, lately: Arc::new(RateLimiter::keyed(Quota::per_minute(PER_MINUTE))) }
    }

    /// Records that somebody was refused something; beyond the bound nothing is.
    pub async fn note(&self, workspace: &WorkspaceId, actor: Actor, asked: &str) -> Result<(), Error> {
        self.lately.retain_recent();
        if self.lately.check_key(&actor.id).is_err() {
            return Ok(());
        }
        let asked: String = asked.chars().take(MAX_ASKED).collect();
        let entry = Entry::new(actor, Action::AccessRefused, Target::new("route", asked));
        let mut change = self.changes.begin().await?;
        change.audit(workspace, entry.outcome(Outcome::Refused)).await?;
        change.commit().await
    }
}
