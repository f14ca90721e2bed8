//! The task of a session: it waits for commands, the wire, the recording and the clock, and acts on each.
//!
//! Owns the order in which things happen to one terminal: output is put into the recording before anybody
//! sees it, input before the wire has it. Must not know sockets.

use std::time::Duration;

use raven_protocol::agent::AgentStatus;
use raven_protocol::id::AgentId;
use raven_protocol::terminal::{Exit, TerminalSize, TerminalStatus};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::live::Live;
use super::outgoing::{Next as Out, Outgoing, Typed};
use super::scribe::Scribe;
use super::{Attach, Command, HubStart};
use crate::auth::Named;
use crate::db;
use crate::recordings::Durable;
use crate::recordings::entry::{Begin, MarkKind};
use crate::recordings::recorder::Recorder;
use crate::terminals::link::{FromRuntime, Link, Start, ToRuntime};
use crate::terminals::viewer::ViewerId;
use crate::terminals::{Terminals, rows, size_of};

/// How long a wire may be silent once its agent has ended, before the rest is given up.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// How long the rest of an ended agent's output is sought while its runtime cannot be reached.
const REST_WITHIN: Duration = Duration::from_secs(60);

/// How long a runtime may take to hear that nothing is recorded any more.
const RELEASE_WITHIN: Duration = Duration::from_secs(1);

/// How long to wait before a recording that cannot be opened is tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(1);

/// The task of a session.
pub(super) struct Task {
    pub(super) terminals: Terminals,
    pub(super) row: rows::Model,
    pub(super) live: Live,
    pub(super) scribe: Scribe,
    pub(super) recorder: Recorder,
    durable: watch::Receiver<Durable>,
    reached: watch::Sender<Option<u64>>,
    inbox: mpsc::Receiver<Command>,
    /// The wire's two halves; both are there or neither.
    ears: Option<mpsc::Receiver<FromRuntime>>,
    pub(super) mouth: Option<mpsc::Sender<ToRuntime>>,
    pub(super) outgoing: Outgoing,
    /// What is added to the wire's offsets: one without a log counts from what it was told.
    shift: u64,
    agent: Option<AgentStatus>,
    /// How the agent wants a person to sign in, while it does.
    sign_in: Option<SignIn>,
    last_words: Option<Instant>,
}

/// A sign-in that an agent waits for.
#[derive(PartialEq, Eq)]
struct SignIn {
    url: Option<String>,
}

/// Whether a session goes on.
enum Next {
    GoOn,
    Over(End),
}

/// How a session ends.
struct End {
    exit: Option<Exit>,
    why: String,
    /// Whether there may be output that never came.
    missing: bool,
}

impl End {
    fn of(why: impl Into<String>) -> Next {
        Next::Over(Self { exit: None, why: why.into(), missing: false })
    }

    fn without_the_rest(why: &str) -> Next {
        Next::Over(Self { exit: None, why: why.to_owned(), missing: true })
    }

    fn exited(exit: Exit) -> Next {
        let why = match (exit.code, exit.signal) {
            (Some(code), _) => format!("exit: {code}"),
            (None, Some(signal)) => format!("exit: signal {signal}"),
            // Whoever owned the terminal is gone without a word, and with it what it had read last.
            (None, None) => {
                return Self::without_the_rest("the terminal's host was gone before its program's end");
            }
        };
        Next::Over(Self { exit: Some(exit), why, missing: false })
    }
}

impl Task {
    /// Opens the recording, then lives until the session is over.
    pub(super) async fn live(
        start: HubStart,
        inbox: mpsc::Receiver<Command>,
        reached: watch::Sender<Option<u64>>,
    ) {
        let HubStart { terminals, row } = start;
        let mut inbox = inbox;
        let recorder = loop {
            match open_recording(&terminals, &row).await {
                Ok(recorder) => break recorder,
                Err(error) => tracing::error!(session.id = %row.id, error = %format!("{error:#}"),
                    "the recording cannot be opened; the terminal waits for it"),
            }
            if timeout(OPEN_AGAIN, end_of_waiting(&mut inbox)).await.is_ok() {
                inbox.close();
                write_status(&terminals, &row, TerminalStatus::Terminated).await;
                return terminals.forget(&row.id);
            }
        };
        reached.send_replace(Some(recorder.head()));
        let sign_in = wanted_sign_in(&terminals, &row).await;
        let task = Self {
            live: Live::new(&row),
            scribe: Scribe::start(&terminals, &row),
            durable: recorder.durable(),
            recorder,
            reached,
            terminals,
            row,
            inbox,
            ears: None,
            mouth: None,
            outgoing: Outgoing::new(),
            shift: 0,
            agent: None,
            sign_in,
            last_words: None,
        };
        task.run().await;
    }

    async fn run(mut self) {
        let end = loop {
            let seats_due = self.seats_due();
            let next = tokio::select! {
                command = self.inbox.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => End::of("the server let go of it"),
                },
                heard = hear(&mut self.ears, self.recorder.room()) => self.hear(heard).await,
                permit = room(&self.mouth), if self.has_something_to_send() => {
                    self.send(permit);
                    Next::GoOn
                }
                Ok(()) = self.durable.changed() => {
                    let Durable { head, inputs, .. } = *self.durable.borrow_and_update();
                    self.outgoing.control(ToRuntime::Ack(head));
                    self.outgoing.recorded(inputs);
                    Next::GoOn
                }
                () = until(seats_due) => {
                    self.look_at_seats();
                    Next::GoOn
                }
                // While the recording has no room, nobody listens: that is not the runtime's silence.
                () = until(self.last_words), if self.recorder.has_room() => {
                    End::without_the_rest("the agent ended, and its runtime did not tell the rest")
                }
            };
            if let Next::Over(end) = next {
                break end;
            }
        };
        self.over(end).await;
    }

    async fn over(mut self, end: End) {
        if end.missing {
            self.recorder.gap(self.recorder.head(), &end.why);
        }
        if let Some(mouth) = &self.mouth {
            // An agent that lives on must not wait for a recorder that is gone.
            let _gone = timeout(RELEASE_WITHIN, mouth.send(ToRuntime::Release)).await;
        }
        (self.ears, self.mouth) = (None, None);
        let Self { recorder, terminals, row, mut live, mut inbox, mut outgoing, .. } = self;
        // The recording is whole before anybody hears that the session is over.
        recorder.finish(end.exit, &end.why).await;
        // Whoever typed what the terminal has taken hears so, although it ended with that.
        outgoing.recorded(u64::MAX);
        // Not before: whoever carries the wire lets go of it when nothing can be asked any more.
        inbox.close();
        live.set_status(TerminalStatus::Terminated, None);
        write_status(&terminals, &row, TerminalStatus::Terminated).await;
        live.detach_all();
        terminals.forget(&row.id);
    }

    async fn obey(&mut self, command: Command) -> Next {
        match command {
            Command::Attach(attach) => self.attach(*attach),
            Command::Input { viewer, bytes, done } => match self.may_type(viewer, &bytes) {
                Ok(()) => self.outgoing.input(Typed { by: self.named(viewer), bytes, done }),
                Err(refusal) => drop(done.send(Err(refusal))),
            },
            Command::Resize { viewer, size, done } => {
                let may = self.may_resize(viewer);
                if may.is_ok() {
                    self.outgoing.control(ToRuntime::Resize(size));
                }
                let _ = done.send(may);
            }
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
            Command::Dismiss => {
                for outcome in self.live.dismiss(Instant::now()) {
                    self.settle(outcome);
                }
            }
            Command::Connect(link) => self.connect(link),
            Command::Report(status) => self.set_status(status).await,
            Command::Agent(status, login_url) => self.agent_is(status, login_url).await,
            Command::AgentEnded => return self.agent_ended(),
            Command::Gone => {
                return End::without_the_rest("the runtime does not know the agent any more");
            }
            Command::End(why) => return End::of(why),
        }
        Next::GoOn
    }

    async fn agent_is(&mut self, status: AgentStatus, login_url: Option<String>) {
        if self.agent.replace(status) != Some(status) {
            self.recorder.mark(MarkKind::Agent, &format!("status: {status}"));
        }
        let wanted = (status == AgentStatus::LoginRequired).then_some(SignIn { url: login_url });
        let changed = wanted != self.sign_in;
        self.sign_in = wanted;
        if changed && matches!(self.live.status(), TerminalStatus::Active | TerminalStatus::LoginRequired) {
            self.set_status(self.connected()).await;
        }
    }

    /// The state of a session that has its wire.
    fn connected(&self) -> TerminalStatus {
        if self.sign_in.is_some() { TerminalStatus::LoginRequired } else { TerminalStatus::Active }
    }

    fn attach(&mut self, attach: Attach) {
        let Attach { occupant, seat, queue, reply } = attach;
        let (attached, outcome) = self.live.attach(occupant, seat, queue, Instant::now());
        let id = attached.seat;
        let _ = reply.send((attached, id));
        self.live.welcome(id, seat.since);
        self.settle(outcome);
        self.ask_for_repaint();
    }

    fn connect(&mut self, link: Link) {
        self.outgoing.connect(link.pace);
        self.ears = Some(link.from_runtime);
        self.mouth = Some(link.to_runtime);
        self.live.repaint_asked = false;
    }

    /// The agent's end is known before its last output was heard, or after.
    fn agent_ended(&mut self) -> Next {
        match (&self.mouth, self.row.direction.as_str()) {
            (Some(_), _) => self.last_words = Some(Instant::now() + LAST_WORDS),
            (None, "dialled") => self.last_words = Some(Instant::now() + REST_WITHIN),
            // Whoever would dial in has nothing more to say.
            (None, _) => return End::of("the agent ended"),
        }
        Next::GoOn
    }

    async fn hear(&mut self, heard: Option<FromRuntime>) -> Next {
        if let Some(deadline) = &mut self.last_words {
            *deadline = (*deadline).max(Instant::now() + LAST_WORDS);
        }
        match heard {
            None => {
                (self.ears, self.mouth) = (None, None);
                self.outgoing.refuse(crate::terminals::viewer::Refusal::Disconnected);
                self.set_status(TerminalStatus::Disconnected).await;
                if self.last_words.is_some() {
                    // As for one that ended while there was no wire: the runtime keeps the rest.
                    return self.agent_ended();
                }
            }
            Some(FromRuntime::Hello { size, start }) => self.hello(size, start).await,
            Some(FromRuntime::Output { offset, at, bytes }) => {
                let offset = offset.wrapping_add(self.shift);
                self.recorder.output(offset, at, &bytes);
                self.reached.send_replace(Some(self.recorder.head()));
                self.live.output(offset, &bytes);
                self.ask_for_repaint();
            }
            Some(FromRuntime::Repaint { offset, bytes }) => {
                let offset = offset.wrapping_add(self.shift);
                self.recorder.repaint(offset, &bytes);
                self.reached.send_replace(Some(self.recorder.head()));
                self.live.repaint(offset, &bytes);
                self.ask_for_repaint();
            }
            Some(FromRuntime::Taken(offset)) => self.outgoing.taken(offset),
            Some(FromRuntime::Size(size)) => {
                self.recorder.size(size);
                self.live.set_size(size);
                self.ask_for_repaint();
                self.remember_size(size).await;
            }
            Some(FromRuntime::Status { status, login_url }) => {
                self.live.set_status(status, login_url);
                self.set_status(status).await;
                if status.is_final() {
                    return End::of("its runtime ended the session");
                }
            }
            Some(FromRuntime::Exit(exit)) => return End::exited(exit),
        }
        Next::GoOn
    }

    async fn hello(&mut self, size: TerminalSize, start: Start) {
        match start {
            Start::Log { head } => {
                self.shift = 0;
                self.recorder.behind_until(head);
                let recorded = self.durable.borrow().head;
                // A log that is shorter than what is recorded is another one, of which nothing is.
                if recorded <= head {
                    self.outgoing.control(ToRuntime::Ack(recorded));
                }
            }
            Start::Now { at } => self.shift = self.recorder.head().wrapping_sub(at),
        }
        if matches!(start, Start::Now { .. }) && self.recorder.head() > 0 {
            let why = "the runtime's connection was lost, and what was put out meanwhile never came";
            self.recorder.gap(self.recorder.head(), why);
        }
        if size != size_of(&self.row) {
            self.recorder.size(size);
        }
        self.live.set_size(size);
        self.remember_size(size).await;
        self.set_status(self.connected()).await;
        self.ask_for_repaint();
    }

    /// Input goes when the recording has room for it too; control always.
    fn has_something_to_send(&self) -> bool {
        self.outgoing.has_control() || self.outgoing.is_due() && self.recorder.has_room()
    }

    fn send(&mut self, permit: Option<mpsc::OwnedPermit<ToRuntime>>) {
        let Some(permit) = permit else {
            // It broke, which the other half will tell once there is room to hear it.
            self.mouth = None;
            return;
        };
        match self.outgoing.next() {
            None => {}
            Some(Out::Control(message)) => drop(permit.send(message)),
            Some(Out::Input { by, bytes }) => {
                if !bytes.is_empty() {
                    self.recorder.input(&by, &bytes);
                }
                permit.send(ToRuntime::Input(bytes));
            }
        }
    }

    fn named(&self, viewer: ViewerId) -> Named {
        let nobody = || Named { id: String::new(), name: "nobody".to_owned() };
        self.live.seats.named(viewer).unwrap_or_else(nobody)
    }

    pub(super) fn ask_for_repaint(&mut self) {
        let wanted = self.live.needs_repaint() || self.recorder.wants_repaint();
        if self.mouth.is_some() && wanted && !self.live.repaint_asked {
            self.live.repaint_asked = true;
            self.outgoing.control(ToRuntime::Repaint);
        }
    }

    async fn set_status(&mut self, status: TerminalStatus) {
        let sign_in = self.sign_in.as_ref().filter(|_| status == TerminalStatus::LoginRequired);
        self.live.set_status(status, sign_in.and_then(|sign_in| sign_in.url.clone()));
        write_status(&self.terminals, &self.row, status).await;
    }

    async fn remember_size(&mut self, size: TerminalSize) {
        (self.row.cols, self.row.rows) = (size.cols.into(), size.rows.into());
        if let Err(error) = self.terminals.set_size(&self.row, size).await {
            tracing::warn!(session.id = %self.row.id, %error, "the session's size could not be written");
        }
    }
}

/// While a recording cannot be opened nothing can be done at its terminal: whoever asks is told so by the
/// answer that never comes. Returns once the session is over.
async fn end_of_waiting(inbox: &mut mpsc::Receiver<Command>) {
    while let Some(command) = inbox.recv().await {
        if matches!(command, Command::End(_) | Command::Gone) {
            return;
        }
    }
}

async fn write_status(terminals: &Terminals, row: &rows::Model, status: TerminalStatus) {
    if let Err(error) = terminals.set_status(row, status).await {
        tracing::warn!(session.id = %row.id, %error, "the session's state could not be written");
    }
}

/// How the agent wants a person to sign in when its session begins.
async fn wanted_sign_in(terminals: &Terminals, row: &rows::Model) -> Option<SignIn> {
    let workspace = raven_protocol::id::WorkspaceId::parse(row.workspace_id.as_str()).ok()?;
    let agent = AgentId::parse(row.agent_id.as_str()).ok()?;
    let agent = db::agents::find(terminals.db.read(), &workspace, &agent).await.ok()??;
    let wanted = agent.status == AgentStatus::LoginRequired.as_str();
    wanted.then_some(SignIn { url: agent.login_url })
}

async fn open_recording(terminals: &Terminals, row: &rows::Model) -> anyhow::Result<Recorder> {
    let workspace = raven_protocol::id::WorkspaceId::parse(row.workspace_id.as_str())?;
    let agent = AgentId::parse(row.agent_id.as_str())?;
    let agent = db::agents::find(terminals.db.read(), &workspace, &agent).await?;
    let begin = Begin {
        session: row.id.clone(),
        agent: agent.map_or_else(
            || Named { id: row.agent_id.clone(), name: row.agent_id.clone() },
            |agent| Named { id: agent.id, name: agent.name },
        ),
        workspace: row.workspace_id.clone(),
        size: size_of(row),
    };
    terminals.recordings.record(begin).await
}

/// The next thing from the wire, once the recording has room for it: it is the only one that makes a
/// runtime wait.
async fn hear(
    ears: &mut Option<mpsc::Receiver<FromRuntime>>,
    recording_has_room: impl Future<Output = ()>,
) -> Option<FromRuntime> {
    match ears {
        Some(ears) => {
            recording_has_room.await;
            ears.recv().await
        }
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
