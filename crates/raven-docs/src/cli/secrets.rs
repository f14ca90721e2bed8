//! `raven-docs secrets`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::print;
use crate::config::DataDir;
use crate::db::Db;
use crate::lock::Lock;
use crate::secrets::rotation;

#[derive(Subcommand)]
pub enum SecretsCommand {
    /// Tell which key is in use, and whether everything that is sealed opens; works beside a running server
    Status(Status),
    /// Replace the key that seals secrets, and seal everything anew; the server must be stopped
    Rotate(Rotate),
    /// Write the next key for a server whose key is given from outside, for `rotate --new-key-file`
    Generate(Generate),
}

#[derive(Args)]
pub struct Status {
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Rotate {
    /// File with the next key; needed when the key is given from outside [default: a new one]
    #[arg(long, value_name = "F")]
    new_key_file: Option<PathBuf>,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Generate {
    /// File to write, for its owner alone; it must not exist
    #[arg(long, value_name = "F")]
    out: PathBuf,
    #[command(flatten)]
    data_dir: DataDir,
}

impl SecretsCommand {
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Status(Status { data_dir }) => {
                let (dir, source) = (data_dir.open()?, data_dir.key_source());
                let db = Db::open(&dir).await?;
                let secrets = rotation::open(&source, &dir, &db).await?;
                let found = rotation::look(&secrets, &db).await?;
                print(&format!("key {}: {} sealed values, all of them open", found.key, found.values))
            }
            Self::Rotate(Rotate { new_key_file, data_dir }) => {
                let (dir, source) = (data_dir.open()?, data_dir.key_source());
                let alone = Lock::take(&dir)?;
                let db = Db::open(&dir).await?;
                let done = rotation::rotate((&source, new_key_file.as_deref()), &dir, &db, &alone).await?;
                db.close().await;
                print(&format!("key {}: {} values are sealed with it now", done.key, done.values))
            }
            Self::Generate(Generate { out, data_dir }) => {
                let (dir, source) = (data_dir.open()?, data_dir.key_source());
                crate::secrets::key::write_next(&source, &dir, &out)?;
                print(&format!(
                    "{} holds the next key: run `raven-docs secrets rotate --new-key-file` with it",
                    out.display()
                ))
            }
        }
    }
}
