//! The default namespace: a workspace's events, in one room per workspace.
//!
//! Owns how events are spelled for browsers, and the end of connections whose credentials ended.

use std::time::Duration;

use raven_protocol::agent::AgentStatus;
use raven_protocol::event::workspace as names;
use serde_json::json;
use socketioxide::SocketIo;
use socketioxide::extract::{SocketRef, TryData};
use socketioxide::handler::ConnectHandler as _;
use tokio::sync::broadcast::error::RecvError;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Handshake, Refused, presented};
use crate::app::App;
use crate::auth::{Auth, Credentials, Person};
use crate::error::Error;
use crate::events::{Published, WorkspaceEvent};

/// How often the credentials of open connections are looked at again.
const RECHECK_EVERY: Duration = Duration::from_secs(5);

/// Namespaces whose connections belong to people.
const NAMESPACES: [&str; 2] = ["/", "/terminal"];

/// Serves the namespace.
pub fn serve(io: &SocketIo, app: &App, tasks: &TaskTracker, cancel: &CancellationToken) {
    let auth = app.auth.clone();
    let authenticate = move |socket: SocketRef, TryData(sent): TryData<Handshake>| {
        let auth = auth.clone();
        async move { sign_in(&auth, &socket, sent.unwrap_or_default()).await }
    };
    let join = async |socket: SocketRef| {
        if let Some(person) = socket.extensions.get::<Person>() {
            socket.join(person.workspace.to_string());
        }
    };
    io.ns("/", join.with(authenticate));
    tasks.spawn(publish(io.clone(), app.changes.listen(), cancel.clone()));
    tasks.spawn(recheck(io.clone(), app.auth.clone(), cancel.clone()));
}

/// Recognises the person behind a connection, and remembers who and how.
pub(super) async fn sign_in(auth: &Auth, socket: &SocketRef, sent: Handshake) -> Result<(), Refused> {
    let credentials = presented(socket, sent);
    let person = auth.person(&credentials).await.map_err(refused)?;
    socket.extensions.insert(person);
    socket.extensions.insert(credentials);
    Ok(())
}

pub(super) fn refused(error: Error) -> Refused {
    if let Error::Internal(cause) = &error {
        tracing::error!(error = format!("{cause:#}"), "a handshake failed");
    }
    Refused(error.code())
}

async fn publish(
    io: SocketIo,
    mut events: tokio::sync::broadcast::Receiver<Published>,
    cancel: CancellationToken,
) {
    while let Some(heard) = cancel.run_until_cancelled(events.recv()).await {
        match heard {
            Ok(Published { workspace, event }) => tell(&io, workspace.to_string(), &event).await,
            Err(RecvError::Closed) => return,
            Err(RecvError::Lagged(missed)) => {
                // Browsers that come back read everything anew, so none stays wrong.
                tracing::warn!(missed, "events were lost; disconnecting browsers");
                let _ = io.disconnect().await;
            }
        }
    }
}

async fn tell(io: &SocketIo, room: String, event: &WorkspaceEvent) {
    let emit = async |name: &str, data: serde_json::Value| {
        if let Err(error) = io.to(room.clone()).emit(name, &data).await {
            tracing::debug!(name, %error, "some browsers missed an event");
        }
    };
    match event {
        WorkspaceEvent::AgentChanged(agent) => {
            let named = match agent.status {
                AgentStatus::Starting => Some((names::AGENT_STARTED, json!({ "agent": agent }))),
                AgentStatus::Ready => Some((names::AGENT_READY, json!({ "agent": agent }))),
                AgentStatus::LoginRequired => {
                    let data = json!({ "agent": agent, "loginUrl": agent.login_url });
                    Some((names::AGENT_LOGIN_REQUIRED, data))
                }
                AgentStatus::Stopped => {
                    Some((names::AGENT_STOPPED, json!({ "agent": agent, "reason": agent.evidence })))
                }
                AgentStatus::Error => {
                    Some((names::AGENT_ERROR, json!({ "agent": agent, "error": agent.error })))
                }
                AgentStatus::Spawning | AgentStatus::Busy | AgentStatus::Waiting | AgentStatus::Stopping => {
                    None
                }
            };
            if let Some((name, data)) = named {
                emit(name, data).await;
            }
            let data = json!({ "agent": agent, "status": agent.status, "evidence": agent.evidence });
            emit(names::AGENT_STATUS, data).await;
        }
        WorkspaceEvent::ActivityAdded(entry) => emit(names::ACTIVITY_ADDED, json!(entry)).await,
        WorkspaceEvent::RuntimeStatus(status) => emit(names::RUNTIME_STATUS, json!(status)).await,
        WorkspaceEvent::TerminalChanged(session) => emit(names::TERMINAL_STATUS, json!(session)).await,
    }
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
        for socket in sockets {
            let known = (socket.extensions.get::<Credentials>(), socket.extensions.get::<Person>());
            let (Some(credentials), Some(before)) = known else { continue };
            match auth.person(&credentials).await {
                Ok(now) if now == before => {}
                Ok(_) | Err(Error::Unauthenticated) => drop(socket.disconnect()),
                Err(error) => tracing::warn!(%error, "a connection's credentials could not be looked at"),
            }
        }
    }
}
