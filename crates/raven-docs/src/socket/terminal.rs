//! The namespace `/terminal` for viewers; runtimes that dial in are handed to `runtime`.
//!
//! Owns the events of viewers. Who may type is decided by the session's hub.

use bytes::Bytes;
use raven_protocol::event::terminal as names;
use raven_protocol::id::{AgentId, SessionId};
use raven_protocol::terminal::TerminalSize;
use serde::{Deserialize, Serialize};
use serde_json::json;
use socketioxide::SocketIo;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::inbox::Inbox;
use super::text::{Decoder, TextOrBytes};
use super::unanswered::Unanswered;
use super::workspace::Standing;
use super::{Gone, Handshake, Refused, emit, guest, runtime, workspace};
use crate::access::{Read, decide_person};
use crate::app::App;
use crate::auth::Person;
use crate::error::Error;
use crate::links::{Guest, Links, Pass, Shown};
use crate::terminals::hub::seats::{Control, ControlRefusal};
use crate::terminals::viewer::{
    Arrival, Attached, Attachment, Hand, Refusal, Seat, ViewerEvent, ViewerId, Wish,
};
use crate::terminals::{NotAttached, Target, Terminals};

/// Largest input of one message, in bytes.
const MAX_INPUT: usize = 4 * 1024 * 1024;

/// Body of `attach`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AttachRequest {
    agent_id: Option<String>,
    session_id: Option<String>,
    since: Option<u64>,
    binary: bool,
    read_only: bool,
}

/// Body of `resize`; the bounds are checked by [`TerminalSize::new`].
#[derive(Debug, Deserialize)]
struct ResizeRequest {
    cols: u32,
    rows: u32,
}

/// Body of `control`: a word, or an action with the seat that it is about.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum ControlRequest {
    Word(Action),
    About { action: Action, seat: Option<ViewerId> },
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Action {
    Request,
    Take,
    Release,
    Grant,
    Decline,
}

impl ControlRequest {
    /// What is asked; `None` without the seat that an action needs.
    fn asked(self) -> Option<Control> {
        let (action, seat) = match self {
            Self::Word(action) => (action, None),
            Self::About { action, seat } => (action, seat),
        };
        Some(match action {
            Action::Request => Control::Request,
            Action::Take => Control::Take,
            Action::Release => Control::Release,
            Action::Grant => Control::Grant(seat?),
            Action::Decline => Control::Decline(seat?),
        })
    }
}

/// Body of `attached`.
#[derive(Serialize)]
struct Welcome<'a> {
    #[serde(flatten)]
    attached: Attached,
    /// For guests alone.
    #[serde(flatten)]
    guest: Option<Shown<'a>>,
}

/// What a viewer sent.
enum FromViewer {
    Attach(Option<AttachRequest>),
    Input(Option<Bytes>, AckSender),
    Resize(Option<ResizeRequest>),
    Control(Option<Control>, AckSender),
    Detach,
}

/// An error as viewers hear it.
#[derive(Debug, Clone, Serialize)]
struct ViewerError {
    code: &'static str,
    message: String,
}

fn error(code: &'static str, message: impl Into<String>) -> ViewerError {
    ViewerError { code, message: message.into() }
}

/// Serves the namespace.
pub fn serve(io: &SocketIo, app: &App, tasks: &TaskTracker, cancel: &CancellationToken) {
    let auth = app.clone();
    let authenticate = move |socket: SocketRef, TryData(sent): TryData<Handshake>| {
        let app = auth.clone();
        async move {
            let mut sent = sent.unwrap_or_default();
            // Listening begins before the client is told that it is connected, so that nothing it
            // sends at once is missed.
            match runtime::dialled_in_as(&socket) {
                Some(id) => {
                    runtime::recognise(&app, &socket, sent, &id).await?;
                    runtime::listen(&socket);
                }
                None => {
                    match sent.link.take() {
                        Some(link) => guest::admit(&app, &socket, &link).await?,
                        None => workspace::sign_in(&app.auth, &socket, sent).await?,
                    }
                    listen(&socket);
                }
            }
            Ok::<(), Refused>(())
        }
    };
    let (app, tasks, cancel) = (app.clone(), tasks.clone(), cancel.clone());
    let connected = move |socket: SocketRef| {
        let caller = match socket.extensions.get::<Guest>() {
            Some(guest) => Some(Caller::Guest(guest)),
            None => socket.extensions.get::<Person>().map(Caller::Member),
        };
        match (caller, socket.extensions.get::<Inbox<FromViewer>>()) {
            (Some(caller), Some(inbox)) => {
                let (terminals, links) = (app.terminals.clone(), app.links.clone());
                let viewer = Viewer { socket, caller, terminals, links, target: None, place: None };
                tasks.spawn(viewer.serve(inbox, cancel.clone()));
            }
            _ => runtime::serve(&app, &socket, &tasks, &cancel),
        }
        std::future::ready(())
    };
    io.ns("/terminal", connected.with(authenticate));
}

/// Listens to a viewer. Handlers only queue: their order is that of arrival.
fn listen(socket: &SocketRef) {
    let inbox = Inbox::new();
    socket.extensions.insert(inbox.clone());
    let queue = |inbox: &Inbox<FromViewer>| {
        let inbox = inbox.clone();
        move |socket: &SocketRef, message: FromViewer, bytes: usize| {
            if inbox.push(message, bytes).is_err() {
                let full =
                    error("INPUT_FULL", "more was sent than the terminal takes; the rest was not typed");
                let _ = socket.emit(names::ERROR, &full);
            }
        }
    };
    let put = queue(&inbox);
    socket.on(names::ATTACH, move |socket: SocketRef, TryData(sent): TryData<AttachRequest>| {
        put(&socket, FromViewer::Attach(sent.ok()), 0);
        std::future::ready(())
    });
    let put = queue(&inbox);
    socket.on(names::INPUT, move |socket: SocketRef, ack: AckSender, TryData(sent): TryData<TextOrBytes>| {
        let bytes = sent.ok().map(|TextOrBytes(bytes)| bytes);
        let length = bytes.as_ref().map_or(0, Bytes::len);
        put(&socket, FromViewer::Input(bytes, ack), length);
        std::future::ready(())
    });
    let put = queue(&inbox);
    socket.on(names::RESIZE, move |socket: SocketRef, TryData(sent): TryData<ResizeRequest>| {
        put(&socket, FromViewer::Resize(sent.ok()), 0);
        std::future::ready(())
    });
    let put = queue(&inbox);
    socket.on(
        names::CONTROL,
        move |socket: SocketRef, ack: AckSender, TryData(sent): TryData<ControlRequest>| {
            put(&socket, FromViewer::Control(sent.ok().and_then(ControlRequest::asked), ack), 0);
            std::future::ready(())
        },
    );
    let put = queue(&inbox);
    socket.on(names::DETACH, move |socket: SocketRef| {
        put(&socket, FromViewer::Detach, 0);
        std::future::ready(())
    });
    socket.on_disconnect(move |_: SocketRef| {
        inbox.close();
        std::future::ready(())
    });
}

/// Whose connection it is.
enum Caller {
    Member(Person),
    Guest(Guest),
}

/// One viewer's connection.
struct Viewer {
    socket: SocketRef,
    caller: Caller,
    terminals: Terminals,
    links: Links,
    /// What was attached to last, or tried.
    target: Option<Target>,
    place: Option<Place>,
}

/// Where a viewer is attached.
struct Place {
    hand: Hand,
    forwarding: JoinHandle<()>,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

impl Viewer {
    /// Serves until either side is gone, or the link that a guest came by has ended.
    async fn serve(mut self, inbox: Inbox<FromViewer>, cancel: CancellationToken) {
        let (links, socket) = (self.links.clone(), self.socket.clone());
        let guest = match &self.caller {
            Caller::Member(_) => None,
            Caller::Guest(guest) => Some(guest.clone()),
        };
        let _pass: Option<Pass> = match &guest {
            None => None,
            Some(guest) => match links.enter(guest) {
                Some(pass) => Some(pass),
                None => return guest::dismiss(&socket, &Error::LinkFull).await,
            },
        };
        let link_ended = async {
            match &guest {
                None => std::future::pending().await,
                Some(guest) => links.until_ended(guest).await,
            }
        };
        let Standing(right) = socket.extensions.get::<Standing>().unwrap_or_default();
        tokio::select! {
            () = self.run(&inbox) => self.type_rest(&inbox).await,
            () = cancel.cancelled() => {}
            () = right.cancelled() => self.leave().await,
            () = link_ended => {
                self.leave().await;
                guest::dismiss(&socket, &Error::LinkEnded).await;
            }
        }
    }

    /// Gives up the place; nothing of it is sent any more once this returns.
    async fn leave(&mut self) {
        let Some(mut place) = self.place.take() else { return };
        place.forwarding.abort();
        let _ = (&mut place.forwarding).await;
    }

    /// Works off what the viewer sends until it is gone. Input does not make the rest wait: what became
    /// of it is told when that is known.
    async fn run(&mut self, inbox: &Inbox<FromViewer>) {
        let mut unanswered = Unanswered::default();
        loop {
            let message = tokio::select! {
                (ack, became) = unanswered.next() => {
                    match self.answer(ack, became.err().map(refusal)).await {
                        Ok(()) => continue,
                        Err(Gone) => return,
                    }
                }
                message = inbox.pop(), if unanswered.has_room() => message,
            };
            let Some(message) = message else { return };
            let done = match message {
                FromViewer::Attach(Some(request)) => self.attach(request).await,
                FromViewer::Attach(None) => self.fail(malformed("attach", "{agentId} or {sessionId}")).await,
                FromViewer::Input(bytes, ack) => self.input(bytes, ack, &mut unanswered).await,
                FromViewer::Resize(Some(ResizeRequest { cols, rows })) => self.resize(cols, rows).await,
                FromViewer::Resize(None) => {
                    self.fail(invalid_size("send resize as {cols, rows}, whole numbers")).await
                }
                FromViewer::Control(action, ack) => self.control(action, ack).await,
                FromViewer::Detach => {
                    self.leave().await;
                    emit(&self.socket, names::DETACHED, &json!({})).await
                }
            };
            if done.is_err() {
                return;
            }
        }
    }

    /// Attaches in place of what was attached before. The new attachment is made before the old one
    /// is given up, so that a writer who attaches anew to the same terminal stays the writer.
    async fn attach(&mut self, request: AttachRequest) -> Result<(), Gone> {
        let payload = Payload::of(request.binary);
        let attaching = self.take_seat(request).await;
        self.leave().await;
        match attaching {
            Ok((attached, attachment)) => {
                let guest = match &self.caller {
                    Caller::Member(_) => None,
                    Caller::Guest(guest) => Some(guest.shown()),
                };
                emit(&self.socket, names::ATTACHED, &Welcome { attached, guest }).await?;
                let hand = attachment.hand();
                let forwarding = tokio::spawn(forward(self.socket.clone(), attachment, payload));
                self.place = Some(Place { hand, forwarding });
                Ok(())
            }
            Err(refused) => self.fail(refused).await,
        }
    }

    async fn take_seat(&mut self, request: AttachRequest) -> Result<(Attached, Attachment), ViewerError> {
        let target = match (request.agent_id.map(AgentId::parse), request.session_id.map(SessionId::parse)) {
            (Some(Ok(agent)), None) => Target::Agent(agent),
            (None, Some(Ok(session))) => Target::Session(session),
            (Some(Err(_)), _) | (_, Some(Err(_))) => return Err(not_found()),
            (None, None) if let Caller::Guest(guest) = &self.caller => {
                Target::Session(guest.session().clone())
            }
            _ => return Err(malformed("attach", "either {agentId} or {sessionId}")),
        };
        let last = self.target.replace(target.clone());
        let arrival = match &self.place {
            Some(place) if last.as_ref() == Some(&target) => Arrival::InsteadOf(place.hand.seat()),
            _ if request.since.is_some() => Arrival::Back,
            _ => Arrival::First,
        };
        let wish = if request.read_only { Wish::ReadOnly } else { Wish::Write };
        let seat = Seat { since: request.since, wish, arrival };
        let attaching = match &self.caller {
            Caller::Member(person) => match decide_person::<Read>(person) {
                Ok(by) => self.terminals.attach(&by, target, seat).await,
                Err(_) => Err(NotAttached::NotFound),
            },
            Caller::Guest(guest) => match target {
                Target::Session(session) if session == *guest.session() => {
                    let counted = self.links.count_attach(guest);
                    counted.map_err(|limited| error(limited.code(), limited.to_string()))?;
                    self.terminals.watch(guest, seat).await
                }
                _ => Err(NotAttached::NotFound),
            },
        };
        attaching.map_err(unattached)
    }

    async fn input(
        &mut self,
        bytes: Option<Bytes>,
        ack: AckSender,
        unanswered: &mut Unanswered,
    ) -> Result<(), Gone> {
        let refused = match (bytes, &self.place) {
            (None, _) => malformed("input", "a string or bytes"),
            (Some(_), None) => not_attached(),
            (Some(bytes), _) if bytes.len() > MAX_INPUT => {
                error("TOO_LARGE", "send at most 4 MiB in one input")
            }
            (Some(bytes), Some(place)) => {
                unanswered.push(ack, place.hand.input(bytes).await);
                return Ok(());
            }
        };
        self.answer(ack, Some(refused)).await
    }

    /// Who typed and left at once has typed all the same.
    async fn type_rest(&mut self, inbox: &Inbox<FromViewer>) {
        while let Some(message) = inbox.pop().await {
            if let (FromViewer::Input(Some(bytes), _), Some(place)) = (message, &self.place)
                && bytes.len() <= MAX_INPUT
            {
                // Nobody is left to be told what becomes of it.
                let _ = place.hand.input(bytes).await;
            }
        }
    }

    /// Who asked for an acknowledgement gets a refusal there too.
    async fn answer(&self, ack: AckSender, refused: Option<ViewerError>) -> Result<(), Gone> {
        let _ = ack.send(&json!({ "ok": refused.is_none(), "error": refused }));
        match refused {
            Some(refused) => self.fail(refused).await,
            None => Ok(()),
        }
    }

    async fn control(&mut self, action: Option<Control>, ack: AckSender) -> Result<(), Gone> {
        let refused = match (action, &self.place) {
            (None, _) => {
                Some(malformed("control", "request, take or release, or {action, seat} to grant or decline"))
            }
            (Some(_), None) => Some(not_attached()),
            (Some(action), Some(place)) => place.hand.control(action).await.err().map(control_refusal),
        };
        self.answer(ack, refused).await
    }

    async fn resize(&mut self, cols: u32, rows: u32) -> Result<(), Gone> {
        let size = match TerminalSize::new(cols, rows) {
            Ok(size) => size,
            Err(refused) => return self.fail(invalid_size(refused.to_string())).await,
        };
        let Some(place) = &self.place else { return self.fail(not_attached()).await };
        match place.hand.resize(size).await {
            // A viewer's window changes often without anybody typing: that is no offence.
            Ok(()) | Err(Refusal::ReadOnly | Refusal::Disconnected | Refusal::Full) => Ok(()),
            Err(Refusal::Ended) => self.fail(refusal(Refusal::Ended)).await,
        }
    }

    async fn fail(&self, error: ViewerError) -> Result<(), Gone> {
        emit(&self.socket, names::ERROR, &error).await
    }
}

fn not_found() -> ViewerError {
    error("NOT_FOUND", "no such agent or terminal session in your workspace")
}

fn unattached(why: NotAttached) -> ViewerError {
    match why {
        NotAttached::NotFound => not_found(),
        NotAttached::Terminated => {
            let hint = "this terminal session has ended; spawn the agent again to get a new one";
            error("SESSION_TERMINATED", hint)
        }
        NotAttached::Internal(cause) => {
            tracing::error!(error = %cause, "attaching failed");
            error("INTERNAL", "something broke inside raven-docs; its log tells what")
        }
    }
}

fn not_attached() -> ViewerError {
    error("NOT_ATTACHED", "attach to a terminal first, with {agentId} or {sessionId}")
}

fn invalid_size(why: impl Into<String>) -> ViewerError {
    error("INVALID_SIZE", why)
}

fn malformed(event: &str, expected: &str) -> ViewerError {
    error("MALFORMED", format!("send {event} as {expected}"))
}

fn refusal(refused: Refusal) -> ViewerError {
    match refused {
        Refusal::Full => {
            error("INPUT_FULL", "the program does not read what was typed before; try again later")
        }
        Refusal::ReadOnly => {
            error("READ_ONLY", "you are watching: somebody else is typing, or you may not type")
        }
        Refusal::Disconnected => error(
            "DISCONNECTED",
            "the runtime's connection is lost; look at the terminal before you type it again",
        ),
        Refusal::Ended => error("SESSION_TERMINATED", "this terminal session has ended"),
    }
}

fn control_refusal(refused: ControlRefusal) -> ViewerError {
    match refused {
        ControlRefusal::NotAllowed => error(
            "NOT_ALLOWED",
            "somebody is typing and was not idle, or whom it is about may only watch; request control instead",
        ),
        ControlRefusal::NoSuchSeat => error("NO_SUCH_SEAT", "nobody is at this seat any more"),
        ControlRefusal::NotWriter => error("NOT_WRITER", "only whoever is typing may do this, or an admin"),
        ControlRefusal::TooOften => {
            error("RATE_LIMITED", "control changes hands too often; wait a moment and try again")
        }
        ControlRefusal::Ended => refusal(Refusal::Ended),
    }
}

/// How a viewer wants its output.
enum Payload {
    Text(Decoder),
    Binary,
}

impl Payload {
    fn of(binary: bool) -> Self {
        if binary { Self::Binary } else { Self::Text(Decoder::default()) }
    }
}

/// The second argument of `data`, which simple clients ignore.
#[derive(Serialize)]
struct Position {
    offset: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repaint: bool,
}

/// Sends a viewer what it is owed until either is gone.
async fn forward(socket: SocketRef, attachment: Attachment, mut payload: Payload) {
    while let Some(event) = attachment.next().await {
        let sent = match event {
            ViewerEvent::Data { bytes, offset, repaint } => {
                send(&socket, &mut payload, bytes, offset, repaint).await
            }
            ViewerEvent::Status { status, login_url } => {
                emit(&socket, names::STATUS, &json!({ "status": status, "loginUrl": login_url })).await
            }
            ViewerEvent::Size(size) => emit(&socket, names::SIZE, &size).await,
            ViewerEvent::Writer { user, you, seat, idle } => {
                let writer = json!({ "user": user, "you": you, "seat": seat, "idle": idle });
                emit(&socket, names::WRITER, &writer).await
            }
            ViewerEvent::Viewers(present) => emit(&socket, names::VIEWERS, &[present.as_ref()]).await,
            ViewerEvent::Detached => emit(&socket, names::DETACHED, &json!({})).await,
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn send(
    socket: &SocketRef,
    payload: &mut Payload,
    bytes: Bytes,
    offset: u64,
    repaint: bool,
) -> Result<(), Gone> {
    match payload {
        Payload::Binary => emit(socket, names::DATA, &(bytes, Position { offset, repaint })).await,
        Payload::Text(decoder) => {
            if repaint {
                *decoder = Decoder::default();
            }
            let (text, kept) = decoder.decode(&bytes);
            let position = Position { offset: offset.saturating_sub(kept as u64), repaint };
            emit(socket, names::DATA, &(text, position)).await
        }
    }
}
