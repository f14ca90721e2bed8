//! The task that writes one recording: batches to the part on disk, full parts to the store, and the row.
//!
//! Owns the order: entries are durable, then they are told to be; a part is in the store, then its row is
//! committed, then the file goes. Must not know hubs or viewers.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use raven_protocol::id::SessionId;
use raven_protocol::time::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::chain::Chain;
use super::entry::{Entry, What};
use super::part::Part;
use super::queue::Queue;
use super::{Durable, Recordings, State, rows};
use crate::secrets::hex;

/// Bytes of a part: small enough to be read whole, large enough that there are few.
const PART: u64 = 8 * 1024 * 1024;

/// How often the row is brought up to date, so that a part that was cut is noticed.
const CHECKPOINT: Duration = Duration::from_secs(5);

/// How long to wait before a disk that refused is tried again.
const DISK_AGAIN: Duration = Duration::from_secs(1);

/// Tries to put the last part before it is left to the next start.
const LAST_TRIES: u32 = 3;

/// One recording's writer.
pub struct Writer {
    pub recordings: Recordings,
    pub session: SessionId,
    pub queue: Arc<Queue>,
    pub row: rows::Model,
    /// Of the parts that are in the store.
    pub stored: Stored,
    pub part: Arc<Mutex<Part>>,
    pub durable: watch::Sender<Durable>,
    pub cancel: CancellationToken,
}

/// What the stored parts come to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stored {
    pub parts: u64,
    /// Offset after their newest output.
    pub head: u64,
    pub bytes: u64,
    pub stored_bytes: u64,
    pub gaps: u64,
}

impl Writer {
    /// Writes until nothing more comes.
    pub async fn run(mut self) {
        let mut checked = Instant::now();
        // A part that the store refused is not tried again with every batch.
        let mut put_at = PART;
        // Whether the row lags behind what is written.
        let mut is_behind = false;
        loop {
            let batch = tokio::select! {
                batch = self.queue.take() => batch,
                () = sleep_until(checked + CHECKPOINT), if is_behind => {
                    self.keep_row().await;
                    (checked, is_behind) = (Instant::now(), false);
                    continue;
                }
            };
            if !batch.entries.is_empty() && !self.write(batch.entries).await {
                // Nothing of it was told to be recorded: it comes again after the next start.
                return;
            }
            is_behind = true;
            if self.part().size() >= put_at && !batch.last {
                put_at = match self.store_part().await {
                    Ok(()) if self.next_part().await => PART,
                    Ok(()) => return,
                    Err(error) => self.could_not(&error, "a part could not be stored") + PART,
                };
                checked = Instant::now();
            } else if checked.elapsed() >= CHECKPOINT && !batch.last {
                self.keep_row().await;
                (checked, is_behind) = (Instant::now(), false);
            }
            if batch.last {
                return self.end().await;
            }
        }
    }

    /// Writes entries, however long the disk refuses; false when the server ends before.
    async fn write(&mut self, entries: Vec<Entry>) -> bool {
        let entries = Arc::new(entries);
        loop {
            let refused = match self.append(&entries).await {
                Ok(()) => break,
                Err(refused) => refused,
            };
            if !self.stalls(&format!("{refused:#}")).await {
                return false;
            }
        }
        let mut now = self.now();
        now.inputs += entries.iter().filter(|entry| matches!(entry.what, What::Input { .. })).count() as u64;
        self.durable.send_replace(now);
        true
    }

    async fn append(&self, entries: &Arc<Vec<Entry>>) -> anyhow::Result<()> {
        let (keys, part, entries) =
            (Arc::clone(&self.recordings.inner.keys), Arc::clone(&self.part), Arc::clone(entries));
        tokio::task::spawn_blocking(move || lock(&part).append(&keys, &entries)).await?
    }

    fn part(&self) -> MutexGuard<'_, Part> {
        lock(&self.part)
    }

    fn now(&self) -> Durable {
        // One lock for both: a second one within the same statement would wait for the first for ever.
        let (tally, size) = {
            let part = self.part();
            (part.tally, part.size())
        };
        let stored = self.stored;
        let before = self.durable.borrow();
        Durable {
            head: tally.head.unwrap_or(before.head),
            bytes: stored.bytes + tally.bytes,
            stored_bytes: stored.stored_bytes + size,
            gaps: stored.gaps + tally.gaps,
            inputs: before.inputs,
            last_at: tally.last_at.unwrap_or(before.last_at),
            stalled: None,
        }
    }

    /// Begins the next part, however long the disk refuses: nothing may be added to one that is stored.
    /// False when the server ends before.
    async fn next_part(&mut self) -> bool {
        let path = self.recordings.part_path(&self.session, self.stored.parts);
        let chain = self.part().chain.clone();
        let next = loop {
            let refused = match Part::create(&path, chain.clone()) {
                Ok(next) => break next,
                Err(refused) => refused,
            };
            if !self.stalls(&format!("the next part cannot be made: {refused}")).await {
                return false;
            }
        };
        let stored = std::mem::replace(&mut *self.part(), next);
        if let Err(left) = stored.remove() {
            tracing::warn!(session.id = %self.session, error = %left, "a stored part's file stays");
        }
        self.durable.send_modify(|durable| durable.stalled = None);
        true
    }

    /// Tells that the disk refuses, and waits before it is tried again; false when the server ends.
    async fn stalls(&self, why: &str) -> bool {
        tracing::warn!(session.id = %self.session, error = why,
            "the recording cannot be written; the agent will wait");
        self.durable.send_modify(|durable| durable.stalled = Some(why.into()));
        self.cancel.run_until_cancelled(sleep(DISK_AGAIN)).await.is_some()
    }

    /// The object first, then its row; a crash in between does both again.
    async fn store_part(&mut self) -> anyhow::Result<()> {
        let number = self.stored.parts;
        let part = Arc::clone(&self.part);
        let (blocks, tally, first_block, chain) = tokio::task::spawn_blocking(move || {
            let part = lock(&part);
            anyhow::Ok((part.blocks()?, part.tally, part.first_block, part.chain.clone()))
        })
        .await??;
        let size = blocks.len() as u64;
        self.recordings.inner.store.put(&super::object_key(&self.row, number), blocks).await?;
        let after = Stored {
            parts: number + 1,
            head: tally.head.unwrap_or(self.stored.head),
            bytes: self.stored.bytes + tally.bytes,
            stored_bytes: self.stored.stored_bytes + size,
            gaps: self.stored.gaps + tally.gaps,
        };
        let segment = rows::segment::Model {
            session_id: self.session.to_string(),
            number: signed(number),
            first_block: signed(first_block),
            blocks: signed(chain.blocks - first_block),
            bytes: signed(tally.bytes),
            stored_bytes: signed(size),
            gaps: signed(tally.gaps),
            head: signed(after.head),
            first_at: tally.first_at.map_or(self.row.started_at, Timestamp::as_millis),
            last_at: tally.last_at.map_or(self.row.started_at, Timestamp::as_millis),
            link: hex(&chain.link),
        };
        self.describe();
        self.row.segments = signed(after.parts);
        self.row.seal = self.recordings.seal(&self.row);
        let mut change = self.recordings.inner.changes.begin().await?;
        rows::put_segment(change.tx(), &segment).await?;
        rows::put(change.tx(), &self.row).await?;
        self.recordings.anchor(&mut change, &self.row).await?;
        change.commit().await?;
        self.stored = after;
        Ok(())
    }

    async fn keep_row(&mut self) {
        self.describe();
        self.row.seal = self.recordings.seal(&self.row);
        let kept = async {
            let tx = self.recordings.inner.db.begin().await?;
            rows::put(&tx, &self.row).await?;
            anyhow::Ok(tx.commit().await?)
        };
        if let Err(error) = kept.await {
            self.could_not(&error, "a recording's row could not be written");
        }
    }

    /// Takes over into the row how far the recording has come.
    fn describe(&mut self) {
        let now = self.durable.borrow().clone();
        self.row.head = signed(now.head);
        self.row.bytes = signed(now.bytes);
        self.row.stored_bytes = signed(now.stored_bytes);
        self.row.gaps = signed(now.gaps);
        self.row.last_at = now.last_at.as_millis();
        let chain = self.part().chain.clone();
        self.row.blocks = signed(chain.blocks);
        self.row.link = hex(&chain.link);
    }

    /// Nothing more comes: the recording is complete, or goes on after the next start.
    async fn end(mut self) {
        if !self.part().tally.ended {
            if self.row.ended_at.is_none() {
                return self.keep_row().await;
            }
            // It had ended before, all of it is in the store, and this file is empty.
            return self.forget_file();
        }
        let state = if self.durable.borrow().gaps > 0 { State::Incomplete } else { State::Complete };
        self.row.state = state.as_str().to_owned();
        let tally = self.part().tally;
        self.row.ended_at = tally.last_at.map(Timestamp::as_millis);
        for attempt in 1..=LAST_TRIES {
            match self.store_part().await {
                Ok(()) => return self.forget_file(),
                Err(error) => self.could_not(&error, "the last part could not be stored"),
            };
            if attempt < LAST_TRIES {
                sleep(DISK_AGAIN).await;
            }
        }
        // The file stays and is read in place of the object; the next start tries again.
        self.keep_row().await;
    }

    fn forget_file(&self) {
        if let Err(left) = std::fs::remove_file(self.part().path()) {
            tracing::warn!(session.id = %self.session, error = %left, "a stored part's file stays");
        }
    }

    fn could_not(&self, error: &anyhow::Error, what: &'static str) -> u64 {
        tracing::warn!(session.id = %self.session, error = %format!("{error:#}"), "{what}");
        self.part().size()
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn lock(part: &Mutex<Part>) -> MutexGuard<'_, Part> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a part is written.
pub fn part_path(folder: &std::path::Path, session: &SessionId, number: u64) -> PathBuf {
    folder.join(format!("{session}.{number:08}"))
}

/// The place of a chain after its stored parts.
pub fn place_after(session: &str, last: &rows::segment::Model) -> anyhow::Result<Chain> {
    let blocks = u64::try_from(last.first_block + last.blocks)?;
    Ok(Chain::at(session, blocks, super::link_of(&last.link)?))
}
