//! Whether a recording is what was written: every block, their order, and the end.
//!
//! Owns the verdict. Must not know who asks.

use raven_protocol::time::Timestamp;
use serde::Serialize;

use super::entry::What;
use super::reader::{ReadError, Reader};
use super::{Recordings, State, link_of};

/// What came of checking a recording.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every block is what was written, and none is missing.
    Intact,
    /// A block was changed, exchanged, left out or added, or what is known of the chain was.
    Broken,
    /// The end is missing.
    Cut,
}

/// The verdict, and what it rests on.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    pub outcome: Outcome,
    /// Parts and blocks that were checked and are good.
    pub segments: u64,
    pub blocks: u64,
    /// Bytes of output in them.
    pub bytes: u64,
    /// The first thing that is not what was written.
    pub first_bad: Option<FirstBad>,
    pub checked_at: Timestamp,
}

/// Where a recording stops being what was written.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct FirstBad {
    /// Number of the part, from 0.
    pub segment: u64,
    /// Number of the block in the recording, from 0.
    pub block: u64,
    pub why: String,
}

impl Recordings {
    /// Checks a recording from its first block to its last.
    ///
    /// # Errors
    /// When it cannot be read at all; what is wrong with it is in the verdict.
    pub async fn verify(&self, mut reader: Reader) -> anyhow::Result<Verdict> {
        let mut check = Check { segments: 0, bytes: 0, saw_end: false, at_row: reader.row.blocks == 0 };
        let bad = match check.run(self, &mut reader).await {
            Ok(()) => None,
            Err(Wrong::Bad(bad)) => Some(bad),
            Err(Wrong::Failed(error)) => return Err(error),
        };
        let outcome = match &bad {
            None => Outcome::Intact,
            Some((_, true)) => Outcome::Cut,
            Some((_, false)) => Outcome::Broken,
        };
        Ok(Verdict {
            outcome,
            segments: check.segments,
            blocks: reader.chain.blocks,
            bytes: check.bytes,
            first_bad: bad.map(|(bad, _)| bad),
            checked_at: Timestamp::now(),
        })
    }
}

enum Wrong {
    /// And whether only the end is missing.
    Bad((FirstBad, bool)),
    Failed(anyhow::Error),
}

impl From<ReadError> for Wrong {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Bad(bad) => {
                Self::Bad((FirstBad { segment: bad.part, block: bad.block, why: bad.why }, bad.is_cut))
            }
            ReadError::Failed(error) => Self::Failed(error),
        }
    }
}

impl From<anyhow::Error> for Wrong {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

struct Check {
    segments: u64,
    bytes: u64,
    saw_end: bool,
    /// The place that the row tells of was passed, with the right link.
    at_row: bool,
}

impl Check {
    async fn run(&mut self, recordings: &Recordings, reader: &mut Reader) -> Result<(), Wrong> {
        if recordings.seal(&reader.row) != reader.row.seal {
            return Err(here(reader, "what the database says of the recording was changed", false));
        }
        if reader.row.segments != i64::try_from(reader.segments.len()).unwrap_or(i64::MAX) {
            return Err(here(reader, "the database tells of another number of parts", false));
        }
        if reader.row.lost_blocks > 0 {
            let why =
                format!("{} blocks were gone when the server was started again", reader.row.lost_blocks);
            return Err(here(reader, &why, true));
        }
        while reader.part < reader.parts() {
            self.part(reader).await?;
            self.segments += 1;
            reader.next_part();
        }
        let is_over = reader.row.state != State::Recording.as_str();
        if !self.at_row {
            return Err(here(reader, "it ends before the newest block that the database tells of", true));
        }
        if is_over && !self.saw_end {
            return Err(here(reader, "it ended, and its end is not there", true));
        }
        Ok(())
    }

    async fn part(&mut self, reader: &mut Reader) -> Result<(), Wrong> {
        while let Some(entries) = reader.next_in_part().await? {
            for entry in entries {
                if self.saw_end {
                    return Err(here(reader, "something follows its end", false));
                }
                match entry.what {
                    What::Output { bytes, .. } => self.bytes += bytes.len() as u64,
                    What::End { .. } => self.saw_end = true,
                    _ => {}
                }
            }
            if reader.chain.blocks == u64::try_from(reader.row.blocks).unwrap_or(u64::MAX) {
                if reader.chain.link != link_of(&reader.row.link)? {
                    return Err(here(reader, "it is not the chain that the database tells of", false));
                }
                self.at_row = true;
            }
        }
        let Some(row) = reader.segments.get(reader.part) else { return Ok(()) };
        let blocks = u64::try_from(row.first_block + row.blocks).unwrap_or(u64::MAX);
        if reader.chain.blocks < blocks {
            return Err(here(reader, "blocks at the end of the part are missing", true));
        }
        if reader.chain.blocks != blocks || reader.chain.link != link_of(&row.link)? {
            return Err(here(reader, "it is not the part that the database tells of", false));
        }
        Ok(())
    }
}

fn here(reader: &Reader, why: &str, is_cut: bool) -> Wrong {
    // What is missing after the last part is missing in it.
    let segment = reader.part.min(reader.parts().saturating_sub(1)) as u64;
    let bad = FirstBad { segment, block: reader.chain.blocks, why: why.to_owned() };
    Wrong::Bad((bad, is_cut))
}
