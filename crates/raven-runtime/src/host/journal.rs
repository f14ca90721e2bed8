//! The byte log of one terminal: append-only, addressed by offset, bounded.
//!
//! Owns segments on disk, the tail in memory, and what may be dropped. Must not know terminals, clients
//! or frames.
//!
//! Written bytes are safe from a crash of any of our processes, since the kernel holds them; they are
//! not flushed to the disk one by one, because what must outlive a power cut is recorded elsewhere.

mod times;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use raven_protocol::terminal::Keep;
use raven_protocol::time::Timestamp;

use self::times::{Mark, MarkFile, Recent};
use crate::files;

/// Bytes per segment: small enough that dropping the oldest one drops little.
const SEGMENT: u64 = 4 * 1024 * 1024;

/// Bytes kept in memory, twice this at most: what live readers are behind by, so that they cost no disk.
const TAIL: usize = 64 * 1024;

/// What a log keeps.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    pub keep: Keep,
    /// Bytes on disk, about: of the newest output, or of what is not recorded.
    pub limit: u64,
}

/// A log that is being written, or one whose writer is gone.
pub struct Journal {
    folder: PathBuf,
    bounds: Bounds,
    /// Oldest first; those of a log that was only read have no writer.
    segments: VecDeque<Segment>,
    head: u64,
    /// Everything before it is recorded elsewhere.
    acknowledged: u64,
    tail: Vec<u8>,
    recent: Recent,
    /// The disk refused what follows this offset, which is in memory alone.
    refused_from: Option<u64>,
}

struct Segment {
    start: u64,
    file: File,
    times: MarkFile,
}

impl Journal {
    /// Begins an empty log in a folder that has none.
    pub fn create(folder: &Path, bounds: Bounds) -> io::Result<Self> {
        files::create_private_dir(folder)?;
        let mut journal = Self::empty(folder, bounds);
        journal.begin_segment(0)?;
        Ok(journal)
    }

    /// Opens a log that nobody writes any more. No folder is an empty log.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut starts = Vec::new();
        match std::fs::read_dir(folder) {
            Ok(entries) => {
                for entry in entries {
                    let name = entry?.file_name();
                    starts.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
                }
            }
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => {}
            Err(other) => return Err(other),
        }
        starts.sort_unstable();
        let mut journal = Self::empty(folder, Bounds { keep: Keep::Newest, limit: u64::MAX });
        for start in starts {
            let file = File::open(journal.path(start))?;
            let times = MarkFile::new(files::open_private(&journal.times_path(start))?)?;
            journal.head = start + file.metadata()?.len();
            journal.segments.push_back(Segment { start, file, times });
        }
        Ok(journal)
    }

    fn empty(folder: &Path, bounds: Bounds) -> Self {
        Self {
            folder: folder.to_owned(),
            bounds,
            segments: VecDeque::new(),
            head: 0,
            acknowledged: 0,
            tail: Vec::new(),
            recent: Recent::default(),
            refused_from: None,
        }
    }

    /// Oldest offset that can still be read.
    pub fn base(&self) -> u64 {
        let on_disk = self.segments.front().map_or(self.head, |segment| segment.start);
        on_disk.min(self.tail_start())
    }

    /// Offset after the newest byte.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// Bytes that wait to be recorded; `None` when nothing waits for that.
    pub fn unrecorded(&self) -> Option<u64> {
        (self.bounds.keep == Keep::UntilRecorded).then(|| self.head - self.acknowledged)
    }

    /// Whether more may be added without losing anything that must be kept.
    pub fn has_room(&self) -> bool {
        let Some(waiting) = self.unrecorded() else { return true };
        let marks: u64 = self.segments.iter().map(|segment| segment.times.size()).sum();
        waiting == 0 || (self.refused_from.is_none() && waiting + marks < self.bounds.limit)
    }

    /// Takes a recorder's word that everything before an offset is safe; whole segments of that go.
    pub fn acknowledge(&mut self, offset: u64) {
        self.acknowledged = self.acknowledged.max(offset.min(self.head));
        if self.bounds.keep == Keep::UntilRecorded {
            while self.segments.get(1).is_some_and(|next| next.start <= self.acknowledged) {
                self.drop_oldest();
            }
        }
    }

    /// Nobody records any more: from now on the newest is kept.
    pub fn release(&mut self) {
        self.bounds.keep = Keep::Newest;
        if self.refused_from.take().is_some() {
            // What the disk refused is not in the segments: what follows must not be read behind a hole.
            self.drop_segments();
        }
    }

    /// Adds bytes, which came at a time. When the disk refuses them they are in memory alone: a log that
    /// keeps the newest goes on so, and its base moves up; one that keeps all has no room until they are
    /// recorded, or [`Self::retry`] brings them to the disk.
    pub fn append(&mut self, bytes: &[u8], at: Timestamp) {
        if self.tail.len() + bytes.len() > 2 * TAIL {
            let mut keep = TAIL.saturating_sub(bytes.len()).min(self.tail.len());
            if let (Some(from), Keep::UntilRecorded) = (self.refused_from, self.bounds.keep) {
                keep = keep.max((self.head - from) as usize);
            }
            self.tail.drain(..self.tail.len() - keep);
        }
        let mark = self.recent.is_due(at).then_some(Mark { offset: self.head, at });
        if let Some(mark) = mark {
            self.recent.push(mark, self.tail_start());
        }
        self.tail.extend_from_slice(bytes);
        let written = match self.refused_from {
            Some(_) => Err(io::ErrorKind::StorageFull.into()),
            None => self.write(bytes, mark),
        };
        let before = self.head;
        self.head += bytes.len() as u64;
        if let Err(why) = written {
            self.refuse(before, &why);
        }
    }

    fn refuse(&mut self, from: u64, why: &io::Error) {
        // Once, not for each piece: the log may lie on the same disk.
        if self.refused_from.is_none() {
            tracing::warn!(error = %why, "the disk refused terminal output");
        }
        match self.bounds.keep {
            Keep::Newest => self.drop_segments(),
            Keep::UntilRecorded => {
                self.refused_from.get_or_insert(from);
                // What was written of it has an end that is not ours to trust.
                while self.segments.back().is_some_and(|last| last.start > from) {
                    self.drop_newest();
                }
                if let Some(last) = self.segments.back() {
                    let _tried_again_with_the_bytes = last.file.set_len(from - last.start);
                }
            }
        }
    }

    /// Tries to bring to the disk what it refused.
    pub fn retry(&mut self) {
        let Some(from) = self.refused_from else { return };
        if self.acknowledged >= self.head {
            // Nothing of it is needed: what is there goes, which may make room.
            self.drop_segments();
            self.refused_from = None;
            return;
        }
        let Some(bytes) = self.tail.get((from - self.tail_start().min(from)) as usize..) else { return };
        let bytes = bytes.to_vec();
        let (head, mark) = (std::mem::replace(&mut self.head, from), self.recent.last());
        let written = self.write(&bytes, mark);
        self.head = head;
        match written {
            Ok(()) => self.refused_from = None,
            Err(why) => self.refuse(from, &why),
        }
    }

    /// Reads from an offset into the buffer; 0 bytes at the head or outside the log.
    pub fn read(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        if offset < self.base() || offset >= self.head {
            return Ok(0);
        }
        if offset >= self.tail_start() {
            let from = (offset - self.tail_start()) as usize;
            let bytes = self.tail.get(from..).unwrap_or_default();
            let count = bytes.len().min(into.len());
            into[..count].copy_from_slice(&bytes[..count]);
            return Ok(count);
        }
        let Some(segment) = self.segment_of(offset) else { return Ok(0) };
        segment.file.read_at(into, offset - segment.start)
    }

    /// When the byte at an offset came, and the offset from which on bytes came later.
    pub fn stamp(&self, offset: u64) -> io::Result<(Timestamp, u64)> {
        let found = match self.recent.find(offset) {
            Some(found) => Some(found),
            None => match self.segment_of(offset) {
                Some(segment) => {
                    let next = self.segments.iter().find(|next| next.start > offset).map(|next| next.start);
                    let found = segment.times.find(offset)?;
                    found.map(|(mark, until)| (mark, until.min(next.unwrap_or(u64::MAX))))
                }
                None => None,
            },
        };
        Ok(found.map_or((Timestamp::from_millis(0), u64::MAX), |(mark, until)| (mark.at, until)))
    }

    fn segment_of(&self, offset: u64) -> Option<&Segment> {
        let after = self.segments.partition_point(|segment| segment.start <= offset);
        self.segments.get(after.checked_sub(1)?)
    }

    fn tail_start(&self) -> u64 {
        self.head - self.tail.len() as u64
    }

    fn path(&self, start: u64) -> PathBuf {
        self.folder.join(format!("{start:020}"))
    }

    fn times_path(&self, start: u64) -> PathBuf {
        self.folder.join(format!("{start:020}.times"))
    }

    fn write(&mut self, mut bytes: &[u8], mark: Option<Mark>) -> io::Result<()> {
        let mut at = self.head;
        if let (Some(mark), Some(segment)) = (mark, self.segments.back_mut()) {
            segment.times.push(mark)?;
        }
        while !bytes.is_empty() {
            let full = self.segments.back().is_none_or(|segment| at - segment.start >= SEGMENT);
            if full {
                self.begin_segment(at)?;
            }
            let Some(segment) = self.segments.back_mut() else { return Ok(()) };
            let room = (SEGMENT - (at - segment.start)) as usize;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            segment.file.write_all_at(now, at - segment.start)?;
            at += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    fn begin_segment(&mut self, start: u64) -> io::Result<()> {
        let file = files::open_private(&self.path(start))?;
        file.set_len(0)?;
        let times = files::open_private(&self.times_path(start))?;
        times.set_len(0)?;
        let mut times = MarkFile::new(times)?;
        if let Some(last) = self.recent.last() {
            times.push(Mark { offset: start, at: last.at })?;
        }
        self.segments.push_back(Segment { start, file, times });
        if self.bounds.keep == Keep::Newest {
            while self.segments.len() as u64 > (self.bounds.limit / SEGMENT).max(1) {
                self.drop_oldest();
            }
        }
        Ok(())
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.segments.pop_front() {
            self.remove(oldest.start);
        }
    }

    fn drop_newest(&mut self) {
        if let Some(newest) = self.segments.pop_back() {
            self.remove(newest.start);
        }
    }

    fn drop_segments(&mut self) {
        while !self.segments.is_empty() {
            self.drop_oldest();
        }
    }

    fn remove(&self, start: u64) {
        let _gone = std::fs::remove_file(self.path(start));
        let _gone = std::fs::remove_file(self.times_path(start));
    }
}

#[cfg(test)]
mod tests;
