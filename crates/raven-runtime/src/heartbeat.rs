//! Tells control planes, every ten seconds, that this runtime lives.
//!
//! Owns who hears it and with which credential. A heartbeat is about now: one that fails is not kept.
//! Must not know the outbox or the HTTP API.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use raven_protocol::id::RuntimeId;
use raven_protocol::runtime_api::Heartbeat;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::agents::Agents;
use crate::agents::record::under;

/// Time between heartbeats; a control plane counts three missed ones as a lost connection.
pub const EVERY: Duration = Duration::from_secs(10);

/// Path of the call under a control plane's address.
const PATH: &str = "api/parallax-agents/runtime/heartbeat";

/// This program's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a heartbeat says.
#[derive(Clone)]
pub struct Pulse {
    /// Which runtime this is.
    pub runtime_id: RuntimeId,
    /// Its agents.
    pub agents: Agents,
    /// When the daemon started.
    pub started: Instant,
}

impl Pulse {
    /// The heartbeat now.
    #[must_use]
    pub fn beat(&self) -> Heartbeat {
        let uptime = self.started.elapsed().as_secs();
        Heartbeat {
            workspace_id: None,
            runtime_id: self.runtime_id.clone(),
            active_agents: u32::try_from(self.agents.active()).unwrap_or(u32::MAX),
            version: VERSION.to_owned(),
            metadata: BTreeMap::from([("uptimeSeconds".to_owned(), uptime.into())]),
        }
    }
}

/// Sends heartbeats until the daemon leaves.
pub struct Sender {
    /// What they say.
    pub pulse: Pulse,
    /// The client to call with.
    pub client: reqwest::Client,
    /// The control plane that hears them in any case.
    pub control_plane: Option<Url>,
    /// The runtime's own key.
    pub api_key: Option<SecretString>,
}

struct Call {
    url: Url,
    token: Option<SecretString>,
    beat: Heartbeat,
}

impl Sender {
    /// Runs until cancelled.
    pub async fn run(self, leave: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut answered: HashMap<Url, bool> = HashMap::new();
        while leave.run_until_cancelled(ticks.tick()).await.is_some() {
            let mut calls = JoinSet::new();
            for call in self.calls() {
                let client = self.client.clone();
                calls.spawn(async move { (call.url.clone(), send(&client, call).await) });
            }
            let Some(results) = leave.run_until_cancelled(calls.join_all()).await else { return };
            for (url, result) in results {
                // Each change is told once: an absent control plane does not fill the log.
                if answered.insert(url.clone(), result.is_ok()) != Some(result.is_ok()) {
                    match result {
                        Ok(()) => tracing::info!(%url, "heartbeats arrive"),
                        Err(why) => tracing::warn!(%url, why, "heartbeats do not arrive"),
                    }
                }
            }
        }
    }

    fn calls(&self) -> Vec<Call> {
        let beat = self.pulse.beat();
        let mut calls = BTreeMap::new();
        if let Some(base) = &self.control_plane
            && let Ok(url) = under(base, PATH)
        {
            calls.insert((url.clone(), None), Call { url, token: self.api_key.clone(), beat: beat.clone() });
        }
        for record in self.pulse.agents.all().into_iter().filter(|record| !record.status().is_final()) {
            let (Some(base), Some(workspace)) = (&record.spec.callback_url, &record.spec.workspace_id) else {
                continue;
            };
            let Ok(url) = under(base, PATH) else { continue };
            calls.entry((url.clone(), Some(workspace.clone()))).or_insert_with(|| Call {
                url,
                token: self.api_key.clone().or_else(|| record.callback_token().cloned()),
                beat: Heartbeat { workspace_id: Some(workspace.clone()), ..beat.clone() },
            });
        }
        calls.into_values().collect()
    }
}

async fn send(client: &reqwest::Client, call: Call) -> Result<(), String> {
    let mut request = client.post(call.url).json(&call.beat);
    if let Some(token) = call.token {
        request = request.bearer_auth(token.expose_secret());
    }
    let answer = request.send().await.map_err(|broken| broken.without_url().to_string())?;
    if answer.status().is_success() { Ok(()) } else { Err(format!("answered {}", answer.status())) }
}
