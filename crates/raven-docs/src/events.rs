//! The workspace's events, and the one way to write: commit first, then publish, in order.
//!
//! Owns the event bus and write transactions. Must not know who listens.

use std::sync::Arc;

use raven_protocol::id::{PageId, ProjectId, SpaceId, TaskId, WorkspaceId};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, OwnedMutexGuard, broadcast};
use tokio::time::{Instant, timeout_at};

use crate::access::standing::{self, Standing};
use crate::activity::Activity;
use crate::agents::Agent;
use crate::approvals::Approval;
use crate::assignments::Assignment;
use crate::audit::chain::Chains;
use crate::db::{Db, Tx};
use crate::error::Error;
use crate::notifications::{NotificationAdded, NotificationsRead};
use crate::questions::Question;
use crate::runtimes::RuntimeStatus;
use crate::terminals::TerminalSession;

/// Events that a slow listener may fall behind before it must start over from the database.
const BACKLOG: usize = 1024;

/// What a workspace's browsers hear.
#[derive(Debug, Clone)]
pub enum WorkspaceEvent {
    /// An agent changed its status, or appeared.
    AgentChanged(Box<Agent>),
    /// Something else of an agent changed that is shown.
    AgentTold(Box<Agent>),
    /// More is known of how an agent wants a person to sign in.
    AgentLogin(Box<Agent>),
    /// What an agent asks changed.
    AgentPrompt(Box<Agent>),
    /// An outside agent asks to be let in.
    AccessRequested(Box<Agent>),
    /// An outside agent was let in.
    AccessApproved(Box<Agent>),
    /// An agent may do nothing here any more.
    AccessRevoked {
        agent: Box<Agent>,
        reason: Option<String>,
    },
    ActivityAdded(Activity),
    ApprovalRequested(Box<Approval>),
    /// Something was decided of an approval, or came of it.
    ApprovalDecided(Box<Approval>),
    QuestionAsked(Box<Question>),
    /// A question was answered, escalated, or is over.
    QuestionChanged(Box<Question>),
    /// An assignment was given, or changed.
    AssignmentChanged(Box<Assignment>),
    /// For one person alone.
    NotificationAdded(Box<NotificationAdded>),
    /// For one person alone.
    NotificationsRead(NotificationsRead),
    /// A project was made, changed or removed.
    ProjectChanged(ProjectId),
    /// A task was made, changed or removed.
    TaskChanged {
        task: TaskId,
        project: Option<ProjectId>,
    },
    RuntimeStatus(RuntimeStatus),
    TerminalChanged(TerminalSession),
    SpaceChanged(SpaceId),
    /// A page appeared, changed, moved, or went into the trash or out of it.
    PageChanged {
        page: PageId,
        space: SpaceId,
        version: i64,
    },
    /// A comment on a page or a task appeared, changed or went.
    CommentChanged {
        page: Option<String>,
        task: Option<String>,
    },
}

/// An event and whose it is.
#[derive(Debug, Clone)]
pub struct Published {
    pub workspace: WorkspaceId,
    pub event: Arc<WorkspaceEvent>,
}

/// Begins changes, and lets others listen to what they tell.
#[derive(Clone)]
pub struct Changes {
    db: Db,
    chains: Chains,
    bus: broadcast::Sender<Published>,
    order: Arc<Mutex<()>>,
}

impl Changes {
    pub fn new(db: Db, chains: Chains) -> Self {
        Self { db, chains, bus: broadcast::Sender::new(BACKLOG), order: Arc::default() }
    }

    /// Begins a change. Changes are made one after another, so that what they tell is heard in the
    /// order of their commits.
    pub async fn begin(&self) -> Result<Change, Error> {
        let turn = Arc::clone(&self.order).lock_owned().await;
        let tx = self.db.begin().await?;
        Ok(Change { tx, chains: self.chains.clone(), bus: self.bus.clone(), told: Vec::new(), _turn: turn })
    }

    /// Begins a change that somebody makes, who must still be let make it: what was taken from them before this
    /// change could begin, they do not have.
    ///
    /// # Errors
    /// As [`standing::check`].
    pub async fn begin_for(&self, by: &impl Standing) -> Result<Change, Error> {
        let change = self.begin().await?;
        standing::check(by, change.tx()).await?;
        Ok(change)
    }

    pub fn listen(&self) -> broadcast::Receiver<Published> {
        self.bus.subscribe()
    }
}

/// What a wait for an event came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// An event that fits, or so many that some were missed: who waits looks again.
    Something,
    /// Nothing more will be heard in time.
    Nothing,
}

/// Waits for an event that fits.
pub async fn heard_until(
    events: &mut broadcast::Receiver<Published>,
    until: Instant,
    fits: impl Fn(&WorkspaceEvent) -> bool,
) -> Heard {
    loop {
        match timeout_at(until, events.recv()).await {
            Err(_) | Ok(Err(RecvError::Closed)) => return Heard::Nothing,
            Ok(Err(RecvError::Lagged(_))) => return Heard::Something,
            Ok(Ok(told)) if fits(&told.event) => return Heard::Something,
            Ok(Ok(_)) => {}
        }
    }
}

/// A write transaction with what will be told of it. Dropped, it changes and tells nothing.
pub struct Change {
    tx: Tx,
    chains: Chains,
    bus: broadcast::Sender<Published>,
    told: Vec<Published>,
    _turn: OwnedMutexGuard<()>,
}

impl Change {
    pub fn tx(&self) -> &Tx {
        &self.tx
    }

    /// The chains of the audit log; see [`Change::audit`](crate::audit).
    pub(crate) fn chains(&self) -> &Chains {
        &self.chains
    }

    /// Tells of the change once it is committed.
    pub fn tell(&mut self, workspace: &WorkspaceId, event: WorkspaceEvent) {
        self.told.push(Published { workspace: workspace.clone(), event: Arc::new(event) });
    }

    /// Commits, then publishes.
    pub async fn commit(self) -> Result<(), Error> {
        self.tx.commit().await.map_err(anyhow::Error::from)?;
        for published in self.told {
            // Nobody listening is no failure: browsers read the database when they come.
            let _ = self.bus.send(published);
        }
        Ok(())
    }
}
