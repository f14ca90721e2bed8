//! The check of the whole log: every chain as it was at one moment, then the recordings that are anchored in it.
//!
//! Owns what is compared with what. The rules are in `verify`; must not know who asks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use raven_protocol::time::Timestamp;
use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::SERVER;
use super::checkpoint::{Checkpoint, PublicKey};
use super::log::AuditLog;
use super::verify::{Anchor, Fault, Told, Verdict, Walk, believed, check_begun};
use crate::access::{Administer, Granted};
use crate::db::audit::{self as rows, Filter};
use crate::db::{Tx, audit_checkpoints, workspaces};
use crate::error::Error;
use crate::recordings::Compared;

/// Entries that are read at once.
const AT_ONCE: u64 = 1_000;

/// How long a check may take that somebody waits for in a browser; the command line has no limit.
const LIMIT: Duration = Duration::from_secs(20);

/// What came of checking the log.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Examination {
    pub chains: Vec<Verdict>,
    /// Whether nothing is wrong.
    pub good: bool,
    /// Which key signs this server's checkpoints.
    pub key_id: String,
    pub checked_at: Timestamp,
}

/// What others kept, against which the log is checked.
#[derive(Default)]
pub struct Kept {
    pub checkpoints: Vec<Checkpoint>,
    /// The key that these must be signed with, if not the server's own.
    pub key: Option<PublicKey>,
}

impl AuditLog {
    /// Checks a workspace's chain, and that of the server, within bounded time.
    pub async fn examine(&self, by: &Granted<Administer>) -> Result<Examination, Error> {
        // It holds one of the few readers of the database for as long as it takes.
        let _alone =
            self.examining.try_acquire().map_err(|_| Error::RateLimited { seconds: LIMIT.as_secs() })?;
        let only = Some(by.workspace().as_str());
        Ok(self.check(only, Kept::default(), Some(Instant::now() + LIMIT)).await?)
    }

    /// Checks everything, or one workspace with the server's chain.
    ///
    /// # Errors
    /// When the database cannot be read; what is wrong with the log is in the verdicts.
    pub async fn check(
        &self,
        only: Option<&str>,
        kept: Kept,
        until: Option<Instant>,
    ) -> anyhow::Result<Examination> {
        let key = kept.key.unwrap_or_else(|| self.public_key().clone());
        let mut by_chain: BTreeMap<String, Vec<Checkpoint>> = BTreeMap::new();
        for checkpoint in kept.checkpoints {
            by_chain.entry(checkpoint.chain.clone()).or_default().push(checkpoint);
        }
        let snapshot = self.db.snapshot().await?;
        let there = there(&snapshot).await?;
        let is_wanted = |chain: &str| only.is_none_or(|only| chain == only || chain == SERVER);
        let workspaces = workspaces::all(&snapshot).await?.into_iter().map(|workspace| workspace.id);
        let workspaces: Vec<String> = workspaces.filter(|chain| is_wanted(chain)).collect();
        let mut names: BTreeSet<String> = there.iter().cloned().chain(by_chain.keys().cloned()).collect();
        names.insert(SERVER.to_owned());
        names.extend(only.map(str::to_owned));
        names.retain(|chain| is_wanted(chain));
        let mut checked = Vec::new();
        for chain in names {
            let kept = by_chain.remove(&chain).unwrap_or_default();
            checked.push(self.check_chain(&snapshot, &chain, kept, &key, until).await?);
        }
        drop(snapshot);
        let mut begun = Vec::new();
        for (verdict, told) in &mut checked {
            begun.append(&mut told.begun);
            self.check_recordings(verdict, told, until).await?;
        }
        let there: Vec<String> =
            there.into_iter().filter(|chain| chain != SERVER && is_wanted(chain)).collect();
        begun.retain(|chain| is_wanted(chain));
        let mut chains: Vec<Verdict> = checked.into_iter().map(|(verdict, _)| verdict).collect();
        let unfinished =
            chains.iter().any(|verdict| verdict.chain == SERVER && !verdict.unchecked.is_empty());
        if let Some(server) = chains.iter_mut().find(|verdict| verdict.chain == SERVER && !unfinished) {
            check_begun(server, &begun, &there, &workspaces);
        }
        Ok(Examination {
            good: chains.iter().all(Verdict::is_good),
            chains,
            key_id: self.public_key().id(),
            checked_at: Timestamp::now(),
        })
    }

    async fn check_chain(
        &self,
        snapshot: &Tx,
        chain: &str,
        kept: Vec<Checkpoint>,
        key: &PublicKey,
        until: Option<Instant>,
    ) -> anyhow::Result<(Verdict, Told)> {
        let mut forged = Verdict::default();
        let own = audit_checkpoints::of_chain(snapshot, chain).await?.into_iter().map(Checkpoint::from);
        let mut checkpoints = believed(self.public_key(), own.collect(), &mut forged);
        checkpoints.extend(believed(key, kept, &mut forged));
        let head = rows::head(snapshot, chain).await?;
        let mut walk = Walk::new(Some(&self.chains), chain, head, checkpoints)?;
        walk.add(forged);
        let (all, mut from) = (Filter::default(), i64::MIN);
        let mut stopped = false;
        while !stopped {
            let rows = rows::walk(snapshot, chain, &all, from, AT_ONCE).await?;
            let Some(last) = rows.last() else { break };
            from = last.seq + 1;
            for row in &rows {
                walk.entry(row)?;
            }
            stopped = until.is_some_and(|until| Instant::now() >= until);
        }
        Ok(if stopped { walk.stop() } else { walk.end() })
    }

    async fn check_recordings(
        &self,
        verdict: &mut Verdict,
        told: &Told,
        until: Option<Instant>,
    ) -> anyhow::Result<()> {
        let mut sessions: BTreeMap<&str, Vec<&Anchor>> = BTreeMap::new();
        for anchor in &told.anchors {
            sessions.entry(anchor.session.as_str()).or_default().push(anchor);
        }
        let mut no_time = 0;
        for (session, mut anchors) in sessions {
            anchors.sort_by_key(|anchor| anchor.blocks);
            let places: Vec<(u64, String)> =
                anchors.iter().map(|anchor| (anchor.blocks, anchor.link.clone())).collect();
            let comparing = self.recordings.compare(session, &places);
            let compared = match until {
                None => comparing.await?,
                Some(until) => match timeout_at(until, comparing).await {
                    Ok(compared) => compared?,
                    Err(_) => {
                        no_time += 1;
                        continue;
                    }
                },
            };
            let was_told = told.expired.iter().any(|expired| expired == session);
            match compared {
                Compared::Agrees => verdict.anchors += anchors.len() as u64,
                Compared::Gone { expired } if expired && was_told => verdict.anchors += anchors.len() as u64,
                Compared::Gone { .. } => {
                    let seq = anchors.last().map(|anchor| anchor.seq);
                    let what = format!("the recording of {session} is gone before its time");
                    verdict.find(Fault::RecordingGone, seq, what);
                }
                Compared::Differs { anchor, why } => {
                    let seq = anchors.get(anchor).map(|anchor| anchor.seq);
                    let what = format!("the recording of {session} is not what was anchored: {why}");
                    verdict.find(Fault::RecordingChanged, seq, what);
                }
            }
        }
        if no_time > 0 {
            let what = format!("{no_time} recordings: no time was left; `raven-docs audit verify` takes it");
            verdict.unchecked.push(what);
        }
        Ok(())
    }
}

/// The chains that are there, by their heads or by their entries.
async fn there(snapshot: &Tx) -> anyhow::Result<BTreeSet<String>> {
    let heads = rows::heads(snapshot).await?.into_iter().map(|head| head.chain);
    let mut all: BTreeSet<String> = heads.collect();
    all.extend(rows::chains(snapshot).await?);
    Ok(all)
}
