//! Delivery of checkpoints to places that others control: a file in a folder, an address that takes them.
//!
//! Owns the attempts. What is not delivered stays marked so in the database and is tried again, also after a
//! restart; what was delivered just before a crash may come twice. Must not know what a checkpoint says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use raven_protocol::time::Timestamp;
use tokio::time::Instant;
use url::Url;

use super::checkpoint::Checkpoint;
use super::log::AuditLog;
use crate::db::audit_checkpoints::{self as rows, Model, Place};

/// The file in the folder of checkpoints: one JSON object a line, and only ever appended to.
pub const FILE: &str = "audit-checkpoints.jsonl";

/// Checkpoints that are delivered before it is looked at what else is to do.
const AT_ONCE: u64 = 100;

/// How long an address may take for one checkpoint, as long as a call of a runtime.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long to wait after a failure, at first and at most: others' outages last from seconds to days.
const WAIT: Duration = Duration::from_secs(5);
const WAIT_AT_MOST: Duration = Duration::from_secs(10 * 60);

/// Where checkpoints are to be delivered.
#[derive(Debug, Clone, Default)]
pub struct Places {
    pub folder: Option<PathBuf>,
    pub address: Option<Url>,
}

/// Delivers what is not delivered.
pub struct Delivery {
    audit: AuditLog,
    folder: Option<(PathBuf, Retry)>,
    address: Option<(Url, reqwest::Client, Retry)>,
}

/// When a place may be tried again.
#[derive(Default)]
struct Retry {
    failures: u32,
    not_before: Option<Instant>,
}

impl Retry {
    fn may_try(&self) -> bool {
        self.not_before.is_none_or(|at| Instant::now() >= at)
    }

    fn note(&mut self, done: anyhow::Result<()>, place: &str) {
        match done {
            Ok(()) => *self = Self::default(),
            Err(error) => {
                let wait = WAIT.saturating_mul(1 << self.failures.min(10)).min(WAIT_AT_MOST);
                self.failures += 1;
                self.not_before = Some(Instant::now() + wait);
                let error = format!("{error:#}");
                tracing::warn!(error, place, "a checkpoint of the audit log could not be delivered");
            }
        }
    }
}

impl Delivery {
    pub fn new(audit: AuditLog, places: Places) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_WITHIN)
            .build()
            .map_err(|error| tracing::error!(%error, "no HTTP client for checkpoints"));
        let address = places.address.zip(http.ok()).map(|(url, http)| (url, http, Retry::default()));
        Self { audit, folder: places.folder.map(|folder| (folder, Retry::default())), address }
    }

    /// Delivers what there is; answers when to try again what could not be.
    pub async fn deliver(&mut self) -> Option<Instant> {
        if let Some((folder, retry)) = &mut self.folder
            && retry.may_try()
        {
            let done = to_folder(&self.audit, folder).await;
            retry.note(done, "folder");
        }
        if let Some((url, http, retry)) = &mut self.address
            && retry.may_try()
        {
            let done = to_address(&self.audit, http, url).await;
            retry.note(done, "address");
        }
        let folder = self.folder.as_ref().and_then(|(_, retry)| retry.not_before);
        let address = self.address.as_ref().and_then(|(_, _, retry)| retry.not_before);
        folder.into_iter().chain(address).min()
    }
}

async fn to_folder(audit: &AuditLog, folder: &Path) -> anyhow::Result<()> {
    loop {
        let rows = rows::undelivered(audit.db.read(), Place::Folder, AT_ONCE).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut lines = String::new();
        for row in &rows {
            lines += &serde_json::to_string(&Checkpoint::from(row.clone()))?;
            lines.push('\n');
        }
        let path = folder.join(FILE);
        tokio::task::spawn_blocking(move || append(&path, lines.as_bytes())).await??;
        delivered(audit, Place::Folder, &rows).await?;
    }
}

fn append(path: &Path, lines: &[u8]) -> anyhow::Result<()> {
    use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
    let open = std::fs::OpenOptions::new().read(true).append(true).create(true).open(path);
    let mut file = open.with_context(|| format!("{} cannot be written", path.display()))?;
    let mut last = [b'\n'];
    if file.metadata()?.len() > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    // What was cut off by a crash or a full disk stays a line of its own.
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    file.write_all(lines)?;
    Ok(file.sync_all()?)
}

async fn to_address(audit: &AuditLog, http: &reqwest::Client, url: &Url) -> anyhow::Result<()> {
    loop {
        let rows = rows::undelivered(audit.db.read(), Place::Address, AT_ONCE).await?;
        if rows.is_empty() {
            return Ok(());
        }
        for row in &rows {
            let body = Checkpoint::from(row.clone());
            let sent = http.post(url.clone()).header("idempotency-key", &row.id).json(&body).send();
            let answer = sent.await.map_err(reqwest::Error::without_url)?;
            if !answer.status().is_success() {
                bail!("the address answered {}", answer.status());
            }
            delivered(audit, Place::Address, std::slice::from_ref(row)).await?;
        }
    }
}

async fn delivered(audit: &AuditLog, place: Place, rows: &[Model]) -> anyhow::Result<()> {
    let ids: Vec<String> = rows.iter().map(|row| row.id.clone()).collect();
    let tx = audit.db.begin().await?;
    rows::delivered(&tx, place, &ids, Timestamp::now()).await?;
    Ok(tx.commit().await?)
}

/// Reads checkpoints from a file as [`FILE`] has them.
///
/// # Errors
/// When it cannot be read, or a line is none. One that was cut off, by a crash or a full disk, counts for nothing: the
/// checkpoint that it was to be was written again behind it.
pub fn read(path: &Path) -> anyhow::Result<Vec<Checkpoint>> {
    let path = if path.is_dir() { path.join(FILE) } else { path.to_owned() };
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut all = Vec::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        match serde_json::from_str(line) {
            Ok(checkpoint) => all.push(checkpoint),
            Err(cut_off) if cut_off.is_eof() => {}
            Err(error) => bail!("line {} of {} is no checkpoint: {error}", number + 1, path.display()),
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_cut_off_takes_no_other_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let checkpoint = Checkpoint {
            chain: "server".into(),
            seq: 7,
            link: "ab".into(),
            at: Timestamp::from_millis(1_000),
            key_id: "k".into(),
            signature: "AAAA".into(),
        };
        let line = format!("{}\n", serde_json::to_string(&checkpoint).unwrap());
        append(&path, line.as_bytes()).unwrap();
        append(&path, &line.as_bytes()[..line.len() / 2]).unwrap();
        assert_eq!(read(&path).unwrap().len(), 1);
        append(&path, line.as_bytes()).unwrap();
        assert_eq!(read(&path).unwrap().len(), 2);
        append(&path, b"{\"chain\": 7}\n").unwrap();
        assert!(read(&path).is_err(), "what is no checkpoint is told");
    }
}
