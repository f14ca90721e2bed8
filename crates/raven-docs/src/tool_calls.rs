//! Agents' calls of tools and what else they say: how many, and the record of each.
//!
//! Owns the limits and what log and feed say of a call. Must not know which tools there are, nor what they do.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use raven_protocol::id::AgentId;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::activity::{self, About, ActivityKind};
use crate::audit::{Action, Actor, ActorKind, Entry, Outcome, Target};
use crate::auth::AgentCaller;
use crate::deeds::Deeds;
use crate::error::Error;
use crate::events::Changes;

/// Calls of one agent in a minute: far more than one that works needs, and too few to fill the log with.
const CALLS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(240).unwrap();

/// What one agent says beside its calls in a minute: a client that begins anew for each of them says four things more.
const MESSAGES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(960).unwrap();

/// How often it is recorded of one agent that it was too fast: a flood is seen, and does not fill the log.
const TOLD_EVERY: Duration = Duration::from_secs(60);

/// How long it is remembered how often an agent was too fast since that was recorded.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);

type Limit = Arc<DefaultKeyedRateLimiter<String>>;

/// Counts and records calls.
#[derive(Clone)]
pub struct ToolCalls {
    changes: Changes,
    deeds: Deeds,
    calls: Limit,
    messages: Limit,
    floods: Arc<Floods>,
}

impl ToolCalls {
    pub fn new(changes: Changes, deeds: Deeds) -> Self {
        let limit = |most| Arc::new(RateLimiter::keyed(Quota::per_minute(most)));
        let (calls, messages) = (limit(CALLS_PER_MINUTE), limit(MESSAGES_PER_MINUTE));
        Self { changes, deeds, calls, messages, floods: Arc::default() }
    }

    /// Counts a call.
    ///
    /// # Errors
    /// `RateLimited` when the agent has made too many.
    pub async fn limit(&self, by: &AgentCaller) -> Result<(), Error> {
        self.counted(by, (&self.calls, "calls")).await
    }

    /// Counts a message that is no call.
    ///
    /// # Errors
    /// `RateLimited` when the agent has sent too many.
    pub async fn limit_message(&self, by: &AgentCaller) -> Result<(), Error> {
        self.counted(by, (&self.messages, "messages")).await
    }

    async fn counted(&self, by: &AgentCaller, (limit, of): (&Limit, &'static str)) -> Result<(), Error> {
        limit.retain_recent();
        let Err(until) = limit.check_key(&by.agent().to_string()) else { return Ok(()) };
        if let Some(times) = self.floods.heard(by.agent())
            && let Err(error) = self.record_flood(by, of, times).await
        {
            tracing::error!(%error, "a refusal could not be recorded");
        }
        let wait = until.wait_time_from(DefaultClock::default().now());
        Err(Error::RateLimited { seconds: wait.as_secs() + 1 })
    }

    async fn record_flood(&self, by: &AgentCaller, of: &'static str, times: u64) -> Result<(), Error> {
        let kept = json!({ "code": "RATE_LIMITED", "times": times });
        let word = format!("too many {of} · refused · {times} times");
        self.write(by, Target::new("limit", of), (Outcome::Refused, kept, word)).await
    }

    /// Does what was called for and records how it went: both to their end, although the caller may go meanwhile.
    /// What was done is answered although the record failed, as nobody is to do it again.
    ///
    /// # Errors
    /// Those of the deed.
    pub async fn keep<T: Send + 'static>(
        &self,
        by: &AgentCaller,
        tool: String,
        deed: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let (calls, by, begun) = (self.clone(), by.clone(), Instant::now());
        let work = async move {
            let done = deed.await;
            let went = went(&done);
            if let Err(error) = calls.record(&by, &tool, went, begun.elapsed()).await {
                tracing::error!(%error, tool, "a call could not be recorded");
            }
            done
        };
        self.deeds.see_through(Box::pin(work)).await?
    }

    /// Records how a call went. What it was called with and what it answered are not kept.
    async fn record(
        &self,
        by: &AgentCaller,
        tool: &str,
        (outcome, word, more): Went,
        took: Duration,
    ) -> Result<(), Error> {
        let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        let kept = json!({ "durationMs": millis, "more": more });
        let word = format!("{tool} · {word} · {millis} ms");
        self.write(by, Target::new("tool", tool), (outcome, kept, word)).await
    }

    /// Records that an agent asks by HTTP for what a tool does: before it is answered, so that nothing is read without.
    ///
    /// # Errors
    /// That it could not be recorded.
    pub async fn asked_by_http(&self, by: &AgentCaller, tool: &'static str) -> Result<(), Error> {
        let kept = json!({ "by": "http" });
        let word = format!("{tool} · asked for by HTTP");
        self.write(by, Target::new("tool", tool), (Outcome::Begun, kept, word)).await
    }

    async fn write(
        &self,
        by: &AgentCaller,
        target: Target,
        (outcome, kept, word): (Outcome, Value, String),
    ) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let actor = Actor::of(ActorKind::Agent, by.named());
        let entry = Entry::new(actor, Action::ToolCall, target).outcome(outcome);
        change.audit(by.workspace(), entry.agent(by.agent().as_str()).after(kept)).await?;
        let about =
            About { agent: Some(by.named()), actor: Some(by.named()), detail: Some(word), session: None };
        activity::record(&mut change, by.workspace(), ActivityKind::ToolCalled, about).await?;
        change.commit().await
    }
}

/// How a call went: in the log, in the feed, and what more there is to say.
type Went = (Outcome, &'static str, Value);

fn went<T>(done: &Result<T, Error>) -> Went {
    match done {
        Ok(_) => (Outcome::Done, "done", json!(null)),
        Err(Error::ApprovalRequired { request, .. }) => {
            (Outcome::Begun, "waits for approval", json!({ "approval": request }))
        }
        Err(error @ (Error::Denied(_) | Error::NotForAgents(_))) => {
            (Outcome::Refused, "refused", json!({ "code": error.code() }))
        }
        Err(error) => (Outcome::Failed, "failed", json!({ "code": error.code() })),
    }
}

/// How often each agent was too fast since that was recorded.
#[derive(Default)]
struct Floods(Mutex<HashMap<AgentId, Flood>>);

struct Flood {
    told: Instant,
    since: u64,
}

impl Floods {
    /// Hears that an agent was too fast; answers how often it was when that is to be recorded.
    fn heard(&self, agent: &AgentId) -> Option<u64> {
        let mut floods = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        floods.retain(|_, flood| flood.told.elapsed() < REMEMBERED);
        match floods.get_mut(agent) {
            Some(flood) if flood.told.elapsed() < TOLD_EVERY => {
                flood.since += 1;
                None
            }
            Some(flood) => {
                flood.told = Instant::now();
                Some(std::mem::take(&mut flood.since) + 1)
            }
            None => {
                floods.insert(agent.clone(), Flood { told: Instant::now(), since: 0 });
                Some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_is_told_once_a_minute_with_how_much_it_was() {
        let (floods, one, other) = (Floods::default(), AgentId::generate(), AgentId::generate());
        assert_eq!(floods.heard(&one), Some(1));
        for _ in 0..1000 {
            assert_eq!(floods.heard(&one), None);
        }
        assert_eq!(floods.heard(&other), Some(1));
        tokio::time::advance(TOLD_EVERY).await;
        assert_eq!(floods.heard(&one), Some(1001));
        assert_eq!(floods.heard(&one), None);
        tokio::time::advance(REMEMBERED).await;
        assert_eq!(floods.heard(&one), Some(1), "that was long ago");
        assert_eq!(floods.0.lock().unwrap().len(), 1);
    }
}
