//! The part of a recording that is being written: a file of blocks, durable when a write returns.
//!
//! Owns the file's layout and its repair after a crash. Everything here blocks. Must not know the store,
//! the database or who records.
//!
//! A file is `[magic 8][blocks before it, u64 be][link of the last of them 32]` and then blocks.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use bytes::Bytes;
use raven_protocol::time::Timestamp;

use super::chain::{Broken, Chain, Keys, LINK, Link};
use super::entry::{Entry, What};

/// Begins every file.
const MAGIC: &[u8; 8] = b"RVNREC01";

/// Bytes before the first block.
const HEADER: usize = 8 + 8 + LINK;

/// Plain bytes of a block, about: what is read and checked in one piece.
const BLOCK: usize = 1024 * 1024;

/// What some entries come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Offset after the newest output, once there was any or a gap.
    pub head: Option<u64>,
    /// Bytes of output.
    pub bytes: u64,
    pub gaps: u64,
    pub first_at: Option<Timestamp>,
    pub last_at: Option<Timestamp>,
    pub ended: bool,
}

impl Tally {
    pub fn add(&mut self, entry: &Entry) {
        self.first_at.get_or_insert(entry.at);
        self.last_at = Some(entry.at);
        match &entry.what {
            What::Output { offset, bytes } => {
                self.head = Some(offset + bytes.len() as u64);
                self.bytes += bytes.len() as u64;
            }
            What::Gap { to, .. } => {
                self.head = Some(*to);
                self.gaps += 1;
            }
            What::End { .. } => self.ended = true,
            _ => {}
        }
    }
}

/// A file of blocks that is being written.
pub struct Part {
    path: PathBuf,
    file: File,
    /// Bytes in it that are whole and durable.
    length: u64,
    /// Blocks before it.
    pub first_block: u64,
    /// The place after its last block.
    pub chain: Chain,
    pub tally: Tally,
}

/// What the end of a file had to lose.
pub struct SetAside {
    pub bytes: u64,
    pub path: PathBuf,
}

impl Part {
    /// Begins a file at a place of a chain.
    pub fn create(path: &Path, chain: Chain) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let header = [MAGIC.as_slice(), &chain.blocks.to_be_bytes(), &chain.link].concat();
        file.write_all_at(&header, 0)?;
        file.sync_all()?;
        if let Some(folder) = path.parent() {
            File::open(folder)?.sync_all()?;
        }
        let (first_block, length) = (chain.blocks, HEADER as u64);
        Ok(Self { path: path.to_owned(), file, length, first_block, chain, tally: Tally::default() })
    }

    /// Takes up a file that an earlier run wrote. A write that a crash cut off is dropped: nobody was told
    /// that it is recorded. Any other end that cannot prove to be whole, or one that lacks some of the
    /// blocks that are `known` to have been there, is set aside in another file, and told.
    ///
    /// # Errors
    /// When it cannot be read, or does not follow at this place of the chain.
    pub fn resume(
        path: &Path,
        keys: &Keys,
        chain: &Chain,
        known: u64,
    ) -> anyhow::Result<(Self, Option<SetAside>)> {
        let content = Bytes::from(std::fs::read(path)?);
        if content.len() < HEADER {
            // The crash came before anything was durable.
            return Ok((Self::create(path, chain.clone())?, None));
        }
        let mut place = place_of(&content, chain)?;
        let mut rest = content.slice(HEADER..);
        let mut tally = Tally::default();
        let is_cut = loop {
            match place.open(keys, &mut rest) {
                Ok(Some(plain)) => Entry::decode_all(plain)?.iter().for_each(|entry| tally.add(entry)),
                Ok(None) => break false,
                Err(broken) => break matches!(broken, Broken::Cut),
            }
        };
        let length = (content.len() - rest.len()) as u64;
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        let was_told = !is_cut || place.blocks < known;
        let aside = if was_told { set_aside(path, &rest)? } else { None };
        file.set_len(length)?;
        file.sync_all()?;
        let part =
            Self { path: path.to_owned(), file, length, first_block: chain.blocks, chain: place, tally };
        Ok((part, aside))
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of its blocks.
    pub fn size(&self) -> u64 {
        self.length - HEADER as u64
    }

    /// Writes entries; they are on the disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses. Nothing of the entries is there then, and they can be tried again.
    pub fn append(&mut self, keys: &Keys, entries: &[Entry]) -> anyhow::Result<()> {
        let (mut chain, mut tally) = (self.chain.clone(), self.tally);
        let (mut plain, mut blocks) = (Vec::new(), Vec::new());
        for (index, entry) in entries.iter().enumerate() {
            tally.add(entry);
            entry.encode(&mut plain);
            let next = entries.get(index + 1).map_or(BLOCK, Entry::cost);
            if plain.len() + next > BLOCK {
                chain.seal(keys, &plain, &mut blocks)?;
                plain.clear();
            }
        }
        if !plain.is_empty() {
            chain.seal(keys, &plain, &mut blocks)?;
        }
        let written = self.file.write_all_at(&blocks, self.length).and_then(|()| self.file.sync_data());
        if let Err(refused) = written {
            let _what_is_beyond_is_written_over = self.file.set_len(self.length);
            return Err(refused).context("the disk refused the recording");
        }
        self.length += blocks.len() as u64;
        (self.chain, self.tally) = (chain, tally);
        Ok(())
    }

    /// Its blocks.
    pub fn blocks(&self) -> anyhow::Result<Bytes> {
        let mut blocks = vec![0; usize::try_from(self.size())?];
        self.file.read_exact_at(&mut blocks, HEADER as u64)?;
        Ok(blocks.into())
    }

    /// Removes the file: its blocks are kept elsewhere.
    pub fn remove(self) -> io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// The blocks of a file that somebody else may be writing; `None` when there is no such file.
pub fn read(path: &Path) -> io::Result<Option<Bytes>> {
    match std::fs::read(path) {
        Ok(mut content) => Ok(Some(content.split_off(HEADER.min(content.len())).into())),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(other) => Err(other),
    }
}

fn place_of(content: &[u8], chain: &Chain) -> anyhow::Result<Chain> {
    let (magic, rest) = content.split_at(MAGIC.len());
    let (before, rest) = rest.split_first_chunk::<8>().context("too short")?;
    let link: &Link = rest.first_chunk().context("too short")?;
    if magic != MAGIC || u64::from_be_bytes(*before) != chain.blocks || *link != chain.link {
        return Err(anyhow!("it does not follow the parts before it"));
    }
    Ok(chain.clone())
}

fn set_aside(path: &Path, rest: &[u8]) -> io::Result<Option<SetAside>> {
    if rest.is_empty() {
        return Ok(None);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".unreadable-{}", Timestamp::now().as_millis()));
    let aside = path.with_file_name(name);
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all_at(rest, 0)?;
    file.sync_all()?;
    Ok(Some(SetAside { bytes: rest.len() as u64, path: aside }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::Secrets;

    fn output(offset: u64, text: &'static str) -> Entry {
        let what = What::Output { offset, bytes: Bytes::from_static(text.as_bytes()) };
        Entry { at: Timestamp::from_millis(1_000 + offset as i64), what }
    }

    struct Bench {
        folder: tempfile::TempDir,
        keys: Keys,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let keys = Keys::of(&Secrets::open(folder.path()).unwrap()).unwrap();
            Self { folder, keys }
        }

        fn path(&self) -> PathBuf {
            self.folder.path().join("part")
        }

        fn start(&self) -> Chain {
            Chain::new(&self.keys, "ses_1")
        }

        fn resume(&self) -> (Part, Option<SetAside>) {
            self.resume_knowing(0)
        }

        fn resume_knowing(&self, blocks: u64) -> (Part, Option<SetAside>) {
            Part::resume(&self.path(), &self.keys, &self.start(), blocks).unwrap()
        }
    }

    #[test]
    fn a_file_that_is_taken_up_again_goes_on_where_it_was() {
        let bench = Bench::new();
        let mut part = Part::create(&bench.path(), bench.start()).unwrap();
        part.append(&bench.keys, &[output(0, "abc"), output(3, "de")]).unwrap();
        let (chain, tally) = (part.chain.clone(), part.tally);
        drop(part);
        let (mut part, aside) = bench.resume();
        assert!(aside.is_none());
        assert_eq!((&part.chain, part.tally), (&chain, tally));
        assert_eq!((part.tally.head, part.tally.bytes), (Some(5), 5));
        part.append(&bench.keys, &[output(5, "f")]).unwrap();
        let (mut chain, mut blocks) = (bench.start(), part.blocks().unwrap());
        assert_eq!(read(&bench.path()).unwrap().unwrap(), blocks);
        let mut entries = Vec::new();
        while let Some(plain) = chain.open(&bench.keys, &mut blocks).unwrap() {
            entries.extend(Entry::decode_all(plain).unwrap());
        }
        assert_eq!(entries, [output(0, "abc"), output(3, "de"), output(5, "f")]);
    }

    #[test]
    fn whatever_a_crash_leaves_of_the_last_write_goes_and_what_was_told_is_set_aside() {
        let bench = Bench::new();
        let mut part = Part::create(&bench.path(), bench.start()).unwrap();
        part.append(&bench.keys, &[output(0, "abc")]).unwrap();
        let good = std::fs::read(bench.path()).unwrap();
        part.append(&bench.keys, &[output(3, "lost")]).unwrap();
        let whole = std::fs::read(bench.path()).unwrap();
        drop(part);
        for length in good.len()..whole.len() {
            std::fs::write(bench.path(), &whole[..length]).unwrap();
            let (part, aside) = bench.resume();
            assert!(part.tally.head == Some(3) && aside.is_none(), "cut at {length}");
            assert_eq!(std::fs::read(bench.path()).unwrap(), good);
            std::fs::write(bench.path(), &whole[..length]).unwrap();
            let (part, aside) = bench.resume_knowing(2);
            assert_eq!(part.tally.head, Some(3), "cut at {length}");
            assert_eq!(aside.as_ref().map_or(0, |aside| aside.bytes), (length - good.len()) as u64);
            if let Some(aside) = aside {
                std::fs::remove_file(aside.path).unwrap();
            }
            assert_eq!(std::fs::read(bench.path()).unwrap(), good);
        }
        for length in 0..HEADER {
            std::fs::write(bench.path(), &whole[..length]).unwrap();
            assert_eq!(bench.resume().0.tally, Tally::default());
        }
    }

    #[test]
    fn a_file_of_another_place_is_not_taken() {
        let bench = Bench::new();
        drop(Part::create(&bench.path(), bench.start()).unwrap());
        let elsewhere = Chain::at("ses_1", 9, [3; LINK]);
        assert!(Part::resume(&bench.path(), &bench.keys, &elsewhere, 0).is_err());
    }

    #[test]
    fn a_flood_becomes_blocks_that_can_be_read_one_by_one() {
        let bench = Bench::new();
        let mut part = Part::create(&bench.path(), bench.start()).unwrap();
        let bytes = Bytes::from(vec![b'x'; 64 * 1024]);
        let entries: Vec<Entry> = (0..40)
            .map(|n| Entry {
                at: Timestamp::from_millis(n),
                what: What::Output { offset: n as u64 * 65_536, bytes: bytes.clone() },
            })
            .collect();
        part.append(&bench.keys, &entries).unwrap();
        assert_eq!(part.chain.blocks, 3);
        assert_eq!(part.tally.bytes, 40 * 65_536);
    }
}
