//! The clean environment that every agent gets, and where programs are found in it.
//!
//! Owns which variables pass. Must not know kinds of agents, nor any secret of the daemon.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Variables.
pub type Environment = BTreeMap<String, String>;

/// Variable by which an agent's processes are known, in the environment of each; it holds the agent's id.
pub const AGENT_ID: &str = "RAVEN_AGENT_ID";

/// Where programs are looked for when the daemon was given no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Picks what agents get from the daemon's own environment, and fills in the rest from the account.
pub fn clean(own: &Environment) -> Environment {
    let account = Account::of_user(&std::fs::read_to_string("/etc/passwd").unwrap_or_default());
    let own = |name: &str| own.get(name).filter(|value| !value.is_empty()).cloned();
    let user = own("USER").or_else(|| own("LOGNAME")).unwrap_or(account.name);
    let mut clean = Environment::from([
        ("PATH".to_owned(), own("PATH").unwrap_or_else(|| DEFAULT_PATH.to_owned())),
        ("HOME".to_owned(), own("HOME").unwrap_or(account.home)),
        ("LOGNAME".to_owned(), own("LOGNAME").unwrap_or_else(|| user.clone())),
        ("USER".to_owned(), user),
        ("SHELL".to_owned(), own("SHELL").unwrap_or(account.shell)),
        ("LANG".to_owned(), own("LANG").unwrap_or_else(|| "C.UTF-8".to_owned())),
        ("TERM".to_owned(), "xterm-256color".to_owned()),
        ("COLORTERM".to_owned(), "truecolor".to_owned()),
    ]);
    clean.extend(own("TZ").map(|zone| ("TZ".to_owned(), zone)));
    clean
}

/// Names, in either case, by which programs are led through a proxy.
const PROXIES: [&str; 4] = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"];

/// What fetches repositories: the clean environment, the ways out of this network, and whom to trust there.
pub fn for_git(own: &Environment) -> Environment {
    let passes = |name: &str| {
        PROXIES.iter().any(|proxy| name.eq_ignore_ascii_case(proxy))
            || name.starts_with("SSL_CERT_")
            || name == "GIT_SSL_CAINFO"
    };
    let more = own.iter().filter(|(name, _)| passes(name));
    let mut env = clean(own);
    env.extend(more.map(|(name, value)| (name.clone(), value.clone())));
    env
}

/// What an installer sees: everything but what is ours or a provider's key.
pub fn for_installers(own: &Environment) -> Environment {
    let is_secret = |name: &str| name.starts_with("RAVEN_") || name.ends_with("_API_KEY");
    own.iter()
        .filter(|(name, _)| !is_secret(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

struct Account {
    name: String,
    home: String,
    shell: String,
}

impl Account {
    fn of_user(passwd: &str) -> Self {
        let id = rustix::process::getuid().as_raw().to_string();
        let fields = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let found = fields.into_iter().find(|fields| fields.get(2) == Some(&id.as_str()));
        let field = |index: usize, otherwise: &str| {
            let value = found.as_ref().and_then(|fields| fields.get(index)).filter(|value| !value.is_empty());
            value.map_or_else(|| otherwise.to_owned(), |value| (*value).to_owned())
        };
        Self { name: field(0, &id), home: field(5, "/"), shell: field(6, "/bin/sh") }
    }
}

/// Finds a program as a shell would: by its path, or in `PATH`.
pub fn find_program(name: &str, env: &Environment) -> Option<PathBuf> {
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|path| is_executable(path));
    }
    let path = env.get("PATH").map_or(DEFAULT_PATH, String::as_str);
    std::env::split_paths(path).map(|folder| folder.join(name)).find(|candidate| is_executable(candidate))
}

fn is_executable(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_daemon_passes_but_what_is_named() {
        let own = [
            ("PATH", "/bin"),
            ("HOME", "/home/me"),
            ("LANG", ""),
            ("TZ", "UTC"),
            ("RAVEN_RUNTIME_API_KEY", "secret"),
            ("ANTHROPIC_API_KEY", "secret"),
            ("LD_PRELOAD", "x.so"),
            ("TERM", "dumb"),
        ];
        let env = clean(&own.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let names: Vec<&str> = env.keys().map(String::as_str).collect();
        assert_eq!(names, ["COLORTERM", "HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TZ", "USER"]);
        assert_eq!((env["TERM"].as_str(), env["LANG"].as_str()), ("xterm-256color", "C.UTF-8"));
        assert!(!env["USER"].is_empty() && !env["SHELL"].is_empty());
    }

    #[test]
    fn repositories_are_fetched_through_the_proxy_that_agents_are_not_told_of() {
        let own = [
            ("HTTPS_PROXY", "http://user:secret@proxy"),
            ("no_proxy", "localhost"),
            ("SSL_CERT_FILE", "/etc/ours.pem"),
            ("GIT_DIR", "/elsewhere"),
            ("OPENAI_API_KEY", "secret"),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let (agents, git) = (clean(&own), for_git(&own));
        let more: Vec<&str> =
            git.keys().filter(|name| !agents.contains_key(*name)).map(String::as_str).collect();
        assert_eq!(more, ["HTTPS_PROXY", "SSL_CERT_FILE", "no_proxy"]);
    }

    #[test]
    fn programs_are_found_by_name_and_by_path() {
        let env = Environment::from([("PATH".to_owned(), "/nonexistent:/bin:/usr/bin".to_owned())]);
        assert!(find_program("sh", &env).is_some_and(|path| path.ends_with("sh")));
        assert_eq!(find_program("/bin/sh", &Environment::new()), Some("/bin/sh".into()));
        assert_eq!(find_program("no-such-program", &env), None);
        assert_eq!(find_program("/etc/passwd", &env), None);
    }
}
