//! The byte log of one terminal: append-only, addressed by offset, bounded.
//!
//! Owns segments on disk and the tail in memory. Must not know terminals, clients or frames.
//!
//! Written bytes are safe from a crash of any of our processes, since the kernel holds them; they are
//! not flushed to the disk one by one, because what must outlive a power cut is recorded elsewhere.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use crate::files;

/// Bytes per segment: small enough that dropping the oldest one drops little.
const SEGMENT: u64 = 4 * 1024 * 1024;

/// Segments kept, so that 64 MiB of output can be replayed and a flood does not fill the disk.
const SEGMENTS: usize = 16;

/// Bytes kept in memory, twice this at most: what live readers are behind by, so that they cost no disk.
const TAIL: usize = 64 * 1024;

/// A log that is being written, or one whose writer is gone.
pub struct Journal {
    folder: PathBuf,
    /// Offset and file of each segment, oldest first; a log that was only read has no writer.
    segments: VecDeque<Segment>,
    head: u64,
    tail: Vec<u8>,
    /// Whether the disk refused the last piece.
    refused: bool,
}

struct Segment {
    start: u64,
    file: File,
}

impl Journal {
    /// Begins an empty log in a folder that has none.
    pub fn create(folder: &Path) -> io::Result<Self> {
        files::create_private_dir(folder)?;
        let mut journal = Self::empty(folder);
        journal.begin_segment()?;
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
        let mut journal = Self::empty(folder);
        for start in starts {
            let file = File::open(journal.path(start))?;
            journal.head = start + file.metadata()?.len();
            journal.segments.push_back(Segment { start, file });
        }
        Ok(journal)
    }

    fn empty(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder, segments: VecDeque::new(), head: 0, tail: Vec::new(), refused: false }
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

    /// Adds bytes. When the disk refuses them the log goes on in memory alone: its base moves up, and
    /// offsets stay true.
    pub fn append(&mut self, bytes: &[u8]) {
        if self.tail.len() + bytes.len() > 2 * TAIL {
            let keep = TAIL.saturating_sub(bytes.len()).min(self.tail.len());
            self.tail.drain(..self.tail.len() - keep);
        }
        self.tail.extend_from_slice(bytes);
        let written = self.write(bytes);
        self.head += bytes.len() as u64;
        match written {
            Ok(()) => self.refused = false,
            Err(why) => {
                // Once, not for each piece: the log may lie on the same disk.
                if !std::mem::replace(&mut self.refused, true) {
                    tracing::warn!(error = %why, "the disk refused terminal output; older output is dropped");
                }
                self.drop_segments();
            }
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
        let after = self.segments.partition_point(|segment| segment.start <= offset);
        let Some(segment) = after.checked_sub(1).and_then(|index| self.segments.get(index)) else {
            return Ok(0);
        };
        segment.file.read_at(into, offset - segment.start)
    }

    fn tail_start(&self) -> u64 {
        self.head - self.tail.len() as u64
    }

    fn path(&self, start: u64) -> PathBuf {
        self.folder.join(format!("{start:020}"))
    }

    fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        let mut at = self.head;
        while !bytes.is_empty() {
            let full = self.segments.back().is_none_or(|segment| at - segment.start >= SEGMENT);
            if full {
                self.begin_segment_at(at)?;
            }
            let Some(segment) = self.segments.back_mut() else { return Ok(()) };
            let room = (SEGMENT - (at - segment.start)) as usize;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            segment.file.write_all(now)?;
            at += now.len() as u64;
            bytes = later;
        }
        Ok(())
    }

    fn begin_segment(&mut self) -> io::Result<()> {
        self.begin_segment_at(self.head)
    }

    fn begin_segment_at(&mut self, start: u64) -> io::Result<()> {
        let file = files::open_private(&self.path(start))?;
        file.set_len(0)?;
        self.segments.push_back(Segment { start, file });
        while self.segments.len() > SEGMENTS {
            let Some(oldest) = self.segments.pop_front() else { break };
            let _gone = std::fs::remove_file(self.path(oldest.start));
        }
        Ok(())
    }

    /// After a refused write: what is on disk has an end that is not ours to trust.
    fn drop_segments(&mut self) {
        while let Some(segment) = self.segments.pop_front() {
            let _gone = std::fs::remove_file(self.path(segment.start));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(from: u64, count: usize) -> Vec<u8> {
        (from..from + count as u64).map(|at| (at % 251) as u8).collect()
    }

    fn read_all(journal: &Journal, mut at: u64) -> Vec<u8> {
        let (mut all, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        loop {
            let count = journal.read(at, &mut buffer).unwrap();
            if count == 0 {
                return all;
            }
            all.extend_from_slice(&buffer[..count]);
            at += count as u64;
        }
    }

    #[test]
    fn every_offset_reads_back_across_segments_while_written_and_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path()).unwrap();
        let total = SEGMENT as usize * 2 + 12_345;
        let all = pattern(0, total);
        for chunk in all.chunks(7_919) {
            journal.append(chunk);
        }
        for log in [&journal, &Journal::open(folder.path()).unwrap()] {
            assert_eq!((log.base(), log.head()), (0, total as u64));
            for at in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, total as u64 - 70_000, total as u64 - 1] {
                assert!(read_all(log, at) == all[at as usize..], "from {at}");
            }
            assert_eq!(log.read(total as u64, &mut [0; 8]).unwrap(), 0);
            assert_eq!(log.read(u64::MAX, &mut [0; 8]).unwrap(), 0);
        }
    }

    #[test]
    fn the_oldest_segments_go_and_the_base_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path()).unwrap();
        let chunk = vec![b'x'; 1024 * 1024];
        for _ in 0..70 {
            journal.append(&chunk);
        }
        assert_eq!(journal.head(), 70 * 1024 * 1024);
        assert_eq!(journal.base(), 8 * 1024 * 1024);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), SEGMENTS);
        assert_eq!(journal.read(0, &mut [0; 8]).unwrap(), 0);
        assert_eq!(read_all(&journal, journal.base()).len(), 62 * 1024 * 1024);
    }

    #[test]
    fn a_disk_that_refuses_costs_old_output_but_no_new_byte() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(&folder.path().join("log")).unwrap();
        journal.append(&pattern(0, 10));
        journal.drop_segments();
        std::fs::remove_dir(folder.path().join("log")).unwrap();
        journal.append(&pattern(10, 10));
        assert_eq!((journal.base(), journal.head()), (0, 20), "the tail in memory still has it all");
        assert_eq!(read_all(&journal, 0), pattern(0, 20));
        journal.append(&vec![1; 3 * TAIL]);
        assert_eq!(journal.head(), 20 + 3 * TAIL as u64);
        assert_eq!(read_all(&journal, journal.base()).len() as u64, journal.head() - journal.base());
    }
}
