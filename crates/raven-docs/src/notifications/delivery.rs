//! Sends what is to leave the server, and tries again until it arrives or is given up.
//!
//! Owns the task, the times between attempts, and what became of each. Targets are served side by side, and what
//! is for one target in its order, so that a slow one delays nobody else. Everything may be sent twice when the
//! server ends between an attempt and its record: its id stays the same. Must not know how a channel works.

use std::time::Duration;

use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Notifications;
use crate::db::deliveries as rows;
use crate::db::{self};
use crate::error::Error;
use crate::events::WorkspaceEvent;

/// Times between attempts: a restart, a deployment, an outage, a night. After the last it is given up.
const TRY_AGAIN_MS: [i64; 5] = [10_000, 60_000, 5 * 60_000, 30 * 60_000, 2 * 60 * 60_000];

/// Attempts at a control plane, which must not miss a decision: with two hours between them, a week.
const PLANE_ATTEMPTS: i64 = 90;

/// Longest sleep: a clock that is set brings a stored time nearer than a timer knows.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// Targets that are served at once; each holds a connection and waits at most 10 s for an answer.
const AT_ONCE: usize = 8;

/// What is sent to one target before it is looked at what else is due.
const BATCH: u64 = 20;

/// How long what people were told, and what became of deliveries, is kept: a month, to look back.
const KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;

/// How often what is too old is removed: times to keep are in days.
const TIDY_EVERY_MS: i64 = 60 * 60 * 1000;

/// By which way something goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Email,
    Webhook,
    /// The control plane outside; its target is the workspace.
    ControlPlane,
}

impl Channel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::ControlPlane => "control_plane",
        }
    }

    /// When something is tried again that was tried so often.
    fn pause(row: &rows::Model) -> Option<i64> {
        let is_plane = row.channel == Self::ControlPlane.as_str();
        let last = TRY_AGAIN_MS.last().copied().filter(|_| is_plane && row.attempts < PLANE_ATTEMPTS);
        usize::try_from(row.attempts).ok().and_then(|done| TRY_AGAIN_MS.get(done).copied()).or(last)
    }
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = DeliveryState)]
pub enum State {
    /// It will be tried, or tried again.
    Pending,
    Delivered,
    /// It was given up.
    Failed,
    /// It was not sent, as nobody needed it any more.
    Dropped,
}

impl State {
    const ALL: [Self; 4] = [Self::Pending, Self::Delivered, Self::Failed, Self::Dropped];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }

    pub fn from_row(row: &rows::Model) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|state| state.as_str() == row.state);
        Ok(found.ok_or_else(|| anyhow::anyhow!("unknown state of a delivery `{}`", row.state))?)
    }
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub end: End,
    /// The status that was answered.
    pub code: Option<u16>,
    /// What was answered, or why nothing was.
    pub answer: String,
}

/// What an attempt means for what comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Delivered,
    TryAgain,
    /// It cannot succeed later either.
    GiveUp,
    /// Nobody needs it any more.
    Drop,
    /// The target wants nothing more, ever.
    Gone,
}

impl Attempt {
    pub fn drop(why: &str) -> Self {
        Self { end: End::Drop, code: None, answer: why.to_owned() }
    }
}

/// The row after an attempt.
pub(super) fn after(mut row: rows::Model, attempt: &Attempt, now: Timestamp) -> rows::Model {
    let now = now.as_millis();
    let again = Channel::pause(&row);
    row.attempts += i64::from(attempt.end != End::Drop);
    row.code = attempt.code.map(i64::from);
    row.answer = Some(attempt.answer.clone());
    let (state, next_at) = match (attempt.end, again) {
        (End::TryAgain, Some(pause)) => (State::Pending, Some(now + pause)),
        (End::Delivered, _) => (State::Delivered, None),
        (End::Drop, _) => (State::Dropped, None),
        (End::TryAgain, None) | (End::GiveUp | End::Gone, _) => (State::Failed, None),
    };
    row.state = state.as_str().to_owned();
    row.next_at = next_at;
    row.ended_at = (state != State::Pending).then_some(now);
    row
}

/// Tells people and webhooks what happens, for as long as the server runs.
pub async fn keep_telling(notifications: Notifications, cancel: CancellationToken) {
    let mut heard = notifications.inner.changes.listen();
    let mut serving = JoinSet::new();
    let mut busy: Vec<String> = Vec::new();
    let mut tidied = 0;
    loop {
        let looked = notifications.look(&mut serving, &mut busy, &mut tidied).await;
        let sleep = looked.unwrap_or_else(|error| {
            tracing::warn!(error = %format!("{error:#}"), "notifications could not be looked at");
            LOOK_AGAIN
        });
        tokio::select! {
            () = cancel.cancelled() => return,
            () = notifications.inner.due.notified() => {}
            () = tokio::time::sleep(sleep) => {}
            Some(ended) = serving.join_next() => match ended {
                Ok(target) => busy.retain(|known| *known != target),
                // A panic; which one is not known, so that all are looked at anew.
                Err(_) => busy.clear(),
            },
            // Only a hint: what was noted is in the database.
            () = something_happens(&mut heard) => {}
        }
    }
}

/// Returns when something was committed that may have been noted.
async fn something_happens(heard: &mut tokio::sync::broadcast::Receiver<crate::events::Published>) {
    loop {
        match heard.recv().await {
            Ok(published) => match *published.event {
                WorkspaceEvent::ActivityAdded(_)
                | WorkspaceEvent::AgentChanged(_)
                | WorkspaceEvent::AgentTold(_) => return,
                _ => {}
            },
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Notifications {
    /// Hands on what was noted, has everything sent that is due, and answers how long to sleep.
    async fn look(
        &self,
        serving: &mut JoinSet<String>,
        busy: &mut Vec<String>,
        tidied: &mut i64,
    ) -> Result<Duration, Error> {
        while self.fan_out().await? {}
        let now = Timestamp::now().as_millis();
        if now - *tidied > TIDY_EVERY_MS {
            self.tidy(now).await?;
            *tidied = now;
        }
        let (pending, free) = (State::Pending.as_str(), AT_ONCE.saturating_sub(busy.len()));
        for target in rows::due_targets(self.db().read(), pending, now, busy, free as u64).await? {
            busy.push(target.clone());
            let this = self.clone();
            serving.spawn(async move {
                if let Err(error) = this.serve(&target).await {
                    tracing::warn!(error = %format!("{error:#}"), "a delivery could not be made or recorded");
                    // What was sent and could not be noted as sent would be sent again and again.
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                target
            });
        }
        if busy.len() >= AT_ONCE {
            return Ok(LOOK_AGAIN);
        }
        let next = rows::next_due(self.db().read(), pending, busy).await?;
        let until = next.map_or(i64::MAX, |next| next - Timestamp::now().as_millis());
        Ok(LOOK_AGAIN.min(Duration::from_millis(u64::try_from(until).unwrap_or(0))))
    }

    /// Sends what is due for one target.
    async fn serve(&self, target: &str) -> Result<(), Error> {
        let now = Timestamp::now().as_millis();
        for row in rows::due(self.db().read(), State::Pending.as_str(), target, now, BATCH).await? {
            let attempt = match row.channel.as_str() {
                "email" => self.send_mail(&row).await?,
                "control_plane" => self.send_to_control_plane(&row).await?,
                _ => self.send_to_webhook(&row).await?,
            };
            let (in_order, again) =
                (row.channel == Channel::ControlPlane.as_str(), attempt.end == End::TryAgain);
            self.note(row, &attempt).await?;
            if in_order && again {
                break;
            }
        }
        Ok(())
    }

    /// Records an attempt; answers the row after it.
    pub(super) async fn note(&self, row: rows::Model, attempt: &Attempt) -> Result<rows::Model, Error> {
        let mut change = self.inner.changes.begin().await?;
        let row = after(row, attempt, Timestamp::now());
        rows::update(change.tx(), &row).await?;
        if row.channel == Channel::Webhook.as_str() {
            self.note_webhook(&mut change, &row, attempt).await?;
        }
        if row.channel == Channel::ControlPlane.as_str() {
            self.note_control_plane(&mut change, &row).await?;
        }
        change.commit().await?;
        Ok(row)
    }

    async fn tidy(&self, now: i64) -> Result<(), Error> {
        let change = self.inner.changes.begin().await?;
        db::notifications::expire(change.tx(), now - KEPT_MS).await?;
        rows::expire(change.tx(), now - KEPT_MS).await?;
        change.commit().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(attempts: i64) -> rows::Model {
        rows::Model {
            id: "dlv_1".into(),
            workspace_id: "ws_1".into(),
            channel: "webhook".into(),
            target_id: "whk_1".into(),
            event_id: "evt_1".into(),
            topic: "done".into(),
            agent_id: None,
            body: "{}".into(),
            state: "pending".into(),
            attempts,
            code: None,
            answer: None,
            next_at: Some(0),
            created_at: 0,
            ended_at: None,
        }
    }

    #[test]
    fn what_fails_is_tried_again_later_and_later_and_then_given_up() {
        let attempt = Attempt { end: End::TryAgain, code: Some(503), answer: "away".into() };
        let now = Timestamp::from_millis(1_000_000);
        let mut tried = row(0);
        for pause in TRY_AGAIN_MS {
            tried = after(tried, &attempt, now);
            assert_eq!((tried.state.as_str(), tried.next_at), ("pending", Some(1_000_000 + pause)));
        }
        tried = after(tried, &attempt, now);
        assert_eq!((tried.state.as_str(), tried.next_at, tried.attempts), ("failed", None, 6));
        assert_eq!(tried.ended_at, Some(1_000_000));
    }

    #[test]
    fn a_control_plane_is_tried_for_a_week() {
        let attempt = Attempt { end: End::TryAgain, code: None, answer: "away".into() };
        let plane =
            |attempts| rows::Model { channel: Channel::ControlPlane.as_str().into(), ..row(attempts) };
        let tried = |attempts| after(plane(attempts), &attempt, Timestamp::from_millis(0));
        assert_eq!(tried(0).next_at, Some(TRY_AGAIN_MS[0]));
        assert_eq!((tried(89).state.as_str(), tried(89).next_at), ("pending", Some(TRY_AGAIN_MS[4])));
        assert_eq!(tried(90).state, "failed");
    }

    #[test]
    fn what_ended_is_not_tried_again() {
        for (end, state, attempts) in [
            (End::Delivered, "delivered", 1),
            (End::GiveUp, "failed", 1),
            (End::Gone, "failed", 1),
            (End::Drop, "dropped", 0),
        ] {
            let attempt = Attempt { end, code: None, answer: String::new() };
            let ended = after(row(0), &attempt, Timestamp::from_millis(5));
            assert_eq!((ended.state.as_str(), ended.next_at, ended.attempts), (state, None, attempts));
        }
    }
}
