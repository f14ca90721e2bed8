//! Programs of agents that this runtime installs into its own data folder.
//!
//! Owns what a package is, and how it gets into its folder as a whole or not at all. Must not know agents
//! or what is done with a program.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, bail};
use regex::Regex;
use rustix::fs::{FlockOperation, flock};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::environment::{Environment, find_program};
use crate::files::{self, Durability};

/// How long an installation may take: the largest has 700 MB.
const INSTALL: Duration = Duration::from_secs(20 * 60);

/// How long a program may take to tell its version: some compile themselves at their first start.
const VERSION: Duration = Duration::from_secs(60);

/// Lines of its output that go with a failure.
const LINES: usize = 12;

/// Lines that wait to be shown; more wait with the program that prints them.
const WAITING: usize = 64;

/// The file that says that an installation is whole.
const WHOLE: &str = ".whole";

/// A program as a registry has it, pinned.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    /// Where it comes from.
    pub source: Source,
    /// Its name there.
    pub name: String,
    /// The version that is installed.
    pub version: String,
    /// The program's path in the folder that it is installed into.
    pub executable: String,
    /// Arguments with which it tells its version.
    #[serde(default)]
    pub version_args: Vec<String>,
    /// The version in what it prints then: the first group.
    #[serde(default)]
    pub version_pattern: Option<String>,
    /// Versions with which everything that is known of it was tested.
    #[serde(default)]
    pub tested: Vec<String>,
}

/// A registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// Node packages.
    Npm,
    /// Python packages.
    Pypi,
}

impl Package {
    /// Its folder among the installed ones.
    fn folder(&self, installed: &Path, kind: &str) -> PathBuf {
        installed.join(kind).join(&self.version)
    }

    /// Its program, if it is installed as a whole.
    pub fn program(&self, installed: &Path, kind: &str) -> Option<PathBuf> {
        let folder = self.folder(installed, kind);
        let program = folder.join(&self.executable);
        (folder.join(WHOLE).exists() && program.exists()).then_some(program)
    }

    /// Installs it; answers its program. `line` hears what is printed meanwhile. One that is whole already
    /// is left as it is.
    ///
    /// # Errors
    /// Worded for the person who wants it, with the last lines that were printed.
    pub async fn install(
        &self,
        installed: &Path,
        kind: &str,
        env: &Environment,
        line: impl FnMut(&str),
    ) -> anyhow::Result<PathBuf> {
        files::create_private_dir(&installed.join(kind)).context("the data folder cannot be written")?;
        let lock = files::open_private(&installed.join(kind).join("lock"))?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            bail!("{kind} is being installed already");
        }
        if let Some(program) = self.program(installed, kind) {
            return Ok(program);
        }
        let folder = self.folder(installed, kind);
        // What an interrupted one left behind is no beginning.
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        files::create_private_dir(&folder)?;
        let fetched = tokio::time::timeout(INSTALL, self.fetch(&folder, env, line)).await;
        fetched.map_err(|_| anyhow::anyhow!("it took longer than {} minutes", INSTALL.as_secs() / 60))??;
        self.check_version(&folder, env).await?;
        files::replace(&folder.join(WHOLE), b"", Durability::Disk)?;
        self.program(installed, kind).with_context(|| format!("the package has no {}", self.executable))
    }

    async fn fetch(
        &self,
        folder: &Path,
        env: &Environment,
        mut line: impl FnMut(&str),
    ) -> anyhow::Result<()> {
        let text = |path: PathBuf| path.to_string_lossy().into_owned();
        match self.source {
            Source::Npm => {
                let npm = tool("npm", env, "install Node.js 20 or later on the runtime's machine")?;
                let package = format!("{}@{}", self.name, self.version);
                let prefix = text(folder.to_owned());
                let args = ["install", "--no-audit", "--no-fund", "--prefix", &prefix, &package];
                run(&npm, &args, (folder, env), &mut line).await
            }
            Source::Pypi => {
                let python = tool("python3", env, "install Python 3.10 or later on the runtime's machine")?;
                run(&python, &["-m", "venv", &text(folder.join("venv"))], (folder, env), &mut line).await?;
                let package = format!("{}=={}", self.name, self.version);
                let args = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", &package];
                run(&folder.join("venv/bin/python"), &args, (folder, env), &mut line).await
            }
        }
    }

    /// Starts it once: a package that cannot run here is not installed.
    async fn check_version(&self, folder: &Path, env: &Environment) -> anyhow::Result<()> {
        let Some(pattern) = self.version_pattern.as_ref().filter(|_| !self.version_args.is_empty()) else {
            return Ok(());
        };
        let program = folder.join(&self.executable);
        let mut command = Command::new(&program);
        command.args(&self.version_args).env_clear().envs(env).env("HOME", folder).current_dir(folder);
        command.stdin(Stdio::null()).kill_on_drop(true);
        let told = tokio::time::timeout(VERSION, command.output()).await;
        let told = told.map_err(|_| anyhow::anyhow!("it does not tell its version"))?;
        let told = told.with_context(|| format!("{} cannot be started", program.display()))?;
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        let version =
            Regex::new(pattern)?.captures(&text).and_then(|found| Some(found.get(1)?.as_str().to_owned()));
        match version {
            Some(version) if version == self.version => Ok(()),
            Some(version) => bail!("version {version} came instead of {}", self.version),
            None => bail!("it does not tell its version: {}", String::from_utf8_lossy(&told.stderr)),
        }
    }
}

fn tool(name: &str, env: &Environment, advice: &str) -> anyhow::Result<PathBuf> {
    find_program(name, env).with_context(|| format!("{name} is not in the runtime's PATH: {advice}"))
}

async fn run(
    program: &Path,
    args: &[&str],
    (folder, env): (&Path, &Environment),
    line: &mut impl FnMut(&str),
) -> anyhow::Result<()> {
    let mut command = Command::new(program);
    command.args(args).env_clear().envs(env).current_dir(folder).kill_on_drop(true);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{} cannot be started", program.display()))?;
    let (told, mut lines) = mpsc::channel(WAITING);
    tokio::spawn(tell(child.stdout.take(), told.clone()));
    tokio::spawn(tell(child.stderr.take(), told));
    let mut last = Vec::new();
    while let Some(text) = lines.recv().await {
        line(&text);
        last.push(text);
        if last.len() > LINES {
            last.remove(0);
        }
    }
    let status = child.wait().await?;
    if !status.success() {
        bail!("{} ended with {status}; it printed last:\n{}", program.display(), last.join("\n"));
    }
    Ok(())
}

async fn tell(from: Option<impl AsyncRead + Unpin>, to: mpsc::Sender<String>) {
    let Some(from) = from else { return };
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if !line.trim().is_empty() && to.send(line.trim().to_owned()).await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str) -> Package {
        Package {
            source: Source::Npm,
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            executable: "node_modules/.bin/x".to_owned(),
            version_args: vec!["--version".to_owned()],
            version_pattern: Some(r"(\d+\.\d+\.\d+)".to_owned()),
            tested: Vec::new(),
        }
    }

    /// An `npm` that puts a program there, or fails.
    fn npm(folder: &Path, script: &str) -> Environment {
        use std::os::unix::fs::PermissionsExt as _;
        let npm = folder.join("npm");
        std::fs::write(&npm, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&npm, std::fs::Permissions::from_mode(0o755)).unwrap();
        Environment::from([("PATH".to_owned(), format!("{}:/usr/bin:/bin", folder.display()))])
    }

    const PUTS: &str = "mkdir -p node_modules/.bin; echo fetching; \
        printf '#!/bin/sh\\necho x 1.0.0\\n' > node_modules/.bin/x; chmod +x node_modules/.bin/x";

    #[tokio::test]
    async fn a_package_is_whole_or_not_there_and_begun_anew_after_a_failure() {
        let folder = tempfile::tempdir().unwrap();
        let (tools, installed) = (folder.path(), folder.path().join("installed"));
        let fails = npm(tools, "mkdir half; echo no such package >&2; exit 1");
        let refused = package("x").install(&installed, "k", &fails, |_| ()).await.unwrap_err();
        assert!(refused.to_string().contains("no such package"), "{refused:#}");
        assert_eq!(package("x").program(&installed, "k"), None);
        let mut printed = Vec::new();
        let works = npm(tools, PUTS);
        let program = package("x")
            .install(&installed, "k", &works, |line| printed.push(line.to_owned()))
            .await
            .unwrap();
        assert_eq!(package("x").program(&installed, "k"), Some(program));
        assert_eq!(printed, ["fetching"]);
        assert!(!installed.join("k/1.0.0/half").exists(), "what was left of the failure is gone");
    }

    #[tokio::test]
    async fn another_version_than_the_one_that_was_asked_for_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let env = npm(folder.path(), PUTS);
        let wanted = Package { version: "2.0.0".to_owned(), ..package("x") };
        let refused = wanted.install(folder.path(), "k", &env, |_| ()).await.unwrap_err();
        assert_eq!(refused.to_string(), "version 1.0.0 came instead of 2.0.0");
        assert_eq!(wanted.program(folder.path(), "k"), None);
    }

    #[tokio::test]
    async fn without_the_tool_it_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let env = Environment::from([("PATH".to_owned(), "/nonexistent".to_owned())]);
        let refused = package("x").install(folder.path(), "k", &env, |_| ()).await.unwrap_err();
        assert!(refused.to_string().contains("install Node.js"), "{refused}");
    }
}
