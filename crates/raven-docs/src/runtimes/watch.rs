//! Listening to a workspace's runtime: its event stream, resumed where it was left.
//!
//! Owns one task per workspace. Must not know what a report changes (see `agents`).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use futures_util::StreamExt as _;
use raven_protocol::event::{EventFrame, RuntimeEvent};
use raven_protocol::id::WorkspaceId;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Runtimes;
use super::client::RuntimeClient;
use crate::agents::Agents;
use crate::error::{Error, RuntimeFailure};
use crate::runtimes::SILENCE;
use crate::socket_client;

/// First wait before the stream is sought again; doubled up to [`SLOWEST_RETRY`].
const FIRST_RETRY: Duration = Duration::from_millis(250);

/// Longest wait before the stream is sought again: a runtime that comes back is seen soon.
const SLOWEST_RETRY: Duration = Duration::from_secs(5);

/// How often silent runtimes, abandoned spawns and revoked agents that live on are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Most pages of a runtime's list that are read: 20,000 agents.
const MAX_PAGES: usize = 100;

/// Keeps one listener per workspace.
#[derive(Clone)]
pub struct Watchers {
    runtimes: Runtimes,
    agents: Agents,
    tasks: TaskTracker,
    cancel: CancellationToken,
    running: Arc<Mutex<HashMap<WorkspaceId, CancellationToken>>>,
}

impl Watchers {
    pub fn new(runtimes: Runtimes, agents: Agents, tasks: TaskTracker, cancel: CancellationToken) -> Self {
        Self { runtimes, agents, tasks, cancel, running: Arc::default() }
    }

    /// Listens to the runtimes of all workspaces, and looks for those that fell silent.
    pub async fn start(&self) -> Result<(), Error> {
        for (workspace, _) in self.runtimes.all().await? {
            self.restart(&workspace);
        }
        let this = self.clone();
        self.tasks.spawn(async move {
            let cancel = this.cancel.clone();
            cancel.run_until_cancelled(this.look_after_silence()).await;
        });
        Ok(())
    }

    /// Listens anew, as after a change of settings.
    pub fn restart(&self, workspace: &WorkspaceId) {
        let token = self.cancel.child_token();
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = running.insert(workspace.clone(), token.clone()) {
            before.cancel();
        }
        let (this, workspace) = (self.clone(), workspace.clone());
        self.tasks.spawn(async move {
            token.run_until_cancelled(this.listen(&workspace)).await;
        });
    }

    async fn listen(&self, workspace: &WorkspaceId) {
        let mut wait = FIRST_RETRY;
        loop {
            match self.runtimes.client(workspace).await {
                Ok(client) => match self.follow(workspace, &client, &mut wait).await {
                    Ok(()) => {
                        tracing::info!(workspace.id = %workspace, "the runtime closed its event stream")
                    }
                    Err(error) => {
                        tracing::debug!(workspace.id = %workspace, error = format!("{error:#}"), "no event stream");
                        self.note_failure(workspace, &client).await;
                    }
                },
                // Nothing to listen to until the settings change, which restarts this.
                Err(Error::Runtime(RuntimeFailure::NotConfigured)) => return,
                Err(error) => {
                    tracing::warn!(workspace.id = %workspace, %error, "the runtime cannot be addressed")
                }
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(SLOWEST_RETRY);
        }
    }

    /// Notes why the runtime cannot be followed, in the words of a test.
    async fn note_failure(&self, workspace: &WorkspaceId, client: &RuntimeClient) {
        let Err(failure) = client.health().await else { return };
        if let Err(error) = self.runtimes.unreachable(workspace, &failure).await {
            tracing::warn!(workspace.id = %workspace, %error, "the runtime's failure could not be noted");
        }
    }

    async fn follow(
        &self,
        workspace: &WorkspaceId,
        client: &RuntimeClient,
        wait: &mut Duration,
    ) -> anyhow::Result<()> {
        let mut cursor = self.runtimes.cursor(workspace).await?;
        let path = format!("/ws/events?since={cursor}");
        let (mut stream, _) = socket_client::connect(client.base(), &path, client.key(), None).await?;
        *wait = FIRST_RETRY;
        let mut compared = false;
        loop {
            let message = timeout(SILENCE, stream.next()).await.context("the runtime fell silent")?;
            let text = match message {
                None | Some(Ok(Message::Close(_))) => return Ok(()),
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(_)) => continue,
                Some(Err(error)) => return Err(error.into()),
            };
            let Some(frame) = read(&text)? else { continue };
            let reached = frame.seq;
            cursor = self.handle(workspace, frame, cursor).await?;
            // Our rows are compared with the runtime's once everything missed has been replayed.
            if !compared && cursor >= reached {
                self.compare(workspace, client).await?;
                compared = true;
            }
        }
    }

    /// Applies a frame; answers the position reached.
    async fn handle(&self, workspace: &WorkspaceId, frame: EventFrame, cursor: u64) -> anyhow::Result<u64> {
        match &frame.event {
            RuntimeEvent::RuntimeHeartbeat(beat) => {
                self.runtimes.heard(workspace, beat).await?;
                Ok(cursor)
            }
            RuntimeEvent::Reset {} => Ok(frame.seq),
            event => {
                let agent = event.agent().ok_or_else(|| anyhow!("an agent's event without an agent"))?;
                self.agents.follow(workspace, agent, Some(frame.seq)).await?;
                Ok(frame.seq)
            }
        }
    }

    async fn compare(&self, workspace: &WorkspaceId, client: &RuntimeClient) -> anyhow::Result<()> {
        let (health, _) = client.health().await?;
        let mut theirs = Vec::new();
        let mut cursor = None;
        for _ in 0..MAX_PAGES {
            let page = client.agents(cursor.as_deref()).await?;
            theirs.extend(page.items);
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        Ok(self.agents.reconcile(workspace, health.runtime_id.as_ref(), &theirs).await?)
    }

    async fn look_after_silence(&self) {
        let mut connected: HashMap<WorkspaceId, bool> = HashMap::new();
        loop {
            if let Err(error) = self.look(&mut connected).await {
                tracing::warn!(%error, "looking for silent runtimes failed");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&self, connected: &mut HashMap<WorkspaceId, bool>) -> Result<(), Error> {
        for (workspace, status) in self.runtimes.all().await? {
            let before = connected.insert(workspace.clone(), status.connected);
            if before == Some(true) && !status.connected {
                self.runtimes.fell_silent(&workspace).await?;
            }
        }
        self.agents.end_revoked().await?;
        self.agents.settle_abandoned().await
    }
}

/// Reads a frame. An event that this version does not know is skipped, not stumbled over for ever.
fn read(text: &str) -> anyhow::Result<Option<EventFrame>> {
    let known = serde_json::from_str::<EventFrame>(text);
    match (known, serde_json::from_str::<serde_json::Value>(text)) {
        (Ok(frame), _) => Ok(Some(frame)),
        (Err(error), Ok(value)) if value["seq"].is_u64() && value["event"].is_string() => {
            tracing::warn!(event = %value["event"], %error, "an event of the runtime is not understood; skipping it");
            Ok(None)
        }
        (Err(error), _) => Err(error).context("what the runtime sent is no event frame"),
    }
}
