//! `raven-docs user`.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use secrecy::SecretString;

use super::print;
use crate::audit::chain::Chains;
use crate::auth::Role;
use crate::config::DataDir;
use crate::db::Db;
use crate::events::Changes;
use crate::people::People;
use crate::people::operator::NewUser;
use crate::runtimes::HostingDefaults;
use crate::secrets::rotation;

/// Longest password that is read, in bytes.
const MAX_STDIN: u64 = 4096;

#[derive(Subcommand)]
pub enum UserCommand {
    /// Make an account; the first one makes the workspace too
    Add(Add),
    /// Set an account's password and end its sign-ins
    Passwd(Passwd),
    /// Set an account's role
    Role(SetRole),
    /// Remove the second factor of somebody who has lost it, and end their sign-ins
    ResetSecondFactor(Named),
    /// End the lock of an account that somebody failed to sign in to
    Unlock(Named),
    /// List the accounts: address, role, name, id and workspace, a line for each workspace that one is in
    List(List),
}

#[derive(Args)]
pub struct Add {
    #[arg(long)]
    email: String,
    #[arg(long)]
    name: String,
    #[arg(long)]
    role: RoleArg,
    /// Name of the workspace, made when there is none of this name [default: the first one]
    #[arg(long)]
    workspace: Option<String>,
    #[command(flatten)]
    password: PasswordArg,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Passwd {
    #[arg(long)]
    email: String,
    #[command(flatten)]
    password: PasswordArg,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct SetRole {
    #[arg(long)]
    email: String,
    #[arg(long)]
    role: RoleArg,
    /// Name or id of the workspace [default: the only one that the account is in]
    #[arg(long)]
    workspace: Option<String>,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct Named {
    #[arg(long)]
    email: String,
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
pub struct List {
    #[command(flatten)]
    data_dir: DataDir,
}

#[derive(Args)]
struct PasswordArg {
    /// Read the password from standard input, so that no other process sees it
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum RoleArg {
    Owner,
    Admin,
    Member,
    Viewer,
}

impl From<RoleArg> for Role {
    fn from(role: RoleArg) -> Self {
        match role {
            RoleArg::Owner => Self::Owner,
            RoleArg::Admin => Self::Admin,
            RoleArg::Member => Self::Member,
            RoleArg::Viewer => Self::Viewer,
        }
    }
}

impl UserCommand {
    pub async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Add(Add { email, name, role, workspace, password, data_dir }) => {
                let new = NewUser { email, name, role: role.into(), password: password.read()?, workspace };
                let id = people(&data_dir).await?.add_user(new).await?;
                print(id.as_str())
            }
            Self::Passwd(Passwd { email, password, data_dir }) => {
                Ok(people(&data_dir).await?.set_password(&email, password.read()?).await?)
            }
            Self::Role(SetRole { email, role, workspace, data_dir }) => {
                let people = people(&data_dir).await?;
                Ok(people.set_role_of(&email, role.into(), workspace.as_deref()).await?)
            }
            Self::ResetSecondFactor(Named { email, data_dir }) => {
                Ok(people(&data_dir).await?.reset_second_factor(&email).await?)
            }
            Self::Unlock(Named { email, data_dir }) => Ok(people(&data_dir).await?.unlock(&email).await?),
            Self::List(List { data_dir }) => list(people(&data_dir).await?).await,
        }
    }
}

async fn list(people: People) -> anyhow::Result<()> {
    for (user, memberships) in people.all().await? {
        for member in &memberships {
            let (role, workspace) = (member.role.as_str(), &member.name);
            print(&format!("{}\t{role}\t{}\t{}\t{workspace}", user.email, user.name, user.id))?;
        }
        if memberships.is_empty() {
            print(&format!("{}\t-\t{}\t{}\t-", user.email, user.name, user.id))?;
        }
    }
    Ok(())
}

impl PasswordArg {
    fn read(&self) -> anyhow::Result<SecretString> {
        let mut text = String::new();
        std::io::stdin().take(MAX_STDIN).read_to_string(&mut text).context("the password cannot be read")?;
        let password = text.trim_end_matches(['\r', '\n']);
        if password.is_empty() {
            bail!("standard input holds no password");
        }
        Ok(password.to_owned().into())
    }
}

/// The accounts of a data folder, also while a server uses it.
pub(super) async fn people(data_dir: &DataDir) -> anyhow::Result<People> {
    let dir = data_dir.open()?;
    let db = Db::open(&dir).await?;
    let secrets = rotation::open(&data_dir.key_source(), &dir, &db).await?;
    let changes = Changes::new(db.clone(), Chains::open(&secrets)?);
    Ok(People::new(db, changes, HostingDefaults { endpoint: None, key: None, secrets }))
}
