//! `raven-docs audit`.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use futures_util::StreamExt as _;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::print;
use crate::audit::chain::Chains;
use crate::audit::checkpoint::{Checkpoint, PublicKey};
use crate::audit::examine::Kept;
use crate::audit::export::{self, Format, Wanted};
use crate::audit::log::AuditLog;
use crate::audit::read_checkpoints;
use crate::audit::verify::Verdict;
use crate::config::DataDir;
use crate::db::Db;
use crate::db::audit::Filter;
use crate::events::Changes;
use crate::recordings::Recordings;
use crate::secrets::rotation;

#[derive(Subcommand)]
pub enum AuditCommand {
    /// Check that the log and the recordings anchored in it are what was written; fails when they are not
    Verify(Verify),
    /// Sign what the log comes to now, and list or write the checkpoints that were made
    Checkpoints(Checkpoints),
    /// Write the log to a file or to standard output
    Export(Export),
    /// Print the public key by which checkpoints are checked
    PublicKey(PublicKeyArgs),
}

#[derive(Args)]
pub struct Verify {
    /// Files of checkpoints that were kept elsewhere, or folders with such a file
    #[arg(long, value_name = "FILE", num_args = 1..)]
    checkpoints: Vec<PathBuf>,
    /// Only this workspace, with the server's own chain
    #[arg(long, value_name = "ID")]
    workspace: Option<String>,
    /// A file with the public key that kept checkpoints must be signed with [default: this server's own]
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// Check an export in place of the database; without a data folder, as far as that goes without the key
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    /// Use no key: check the numbers and signatures of an export alone
    #[arg(long, requires = "export")]
    without_key: bool,
    /// One JSON object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Checkpoints {
    /// Write every checkpoint to this file; it must not be there
    #[arg(long, value_name = "FILE")]
    export: Option<PathBuf>,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Export {
    #[arg(long, default_value = "jsonl")]
    format: FormatArg,
    /// Only this chain: a workspace, or `server` [default: all; CSV holds one]
    #[arg(long, value_name = "ID")]
    chain: Option<String>,
    /// The file to write; it must not be there [default: standard output]
    #[arg(long, short)]
    output: Option<PathBuf>,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct PublicKeyArgs {
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Clone, Copy, ValueEnum)]
enum FormatArg {
    /// One JSON object a line, which can be verified
    Jsonl,
    /// For spreadsheets
    Csv,
}

impl AuditCommand {
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Verify(args) => verify(args).await,
            Self::Checkpoints(args) => checkpoints(args).await,
            Self::Export(args) => export(args).await,
            Self::PublicKey(args) => print(open(&args.data_dir).await?.public_key().pem().trim_end()),
        }
    }
}

async fn open(data_dir: &DataDir) -> anyhow::Result<AuditLog> {
    let folder = data_dir.open()?;
    let db = Db::open(&folder).await?;
    let secrets = rotation::open(&data_dir.key_source(), &folder, &db).await?;
    let changes = Changes::new(db.clone(), Chains::open(&secrets)?);
    let cellar = (db.clone(), changes.clone());
    let recordings =
        Recordings::open(&folder, cellar, &secrets, TaskTracker::new(), CancellationToken::new())?;
    AuditLog::open(db, changes, &secrets, recordings)
}

async fn verify(args: Verify) -> anyhow::Result<()> {
    let mut kept = Vec::new();
    for path in &args.checkpoints {
        kept.extend(read_checkpoints(path)?);
    }
    let key = args.public_key.as_deref().map(read_key).transpose()?;
    let (verdicts, own) = match &args.export {
        Some(path) => verify_export(&args, path, key.as_ref(), &kept).await?,
        None => {
            let audit = open(&args.data_dir).await?;
            let own = audit.public_key().id();
            let kept = Kept { checkpoints: kept, key };
            (audit.check(args.workspace.as_deref(), kept, None).await?.chains, Some(own))
        }
    };
    for verdict in &verdicts {
        if args.json { print(&serde_json::to_string(verdict)?)? } else { tell(verdict)? }
    }
    if let Some(own) = own.filter(|_| !args.json) {
        print(&format!("checkpoints of this server are signed with the key {own}"))?;
    }
    let bad = verdicts.iter().filter(|verdict| !verdict.is_good()).count();
    if bad > 0 {
        bail!("{bad} of {} chains are not what was written", verdicts.len());
    }
    Ok(())
}

async fn verify_export(
    args: &Verify,
    path: &Path,
    key: Option<&PublicKey>,
    kept: &[Checkpoint],
) -> anyhow::Result<(Vec<Verdict>, Option<String>)> {
    let file = std::fs::File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let chains = if args.without_key { None } else { Some(open(&args.data_dir).await?.chains().clone()) };
    Ok((export::verify(BufReader::new(file), chains.as_ref(), key, kept)?, None))
}

fn read_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    PublicKey::parse(&text)
}

fn tell(verdict: &Verdict) -> anyhow::Result<()> {
    let Verdict { chain, entries, checkpoints, anchors, .. } = verdict;
    let word = if verdict.is_good() { "intact" } else { "BROKEN" };
    print(&format!(
        "{chain}  {word}: {entries} entries, {checkpoints} checkpoints, {anchors} anchors agree"
    ))?;
    for finding in &verdict.findings {
        let place = finding.seq.map_or_else(String::new, |seq| format!(" #{seq}"));
        let fault = serde_json::to_value(finding.fault)?;
        print(&format!("  {}{place}: {}", fault.as_str().unwrap_or_default(), finding.what))?;
    }
    if verdict.more_findings > 0 {
        print(&format!("  and {} findings more", verdict.more_findings))?;
    }
    for what in &verdict.unchecked {
        print(&format!("  not checked: {what}"))?;
    }
    Ok(())
}

async fn checkpoints(args: Checkpoints) -> anyhow::Result<()> {
    let audit = open(&args.data_dir).await?;
    let made = audit.checkpoint_all().await?;
    match &args.export {
        Some(path) => {
            let mut to = create(Some(path)).await?;
            for checkpoint in audit.all_checkpoints().await? {
                to.write_all((serde_json::to_string(&checkpoint)? + "\n").as_bytes()).await?;
            }
            Ok(to.flush().await?)
        }
        None => {
            for checkpoint in &made {
                print(&serde_json::to_string(checkpoint)?)?;
            }
            Ok(())
        }
    }
}

async fn export(args: Export) -> anyhow::Result<()> {
    let audit = open(&args.data_dir).await?;
    let format = match args.format {
        FormatArg::Jsonl => Format::Jsonl,
        FormatArg::Csv => Format::Csv,
    };
    let chains = match args.chain {
        Some(chain) => vec![chain],
        None => audit.all_chains().await?,
    };
    if format == Format::Csv && chains.len() != 1 {
        bail!("CSV holds one chain: name it with --chain, one of {}", chains.join(", "));
    }
    let mut to = create(args.output.as_deref()).await?;
    for chain in chains {
        let wanted = Wanted { chain, format, filter: Filter::default(), filtered: false };
        let mut stream = Box::pin(audit.stream(wanted).await?);
        while let Some(bytes) = stream.next().await {
            to.write_all(&bytes?).await?;
        }
    }
    Ok(to.flush().await?)
}

async fn create(path: Option<&Path>) -> anyhow::Result<Box<dyn AsyncWrite + Unpin>> {
    let Some(path) = path else { return Ok(Box::new(tokio::io::stdout())) };
    let mut options = tokio::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path).await;
    Ok(Box::new(file.with_context(|| format!("{} cannot be made", path.display()))?))
}
