//! The default namespace: a workspace's events, in one room per workspace.
//!
//! Owns how events are spelled for browsers, and the end of connections whose credentials ended.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::Duration;

use raven_protocol::agent::AgentStatus;
use raven_protocol::event::workspace as names;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use socketioxide::{SocketError, SocketIo};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Gone, Handshake, RETRY_FULL, Refused, emit, presented};
use crate::agents::Agent;
use crate::app::App;
use crate::auth::{Auth, Credentials, Person, Runtime};
use crate::error::Error;
use crate::events::{Published, WorkspaceEvent};
use crate::secrets::digest;

/// How often the credentials of open connections are looked at again.
const RECHECK_EVERY: Duration = Duration::from_secs(5);

/// Namespaces whose connections are somebody's.
const NAMESPACES: [&str; 2] = ["/", "/terminal"];

/// Serves the namespace.
pub fn serve(io: &SocketIo, app: &App, tasks: &TaskTracker, cancel: &CancellationToken) {
    let auth = app.auth.clone();
    let authenticate = move |socket: SocketRef, TryData(sent): TryData<Handshake>| {
        let auth = auth.clone();
        async move { sign_in(&auth, &socket, sent.unwrap_or_default()).await }
    };
    let (changes, follow, stop) = (app.changes.clone(), tasks.clone(), cancel.clone());
    let connected = move |socket: SocketRef| {
        if let Some(person) = socket.extensions.get::<Person>() {
            follow.spawn(publish(socket, person, changes.listen(), stop.clone()));
        }
        std::future::ready(())
    };
    io.ns("/", connected.with(authenticate));
    tasks.spawn(recheck(io.clone(), app.auth.clone(), cancel.clone()));
}

/// Recognises the person behind a connection, and remembers who and how.
pub(super) async fn sign_in(auth: &Auth, socket: &SocketRef, sent: Handshake) -> Result<(), Refused> {
    let credentials = presented(socket, sent);
    let person = auth.person(&credentials).await.map_err(refused)?;
    socket.extensions.insert(person);
    socket.extensions.insert(credentials);
    socket.extensions.insert(Standing::default());
    Ok(())
}

pub(super) fn refused(error: Error) -> Refused {
    if let Error::Internal(cause) = &error {
        tracing::error!(error = format!("{cause:#}"), "a handshake failed");
    }
    Refused(error.code())
}

/// Tells one browser of its workspace's events. One that falls too far behind is disconnected: it
/// comes back and reads everything anew, so none stays wrong.
async fn publish(
    socket: SocketRef,
    person: Person,
    mut events: Receiver<Published>,
    cancel: CancellationToken,
) {
    while let Some(heard) = cancel.run_until_cancelled(events.recv()).await {
        let told = match heard {
            Ok(published) if is_for(&person, &published) => tell(&socket, &published.event).await,
            Ok(_) if !socket.connected() => Err(Gone),
            Ok(_) => Ok(()),
            Err(RecvError::Closed) => return,
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "a browser is too slow for its events; disconnecting it");
                return hang_up(&socket).await;
            }
        };
        if told.is_err() {
            return;
        }
    }
}

/// Whether somebody is to hear an event: one of their workspace, and none that is for somebody else alone.
fn is_for(person: &Person, published: &Published) -> bool {
    let alone = match &*published.event {
        WorkspaceEvent::NotificationAdded(added) => Some(&added.user),
        WorkspaceEvent::NotificationsRead(read) => Some(&read.user),
        _ => None,
    };
    published.workspace == person.workspace && alone.is_none_or(|user| *user == person.id)
}

/// Ends a connection whose right has ended: from now on nothing that it sends counts, and it is disconnected as soon as
/// its buffer, which it may leave full, has room for the word.
fn cut_off(socket: &SocketRef) {
    if let Some(Standing(right)) = socket.extensions.get::<Standing>() {
        right.cancel();
    }
    let socket = socket.clone();
    tokio::spawn(async move { hang_up(&socket).await });
}

/// How long the right lasts by which a connection was made.
#[derive(Clone, Default)]
pub(super) struct Standing(pub CancellationToken);

/// Disconnects a client whose buffer may be full.
pub(super) async fn hang_up(socket: &SocketRef) {
    while let Err(SocketError::InternalChannelFull) = socket.clone().disconnect() {
        tokio::time::sleep(RETRY_FULL).await;
    }
}

async fn tell(socket: &SocketRef, event: &WorkspaceEvent) -> Result<(), Gone> {
    match event {
        WorkspaceEvent::AgentChanged(agent) => tell_change(socket, agent).await,
        WorkspaceEvent::AgentTold(agent) => emit(socket, names::AGENT_STATUS, &status_reached(agent)).await,
        WorkspaceEvent::AgentLogin(agent) => {
            emit(socket, names::AGENT_LOGIN_REQUIRED, &sign_in_wanted(agent)).await
        }
        WorkspaceEvent::AgentPrompt(agent) => {
            let data = json!({ "agent": agent, "prompt": agent.doing.prompt });
            emit(socket, names::AGENT_PROMPT, &data).await
        }
        WorkspaceEvent::AccessRequested(agent) => {
            emit(socket, names::AGENT_ACCESS_REQUESTED, &json!({ "agent": agent })).await?;
            emit(socket, names::AGENT_STATUS, &status_reached(agent)).await
        }
        WorkspaceEvent::AccessApproved(agent) => {
            emit(socket, names::AGENT_ACCESS_APPROVED, &json!({ "agent": agent })).await?;
            emit(socket, names::AGENT_STATUS, &status_reached(agent)).await
        }
        WorkspaceEvent::AccessRevoked { agent, reason } => {
            let data = json!({ "agent": agent, "reason": reason });
            emit(socket, names::AGENT_ACCESS_REVOKED, &data).await?;
            emit(socket, names::AGENT_STATUS, &status_reached(agent)).await
        }
        WorkspaceEvent::ActivityAdded(entry) => emit(socket, names::ACTIVITY_ADDED, entry).await,
        WorkspaceEvent::ApprovalRequested(approval) => {
            emit(socket, names::APPROVAL_REQUESTED, &json!({ "approval": approval })).await
        }
        WorkspaceEvent::ApprovalDecided(approval) => {
            let data = json!({ "approval": approval, "state": approval.state });
            emit(socket, names::APPROVAL_DECIDED, &data).await
        }
        WorkspaceEvent::QuestionAsked(question) => {
            emit(socket, names::QUESTION_ASKED, &json!({ "question": question })).await
        }
        WorkspaceEvent::QuestionChanged(question) => {
            let data = json!({ "question": question, "state": question.state });
            emit(socket, names::QUESTION_CHANGED, &data).await
        }
        WorkspaceEvent::AssignmentChanged(assignment) => {
            emit(socket, names::ASSIGNMENT_CHANGED, &json!({ "assignment": assignment })).await
        }
        WorkspaceEvent::NotificationAdded(added) => {
            let data = json!({ "notification": added.notification, "unread": added.unread });
            emit(socket, names::NOTIFICATION_ADDED, &data).await
        }
        WorkspaceEvent::NotificationsRead(read) => {
            emit(socket, names::NOTIFICATION_READ, &json!({ "unread": read.unread })).await
        }
        WorkspaceEvent::RuntimeStatus(status) => emit(socket, names::RUNTIME_STATUS, status).await,
        WorkspaceEvent::TerminalChanged(session) => emit(socket, names::TERMINAL_STATUS, session).await,
        WorkspaceEvent::ProjectChanged(_)
        | WorkspaceEvent::TaskChanged { .. }
        | WorkspaceEvent::SpaceChanged(_)
        | WorkspaceEvent::PageChanged { .. }
        | WorkspaceEvent::CommentChanged { .. } => tell_where(socket, event).await,
    }
}

/// Tells where something changed in the knowledge base: who may read it asks for it.
async fn tell_where(socket: &SocketRef, event: &WorkspaceEvent) -> Result<(), Gone> {
    let (name, data) = match event {
        WorkspaceEvent::ProjectChanged(project) => (names::PROJECT_CHANGED, json!({ "projectId": project })),
        WorkspaceEvent::TaskChanged { task, project } => {
            (names::TASK_CHANGED, json!({ "taskId": task, "projectId": project }))
        }
        WorkspaceEvent::SpaceChanged(space) => (names::SPACE_CHANGED, json!({ "spaceId": space })),
        WorkspaceEvent::PageChanged { page, space, version } => {
            (names::PAGE_CHANGED, json!({ "pageId": page, "spaceId": space, "version": version }))
        }
        WorkspaceEvent::CommentChanged { page, task } => {
            (names::COMMENT_CHANGED, json!({ "pageId": page, "taskId": task }))
        }
        _ => return Ok(()),
    };
    emit(socket, name, &data).await
}

/// Tells of a status that an agent reached, under its own name too where it has one.
async fn tell_change(socket: &SocketRef, agent: &Agent) -> Result<(), Gone> {
    let named = match agent.status {
        AgentStatus::Starting => Some((names::AGENT_STARTED, json!({ "agent": agent }))),
        AgentStatus::Ready => Some((names::AGENT_READY, json!({ "agent": agent }))),
        AgentStatus::LoginRequired => Some((names::AGENT_LOGIN_REQUIRED, sign_in_wanted(agent))),
        AgentStatus::Stopped => {
            Some((names::AGENT_STOPPED, json!({ "agent": agent, "reason": agent.evidence })))
        }
        AgentStatus::Error => Some((names::AGENT_ERROR, json!({ "agent": agent, "error": agent.error }))),
        AgentStatus::Spawning | AgentStatus::Busy | AgentStatus::Waiting | AgentStatus::Stopping => None,
    };
    if let Some((name, data)) = named {
        emit(socket, name, &data).await?;
    }
    emit(socket, names::AGENT_STATUS, &status_reached(agent)).await
}

fn status_reached(agent: &Agent) -> Value {
    json!({ "agent": agent, "status": agent.status, "evidence": agent.evidence })
}

fn sign_in_wanted(agent: &Agent) -> Value {
    let user_code = agent.doing.login.as_ref().and_then(|login| login.user_code.as_ref());
    json!({ "agent": agent, "loginUrl": agent.login_url, "userCode": user_code })
}

/// Ends connections whose sign-in, token or role has changed since they were made.
async fn recheck(io: SocketIo, auth: Auth, cancel: CancellationToken) {
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            () = auth.any_ended() => {}
            // What another process ended, such as `raven-docs user passwd`, is found by looking.
            () = tokio::time::sleep(RECHECK_EVERY) => {}
        }
        let sockets =
            NAMESPACES.iter().filter_map(|path| io.of(path)).flat_map(|namespace| namespace.sockets());
        let mut people = People::new();
        for socket in sockets {
            let Some(credentials) = socket.extensions.get::<Credentials>() else { continue };
            match is_still_good(&auth, &socket, &credentials, &mut people).await {
                Ok(true) => {}
                Ok(false) | Err(Error::Unauthenticated) => cut_off(&socket),
                Err(error) => tracing::warn!(%error, "a connection's credentials could not be looked at"),
            }
        }
    }
}

/// Who is behind each credential in one look at all connections: one person has many.
type People = HashMap<String, Person>;

/// Whether a connection is still that of the same person in the same role, or of the same runtime.
async fn is_still_good(
    auth: &Auth,
    socket: &SocketRef,
    credentials: &Credentials,
    people: &mut People,
) -> Result<bool, Error> {
    if let Some(runtime) = socket.extensions.get::<Runtime>() {
        return Ok(auth.runtime(credentials, runtime.workspace()).await? == runtime);
    }
    let secrets = [&credentials.bearer, &credentials.cookie];
    let texts = secrets.map(|secret| secret.as_ref().map_or("", |secret| secret.expose_secret()));
    let person = match people.entry(digest(&texts.join(" "))) {
        Entry::Occupied(known) => known.get().clone(),
        Entry::Vacant(unknown) => unknown.insert(auth.person(credentials).await?).clone(),
    };
    Ok(socket.extensions.get::<Person>() == Some(person))
}
