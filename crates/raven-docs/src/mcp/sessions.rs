//! Sessions of the revisions that have them: whose each is, how many there may be, and when one ends.
//!
//! Owns that a session belongs to the key that opened it. Must not know what is said in one.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rmcp::transport::streamable_http_server::session::SessionManager as _;
use rmcp::transport::streamable_http_server::session::local::{LocalSessionManager, SessionConfig};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;

use crate::auth::{AgentCaller, Auth};

/// Sessions of one key: an agent's program has one, and one that was started anew has left another behind.
const MOST_PER_KEY: usize = 8;

/// How long a session may be without any request: long enough for a laptop that sleeps over lunch.
const IDLE: Duration = Duration::from_secs(2 * 60 * 60);

/// How long the end of one session may take: whoever ends many waits no longer for one that is stuck.
const ENDS_WITHIN: Duration = Duration::from_secs(2);

/// How often idle sessions are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The sessions that are open.
#[derive(Clone)]
pub struct Sessions {
    /// What is said in them.
    pub wires: Arc<LocalSessionManager>,
    held: Arc<Mutex<HashMap<String, Held>>>,
}

struct Held {
    caller: AgentCaller,
    requests: usize,
    since: Instant,
}

impl Sessions {
    pub fn new() -> Self {
        let mut config = SessionConfig::default();
        // They are ended here, by what is known of their requests.
        config.keep_alive = None;
        // An event without data is not understood by every client.
        config.sse_retry = None;
        let mut wires = LocalSessionManager::default();
        wires.session_config = config;
        Self { wires: Arc::new(wires), held: Arc::default() }
    }

    /// Takes a session for the one who opened it. When there are too many, the one that was idle for longest ends.
    pub async fn opened(&self, id: String, caller: AgentCaller) {
        for surplus in self.surplus(&caller) {
            self.end(&surplus).await;
        }
        self.held().insert(id, Held { caller, requests: 0, since: Instant::now() });
    }

    /// Enters a request of a session, for as long as the answer is held; `None` when it is not the caller's.
    pub fn entered(&self, id: &str, caller: &AgentCaller) -> Option<Entered> {
        let mut held = self.held();
        let session = held.get_mut(id).filter(|session| session.caller.key() == caller.key())?;
        session.requests += 1;
        Some(Entered { id: id.to_owned(), sessions: self.clone() })
    }

    /// Ends a session.
    pub async fn end(&self, id: &str) {
        self.held().remove(id);
        match timeout(ENDS_WITHIN, self.wires.close_session(&Arc::from(id))).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "a session had ended before"),
            Err(_) => tracing::warn!("a session did not take its end; nobody can enter it any more"),
        }
    }

    /// Ends what is idle, and what belongs to a key that is not good any more, until the server ends.
    pub async fn keep_tidy(self, auth: Auth, cancel: CancellationToken) {
        let mut ended = auth.keys_that_end();
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut strays = BTreeSet::new();
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => strays = self.without_strays(strays).await,
                told = ended.changed() => if told.is_err() { return },
            }
            for id in self.idle() {
                self.end(&id).await;
            }
            for (id, caller) in self.by_key() {
                if !auth.is_key_good(&caller).await.unwrap_or(true) {
                    self.end(&id).await;
                }
            }
        }
    }

    /// Ends the sessions that nobody has: whoever began one went before it was answered. Those that are only now seen to be
    /// so may be on their way; answers with them.
    async fn without_strays(&self, before: BTreeSet<Arc<str>>) -> BTreeSet<Arc<str>> {
        let open: Vec<_> = self.wires.sessions.read().await.keys().cloned().collect();
        let strays: BTreeSet<_> = {
            let held = self.held();
            open.into_iter().filter(|id| !held.contains_key(&**id)).collect()
        };
        for id in strays.intersection(&before) {
            self.end(id).await;
        }
        strays
    }

    fn held(&self) -> std::sync::MutexGuard<'_, HashMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sessions that have to go before one more of this key fits.
    fn surplus(&self, caller: &AgentCaller) -> Vec<String> {
        let held = self.held();
        let own = held.iter().filter(|(_, session)| session.caller.key() == caller.key());
        let mut own: Vec<_> =
            own.map(|(id, session)| (session.requests, session.since, id.clone())).collect();
        own.sort();
        let surplus = (own.len() + 1).saturating_sub(MOST_PER_KEY);
        own.into_iter().take(surplus).map(|(_, _, id)| id).collect()
    }

    fn idle(&self) -> Vec<String> {
        let held = self.held();
        let idle =
            held.iter().filter(|(_, session)| session.requests == 0 && session.since.elapsed() >= IDLE);
        idle.map(|(id, _)| id.clone()).collect()
    }

    fn by_key(&self) -> Vec<(String, AgentCaller)> {
        self.held().iter().map(|(id, session)| (id.clone(), session.caller.clone())).collect()
    }
}

/// That a request of a session is being answered.
pub struct Entered {
    id: String,
    sessions: Sessions,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(session) = self.sessions.held().get_mut(&self.id) {
            session.requests = session.requests.saturating_sub(1);
            session.since = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use raven_protocol::id::{AgentId, WorkspaceId};
    use rmcp::transport::Transport as _;
    use serde_json::json;

    use super::*;

    fn agent() -> AgentCaller {
        AgentCaller::example(WorkspaceId::generate(), AgentId::generate(), [].into())
    }

    async fn open(sessions: &Sessions, id: &str, caller: &AgentCaller) {
        sessions.opened(id.to_owned(), caller.clone()).await;
        tokio::time::advance(Duration::from_secs(1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_is_only_for_the_key_that_opened_it() {
        let (sessions, own, other) = (Sessions::new(), agent(), agent());
        open(&sessions, "a", &own).await;
        assert!(sessions.entered("a", &own).is_some());
        assert!(sessions.entered("a", &other).is_none());
        assert!(sessions.entered("b", &own).is_none());
        sessions.end("a").await;
        assert!(sessions.entered("a", &own).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_too_many_ends_the_one_that_was_idle_for_longest() {
        let (sessions, own, other) = (Sessions::new(), agent(), agent());
        open(&sessions, "other", &other).await;
        for n in 0..MOST_PER_KEY {
            open(&sessions, &n.to_string(), &own).await;
        }
        let busy = sessions.entered("0", &own);
        open(&sessions, "one more", &own).await;
        assert!(
            busy.is_some() && sessions.entered("0", &own).is_some(),
            "it has a request that is not answered"
        );
        assert!(sessions.entered("1", &own).is_none());
        assert!(sessions.entered("2", &own).is_some() && sessions.entered("one more", &own).is_some());
        assert!(sessions.entered("other", &other).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_nobody_has_ends_unless_it_was_just_begun() {
        let (sessions, own) = (Sessions::new(), agent());
        let (kept, _wire) = sessions.wires.create_session().await.unwrap();
        let (stray, _wire) = sessions.wires.create_session().await.unwrap();
        sessions.opened(kept.to_string(), own).await;
        let seen = sessions.without_strays(BTreeSet::new()).await;
        assert!(seen.contains(&stray) && sessions.wires.has_session(&stray).await.unwrap());
        sessions.without_strays(seen).await;
        assert!(!sessions.wires.has_session(&stray).await.unwrap());
        assert!(sessions.wires.has_session(&kept).await.unwrap());
    }

    /// A session whose wire is stuck: a message that nobody takes, and behind it as many as fit.
    async fn stuck(sessions: &Sessions) -> (Arc<str>, impl Sized) {
        let (id, mut wire) = sessions.wires.create_session().await.unwrap();
        let id: &'static Arc<str> = Box::leak(Box::new(id));
        let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } } });
        let hello = serde_json::from_value(hello).unwrap();
        let (wires, begun) = (Arc::clone(&sessions.wires), id.clone());
        let begins = tokio::spawn(async move { wires.initialize_session(&begun, hello).await.is_ok() });
        wire.receive().await.unwrap();
        let answer = json!({ "jsonrpc": "2.0", "id": 1, "result": {} });
        wire.send(serde_json::from_value(answer).unwrap()).await.unwrap();
        assert!(begins.await.unwrap());
        let unread = sessions.wires.create_standalone_stream(id).await.unwrap();
        let changed = json!({ "jsonrpc": "2.0", "method": "notifications/tools/list_changed" });
        let mut told = 0;
        while timeout(Duration::from_secs(1), wire.send(serde_json::from_value(changed.clone()).unwrap()))
            .await
            .is_ok()
        {
            told += 1;
            assert!(told < 1000, "it never sticks");
        }
        let said = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let say = || sessions.wires.accept_message(id, serde_json::from_value(said.clone()).unwrap());
        while timeout(Duration::from_secs(1), say()).await.is_ok() {}
        (id.clone(), (wire, unread))
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_that_is_stuck_keeps_no_other_from_its_end() {
        let sessions = Sessions::new();
        let (id, _wire) = stuck(&sessions).await;
        sessions.opened(id.to_string(), agent()).await;
        let ended = timeout(Duration::from_secs(60), sessions.end(&id)).await;
        assert!(ended.is_ok(), "whoever ends it waits for ever");
        assert!(!sessions.wires.has_session(&id).await.unwrap());
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_uses_is_idle() {
        let (sessions, own) = (Sessions::new(), agent());
        open(&sessions, "left", &own).await;
        open(&sessions, "listening", &own).await;
        let stream = sessions.entered("listening", &own);
        tokio::time::advance(IDLE).await;
        assert_eq!(sessions.idle(), ["left"]);
        drop(stream);
        assert_eq!(sessions.idle(), ["left"], "it was used until now");
        tokio::time::advance(IDLE).await;
        assert_eq!(sessions.idle().len(), 2);
    }
}
