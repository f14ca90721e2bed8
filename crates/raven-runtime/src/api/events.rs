//! `WS /ws/events`: the event stream.
//!
//! Owns replay, heartbeats and the end of slow listeners. Must not know what events mean.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{Query, State};
use axum::response::Response;
use raven_protocol::event::{EventFrame, RuntimeEvent};
use raven_protocol::id::AgentId;
use raven_protocol::time::Timestamp;
use serde::Deserialize;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Api;
use super::problem::Refusal;
use crate::events::Replay;
use crate::heartbeat::EVERY;

/// How long a listener may take to accept one frame.
const SEND: Duration = Duration::from_secs(20);

/// Longest message from a listener, in bytes; none is expected.
const MAX_FROM_LISTENER: usize = 4096;

/// Where to begin, and about whom.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listen {
    since: Option<u64>,
    agent_id: Option<AgentId>,
}

/// Opens the stream.
pub async fn listen(
    State(api): State<Api>,
    query: Result<Query<Listen>, QueryRejection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let Query(listen) = query?;
    let upgrade = upgrade.map_err(|refused| Refusal::Malformed(refused.body_text()))?;
    let upgrade = upgrade.max_message_size(MAX_FROM_LISTENER).max_frame_size(MAX_FROM_LISTENER);
    Ok(upgrade.on_upgrade(move |socket| async move {
        let leave = api.leave.clone();
        let mut listener = Listener { socket, api, agent: listen.agent_id };
        let ended = leave.run_until_cancelled(listener.serve(listen.since)).await;
        let why = match ended {
            None => Some((close_code::RESTART, "the runtime is going down")),
            Some(Err(Slow)) => Some((close_code::AGAIN, "too slow; listen again with since")),
            Some(Ok(())) => None,
        };
        if let Some((code, reason)) = why {
            let close = Message::Close(Some(CloseFrame { code, reason: reason.into() }));
            let _gone = timeout(Duration::from_secs(1), listener.socket.send(close)).await;
        }
    }))
}

/// A listener that does not keep up.
struct Slow;

struct Listener {
    socket: WebSocket,
    api: Api,
    agent: Option<AgentId>,
}

impl Listener {
    async fn serve(&mut self, since: Option<u64>) -> Result<(), Slow> {
        let mut changes = self.api.events.changes();
        let mut at = since.unwrap_or_else(|| self.api.events.head());
        if let Replay::Gap { head } = self.api.events.after(at) {
            at = head;
            self.frame(at, RuntimeEvent::Reset {}).await?;
        }
        // Everything missed comes first; the first heartbeat, at once after it, says how far that was.
        at = self.catch_up(at).await?;
        let mut beats = interval(EVERY);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = beats.tick() => {
                    let beat = self.api.pulse.beat();
                    self.frame(at, RuntimeEvent::RuntimeHeartbeat(beat)).await?;
                }
                heard = self.socket.recv() => match heard {
                    Some(Ok(Message::Close(_)) | Err(_)) | None => return Ok(()),
                    Some(Ok(_)) => {}
                },
                changed = changes.changed() => if changed.is_err() { return Ok(()) },
            }
            at = self.catch_up(at).await?;
        }
    }

    async fn catch_up(&mut self, mut at: u64) -> Result<u64, Slow> {
        loop {
            match self.api.events.after(at) {
                Replay::Reached => return Ok(at),
                Replay::Gap { .. } => return Err(Slow),
                Replay::Event(event) => {
                    if self.agent.is_none() || self.agent == event.agent {
                        self.text(event.json.as_ref().to_owned()).await?;
                    }
                    at = event.seq;
                }
            }
        }
    }

    async fn frame(&mut self, seq: u64, event: RuntimeEvent) -> Result<(), Slow> {
        let frame = EventFrame { seq, event, timestamp: Timestamp::now() };
        self.text(serde_json::to_string(&frame).unwrap_or_default()).await
    }

    async fn text(&mut self, text: String) -> Result<(), Slow> {
        let by = Instant::now() + SEND;
        match tokio::time::timeout_at(by, self.socket.send(Message::Text(text.into()))).await {
            // A broken connection is noticed by the next receive.
            Ok(_) => Ok(()),
            Err(_) => Err(Slow),
        }
    }
}
