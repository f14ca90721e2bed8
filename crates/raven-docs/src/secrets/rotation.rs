//! Replacing the key that seals: everything is sealed anew in one transaction.
//!
//! Owns the order of the steps, so that a folder opens whatever step was the last. The next key is on disk before
//! the database is sealed with it, and the former one is replaced only after that is durable. Which key the
//! database is sealed with is in the database itself. Must not know what the secrets are.

use std::path::Path;

use anyhow::{Context as _, bail};

use super::key::{self, Key, Source};
use super::sealed::COLUMNS;
use super::{Secrets, rows};
use crate::audit::chain::Chains;
use crate::audit::{Action, Actor, Entry, Target};
use crate::db::Db;
use crate::events::Changes;
use crate::lock::Lock;

/// What a rotation did, or a look found.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// Names the key, as in the audit log.
    pub key: String,
    /// How many values are sealed with it.
    pub values: u64,
}

/// Opens the secrets of a folder with the key that its database is sealed with, and leaves the key files alone:
/// a rotation may be at work beside.
///
/// # Errors
/// When the key is not the one that sealed the database, saying which one did.
pub async fn open(source: &Source, data_dir: &Path, db: &Db) -> anyhow::Result<Secrets> {
    let (key, _) = find(source, data_dir, db).await?;
    Ok(Secrets::with(key))
}

/// Opens the secrets as [`open`] does, and ends a rotation that was cut off. The lock says that none is at work:
/// its next key would be taken away from under it.
///
/// # Errors
/// As of [`open`], or when a key file cannot be replaced.
pub async fn settle(source: &Source, data_dir: &Path, db: &Db, _alone: &Lock) -> anyhow::Result<Secrets> {
    let (key, place) = find(source, data_dir, db).await?;
    match place {
        Place::Next => key::adopt_next(data_dir)?,
        Place::Own if matches!(source, Source::Folder) => key::forget_next(data_dir)?,
        Place::Own => {}
    }
    Ok(Secrets::with(key))
}

/// Where the database's key was found.
enum Place {
    Own,
    Next,
}

async fn find(source: &Source, data_dir: &Path, db: &Db) -> anyhow::Result<(Key, Place)> {
    let known = rows::key_id(db.read()).await?;
    // A new key beside a database that has one would only hide that its own is missing.
    let own = match &known {
        Some(_) => key::existing(source, data_dir)?,
        None => Some(key::read(source, data_dir)?),
    };
    let sealed_with = match (known, &own) {
        (Some(id), _) => id,
        (None, Some(own)) => first_use(own, db).await?,
        (None, None) => bail!("there is no key"),
    };
    if let Some(own) = own.as_ref().filter(|own| own.id() == sealed_with) {
        return Ok((own.clone(), Place::Own));
    }
    if matches!(source, Source::Folder)
        && let Some(next) = key::next(data_dir)?.filter(|next| next.id() == sealed_with)
    {
        return Ok((next, Place::Next));
    }
    let there =
        own.map_or_else(|| "there is none here".to_owned(), |own| format!("the given one is {}", own.id()));
    bail!(
        "the database was sealed with the key {sealed_with}, and {there}: \
         give that one with --secret-key-file, or restore secret.key from a backup"
    )
}

/// Writes down the key of a database that says none yet; one of an older version may hold sealed values, which
/// must open with it.
async fn first_use(own: &Key, db: &Db) -> anyhow::Result<String> {
    let opened = look(&Secrets::with(own.clone()), db).await;
    opened.context("the database was sealed with another key: restore secret.key from a backup")?;
    let tx = db.begin().await?;
    // Another program may have been first.
    if let Some(id) = rows::key_id(&tx).await? {
        return Ok(id);
    }
    rows::set_key_id(&tx, &own.id()).await?;
    tx.commit().await?;
    Ok(own.id())
}

/// Looks whether everything opens.
///
/// # Errors
/// When something does not, naming its table and row.
pub async fn look(secrets: &Secrets, db: &Db) -> anyhow::Result<Report> {
    let mut values = 0;
    for column in COLUMNS {
        for (id, sealed) in rows::sealed(db.read(), column).await? {
            open_one(secrets, column, &id, &sealed)?;
            values += 1;
        }
    }
    Ok(Report { key: secrets.key.id(), values })
}

/// Seals everything with another key: a new one, or the one of a file. No server may use the folder meanwhile.
///
/// # Errors
/// When something does not open, or cannot be written; everything is then as it was.
pub async fn rotate(
    (source, next): (&Source, Option<&Path>),
    data_dir: &Path,
    db: &Db,
    alone: &Lock,
) -> anyhow::Result<Report> {
    let secrets = settle(source, data_dir, db, alone).await?;
    let key = next_key(&secrets.key, (source, next))?;
    let own = matches!(source, Source::Folder);
    if own {
        key::keep_next(data_dir, &key)?;
    }
    let anew = Secrets::with(key);
    let values = seal_anew(&secrets, &anew, db).await?;
    // The former key is gone in a moment: what it opened must not come back with a power cut.
    db.checkpoint().await?;
    if own {
        key::adopt_next(data_dir)?;
    }
    Ok(Report { key: anew.key.id(), values })
}

fn next_key(now: &Key, (source, next): (&Source, Option<&Path>)) -> anyhow::Result<Key> {
    let Some(path) = next else {
        if !matches!(source, Source::Folder) {
            bail!("the key is not this folder's own: give the next one with --new-key-file");
        }
        return Ok(now.rotated());
    };
    let given = key::read_file(path)?;
    if given.id() == now.id() {
        bail!("{} holds the key that is in use", path.display());
    }
    // The root stays, whatever the file says: it is what old records are verified with.
    if !matches!(source, Source::Folder) && given.root != now.root {
        bail!(
            "the second half of {} must be that of the key in use, with which old records are verified: \
             `raven-docs secrets generate` makes such a file",
            path.display()
        );
    }
    Ok(Key { root: now.root.clone(), ..given })
}

async fn seal_anew(now: &Secrets, anew: &Secrets, db: &Db) -> anyhow::Result<u64> {
    let changes = Changes::new(db.clone(), Chains::open(now)?);
    let mut change = changes.begin().await?;
    let mut values = 0;
    for column in COLUMNS {
        for (id, sealed) in rows::sealed(change.tx(), column).await? {
            let secret = open_one(now, column, &id, &sealed)?;
            let sealed = anew.seal(&format!("{}{id}", column.purpose), &secret)?;
            rows::seal(change.tx(), column, &id, &sealed).await?;
            values += 1;
        }
    }
    rows::set_key_id(change.tx(), &anew.key.id()).await?;
    let keys = |secrets: &Secrets| serde_json::json!({ "key": secrets.key.id() });
    let entry = Entry::new(Actor::operator(), Action::SecretsRotate, Target::new("key", anew.key.id()));
    change.audit_server(entry.before(keys(now)).after(keys(anew))).await?;
    change.commit().await?;
    Ok(values)
}

fn open_one(
    secrets: &Secrets,
    column: &super::sealed::Column,
    id: &str,
    sealed: &str,
) -> anyhow::Result<secrecy::SecretString> {
    let opened = secrets.unseal(&format!("{}{id}", column.purpose), sealed);
    opened.with_context(|| format!("{} of {id} in {}", column.column, column.table))
}

#[cfg(test)]
mod tests {
    use raven_protocol::id::{AgentId, WorkspaceId};
    use raven_protocol::time::Timestamp;
    use secrecy::ExposeSecret as _;
    use tempfile::TempDir;

    use super::*;

    async fn folder() -> (TempDir, Db) {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(folder.path()).await.unwrap();
        (folder, db)
    }

    #[tokio::test]
    async fn a_command_beside_a_rotation_leaves_its_next_key() {
        let (folder, db) = folder().await;
        let (dir, source) = (folder.path(), Source::Folder);
        let lock = Lock::take(dir).unwrap();
        let before = settle(&source, dir, &db, &lock).await.unwrap();
        let next = before.key.rotated();
        key::keep_next(dir, &next).unwrap();
        open(&source, dir, &db).await.unwrap();
        assert_eq!(key::next(dir).unwrap(), Some(next.clone()), "before everything is sealed anew");

        let anew = Secrets::with(next.clone());
        seal_anew(&before, &anew, &db).await.unwrap();
        let beside = open(&source, dir, &db).await.unwrap();
        assert_eq!(beside.key.id(), next.id());
        assert_eq!(key::next(dir).unwrap(), Some(next.clone()), "before the key is replaced");

        let after = settle(&source, dir, &db, &lock).await.unwrap();
        assert_eq!(after.key.id(), next.id());
        assert_eq!(key::next(dir).unwrap(), None);
        assert_eq!(*after.derive("x").unwrap(), *before.derive("x").unwrap(), "old records are verified");
    }

    #[tokio::test]
    async fn a_database_of_an_older_version_takes_only_its_own_key() {
        let (folder, db) = folder().await;
        let dir = folder.path();
        let own = Secrets::open(dir).unwrap();
        let tx = db.begin().await.unwrap();
        let workspace = WorkspaceId::generate();
        let now = Timestamp::now();
        crate::db::workspaces::insert(&tx, &workspace, "W", now).await.unwrap();
        let mut agent = crate::db::agents::Model::example(&AgentId::generate(), &workspace);
        let purpose = format!("variables of the agent {}", agent.id);
        agent.variables_sealed = Some(own.seal(&purpose, &"hidden".to_owned().into()).unwrap());
        crate::db::agents::insert(&tx, &agent).await.unwrap();
        tx.commit().await.unwrap();

        let other = dir.join("other.key");
        key::write_next(&Source::Folder, dir, &other).unwrap();
        let refused = open(&Source::File(other), dir, &db).await.err().unwrap();
        assert!(format!("{refused:#}").contains("another key"), "{refused:#}");
        assert_eq!(rows::key_id(db.read()).await.unwrap(), None, "nothing is taken for its key");
        let opened = open(&Source::Folder, dir, &db).await.unwrap();
        let sealed = agent.variables_sealed.unwrap();
        assert_eq!(opened.unseal(&purpose, &sealed).unwrap().expose_secret(), "hidden");
    }

    #[tokio::test]
    async fn a_missing_key_is_said_and_not_replaced() {
        let (folder, db) = folder().await;
        let dir = folder.path();
        open(&Source::Folder, dir, &db).await.unwrap();
        std::fs::remove_file(dir.join("secret.key")).unwrap();
        let refused = open(&Source::Folder, dir, &db).await.err().unwrap();
        assert!(refused.to_string().contains("there is none here"), "{refused}");
        assert!(!dir.join("secret.key").exists());
    }
}
