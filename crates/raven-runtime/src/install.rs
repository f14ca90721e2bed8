//! Programs of agents that this runtime installs into its own data folder.
//!
//! Owns what a package is, and how it gets into its folder as a whole or not at all; what programs tell of
//! their versions. Must not know agents or what is done with a program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use regex::Regex;
use rustix::fs::{FlockOperation, flock, syncfs};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::environment::{Environment, find_program};
use crate::files::{self, Durability};
use crate::group::{self, Group};

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

/// Where a program that was not installed here finds a home while it tells its version.
const SCRATCH: &str = "/tmp";

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
        settle(&folder).await.context("it cannot be written to the disk")?;
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
            // The version pins the whole tree of our three packages. Claude Code and Codex depend on nothing
            // but their own binaries, and Gemini CLI is bundled: all by exact versions. Only two headers
            // that Gemini's optional natives are compiled with (nan, node-addon-api) come by a range.
            Source::Npm => {
                let npm = tool("npm", env, "install Node.js 20 or later on the runtime's machine")?;
                let package = format!("{}@{}", self.name, self.version);
                let prefix = text(folder.to_owned());
                // Otherwise it is silent until it is done.
                let told = "--loglevel=http";
                let args = ["install", "--no-audit", "--no-fund", told, "--prefix", &prefix, &package];
                run(&npm, &args, (folder, env), &mut line).await
            }
            Source::Pypi => {
                let python = tool("python3", env, "install Python 3.10 or later on the runtime's machine")?;
                line("making an environment for it");
                run(&python, &["-m", "venv", &text(folder.join("venv"))], (folder, env), &mut line).await?;
                let package = format!("{}=={}", self.name, self.version);
                let args = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", &package];
                run(&folder.join("venv/bin/python"), &args, (folder, env), &mut line).await
            }
        }
    }

    /// Starts it once: a package that cannot run here is not installed.
    async fn check_version(&self, folder: &Path, env: &Environment) -> anyhow::Result<()> {
        if !self.tells_version() {
            return Ok(());
        }
        let version = self.ask_version(&folder.join(&self.executable), folder, env).await?;
        if version != self.version {
            bail!("version {version} came instead of {}", self.version);
        }
        Ok(())
    }

    /// Whether its program can be asked for its version.
    pub fn tells_version(&self) -> bool {
        self.version_pattern.is_some() && !self.version_args.is_empty()
    }

    /// The version of a program that somebody else installed. It runs once, in an empty home of its own,
    /// and leaves nothing behind.
    ///
    /// # Errors
    /// When it cannot be started or does not tell.
    pub async fn version_of(&self, program: &Path, env: &Environment) -> anyhow::Result<String> {
        let scratch = Scratch::new()?;
        self.ask_version(program, &scratch.0, env).await
    }

    async fn ask_version(&self, program: &Path, home: &Path, env: &Environment) -> anyhow::Result<String> {
        let pattern = Regex::new(self.version_pattern.as_deref().unwrap_or_default())?;
        let mut command = Command::new(program);
        command.args(&self.version_args).env_clear().envs(env).env("HOME", home).current_dir(home);
        let told = tokio::time::timeout(VERSION, group::output(&mut command)).await;
        let told = told.map_err(|_| anyhow::anyhow!("it does not tell its version"))?;
        let told = told.with_context(|| format!("{} cannot be started", program.display()))?;
        let text = String::from_utf8_lossy(&told.stdout);
        let version = pattern.captures(&text).and_then(|found| Some(found.get(1)?.as_str().to_owned()));
        version.with_context(|| {
            format!("it does not tell its version: {}", String::from_utf8_lossy(&told.stderr).trim())
        })
    }
}

/// A folder for one question, gone with it.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> std::io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt as _;
        let path = Path::new(SCRATCH).join(format!("raven-runtime-{:016x}", rand::random::<u64>()));
        // One that is there already is somebody else's, and refused.
        std::fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// Writes everything under a folder to its disk: what is called whole is there after a power cut.
async fn settle(folder: &Path) -> anyhow::Result<()> {
    let folder = std::fs::File::open(folder)?;
    Ok(tokio::task::spawn_blocking(move || syncfs(folder)).await??)
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
    command.args(args).env_clear().envs(env).current_dir(folder);
    let started = Group::start(&mut command);
    let mut group = started.with_context(|| format!("{} cannot be started", program.display()))?;
    let (told, mut lines) = mpsc::channel(WAITING);
    tokio::spawn(tell(group.stdout(), told.clone()));
    tokio::spawn(tell(group.stderr(), told));
    let mut last = Vec::new();
    while let Some(text) = lines.recv().await {
        line(&text);
        last.push(text);
        if last.len() > LINES {
            last.remove(0);
        }
    }
    let status = group.wait().await?;
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

    /// Waits until a child of the installer is gone that wrote its number down.
    async fn child_ends(number: &Path) {
        let pid: i32 = std::fs::read_to_string(number).unwrap().trim().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(pid).unwrap();
        let mut turns = tokio::time::interval(Duration::from_millis(20));
        let gone = async {
            // A zombie whose parent does not collect it has ended too.
            while rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid) {
                turns.tick().await;
            }
        };
        tokio::time::timeout(VERSION, gone).await.expect("the installer's child ends");
    }

    fn is_zombie(pid: rustix::process::Pid) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
        stat.is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, state)| state.trim().starts_with('Z')))
    }

    #[tokio::test]
    async fn what_is_given_up_leaves_nothing_running() {
        let folder = tempfile::tempdir().unwrap();
        let number = folder.path().join("child");
        // The child outlives its parent's end, and holds none of its streams.
        let begins = format!(
            "(trap '' HUP TERM INT; exec sleep 1000) > /dev/null 2>&1 & echo $! > {0}.new; mv {0}.new {0}; \
             echo begun; wait",
            number.display()
        );
        let env = npm(folder.path(), &begins);
        let (begun, wait) = tokio::sync::oneshot::channel();
        let mut begun = Some(begun);
        let package = package("x");
        let line = |line: &str| {
            if line == "begun"
                && let Some(begun) = begun.take()
            {
                begun.send(()).unwrap();
            }
        };
        tokio::select! {
            ended = package.install(folder.path(), "k", &env, line) => panic!("{ended:?}"),
            told = wait => told.unwrap(),
        }
        child_ends(&number).await;
        assert_eq!(package.program(folder.path(), "k"), None);
    }

    #[tokio::test]
    async fn a_program_in_path_tells_its_version_in_a_home_that_is_gone_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let env = npm(folder.path(), &format!("touch $HOME/x; echo $HOME > {}; echo v3.4.5", home.display()));
        let version = package("x").version_of(&folder.path().join("npm"), &env).await.unwrap();
        assert_eq!(version, "3.4.5");
        let home = std::fs::read_to_string(home).unwrap();
        assert!(home.starts_with(SCRATCH) && !Path::new(home.trim()).exists(), "{home}");
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
