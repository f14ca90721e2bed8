//! A git worktree for each agent, on a branch of its own: many work on one repository and never collide.
//!
//! Owns every call of git. Must not know agents beyond a name and an id.
//!
//! Git runs here in the clean environment, with the repository's hooks and file monitor switched off: what is in a
//! repository runs when its agent runs it, and not when the daemon prepares it.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use raven_protocol::agent::Repository;
use rustix::fs::{FlockOperation, flock};
use tokio::process::Command;

use crate::environment::{Environment, find_program};
use crate::files;

/// Longest that it may take to fetch a repository and check it out.
const LIMIT: Duration = Duration::from_secs(10 * 60);

/// How often it is asked whether another agent is done with the same repository.
const ASK_EVERY: Duration = Duration::from_millis(50);

/// Ways in which repositories elsewhere are reached; `ext` and the like run programs that the address names.
const PROTOCOLS: &str = "https:http:ssh";

/// Characters of an agent's name in the name of its branch.
const SLUG: usize = 40;

/// Characters of an agent's id there.
const ID_END: usize = 6;

/// Where worktrees come from.
#[derive(Debug, Clone)]
pub struct Repositories {
    /// What was fetched from elsewhere, a bare repository each.
    pub folder: PathBuf,
    /// What git sees.
    pub env: Environment,
}

/// A worktree that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Of which repository, and where to begin.
    pub repository: Repository,
    /// The branch to make.
    pub branch: String,
    /// Where it goes: an empty folder.
    pub work: PathBuf,
}

/// The branch of an agent.
pub fn branch(name: &str, id: &str) -> String {
    let slug = slug(name);
    let end: Vec<char> = id.chars().rev().take(ID_END).collect();
    format!("raven/{slug}-{}", end.into_iter().rev().collect::<String>())
}

fn slug(text: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let spelled: String = text.chars().map(plain).collect();
    let parts: Vec<&str> = spelled.split('-').filter(|part| !part.is_empty()).collect();
    let slug: String = parts.join("-").chars().take(SLUG).collect();
    match slug.trim_end_matches('-') {
        "" => "agent".to_owned(),
        slug => slug.to_owned(),
    }
}

impl Repositories {
    /// Makes a worktree.
    ///
    /// # Errors
    /// Worded for the person who wanted it.
    pub async fn make(&self, wanted: &Wanted) -> anyhow::Result<()> {
        let made = tokio::time::timeout(LIMIT, self.make_by(wanted, PROTOCOLS)).await;
        made.map_err(|_| anyhow::anyhow!("it took longer than {} minutes", LIMIT.as_secs() / 60))?
    }

    async fn make_by(&self, wanted: &Wanted, protocols: &str) -> anyhow::Result<()> {
        let Repository { path, url, at } = &wanted.repository;
        let given = path.as_ref().or(url.as_ref()).context("no repository was named")?;
        let place = self.folder.join(place_of(given));
        files::create_private_dir(&self.folder)?;
        let _lock = lock(&place.with_extension("lock")).await?;
        let git = Git { program: self.git()?, env: &self.env, protocols };
        let (repository, places) = match path {
            Some(path) => {
                let path = PathBuf::from(path);
                if !git.run(&path, &["rev-parse", "--git-dir"]).await.is_ok_and(|out| out.status.success()) {
                    bail!("{} is not a git repository", path.display());
                }
                (path, ["", "refs/remotes/origin/"])
            }
            None => {
                git.fetch(&place, given).await?;
                (place, ["refs/remotes/origin/", ""])
            }
        };
        let begin = match (at, path) {
            (Some(at), _) => {
                let names = places.map(|place| format!("{place}{at}"));
                let found = git.commit(&repository, &names).await?;
                found.with_context(|| format!("there is no branch, tag or commit `{at}`"))?
            }
            (None, Some(_)) => {
                let found = git.commit(&repository, &["HEAD".to_owned()]).await?;
                found.context("the repository has no commit yet")?
            }
            (None, None) => {
                let names = ["HEAD", "main", "master"].map(|name| format!("refs/remotes/origin/{name}"));
                let found = git.commit(&repository, &names).await?;
                found.context("the repository has no default branch: name one as `ref`")?
            }
        };
        let work = wanted.work.to_string_lossy();
        let add = ["worktree", "add", "--quiet", "--no-track", "-b", &wanted.branch, "--", &work, &begin];
        git.must(&repository, &add).await.map(drop)
    }

    fn git(&self) -> anyhow::Result<PathBuf> {
        find_program("git", &self.env).context("git is not in the runtime's PATH: install it there")
    }

    /// Takes a worktree away that holds nothing of its own, and leaves its branch; whether the folder can be
    /// removed. A folder that is no worktree can.
    pub async fn take_away(&self, work: &Path) -> bool {
        if !work.join(".git").is_file() {
            return true;
        }
        let gone = async {
            let git = Git { program: self.git()?, env: &self.env, protocols: "" };
            let changed = git.must(work, &["status", "--porcelain", "--untracked-files=all"]).await?;
            if !changed.is_empty() {
                bail!("it has changes that are not committed");
            }
            // A branch is left; commits that are on none would be lost.
            let kept = git.must(work, &["for-each-ref", "--count=1", "--contains=HEAD", "refs/"]).await?;
            if kept.is_empty() {
                bail!("it has commits that are on no branch");
            }
            let common = git.must(work, &["rev-parse", "--path-format=absolute", "--git-common-dir"]).await?;
            let work = work.to_string_lossy();
            git.must(Path::new(common.trim()), &["worktree", "remove", "--", &work]).await.map(drop)
        };
        match gone.await {
            Ok(()) => true,
            Err(why) => {
                tracing::warn!(folder = %work.display(), why = format!("{why:#}"), "an old agent's worktree stays");
                false
            }
        }
    }
}

fn place_of(address: &str) -> String {
    let mut hash = DefaultHasher::new();
    address.hash(&mut hash);
    let name = address.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    format!("{}-{:016x}", slug(name), hash.finish())
}

/// Waits until nobody else has the file locked.
async fn lock(path: &Path) -> anyhow::Result<std::fs::File> {
    let file = files::open_private(path)?;
    while flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        tokio::time::sleep(ASK_EVERY).await;
    }
    Ok(file)
}

struct Git<'a> {
    program: PathBuf,
    env: &'a Environment,
    protocols: &'a str,
}

impl Git<'_> {
    async fn run(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<Output> {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(folder);
        command.args(["-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "gc.auto=0"]);
        command.args(arguments).env_clear().envs(self.env);
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ASKPASS", "/bin/false")
            .env("SSH_ASKPASS", "/bin/false");
        command.env("GIT_SSH_COMMAND", "ssh -o BatchMode=yes").env("GIT_ALLOW_PROTOCOL", self.protocols);
        command.stdin(Stdio::null()).kill_on_drop(true);
        command.output().await.context("git cannot be started")
    }

    /// What it printed; an error with what it complained of when it failed.
    async fn must(&self, folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
        let out = self.run(folder, arguments).await?;
        if !out.status.success() {
            let said = String::from_utf8_lossy(&out.stderr);
            let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
            let last = lines.get(lines.len().saturating_sub(4)..).unwrap_or_default().join("; ");
            bail!("git {}: {last}", arguments.first().unwrap_or(&""));
        }
        Ok(String::from_utf8_lossy(&out.stdout).into_owned())
    }

    /// The first of these names that is a commit's.
    async fn commit(&self, repository: &Path, names: &[String]) -> anyhow::Result<Option<String>> {
        for name in names {
            let name = format!("{name}^{{commit}}");
            let out = self
                .run(repository, &["rev-parse", "--verify", "--quiet", "--end-of-options", &name])
                .await?;
            if out.status.success() {
                return Ok(Some(String::from_utf8_lossy(&out.stdout).trim().to_owned()));
            }
        }
        Ok(None)
    }

    /// Brings a bare repository up to date with one elsewhere. Each step can be done again, so that one that was
    /// cut off is gone on with.
    async fn fetch(&self, place: &Path, url: &str) -> anyhow::Result<()> {
        files::create_private_dir(place)?;
        self.must(place, &["init", "--quiet", "--bare"]).await?;
        self.must(place, &["config", "remote.origin.url", url]).await?;
        let refs = "+refs/heads/*:refs/remotes/origin/*";
        self.must(place, &["config", "remote.origin.fetch", refs]).await?;
        self.must(place, &["fetch", "--quiet", "--prune", "--tags", "--force", "origin"]).await?;
        // One without a default branch has none to set.
        let _default = self.run(place, &["remote", "set-head", "origin", "--auto"]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
