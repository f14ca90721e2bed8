//! The wire between a hub and a runtime, the same whichever side dialled.
//!
//! Owns what goes over it. Must not know sockets.

use bytes::Bytes;
use raven_protocol::terminal::{Exit, TerminalSize, TerminalStatus};
use raven_protocol::time::Timestamp;
use tokio::sync::mpsc;

/// Messages that wait on a wire in each direction; with chunks of 64 KiB that is 1 MiB at most.
const WAITING: usize = 16;

/// What a hub asks of a runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToRuntime {
    Input(Bytes),
    Resize(TerminalSize),
    /// Send the screen at the current position of the stream.
    Repaint,
    /// Everything before the offset is recorded.
    Ack(u64),
    /// Nothing is recorded any more.
    Release,
}

/// Where a wire's output begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// In a log with offsets, which has come so far.
    Log { head: u64 },
    /// Now: what came before is not known. The wire counts from an offset that it was told before.
    Now { at: u64 },
}

/// Whether a wire tells what the terminal has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    Told,
    /// What the wire has taken counts as taken.
    Untold,
}

/// What a hub hears from a runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromRuntime {
    /// First message of a wire.
    Hello {
        size: TerminalSize,
        start: Start,
    },
    /// Output exactly as it came; the offset is that of its first byte, the time that of the runtime.
    Output {
        offset: u64,
        at: Option<Timestamp>,
        bytes: Bytes,
    },
    /// Bytes of input on this wire that the terminal has taken.
    Taken(u64),
    /// Bytes that reset a terminal and paint the screen on it; the log goes on at the offset.
    Repaint {
        offset: u64,
        bytes: Bytes,
    },
    Size(TerminalSize),
    Status {
        status: TerminalStatus,
        login_url: Option<String>,
    },
    /// The program ended; nothing follows.
    Exit(Exit),
}

/// The hub's end of a wire. It is broken when the other end is dropped.
pub struct Link {
    pub pace: Pace,
    pub to_runtime: mpsc::Sender<ToRuntime>,
    pub from_runtime: mpsc::Receiver<FromRuntime>,
}

/// The runtime's end of a wire.
pub struct LinkEnd {
    pub from_hub: mpsc::Receiver<ToRuntime>,
    pub to_hub: mpsc::Sender<FromRuntime>,
}

/// Makes a wire.
pub fn wire(pace: Pace) -> (Link, LinkEnd) {
    let (to_runtime, from_hub) = mpsc::channel(WAITING);
    let (to_hub, from_runtime) = mpsc::channel(WAITING);
    (Link { pace, to_runtime, from_runtime }, LinkEnd { from_hub, to_hub })
}
