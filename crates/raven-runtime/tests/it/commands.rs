//! The command line beside a running daemon: spawn, send, logs, attach, stop, install.
//!
//! Owns what is typed and printed, and exit codes. Must not know the API behind it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use rustix::fs::{Mode, OFlags};
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use tempfile::TempDir;

use crate::daemon::{DEADLINE, Daemon, MARK, PROGRAM, until};
use crate::terminal::contains;

/// A shell program that answers lines; `size` with its terminal's, `end` with its end.
const ANSWERS: &str = "stty -echo; echo up; while read -r line; do case $line in \
                       size) stty size;; end) exit 0;; *) echo \"got $line\";; esac; done";

/// Runs a command on a daemon's data folder.
fn run(folder: &Path, arguments: &[&str]) -> Output {
    let (command, rest) = arguments.split_first().unwrap();
    let mut started = Command::new(PROGRAM);
    started.arg(command).arg("--data-dir").arg(folder).args(rest).stdin(Stdio::null());
    started.output().unwrap()
}

fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What a command says that must fail.
fn refused(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

async fn spawned(daemon: &Daemon) -> String {
    let mark = format!("{MARK}={}", daemon.mark);
    let spawn = ["spawn", "custom", "--name", "Ada", "--env", &mark, "--", "sh", "-c", ANSWERS];
    let said = printed(&run(daemon.folder.path(), &spawn));
    let id = said.strip_suffix('\n').unwrap().to_owned();
    let agent = daemon.status(&id, "ready").await;
    assert_eq!((agent.id.as_str(), agent.name.as_str()), (id.as_str(), "Ada"), "only the id is printed");
    daemon.shows(&id, "up").await;
    id
}

#[tokio::test]
async fn an_agent_is_spawned_sent_to_read_and_stopped() {
    let daemon = Daemon::start(&[]);
    let folder = daemon.folder.path();
    let id = spawned(&daemon).await;
    assert_eq!(printed(&run(folder, &["send", &id, "one"])), "submitted\n");
    daemon.shows(&id, "got one").await;
    assert_eq!(printed(&run(folder, &["send", "--no-submit", &id, "tw"])), "typed, not submitted\n");
    assert_eq!(printed(&run(folder, &["send", &id, "o"])), "submitted\n");
    daemon.shows(&id, "got two").await;
    let logs = printed(&run(folder, &["logs", &id]));
    assert!(
        logs.contains("up\r\n") && logs.contains("got one\r\n") && logs.contains("got two\r\n"),
        "{logs:?}"
    );

    let mut follows = Command::new(PROGRAM);
    follows.args(["logs", "--follow", "--data-dir"]).arg(folder).arg(&id);
    let mut follows = follows.stdout(Stdio::piped()).spawn().unwrap();
    let heard = Heard::of(follows.stdout.take().unwrap());
    heard.until("got two").await;
    assert_eq!(printed(&run(folder, &["send", &id, "three"])), "submitted\n");
    heard.until("got three").await;

    assert_eq!(printed(&run(folder, &["stop", &id])), format!("{id} stopped\n"));
    assert_eq!(ended(&mut follows).await, Some(0), "logs --follow ends with the agent");
    assert!(printed(&run(folder, &["agents"])).contains(&format!("{id}  stopped")));
    assert!(printed(&run(folder, &["logs", &id])).contains("got three"), "they outlive it");
    assert_eq!(daemon.processes(), Vec::<u32>::new());
}

#[tokio::test]
async fn attach_is_a_whole_terminal_and_its_key_leaves_the_agent_running() {
    let daemon = Daemon::start(&[]);
    let id = spawned(&daemon).await;
    let folder = daemon.folder.path().to_str().unwrap();
    let mut terminal = Terminal::new((30, 100), &["attach", &id, "--data-dir", folder]);
    let before = local(&terminal.modes());
    terminal.types("\r");
    terminal.heard.until("up").await;
    assert_ne!(local(&terminal.modes()), before, "keys come as they are typed");
    terminal.types("hello\r");
    terminal.heard.until("got hello").await;
    terminal.types("size\r");
    terminal.heard.until("30 100").await;
    terminal.resize((41, 123));
    // The agent's terminal hears of it some time later, so it is asked until it has.
    until("its size has changed", async || {
        terminal.types("size\r");
        terminal.heard.has("41 123").then_some(())
    })
    .await;
    terminal.types("\u{1d}");
    terminal.heard.until("detached").await;
    terminal.heard.until("code 0").await;
    assert_eq!(local(&terminal.modes()), before, "the terminal is as it was");
    assert_eq!(daemon.agent(&id).await.status.as_str(), "ready");

    terminal.heard.forget();
    terminal.types("\r");
    // Its repaint has what was there before.
    terminal.heard.until("got hello").await;
    terminal.types("end\r");
    terminal.heard.until("the agent has ended").await;
    terminal.heard.until("code 0").await;
}

#[tokio::test]
async fn what_cannot_be_done_says_what_to_do() {
    let mut daemon = Daemon::start(&[]);
    let folder = daemon.folder.path().to_owned();
    for command in [&["send", "agt_none", "x"][..], &["logs", "agt_none"], &["stop", "agt_none"]] {
        let said = refused(&run(&folder, command));
        assert!(
            said.contains("no agent `agt_none`") && said.contains("`raven-runtime agents`"),
            "{command:?}: {said}"
        );
    }
    let said = refused(&run(&folder, &["attach", "agt_none"]));
    assert!(said.contains("needs a terminal") && said.contains("`raven-runtime logs`"), "{said}");
    let mut terminal =
        Terminal::new((24, 80), &["attach", "agt_none", "--data-dir", folder.to_str().unwrap()]);
    terminal.types("\r");
    terminal.heard.until("`raven-runtime agents`").await;
    terminal.heard.until("code 1").await;
    let said = refused(&run(&folder, &["spawn", "nobody"]));
    assert!(said.contains("`nobody` is unknown") && said.contains("custom"), "{said}");
    let said = refused(&run(&folder, &["spawn", "custom", "--cwd", "/nonexistent/folder"]));
    assert!(said.contains("/nonexistent/folder is not a folder"), "{said}");

    let away = tempfile::tempdir().unwrap();
    daemon.crash();
    for folder in [away.path(), &folder] {
        for command in
            [&["spawn", "custom"][..], &["send", "agt_1", "x"], &["logs", "agt_1"], &["stop", "agt_1"]]
        {
            let said = refused(&run(folder, command));
            assert!(said.contains("`raven-runtime start` starts one"), "{command:?}: {said}");
        }
    }
}

#[tokio::test]
async fn install_prints_the_program_and_ctrl_c_ends_the_installer_and_its_children() {
    let tools = Tools::new("mkdir -p bin; printf '#!/bin/sh\\necho 1.0.0\\n' > bin/x; chmod +x bin/x");
    let said = printed(&tools.install("x").output().unwrap());
    let program = said.strip_suffix('\n').unwrap();
    assert_eq!(Path::new(program), tools.folder().join("installed/x/1.0.0/bin/x"));
    assert!(Path::new(program).is_file());
    for (kind, advice) in [("nobody", "known are"), ("custom", "by hand")] {
        let said = refused(&tools.install(kind).output().unwrap());
        assert!(said.contains(advice), "{said}");
    }

    let tools = Tools::new(
        "(trap '' INT TERM HUP; exec sleep 1000) > /dev/null 2>&1 & echo $! > ../../../child; wait",
    );
    let mut begun = tools.install("x").stderr(Stdio::piped()).spawn().unwrap();
    let heard = Heard::of(begun.stderr.take().unwrap());
    let child = until("the installer has a child", async || {
        let number = std::fs::read_to_string(tools.folder().join("child")).ok()?;
        Pid::from_raw(number.strip_suffix('\n')?.parse().ok()?)
    })
    .await;
    kill_process(Pid::from_child(&begun), Signal::INT).unwrap();
    assert_eq!(ended(&mut begun).await, Some(1));
    heard.until("it was interrupted").await;
    until("the installer's child is gone", async || is_gone(child).then_some(())).await;
    assert!(!tools.folder().join("installed/x/1.0.0/.whole").exists());
}

/// A child whose parent was killed may stay as a zombie where nobody collects it.
fn is_gone(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    test_kill_process(pid).is_err()
        || stat.is_ok_and(|stat| stat.rsplit_once(')').is_some_and(|(_, rest)| rest.starts_with(" Z")))
}

async fn ended(process: &mut Child) -> Option<i32> {
    until("the command has ended", async || process.try_wait().unwrap()).await.code()
}

/// A data folder with a kind that an `npm` of the test's own installs.
struct Tools(TempDir);

impl Tools {
    fn new(script: &str) -> Self {
        let tools = Self(tempfile::tempdir().unwrap());
        let (kinds, npm) = (tools.folder().join("kinds"), tools.folder().join("npm"));
        std::fs::create_dir(&kinds).unwrap();
        let kind = "type = 'x'\ntitle = 'X'\n[program]\ncommand = ['x']\n[program.package]\nsource = 'npm'\n\
                    name = 'x'\nversion = '1.0.0'\nexecutable = 'bin/x'\nversion_args = ['--version']\n\
                    version_pattern = '(\\S+)'\n";
        std::fs::write(kinds.join("x.toml"), kind).unwrap();
        std::fs::write(&npm, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(npm, std::fs::Permissions::from_mode(0o755)).unwrap();
        tools
    }

    fn folder(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn install(&self, kind: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(["install", kind, "--data-dir"]).arg(self.folder());
        command.env("PATH", format!("{}:/usr/bin:/bin", self.folder().display())).stdin(Stdio::null());
        command
    }
}

/// What something has put out so far, read aside.
struct Heard(Arc<Mutex<Vec<u8>>>);

impl Heard {
    fn of(from: impl Into<OwnedFd>) -> Self {
        let (heard, mut from) = (Arc::new(Mutex::new(Vec::new())), File::from(from.into()));
        let told = Arc::clone(&heard);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal that nobody has open any more is an error, and the end here.
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                told.lock().unwrap().extend_from_slice(&buffer[..count]);
            }
        });
        Self(heard)
    }

    fn forget(&self) {
        self.0.lock().unwrap().clear();
    }

    fn has(&self, text: &str) -> bool {
        contains(&self.0.lock().unwrap(), text.as_bytes())
    }

    async fn until(&self, text: &str) {
        let heard = async {
            let mut turns = tokio::time::interval(std::time::Duration::from_millis(20));
            while !self.has(text) {
                turns.tick().await;
            }
        };
        let heard = tokio::time::timeout(DEADLINE, heard).await;
        let so_far = String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned();
        assert!(heard.is_ok(), "{text:?} is not in {so_far:?}");
    }
}

/// A terminal of a person's with a shell that runs one command at each Enter and tells its exit code; it
/// stays in between, as a person's shell does.
struct Terminal {
    person: File,
    program: File,
    heard: Heard,
    shell: Child,
}

impl Terminal {
    fn new(size: (u16, u16), arguments: &[&str]) -> Self {
        let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&person).unwrap();
        unlockpt(&person).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let program = rustix::fs::open(ptsname(&person, Vec::new()).unwrap(), flags, Mode::empty()).unwrap();
        let (person, program) = (File::from(person), File::from(program));
        let heard = Heard::of(person.try_clone().unwrap());
        let end = || Stdio::from(program.try_clone().unwrap());
        let mut shell = Command::new("setsid");
        shell.args([
            "--ctty",
            "sh",
            "-c",
            r#"while read -r _; do "$@"; echo "code $?"; done"#,
            "sh",
            PROGRAM,
        ]);
        let shell = shell.args(arguments).stdin(end()).stdout(end()).stderr(end()).spawn().unwrap();
        let terminal = Self { person, program, heard, shell };
        terminal.resize(size);
        terminal
    }

    fn types(&mut self, keys: &str) {
        self.person.write_all(keys.as_bytes()).unwrap();
    }

    fn resize(&self, (rows, cols): (u16, u16)) {
        tcsetwinsize(&self.person, Winsize { ws_row: rows, ws_col: cols, ws_xpixel: 0, ws_ypixel: 0 })
            .unwrap();
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.program).unwrap()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.shell.kill();
        let _gone = self.shell.wait();
    }
}

fn local(modes: &Termios) -> rustix::termios::LocalModes {
    modes.local_modes
}
