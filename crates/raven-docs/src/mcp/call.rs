//! One call of a tool: who calls, and the client that waits for the answer.
//!
//! Owns the end of waiting: with the client, or with the caller's key. Must not know which tool is called.

use std::time::Duration;

use raven_protocol::time::Timestamp;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::{Peer, RoleServer};
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::access::{self, Granted, decide};
use crate::app::App;
use crate::auth::{AgentCaller, Caller};
use crate::error::Error;

/// How often a client that asked for it is told that a wait goes on: clients give up on silence after some 30 s.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// A call that passed the gate.
#[derive(Clone)]
pub struct Call {
    pub app: App,
    pub caller: AgentCaller,
    pub client: Client,
}

impl Call {
    /// The caller's right to something.
    ///
    /// # Errors
    /// `Denied` when the agent has it not.
    pub fn granted<P: access::Permission>(&self) -> Result<Granted<P>, Error> {
        decide(&Caller::Agent(self.caller.clone()))
    }

    /// Waits for something, as long as the client waits too and the caller's key is good; `None` when one has ended.
    /// Only what changes nothing may be waited for: it is given up wherever it stands.
    pub async fn wait<T>(&self, something: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            got = something => Some(got),
            () = self.client.gone.cancelled() => None,
            () = self.app.auth.key_ended(&self.caller) => None,
            () = self.client.keep_telling() => None,
        }
    }
}

/// Whoever waits for the answer.
#[derive(Clone, Default)]
pub struct Client {
    gone: CancellationToken,
    progress: Option<(Peer<RoleServer>, ProgressToken)>,
}

impl Client {
    /// A client that may cancel, and may have asked to be told how a wait goes on.
    pub fn new(gone: CancellationToken, progress: Option<(Peer<RoleServer>, ProgressToken)>) -> Self {
        Self { gone, progress }
    }

    /// The same client, gone too when what comes with it is dropped.
    pub fn until_dropped(mut self) -> (Self, DropGuard) {
        self.gone = self.gone.child_token();
        let left = self.gone.clone().drop_guard();
        (self, left)
    }

    /// Tells a client that asked for it how long it has waited; never ends.
    async fn keep_telling(&self) {
        let Some((peer, token)) = &self.progress else { return std::future::pending().await };
        let begun = Timestamp::now();
        let mut ticks = interval_at(Instant::now() + TELL_EVERY, TELL_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let waited = (Timestamp::now().as_millis() - begun.as_millis()) / 1000;
            let seconds = f64::from(i32::try_from(waited).unwrap_or(i32::MAX));
            let told = ProgressNotificationParam::new(token.clone(), seconds)
                .with_message(format!("waiting for {waited} s"));
            if let Err(error) = peer.notify_progress(told).await {
                tracing::debug!(%error, "a client could not be told of progress");
            }
        }
    }
}
