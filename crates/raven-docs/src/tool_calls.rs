//! Agents' calls of tools: how many, and the record of each.
//!
//! Owns the limit and what log and feed say of a call. Must not know which tools there are, nor what they do.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde_json::json;

use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, ActorKind, Entry, Outcome, Target};
use crate::auth::AgentCaller;
use crate::error::Error;
use crate::events::Changes;

/// Calls of one agent in a minute: far more than one that works needs, and too few to fill the log with.
const CALLS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(240).unwrap();

/// Counts and records calls.
#[derive(Clone)]
pub struct ToolCalls {
    changes: Changes,
    calls: Arc<DefaultKeyedRateLimiter<String>>,
}

impl ToolCalls {
    pub fn new(changes: Changes) -> Self {
        Self { changes, calls: Arc::new(RateLimiter::keyed(Quota::per_minute(CALLS_PER_MINUTE))) }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// `RateLimited` when the agent has made too many.
    pub fn limit(&self, by: &AgentCaller) -> Result<(), Error> {
        self.calls.retain_recent();
        self.calls.check_key(&by.agent().to_string()).map_err(|until| {
            let wait = until.wait_time_from(DefaultClock::default().now());
            Error::RateLimited { seconds: wait.as_secs() + 1 }
        })
    }

    /// Records how a call went. What it was called with and what it answered are not kept.
    pub async fn record<T>(
        &self,
        by: &AgentCaller,
        tool: &'static str,
        done: &Result<T, Error>,
        took: Duration,
    ) -> Result<(), Error> {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let (outcome, word, more) = match done {
            Ok(_) => (Outcome::Done, "done", json!(null)),
            Err(Error::ApprovalRequired { request, .. }) => {
                (Outcome::Begun, "waits for approval", json!({ "approval": request }))
            }
            Err(error @ (Error::Denied(_) | Error::NotForAgents(_))) => {
                (Outcome::Refused, "refused", json!({ "code": error.code() }))
            }
            Err(error) => (Outcome::Failed, "failed", json!({ "code": error.code() })),
        };
        let mut change = self.changes.begin().await?;
        let actor = Actor::of(ActorKind::Agent, by.named());
        let entry = Entry::new(actor, Action::ToolCall, Target::new("tool", tool)).outcome(outcome);
        let kept = json!({ "durationMs": millis, "more": more });
        change.audit(by.workspace(), entry.agent(by.agent().as_str()).after(kept)).await?;
        let detail = Some(format!("{tool} · {word} · {millis} ms"));
        let about = About { agent: Some(by.named()), actor: Some(by.named()), detail, session: None };
        activity::record(&mut change, by.workspace(), ActivityKind::ToolCalled, about).await?;
        change.commit().await
    }
}
