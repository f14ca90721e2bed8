//! Telling clients that what they may use has changed: to sessions, and to subscribers without one.
//!
//! Owns when a client's list of tools is not what it was. Must not know what is in the list.

use std::collections::BTreeSet;

use raven_protocol::permission::Permission;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::auth::AgentCaller;
use crate::events::{Published, WorkspaceEvent};

/// An ear for changes of one agent's permissions.
pub struct Permissions {
    heard: Receiver<Published>,
    of: AgentCaller,
    known: BTreeSet<Permission>,
}

impl Permissions {
    pub fn of(app: &App, caller: &AgentCaller) -> Self {
        Self { heard: app.changes.listen(), of: caller.clone(), known: caller.permissions().clone() }
    }

    /// Returns once they are others than before, or may be; `None` when nothing will be heard any more.
    pub async fn changed(&mut self) -> Option<()> {
        loop {
            match self.heard.recv().await {
                Ok(told) => {
                    if let Some(now) = self.told_by(&told.event) {
                        self.known = now;
                        return Some(());
                    }
                }
                Err(RecvError::Lagged(_)) => return Some(()),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn told_by(&self, event: &WorkspaceEvent) -> Option<BTreeSet<Permission>> {
        let (WorkspaceEvent::AgentTold(agent) | WorkspaceEvent::AgentChanged(agent)) = event else {
            return None;
        };
        let now: BTreeSet<Permission> = agent.permissions.iter().copied().collect();
        (agent.id == self.of.agent().as_str() && now != self.known).then_some(now)
    }
}
