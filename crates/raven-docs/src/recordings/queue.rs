//! What waits to be written: bounded, and gathered for a moment so that one flush serves many entries.
//!
//! Owns when a batch is due. Must not know files.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::entry::Entry;

/// How long entries are gathered before they are written: a flush takes a few milliseconds, and nobody
/// waits for it to see anything.
const WINDOW: Duration = Duration::from_millis(15);

/// Bytes that are written without waiting for the window's end.
const FULL: usize = 512 * 1024;

/// Bytes that may wait: some tens of milliseconds of a flood, which a flush takes at most. Beyond, the
/// runtime is not read from until there is room.
const MAX_WAITING: usize = 2 * 1024 * 1024;

/// Entries between a recorder and its writer.
#[derive(Default)]
pub struct Queue {
    waiting: Mutex<Waiting>,
    /// There is something, or nothing more comes.
    wake: Notify,
    /// There is a batch's worth, or nothing more comes.
    full: Notify,
    room: Notify,
}

#[derive(Default)]
struct Waiting {
    entries: Vec<Entry>,
    bytes: usize,
    closed: bool,
}

/// What is due.
pub struct Batch {
    pub entries: Vec<Entry>,
    /// Nothing follows.
    pub last: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an entry. Whoever adds output waits for [`Self::room`] before.
    pub fn push(&self, entry: Entry) {
        let mut waiting = self.lock();
        let was_empty = waiting.entries.is_empty();
        waiting.bytes += entry.cost();
        waiting.entries.push(entry);
        let is_full = waiting.bytes >= FULL;
        drop(waiting);
        if was_empty {
            self.wake.notify_one();
        }
        if is_full {
            self.full.notify_one();
        }
    }

    /// Nothing more is added.
    pub fn close(&self) {
        self.lock().closed = true;
        self.wake.notify_one();
        self.full.notify_one();
    }

    pub fn has_room(&self) -> bool {
        self.lock().bytes < MAX_WAITING
    }

    /// Returns once there is room for output. For one waiter.
    pub async fn room(&self) {
        while !self.has_room() {
            self.room.notified().await;
        }
    }

    /// Waits for entries and takes them.
    pub async fn take(&self) -> Batch {
        loop {
            {
                let waiting = self.lock();
                if !waiting.entries.is_empty() || waiting.closed {
                    break;
                }
            }
            self.wake.notified().await;
        }
        let gather = {
            let waiting = self.lock();
            !waiting.closed && waiting.bytes < FULL
        };
        if gather {
            let _until_full = tokio::time::timeout(WINDOW, self.full.notified()).await;
        }
        let mut waiting = self.lock();
        let entries = std::mem::take(&mut waiting.entries);
        waiting.bytes = 0;
        let last = waiting.closed;
        drop(waiting);
        self.room.notify_one();
        Batch { entries, last }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use raven_protocol::time::Timestamp;
    use tokio::time::Instant;

    use super::*;
    use crate::recordings::entry::What;

    fn output(length: usize) -> Entry {
        let what = What::Output { offset: 0, bytes: Bytes::from(vec![0; length]) };
        Entry { at: Timestamp::from_millis(0), what }
    }

    #[tokio::test(start_paused = true)]
    async fn a_little_is_gathered_much_is_due_at_once_and_too_much_makes_wait() {
        let queue = Queue::default();
        let begun = Instant::now();
        queue.push(output(1));
        queue.push(output(1));
        assert_eq!(queue.take().await.entries.len(), 2);
        assert_eq!(begun.elapsed(), WINDOW);

        let begun = Instant::now();
        queue.push(output(FULL));
        assert_eq!(queue.take().await.entries.len(), 1);
        assert_eq!(begun.elapsed(), Duration::ZERO);

        for _ in 0..MAX_WAITING / FULL {
            queue.room().await;
            queue.push(output(FULL));
        }
        assert!(tokio::time::timeout(WINDOW, queue.room()).await.is_err());
        let (batch, ()) = tokio::join!(queue.take(), queue.room());
        assert!(!batch.last);
        queue.push(output(1));
        queue.close();
        let batch = queue.take().await;
        assert!(batch.last && batch.entries.len() == 1);
        assert!(queue.take().await.last);
    }
}
