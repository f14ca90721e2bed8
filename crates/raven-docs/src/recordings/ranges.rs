//! Any range of a recording in one of its forms, without rendering all of it again.
//!
//! Owns how long stored parts are in each form, which never changes, and the streams made of parts. Must not
//! know HTTP.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;

use super::cast::{Form, Writer};
use super::reader::{ReadError, Reader};

/// Parts whose lengths are remembered: some hundred gigabytes of recordings.
const REMEMBERED: usize = 10_000;

/// How long parts are, and where their writers stood after them.
#[derive(Default)]
pub struct Lengths {
    known: Mutex<HashMap<(String, usize, Form), Known>>,
}

#[derive(Clone)]
struct Known {
    length: u64,
    after: Writer,
}

/// Where each part of a recording begins in one form.
pub struct Layout {
    form: Form,
    /// Offset of each part, and the writer before it.
    parts: Vec<(u64, Writer)>,
    pub total: u64,
}

impl Lengths {
    fn get(&self, key: &(String, usize, Form)) -> Option<Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn put(&self, key: (String, usize, Form), known: Known) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(key, known);
    }
}

impl Layout {
    /// Measures a recording as it was when the reader was opened.
    ///
    /// # Errors
    /// When a block cannot be read.
    pub async fn of(reader: &mut Reader, form: Form) -> Result<Self, ReadError> {
        let (mut at, mut writer, mut parts) = (0, Writer::new(form), Vec::new());
        for part in 0..reader.parts() {
            parts.push((at, writer.clone()));
            let key = (reader.row.session_id.clone(), part, form);
            let known = match reader.recordings().inner.lengths.get(&key) {
                Some(known) => known,
                None => {
                    let known = measure(reader, part, writer).await?;
                    if reader.is_stored(part) {
                        reader.recordings().inner.lengths.put(key, known.clone());
                    }
                    known
                }
            };
            at += known.length;
            writer = known.after;
        }
        Ok(Self { form, parts, total: at })
    }

    /// The bytes of a range, block by block.
    pub fn stream(
        self,
        reader: Reader,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, ReadError>> + Send + 'static {
        let from = self.parts.partition_point(|(begin, _)| *begin <= range.start).saturating_sub(1);
        let (at, writer) = self.parts.get(from).cloned().unwrap_or((0, Writer::new(self.form)));
        let place = Place { reader, writer, at, range, skip_to: Some(from) };
        try_unfold(place, |mut place| async move {
            if let Some(part) = place.skip_to.take() {
                place.reader.skip_to(part)?;
            }
            Ok(place.next().await?.map(|bytes| (bytes, place)))
        })
    }
}

async fn measure(reader: &mut Reader, part: usize, mut writer: Writer) -> Result<Known, ReadError> {
    reader.skip_to(part)?;
    let (mut length, mut buffer) = (0, Vec::new());
    while let Some(entries) = reader.next_in_part().await? {
        for entry in &entries {
            writer.write(entry, &mut buffer);
        }
        length += buffer.len() as u64;
        buffer.clear();
    }
    Ok(Known { length, after: writer })
}

/// Where a stream is.
struct Place {
    reader: Reader,
    writer: Writer,
    at: u64,
    range: Range<u64>,
    /// The part to begin with, before the first bytes.
    skip_to: Option<usize>,
}

impl Place {
    /// The next bytes of the range.
    async fn next(&mut self) -> Result<Option<Bytes>, ReadError> {
        while self.at < self.range.end {
            let Some(entries) = self.reader.next().await? else { return Ok(None) };
            let mut bytes = Vec::new();
            for entry in &entries {
                self.writer.write(entry, &mut bytes);
            }
            let begin = self.at;
            self.at += bytes.len() as u64;
            let within = |at: u64| at.saturating_sub(begin).min(bytes.len() as u64) as usize;
            let wanted = within(self.range.start)..within(self.range.end);
            if !wanted.is_empty() {
                return Ok(Some(Bytes::from(bytes).slice(wanted)));
            }
        }
        Ok(None)
    }
}
