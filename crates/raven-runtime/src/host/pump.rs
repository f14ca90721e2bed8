//! Moves bytes between the terminal and the hub, both ways at once.
//!
//! Owns batching, back-pressure on input, and answers going before it. Must not know clients.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::sync::{Notify, mpsc};

use super::hub::Hub;
use super::pty::Master;

/// Most bytes that are read before they are handed on: a read returns 4 KiB at most, and handing on
/// costs more than reading.
const BATCH: usize = 64 * 1024;

/// Messages of clients that wait for the program to read; each is 64 KiB at most. A client that sends
/// more is not read from until there is room.
pub const INPUT_QUEUE: usize = 4;

/// Bytes of answers kept for a program that asks without reading; more are dropped, oldest kept.
const MAX_ANSWERS: usize = 64 * 1024;

/// A full terminal is tried again after this long even if the kernel does not say that it has room.
const WRITE_AGAIN: Duration = Duration::from_millis(50);

/// A terminal that nobody has open is looked at this often: its program may open it again.
const READ_AGAIN: Duration = Duration::from_millis(100);

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
        let mut ready = master.readable().await?;
        let mut filled = 0;
        let last = loop {
            match ready.get_inner().read(&mut buffer[filled..]) {
                Ok(0) => break Some(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(full) if full.kind() == io::ErrorKind::WouldBlock => {
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
            None => tokio::task::yield_now().await,
        }
    }
}

/// Writes input and answers, whole and in order, as fast as the program reads.
pub async fn input(master: Rc<AsyncFd<Master>>, answers: Answers, mut queue: mpsc::Receiver<Bytes>) {
    loop {
        let answer = std::mem::take(&mut *answers.bytes.borrow_mut());
        if !answer.is_empty() {
            write_all(&master, &answer).await;
        }
        tokio::select! {
            biased;
            () = answers.ready.notified() => {}
            bytes = queue.recv() => match bytes {
                Some(bytes) => write_all(&master, &bytes).await,
                None => return,
            },
        }
    }
}

/// What a closed terminal refuses is dropped: there is nobody to read it.
async fn write_all(master: &AsyncFd<Master>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let attempt = master.async_io(Interest::WRITABLE, |terminal| terminal.write(bytes));
        match tokio::time::timeout(WRITE_AGAIN, attempt).await {
            Ok(Ok(count)) => bytes = &bytes[count..],
            Ok(Err(_closed)) => return,
            Err(_elapsed) => match master.get_ref().write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(full) if full.kind() == io::ErrorKind::WouldBlock => {}
                Err(_closed) => return,
            },
        }
    }
}
