//! Reads a recording block by block, from the store and from the part that is being written.
//!
//! Owns the order of parts, and what is wrong with the first block that does not follow. Must not know what
//! the entries are read for.

use bytes::Bytes;
use raven_protocol::id::SessionId;

use super::chain::{Broken, Chain};
use super::entry::Entry;
use super::{Recordings, object_key, part, rows};

/// Tries to read parts and the file behind them as they were at one moment.
const TRIES: u32 = 5;

/// A recording as it was when it was opened.
pub struct Reader {
    recordings: Recordings,
    pub row: rows::Model,
    pub segments: Vec<rows::segment::Model>,
    /// Blocks that are not in the store yet.
    open: Option<Bytes>,
    /// The part that the next block is in.
    pub part: usize,
    current: Option<Bytes>,
    pub chain: Chain,
}

/// A block that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("block {block} in part {part}: {why}")]
pub struct BadBlock {
    /// Number of its part, from 0.
    pub part: u64,
    /// Number of the block in the recording, from 0.
    pub block: u64,
    pub why: String,
    pub is_cut: bool,
}

/// Why a block cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Bad(#[from] BadBlock),
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Reader {
    /// Opens a recording as far as it is written now.
    pub async fn open(recordings: &Recordings, row: rows::Model) -> anyhow::Result<Self> {
        let session = SessionId::parse(row.session_id.as_str())?;
        let db = recordings.inner.db.read();
        // Row, then parts, then the file: what is newer in those than the row is no contradiction.
        let (mut row, mut segments, mut open) = (row, Vec::new(), None);
        for _ in 0..TRIES {
            row = rows::find(db, &row.session_id).await?.unwrap_or(row);
            segments = rows::segments(db, &session).await?;
            open = part::read(&recordings.part_path(&session, segments.len() as u64))?;
            // A part that was stored meanwhile is read from the store.
            let now = rows::segments(db, &session).await?.len();
            if now == segments.len() && row.segments == i64::try_from(now)? {
                break;
            }
        }
        let chain = Chain::new(&recordings.inner.keys, &row.session_id);
        Ok(Self { recordings: recordings.clone(), row, segments, open, part: 0, current: None, chain })
    }

    pub fn recordings(&self) -> &Recordings {
        &self.recordings
    }

    /// The end of the chain, as the newest block has it: another recording, or a longer one, has another.
    pub fn chain_link(&self) -> String {
        let open = self.open.as_ref().map_or(0, Bytes::len);
        format!("{}-{open}", self.segments.last().map_or("", |segment| segment.link.as_str()))
    }

    /// How many parts there are, the one being written included.
    pub fn parts(&self) -> usize {
        self.segments.len() + usize::from(self.open.is_some())
    }

    /// Whether a part is in the store, and will never change.
    pub fn is_stored(&self, part: usize) -> bool {
        part < self.segments.len()
    }

    /// Skips to the beginning of a part.
    pub fn skip_to(&mut self, part: usize) -> anyhow::Result<()> {
        self.chain = match part.checked_sub(1).and_then(|before| self.segments.get(before)) {
            Some(before) => super::writer::place_after(&self.row.session_id, before)?,
            None => Chain::new(&self.recordings.inner.keys, &self.row.session_id),
        };
        (self.part, self.current) = (part, None);
        Ok(())
    }

    /// The entries of the next block of the part; `None` at its end, and [`Self::next_part`] goes on.
    ///
    /// # Errors
    /// [`BadBlock`] when it is not what was written. The part that is being written may end in the middle
    /// of a block, which is its end.
    pub async fn next_in_part(&mut self) -> Result<Option<Vec<Entry>>, ReadError> {
        if self.current.is_none() {
            self.current = Some(self.load().await?);
        }
        let Some(current) = &mut self.current else { return Ok(None) };
        let block = self.chain.blocks;
        let bad = |part, why: String, is_cut| BadBlock { part, block, why, is_cut };
        let part = self.part as u64;
        match self.chain.open(&self.recordings.inner.keys, current) {
            Ok(Some(plain)) => match Entry::decode_all(plain) {
                Ok(entries) => Ok(Some(entries)),
                Err(error) => Err(bad(part, format!("{error:#}"), false).into()),
            },
            Ok(None) => Ok(None),
            Err(Broken::Cut) if self.part >= self.segments.len() => Ok(None),
            Err(Broken::Cut) => Err(bad(part, Broken::Cut.to_string(), true).into()),
            Err(Broken::Changed(why)) => Err(bad(part, why, false).into()),
        }
    }

    /// Goes on to the next part; false after the last.
    pub fn next_part(&mut self) -> bool {
        self.part += 1;
        self.current = None;
        self.part < self.parts()
    }

    /// The entries of the next block, whatever part it is in.
    ///
    /// # Errors
    /// As [`Self::next_in_part`].
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>, ReadError> {
        while self.part < self.parts() {
            if let Some(entries) = self.next_in_part().await? {
                return Ok(Some(entries));
            }
            self.next_part();
        }
        Ok(None)
    }

    async fn load(&self) -> Result<Bytes, ReadError> {
        if self.part >= self.segments.len() {
            return Ok(self.open.clone().unwrap_or_default());
        }
        let part = self.part as u64;
        let key = object_key(&self.row, part);
        match self.recordings.inner.store.get(&key).await? {
            Some(blocks) => Ok(blocks),
            None => {
                let why = format!("the part {key} is missing in the store");
                Err(BadBlock { part, block: self.chain.blocks, why, is_cut: false }.into())
            }
        }
    }
}
