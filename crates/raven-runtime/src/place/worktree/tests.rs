//! Worktrees of real repositories, with the real git.

use std::process::Command;

use super::*;

struct Yard {
    folder: tempfile::TempDir,
    repositories: Repositories,
}

impl Yard {
    /// A repository with a branch `main` of one commit and a branch `side` of another.
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let env = crate::environment::clean(&Environment::from([
            ("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned()),
            ("HOME".to_owned(), folder.path().to_string_lossy().into_owned()),
        ]));
        let repositories = Repositories { folder: folder.path().join("repositories"), env };
        let yard = Self { repositories, folder };
        let origin = yard.origin();
        std::fs::create_dir(&origin).unwrap();
        yard.git(&origin, &["init", "-q", "-b", "main"]);
        for (branch, text) in [("main", "one"), ("side", "two")] {
            yard.git(&origin, &["checkout", "-q", "-B", branch]);
            std::fs::write(origin.join("file"), text).unwrap();
            yard.git(&origin, &["add", "."]);
            yard.git(&origin, &["commit", "-q", "-m", text]);
        }
        yard.git(&origin, &["checkout", "-q", "main"]);
        yard
    }

    fn origin(&self) -> PathBuf {
        self.folder.path().join("origin")
    }

    fn git(&self, at: &Path, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(at).args(["-c", "user.name=t", "-c", "user.email=t@example.com"]).args(arguments);
        let out = git.env("HOME", self.folder.path()).output().unwrap();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    fn wanted(&self, name: &str, at: Option<&str>) -> Wanted {
        let work = self.folder.path().join("agents").join(name).join("work");
        std::fs::create_dir_all(&work).unwrap();
        let path = Some(self.origin().to_string_lossy().into_owned());
        let repository = Repository { path, url: None, at: at.map(str::to_owned) };
        Wanted { repository, branch: branch(name, "agt_0123456789"), work }
    }

    fn elsewhere(&self, name: &str, at: Option<&str>) -> Wanted {
        let mut wanted = self.wanted(name, at);
        wanted.repository.url = Some(format!("file://{}", self.origin().display()));
        wanted.repository.path = None;
        wanted
    }
}

#[test]
fn a_branch_is_named_after_its_agent() {
    for (name, expected) in [
        ("Fix the Bug", "raven/fix-the-bug-456789"),
        ("../..", "raven/agent-456789"),
        ("--é x..lock", "raven/x-lock-456789"),
        (&"a".repeat(90), &format!("raven/{}-456789", "a".repeat(SLUG))),
    ] {
        assert_eq!(branch(name, "agt_0123456789"), expected);
    }
}

#[tokio::test]
async fn five_agents_on_one_repository_have_a_worktree_and_a_branch_each() {
    let yard = Yard::new();
    let hook = yard.origin().join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\ntouch \"$PWD/hooked\"\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut at_work = tokio::task::JoinSet::new();
    for index in 0..5 {
        let (repositories, wanted) =
            (yard.repositories.clone(), yard.wanted(&format!("agent {index}"), None));
        at_work.spawn(async move { repositories.make(&wanted).await.map(|()| wanted) });
    }
    while let Some(made) = at_work.join_next().await {
        let wanted = made.unwrap().unwrap();
        assert_eq!(std::fs::read_to_string(wanted.work.join("file")).unwrap(), "one");
        assert_eq!(yard.git(&wanted.work, &["branch", "--show-current"]), wanted.branch);
        assert!(!wanted.work.join("hooked").exists(), "the repository's hooks do not run");
    }
    assert_eq!(yard.git(&yard.origin(), &["worktree", "list"]).lines().count(), 6);
}

#[tokio::test]
async fn it_begins_where_it_was_asked_to() {
    let yard = Yard::new();
    let side = yard.git(&yard.origin(), &["rev-parse", "side"]);
    for (name, at) in [("by branch", "side"), ("by commit", side.as_str())] {
        let wanted = yard.wanted(name, Some(at));
        yard.repositories.make(&wanted).await.unwrap();
        assert_eq!(std::fs::read_to_string(wanted.work.join("file")).unwrap(), "two");
    }
}

#[tokio::test]
async fn one_from_elsewhere_is_fetched_again_each_time_and_branches_of_agents_stay() {
    let yard = Yard::new();
    let first = yard.elsewhere("first", None);
    yard.repositories.make_by(&first, "file").await.unwrap();
    assert_eq!(std::fs::read_to_string(first.work.join("file")).unwrap(), "one");
    std::fs::write(yard.origin().join("file"), "three").unwrap();
    yard.git(&yard.origin(), &["commit", "-q", "-a", "-m", "three"]);
    yard.git(&yard.origin(), &["branch", "-q", "-D", "side"]);
    let second = yard.elsewhere("second", Some("main"));
    yard.repositories.make_by(&second, "file").await.unwrap();
    assert_eq!(std::fs::read_to_string(second.work.join("file")).unwrap(), "three");
    assert_eq!(yard.git(&first.work, &["branch", "--show-current"]), first.branch);
    let gone = yard.repositories.make_by(&yard.elsewhere("third", Some("side")), "file").await.unwrap_err();
    assert_eq!(gone.to_string(), "there is no branch, tag or commit `side`");
}

#[tokio::test]
async fn what_cannot_be_is_said() {
    let yard = Yard::new();
    let said = async |wanted: Wanted| yard.repositories.make(&wanted).await.unwrap_err().to_string();
    assert!(said(yard.wanted("a", Some("nowhere"))).await.contains("no branch, tag or commit `nowhere`"));
    let mut none = yard.wanted("b", None);
    none.repository.path = Some("/".to_owned());
    assert_eq!(said(none).await, "/ is not a git repository");
    assert!(said(yard.elsewhere("c", None)).await.contains("not allowed"));
    let mut program = yard.elsewhere("d", None);
    program.repository.url = Some(format!("ext::touch {}", yard.folder.path().join("ran").display()));
    assert!(said(program).await.contains("not allowed"));
    assert!(!yard.folder.path().join("ran").exists());
    let mut without = yard.repositories.clone();
    without.env.insert("PATH".to_owned(), "/nonexistent".to_owned());
    let missing = without.make(&yard.wanted("e", None)).await.unwrap_err().to_string();
    assert!(missing.contains("git is not in the runtime's PATH"), "{missing}");
}

#[tokio::test]
async fn only_a_worktree_that_holds_nothing_of_its_own_is_taken_away_and_its_branch_stays() {
    let yard = Yard::new();
    let wanted = yard.wanted("worker", None);
    yard.repositories.make(&wanted).await.unwrap();
    std::fs::write(wanted.work.join("new"), "work").unwrap();
    assert!(!yard.repositories.take_away(&wanted.work).await, "it has a file that is nowhere else");
    assert!(wanted.work.join("new").exists());
    yard.git(&wanted.work, &["add", "."]);
    yard.git(&wanted.work, &["commit", "-q", "-m", "work"]);
    let made = yard.git(&wanted.work, &["rev-parse", "HEAD"]);
    yard.git(&wanted.work, &["checkout", "-q", "--detach"]);
    yard.git(&wanted.work, &["commit", "-q", "--allow-empty", "-m", "on no branch"]);
    assert!(!yard.repositories.take_away(&wanted.work).await, "it has a commit that is on no branch");
    yard.git(&wanted.work, &["checkout", "-q", &wanted.branch]);
    assert!(yard.repositories.take_away(&wanted.work).await);
    assert!(!wanted.work.exists());
    assert_eq!(yard.git(&yard.origin(), &["rev-parse", &wanted.branch]), made);
    assert!(yard.repositories.take_away(yard.folder.path()).await, "what is no worktree is no matter");
}
