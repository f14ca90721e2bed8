//! The runtime's event stream: numbered without gaps, kept over restarts, bounded.
//!
//! Owns numbers, storage and replay. Must not know what the events mean or who may hear them.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use raven_protocol::event::{EventFrame, RuntimeEvent};
use raven_protocol::id::AgentId;
use raven_protocol::time::Timestamp;
use tokio::sync::watch;

use crate::files;

/// Events that can be replayed, at least; two files of as many lie on the disk. About 2 MiB in memory.
const KEPT: usize = 2048;

/// Handle to the one stream.
#[derive(Clone)]
pub struct Events {
    log: Arc<Mutex<Log>>,
    head: watch::Sender<u64>,
}

struct Log {
    folder: PathBuf,
    file: File,
    /// Number of the first event in the file.
    file_start: u64,
    next: u64,
    kept: VecDeque<Kept>,
}

/// An event ready to be sent.
#[derive(Clone)]
pub struct Kept {
    /// Its number.
    pub seq: u64,
    /// The agent that it is about.
    pub agent: Option<AgentId>,
    /// The frame as JSON.
    pub json: Arc<str>,
}

/// What a listener gets from a place in the stream.
pub enum Replay {
    /// The event at that place.
    Event(Kept),
    /// Nothing yet.
    Reached,
    /// The place is outside what is kept; the stream goes on after this number.
    Gap {
        /// The newest event's number.
        head: u64,
    },
}

impl Events {
    /// Opens the stream in a folder, going on after the last event that was written whole.
    pub fn open(folder: &Path) -> io::Result<Self> {
        files::create_private_dir(folder)?;
        let mut starts = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            starts.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
        }
        starts.sort_unstable();
        let mut kept = VecDeque::new();
        for &start in &starts {
            read_events(&path(folder, start), &mut kept)?;
        }
        let next = kept.back().map_or(starts.last().copied().unwrap_or(1), |last| last.seq + 1);
        // A new file, so that a line torn by a power cut is never continued.
        let file = files::append_private(&path(folder, next))?;
        let mut log = Log { folder: folder.to_owned(), file, file_start: next, next, kept };
        log.forget();
        Ok(Self { log: Arc::new(Mutex::new(log)), head: watch::Sender::new(next - 1) })
    }

    /// Adds an event: on the disk first, then to the listeners.
    pub fn append(&self, event: RuntimeEvent) -> io::Result<u64> {
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let seq = log.next;
        let agent = event.agent().map(|agent| agent.id.clone());
        let json = serde_json::to_string(&EventFrame { seq, event, timestamp: Timestamp::now() })?;
        let written = log.write(&json);
        // A full disk must not silence the stream: listeners now hear it, those after a restart re-read.
        log.next += 1;
        log.kept.push_back(Kept { seq, agent, json: json.into() });
        log.forget_events();
        drop(log);
        self.head.send_replace(seq);
        written.map(|()| seq)
    }

    /// Number of the newest event.
    pub fn head(&self) -> u64 {
        *self.head.borrow()
    }

    /// Hears of new events.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.head.subscribe()
    }

    /// What follows after a number.
    pub fn after(&self, seq: u64) -> Replay {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let head = log.next - 1;
        if seq == head {
            return Replay::Reached;
        }
        let first = log.kept.front().map_or(log.next, |kept| kept.seq);
        let index = (seq + 1).checked_sub(first).and_then(|index| usize::try_from(index).ok());
        match index.and_then(|index| log.kept.get(index)) {
            Some(kept) => Replay::Event(kept.clone()),
            None => Replay::Gap { head },
        }
    }
}

impl Log {
    fn write(&mut self, json: &str) -> io::Result<()> {
        if self.next - self.file_start >= KEPT as u64 {
            self.file = files::append_private(&path(&self.folder, self.next))?;
            self.file_start = self.next;
            self.forget();
        }
        self.file.write_all(format!("{json}\n").as_bytes())
    }

    fn forget_events(&mut self) {
        while self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }

    /// Lets go of files that hold nothing of what is kept.
    fn forget(&mut self) {
        self.forget_events();
        let first = self.kept.front().map_or(self.next, |kept| kept.seq);
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return };
        let mut starts: Vec<u64> =
            entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect();
        starts.sort_unstable();
        for pair in starts.windows(2) {
            if let [old, next] = *pair
                && next <= first
            {
                let _gone = std::fs::remove_file(path(&self.folder, old));
            }
        }
    }
}

fn path(folder: &Path, start: u64) -> PathBuf {
    folder.join(format!("{start:020}"))
}

/// Reads events up to the first line that is none, which a crash may have left.
fn read_events(path: &Path, kept: &mut VecDeque<Kept>) -> io::Result<()> {
    for line in BufReader::new(File::open(path)?).lines() {
        let line = line?;
        let Ok(frame) = serde_json::from_str::<EventFrame>(&line) else { break };
        // After a gap, which a full disk may have left, only what follows it can be replayed.
        if kept.back().is_some_and(|last| last.seq + 1 != frame.seq) {
            kept.clear();
        }
        let agent = frame.event.agent().map(|agent| agent.id.clone());
        kept.push_back(Kept { seq: frame.seq, agent, json: line.into() });
    }
    Ok(())
}
