//! One agent as the daemon keeps it: what it is, how it fares, and the files that say so after a restart.
//!
//! Owns every change of an agent's status, and its order: the callback is stored, the event is written,
//! then the record; a crash in between tells twice rather than never. Must not know processes.

mod messages;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use raven_protocol::agent::{AgentChange, AgentStatus, AgentType, Unexpected};
use raven_protocol::doing::{Doing, Turn, Usage};
use raven_protocol::event::RuntimeEvent;
use raven_protocol::id::{AgentId, MessageId, RuntimeSessionId, WorkspaceId};
use raven_protocol::runtime_api::{CallbackStatus, RuntimeAgent, SpawnCallback};
use raven_protocol::terminal::TerminalSize;
use raven_protocol::time::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use url::Url;

pub use self::messages::{Known, Message, Messages, TooLate};
use super::watch::{Asks, Observed, end};
use crate::events::Events;
use crate::files::{self, Durability};
use crate::host::wire::{Motion, Outcome};
use crate::outbox::{Delivery, Outbox};
use crate::session::{Session, runs};

/// Path of the callback under a control plane's address.
const CALLBACK: &str = "api/parallax-agents/spawn-callback";

/// What does not change in an agent's life; kept without any secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spec {
    /// Its id, and the name of its folder.
    pub id: AgentId,
    /// Its name.
    pub name: String,
    /// Its kind.
    pub agent_type: AgentType,
    /// What it is for.
    pub capabilities: Vec<String>,
    /// Its terminal.
    pub runtime_session_id: RuntimeSessionId,
    /// Where its terminal can be attached.
    pub runtime_endpoint: String,
    /// The workspace that it was spawned for.
    pub workspace_id: Option<WorkspaceId>,
    /// Base address of that workspace's control plane.
    pub callback_url: Option<Url>,
    /// Its working folder.
    pub cwd: PathBuf,
    /// Its terminal's size at the start.
    pub size: TerminalSize,
    /// When it was asked for.
    pub created_at: Timestamp,
}

/// What changes; kept after each change of status.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// What is told of it.
    pub agent: RuntimeAgent,
    /// What it was told, or is to be.
    #[serde(flatten)]
    pub messages: Messages,
    #[serde(default)]
    was_idle: bool,
    ended_at: Option<Timestamp>,
    /// Callbacks that were stored already.
    told: Vec<CallbackStatus>,
    /// The last address for signing in that a callback told.
    #[serde(default)]
    told_login: Option<String>,
    /// Bytes that it wrote to its terminal, as last heard.
    #[serde(skip)]
    head: u64,
    /// Whether a new run took its place: what is still heard of the former one changes nothing.
    #[serde(skip)]
    retired: bool,
}

impl State {
    /// Notes that a message came to nothing.
    pub fn turn_failed(&mut self, message: &MessageId, why: String) {
        let now = Timestamp::now();
        let turn = Turn {
            message_id: Some(message.clone()),
            started_at: now,
            ended_at: Some(now),
            error: Some(why),
        };
        self.agent.doing.turn = Some(turn);
    }

    /// Notes a turn that was over before it could be seen, and what its screen says went wrong in it.
    pub fn turn_unseen(&mut self, message: &MessageId, started_at: Timestamp, error: Option<String>) {
        self.messages.typed = None;
        let ended_at = Some(Timestamp::now());
        self.agent.doing.turn = Some(Turn { message_id: Some(message.clone()), started_at, ended_at, error });
    }

    /// Notes the branch that it works on.
    pub fn works_on(&mut self, branch: &str) {
        self.agent.doing.branch = Some(branch.to_owned());
    }

    /// Begins and ends turns with the status.
    fn follow_turn(&mut self, failure: Option<String>) {
        let status = self.agent.status;
        let turn = &mut self.agent.doing.turn;
        let is_open = turn.as_ref().is_some_and(|turn| turn.ended_at.is_none());
        if status == AgentStatus::Busy && !is_open {
            let message_id = self.messages.typed.take();
            *turn = Some(Turn { message_id, started_at: Timestamp::now(), ended_at: None, error: None });
        }
        let is_over = is_open
            && (matches!(status, AgentStatus::Ready | AgentStatus::LoginRequired) || status.is_final());
        if let Some(turn) = turn.as_mut().filter(|_| is_over) {
            turn.ended_at = Some(Timestamp::now());
            turn.error = failure;
        }
    }
}

/// Where changes are told.
#[derive(Clone)]
pub struct Listeners {
    /// The event stream.
    pub events: Events,
    /// Calls to control planes.
    pub outbox: Outbox,
}

/// One agent.
pub struct Record {
    /// What does not change.
    pub spec: Spec,
    folder: PathBuf,
    callback_token: Option<SecretString>,
    state: Mutex<State>,
    status: watch::Sender<AgentStatus>,
    changed: watch::Sender<()>,
    driving: tokio::sync::Mutex<()>,
    listeners: Listeners,
}

/// Names of the files in an agent's folder that the daemon writes.
mod file {
    pub const SPEC: &str = "spec.json";
    pub const STATE: &str = "state.json";
    pub const TOKEN: &str = "callback-token";
}

impl Record {
    /// Makes a new agent and its folder, or a new run of one. `doing` and `messages` are what is known of it already.
    pub fn create(
        agents: &Path,
        spec: Spec,
        callback_token: Option<SecretString>,
        (doing, messages, listeners): (Doing, Messages, Listeners),
    ) -> io::Result<Arc<Self>> {
        let folder = agents.join(spec.id.as_str());
        files::create_private_dir(&folder)?;
        if let Some(token) = &callback_token {
            files::replace(&folder.join(file::TOKEN), token.expose_secret().as_bytes(), Durability::Process)?;
        }
        let agent = RuntimeAgent {
            id: spec.id.clone(),
            name: spec.name.clone(),
            agent_type: spec.agent_type.clone(),
            status: AgentStatus::Spawning,
            evidence: None,
            runtime_session_id: spec.runtime_session_id.clone(),
            workspace_id: spec.workspace_id.clone(),
            cwd: Some(spec.cwd.to_string_lossy().into_owned()),
            pid: None,
            started_at: None,
            last_activity_at: None,
            exit_code: None,
            exit_signal: None,
            error: None,
            login_url: None,
            held_since: None,
            unrecorded: None,
            doing,
        };
        let state = State {
            agent,
            messages,
            was_idle: false,
            ended_at: None,
            told: Vec::new(),
            told_login: None,
            head: 0,
            retired: false,
        };
        files::replace_json(&folder.join(file::STATE), &state, Durability::Process)?;
        // Last, because a folder without it is not an agent.
        files::replace_json(&folder.join(file::SPEC), &spec, Durability::Process)?;
        Ok(Self::assemble(folder, spec, callback_token, state, listeners))
    }

    /// Reads an agent of an earlier daemon; `None` for a folder that never became one.
    pub fn load(folder: PathBuf, listeners: Listeners) -> io::Result<Option<Arc<Self>>> {
        let Some(mut spec) = files::read_json::<Spec>(&folder.join(file::SPEC))? else { return Ok(None) };
        let Some(state) = files::read_json::<State>(&folder.join(file::STATE))? else { return Ok(None) };
        // A restart that was cut off between the two has written this one.
        spec.runtime_session_id = state.agent.runtime_session_id.clone();
        let token = match files::read(&folder.join(file::TOKEN)) {
            Ok(token) => String::from_utf8(token).ok().map(SecretString::from),
            Err(_none) => None,
        };
        Ok(Some(Self::assemble(folder, spec, token, state, listeners)))
    }

    fn assemble(
        folder: PathBuf,
        spec: Spec,
        callback_token: Option<SecretString>,
        state: State,
        listeners: Listeners,
    ) -> Arc<Self> {
        let status = watch::Sender::new(state.agent.status);
        Arc::new(Self {
            spec,
            folder,
            callback_token,
            state: Mutex::new(state),
            status,
            changed: watch::Sender::new(()),
            driving: tokio::sync::Mutex::new(()),
            listeners,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The agent now.
    pub fn agent(&self) -> RuntimeAgent {
        self.state().agent.clone()
    }

    /// Its status now.
    pub fn status(&self) -> AgentStatus {
        *self.status.borrow()
    }

    /// Hears of every change of its status.
    pub fn statuses(&self) -> watch::Receiver<AgentStatus> {
        self.status.subscribe()
    }

    /// When it ended.
    pub fn ended_at(&self) -> Option<Timestamp> {
        self.state().ended_at
    }

    /// Bytes that it wrote to its terminal, as last heard.
    pub fn bytes_out(&self) -> u64 {
        self.state().head
    }

    /// Its host.
    pub fn session(&self) -> Session {
        let run = &self.spec.runtime_session_id;
        // Put aside already, and its restart was cut off there.
        let folder = runs::folder(&self.folder, run).unwrap_or_else(|| self.folder.clone());
        Session::new(folder, self.spec.size)
    }

    /// What is left of the terminal of a run, or its host; `None` when there is no such run.
    pub fn session_of(&self, run: &RuntimeSessionId) -> Option<Session> {
        if *run == self.spec.runtime_session_id {
            return Some(self.session());
        }
        Some(Session::new(runs::folder(&self.folder, run)?, self.spec.size))
    }

    /// Lets nothing that is still heard of this run change anything: another one takes its place.
    pub fn retire(&self) {
        self.state().retired = true;
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The credential for calls about it.
    pub fn callback_token(&self) -> Option<&SecretString> {
        self.callback_token.as_ref()
    }

    /// Takes over how far its output has come; not worth an event or a write.
    pub fn moved(&self, motion: Motion) {
        let mut state = self.state();
        state.head = motion.head;
        (state.agent.held_since, state.agent.unrecorded) = (motion.held_since, motion.unrecorded);
        state.agent.last_activity_at = motion.last_output_at.or(state.agent.last_activity_at);
    }

    /// Changes its status, or what it asks, and tells everybody. `more` changes what goes with it.
    ///
    /// # Errors
    /// [`Unexpected`] for a change that cannot happen now; nothing is changed then.
    pub fn apply(
        &self,
        observed: Observed,
        more: impl FnOnce(&mut RuntimeAgent),
    ) -> Result<RuntimeAgent, Unexpected> {
        let state = self.state();
        let status = state.agent.status.on(observed.change)?;
        let mut next = state.clone();
        let before = &state.agent;
        next.agent.status = status;
        next.agent.evidence = Some(observed.evidence);
        next.agent.error = observed.error;
        next.agent.login_url = observed.asks.login.as_ref().and_then(|login| login.url.clone());
        let Asks { prompt, login, limit, trouble } = observed.asks;
        let doing = next.agent.doing;
        next.agent.doing = Doing { prompt, login, limit, trouble, ..doing };
        next.follow_turn(observed.failure);
        if status == before.status && next.agent.doing == before.doing {
            return Ok(before.clone());
        }
        if status != before.status {
            next.was_idle = before.status == AgentStatus::Ready;
        }
        more(&mut next.agent);
        if status.is_final() {
            next.ended_at = Some(Timestamp::now());
            next.agent.pid = None;
        }
        self.call_back(&mut next);
        // Its evidence may have words of its program, which belong in no log.
        tracing::info!(agent.id = %self.spec.id, %status, "agent changed");
        Ok(self.publish(state, next))
    }

    /// Takes over what it has used.
    pub fn used(&self, usage: Usage) {
        self.change(|next| next.agent.doing.usage = Some(usage));
    }

    /// Changes what it is at, and tells of it.
    pub fn change(&self, change: impl FnOnce(&mut State)) -> RuntimeAgent {
        let state = self.state();
        let mut next = state.clone();
        change(&mut next);
        self.publish(state, next)
    }

    /// What is known of a message that is sent again.
    pub fn known(&self, id: &MessageId) -> Option<Known> {
        self.state().messages.known(id)
    }

    /// The first message that waits.
    pub fn first(&self) -> Option<Message> {
        self.state().messages.first()
    }

    /// Lets a message wait; answers whether it does, which it does not when it was taken back before.
    pub fn wait(&self, message: Message) -> bool {
        let mut waits = false;
        self.change(|state| waits = state.messages.wait(message));
        waits
    }

    /// Notes that a message is being typed; answers whether it may be, which it may not when it was taken back.
    pub fn begin(&self, id: &MessageId) -> bool {
        let mut begins = false;
        self.change(|state| begins = state.messages.begin(id));
        begins
    }

    /// Gives up the message that was being typed when the daemon ended, and tells it as a failed turn.
    pub fn give_up_typing(&self) {
        let state = self.state();
        let mut next = state.clone();
        if let Some(left) = next.messages.give_up() {
            next.turn_failed(
                &left,
                "the runtime ended while this was typed: look at its input line".to_owned(),
            );
            self.publish(state, next);
        }
    }

    /// Takes back a message that waits.
    ///
    /// # Errors
    /// [`TooLate`] when it does not.
    pub fn cancel(&self, id: &MessageId) -> Result<RuntimeAgent, TooLate> {
        let state = self.state();
        if state.retired {
            return Err(TooLate::Over);
        }
        let mut next = state.clone();
        let cancelled = next.messages.cancel(id);
        if cancelled == Err(TooLate::Typed) {
            return Err(TooLate::Typed);
        }
        // Kept also when nothing of that id waits: it may be on its way.
        let agent = self.publish(state, next);
        cancelled.map(|()| agent)
    }

    /// Writes the events of a change, then the change.
    fn publish(&self, mut state: MutexGuard<'_, State>, mut next: State) -> RuntimeAgent {
        if state.retired {
            return state.agent.clone();
        }
        next.agent.doing.queued_messages = next.messages.waiting();
        next.agent.doing.queued = u32::try_from(next.messages.queue.len()).unwrap_or(u32::MAX);
        for event in RuntimeEvent::of_change(&state.agent, &next.agent) {
            if let Err(refused) = self.listeners.events.append(event) {
                tracing::error!(agent.id = %self.spec.id, error = %refused, "an event could not be written");
            }
        }
        self.keep(&next);
        *state = next;
        let agent = state.agent.clone();
        drop(state);
        self.status.send_replace(agent.status);
        self.changed.send_replace(());
        agent
    }

    /// Hears of every change, of its status or of what it is at.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Held by whoever types for others than people: one at a time.
    pub fn driving(&self) -> &tokio::sync::Mutex<()> {
        &self.driving
    }

    /// The message that was typed last, while it has begun no turn.
    pub fn typed(&self) -> Option<MessageId> {
        self.state().messages.typed.clone()
    }

    /// Whether it was ready when its end was asked for.
    pub fn was_idle(&self) -> bool {
        self.state().was_idle
    }

    /// What of its messages the next run has to know.
    pub fn messages_of_next_run(&self) -> Messages {
        self.state().messages.of_next_run()
    }

    /// Messages that wait for it, oldest first.
    pub fn queue(&self) -> Vec<Message> {
        self.state().messages.queue.clone()
    }

    /// Takes over how its program ended.
    pub fn ended(&self, outcome: &Outcome) {
        self.moved(Motion { head: outcome.head, last_output_at: None, held_since: None, unrecorded: None });
        let _already_ended = self.apply(end(self.status(), outcome), |agent| agent.ended(outcome.exit));
    }

    fn keep(&self, state: &State) {
        if let Err(refused) = files::replace_json(&self.folder.join(file::STATE), state, Durability::Process)
        {
            tracing::error!(agent.id = %self.spec.id, error = %refused, "its state could not be written");
        }
    }

    fn call_back(&self, state: &mut State) {
        let status = match state.agent.status {
            AgentStatus::Ready => CallbackStatus::Ready,
            AgentStatus::Error => CallbackStatus::Failed,
            AgentStatus::LoginRequired => CallbackStatus::RequiresLogin,
            _ => return,
        };
        let login_url = state.agent.login_url.clone();
        let anew = status == CallbackStatus::RequiresLogin && login_url != state.told_login;
        if state.told.contains(&status) && !anew {
            return;
        }
        let (Some(base), Some(workspace_id)) = (&self.spec.callback_url, &self.spec.workspace_id) else {
            return;
        };
        let callback = SpawnCallback {
            workspace_id: workspace_id.clone(),
            agent_id: self.spec.id.clone(),
            status,
            error: state.agent.error.clone(),
            login_url: state.agent.login_url.clone(),
            mcp_endpoint: None,
            runtime_session_id: Some(self.spec.runtime_session_id.clone()),
            runtime_endpoint: Some(self.spec.runtime_endpoint.clone()),
        };
        match self.store_callback(base, &callback, state.told.len()) {
            Ok(()) => {
                state.told.push(status);
                state.told_login = login_url;
            }
            Err(refused) => {
                tracing::error!(agent.id = %self.spec.id, error = %refused, "a callback could not be stored");
            }
        }
    }

    fn store_callback(&self, base: &Url, callback: &SpawnCallback, number: usize) -> io::Result<()> {
        let spelled = serde_json::to_value(callback.status)?;
        let delivery = Delivery {
            url: under(base, CALLBACK).map_err(io::Error::other)?,
            token: self.callback_token.clone(),
            // Each run tells anew.
            idempotency_key: match number {
                0 => format!("{}-{}", self.spec.runtime_session_id, spelled.as_str().unwrap_or_default()),
                _ => format!(
                    "{}-{}-{number}",
                    self.spec.runtime_session_id,
                    spelled.as_str().unwrap_or_default()
                ),
            },
            body: serde_json::to_value(callback)?,
            created_at: Timestamp::now(),
        };
        self.listeners.outbox.store(&delivery)
    }
}

/// The status that an agent's folder tells; `None` when it is not an agent's.
pub fn status_in(folder: &Path) -> io::Result<Option<AgentStatus>> {
    let Some(_spec) = files::read_json::<Spec>(&folder.join(file::SPEC))? else { return Ok(None) };
    Ok(files::read_json::<State>(&folder.join(file::STATE))?.map(|state| state.agent.status))
}

/// A path under a control plane's base address, which may have a path of its own.
pub fn under(base: &Url, path: &str) -> Result<Url, url::ParseError> {
    let mut base = base.clone();
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", base.path()));
    }
    base.set_query(None);
    base.set_fragment(None);
    base.join(path)
}

/// A change that somebody asked for.
pub fn stop_requested() -> Observed {
    Observed::of(AgentChange::StopRequested, "its end was asked for")
}
