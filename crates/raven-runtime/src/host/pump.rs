//! Moves bytes between the terminal and the hub, both ways at once.
//!
//! Owns batching, back-pressure on input, and answers going before it. Must not know clients.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, mpsc};

use super::hub::Hub;
use super::pty::Master;

/// Most bytes that are read before they are handed on: a read returns 4 KiB at most, and handing on
/// costs more than reading.
const BATCH: usize = 64 * 1024;

/// Messages of all clients that wait for the program to read; each is 64 KiB at most. More wait with the
/// client that sent them.
pub const INPUT_QUEUE: usize = 4;

/// While the program waits for its recorder, the disk is tried, and its end noticed, this often.
const HELD_LOOK: Duration = Duration::from_millis(250);

/// Bytes of answers kept for a program that asks without reading; more are dropped, oldest kept.
const MAX_ANSWERS: usize = 64 * 1024;

/// A full terminal is tried again after this long even if the kernel does not say that it has room.
const WRITE_AGAIN: Duration = Duration::from_millis(50);

/// A terminal that nobody has open is looked at this often: its program may open it again.
const READ_AGAIN: Duration = Duration::from_millis(100);

/// A terminal that was closed once is looked at this often. From then on the event loop calls it ready
/// for ever, even when a look finds nothing, so waiting for it to be ready would be a loop without a
/// pause; and its program may have opened it again, and type-ahead must not feel slow then.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Something to type, and who is told once the terminal has taken it.
pub struct Typed {
    /// Keystrokes.
    pub bytes: Bytes,
    /// Called with their number.
    pub taken: Box<dyn FnOnce(usize)>,
}

/// What the terminal says to the program by itself.
#[derive(Clone, Default)]
pub struct Answers {
    bytes: Rc<RefCell<Vec<u8>>>,
    ready: Rc<Notify>,
}

impl Answers {
    fn push(&self, answer: &[u8]) {
        let mut bytes = self.bytes.borrow_mut();
        if !answer.is_empty() && bytes.len() + answer.len() <= MAX_ANSWERS {
            bytes.extend_from_slice(answer);
            self.ready.notify_one();
        }
    }
}

/// Takes output until the terminal is closed for good; `ended` says that nobody can open it again.
pub async fn output(
    hub: Hub,
    master: Rc<AsyncFd<Master>>,
    answers: Answers,
    ended: impl Fn() -> bool,
) -> io::Result<()> {
    let mut buffer = vec![0; BATCH];
    loop {
        while !hub.has_room() && !ended() {
            // The program waits, because what it says next could not be kept.
            let _looked = tokio::time::timeout(HELD_LOOK, hub.changes().changed()).await;
        }
        let mut ready = master.readable().await?;
        let (mut filled, mut idle) = (0, false);
        let last = loop {
            match ready.get_inner().read(&mut buffer[filled..]) {
                Ok(0) => break Some(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(empty) if empty.kind() == io::ErrorKind::WouldBlock => {
                    idle = ready.ready().is_read_closed();
                    ready.clear_ready();
                    break None;
                }
                Err(interrupted) if interrupted.kind() == io::ErrorKind::Interrupted => {}
                Err(closed) => break Some(closed),
            }
            if filled == buffer.len() {
                break None;
            }
        };
        drop(ready);
        if filled > 0 {
            answers.push(&hub.output(&buffer[..filled]));
        }
        match last {
            Some(_) if ended() => return Ok(()),
            Some(_closed) => tokio::time::sleep(READ_AGAIN).await,
            None if idle => tokio::time::sleep(LOOK_AGAIN).await,
            None => tokio::task::yield_now().await,
        }
    }
}

/// Writes input and answers, whole and in order, as fast as the program reads.
pub async fn input(master: Rc<AsyncFd<Master>>, answers: Answers, mut queue: mpsc::Receiver<Typed>) {
    loop {
        let answer = std::mem::take(&mut *answers.bytes.borrow_mut());
        if !answer.is_empty() {
            write_all(&master, &answer).await;
        }
        tokio::select! {
            biased;
            () = answers.ready.notified() => {}
            bytes = queue.recv() => match bytes {
                Some(Typed { bytes, taken }) => {
                    write_all(&master, &bytes).await;
                    taken(bytes.len());
                }
                None => return,
            },
        }
    }
}

/// What a closed terminal refuses is dropped: there is nobody to read it.
async fn write_all(master: &AsyncFd<Master>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match write_some(master, bytes).await {
            Ok(count) => bytes = &bytes[count..],
            Err(again) if matches!(again.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
            Err(_closed) => return,
        }
    }
}

/// Waits for room and tries once. A try that finds none has waited, whatever the event loop says of a
/// terminal that was closed: everything else here runs on the same thread.
async fn write_some(master: &AsyncFd<Master>, bytes: &[u8]) -> io::Result<usize> {
    let Ok(ready) = tokio::time::timeout(WRITE_AGAIN, master.writable()).await else {
        return master.get_ref().write(bytes);
    };
    let mut ready = ready?;
    let was_closed = ready.ready().is_write_closed();
    match ready.try_io(|terminal| terminal.get_ref().write(bytes)) {
        Ok(written) => {
            tokio::task::consume_budget().await;
            written
        }
        Err(_no_room) => {
            if was_closed {
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
}
