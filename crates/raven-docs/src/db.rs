//! The database: opening it, migrating it, and transactions. One file per noun below.
//!
//! Owns every query and all knowledge of the database crate. Must not know rules or transport.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use sea_orm::{
    ConnectOptions, Database, DatabaseConnection, SqliteTransactionMode, TransactionOptions,
    TransactionTrait as _,
};
pub use sea_orm::{ConnectionTrait, DatabaseTransaction as Tx};

pub mod activities;
pub mod agent_keys;
pub mod agent_mentions;
pub mod agents;
pub mod approvals;
pub mod assignments;
pub mod attachments;
pub mod audit;
pub mod audit_checkpoints;
pub mod comments;
pub mod deliveries;
pub mod history;
pub mod identities;
pub mod identity_providers;
pub mod invitations;
pub mod invites;
pub mod links;
pub mod memberships;
pub mod memories;
pub mod mentionable;
mod migrations;
pub mod notification_jobs;
pub mod notification_preferences;
pub mod notifications;
pub mod openid_attempts;
pub mod page_versions;
pub mod pages;
pub mod policies;
pub mod projects;
pub mod questions;
pub mod recordings;
pub mod repeats;
pub mod sealed;
pub mod search;
pub mod second_factors;
pub mod sessions;
pub mod settings;
pub mod sign_in_failures;
pub mod sign_ins;
pub mod spaces;
pub mod task_texts;
pub mod tasks;
pub mod tokens;
pub mod users;
pub mod webhooks;
pub mod workspaces;

/// Result of a query; a failure is always the server's, never the caller's.
pub type Queried<T> = std::result::Result<T, anyhow::Error>;

/// How long a statement waits for another process's write, such as a `raven-docs` command beside the server.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a request waits for a connection before it fails; far above any real wait.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);

/// Readers beside the one writer; more would only wait for the same two cores.
const READERS: u32 = 4;

/// Handle to the database. Reads share a few connections, writes have one of their own, so that
/// write transactions never conflict within the process.
#[derive(Clone)]
pub struct Db {
    readers: DatabaseConnection,
    writer: DatabaseConnection,
}

impl Db {
    /// Opens the database of a data folder, creating and migrating it as needed.
    ///
    /// # Errors
    /// When the file cannot be written, or was written by a newer version.
    pub async fn open(data_dir: &Path) -> Queried<Self> {
        let path = data_dir.join("raven.db");
        make_private(&path)?;
        let writer = connect(&path, 1).await?;
        migrations::apply(&writer, data_dir).await?;
        let readers = connect(&path, READERS).await?;
        Ok(Self { readers, writer })
    }

    /// The connection for reads outside a transaction.
    pub fn read(&self) -> &impl ConnectionTrait {
        &self.readers
    }

    /// Begins a write transaction; it waits for the one before.
    pub async fn begin(&self) -> Queried<Tx> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        Ok(self.writer.begin_with_options(options).await?)
    }

    /// Brings what was committed into the file itself, durably.
    pub async fn checkpoint(&self) -> Queried<()> {
        self.writer.execute_unprepared("PRAGMA synchronous = FULL").await?;
        self.writer.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await?;
        Ok(())
    }

    /// Begins a transaction for reads alone: everything in it is of one moment, whatever is written meanwhile.
    pub async fn snapshot(&self) -> Queried<Tx> {
        Ok(self.readers.begin().await?)
    }

    /// Closes every connection, so that the file is checkpointed.
    pub async fn close(&self) {
        for connection in [&self.readers, &self.writer] {
            if let Err(error) = connection.clone().close().await {
                tracing::warn!(%error, "closing the database failed");
            }
        }
    }
}

async fn connect(path: &Path, connections: u32) -> Queried<DatabaseConnection> {
    let address = format!("sqlite://{}?mode=rwc", path.display());
    let mut options = ConnectOptions::new(address);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(|sqlite| {
            sqlite
                .busy_timeout(BUSY_TIMEOUT)
                .pragma("journal_mode", "WAL")
                .pragma("synchronous", "NORMAL")
                .pragma("foreign_keys", "ON")
        });
    Database::connect(options).await.with_context(|| {
        format!("the database {} cannot be opened: check that the folder is writable", path.display())
    })
}

/// Makes the file for its owner alone, before the engine does; its companions get the same mode.
fn make_private(path: &Path) -> Queried<()> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(path);
    let private = file.and_then(|file| file.set_permissions(std::fs::Permissions::from_mode(0o600)));
    private.with_context(|| {
        format!("the database {} cannot be opened: check that the folder is writable", path.display())
    })
}
