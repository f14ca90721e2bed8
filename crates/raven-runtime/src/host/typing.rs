//! What one client typed and the terminal has not taken yet.
//!
//! Owns the bound beyond which a client is not read from, and the count that it is told. Must not know
//! sockets or the terminal.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use bytes::Bytes;
use raven_protocol::terminal::INPUT_WINDOW;
use tokio::sync::{Notify, mpsc};

use super::pump::Typed;

/// One client's input under way.
#[derive(Default)]
pub struct Typing {
    waiting: RefCell<VecDeque<Bytes>>,
    /// Bytes that came, that the terminal has taken, and of which that was told.
    came: Cell<u64>,
    taken: Cell<u64>,
    said: Cell<u64>,
    wake: Notify,
    has_room: Notify,
    /// Something was taken.
    pub told: Notify,
}

impl Typing {
    /// Adds what the client typed.
    pub fn push(&self, bytes: Bytes) {
        self.came.set(self.came.get() + bytes.len() as u64);
        self.waiting.borrow_mut().push_back(bytes);
        self.wake.notify_one();
    }

    /// Returns once more may come. A client that keeps to its window never waits.
    pub async fn room(&self) {
        while self.came.get() - self.taken.get() > INPUT_WINDOW {
            self.has_room.notified().await;
        }
    }

    /// How much was taken, when that was not told yet.
    pub fn news(&self) -> Option<u64> {
        let taken = self.taken.get();
        (self.said.replace(taken) != taken).then_some(taken)
    }

    /// Hands on what comes, in order, as fast as the terminal takes it; ends when that is gone.
    pub async fn hand_on(self: &Rc<Self>, to: &mpsc::Sender<Typed>) {
        loop {
            self.hand_on_rest(to).await;
            if to.is_closed() {
                // A program that has ended takes none; who typed it still hears the rest and the exit.
                std::future::pending::<()>().await;
            }
            self.wake.notified().await;
        }
    }

    /// Hands on what is there.
    pub async fn hand_on_rest(self: &Rc<Self>, to: &mpsc::Sender<Typed>) {
        loop {
            // Taken out only with a place to put it, because this may be dropped while it waits.
            let Ok(place) = to.reserve().await else { return };
            let Some(bytes) = self.waiting.borrow_mut().pop_front() else { return };
            let typing = Rc::clone(self);
            let taken = Box::new(move |count: usize| {
                typing.taken.set(typing.taken.get() + count as u64);
                typing.has_room.notify_one();
                typing.told.notify_one();
            });
            place.send(Typed { bytes, taken });
        }
    }
}
