//! One terminal session, live: its wire, its viewers, its one writer.
//!
//! Owns what each viewer is owed, and the session's state while it lives. The rules are plain
//! functions of [`Live`] and [`seats`]; the task around them only waits. Must not know sockets.

use bytes::Bytes;
use raven_protocol::agent::AgentStatus;
use raven_protocol::terminal::{TerminalSize, TerminalStatus};
use tokio::sync::{mpsc, oneshot, watch};

use super::link::Link;
use super::viewer::{Attached, Attachment, Queue, Refusal, Seat, ViewerId};
use super::{Terminals, rows};

mod control;
mod handover;
mod live;
mod outgoing;
mod scribe;
pub mod seats;
mod task;

use outgoing::Done;
use seats::{Control, ControlRefusal, Occupant};
use task::Task;

/// Commands that wait for a hub; senders wait beyond that.
const WAITING: usize = 64;

/// What a hub is asked to do.
enum Command {
    Attach(Box<Attach>),
    Input { viewer: ViewerId, bytes: Bytes, done: Done },
    Resize { viewer: ViewerId, size: TerminalSize, done: Done },
    Control { viewer: ViewerId, action: Control, done: oneshot::Sender<Result<(), ControlRefusal>> },
    CaughtUp(ViewerId),
    Detach(ViewerId),
    Dismiss,
    Connect(Link),
    Report(TerminalStatus),
    Agent(AgentStatus, Option<String>),
    AgentEnded,
    Gone,
    End(&'static str),
}

struct Attach {
    occupant: Occupant,
    seat: Seat,
    queue: Queue,
    reply: oneshot::Sender<(Attached, ViewerId)>,
}

/// What will become of something that was typed.
pub struct Answer(oneshot::Receiver<Result<(), Refusal>>);

impl Answer {
    /// Waits for it.
    pub async fn wait(self) -> Result<(), Refusal> {
        self.0.await.unwrap_or(Err(Refusal::Ended))
    }
}

/// What a hub begins with.
pub struct HubStart {
    pub terminals: Terminals,
    pub row: rows::Model,
}

/// Handle to a session's task.
#[derive(Clone)]
pub struct Hub {
    agent: String,
    commands: mpsc::Sender<Command>,
    /// Offset after the newest output that was put into the recording; none before that is open.
    position: watch::Receiver<Option<u64>>,
}

impl Hub {
    /// Starts the task of a session.
    pub fn start(start: HubStart) -> Self {
        let (commands, inbox) = mpsc::channel(WAITING);
        let (reached, position) = watch::channel(None);
        let hub = Self { agent: start.row.agent_id.clone(), commands, position };
        let (tasks, cancel) = (start.terminals.tasks.clone(), start.terminals.cancel.clone());
        tasks.spawn(async move {
            cancel.run_until_cancelled(Task::live(start, inbox, reached)).await;
        });
        hub
    }

    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The offset up to which the runtime's log was received, once the recording tells of it.
    pub async fn position(&self) -> u64 {
        let mut position = self.position.clone();
        // A hub that has ended is asked for nothing more.
        position.wait_for(Option::is_some).await.map_or(0, |reached| reached.unwrap_or(0))
    }

    /// Attaches a viewer; `None` when the session has ended.
    pub async fn attach(&self, occupant: Occupant, seat: Seat) -> Option<(Attached, Attachment)> {
        let (reply, answer) = oneshot::channel();
        let queue = Queue::default();
        let attach = Attach { occupant, seat, queue: queue.clone(), reply };
        self.commands.send(Command::Attach(Box::new(attach))).await.ok()?;
        let (attached, id) = answer.await.ok()?;
        Some((attached, Attachment { id, hub: self.clone(), queue }))
    }

    /// Gives the hub a wire, in place of one it may have.
    pub async fn connect(&self, link: Link) {
        let _ = self.commands.send(Command::Connect(link)).await;
    }

    /// Whether the session has ended.
    pub fn is_over(&self) -> bool {
        self.commands.is_closed()
    }

    /// Returns once the session has ended.
    pub async fn over(&self) {
        self.commands.closed().await;
    }

    pub async fn report(&self, status: TerminalStatus) {
        let _ = self.commands.send(Command::Report(status)).await;
    }

    pub fn agent_ended(&self) {
        self.urgent(Command::AgentEnded);
    }

    /// The runtime does not know the terminal any more.
    pub fn gone(&self) {
        self.urgent(Command::Gone);
    }

    /// Ends the session; its recording says why.
    pub fn end(&self, why: &'static str) {
        self.urgent(Command::End(why));
    }

    /// Unseats everybody; what the agent still puts out is recorded.
    pub fn dismiss(&self) {
        self.urgent(Command::Dismiss);
    }

    /// The agent has a status now, which the recording tells of; and where to sign in, when it wants that.
    pub fn agent_is(&self, status: AgentStatus, login_url: Option<String>) {
        self.urgent(Command::Agent(status, login_url));
    }

    /// Types, in the order of calls; the answer comes once the terminal has taken it.
    pub(super) async fn input(&self, viewer: ViewerId, bytes: Bytes) -> Answer {
        let (done, answer) = oneshot::channel();
        // A hub that has ended drops what it was sent, and that is the answer.
        let _ = self.commands.send(Command::Input { viewer, bytes, done }).await;
        Answer(answer)
    }

    pub(super) async fn resize(&self, viewer: ViewerId, size: TerminalSize) -> Result<(), Refusal> {
        let (done, answer) = oneshot::channel();
        self.asked(Command::Resize { viewer, size, done }, answer).await
    }

    pub(super) async fn control(&self, viewer: ViewerId, action: Control) -> Result<(), ControlRefusal> {
        let (done, answer) = oneshot::channel();
        let command = Command::Control { viewer, action, done };
        self.commands.send(command).await.map_err(|_| ControlRefusal::Ended)?;
        answer.await.unwrap_or(Err(ControlRefusal::Ended))
    }

    async fn asked(
        &self,
        command: Command,
        answer: oneshot::Receiver<Result<(), Refusal>>,
    ) -> Result<(), Refusal> {
        self.commands.send(command).await.map_err(|_| Refusal::Ended)?;
        answer.await.unwrap_or(Err(Refusal::Ended))
    }

    pub(super) async fn caught_up(&self, viewer: ViewerId) {
        let _ = self.commands.send(Command::CaughtUp(viewer)).await;
    }

    pub(super) fn detach(&self, viewer: ViewerId) {
        self.urgent(Command::Detach(viewer));
    }

    /// Sends from where waiting is impossible: at once if there is room, else from a task.
    fn urgent(&self, command: Command) {
        if let Err(mpsc::error::TrySendError::Full(command)) = self.commands.try_send(command) {
            let commands = self.commands.clone();
            tokio::spawn(async move {
                let _ = commands.send(command).await;
            });
        }
    }
}

#[cfg(test)]
mod tests;
