//! Runtimes that send plain output: the screen, offsets and answers to queries are made here.
//!
//! A runtime of the guide's "Runtime Integration" relays what its PTY writes and nothing more. This
//! gives the hub the same as a framed link does. Must not know which socket carries the stream.

use bytes::Bytes;
use raven_protocol::terminal::TerminalSize;
use raven_screen::Screen;

use super::link::FromRuntime;

/// Lines above the screen that a repaint brings back.
const SCROLLBACK: usize = 1000;

/// The screen of a plain stream.
pub struct RawStream {
    screen: Screen,
    offset: u64,
}

impl RawStream {
    /// An empty screen; what comes is counted from an offset on.
    pub fn new(size: TerminalSize, offset: u64) -> Self {
        Self { screen: Screen::new(size.cols, size.rows, SCROLLBACK), offset }
    }

    /// Takes output; answers it for the hub, and what to type in answer to the queries in it.
    pub fn output(&mut self, bytes: Bytes) -> (FromRuntime, Vec<u8>) {
        let offset = self.offset;
        self.offset += bytes.len() as u64;
        let answers = self.screen.feed(&bytes);
        (FromRuntime::Output { offset, at: None, bytes }, answers)
    }

    /// The screen at the current position.
    pub fn repaint(&self) -> FromRuntime {
        FromRuntime::Repaint { offset: self.offset, bytes: self.screen.repaint().into() }
    }

    pub fn resize(&mut self, size: TerminalSize) {
        self.screen.resize(size.cols, size.rows);
    }
}
