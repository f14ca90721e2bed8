//! A recording as a list of what happened, for people and programs that look for something in it.
//!
//! Owns the list's items and its pages. Must not know HTTP.

use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::cast::Inputs;
use super::entry::{Entry, Typed, What};
use super::reader::{ReadError, Reader};
use crate::auth::Named;
use crate::error::{Conflict, Error};
use crate::page::Page;

/// Longest text of one item, in bytes; longer output is cut, and says so by its number of bytes.
const MAX_TEXT: usize = 16 * 1024;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogKind {
    Output,
    Input,
    Resize,
    Marker,
    Gap,
}

/// Something that happened at a terminal.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogItem {
    /// Its number in the recording.
    pub seq: u64,
    /// Milliseconds since the recording began.
    pub at_ms: i64,
    pub at: Timestamp,
    pub kind: LogKind,
    /// Who typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Named>,
    /// What was put out or typed, cut to 16 KiB; absent where it is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// How many bytes that is, uncut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Of a marker or gap.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Offset of output in its host's log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cols: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u16>,
}

/// Which items are wanted.
pub struct LogQuery {
    /// Every kind when empty.
    pub kinds: Vec<LogKind>,
    pub inputs: Inputs,
    /// Number of the last item of the page before.
    pub after: Option<u64>,
    pub limit: u64,
}

impl LogQuery {
    /// Reads kinds as a query has them, with commas between.
    ///
    /// # Errors
    /// `Invalid` for an unknown kind.
    pub fn kinds(text: Option<&str>) -> Result<Vec<LogKind>, Error> {
        let names = text.unwrap_or_default().split(',').filter(|name| !name.is_empty());
        names
            .map(|name| {
                let known = serde_json::from_value(serde_json::Value::from(name));
                known.map_err(|_| Error::invalid("kind", "must be output, input, resize, marker or gap"))
            })
            .collect()
    }
}

/// A page of a recording's list, oldest first.
pub async fn page(mut reader: Reader, query: &LogQuery) -> Result<Page<LogItem>, Error> {
    let (mut seq, mut items) = (0_u64, Vec::new());
    let started = reader.row.started_at;
    while let Some(entries) = reader.next().await.map_err(unreadable)? {
        for entry in entries {
            seq += 1;
            if query.after.is_some_and(|after| seq <= after) {
                continue;
            }
            let Some(item) = item(seq, started, &entry, query.inputs) else { continue };
            if !query.kinds.is_empty() && !query.kinds.contains(&item.kind) {
                continue;
            }
            if items.len() as u64 == query.limit {
                let next_cursor = items.last().map(|last: &LogItem| last.seq.to_string());
                return Ok(Page { items, next_cursor });
            }
            items.push(item);
        }
    }
    Ok(Page { items, next_cursor: None })
}

/// A recording that is not what was written can still be looked at up to there; the check tells where.
pub fn unreadable(error: ReadError) -> Error {
    match error {
        ReadError::Bad(bad) => {
            let detail = format!("{bad}; `raven-docs recording verify` tells more");
            Error::Conflict { code: Conflict::BrokenRecording, detail }
        }
        ReadError::Failed(error) => error.into(),
    }
}

fn item(seq: u64, started: i64, entry: &Entry, inputs: Inputs) -> Option<LogItem> {
    let mut item = LogItem {
        seq,
        at_ms: entry.at.as_millis() - started,
        at: entry.at,
        kind: LogKind::Marker,
        user: None,
        text: None,
        bytes: None,
        label: None,
        offset: None,
        cols: None,
        rows: None,
    };
    match &entry.what {
        What::Begin(_) => return None,
        What::Output { offset, bytes } => {
            item.kind = LogKind::Output;
            (item.text, item.bytes) = (Some(text(bytes)), Some(bytes.len() as u64));
            item.offset = Some(*offset);
        }
        What::Input { by, typed } => {
            item.kind = LogKind::Input;
            item.user = Some(by.clone());
            (item.text, item.bytes) = match typed.told(inputs) {
                Typed::Full(bytes) => (Some(text(&bytes)), Some(bytes.len() as u64)),
                Typed::Length(length) => (None, Some(length)),
            };
        }
        What::Size(size) => {
            item.kind = LogKind::Resize;
            (item.cols, item.rows) = (Some(size.cols), Some(size.rows));
        }
        What::Mark(mark) => item.label = Some(mark.label.clone()),
        What::End { why, .. } => item.label = Some(why.clone()),
        What::Gap { from, to, why } => {
            item.kind = LogKind::Gap;
            item.label = Some(format!("output from byte {from} to {to} is missing: {why}"));
        }
        What::Repaint { .. } => return None,
    }
    Some(item)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_TEXT)]).into_owned()
}
