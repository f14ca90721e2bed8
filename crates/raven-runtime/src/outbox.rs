//! Calls to a control plane that must arrive: stored, in order for each destination, tried again.
//!
//! Owns storage, order and retries. Must not know what the calls tell or why.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use raven_protocol::time::Timestamp;
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::files::{self, Durability};

/// First pause after a failed try; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Longest pause: a control plane that is back hears of what it missed within half a minute.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// How long a call may take.
const CALL: Duration = Duration::from_secs(10);

/// Older deliveries are dropped: who was away for a day re-reads the agents anyway.
const MAX_AGE_MS: i64 = 24 * 3600 * 1000;

/// Most deliveries that wait for one destination; the oldest go first.
const MAX_WAITING: usize = 10_000;

/// A call, as it is stored; readable by the owner alone because of the token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// Where to post to.
    pub url: Url,
    /// Bearer credential.
    #[serde(default, serialize_with = "expose")]
    pub token: Option<SecretString>,
    /// The same for each try, so that a call that arrived twice is acted on once.
    pub idempotency_key: String,
    /// The body.
    pub body: serde_json::Value,
    /// When it was stored.
    pub created_at: Timestamp,
}

fn expose<S: serde::Serializer>(secret: &Option<SecretString>, to: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(|secret| secret.expose_secret()).serialize(to)
}

/// A client for control planes: no redirects, so that no credential goes where it was not meant to.
///
/// # Errors
/// When the machine's certificates cannot be read.
pub fn http_client() -> reqwest::Result<reqwest::Client> {
    // Only the first call installs it; all of our clients use the same.
    let _installed = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(CALL);
    client.no_proxy().build()
}

/// Handle to the one outbox.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Shared>,
}

struct Shared {
    folder: PathBuf,
    client: reqwest::Client,
    next: Mutex<u64>,
    lanes: Mutex<HashSet<String>>,
    stored: Notify,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Outbox {
    /// Opens the outbox and goes on with what was not delivered before.
    pub fn open(
        folder: &Path,
        client: reqwest::Client,
        tasks: TaskTracker,
        stop: CancellationToken,
    ) -> io::Result<Self> {
        files::create_private_dir(folder)?;
        let mut lanes = Vec::new();
        let mut last = 0;
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir()
                && let Ok(lane) = entry.file_name().into_string()
            {
                last = last.max(waiting(&entry.path())?.last().map_or(0, |(number, _)| *number));
                lanes.push(lane);
            }
        }
        let shared = Shared {
            folder: folder.to_owned(),
            client,
            next: Mutex::new(last + 1),
            lanes: Mutex::new(HashSet::new()),
            stored: Notify::new(),
            tasks,
            stop,
        };
        let outbox = Self { shared: Arc::new(shared) };
        lanes.into_iter().for_each(|lane| outbox.work(lane));
        Ok(outbox)
    }

    /// Stores a delivery; when this returns, a crash does not lose it.
    pub fn store(&self, delivery: &Delivery) -> io::Result<()> {
        let lane = lane(&delivery.url);
        let folder = self.shared.folder.join(&lane);
        files::create_private_dir(&folder)?;
        {
            let mut next = self.shared.next.lock().unwrap_or_else(PoisonError::into_inner);
            files::replace_json(&folder.join(format!("{next:020}")), delivery, Durability::Disk)?;
            *next += 1;
        }
        self.work(lane);
        self.shared.stored.notify_waiters();
        Ok(())
    }

    /// Deliveries that wait.
    pub fn len(&self) -> usize {
        let Ok(lanes) = std::fs::read_dir(&self.shared.folder) else { return 0 };
        lanes.filter_map(|lane| waiting(&lane.ok()?.path()).ok()).map(|files| files.len()).sum()
    }

    /// Starts the one worker of a destination.
    fn work(&self, lane: String) {
        let mut lanes = self.shared.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if lanes.insert(lane.clone()) {
            let shared = Arc::clone(&self.shared);
            self.shared.tasks.spawn(async move {
                let stop = shared.stop.clone();
                stop.run_until_cancelled(shared.deliver_lane(lane)).await;
            });
        }
    }
}

enum Tried {
    Delivered,
    /// It will never be taken.
    Refused(StatusCode),
    Later {
        why: String,
        pause: Option<Duration>,
    },
}

impl Shared {
    async fn deliver_lane(&self, lane: String) {
        let folder = self.folder.join(&lane);
        let mut pause = FIRST_PAUSE;
        loop {
            let stored = self.stored.notified();
            tokio::pin!(stored);
            // From here on, a delivery that is stored wakes us.
            stored.as_mut().enable();
            let Some((path, delivery)) = next_delivery(&folder) else {
                stored.await;
                continue;
            };
            match self.attempt(&delivery).await {
                Tried::Delivered => pause = FIRST_PAUSE,
                Tried::Refused(status) => {
                    tracing::warn!(url = %delivery.url, %status, "a callback was refused and is dropped");
                    pause = FIRST_PAUSE;
                }
                Tried::Later { why, pause: asked } => {
                    if pause == FIRST_PAUSE {
                        tracing::warn!(url = %delivery.url, why, "a callback is kept and tried again");
                    }
                    tokio::time::sleep(asked.unwrap_or(pause).min(MAX_PAUSE)).await;
                    pause = (pause * 2).min(MAX_PAUSE);
                    continue;
                }
            }
            let _gone = std::fs::remove_file(path);
        }
    }

    async fn attempt(&self, delivery: &Delivery) -> Tried {
        let mut call = self.client.post(delivery.url.clone()).json(&delivery.body);
        call = call.header("Idempotency-Key", &delivery.idempotency_key);
        if let Some(token) = &delivery.token {
            call = call.bearer_auth(token.expose_secret());
        }
        let answer = match call.send().await {
            Ok(answer) => answer,
            Err(broken) => return Tried::Later { why: broken.without_url().to_string(), pause: None },
        };
        let status = answer.status();
        let for_now = matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        );
        if status.is_success() {
            Tried::Delivered
        } else if status.is_client_error() && !for_now {
            Tried::Refused(status)
        } else {
            let asked = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            Tried::Later { why: format!("answered {status}"), pause: asked.map(Duration::from_secs) }
        }
    }
}

/// The oldest delivery that is still worth making; the others are dropped.
fn next_delivery(folder: &Path) -> Option<(PathBuf, Delivery)> {
    let files = waiting(folder).ok()?;
    let over = files.len().saturating_sub(MAX_WAITING);
    for (index, (_, path)) in files.into_iter().enumerate() {
        match files::read_json::<Delivery>(&path) {
            Ok(Some(delivery)) => {
                let age = Timestamp::now().as_millis() - delivery.created_at.as_millis();
                if index >= over && age < MAX_AGE_MS {
                    return Some((path, delivery));
                }
                tracing::warn!(url = %delivery.url, "a callback waited too long and is dropped");
            }
            Ok(None) => continue,
            Err(broken) => tracing::warn!(error = %broken, "a stored callback cannot be read and is dropped"),
        }
        let _gone = std::fs::remove_file(path);
    }
    None
}

/// Files of deliveries, oldest first.
fn waiting(folder: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let number = entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok());
        files.extend(number.map(|number| (number, entry.path())));
    }
    files.sort_unstable();
    Ok(files)
}

/// Name of a destination's folder. Destinations that share one only share their order.
fn lane(url: &Url) -> String {
    let host = url.host_str().unwrap_or("none");
    let port = url.port_or_known_default().unwrap_or(0);
    format!("{host}_{port}")
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(100)
        .collect()
}
