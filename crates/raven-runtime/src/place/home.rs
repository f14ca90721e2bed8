//! An agent's own home: what is linked into it and written there before its program starts.
//!
//! Owns these files. Must not know which kinds want which. Everything in it is for its user alone: some
//! programs keep parts of a key there.

use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::Deserialize;

use super::vars::{Condition, Vars};
use crate::files::{self, Durability};

/// A file that is written before the start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HomeFile {
    /// Its path in the home.
    pub path: String,
    /// What is in it.
    pub format: Format,
    /// Its text; places to fill are filled after it was parsed, in texts and in names.
    pub content: String,
    /// Whether it is laid over one that was written before it.
    #[serde(default)]
    pub merge: bool,
    /// All of these must hold.
    #[serde(default)]
    pub when: Vec<Condition>,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    Json,
    /// TOML.
    Toml,
    /// Anything.
    Text,
}

/// Where logins are, and what of the runtime's home agents may use.
pub struct Sources<'a> {
    /// The home of the runtime's own user.
    pub own: &'a Path,
    /// Where logins are kept that agents made.
    pub logins: &'a Path,
}

impl Sources<'_> {
    /// The one place of a login: the user's own file when there is one, so that nobody is logged out.
    pub fn login(&self, path: &str) -> PathBuf {
        let own = self.own.join(path);
        if own.exists() { own } else { self.logins.join(path) }
    }
}

/// Links into a home what the agent's tools use, and where its logins are.
///
/// # Errors
/// When the folder cannot be written, or a path leads out of it.
pub fn link(home: &Path, from: &Sources<'_>, links: &[String], shared: &[String]) -> anyhow::Result<()> {
    files::create_private_dir(home)?;
    for path in links {
        let target = from.own.join(path);
        if target.exists() {
            place_link(home, path, &target)?;
        }
    }
    for path in shared {
        let target = from.login(path);
        if let Some(folder) = target.parent() {
            files::create_private_dir(folder)?;
        }
        // It may be there only after the first sign-in, which is written through the link.
        place_link(home, path, &target)?;
    }
    Ok(())
}

/// Removes the files that were written for an earlier run and whose conditions do not hold any more: a key
/// that was taken from the runtime is not left there.
///
/// # Errors
/// When a file cannot be removed.
pub fn clear(home: &Path, wanted: &[HomeFile], vars: &Vars) -> anyhow::Result<()> {
    for file in wanted {
        let path = inside(home, &file.path)?;
        let stays = wanted.iter().any(|other| other.path == file.path && vars.meet(&other.when));
        // A link leads to a login, which is nobody's to remove here.
        if !stays && path.symlink_metadata().is_ok_and(|found| found.is_file()) {
            std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", file.path))?;
        }
    }
    Ok(())
}

/// Writes the files whose conditions hold.
///
/// # Errors
/// When a file cannot be parsed, filled or written.
pub fn write(home: &Path, wanted: &[HomeFile], vars: &Vars) -> anyhow::Result<()> {
    for file in wanted.iter().filter(|file| vars.meet(&file.when)) {
        let path = inside(home, &file.path)?;
        let before = if file.merge { read(&path)? } else { None };
        let text =
            render(file, before.as_deref(), vars).with_context(|| format!("cannot write {}", file.path))?;
        if let Some(folder) = path.parent() {
            files::create_private_dir(folder)?;
        }
        files::replace(&path, text.as_bytes(), Durability::Process)?;
    }
    Ok(())
}

fn place_link(home: &Path, path: &str, target: &Path) -> anyhow::Result<()> {
    let link = inside(home, path)?;
    if let Some(folder) = link.parent() {
        files::create_private_dir(folder)?;
    }
    match symlink(target, &link) {
        Err(exists) if exists.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => Ok(made?),
    }
}

fn inside(home: &Path, path: &str) -> anyhow::Result<PathBuf> {
    let relative = Path::new(path);
    if path.is_empty() || !relative.components().all(|part| matches!(part, Component::Normal(_))) {
        bail!("`{path}` must be a path in the home, without `..`");
    }
    Ok(home.join(relative))
}

fn read(path: &Path) -> io::Result<Option<String>> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(none) if none.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(refused) => Err(refused),
    }
}

fn render(file: &HomeFile, before: Option<&str>, vars: &Vars) -> anyhow::Result<String> {
    Ok(match file.format {
        Format::Text => fill(&file.content, vars)?,
        Format::Json => {
            let new = filled(serde_json::from_str(&file.content)?, vars)?;
            let merged = match before {
                Some(before) => over(serde_json::from_str(before)?, new),
                None => new,
            };
            serde_json::to_string_pretty(&merged)?
        }
        // By way of JSON values: dates, which those have not, are in none of these files.
        Format::Toml => {
            let new = filled(toml::from_str(&file.content)?, vars)?;
            let merged = match before {
                Some(before) => over(toml::from_str(before)?, new),
                None => new,
            };
            toml::to_string(&merged)?
        }
    })
}

fn fill(text: &str, vars: &Vars) -> anyhow::Result<String> {
    vars.fill(text).map_err(|name| anyhow::anyhow!("there is nothing to fill `{{{name}}}` with"))
}

fn filled(value: serde_json::Value, vars: &Vars) -> anyhow::Result<serde_json::Value> {
    use serde_json::Value;
    Ok(match value {
        Value::String(text) => Value::String(fill(&text, vars)?),
        Value::Array(items) => {
            Value::Array(items.into_iter().map(|item| filled(item, vars)).collect::<anyhow::Result<_>>()?)
        }
        Value::Object(fields) => {
            let fields =
                fields.into_iter().map(|(name, value)| Ok((fill(&name, vars)?, filled(value, vars)?)));
            Value::Object(fields.collect::<anyhow::Result<_>>()?)
        }
        other => other,
    })
}

fn over(under: serde_json::Value, over_it: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match (under, over_it) {
        (Value::Object(mut under), Value::Object(fields)) => {
            for (name, value) in fields {
                let merged = match under.remove(&name) {
                    Some(before) => over(before, value),
                    None => value,
                };
                under.insert(name, merged);
            }
            Value::Object(under)
        }
        (_, over_it) => over_it,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn file(json: serde_json::Value) -> HomeFile {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_home_has_its_files_filled_and_for_its_user_alone() {
        let folder = tempfile::tempdir().unwrap();
        let mut vars = Vars::default();
        vars.set("work", "/w/a \"b\"");
        vars.set("mcp.url", "http://127.0.0.1:1/mcp");
        let files = [
            file(
                serde_json::json!({"path": "c.json", "format": "json", "content": r#"{"at": {"{work}": true}}"#}),
            ),
            file(serde_json::json!({"path": "c.json", "format": "json", "merge": true, "when": ["mcp"],
                "content": r#"{"at": {"x": 1}, "url": "{mcp.url}"}"#})),
            file(
                serde_json::json!({"path": ".x/c.toml", "format": "toml", "content": "[at.\"{work}\"]\nok = true"}),
            ),
            file(serde_json::json!({"path": "no", "format": "text", "content": "", "when": ["model"]})),
        ];
        write(folder.path(), &files, &vars).unwrap();
        let json: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(folder.path().join("c.json")).unwrap()).unwrap();
        assert_eq!(
            json,
            serde_json::json!({"at": {"/w/a \"b\"": true, "x": 1}, "url": "http://127.0.0.1:1/mcp"})
        );
        let toml: toml::Table =
            toml::from_str(&std::fs::read_to_string(folder.path().join(".x/c.toml")).unwrap()).unwrap();
        assert_eq!(toml["at"]["/w/a \"b\""]["ok"].as_bool(), Some(true));
        assert!(!folder.path().join("no").exists());
        let mode = folder.path().join("c.json").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_login_is_in_one_place_for_all_and_the_users_own_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("own/.b")).unwrap();
        std::fs::write(at("own/.b/login"), "mine").unwrap();
        std::fs::write(at("own/.gitconfig"), "g").unwrap();
        let from = Sources { own: &at("own"), logins: &at("logins") };
        let shared = [".a/login".to_owned(), ".b/login".to_owned()];
        for home in ["one", "two"] {
            link(&at(home), &from, &[".gitconfig".to_owned(), ".ssh".to_owned()], &shared).unwrap();
        }
        std::fs::write(at("one/.a/login"), "new").unwrap();
        assert_eq!(std::fs::read_to_string(at("two/.a/login")).unwrap(), "new");
        assert_eq!(std::fs::read_to_string(at("two/.b/login")).unwrap(), "mine");
        assert!(at("one/.gitconfig").exists() && !at("one/.ssh").exists());
    }

    #[test]
    fn no_path_leads_out_of_the_home() {
        for bad in ["", "/etc/x", "../x", "a/../../x"] {
            assert!(inside(Path::new("/h"), bad).is_err(), "{bad}");
        }
    }
    #[test]
    fn what_was_written_under_conditions_that_hold_no_more_is_gone_and_a_login_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (home, logins) = (folder.path().join("home"), folder.path().join("logins"));
        let files = [
            file(
                serde_json::json!({"path": "auth", "format": "text", "content": "{key.openai}", "when": ["key:openai"]}),
            ),
            file(serde_json::json!({"path": "c", "format": "text", "content": "always"})),
            file(serde_json::json!({"path": "c", "format": "text", "content": "more", "when": ["mcp"]})),
        ];
        let from = Sources { own: folder.path(), logins: &logins };
        let run = |vars: &Vars| {
            clear(&home, &files, vars).unwrap();
            link(&home, &from, &[], &["auth".to_owned()]).unwrap();
            write(&home, &files, vars).unwrap();
        };
        let mut with_key = Vars::default();
        with_key.set("key.openai", "secret");
        run(&with_key);
        assert_eq!(std::fs::read_to_string(home.join("auth")).unwrap(), "secret");
        run(&Vars::default());
        assert!(!home.join("auth").exists() && home.join("c").exists());
        std::fs::write(home.join("auth"), "signed in").unwrap();
        run(&Vars::default());
        assert_eq!(std::fs::read_to_string(logins.join("auth")).unwrap(), "signed in");
    }
}
