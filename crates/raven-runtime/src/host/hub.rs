//! One terminal's state, shared by the tasks of its host: journal, screen, size, outcome.
//!
//! Owns what each attached client gets next, as a cursor into the journal: a client costs no buffer, and
//! one that falls behind the journal is cut over to a repaint. Must not know sockets or processes.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use raven_protocol::runtime_api::ScreenJson;
use raven_protocol::terminal::{Exit, Frame, FrameKind, ServerControl, TerminalSize};
use raven_protocol::time::Timestamp;
use raven_screen::Screen;
use tokio::sync::watch;

use super::journal::Journal;
use super::look::{Look, LookLink, LookRow, Signal, SignalSource};
use super::wire::{Motion, Outcome, Reader, json_message};

/// Lines that a repaint can scroll back to.
pub const SCROLLBACK: usize = 1000;

/// Size changes remembered, so that a replay shows each at its place in the stream.
const SIZES: usize = 1024;

/// Signals kept for a watcher that comes back: hooks run a few times in each turn.
const SIGNALS: usize = 256;

/// Lines of the screen that tell of an end.
const LAST_LINES: usize = 10;

/// The shared state. Everything is done within one turn of one thread.
#[derive(Clone)]
pub struct Hub {
    state: Rc<RefCell<State>>,
    changed: watch::Sender<()>,
    signalled: watch::Sender<()>,
}

struct State {
    journal: Journal,
    screen: Screen,
    sizes: VecDeque<SizeChange>,
    /// Number of the first remembered size change.
    first_size: u64,
    last_output_at: Option<Timestamp>,
    /// Since when the program waits for its recorder.
    held_since: Option<Timestamp>,
    exit: Option<Exit>,
    signals: VecDeque<Signal>,
    /// Signals so far.
    last_signal: u64,
}

#[derive(Clone, Copy)]
struct SizeChange {
    offset: u64,
    size: TerminalSize,
}

/// Where one client is in the stream.
pub struct Cursor {
    reader: Reader,
    offset: u64,
    /// Number of the next size change to tell.
    next_size: u64,
    repaint: Option<Repaint>,
}

/// A repaint that was taken and waits for its place in the stream.
struct Repaint {
    offset: u64,
    next_size: u64,
    bytes: Vec<u8>,
}

/// What a client gets next.
pub enum Step {
    /// This message, and more may follow.
    Send(Bytes),
    /// This message, and nothing after it.
    Last(Bytes),
    /// Nothing until something changes.
    Wait,
}

impl Hub {
    /// A terminal that has shown nothing yet.
    pub fn new(journal: Journal, size: TerminalSize) -> Self {
        let state = State {
            journal,
            screen: Screen::new(size.cols, size.rows, SCROLLBACK),
            sizes: VecDeque::from([SizeChange { offset: 0, size }]),
            first_size: 0,
            last_output_at: None,
            held_since: None,
            exit: None,
            signals: VecDeque::new(),
            last_signal: 0,
        };
        let signalled = watch::Sender::new(());
        Self { signalled, state: Rc::new(RefCell::new(state)), changed: watch::Sender::new(()) }
    }

    /// Hears of every change.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Takes output of the program; answers what the terminal says to it.
    pub fn output(&self, bytes: &[u8]) -> Vec<u8> {
        let mut state = self.state.borrow_mut();
        let now = Timestamp::now();
        state.journal.append(bytes, now);
        state.last_output_at = Some(now);
        let answers = state.screen.feed(bytes);
        let said = state.screen.take_signals();
        drop(state);
        for signal in said {
            match signal {
                raven_screen::Signal::Status(body) => self.signal(SignalSource::ProgramStatus, None, body),
                raven_screen::Signal::Notification(text) => {
                    self.signal(SignalSource::Notification, None, text)
                }
            }
        }
        self.changed.send_replace(());
        answers
    }

    /// Takes what the program, or a hook of it, says beside its screen.
    pub fn signal(&self, source: SignalSource, name: Option<String>, body: String) {
        let mut state = self.state.borrow_mut();
        state.last_signal += 1;
        let signal = Signal { seq: state.last_signal, at: Timestamp::now(), source, name, body };
        if state.signals.len() == SIGNALS {
            state.signals.pop_front();
        }
        state.signals.push_back(signal);
        drop(state);
        self.signalled.send_replace(());
    }

    /// Hears of every signal.
    pub fn signalled(&self) -> watch::Receiver<()> {
        self.signalled.subscribe()
    }

    /// The first signal after one, of those that are kept.
    pub fn signal_after(&self, seq: u64) -> Option<Signal> {
        self.state.borrow().signals.iter().find(|signal| signal.seq > seq).cloned()
    }

    /// The screen as it is now.
    pub fn look(&self) -> Look {
        let state = self.state.borrow();
        let screen = &state.screen;
        let (cols, rows) = screen.size();
        let row = |(number, (text, bright))| LookRow {
            wraps: screen.wraps(u16::try_from(number).unwrap_or(u16::MAX)),
            text,
            bright,
        };
        Look {
            head: state.journal.head(),
            fingerprint: screen.fingerprint(),
            size: TerminalSize::new(cols.into(), rows.into()).unwrap_or(TerminalSize::DEFAULT),
            rows: screen.lines().into_iter().zip(screen.without_faint()).enumerate().map(row).collect(),
            cursor: screen.cursor(),
            title: screen.title(),
            alternate: screen.alternate(),
            bracketed_paste: screen.bracketed_paste(),
            links: screen.links().into_iter().map(|(uri, row)| LookLink { uri, row }).collect(),
        }
    }

    /// What a look would show anew: fingerprint and title.
    pub fn face(&self) -> (u64, Option<String>) {
        let state = self.state.borrow();
        (state.screen.fingerprint(), state.screen.title())
    }

    /// Whether the program is in the middle of painting.
    pub fn mid_frame(&self) -> bool {
        self.state.borrow().screen.mid_frame()
    }

    /// Takes a new size, unless it is the old one. True when it is new.
    pub fn resize(&self, size: TerminalSize) -> bool {
        let mut state = self.state.borrow_mut();
        if state.size() == size {
            return false;
        }
        state.screen.resize(size.cols, size.rows);
        let offset = state.journal.head();
        state.sizes.push_back(SizeChange { offset, size });
        if state.sizes.len() > SIZES {
            state.sizes.pop_front();
            state.first_size += 1;
        }
        drop(state);
        self.changed.send_replace(());
        true
    }

    /// Takes the end of the program; nothing may be put out after it.
    pub fn end(&self, exit: Exit) {
        self.state.borrow_mut().exit = Some(exit);
        self.changed.send_replace(());
    }

    /// How far the output has come.
    pub fn motion(&self) -> Motion {
        let state = self.state.borrow();
        Motion {
            head: state.journal.head(),
            last_output_at: state.last_output_at,
            held_since: state.held_since,
            unrecorded: state.journal.unrecorded(),
        }
    }

    /// Whether more output may be taken. While it may not, the program waits, and that is told.
    pub fn has_room(&self) -> bool {
        let mut state = self.state.borrow_mut();
        if !state.journal.has_room() {
            state.journal.retry();
        }
        let has_room = state.journal.has_room();
        let was_held = state.held_since.is_some();
        match (has_room, was_held) {
            (true, true) => state.held_since = None,
            (false, false) => state.held_since = Some(Timestamp::now()),
            _ => return has_room,
        }
        drop(state);
        self.changed.send_replace(());
        has_room
    }

    /// Takes a recorder's word that everything before an offset is safe.
    pub fn acknowledge(&self, offset: u64) {
        self.state.borrow_mut().journal.acknowledge(offset);
        self.changed.send_replace(());
    }

    /// Takes a recorder's word that it records no more.
    pub fn release(&self) {
        self.state.borrow_mut().journal.release();
        self.changed.send_replace(());
    }

    /// The screen as text.
    pub fn screen(&self) -> ScreenJson {
        describe(&self.state.borrow().screen)
    }

    /// A number that is the same as long as the screen shows the same text.
    pub fn fingerprint(&self) -> u64 {
        self.state.borrow().screen.fingerprint()
    }

    /// Bytes that repaint the screen.
    pub fn repaint(&self) -> Vec<u8> {
        self.state.borrow().screen.repaint()
    }

    /// What is kept of an end.
    pub fn outcome(&self, exit: Exit) -> Outcome {
        let state = self.state.borrow();
        let lines = state.screen.lines();
        Outcome { exit, at: Timestamp::now(), last_lines: last_lines(&lines), head: state.journal.head() }
    }

    /// Begins a client's stream: its first message and its place.
    pub fn attach(&self, since: Option<u64>, reader: Reader) -> io::Result<(Bytes, Cursor)> {
        let state = self.state.borrow();
        let (base, head) = (state.journal.base(), state.journal.head());
        let since = match reader {
            Reader::Viewer => since.filter(|since| *since >= base),
            // What is gone is gone; a recorder wants all the rest.
            Reader::Recorder => Some(since.unwrap_or(0).max(base)),
        };
        let resumed = since.filter(|since| *since <= head).and_then(|offset| {
            let before = state.sizes.iter().rposition(|change| change.offset <= offset);
            let before = before.or((reader == Reader::Recorder).then_some(0))?;
            let next_size = state.first_size + before as u64 + 1;
            Some((Cursor { reader, offset, next_size, repaint: None }, state.sizes.get(before)?.size))
        });
        let (cursor, size) = resumed.unwrap_or_else(|| (state.at_head(reader), state.size()));
        Ok((json_message(&ServerControl::Hello { base, head, size })?, cursor))
    }

    /// Asks for a repaint at the place that the stream has reached now.
    pub fn request_repaint(&self, cursor: &mut Cursor) {
        if cursor.repaint.is_none() {
            cursor.repaint = self.state.borrow().at_head(cursor.reader).repaint;
            self.changed.send_replace(());
        }
    }

    /// What the client gets next; its place moves on.
    pub fn step(&self, cursor: &mut Cursor) -> io::Result<Step> {
        self.state.borrow().step(cursor)
    }
}

impl State {
    fn size(&self) -> TerminalSize {
        self.sizes.back().map_or(TerminalSize::DEFAULT, |change| change.size)
    }

    fn next_size(&self) -> u64 {
        self.first_size + self.sizes.len() as u64
    }

    /// The place of a client that starts with a repaint.
    fn at_head(&self, reader: Reader) -> Cursor {
        let (offset, next_size) = (self.journal.head(), self.next_size());
        let repaint = Repaint { offset, next_size, bytes: self.screen.repaint() };
        Cursor { reader, offset, next_size, repaint: Some(repaint) }
    }

    fn step(&self, cursor: &mut Cursor) -> io::Result<Step> {
        if cursor.offset < self.journal.base() || cursor.next_size < self.first_size {
            match cursor.reader {
                Reader::Viewer => {
                    *cursor = self.at_head(Reader::Viewer);
                    return Ok(Step::Send(json_message(&ServerControl::Size { size: self.size() })?));
                }
                // The gap shows in the offsets; everything after it is still wanted.
                Reader::Recorder => {
                    cursor.offset = cursor.offset.max(self.journal.base());
                    if cursor.repaint.as_ref().is_some_and(|taken| taken.offset < cursor.offset) {
                        // It was overtaken: its place will not come again.
                        cursor.repaint = self.at_head(Reader::Recorder).repaint;
                    }
                    cursor.next_size = cursor.next_size.max(self.first_size);
                }
            }
        }
        let due = cursor
            .repaint
            .take_if(|repaint| repaint.offset == cursor.offset && repaint.next_size <= cursor.next_size);
        if let Some(Repaint { offset, bytes, .. }) = due {
            let frame = Frame { kind: FrameKind::Repaint, offset, bytes: &bytes };
            return Ok(Step::Send(frame.encode().into()));
        }
        let size = self.sizes.get((cursor.next_size - self.first_size) as usize);
        if let Some(change) = size.filter(|change| change.offset <= cursor.offset) {
            cursor.next_size += 1;
            return Ok(Step::Send(json_message(&ServerControl::Size { size: change.size })?));
        }
        let repaint_at = cursor.repaint.as_ref().map(|repaint| repaint.offset);
        let stops = [repaint_at, size.map(|change| change.offset), Some(self.journal.head())];
        let until = stops.into_iter().flatten().min().unwrap_or(cursor.offset);
        if until > cursor.offset {
            return self.output(cursor, until - cursor.offset);
        }
        match self.exit {
            Some(exit) => Ok(Step::Last(json_message(&ServerControl::Exit { exit })?)),
            None => Ok(Step::Wait),
        }
    }

    fn output(&self, cursor: &mut Cursor, most: u64) -> io::Result<Step> {
        let Some(message) = self.journal.frame(cursor.offset, most, cursor.reader)? else {
            return Err(io::Error::other("the journal is shorter than its head"));
        };
        cursor.offset = message.until;
        Ok(Step::Send(message.bytes.into()))
    }
}

/// A screen as the screen call answers it.
pub fn describe(screen: &Screen) -> ScreenJson {
    let (cols, rows) = screen.size();
    ScreenJson {
        size: TerminalSize::new(cols.into(), rows.into()).unwrap_or(TerminalSize::DEFAULT),
        lines: screen.lines(),
        cursor: screen.cursor(),
        title: screen.title(),
        alternate_screen: screen.alternate(),
    }
}

/// The last lines that say something.
pub fn last_lines(lines: &[String]) -> Vec<String> {
    let told: Vec<&String> = lines.iter().filter(|line| !line.trim().is_empty()).collect();
    told.iter().skip(told.len().saturating_sub(LAST_LINES)).map(|line| (*line).clone()).collect()
}
