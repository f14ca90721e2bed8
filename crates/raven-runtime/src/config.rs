//! What the daemon is told when it starts: flags over environment over file over defaults.
//!
//! Owns names, precedence and checks of every option. Must not know what is done with them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use raven_protocol::kind::Provider;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::environment::{self, Environment};
use crate::files;
use crate::keys::{self, ByProvider};

/// The port of the guide.
const PORT: u16 = 8765;

/// Agents at a time, unless said otherwise: each is a process tree with a terminal.
const MAX_AGENTS: usize = 50;

/// MiB of output that each host keeps, unless said otherwise: minutes of a flood, days of an agent.
const JOURNAL_MIB: u64 = 64;

/// Bytes of a MiB.
const MIB: u64 = 1024 * 1024;

/// Beginning of the names of our environment variables.
const PREFIX: &str = "RAVEN_RUNTIME_";

/// Bits of a file's mode that let others than its owner read it.
const OTHERS: u32 = 0o044;

/// Name of the file in the data folder.
const FILE: &str = "raven-runtime.toml";

/// Everything the daemon needs to know, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on; 0 for any free one.
    pub port: u16,
    /// What callers must present; without it everybody who can connect may call.
    pub api_key: Option<SecretString>,
    /// Keys of model providers, for the agents that take them.
    pub provider_keys: ByProvider,
    /// A control plane that hears heartbeats whether or not it has agents here.
    pub control_plane: Option<Url>,
    /// Folder for everything that is kept.
    pub data_dir: PathBuf,
    /// Most agents at a time.
    pub max_agents: usize,
    /// Bytes of each agent's output that are kept: the newest, or what its control plane has not recorded
    /// yet. In that case the agent waits when there is more.
    pub journal_limit: u64,
    /// Origins of pages that may call, such as `https://raven.example.com`; their hosts are ours too.
    pub allow_origins: Vec<Url>,
    /// Listen beyond this machine without a key.
    pub insecure_no_auth: bool,
    /// End all agents when the daemon ends.
    pub stop_agents_on_exit: bool,
    /// The program that is run as `<program> host` for each agent: this one.
    pub host_program: PathBuf,
    /// The clean environment that agents get.
    pub environment: Environment,
    /// What fetches repositories: the same, and proxies.
    pub git_environment: Environment,
    /// What installers of agents' programs see: registries and proxies are set there.
    pub install_environment: Environment,
}

/// One source of options; what it does not say is left to the next.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Options {
    /// See [`Config::host`].
    pub host: Option<IpAddr>,
    /// See [`Config::port`].
    pub port: Option<u16>,
    /// See [`Config::api_key`].
    pub api_key: Option<SecretString>,
    /// A file whose first line is the key.
    pub api_key_file: Option<PathBuf>,
    /// Anthropic's key, for the agents that take it.
    pub anthropic_key: Option<SecretString>,
    /// OpenAI's key.
    pub openai_key: Option<SecretString>,
    /// Google's key for Gemini.
    pub gemini_key: Option<SecretString>,
    /// OpenRouter's key.
    pub openrouter_key: Option<SecretString>,
    /// A TOML file with keys by provider: `anthropic = "…"`.
    pub keys_file: Option<PathBuf>,
    /// See [`Config::control_plane`].
    pub control_plane: Option<String>,
    /// See [`Config::data_dir`]; not in the file, which lies in it.
    #[serde(skip)]
    pub data_dir: Option<PathBuf>,
    /// See [`Config::max_agents`].
    pub max_agents: Option<usize>,
    /// See [`Config::journal_limit`]; in MiB.
    pub journal_mib: Option<u64>,
    /// See [`Config::allow_origins`].
    pub allow_origin: Option<Vec<String>>,
    /// See [`Config::insecure_no_auth`].
    pub insecure_no_auth: Option<bool>,
    /// See [`Config::stop_agents_on_exit`].
    pub stop_agents_on_exit: Option<bool>,
}

/// The process's environment, read in one place.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads it")]
pub fn process_environment() -> Environment {
    let texts = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(texts).collect()
}

impl Config {
    /// Defaults with a data folder: loopback, the guide's port, no key.
    ///
    /// # Errors
    /// When the running program cannot be found.
    pub fn in_folder(data_dir: impl Into<PathBuf>) -> anyhow::Result<Self> {
        Ok(Self {
            host: Ipv4Addr::LOCALHOST.into(),
            port: PORT,
            api_key: None,
            provider_keys: ByProvider::new(),
            control_plane: None,
            data_dir: data_dir.into(),
            max_agents: MAX_AGENTS,
            journal_limit: JOURNAL_MIB * MIB,
            allow_origins: Vec::new(),
            insecure_no_auth: false,
            stop_agents_on_exit: false,
            host_program: std::env::current_exe().context("cannot find this program's own file")?,
            environment: environment::clean(&process_environment()),
            git_environment: environment::for_git(&process_environment()),
            install_environment: environment::for_installers(&process_environment()),
        })
    }

    /// Puts the sources together and checks the whole.
    ///
    /// # Errors
    /// Worded for the person who gave the options.
    pub fn from_sources(flags: Options, env: &Environment) -> anyhow::Result<Self> {
        let from_env = Options::from_environment(env)?;
        let data_dir = data_dir(flags.data_dir.clone().or(from_env.data_dir.clone()), env)?;
        let (given, in_file) = (flags.over(from_env), Options::from_file(&data_dir.join(FILE))?);
        let provider_keys = provider_keys(&given, &in_file)?;
        let merged = given.over(in_file);
        let mut config = Self::in_folder(data_dir)?;
        config.environment = environment::clean(env);
        config.git_environment = environment::for_git(env);
        config.install_environment = environment::for_installers(env);
        config.provider_keys = provider_keys;
        config.host = merged.host.unwrap_or(config.host);
        config.port = merged.port.unwrap_or(config.port);
        config.max_agents = merged.max_agents.unwrap_or(config.max_agents);
        config.journal_limit = match merged.journal_mib {
            Some(0) => bail!("--journal-mib must be at least 1"),
            Some(mib) => mib.saturating_mul(MIB),
            None => config.journal_limit,
        };
        config.insecure_no_auth = merged.insecure_no_auth.unwrap_or(false);
        config.stop_agents_on_exit = merged.stop_agents_on_exit.unwrap_or(false);
        config.api_key = match (merged.api_key, merged.api_key_file) {
            (Some(key), _) => Some(key),
            (None, Some(file)) => Some(read_key(&file)?),
            (None, None) => None,
        };
        if let Some(text) = merged.control_plane {
            config.control_plane = Some(http_address(&text).context("--control-plane")?);
        }
        let origins = merged.allow_origin.unwrap_or_default();
        config.allow_origins = origins
            .iter()
            .map(|text| http_address(text).context("--allow-origin"))
            .collect::<anyhow::Result<_>>()?;
        config.check()?;
        Ok(config)
    }

    /// Checks what no single option can tell.
    ///
    /// # Errors
    /// Worded for the person who gave the options.
    pub fn check(&self) -> anyhow::Result<()> {
        if !self.host.is_loopback() && self.api_key.is_none() && !self.insecure_no_auth {
            bail!(
                "listening on {} without an API key would let anybody who can reach it run programs here: give \
                 --api-key-file (or RAVEN_RUNTIME_API_KEY), or --insecure-no-auth if that is meant",
                self.host
            );
        }
        Ok(())
    }
}

impl Options {
    fn over(self, other: Self) -> Self {
        // A key and a file with a key are one option: the first source that names either decides.
        let (api_key, api_key_file) = match (self.api_key, self.api_key_file) {
            (None, None) => (other.api_key, other.api_key_file),
            given => given,
        };
        Self {
            host: self.host.or(other.host),
            port: self.port.or(other.port),
            api_key,
            api_key_file,
            anthropic_key: self.anthropic_key.or(other.anthropic_key),
            openai_key: self.openai_key.or(other.openai_key),
            gemini_key: self.gemini_key.or(other.gemini_key),
            openrouter_key: self.openrouter_key.or(other.openrouter_key),
            keys_file: self.keys_file.or(other.keys_file),
            control_plane: self.control_plane.or(other.control_plane),
            data_dir: self.data_dir.or(other.data_dir),
            max_agents: self.max_agents.or(other.max_agents),
            journal_mib: self.journal_mib.or(other.journal_mib),
            allow_origin: self.allow_origin.or(other.allow_origin),
            insecure_no_auth: self.insecure_no_auth.or(other.insecure_no_auth),
            stop_agents_on_exit: self.stop_agents_on_exit.or(other.stop_agents_on_exit),
        }
    }

    fn from_environment(env: &BTreeMap<String, String>) -> anyhow::Result<Self> {
        let get = |name: &str| env.get(&format!("{PREFIX}{name}")).filter(|value| !value.is_empty());
        let secret = |name: &str| get(name).map(|key| SecretString::from(key.clone()));
        fn parsed<T: std::str::FromStr>(name: &str, value: Option<&String>) -> anyhow::Result<Option<T>> {
            let parse = |value: &String| {
                value.parse().map_err(|_| anyhow::anyhow!("{PREFIX}{name}: `{value}` cannot be read"))
            };
            value.map(parse).transpose()
        }
        Ok(Self {
            host: parsed("HOST", get("HOST"))?,
            port: parsed("PORT", get("PORT"))?,
            api_key: secret("API_KEY"),
            api_key_file: get("API_KEY_FILE").map(PathBuf::from),
            anthropic_key: secret("ANTHROPIC_KEY"),
            openai_key: secret("OPENAI_KEY"),
            gemini_key: secret("GEMINI_KEY"),
            openrouter_key: secret("OPENROUTER_KEY"),
            keys_file: get("KEYS_FILE").map(PathBuf::from),
            control_plane: get("CONTROL_PLANE").cloned(),
            data_dir: get("DATA_DIR").map(PathBuf::from),
            max_agents: parsed("MAX_AGENTS", get("MAX_AGENTS"))?,
            journal_mib: parsed("JOURNAL_MIB", get("JOURNAL_MIB"))?,
            allow_origin: get("ALLOW_ORIGIN").map(|list| list.split(',').map(str::to_owned).collect()),
            insecure_no_auth: parsed("INSECURE_NO_AUTH", get("INSECURE_NO_AUTH"))?,
            stop_agents_on_exit: parsed("STOP_AGENTS_ON_EXIT", get("STOP_AGENTS_ON_EXIT"))?,
        })
    }

    /// Its keys of model providers.
    fn provider_keys(&self) -> ByProvider {
        let keys = [
            (Provider::Anthropic, &self.anthropic_key),
            (Provider::Openai, &self.openai_key),
            (Provider::Gemini, &self.gemini_key),
            (Provider::Openrouter, &self.openrouter_key),
        ];
        keys.into_iter().filter_map(|(provider, key)| Some((provider, key.clone()?))).collect()
    }

    fn from_file(path: &Path) -> anyhow::Result<Self> {
        match std::fs::read_to_string(path) {
            Ok(text) => read_toml(&text, path),
            Err(_none) => Ok(Self::default()),
        }
    }
}

/// The keys of model providers: flag over environment over keys file over the data folder's file.
fn provider_keys(given: &Options, in_file: &Options) -> anyhow::Result<ByProvider> {
    let mut keys = in_file.provider_keys();
    if let Some(path) = given.keys_file.as_ref().or(in_file.keys_file.as_ref()) {
        let unreadable = || format!("cannot read the keys file {}", path.display());
        let found = path.metadata().with_context(unreadable)?;
        if found.mode() & OTHERS != 0 {
            tracing::warn!(
                "other users of this machine can read the keys in {0}: `chmod 600 {0}` ends that",
                path.display()
            );
        }
        let text = String::from_utf8(files::read(path).with_context(unreadable)?);
        let text = text.map_err(|_| anyhow::anyhow!("the keys file {} is not text", path.display()))?;
        keys.extend(read_toml::<ByProvider>(&text, path)?);
    }
    keys.extend(given.provider_keys());
    for (provider, key) in &keys {
        keys::check(key).with_context(|| format!("the key of {provider} that was given cannot be one"))?;
    }
    Ok(keys)
}

/// Reads a text that may hold a key: of a mistake only the message is shown, not the line.
fn read_toml<T: DeserializeOwned>(text: &str, path: &Path) -> anyhow::Result<T> {
    toml::from_str(text).map_err(|wrong| anyhow::anyhow!("{}: {}", path.display(), wrong.message()))
}

/// The data folder that is meant.
///
/// # Errors
/// When there is no home to put it in.
pub fn data_dir(given: Option<PathBuf>, env: &Environment) -> anyhow::Result<PathBuf> {
    let get = |name: &str| env.get(name).filter(|value| !value.is_empty());
    let given = given.or_else(|| get("RAVEN_RUNTIME_DATA_DIR").map(PathBuf::from));
    let data_home = || get("XDG_DATA_HOME").map(PathBuf::from);
    let home = || get("HOME").map(|home| Path::new(home).join(".local/share"));
    given
        .or_else(|| Some(data_home().or_else(home)?.join("raven-runtime")))
        .context("no data folder: give --data-dir, or set HOME")
}

/// Reads a key from the first line of a file.
///
/// # Errors
/// When the file cannot be read or is empty.
pub fn read_key(path: &Path) -> anyhow::Result<SecretString> {
    let content =
        files::read(path).with_context(|| format!("cannot read the API key file {}", path.display()))?;
    let text = String::from_utf8(content).context("the API key file is not text")?;
    match text.lines().next().map(str::trim) {
        Some(key) if !key.is_empty() => Ok(SecretString::from(key.to_owned())),
        _ => bail!("the API key file {} is empty", path.display()),
    }
}

fn http_address(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text.trim()).with_context(|| format!("`{text}` is not an address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        bail!("`{text}` is not an http or https address");
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file_beats_the_default() {
        let folder = tempfile::tempdir().unwrap();
        let file = "port = 1\nmax-agents = 1\nhost = \"127.0.0.3\"\napi-key = \"file\"\n";
        std::fs::write(folder.path().join(FILE), file).unwrap();
        let flags = Options { port: Some(3), data_dir: Some(folder.path().into()), ..Options::default() };
        let env = env(&[("RAVEN_RUNTIME_PORT", "2"), ("RAVEN_RUNTIME_MAX_AGENTS", "2")]);
        let config = Config::from_sources(flags, &env).unwrap();
        assert_eq!((config.port, config.max_agents), (3, 2));
        assert_eq!(config.host.to_string(), "127.0.0.3");
        assert_eq!(config.api_key.unwrap().expose_secret(), "file");
        assert!(!config.stop_agents_on_exit);
    }

    #[test]
    fn the_first_source_with_any_kind_of_key_decides() {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, "from-file\n").unwrap();
        let flags =
            Options { api_key_file: Some(key), data_dir: Some(folder.path().into()), ..Options::default() };
        let config = Config::from_sources(flags, &env(&[("RAVEN_RUNTIME_API_KEY", "from-env")])).unwrap();
        assert_eq!(config.api_key.as_ref().unwrap().expose_secret(), "from-file");
        assert!(!format!("{config:?}").contains("from-file"), "a printed configuration shows no key");
    }

    #[test]
    fn a_provider_key_comes_from_the_first_source_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = "anthropic-key = \"file-anthropic\"\nopenai-key = \"file-openai\"\ngemini-key = \"file-gemini\"\n\
                    openrouter-key = \"file-openrouter\"\n";
        std::fs::write(folder.path().join(FILE), file).unwrap();
        let keys = folder.path().join("keys.toml");
        std::fs::write(
            &keys,
            "anthropic = \"keys-anthropic\"\nopenai = \"keys-openai\"\ngemini = \"keys-gemini\"\n",
        )
        .unwrap();
        let flags = Options {
            anthropic_key: Some("flag-anthropic".into()),
            keys_file: Some(keys.clone()),
            data_dir: Some(folder.path().into()),
            ..Options::default()
        };
        let pairs =
            [("RAVEN_RUNTIME_ANTHROPIC_KEY", "env-anthropic"), ("RAVEN_RUNTIME_OPENAI_KEY", "env-openai")];
        let config = Config::from_sources(flags.clone(), &env(&pairs)).unwrap();
        let found: Vec<&str> = config.provider_keys.values().map(|key| key.expose_secret()).collect();
        assert_eq!(found, ["flag-anthropic", "env-openai", "keys-gemini", "file-openrouter"]);
        assert!(!format!("{config:?}").contains("env-openai"), "a printed configuration shows no key");
        std::fs::write(&keys, "anthropic = \"sk-secret").unwrap();
        let broken = format!("{:#}", Config::from_sources(flags.clone(), &env(&pairs)).unwrap_err());
        assert!(broken.contains("keys.toml") && !broken.contains("sk-secret"), "{broken}");
        std::fs::write(&keys, "gemini = \"two words\"").unwrap();
        let no_key = format!("{:#}", Config::from_sources(flags, &env(&pairs)).unwrap_err());
        assert!(no_key.contains("gemini") && !no_key.contains("two words"), "{no_key}");
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |flags: Options, pairs: &[(&str, &str)]| {
            let flags = Options { data_dir: Some(folder.path().into()), ..flags };
            format!("{:#}", Config::from_sources(flags, &env(pairs)).unwrap_err())
        };
        let open = Options { host: Some("0.0.0.0".parse().unwrap()), ..Options::default() };
        assert!(refused(open, &[]).contains("--api-key-file"));
        assert!(refused(Options::default(), &[("RAVEN_RUNTIME_PORT", "x")]).contains("RAVEN_RUNTIME_PORT"));
        let plane = Options { control_plane: Some("ftp://x".into()), ..Options::default() };
        assert!(refused(plane, &[]).contains("--control-plane"));
        std::fs::write(folder.path().join(FILE), "api-key = \"secret-key\nport=").unwrap();
        let broken = refused(Options::default(), &[]);
        assert!(broken.contains(FILE) && !broken.contains("secret-key"), "{broken}");
        std::fs::write(folder.path().join(FILE), "prot = 1").unwrap();
        assert!(refused(Options::default(), &[]).contains("prot"));
    }
}
