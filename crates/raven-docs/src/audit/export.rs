//! The log as files: JSON lines that can be verified elsewhere, and CSV for spreadsheets.
//!
//! Owns both forms, and the reading of the first. Must not know how a file is sent.

use std::io::BufRead;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use raven_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::chain::Chains;
use super::checkpoint::{Checkpoint, PublicKey};
use super::log::{AuditLog, AuditQuery};
use super::verify::{Verdict, Walk, believed};
use super::{Action, Entry, Target};
use crate::access::{Administer, Granted};
use crate::db::audit::{self as rows, Filter, Head, Model};
use crate::db::{Db, audit_checkpoints};
use crate::error::Error;

/// Entries that are read and sent at once.
const AT_ONCE: u64 = 500;

/// Checkpoints from a verified file that are kept in memory for one chain: ten years of hours.
const MAX_CHECKPOINTS: usize = 100_000;

/// How entries are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line: the chain, its checkpoints, its entries.
    #[default]
    Jsonl,
    /// Entries alone.
    Csv,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Jsonl => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}

/// One line of an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Line {
    Chain(ChainLine),
    Checkpoint(Checkpoint),
    Entry(Box<EntryLine>),
}

/// Where a chain begins and ends; what follows is of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChainLine {
    chain: String,
    first_seq: i64,
    base_link: String,
    seq: i64,
    link: String,
    detail_seq: i64,
    seal: String,
    public_key: String,
    /// Whether entries were left out on purpose: then only what is there can be read, and nothing proved.
    filtered: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct EntryLine {
    chain: String,
    seq: i64,
    at: Timestamp,
    actor_kind: String,
    actor_id: String,
    actor_name: String,
    action: String,
    target_kind: String,
    target_id: String,
    target_name: Option<String>,
    agent_id: Option<String>,
    outcome: String,
    request_id: Option<String>,
    address: Option<String>,
    /// The text over which the digest is, byte for byte.
    detail: Option<String>,
    detail_digest: String,
    link: String,
}

impl From<Model> for EntryLine {
    fn from(row: Model) -> Self {
        Self {
            chain: row.chain,
            seq: row.seq,
            at: Timestamp::from_millis(row.at),
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            actor_name: row.actor_name,
            action: row.action,
            target_kind: row.target_kind,
            target_id: row.target_id,
            target_name: row.target_name,
            agent_id: row.agent_id,
            outcome: row.outcome,
            request_id: row.request_id,
            address: row.address,
            detail: row.detail,
            detail_digest: row.detail_digest,
            link: row.link,
        }
    }
}

impl From<EntryLine> for Model {
    fn from(line: EntryLine) -> Self {
        Self {
            chain: line.chain,
            seq: line.seq,
            at: line.at.as_millis(),
            actor_kind: line.actor_kind,
            actor_id: line.actor_id,
            actor_name: line.actor_name,
            action: line.action,
            target_kind: line.target_kind,
            target_id: line.target_id,
            target_name: line.target_name,
            agent_id: line.agent_id,
            outcome: line.outcome,
            request_id: line.request_id,
            address: line.address,
            detail: line.detail,
            detail_digest: line.detail_digest,
            link: line.link,
        }
    }
}

/// What is exported of one chain.
pub struct Wanted {
    pub chain: String,
    pub format: Format,
    pub filter: Filter,
    pub filtered: bool,
}

impl AuditLog {
    /// Exports a workspace's log, on record.
    ///
    /// # Errors
    /// `Invalid` for a filter that is none.
    pub async fn export(
        &self,
        by: &Granted<Administer>,
        format: Format,
        query: AuditQuery,
    ) -> Result<impl Stream<Item = anyhow::Result<Bytes>> + Send + use<>, Error> {
        let (workspace, filtered) = (by.workspace(), !query.is_all());
        let filter = query.filter()?;
        let mut change = self.changes.begin_for(by).await?;
        let target = Target::new("audit", workspace.as_str());
        let kept = serde_json::json!({ "format": format.extension(), "filtered": filtered });
        change.audit(workspace, Entry::new(by.actor(), Action::AuditExport, target).after(kept)).await?;
        change.commit().await?;
        let chain = workspace.to_string();
        Ok(self.stream(Wanted { chain, format, filter, filtered }).await?)
    }

    /// The lines of a chain as they are now.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn stream(
        &self,
        wanted: Wanted,
    ) -> anyhow::Result<impl Stream<Item = anyhow::Result<Bytes>> + Send + use<>> {
        let db = self.db.clone();
        let head = rows::head(db.read(), &wanted.chain).await?;
        let first = self.beginning(&wanted, head.as_ref()).await?;
        let last = head.map_or(0, |head| head.seq);
        Ok(try_unfold(Some((db, wanted, Some(first), i64::MIN, last)), move |state| async move {
            let Some((db, wanted, first, from, last)) = state else { return Ok(None) };
            if let Some(first) = first {
                return Ok(Some((first.into(), Some((db, wanted, None, from, last)))));
            }
            let (text, next) = entries(&db, &wanted, from, last).await?;
            let next = next.map(|from| (db, wanted, None, from, last));
            Ok((!text.is_empty() || next.is_some()).then_some((text.into(), next)))
        }))
    }

    async fn beginning(&self, wanted: &Wanted, head: Option<&Head>) -> anyhow::Result<String> {
        if wanted.format == Format::Csv {
            return Ok(COLUMNS.to_owned());
        }
        let Some(head) = head.cloned() else { return Ok(String::new()) };
        let line = Line::Chain(ChainLine {
            chain: head.chain,
            first_seq: head.first_seq,
            base_link: head.base_link,
            seq: head.seq,
            link: head.link,
            detail_seq: head.detail_seq,
            seal: head.seal,
            public_key: self.public_key().base64(),
            filtered: wanted.filtered,
        });
        let mut text = serde_json::to_string(&line)? + "\n";
        for row in audit_checkpoints::of_chain(self.db.read(), &wanted.chain).await? {
            if row.seq <= head.seq {
                text += &(serde_json::to_string(&Line::Checkpoint(row.into()))? + "\n");
            }
        }
        Ok(text)
    }
}

async fn entries(db: &Db, wanted: &Wanted, from: i64, last: i64) -> anyhow::Result<(String, Option<i64>)> {
    let rows = rows::walk(db.read(), &wanted.chain, &wanted.filter, from, AT_ONCE).await?;
    let next = rows.last().map(|row| row.seq + 1).filter(|next| *next <= last);
    let mut text = String::new();
    for row in rows.into_iter().filter(|row| row.seq <= last) {
        text += &match wanted.format {
            Format::Jsonl => serde_json::to_string(&Line::Entry(Box::new(row.into())))? + "\n",
            Format::Csv => csv_row(row),
        };
    }
    Ok((text, next))
}

const COLUMNS: &str = "seq,at,actorKind,actorId,actorName,action,targetKind,targetId,targetName,agentId,outcome,\
                       requestId,address,detail,link\r\n";

fn csv_row(row: Model) -> String {
    let (seq, at) = (row.seq.to_string(), Timestamp::from_millis(row.at).to_string());
    let text = |text: Option<String>| text.unwrap_or_default();
    let fields = [
        seq,
        at,
        row.actor_kind,
        row.actor_id,
        row.actor_name,
        row.action,
        row.target_kind,
        row.target_id,
        text(row.target_name),
        text(row.agent_id),
        row.outcome,
        text(row.request_id),
        text(row.address),
        text(row.detail),
        row.link,
    ];
    csv_line(&fields)
}

/// One line of CSV. What a spreadsheet would take for a formula is marked as text.
pub fn csv_line(fields: &[String]) -> String {
    let quoted = fields.iter().map(|field| {
        let guard = if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
        format!("\"{guard}{}\"", field.replace('"', "\"\""))
    });
    quoted.collect::<Vec<_>>().join(",") + "\r\n"
}

/// Checks an export: with the server's key wholly, without it its numbers and its signatures.
///
/// # Errors
/// When it cannot be read, or is no export.
pub fn verify(
    from: impl BufRead,
    chains: Option<&Chains>,
    key: Option<&PublicKey>,
    kept: &[Checkpoint],
) -> anyhow::Result<Vec<Verdict>> {
    let (mut verdicts, mut section) = (Vec::new(), None::<Section<'_>>);
    for (number, line) in from.lines().enumerate() {
        let line = line?;
        let read = serde_json::from_str(&line)
            .with_context(|| format!("line {} is not of an export of the audit log", number + 1))?;
        match (read, &mut section) {
            (Line::Chain(chain), _) => {
                verdicts.extend(section.take().map(|before| before.end(chains)).transpose()?);
                let kept = kept.iter().filter(|kept| kept.chain == chain.chain).cloned().collect();
                section = Some(Section::new(chain, key, kept)?);
            }
            (_, None) => bail!("the export does not begin with a chain"),
            (Line::Checkpoint(checkpoint), Some(section)) => section.checkpoint(checkpoint),
            (Line::Entry(entry), Some(section)) => section.entry(&(*entry).into(), chains)?,
        }
    }
    verdicts.extend(section.take().map(|last| last.end(chains)).transpose()?);
    if verdicts.is_empty() {
        bail!("the file holds no chain");
    }
    Ok(verdicts)
}

/// One chain of an export, while it is read.
struct Section<'a> {
    chain: ChainLine,
    key: PublicKey,
    checkpoints: Vec<Checkpoint>,
    walk: Option<Walk<'a>>,
    entries: u64,
}

impl<'a> Section<'a> {
    fn new(chain: ChainLine, key: Option<&PublicKey>, kept: Vec<Checkpoint>) -> anyhow::Result<Self> {
        let key = match key {
            Some(key) => key.clone(),
            None => PublicKey::parse(&chain.public_key)?,
        };
        Ok(Self { chain, key, checkpoints: kept, walk: None, entries: 0 })
    }

    fn checkpoint(&mut self, checkpoint: Checkpoint) {
        if self.checkpoints.len() < MAX_CHECKPOINTS {
            self.checkpoints.push(checkpoint);
        }
    }

    fn begin(&mut self, chains: Option<&'a Chains>) -> anyhow::Result<Walk<'a>> {
        let ChainLine { chain, first_seq, base_link, seq, link, detail_seq, seal, .. } = self.chain.clone();
        let head = Head { chain, first_seq, base_link, seq, link, detail_seq, seal };
        let mut forged = Verdict::default();
        let good = believed(&self.key, std::mem::take(&mut self.checkpoints), &mut forged);
        let mut walk = Walk::new(chains, &head.chain.clone(), Some(head), good)?;
        walk.add(forged);
        Ok(walk)
    }

    fn entry(&mut self, row: &Model, chains: Option<&'a Chains>) -> anyhow::Result<()> {
        self.entries += 1;
        if self.chain.filtered {
            return Ok(());
        }
        if row.chain != self.chain.chain {
            bail!("entry {} is of another chain than the lines before it", row.seq);
        }
        let mut walk = match self.walk.take() {
            Some(walk) => walk,
            None => self.begin(chains)?,
        };
        walk.entry(row)?;
        self.walk = Some(walk);
        Ok(())
    }

    fn end(mut self, chains: Option<&'a Chains>) -> anyhow::Result<Verdict> {
        if self.chain.filtered {
            let what = "entries were left out by a filter: nothing of them can be proved";
            let (chain, unchecked) = (self.chain.chain, vec![what.to_owned()]);
            return Ok(Verdict { chain, entries: self.entries, unchecked, ..Verdict::default() });
        }
        let walk = match self.walk.take() {
            Some(walk) => walk,
            None => self.begin(chains)?,
        };
        Ok(walk.end().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_a_formula_is_text() {
        let fields = ["=1+1", "+x", "-x", "@x", "a\"b", "plain", "a,b\nc"].map(str::to_owned);
        let line = "\"'=1+1\",\"'+x\",\"'-x\",\"'@x\",\"a\"\"b\",\"plain\",\"a,b\nc\"\r\n";
        assert_eq!(csv_line(&fields), line);
    }
}
