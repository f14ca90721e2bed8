//! What the log needs beside entries: chains that begin, checkpoints, and the end of what was kept long enough.
//!
//! Owns their order within a change. Must not know when (see `keeper`).

use std::collections::BTreeMap;
use std::path::Path;

use raven_protocol::id::{AuditCheckpointId, WorkspaceId};
use raven_protocol::time::Timestamp;
use serde_json::json;

use super::action::Action;
use super::checkpoint::Checkpoint;
use super::log::AuditLog;
use super::{Actor, Entry, Outcome, SERVER, Target, deliver};
use crate::access::{Administer, Granted};
use crate::db::audit::{self as rows, Head};
use crate::db::{audit_checkpoints, settings, workspaces};
use crate::error::Error;
use crate::events::Change;

/// Milliseconds of a day.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Fewest details that are worth an entry about their end; more wait for the next day.
const WORTH_AN_ENTRY: i64 = 1;

impl AuditLog {
    /// Begins the chains of workspaces that have none: one without a chain is one whose chain is gone.
    pub async fn begin_chains(&self) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        for workspace in workspaces::all(change.tx()).await? {
            if rows::head(change.tx(), &workspace.id).await?.is_none() {
                let target = Target::new("audit", workspace.id.as_str());
                let entry = Entry::new(Actor::system(), Action::AuditBegin, target);
                change.audit(&WorkspaceId::parse(workspace.id)?, entry).await?;
            }
        }
        if rows::head(change.tx(), SERVER).await?.is_none() {
            let entry = Entry::new(Actor::system(), Action::AuditBegin, Target::new("audit", SERVER));
            change.audit_server(entry).await?;
        }
        change.commit().await
    }

    /// Holds the chains against the newest checkpoints in the folder where these are filed, and records what
    /// contradicts: a server that was put back to an older state says so.
    pub async fn compare_with_filed(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join(deliver::FILE);
        if !path.exists() {
            return Ok(());
        }
        let filed = tokio::task::spawn_blocking(move || deliver::read(&path)).await??;
        let mut newest: BTreeMap<String, Checkpoint> = BTreeMap::new();
        // In such a folder may be those of other servers too.
        for checkpoint in filed.into_iter().filter(|filed| self.public_key().objects_to(filed).is_none()) {
            newest.insert(checkpoint.chain.clone(), checkpoint);
        }
        for (chain, checkpoint) in newest {
            let head = rows::head(self.db.read(), &chain).await?;
            if head.as_ref().is_some_and(|head| checkpoint.seq < head.first_seq) {
                continue;
            }
            let there = rows::find(self.db.read(), &chain, checkpoint.seq).await?;
            if there.is_none_or(|row| row.link != checkpoint.link) {
                tracing::error!(
                    chain,
                    seq = checkpoint.seq,
                    "the audit log is not the one that was signed: it was put back or written anew"
                );
                let target = Target::new("audit", chain.as_str());
                let entry = Entry::new(Actor::system(), Action::AuditContradicted, target);
                let kept = json!({ "seq": checkpoint.seq, "at": checkpoint.at, "link": checkpoint.link });
                let mut change = self.changes.begin().await?;
                change.audit_server(entry.outcome(Outcome::Failed).after(kept)).await?;
                change.commit().await?;
            }
        }
        Ok(())
    }

    /// Signs what each chain came to since its last checkpoint.
    pub async fn checkpoint_all(&self) -> Result<Vec<Checkpoint>, Error> {
        let mut made = Vec::new();
        for head in rows::heads(self.db.read()).await? {
            let mut change = self.changes.begin().await?;
            if let Ok(workspace) = WorkspaceId::parse(head.chain.as_str())
                && head.chain != SERVER
            {
                self.recordings.anchor_live(&mut change, &workspace).await?;
            }
            let checkpoint = self.sign(&change, &head.chain).await?;
            change.commit().await?;
            made.extend(checkpoint);
        }
        self.made.notify_one();
        Ok(made)
    }

    /// Signs what a workspace's chain came to now, as an admin asked.
    pub async fn checkpoint(&self, by: &Granted<Administer>) -> Result<Checkpoint, Error> {
        let workspace = by.workspace();
        let mut change = self.changes.begin_for(by).await?;
        self.recordings.anchor_live(&mut change, workspace).await?;
        let target = Target::new("audit", workspace.as_str());
        change.audit(workspace, Entry::new(by.actor(), Action::AuditCheckpoint, target)).await?;
        let made = self.sign(&change, workspace.as_str()).await?;
        change.commit().await?;
        self.made.notify_one();
        Ok(made.ok_or_else(|| anyhow::anyhow!("an entry was added, and there is nothing to sign"))?)
    }

    async fn sign(&self, change: &Change, chain: &str) -> Result<Option<Checkpoint>, Error> {
        let Some(head) = rows::head(change.tx(), chain).await? else { return Ok(None) };
        let last = audit_checkpoints::newest(change.tx(), chain).await?;
        if last.is_some_and(|last| last.seq == head.seq && last.link == head.link) {
            return Ok(None);
        }
        let checkpoint = self.signer.sign(&head, Timestamp::now());
        let row = checkpoint.clone().into_row(AuditCheckpointId::generate().to_string());
        audit_checkpoints::insert(change.tx(), &row).await?;
        Ok(Some(checkpoint))
    }

    /// Removes details and entries that were kept long enough, in each chain by its workspace's settings.
    pub async fn expire(&self, now: Timestamp) -> Result<(), Error> {
        for head in rows::heads(self.db.read()).await? {
            let found = match WorkspaceId::parse(head.chain.as_str()) {
                Ok(workspace) => settings::find(self.db.read(), &workspace).await?,
                Err(_) => None,
            };
            let kept = found.map(|row| (row.audit_detail_days, row.audit_days));
            let (detail_days, days) =
                kept.unwrap_or((settings::DEFAULT_AUDIT_DETAIL_DAYS, settings::DEFAULT_AUDIT_DAYS));
            let before = |days: i64| now.as_millis().saturating_sub(days.saturating_mul(DAY_MS));
            self.expire_chain(&head.chain, before(detail_days), before(days)).await?;
        }
        Ok(())
    }

    async fn expire_chain(&self, chain: &str, details_before: i64, entries_before: i64) -> Result<(), Error> {
        let mut change = self.changes.begin().await?;
        let Some(head) = rows::head(change.tx(), chain).await? else { return Ok(()) };
        // A head that was tampered with is not sealed anew: what is wrong must stay to be found.
        if self.chains.sealed(head.clone())?.seal != head.seal {
            tracing::error!(chain, "the head of the audit log's chain was changed; nothing of it is removed");
            return Ok(());
        }
        let up_to = async |at: i64| {
            let first = rows::first_since(change.tx(), chain, at).await?;
            anyhow::Ok(first.map_or(head.seq, |first| first - 1))
        };
        let (details, entries) = (up_to(details_before).await?, up_to(entries_before).await?);
        let more_details = details - head.detail_seq >= WORTH_AN_ENTRY;
        let more_entries = entries - head.first_seq + 1 >= WORTH_AN_ENTRY;
        if !more_details && !more_entries {
            return Ok(());
        }
        let details = details.max(head.detail_seq);
        let mut after = Head { detail_seq: details, ..head.clone() };
        if more_entries {
            let last = rows::find(change.tx(), chain, entries).await?;
            let Some(last) = last else {
                tracing::error!(
                    chain,
                    seq = entries,
                    "an entry of the audit log is gone; nothing is removed"
                );
                return Ok(());
            };
            (after.first_seq, after.base_link) = (entries + 1, last.link);
        }
        rows::set_head(change.tx(), &self.chains.sealed(after)?).await?;
        let lasting: Vec<&'static str> = Action::LASTING.iter().map(|action| action.as_str()).collect();
        rows::clear_details(change.tx(), chain, details, &lasting).await?;
        if more_entries {
            rows::delete_up_to(change.tx(), chain, entries).await?;
            audit_checkpoints::delete_before(change.tx(), chain, entries).await?;
        }
        let kept = json!({ "entriesUpTo": if more_entries { entries } else { head.first_seq - 1 }, "detailsUpTo": details });
        let was = json!({ "entriesUpTo": head.first_seq - 1, "detailsUpTo": head.detail_seq });
        let entry = Entry::new(Actor::system(), Action::AuditExpire, Target::new("audit", chain));
        let entry = entry.before(was).after(kept);
        if chain == SERVER {
            change.audit_server(entry).await?;
        } else {
            change.audit(&WorkspaceId::parse(chain)?, entry).await?;
        }
        change.commit().await
    }
}

#[cfg(test)]
mod tests;
