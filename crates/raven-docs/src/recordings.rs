//! Recordings: everything that was put out and typed at a terminal, from its first byte.
//!
//! Owns what a recording is: its row, its parts, its keys, what is recorded of input. The parts are written
//! by [`recorder`] and read by [`reader`]. Must not know hubs, viewers or HTTP.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context as _, bail};
use raven_protocol::id::{SessionId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::{Granted, Read};
use crate::db::{self, Db, recordings as rows, sessions};
use crate::error::Error;
use crate::events::Changes;
use crate::secrets::Secrets;
use crate::store::Store;

mod anchors;
pub mod cast;
pub mod chain;
pub mod entry;
pub mod log;
mod part;
mod queue;
pub mod ranges;
pub mod reader;
pub mod recorder;
pub mod retention;
pub mod transcript;
pub mod verify;
mod writer;

pub use anchors::Compared;
use chain::{Keys, LINK, Link};
use reader::Reader;

/// What is recorded of what people type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordInput {
    /// Every keystroke, passwords included, with who typed it.
    #[default]
    Full,
    /// Who typed and how much, and not what.
    OutputOnly,
}

impl RecordInput {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::OutputOnly => "output_only",
        }
    }

    /// What is not known is recorded least.
    pub fn from_row(text: &str) -> Self {
        if text == Self::Full.as_str() { Self::Full } else { Self::OutputOnly }
    }
}

/// How a recording stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its terminal lives.
    Recording,
    /// It ended with its terminal, without a gap.
    Complete,
    /// It ended, and some output is missing; each gap is marked in it.
    Incomplete,
    /// It was removed, as the workspace's settings say.
    Expired,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
            Self::Expired => "expired",
        }
    }

    fn from_row(text: &str) -> Self {
        let all = [Self::Recording, Self::Complete, Self::Expired];
        all.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Incomplete)
    }
}

/// A recording as the API shows it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recording {
    pub state: State,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub duration_ms: i64,
    /// Bytes of output that are recorded, durably.
    pub bytes: i64,
    /// Bytes that it takes in the store.
    pub stored_bytes: i64,
    pub input: RecordInput,
    /// When it will be removed.
    pub expires_at: Option<Timestamp>,
    /// Places where output is missing.
    pub gaps: i64,
    /// Why it cannot be written at the moment: its agent waits.
    pub stalled: Option<String>,
}

/// How far a recording has come: what is told here is on the disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durable {
    /// Offset after the newest recorded output.
    pub head: u64,
    pub bytes: u64,
    pub stored_bytes: u64,
    pub gaps: u64,
    /// Inputs that were put since the recording was opened.
    pub inputs: u64,
    pub last_at: Timestamp,
    /// Why the disk takes nothing.
    pub stalled: Option<Arc<str>>,
}

/// The recordings of all workspaces.
#[derive(Clone)]
pub struct Recordings {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    changes: Changes,
    keys: Arc<Keys>,
    store: Store,
    /// Where parts are written before they are in the store.
    parts: PathBuf,
    tasks: TaskTracker,
    cancel: CancellationToken,
    /// What each workspace records of input, as far as that was looked up.
    policies: Mutex<HashMap<String, RecordInput>>,
    /// How far those have come that are being written.
    live: Mutex<HashMap<String, watch::Receiver<Durable>>>,
    /// What was anchored last of each of those.
    anchored: Mutex<HashMap<String, anchors::Last>>,
    /// How long parts are in each form, so that a range of a recording is found.
    lengths: ranges::Lengths,
}

impl Recordings {
    /// Opens the recordings of a data folder.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(
        data_dir: &Path,
        (db, changes): (Db, Changes),
        secrets: &Secrets,
        tasks: TaskTracker,
        cancel: CancellationToken,
    ) -> anyhow::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let store = Store::in_folder(&data_dir.join("recordings"))?;
        let parts = data_dir.join("recordings-open");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&parts)
            .with_context(|| format!("the folder {} cannot be made", parts.display()))?;
        let inner = Inner {
            db,
            changes,
            keys: Arc::new(Keys::of(secrets)?),
            store,
            parts,
            tasks,
            cancel,
            policies: Mutex::default(),
            live: Mutex::default(),
            anchored: Mutex::default(),
            lengths: ranges::Lengths::default(),
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The recordings of some sessions, by session.
    pub async fn of_sessions(
        &self,
        sessions: &[sessions::Model],
    ) -> Result<HashMap<String, Recording>, Error> {
        let ids: Vec<String> = sessions.iter().map(|row| row.id.clone()).collect();
        let found = rows::of_sessions(self.inner.db.read(), &ids).await?;
        let mut kept_for = HashMap::new();
        for row in &found {
            if !kept_for.contains_key(&row.workspace_id) {
                let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
                let settings = db::settings::find(self.inner.db.read(), &workspace).await?;
                let days = settings.and_then(|settings| settings.recording_retention_days);
                kept_for.insert(row.workspace_id.clone(), days);
            }
        }
        Ok(found
            .into_iter()
            .map(|row| {
                let days = kept_for.get(&row.workspace_id).copied().flatten();
                (row.session_id.clone(), self.view(row, days))
            })
            .collect())
    }

    fn view(&self, row: rows::Model, kept_for_days: Option<i64>) -> Recording {
        let live = lock(&self.inner.live).get(&row.session_id).map(|durable| durable.borrow().clone());
        let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let last_at = live.as_ref().map_or(row.last_at, |live| live.last_at.as_millis());
        let state = State::from_row(&row.state);
        let expires = row.ended_at.zip(kept_for_days).map(|(ended, days)| ended + days * retention::DAY_MS);
        Recording {
            state,
            started_at: Timestamp::from_millis(row.started_at),
            ended_at: row.ended_at.map(Timestamp::from_millis),
            duration_ms: (last_at - row.started_at).max(0),
            bytes: live.as_ref().map_or(row.bytes, |live| signed(live.bytes)),
            stored_bytes: live.as_ref().map_or(row.stored_bytes, |live| signed(live.stored_bytes)),
            input: RecordInput::from_row(&row.input),
            expires_at: expires.filter(|_| state != State::Expired).map(Timestamp::from_millis),
            gaps: live.as_ref().map_or(row.gaps, |live| signed(live.gaps)),
            stalled: live.and_then(|live| live.stalled.map(|why| why.to_string())),
        }
    }

    /// Reads the recording of a session from its beginning, as far as it is durable.
    ///
    /// # Errors
    /// `NotFound` for another workspace's session, one without a recording, or one whose recording has
    /// expired.
    pub async fn read(&self, by: &Granted<Read>, session: &SessionId) -> Result<Reader, Error> {
        let found = sessions::find(self.inner.db.read(), by.workspace(), session).await?;
        let session = found.ok_or(Error::NotFound("terminal session"))?.id;
        let row = rows::find(self.inner.db.read(), &session).await?;
        let row = row.filter(|row| !self.is_expired(row)).ok_or(Error::NotFound("recording"))?;
        Ok(Reader::open(self, row).await?)
    }

    /// Removes what a crash left half stored. Before anything is recorded.
    pub fn tidy(&self) -> anyhow::Result<()> {
        Ok(self.inner.store.remove_unfinished()?)
    }

    /// Ends recordings whose sessions ended while nobody could write it down, and stores what is left of
    /// those that had ended.
    pub async fn settle(&self) -> anyhow::Result<()> {
        for name in std::fs::read_dir(&self.inner.parts)? {
            let name = name?.file_name();
            // What was set aside stays: it tells of a harm.
            let part = name.to_str().and_then(|name| name.split_once('.'));
            let session = part.filter(|(_, number)| !number.contains('.')).map(|(session, _)| session);
            let Some(row) = (match session {
                Some(session) => rows::find(self.inner.db.read(), session).await?,
                None => None,
            }) else {
                continue;
            };
            let workspace = WorkspaceId::parse(row.workspace_id.as_str())?;
            let session = SessionId::parse(row.session_id.as_str())?;
            let found = sessions::find(self.inner.db.read(), &workspace, &session).await?;
            if found.is_some_and(|found| found.ended_at.is_some()) {
                let why = "the server was stopped while the session ended";
                if let Err(error) = self.end_late(&row, why).await {
                    tracing::error!(session.id = %row.session_id, error = %format!("{error:#}"),
                        "an ended recording could not be stored");
                }
            }
        }
        Ok(())
    }

    /// Every recording, oldest first, for the command line.
    pub async fn all(&self) -> anyhow::Result<Vec<rows::Model>> {
        rows::all(self.inner.db.read()).await
    }

    /// What a workspace records of input from now on.
    pub fn set_policy(&self, workspace: &WorkspaceId, input: RecordInput) {
        lock(&self.inner.policies).insert(workspace.to_string(), input);
    }

    async fn policy(&self, workspace: &WorkspaceId) -> anyhow::Result<RecordInput> {
        let known = lock(&self.inner.policies).get(workspace.as_str()).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        let settings = db::settings::find(self.inner.db.read(), workspace).await?;
        let input = settings.map(|row| RecordInput::from_row(&row.record_input)).unwrap_or_default();
        // A change that came meanwhile is newer.
        Ok(*lock(&self.inner.policies).entry(workspace.to_string()).or_insert(input))
    }

    fn part_path(&self, session: &SessionId, number: u64) -> PathBuf {
        writer::part_path(&self.inner.parts, session, number)
    }

    /// Whether a recording was removed by us: a row that only says so is not believed.
    pub fn is_expired(&self, row: &rows::Model) -> bool {
        row.expired_at.is_some() && self.seal(row) == row.seal
    }

    /// The keyed digest of what a row says of its chain.
    fn seal(&self, row: &rows::Model) -> String {
        let counts = [row.head, row.bytes, row.stored_bytes, row.gaps, row.segments, row.blocks];
        let numbers = counts.into_iter().chain([row.lost_blocks, row.started_at, row.last_at]);
        let numbers: Vec<u8> = numbers.flat_map(i64::to_be_bytes).collect();
        let ends = [row.ended_at, row.expired_at].map(|at| at.unwrap_or(-1).to_be_bytes()).concat();
        let texts = [&row.session_id, &row.workspace_id, &row.state, &row.input, &row.link];
        let mut parts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        parts.extend([&numbers[..], &ends[..]]);
        crate::secrets::hex(&self.inner.keys.digest(&parts))
    }
}

fn lock<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a part is in the store.
fn object_key(row: &rows::Model, number: u64) -> String {
    format!("{}/{}/{number:08}", row.workspace_id, row.session_id)
}

/// A link as rows spell it.
fn link_of(text: &str) -> anyhow::Result<Link> {
    let mut link = [0; LINK];
    if text.len() != 2 * LINK || !text.is_ascii() {
        bail!("`{text}` is no link of a chain");
    }
    for (at, byte) in link.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).context("a link of a chain")?;
    }
    Ok(link)
}
