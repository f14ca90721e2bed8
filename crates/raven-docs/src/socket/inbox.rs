//! What one client sent and is not done yet, in order and bounded in bytes.
//!
//! The library calls handlers in the order of arrival, but runs their futures in any; so handlers
//! only put into this, and one task takes out.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

/// Bytes that may wait from one client; a paste of 4 MiB and what is typed behind it.
const MAX_WAITING: usize = 8 * 1024 * 1024;

/// What each message counts beside its payload, so that many empty ones are bounded too.
const EACH: usize = 256;

/// A bounded queue from handlers to one task.
pub struct Inbox<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    waiting: Mutex<Waiting<T>>,
    /// For the one task that takes out.
    wake: Notify,
    /// For whoever waits for the end only.
    ended: Notify,
}

struct Waiting<T> {
    messages: VecDeque<(T, usize)>,
    bytes: usize,
    closed: bool,
}

/// There is no room: the client sends faster than its terminal takes.
pub struct Full;

impl<T> Clone for Inbox<T> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<T> Inbox<T> {
    pub fn new() -> Self {
        let waiting = Waiting { messages: VecDeque::new(), bytes: 0, closed: false };
        Self {
            inner: Arc::new(Inner {
                waiting: Mutex::new(waiting),
                wake: Notify::new(),
                ended: Notify::new(),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<T>> {
        self.inner.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message with a payload of some bytes.
    pub fn push(&self, message: T, bytes: usize) -> Result<(), Full> {
        let mut waiting = self.lock();
        let cost = bytes + EACH;
        if waiting.closed || waiting.bytes + cost > MAX_WAITING {
            return Err(Full);
        }
        waiting.bytes += cost;
        waiting.messages.push_back((message, cost));
        drop(waiting);
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Nothing more comes; what waits can still be taken out.
    pub fn close(&self) {
        self.lock().closed = true;
        self.inner.wake.notify_one();
        self.inner.ended.notify_one();
    }

    /// Takes the next message; `None` once closed and empty.
    pub async fn pop(&self) -> Option<T> {
        loop {
            {
                let mut waiting = self.lock();
                if let Some((message, cost)) = waiting.messages.pop_front() {
                    waiting.bytes -= cost;
                    return Some(message);
                }
                if waiting.closed {
                    return None;
                }
            }
            self.inner.wake.notified().await;
        }
    }

    /// Returns once closed; for one waiter.
    pub async fn closed(&self) {
        while !self.lock().closed {
            self.inner.ended.notified().await;
        }
    }
}
