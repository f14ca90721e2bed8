//! `raven-docs token`.

use clap::{Args, Subcommand, ValueEnum};
use secrecy::ExposeSecret as _;

use super::print;
use super::user::people;
use crate::auth::Scope;
use crate::config::DataDir;
use crate::people::tokens::NewToken;

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
    /// What it may be used for, such as `read` [default: whatever its person may]
    #[arg(long, value_name = "SCOPE")]
    scope: Vec<ScopeArg>,
    /// Days until it expires [default: never]
    #[arg(long, value_name = "DAYS")]
    expires_in_days: Option<u32>,
    /// Name or id of the workspace [default: the only one that the account is in]
    #[arg(long)]
    workspace: Option<String>,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScopeArg {
    Read,
    Drive,
    Admin,
    Owner,
}

impl From<ScopeArg> for Scope {
    fn from(scope: ScopeArg) -> Self {
        match scope {
            ScopeArg::Read => Self::Read,
            ScopeArg::Drive => Self::Drive,
            ScopeArg::Admin => Self::Admin,
            ScopeArg::Owner => Self::Owner,
        }
    }
}

impl TokenCommand {
    pub async fn run(self) -> anyhow::Result<()> {
        let Self::Create(Create { email, name, scope, expires_in_days, workspace, data_dir }) = self;
        let scopes: Vec<Scope> = scope.into_iter().map(Scope::from).collect();
        let scopes = Some(scopes).filter(|scopes| !scopes.is_empty());
        let new = NewToken { name, scopes, expires_in_days };
        let secret = people(&data_dir).await?.create_token_for(&email, workspace.as_deref(), new).await?;
        print(secret.expose_secret())
    }
}
