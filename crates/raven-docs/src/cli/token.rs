//! `raven-docs token`.

use clap::{Args, Subcommand};
use secrecy::ExposeSecret as _;

use super::print;
use super::user::people;
use crate::config::DataDir;

#[derive(Subcommand)]
pub enum TokenCommand {
    /// Make a personal token; it is the last line of standard output
    Create(Create),
}

#[derive(Args)]
pub struct Create {
    /// Whose token
    #[arg(long)]
    email: String,
    /// What it is for
    #[arg(long)]
    name: String,
    #[command(flatten)]
    data_dir: DataDir,
}

impl TokenCommand {
    pub async fn run(self) -> anyhow::Result<()> {
        let Self::Create(Create { email, name, data_dir }) = self;
        let secret = people(&data_dir).await?.create_token_for(&email, &name).await?;
        print(secret.expose_secret())
    }
}
