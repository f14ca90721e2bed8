//! The database's schema, step by step. A step that was released is never edited, only followed.
//!
//! Owns tables and indexes. Must not know what reads them. The SQL is what SQLite and PostgreSQL share, but for
//! that of the search index (see `search`).

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::bail;
use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbBackend, DbErr, Statement};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

use super::Queried;

const FIRST: &str = include_str!("migrations/m0001_first.sql");
const RECORDINGS: &str = include_str!("migrations/m0002_recordings.sql");
const LINKS: &str = include_str!("migrations/m0003_links.sql");
const AT_WORK: &str = include_str!("migrations/m0004_agents_at_work.sql");
const RESTARTS: &str = include_str!("migrations/m0005_restarts.sql");
const AUDIT: &str = include_str!("migrations/m0006_audit.sql");
const PEOPLE: &str = include_str!("migrations/m0007_people.sql");
const ACCESS: &str = include_str!("migrations/m0008_access.sql");
const APPROVALS: &str = include_str!("migrations/m0009_approvals.sql");
const AUDIT_CHECKPOINTS: &str = include_str!("migrations/m0010_audit_checkpoints.sql");
const NOTIFICATIONS: &str = include_str!("migrations/m0011_notifications.sql");
const SECRETS: &str = include_str!("migrations/m0012_secrets.sql");
const OPENID: &str = include_str!("migrations/m0013_openid.sql");
const TASKS: &str = include_str!("migrations/m0015_tasks.sql");
const ASSIGNMENTS: &str = include_str!("migrations/m0016_assignments.sql");
const COUNTED_WORDS: &str = include_str!("migrations/m0019_counted_words.sql");
const REPEATS: &str = include_str!("migrations/m0018_repeats.sql");
const HISTORY: &str = include_str!("migrations/m0022_history.sql");
const TASK_TEXTS: &str = include_str!("migrations/m0023_task_texts.sql");
const WORK_THAT_ENDS: &str = include_str!("migrations/m0021_work_that_ends.sql");
const MENTIONS: &str = include_str!("migrations/m0020_mentions.sql");
const PAGES: &str = include_str!("migrations/m0014_pages.sql");

struct Step {
    name: &'static str,
    sql: &'static str,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Step {
    #[expect(elided_lifetimes_in_paths, reason = "the trait is declared so")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(self.sql).await.map(drop)
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(Step { name: "m0001_first", sql: FIRST }),
            Box::new(Step { name: "m0002_recordings", sql: RECORDINGS }),
            Box::new(Step { name: "m0003_links", sql: LINKS }),
            Box::new(Step { name: "m0004_agents_at_work", sql: AT_WORK }),
            Box::new(Step { name: "m0005_restarts", sql: RESTARTS }),
            Box::new(Step { name: "m0006_audit", sql: AUDIT }),
            Box::new(Step { name: "m0007_people", sql: PEOPLE }),
            Box::new(Step { name: "m0008_access", sql: ACCESS }),
            Box::new(Step { name: "m0009_approvals", sql: APPROVALS }),
            Box::new(Step { name: "m0010_audit_checkpoints", sql: AUDIT_CHECKPOINTS }),
            Box::new(Step { name: "m0011_notifications", sql: NOTIFICATIONS }),
            Box::new(Step { name: "m0012_secrets", sql: SECRETS }),
            Box::new(Step { name: "m0013_openid", sql: OPENID }),
            Box::new(Step { name: "m0014_pages", sql: PAGES }),
            Box::new(Step { name: "m0014_search", sql: super::search::TABLES }),
            Box::new(Step { name: "m0015_tasks", sql: TASKS }),
            Box::new(Step { name: "m0015_memory_index", sql: super::memories::INDEX }),
            Box::new(Step { name: "m0016_assignments", sql: ASSIGNMENTS }),
            Box::new(Step { name: "m0018_repeats", sql: REPEATS }),
            Box::new(Step { name: "m0019_counted_words", sql: COUNTED_WORDS }),
            Box::new(Step { name: "m0020_mentions", sql: MENTIONS }),
            Box::new(Step { name: "m0021_work_that_ends", sql: WORK_THAT_ENDS }),
            Box::new(Step { name: "m0022_history", sql: HISTORY }),
            Box::new(Step { name: "m0023_task_texts", sql: TASK_TEXTS }),
        ]
    }
}

/// Brings the schema up to date.
///
/// # Errors
/// When the folder was written by a newer version: nothing is changed then.
pub async fn apply(db: &DatabaseConnection, data_dir: &Path) -> Queried<()> {
    let known: BTreeSet<String> = Migrator::migrations().iter().map(|step| step.name().to_owned()).collect();
    if let Some(newer) = applied(db).await?.into_iter().find(|name| !known.contains(name)) {
        bail!(
            "the data folder {} was written by a newer raven-docs (it has `{newer}`): \
             install that version, or choose another folder with --data-dir",
            data_dir.display()
        );
    }
    Migrator::up(db, None).await?;
    Ok(())
}

async fn applied(db: &DatabaseConnection) -> Queried<Vec<String>> {
    let text = |sql: &str| Statement::from_string(DbBackend::Sqlite, sql);
    let table = text("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'seaql_migrations'");
    if db.query_one_raw(table).await?.is_none() {
        return Ok(Vec::new());
    }
    let rows = db.query_all_raw(text("SELECT version FROM seaql_migrations")).await?;
    rows.iter().map(|row| Ok(row.try_get::<String>("", "version")?)).collect()
}
