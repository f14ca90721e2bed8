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

/// What a rotation did, or a look found.
#[derive(Debug, PartialEq, Eq)]
pub struct Report {
    /// Names the key, as in the audit log.
    pub key: String,
    /// How many values are sealed with it.
    pub values: u64,
}

/// Opens the secrets of a folder with the key that its database is sealed with, and ends a rotation that was cut
/// off.
///
/// # Errors
/// When the key is not the one that sealed the database, saying which one did.
pub async fn open(source: &Source, data_dir: &Path, db: &Db) -> anyhow::Result<Secrets> {
    let own = key::read(source, data_dir)?;
    let sealed_with = rows::key_id(db.read()).await?;
    let Some(sealed_with) = sealed_with else {
        let tx = db.begin().await?;
        rows::set_key_id(&tx, &own.id()).await?;
        tx.commit().await?;
        return Ok(Secrets::with(own));
    };
    if sealed_with == own.id() {
        if matches!(source, Source::Folder) {
            key::forget_next(data_dir)?;
        }
        return Ok(Secrets::with(own));
    }
    match key::next(data_dir)? {
        Some(next) if matches!(source, Source::Folder) && next.id() == sealed_with => {
            key::adopt_next(data_dir)?;
            Ok(Secrets::with(next))
        }
        _ => bail!(
            "the database was sealed with the key {sealed_with}, and the given one is {}: \
             give that one with --secret-key-file, or restore secret.key from a backup",
            own.id()
        ),
    }
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

/// Seals everything with another key: a new one, or the one of a file. Nobody else may use the folder meanwhile.
///
/// # Errors
/// When something does not open, or cannot be written; everything is then as it was.
pub async fn rotate(
    (source, next): (&Source, Option<&Path>),
    data_dir: &Path,
    db: &Db,
) -> anyhow::Result<Report> {
    let secrets = open(source, data_dir, db).await?;
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
