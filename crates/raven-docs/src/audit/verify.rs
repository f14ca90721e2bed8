//! Whether a chain of the audit log is what was written.
//!
//! Owns the verdict: entries in, in their order, with the head and what checkpoints say; findings out. Pure. Must
//! not know where any of it is kept.

use std::collections::BTreeMap;

use serde::Serialize;

use super::action::Action;
use super::chain::{Chains, START};
use super::checkpoint::{Checkpoint, PublicKey};
use crate::db::audit::{Head, Model};

/// Findings that are told of one chain: beyond these it is plain, and the rest is counted.
const MAX_FINDINGS: usize = 50;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An entry is not what was written.
    Changed,
    /// What an entry keeps of before and after is not what was written.
    DetailChanged,
    /// It is gone, and its time was not over.
    DetailRemoved,
    /// Entries are gone.
    Removed,
    /// An entry was not written by us.
    Inserted,
    /// The newest entries are gone.
    CutOff,
    /// What the database says of the chain's ends is not what was written.
    HeadChanged,
    /// The whole chain is gone.
    ChainGone,
    /// The chain was gone and began anew.
    BegunAnew,
    /// A signed checkpoint tells of another chain.
    Contradicted,
    /// A checkpoint is not by the key that it should be.
    BadSignature,
    /// A recording is not there any more, or is not the one that was recorded.
    RecordingGone,
    RecordingChanged,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Finding {
    pub fault: Fault,
    /// The entry, as it is numbered now.
    pub seq: Option<i64>,
    pub what: String,
}

/// What came of checking one chain, and what it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ChainVerdict)]
pub struct Verdict {
    pub chain: String,
    pub entries: u64,
    /// The oldest and the newest entry that are there.
    pub first_seq: Option<i64>,
    pub last_seq: Option<i64>,
    /// Checkpoints that agree with it.
    pub checkpoints: u64,
    /// Anchors of recordings that were compared with these.
    pub anchors: u64,
    /// What could not be looked at, and why.
    pub unchecked: Vec<String>,
    pub findings: Vec<Finding>,
    /// Findings beyond those that are told.
    pub more_findings: u64,
}

impl Verdict {
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }

    pub fn find(&mut self, fault: Fault, seq: Option<i64>, what: impl Into<String>) {
        if self.findings.len() < MAX_FINDINGS {
            self.findings.push(Finding { fault, seq, what: what.into() });
        } else {
            self.more_findings += 1;
        }
    }
}

/// How far a recording had come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Anchor {
    pub seq: i64,
    pub session: String,
    pub blocks: u64,
    pub link: String,
}

/// What the entries tell beyond themselves, for checks of other things.
#[derive(Debug, Default)]
pub struct Told {
    pub anchors: Vec<Anchor>,
    /// Sessions whose recordings were kept long enough.
    pub expired: Vec<String>,
    /// Chains that began.
    pub begun: Vec<String>,
}

/// An entry that does not follow the one before.
struct Bad {
    /// Where its finding is, if it was told.
    finding: usize,
    /// The link before it.
    before: String,
    seq: i64,
}

/// The check of one chain, entry by entry.
pub struct Walk<'a> {
    /// Without the key only numbers and checkpoints can be checked.
    chains: Option<&'a Chains>,
    head: Option<Head>,
    checkpoints: BTreeMap<i64, Vec<Checkpoint>>,
    /// The number that comes next.
    next: i64,
    /// The link before it; `None` after a gap, where it is not known.
    before: Option<String>,
    /// By how much entries are numbered higher than they were written.
    shift: i64,
    bad: Option<Bad>,
    verdict: Verdict,
    told: Told,
}

impl<'a> Walk<'a> {
    /// Begins with what is known of the chain beside its entries.
    ///
    /// # Errors
    /// When a digest cannot be made.
    pub fn new(
        chains: Option<&'a Chains>,
        chain: &str,
        head: Option<Head>,
        checkpoints: Vec<Checkpoint>,
    ) -> anyhow::Result<Self> {
        let mut verdict = Verdict { chain: chain.to_owned(), ..Verdict::default() };
        match (&head, chains) {
            (None, _) => verdict.find(Fault::HeadChanged, None, "the database has no head of the chain"),
            (Some(head), Some(chains)) if chains.sealed(head.clone())?.seal != head.seal => {
                let what = "what the database says of the chain's ends was changed";
                verdict.find(Fault::HeadChanged, None, what);
            }
            _ => {}
        }
        if chains.is_none() {
            let what = "what entries say: only the server's key can tell whether it was changed";
            verdict.unchecked.push(what.to_owned());
        }
        let mut by_seq: BTreeMap<i64, Vec<Checkpoint>> = BTreeMap::new();
        for checkpoint in checkpoints {
            by_seq.entry(checkpoint.seq).or_default().push(checkpoint);
        }
        let (next, before) =
            head.as_ref().map_or((1, START.to_owned()), |head| (head.first_seq, head.base_link.clone()));
        let mut walk = Self {
            chains,
            head,
            checkpoints: by_seq,
            next,
            before: Some(before.clone()),
            shift: 0,
            bad: None,
            verdict,
            told: Told::default(),
        };
        // What was kept long enough is gone, but the link of its newest is known.
        walk.checkpoints = walk.checkpoints.split_off(&(next - 1));
        walk.compare(next - 1, &before);
        Ok(walk)
    }

    /// Takes the next entry.
    ///
    /// # Errors
    /// When a digest cannot be made.
    pub fn entry(&mut self, row: &Model) -> anyhow::Result<()> {
        self.verdict.entries += 1;
        self.verdict.first_seq.get_or_insert(row.seq);
        if row.seq < self.next {
            let what = format!("entry {} lies before the oldest that is kept", row.seq);
            self.verdict.find(Fault::Inserted, Some(row.seq), what);
            return Ok(());
        }
        if row.seq > self.next {
            let what = missing(self.next, row.seq - 1);
            self.verdict.find(Fault::Removed, Some(self.next), what);
            (self.before, self.bad) = (None, None);
        }
        let follows = self.follows(row)?;
        if follows {
            self.detail(row)?;
            self.listen(row);
        }
        self.compare(row.seq, &row.link);
        self.verdict.last_seq = Some(row.seq);
        (self.before, self.next) = (Some(row.link.clone()), row.seq + 1);
        Ok(())
    }

    /// Whether an entry is what was written after the one before. One that is not may be explained by the next.
    fn follows(&mut self, row: &Model) -> anyhow::Result<bool> {
        let (Some(chains), Some(before)) = (self.chains, self.before.clone()) else { return Ok(true) };
        let is = |before: &str, shift: i64| -> anyhow::Result<bool> {
            Ok(chains.link_as(before, row, row.seq - shift)? == row.link)
        };
        if is(&before, self.shift)? {
            self.bad = None;
            return Ok(true);
        }
        if let Some(bad) = self.bad.take() {
            if is(&bad.before, self.shift + 1)? {
                let what = format!(
                    "entry {} was not written by this server; those after it are renumbered",
                    bad.seq
                );
                self.explain(&bad, Fault::Inserted, what);
                self.shift += 1;
                return Ok(true);
            }
            if is(&before, self.shift - 1)? {
                let what = format!("an entry before {} is gone, and those after it are renumbered", bad.seq);
                self.explain(&bad, Fault::Removed, what);
                self.shift -= 1;
                return Ok(true);
            }
        }
        let finding = self.verdict.findings.len();
        let what = format!("entry {} is not what was written after the one before it", row.seq);
        self.verdict.find(Fault::Changed, Some(row.seq), what);
        self.bad = Some(Bad { finding, before, seq: row.seq });
        Ok(false)
    }

    fn explain(&mut self, bad: &Bad, fault: Fault, what: String) {
        if let Some(finding) = self.verdict.findings.get_mut(bad.finding) {
            (finding.fault, finding.what) = (fault, what);
        }
    }

    fn detail(&mut self, row: &Model) -> anyhow::Result<()> {
        let Some(detail) = &row.detail else {
            let lasts = Action::LASTING.iter().any(|action| action.as_str() == row.action);
            let up_to = self.head.as_ref().map_or(0, |head| head.detail_seq);
            if lasts || row.seq > up_to {
                let what = format!("what entry {} says of before and after is gone before its time", row.seq);
                self.verdict.find(Fault::DetailRemoved, Some(row.seq), what);
            }
            return Ok(());
        };
        if let Some(chains) = self.chains
            && chains.detail_digest(detail)? != row.detail_digest
        {
            let what = format!("what entry {} says of before and after was changed", row.seq);
            self.verdict.find(Fault::DetailChanged, Some(row.seq), what);
        }
        Ok(())
    }

    /// Keeps what an entry tells of other things.
    fn listen(&mut self, row: &Model) {
        let is = |action: Action| row.action == action.as_str();
        if is(Action::AuditBegin) && row.chain != row.target_id {
            self.told.begun.push(row.target_id.clone());
        } else if is(Action::RecordingExpire) {
            self.told.expired.push(row.target_id.clone());
        } else if is(Action::RecordingAnchor) {
            let detail: serde_json::Value =
                serde_json::from_str(row.detail.as_deref().unwrap_or_default()).unwrap_or_default();
            let (blocks, link) = (detail["after"]["blocks"].as_u64(), detail["after"]["link"].as_str());
            if let (Some(blocks), Some(link)) = (blocks, link) {
                let (seq, session, link) = (row.seq, row.target_id.clone(), link.to_owned());
                self.told.anchors.push(Anchor { seq, session, blocks, link });
            }
        }
    }

    /// Compares the checkpoints of a place with what is there.
    fn compare(&mut self, seq: i64, link: &str) {
        for checkpoint in self.checkpoints.remove(&seq).unwrap_or_default() {
            if checkpoint.link == link {
                self.verdict.checkpoints += 1;
            } else {
                let at = checkpoint.at;
                let what = format!(
                    "entry {seq} is another than the checkpoint of {at} tells of: the log was rolled back or written anew"
                );
                self.verdict.find(Fault::Contradicted, Some(seq), what);
            }
        }
    }

    /// Adds findings that were made before.
    pub fn add(&mut self, before: Verdict) {
        self.verdict.findings.extend(before.findings);
        self.verdict.more_findings += before.more_findings;
    }

    /// The verdict on what was taken, when there is no time for the rest.
    pub fn stop(mut self) -> (Verdict, Told) {
        let what =
            format!("entries from {} on: no time was left; `raven-docs audit verify` takes it", self.next);
        self.verdict.unchecked.push(what);
        (self.verdict, self.told)
    }

    /// The verdict, after the last entry.
    pub fn end(mut self) -> (Verdict, Told) {
        let last = self.next - 1;
        if let Some(head) = self.head.take() {
            if head.seq > last {
                self.verdict.find(Fault::CutOff, Some(last + 1), missing(last + 1, head.seq));
            } else if head.seq < last {
                let what = format!("entries after {} are not in what the chain's head tells of", head.seq);
                self.verdict.find(Fault::Inserted, Some(head.seq + 1), what);
            } else if self.before.as_ref() != Some(&head.link) {
                let what = "the newest entry is not the one that the chain's head tells of";
                self.verdict.find(Fault::HeadChanged, Some(last), what);
            }
        }
        for (seq, checkpoints) in std::mem::take(&mut self.checkpoints) {
            let at = checkpoints.first().map(|checkpoint| checkpoint.at.to_string()).unwrap_or_default();
            let what = if seq > last {
                format!(
                    "the checkpoint of {at} tells of entry {seq}, and the log ends at {last}: it was rolled back or cut off"
                )
            } else {
                format!("the checkpoint of {at} tells of entry {seq}, which is not there")
            };
            self.verdict.find(Fault::Contradicted, Some(seq), what);
        }
        (self.verdict, self.told)
    }
}

/// Takes from some checkpoints those that are not good, and tells of them.
pub fn believed(key: &PublicKey, given: Vec<Checkpoint>, verdict: &mut Verdict) -> Vec<Checkpoint> {
    let mut good = Vec::new();
    for checkpoint in given {
        match key.objects_to(&checkpoint) {
            None => good.push(checkpoint),
            Some(why) => {
                let what = format!("the checkpoint of {} at entry {}: {why}", checkpoint.at, checkpoint.seq);
                verdict.find(Fault::BadSignature, Some(checkpoint.seq), what);
            }
        }
    }
    good
}

/// Holds the chains that are there against those that began, as the server's own chain tells.
pub fn check_begun(server: &mut Verdict, begun: &[String], there: &[String], workspaces: &[String]) {
    for (at, chain) in begun.iter().enumerate() {
        if begun[..at].contains(chain) {
            let what = format!("the chain of {chain} was gone, and was begun anew");
            server.find(Fault::BegunAnew, None, what);
        } else if !there.contains(chain) {
            server.find(Fault::ChainGone, None, format!("the chain of {chain} is gone"));
        }
    }
    for chain in workspaces.iter().filter(|chain| !there.contains(chain) && !begun.contains(chain)) {
        server.find(Fault::ChainGone, None, format!("the workspace {chain} has no chain"));
    }
    // Where each began is among the oldest entries, which may have been kept long enough.
    if server.first_seq == Some(1) && server.is_good() {
        for chain in there.iter().filter(|chain| !begun.contains(chain)) {
            let what =
                format!("nothing tells that the chain of {chain} began: the server's own was begun anew");
            server.find(Fault::BegunAnew, None, what);
        }
    }
}

fn missing(from: i64, to: i64) -> String {
    if from == to { format!("entry {from} is gone") } else { format!("entries {from} to {to} are gone") }
}

#[cfg(test)]
mod tests;
