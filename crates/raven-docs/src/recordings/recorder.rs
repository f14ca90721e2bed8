//! What a terminal's hub holds of its recording: a place to put what happens, in order.
//!
//! Owns what becomes an entry, where output is missing, and how a recording is taken up after a restart.
//! Must not know files.

use std::sync::{Arc, Mutex};

use anyhow::Context as _;
use bytes::Bytes;
use raven_protocol::id::{SessionId, WorkspaceId};
use raven_protocol::terminal::{Exit, TerminalSize};
use raven_protocol::time::Timestamp;
use tokio::sync::watch;

use super::chain::Chain;
use super::entry::{Begin, Entry, Mark, MarkKind, Typed, What};
use super::part::Part;
use super::queue::Queue;
use super::writer::{Stored, Writer, place_after};
use super::{Durable, RecordInput, Recordings, State, lock, rows};
use crate::auth::Named;

/// How far another machine's clock may be ahead of ours, in milliseconds, before it is not believed.
const MAX_AHEAD_MS: i64 = 60_000;

/// Puts what happens at one terminal into its recording. Dropping it leaves the recording to be taken up
/// again.
pub struct Recorder {
    recordings: Recordings,
    workspace: WorkspaceId,
    session: SessionId,
    queue: Arc<Queue>,
    durable: watch::Receiver<Durable>,
    /// Offset after the newest output that was put.
    head: u64,
    last_at: Timestamp,
    /// Until the output has come so far, it is of the past, and so is what is told with it.
    behind_until: u64,
    /// A gap was put, and no screen yet to go on from.
    wants_repaint: bool,
    /// The end is there, and nothing may follow.
    ended: bool,
    input: RecordInput,
}

impl Recordings {
    /// Begins the recording of a session, or goes on with it.
    ///
    /// # Errors
    /// When its part cannot be made or read.
    pub async fn record(&self, begin: Begin) -> anyhow::Result<Recorder> {
        let session = SessionId::parse(begin.session.as_str())?;
        let workspace = WorkspaceId::parse(begin.workspace.as_str())?;
        let input = self.policy(&workspace).await?;
        let found = rows::find(self.inner.db.read(), session.as_str()).await?;
        let mut row = match found {
            Some(row) => row,
            None => self.new_row(&begin, input).await?,
        };
        let resumed = self.resume(&session, &row).await?;
        let tally = resumed.part.tally;
        // The crash came after the end was stored, and before anybody heard of it.
        let has_ended = tally.ended || row.ended_at.is_some();
        // A crash may have come before its beginning was written.
        let is_new = resumed.stored.parts == 0 && tally.last_at.is_none();
        // What the row tells of the head counts only as far as its blocks are there.
        let head = tally.head.unwrap_or(resumed.stored.head);
        row.lost_blocks += i64::try_from(resumed.missing).unwrap_or(i64::MAX);
        let last_at = tally.last_at.unwrap_or(Timestamp::from_millis(row.last_at));
        let durable = Durable {
            head,
            bytes: resumed.stored.bytes + tally.bytes,
            stored_bytes: resumed.stored.stored_bytes + resumed.part.size(),
            gaps: resumed.stored.gaps + tally.gaps,
            inputs: 0,
            last_at,
            stalled: None,
        };
        let Resumed { part, stored, lost, missing } = resumed;
        let (told, durable) = watch::channel(durable);
        let queue = Arc::new(Queue::default());
        let writer = Writer {
            recordings: self.clone(),
            session: session.clone(),
            queue: Arc::clone(&queue),
            row,
            stored,
            part: Arc::new(Mutex::new(part)),
            durable: told,
            cancel: self.inner.cancel.clone(),
        };
        lock(&self.inner.live).insert(session.to_string(), durable.clone());
        let (recordings, id) = (self.clone(), session.to_string());
        self.inner.tasks.spawn(async move {
            writer.run().await;
            lock(&recordings.inner.live).remove(&id);
        });
        let mut recorder = Recorder {
            recordings: self.clone(),
            workspace,
            session,
            queue,
            durable,
            head,
            last_at,
            behind_until: 0,
            wants_repaint: false,
            ended: false,
            input,
        };
        if is_new {
            // Its row has the same moment: times that are counted from either are the same.
            recorder.put_at(last_at, What::Begin(begin));
        } else if !has_ended {
            recorder.taken_up(missing, lost);
        }
        recorder.ended = has_ended;
        Ok(recorder)
    }

    /// Ends a recording that is not being written, unless its end is there, and stores what is not stored.
    pub(super) async fn end_late(&self, row: &rows::Model, why: &str) -> anyhow::Result<()> {
        let nobody = Named { id: String::new(), name: String::new() };
        let recorder = self
            .record(Begin {
                session: row.session_id.clone(),
                agent: nobody,
                workspace: row.workspace_id.clone(),
                size: TerminalSize::DEFAULT,
            })
            .await?;
        recorder.finish(None, why).await;
        Ok(())
    }

    async fn new_row(&self, begin: &Begin, input: RecordInput) -> anyhow::Result<rows::Model> {
        let chain = Chain::new(&self.inner.keys, &begin.session);
        let now = Timestamp::now().as_millis();
        let mut row = rows::Model {
            session_id: begin.session.clone(),
            workspace_id: begin.workspace.clone(),
            state: State::Recording.as_str().to_owned(),
            input: input.as_str().to_owned(),
            started_at: now,
            last_at: now,
            ended_at: None,
            head: 0,
            bytes: 0,
            stored_bytes: 0,
            gaps: 0,
            segments: 0,
            blocks: 0,
            link: crate::secrets::hex(&chain.link),
            seal: String::new(),
            expired_at: None,
            lost_blocks: 0,
        };
        row.seal = self.seal(&row);
        let tx = self.inner.db.begin().await?;
        rows::put(&tx, &row).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// What earlier runs have written.
    async fn resume(&self, session: &SessionId, row: &rows::Model) -> anyhow::Result<Resumed> {
        let segments = rows::segments(self.inner.db.read(), session).await?;
        let chain = match segments.last() {
            Some(last) => place_after(session.as_str(), last)?,
            None => Chain::new(&self.inner.keys, session.as_str()),
        };
        let sum = |of: fn(&rows::segment::Model) -> i64| {
            u64::try_from(segments.iter().map(of).sum::<i64>()).unwrap_or(0)
        };
        let stored = Stored {
            parts: segments.len() as u64,
            head: segments.last().and_then(|last| u64::try_from(last.head).ok()).unwrap_or(0),
            bytes: sum(|segment| segment.bytes),
            stored_bytes: sum(|segment| segment.stored_bytes),
            gaps: sum(|segment| segment.gaps),
        };
        if let Some(before) = stored.parts.checked_sub(1) {
            // It was stored, and the crash came before its file went.
            let _gone = std::fs::remove_file(self.part_path(session, before));
        }
        let path = self.part_path(session, stored.parts);
        let mut lost = None;
        let part = if path.exists() {
            let known = u64::try_from(row.blocks).unwrap_or(0);
            let (part, aside) = Part::resume(&path, &self.inner.keys, &chain, known)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            if let Some(aside) = aside {
                tracing::warn!(session.id = %session, bytes = aside.bytes, kept_as = %aside.path.display(),
                    "the end of a recording could not be read");
                lost = Some(aside.bytes);
            }
            part
        } else {
            Part::create(&path, chain)?
        };
        let missing = u64::try_from(row.blocks).unwrap_or(0).saturating_sub(part.chain.blocks);
        if missing > 0 {
            tracing::error!(session.id = %session, missing, "blocks of a recording are gone; its check says so");
        }
        Ok(Resumed { part, stored, lost, missing })
    }
}

struct Resumed {
    part: Part,
    stored: Stored,
    /// Bytes at the end that could not be read.
    lost: Option<u64>,
    /// Blocks that the row tells of and that are not there.
    missing: u64,
}

impl Recorder {
    /// Offset after the newest output that was put: where a link goes on.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Whether a screen is wanted, to go on from after a gap.
    pub fn wants_repaint(&self) -> bool {
        self.wants_repaint
    }

    /// Whether there is room for more.
    pub fn has_room(&self) -> bool {
        self.queue.has_room()
    }

    /// Returns once there is room for output.
    pub fn room(&self) -> impl Future<Output = ()> + use<> {
        let queue = Arc::clone(&self.queue);
        async move { queue.room().await }
    }

    /// How far it is durable; changes as it is written, closed once it is over.
    pub fn durable(&self) -> watch::Receiver<Durable> {
        self.durable.clone()
    }

    /// The runtime says how far its log has come: what is before is of the past.
    pub fn behind_until(&mut self, head: u64) {
        self.behind_until = head;
    }

    /// Puts output. What was put before is left out; what is missing becomes a gap.
    pub fn output(&mut self, offset: u64, at: Option<Timestamp>, bytes: &Bytes) {
        let end = offset + bytes.len() as u64;
        if offset > self.head {
            self.gap(offset, "the runtime no longer had it");
        }
        let known = usize::try_from(self.head.saturating_sub(offset)).unwrap_or(usize::MAX);
        if known >= bytes.len() {
            return;
        }
        let at = at.filter(|at| at.as_millis() > 0).unwrap_or_else(Timestamp::now);
        let what = What::Output { offset: self.head, bytes: bytes.slice(known..) };
        self.put_at(at, what);
        self.head = end;
    }

    /// Puts the screen at an offset, where the output before it is missing.
    pub fn repaint(&mut self, offset: u64, bytes: &Bytes) {
        if offset != self.head {
            self.gap(offset, "the runtime no longer had it");
        }
        if std::mem::take(&mut self.wants_repaint) {
            self.put(What::Repaint { offset, bytes: bytes.clone() });
        }
    }

    /// Puts a place where output is missing, up to an offset. A log that begins anew is one too.
    pub fn gap(&mut self, to: u64, why: &str) {
        tracing::warn!(session.id = %self.session, from = self.head, to, why, "a gap in the recording");
        self.put(What::Gap { from: self.head, to, why: why.to_owned() });
        self.head = to;
        self.wants_repaint = true;
    }

    /// Puts what somebody typed, as the workspace wants it.
    pub fn input(&mut self, by: &Named, bytes: &Bytes) {
        let now = lock(&self.recordings.inner.policies).get(self.workspace.as_str()).copied();
        let input = now.unwrap_or(self.input);
        if std::mem::replace(&mut self.input, input) != input {
            let label = match input {
                RecordInput::Full => "from here on, what is typed is recorded",
                RecordInput::OutputOnly => "from here on, only who types and how much is recorded",
            };
            self.mark(MarkKind::Recording, label);
        }
        let typed = match input {
            RecordInput::Full => Typed::Full(bytes.clone()),
            RecordInput::OutputOnly => Typed::Length(bytes.len() as u64),
        };
        self.put(What::Input { by: by.clone(), typed });
    }

    pub fn size(&mut self, size: TerminalSize) {
        self.put(What::Size(size));
    }

    pub fn mark(&mut self, kind: MarkKind, label: &str) {
        self.put(What::Mark(Mark { kind, label: label.to_owned() }));
    }

    /// Puts the end, and returns once everything is written.
    pub async fn finish(mut self, exit: Option<Exit>, why: &str) {
        self.put(What::End { exit, why: why.to_owned() });
        self.queue.close();
        while self.durable.changed().await.is_ok() {}
    }

    fn taken_up(&mut self, missing: u64, lost: Option<u64>) {
        if missing > 0 {
            let why = format!("{missing} blocks that were written are gone from the server's disk");
            self.gap(self.head, &why);
        }
        if let Some(bytes) = lost {
            let label = format!(
                "the last {bytes} bytes of the recording's file could not be read; it goes on before them"
            );
            self.mark_past(&label);
        }
        self.mark_past("raven-docs was started again");
    }

    /// A mark about the moment of the newest entry.
    fn mark_past(&mut self, label: &str) {
        let mark = Mark { kind: MarkKind::Recording, label: label.to_owned() };
        self.put_at(self.last_at, What::Mark(mark));
    }

    fn put(&mut self, what: What) {
        // While the output is of the past, what belongs to it is too.
        let at = if self.head < self.behind_until { self.last_at } else { Timestamp::now() };
        self.put_at(at, what);
    }

    /// Time does not run backwards in a recording, whatever two machines' clocks say.
    fn put_at(&mut self, at: Timestamp, what: What) {
        if self.ended {
            return;
        }
        // Nor does it run ahead of ours because one of them is wrong.
        let latest = Timestamp::from_millis(Timestamp::now().as_millis() + MAX_AHEAD_MS);
        let at = at.min(latest).max(self.last_at);
        self.last_at = at;
        self.queue.push(Entry { at, what });
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.queue.close();
    }
}
