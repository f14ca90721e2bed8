//! `raven-docs recording`.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use futures_util::StreamExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::print;
use crate::audit::chain::Chains;
use crate::config::DataDir;
use crate::db::{Db, recordings as rows};
use crate::events::Changes;
use crate::recordings::Recordings;
use crate::recordings::cast::{Form, Format, Inputs};
use crate::recordings::ranges::Layout;
use crate::recordings::reader::Reader;
use crate::recordings::verify::{Outcome, Verdict};
use crate::secrets::rotation;

#[derive(Subcommand)]
pub enum RecordingCommand {
    /// List recordings, oldest first
    List(List),
    /// Check that recordings are what was written, to their last block; fails when one is not
    Verify(Verify),
    /// Write a recording to a file or to standard output
    Export(Export),
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Verify {
    /// Terminal sessions whose recordings are checked [default: all]
    sessions: Vec<String>,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Export {
    /// The terminal session
    session: String,
    #[arg(long, default_value = "cast")]
    format: FormatArg,
    /// The file to write; it must not be there [default: standard output]
    #[arg(long, short)]
    output: Option<PathBuf>,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    /// asciicast v3
    Cast,
    /// The output's bytes alone
    Raw,
}

impl RecordingCommand {
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::List(List { data_dir }) => list(&open(&data_dir).await?).await,
            Self::Verify(Verify { sessions, json, data_dir }) => {
                verify(&open(&data_dir).await?, &sessions, json).await
            }
            Self::Export(Export { session, format, output, data_dir }) => {
                let format = match format {
                    FormatArg::Cast => Format::Cast,
                    FormatArg::Raw => Format::Raw,
                };
                export(&open(&data_dir).await?, &session, format, output).await
            }
        }
    }
}

async fn open(data_dir: &DataDir) -> anyhow::Result<Recordings> {
    let folder = data_dir.open()?;
    let db = Db::open(&folder).await?;
    let secrets = rotation::open(&data_dir.key_source(), &folder, &db).await?;
    let changes = Changes::new(db.clone(), Chains::open(&secrets)?);
    Recordings::open(&folder, (db, changes), &secrets, TaskTracker::new(), CancellationToken::new())
}

async fn list(recordings: &Recordings) -> anyhow::Result<()> {
    for row in recordings.all().await? {
        let seconds = (row.last_at - row.started_at) / 1000;
        let (id, state, bytes) = (row.session_id, row.state, row.bytes);
        print(&format!("{id}  {state}  {seconds} s  {bytes} bytes of output"))?;
    }
    Ok(())
}

async fn verify(recordings: &Recordings, sessions: &[String], json: bool) -> anyhow::Result<()> {
    let mut bad = 0;
    for row in chosen(recordings, sessions).await? {
        let session = row.session_id.clone();
        let anchor = recordings.newest_anchor(&row).await?;
        let verdict = recordings.verify(Reader::open(recordings, row).await?).await?;
        bad += usize::from(verdict.outcome != Outcome::Intact);
        if json {
            let mut value = serde_json::to_value(&verdict)?;
            value["sessionId"] = session.into();
            value["anchorSeq"] = anchor.into();
            print(&value.to_string())?;
        } else {
            let anchor = anchor.map(|seq| format!(", anchored in the audit log at #{seq}"));
            print(&(told(&session, &verdict) + &anchor.unwrap_or_default()))?;
        }
    }
    match bad {
        0 => Ok(()),
        bad => bail!("{bad} of the recordings are not what was written"),
    }
}

/// The recordings of some sessions, or all that have not expired.
async fn chosen(recordings: &Recordings, sessions: &[String]) -> anyhow::Result<Vec<rows::Model>> {
    let all = recordings.all().await?;
    if sessions.is_empty() {
        return Ok(all.into_iter().filter(|row| !recordings.is_expired(row)).collect());
    }
    let mut found = Vec::new();
    for session in sessions {
        let row = all.iter().find(|row| row.session_id == *session);
        let row = row
            .with_context(|| format!("no recording of {session}; `raven-docs recording list` lists them"))?;
        if recordings.is_expired(row) {
            bail!("the recording of {session} was removed, as the workspace's settings say");
        }
        found.push(row.clone());
    }
    Ok(found)
}

fn told(session: &str, verdict: &Verdict) -> String {
    let Verdict { segments, blocks, bytes, .. } = verdict;
    let good = format!("{segments} segments, {blocks} blocks, {bytes} bytes of output");
    match (&verdict.outcome, &verdict.first_bad) {
        (Outcome::Intact, _) | (_, None) => format!("{session}  intact: {good}"),
        (outcome, Some(bad)) => {
            let word = if *outcome == Outcome::Cut { "CUT" } else { "BROKEN" };
            format!(
                "{session}  {word} at segment {}, block {}: {}; good before: {good}",
                bad.segment, bad.block, bad.why
            )
        }
    }
}

async fn export(
    recordings: &Recordings,
    session: &str,
    format: Format,
    output: Option<PathBuf>,
) -> anyhow::Result<()> {
    let mut rows = chosen(recordings, &[session.to_owned()]).await?;
    let row = rows.pop().context("no recording")?;
    let mut reader = Reader::open(recordings, row).await?;
    let form = Form { format, inputs: Inputs::Shown };
    let layout = Layout::of(&mut reader, form).await?;
    let whole = 0..layout.total;
    let mut stream = Box::pin(layout.stream(reader, whole));
    let mut to: Box<dyn AsyncWrite + Unpin> = match &output {
        None => Box::new(tokio::io::stdout()),
        Some(path) => {
            // It may hold what people typed.
            let mut options = tokio::fs::OpenOptions::new();
            let file = options.write(true).create_new(true).mode(0o600).open(path).await;
            Box::new(file.with_context(|| format!("{} cannot be made", path.display()))?)
        }
    };
    while let Some(bytes) = stream.next().await {
        to.write_all(&bytes?).await?;
    }
    Ok(to.flush().await?)
}
