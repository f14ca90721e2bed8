//! One terminal session, live: its wire, its viewers, its one writer.
//!
//! Owns what each viewer is owed, and the session's state while it lives. The rules are plain
//! functions of [`Live`] and [`seats`]; the task around them only waits. Must not know sockets.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use raven_protocol::terminal::{TerminalSize, TerminalStatus};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::link::{FromRuntime, Link, ToRuntime};
use super::viewer::{Attached, Attachment, Queue, Refusal, Seat, ViewerId};
use super::{Terminals, rows};

mod control;
mod handover;
mod live;
mod scribe;
pub mod seats;

use live::Live;
use scribe::Scribe;
use seats::{Control, ControlRefusal, Occupant};

/// Commands that wait for a hub; senders wait beyond that.
const WAITING: usize = 64;

/// Bytes that may wait for a wire: two of the largest inputs, so that a paste does not refuse the next.
const MAX_TYPED: usize = 8 * 1024 * 1024 + 4096;

/// How long a wire may take to bring the last output of an agent that has ended.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Tells whoever typed what became of it.
type Done = oneshot::Sender<Result<(), Refusal>>;

/// What a hub is asked to do.
enum Command {
    Attach(Box<Attach>),
    Input { viewer: ViewerId, bytes: Bytes, done: Done },
    Resize { viewer: ViewerId, size: TerminalSize, done: Done },
    Control { viewer: ViewerId, action: Control, done: oneshot::Sender<Result<(), ControlRefusal>> },
    CaughtUp(ViewerId),
    Detach(ViewerId),
    Connect(Link),
    Report(TerminalStatus),
    AgentEnded,
    End,
}

struct Attach {
    occupant: Occupant,
    seat: Seat,
    queue: Queue,
    reply: oneshot::Sender<(Attached, ViewerId)>,
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
    position: std::sync::Arc<std::sync::atomic::AtomicU64>,
}

impl Hub {
    /// Starts the task of a session.
    pub fn start(start: HubStart) -> Self {
        let (commands, inbox) = mpsc::channel(WAITING);
        let hub = Self { agent: start.row.agent_id.clone(), commands, position: Default::default() };
        let (tasks, cancel) = (start.terminals.tasks.clone(), start.terminals.cancel.clone());
        let task = Task {
            live: Live::new(&start.row, hub.position.clone()),
            scribe: Scribe::start(&start.terminals, &start.row),
            terminals: start.terminals,
            row: start.row,
            inbox,
            ears: None,
            mouth: None,
            typed: VecDeque::new(),
            last_words: None,
        };
        tasks.spawn(async move {
            cancel.run_until_cancelled(task.run()).await;
        });
        hub
    }

    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// The offset up to which the runtime's log was received.
    pub fn position(&self) -> u64 {
        self.position.load(std::sync::atomic::Ordering::Acquire)
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

    pub fn end(&self) {
        self.urgent(Command::End);
    }

    pub(super) async fn input(&self, viewer: ViewerId, bytes: Bytes) -> Result<(), Refusal> {
        let (done, answer) = oneshot::channel();
        self.asked(Command::Input { viewer, bytes, done }, answer).await
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

/// The task of a session.
struct Task {
    terminals: Terminals,
    row: rows::Model,
    live: Live,
    scribe: Scribe,
    inbox: mpsc::Receiver<Command>,
    /// The wire's two halves; both are there or neither.
    ears: Option<mpsc::Receiver<FromRuntime>>,
    mouth: Option<mpsc::Sender<ToRuntime>>,
    /// What was typed, repaint requests and sizes, in the order they go over the wire.
    typed: VecDeque<(ToRuntime, Option<Done>)>,
    last_words: Option<Instant>,
}

/// Whether a session goes on.
#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    Over,
}

impl Task {
    async fn run(mut self) {
        loop {
            let seats_due = self.seats_due();
            let next = tokio::select! {
                command = self.inbox.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => Next::Over,
                },
                heard = hear(&mut self.ears) => self.hear(heard).await,
                permit = room(&self.mouth), if !self.typed.is_empty() => {
                    self.type_next(permit);
                    Next::GoOn
                }
                () = until(seats_due) => {
                    self.look_at_seats();
                    Next::GoOn
                }
                () = until(self.last_words) => Next::Over,
            };
            if next == Next::Over {
                break;
            }
        }
        self.inbox.close();
        self.set_status(TerminalStatus::Terminated).await;
        self.live.detach_all();
        self.terminals.forget(&self.row.id);
    }

    async fn obey(&mut self, command: Command) -> Next {
        match command {
            Command::Attach(attach) => {
                let Attach { occupant, seat, queue, reply } = *attach;
                let (attached, outcome) = self.live.attach(occupant, seat, queue, Instant::now());
                let id = attached.seat;
                let _ = reply.send((attached, id));
                self.live.welcome(id, seat.since);
                self.settle(outcome);
                self.ask_for_repaint();
            }
            Command::Input { viewer, bytes, done } => match self.may_type(viewer, &bytes) {
                Ok(()) => self.queue(ToRuntime::Input(bytes), done),
                Err(refusal) => drop(done.send(Err(refusal))),
            },
            Command::Resize { viewer, size, done } => match self.may_resize(viewer) {
                Ok(()) => self.queue(ToRuntime::Resize(size), done),
                Err(refusal) => drop(done.send(Err(refusal))),
            },
            Command::Control { viewer, action, done } => {
                let answer = self.control(viewer, action);
                let _ = done.send(answer);
            }
            Command::CaughtUp(viewer) => {
                self.live.await_repaint(viewer);
                self.ask_for_repaint();
            }
            Command::Detach(viewer) => {
                let outcome = self.live.detach(viewer, Instant::now());
                self.settle(outcome);
            }
            Command::Connect(link) => {
                self.drop_typed();
                self.ears = Some(link.from_runtime);
                self.mouth = Some(link.to_runtime);
                self.live.repaint_asked = false;
            }
            Command::Report(status) => {
                self.live.set_status(status, None);
                self.set_status(status).await;
            }
            Command::AgentEnded if self.mouth.is_none() => return Next::Over,
            Command::AgentEnded => self.last_words = Some(Instant::now() + LAST_WORDS),
            Command::End => return Next::Over,
        }
        Next::GoOn
    }

    /// Queues for the wire. What somebody typed who has left since is not typed any more.
    fn queue(&mut self, message: ToRuntime, done: Done) {
        self.typed.retain(|(_, done)| done.as_ref().is_none_or(|done| !done.is_closed()));
        let waiting: usize = self.typed.iter().map(|(message, _)| cost(message)).sum();
        if waiting + cost(&message) > MAX_TYPED {
            let _ = done.send(Err(Refusal::Full));
        } else {
            self.typed.push_back((message, Some(done)));
        }
    }

    async fn hear(&mut self, heard: Option<FromRuntime>) -> Next {
        match heard {
            None => {
                (self.ears, self.mouth) = (None, None);
                self.drop_typed();
                self.set_status(TerminalStatus::Disconnected).await;
                if self.last_words.is_some() {
                    return Next::Over;
                }
            }
            Some(FromRuntime::Hello { size }) => {
                self.live.set_size(size);
                self.remember_size(size).await;
                self.set_status(TerminalStatus::Active).await;
                self.ask_for_repaint();
            }
            Some(FromRuntime::Output { offset, bytes }) => self.live.output(offset, &bytes),
            Some(FromRuntime::Repaint { offset, bytes }) => {
                self.live.repaint(offset, &bytes);
                self.ask_for_repaint();
            }
            Some(FromRuntime::Size(size)) => {
                self.live.set_size(size);
                self.ask_for_repaint();
                self.remember_size(size).await;
            }
            Some(FromRuntime::Status { status, login_url }) => {
                self.live.set_status(status, login_url);
                self.set_status(status).await;
                if status.is_final() {
                    return Next::Over;
                }
            }
            Some(FromRuntime::Exit) => return Next::Over,
        }
        Next::GoOn
    }

    fn type_next(&mut self, permit: Option<mpsc::OwnedPermit<ToRuntime>>) {
        let (Some(permit), Some((message, done))) = (permit, self.typed.pop_front()) else { return };
        match done {
            // Whoever typed it has left: it was never taken.
            Some(done) if done.is_closed() => {}
            done => {
                permit.send(message);
                if let Some(done) = done {
                    let _ = done.send(Ok(()));
                }
            }
        }
    }

    /// What was not taken when the wire broke is refused, so that whoever typed it knows.
    fn drop_typed(&mut self) {
        for (_, done) in self.typed.drain(..) {
            if let Some(done) = done {
                let _ = done.send(Err(Refusal::Disconnected));
            }
        }
    }

    fn ask_for_repaint(&mut self) {
        if self.mouth.is_some() && self.live.needs_repaint() && !self.live.repaint_asked {
            self.live.repaint_asked = true;
            self.typed.push_back((ToRuntime::Repaint, None));
        }
    }

    async fn set_status(&mut self, status: TerminalStatus) {
        self.live.set_status(status, None);
        if let Err(error) = self.terminals.set_status(&self.row, status).await {
            tracing::warn!(session.id = %self.row.id, %error, "the session's state could not be written");
        }
    }

    async fn remember_size(&mut self, size: TerminalSize) {
        if let Err(error) = self.terminals.set_size(&self.row, size).await {
            tracing::warn!(session.id = %self.row.id, %error, "the session's size could not be written");
        }
    }
}

/// Bytes that a message counts while it waits.
fn cost(message: &ToRuntime) -> usize {
    match message {
        ToRuntime::Input(bytes) => bytes.len() + 64,
        ToRuntime::Resize(_) | ToRuntime::Repaint => 64,
    }
}

async fn hear(ears: &mut Option<mpsc::Receiver<FromRuntime>>) -> Option<FromRuntime> {
    match ears {
        Some(ears) => ears.recv().await,
        None => std::future::pending().await,
    }
}

/// Room for one message on the wire; `None` when it broke, which [`hear`] notices too.
async fn room(mouth: &Option<mpsc::Sender<ToRuntime>>) -> Option<mpsc::OwnedPermit<ToRuntime>> {
    match mouth {
        Some(mouth) => mouth.clone().reserve_owned().await.ok(),
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
