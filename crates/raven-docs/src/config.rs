//! Configuration: flag > environment > file > default, checked once.
//!
//! Owns the names of options. Must not know what they configure in detail.

use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::audit::Places;
use crate::secrets::key::Source;

/// The control plane's port unless said otherwise.
pub const DEFAULT_PORT: u16 = 3000;

/// Where data is kept: an option of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct DataDir {
    /// Folder for the database and the key that seals secrets [default: ~/.local/share/raven-docs]
    #[arg(long, env = "RAVEN_DOCS_DATA_DIR", value_name = "D")]
    data_dir: Option<PathBuf>,
    /// File with the key that seals secrets, where it is not to be in the data folder
    #[arg(long, env = "RAVEN_DOCS_SECRET_KEY_FILE", value_name = "F")]
    secret_key_file: Option<PathBuf>,
}

/// Options of `raven-docs serve`.
#[derive(Debug, Clone, Default, Args)]
pub struct ServeArgs {
    /// Address to listen on [default: 127.0.0.1]
    #[arg(long, env = "RAVEN_DOCS_HOST")]
    host: Option<IpAddr>,
    /// Port to listen on; 0 for any free one [default: 3000]
    #[arg(long, env = "RAVEN_DOCS_PORT")]
    port: Option<u16>,
    /// Address under which browsers and runtimes reach this server, such as https://raven.company.com
    #[arg(long, env = "RAVEN_DOCS_PUBLIC_URL", value_name = "URL")]
    public_url: Option<Url>,
    /// Address of a proxy whose X-Forwarded-For is believed; may be given several times
    #[arg(
        long = "trusted-proxy",
        env = "RAVEN_DOCS_TRUSTED_PROXIES",
        value_delimiter = ',',
        value_name = "IP"
    )]
    trusted_proxies: Vec<IpAddr>,
    /// Runtime address for workspaces whose settings name none yet
    #[arg(long, env = "RAVEN_DOCS_RUNTIME_ENDPOINT", value_name = "URL")]
    runtime_endpoint: Option<String>,
    /// File with that runtime's API key
    #[arg(long, env = "RAVEN_DOCS_RUNTIME_API_KEY_FILE", value_name = "F")]
    runtime_api_key_file: Option<PathBuf>,
    /// Folder to whose audit-checkpoints.jsonl signed checkpoints of the audit log are appended, best one that this
    /// server's operator cannot change
    #[arg(long, env = "RAVEN_DOCS_AUDIT_CHECKPOINT_DIR", value_name = "D")]
    audit_checkpoint_dir: Option<PathBuf>,
    /// Address to which signed checkpoints of the audit log are posted as JSON
    #[arg(long, env = "RAVEN_DOCS_AUDIT_CHECKPOINT_URL", value_name = "URL")]
    audit_checkpoint_url: Option<Url>,
    /// Mail server, as smtps://user:password@host; better given in a file or as RAVEN_DOCS_SMTP_URL
    #[arg(long, value_name = "URL")]
    smtp_url: Option<SecretString>,
    /// File with the mail server's address
    #[arg(long, env = "RAVEN_DOCS_SMTP_URL_FILE", value_name = "F")]
    smtp_url_file: Option<PathBuf>,
    /// Sender of e-mail, such as "Raven <raven@company.com>"
    #[arg(long, env = "RAVEN_DOCS_MAIL_FROM", value_name = "ADDRESS")]
    mail_from: Option<String>,
    #[command(flatten)]
    data_dir: DataDir,
}

/// The same options in `raven-docs.toml` in the data folder.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct File {
    host: Option<IpAddr>,
    port: Option<u16>,
    public_url: Option<Url>,
    trusted_proxies: Vec<IpAddr>,
    runtime_endpoint: Option<String>,
    runtime_api_key_file: Option<PathBuf>,
    audit_checkpoint_dir: Option<PathBuf>,
    audit_checkpoint_url: Option<Url>,
    smtp_url_file: Option<PathBuf>,
    mail_from: Option<String>,
}

/// Everything a server needs to know.
#[derive(Debug, Clone)]
pub struct Config {
    pub host: IpAddr,
    pub port: u16,
    pub public_url: Option<Url>,
    /// Proxies that are believed when they say who calls.
    pub trusted_proxies: Vec<IpAddr>,
    pub data_dir: PathBuf,
    pub secret_key: Source,
    pub runtime_endpoint: Option<String>,
    pub runtime_api_key: Option<SecretString>,
    /// Where checkpoints of the audit log are delivered.
    pub audit_places: Places,
    pub mail: Option<Mail>,
}

/// How e-mail is sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The mail server's address, with its password.
    pub server: SecretString,
    pub from: String,
}

impl Config {
    /// A server on a free loopback port with its data in a folder.
    pub fn local(data_dir: PathBuf) -> Self {
        let host = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Self {
            host,
            port: 0,
            public_url: None,
            trusted_proxies: Vec::new(),
            data_dir,
            secret_key: Source::Folder,
            runtime_endpoint: None,
            runtime_api_key: None,
            audit_places: Places::default(),
            mail: None,
        }
    }
}

impl DataDir {
    /// The folder, made for its owner alone when it is missing.
    pub fn open(&self) -> anyhow::Result<PathBuf> {
        let dir = match &self.data_dir {
            Some(dir) => dir.clone(),
            None => default_data_dir()?,
        };
        make_private(&dir)?;
        Ok(dir)
    }

    /// Where the key is: in a file that was named, in the environment, or in the folder.
    pub fn key_source(&self) -> Source {
        match (&self.secret_key_file, given("RAVEN_DOCS_SECRET_KEY")) {
            (Some(path), _) => Source::File(path.clone()),
            (None, Some(key)) => Source::Given(key),
            (None, None) => Source::Folder,
        }
    }
}

impl ServeArgs {
    /// Joins the options with the file and the defaults.
    ///
    /// # Errors
    /// When the folder, the file or the key file cannot be used.
    pub fn resolve(self) -> anyhow::Result<Config> {
        let (secret_key, data_dir) = (self.data_dir.key_source(), self.data_dir.open()?);
        let file = read_file(&data_dir.join("raven-docs.toml"))?;
        let key_file = self.runtime_api_key_file.or(file.runtime_api_key_file);
        let runtime_endpoint = self.runtime_endpoint.or(file.runtime_endpoint);
        if let Some(endpoint) = &runtime_endpoint {
            crate::settings::check_endpoint("--runtime-endpoint", endpoint)?;
        }
        let audit_places = Places {
            folder: self.audit_checkpoint_dir.or(file.audit_checkpoint_dir),
            address: self.audit_checkpoint_url.or(file.audit_checkpoint_url),
        };
        check_places(&audit_places)?;
        let smtp_file = self.smtp_url_file.or(file.smtp_url_file);
        let mail = mail(self.smtp_url, smtp_file.as_deref(), self.mail_from.or(file.mail_from))?;
        Ok(Config {
            host: self.host.or(file.host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            port: self.port.or(file.port).unwrap_or(DEFAULT_PORT),
            public_url: self.public_url.or(file.public_url),
            trusted_proxies: match self.trusted_proxies {
                none if none.is_empty() => file.trusted_proxies,
                given => given,
            },
            data_dir,
            secret_key,
            runtime_endpoint,
            mail,
            runtime_api_key: key_file.as_deref().map(read_key).transpose()?,
            audit_places,
        })
    }
}

fn check_places(places: &Places) -> anyhow::Result<()> {
    if let Some(folder) = places.folder.as_ref().filter(|folder| !folder.is_dir()) {
        bail!(
            "--audit-checkpoint-dir: {} is no folder: make it first, for whoever keeps it",
            folder.display()
        );
    }
    if places.address.as_ref().is_some_and(|url| !matches!(url.scheme(), "http" | "https")) {
        bail!("--audit-checkpoint-url: must begin with http:// or https://");
    }
    Ok(())
}

fn read_file(path: &Path) -> anyhow::Result<File> {
    match std::fs::read_to_string(path) {
        Ok(text) => toml::from_str(&text).with_context(|| format!("{} cannot be read", path.display())),
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(File::default()),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Joins what was given of e-mail: flag over environment over file. Neither half is of use alone.
fn mail(
    flag: Option<SecretString>,
    file: Option<&Path>,
    from: Option<String>,
) -> anyhow::Result<Option<Mail>> {
    if flag.is_some() {
        tracing::warn!(
            "other users of this machine can see what --smtp-url holds: give --smtp-url-file or RAVEN_DOCS_SMTP_URL"
        );
    }
    let server = match (flag.or(given("RAVEN_DOCS_SMTP_URL")), file) {
        (Some(server), _) => Some(server),
        (None, Some(path)) => Some(read_key(path)?),
        (None, None) => None,
    };
    match (server, from) {
        (Some(server), Some(from)) => Ok(Some(Mail { server, from })),
        (Some(_), None) => bail!("a mail server was given and no sender: give --mail-from"),
        (None, Some(_)) => bail!("--mail-from was given and no mail server: give --smtp-url-file"),
        (None, None) => Ok(None),
    }
}

fn read_key(path: &Path) -> anyhow::Result<SecretString> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let key = text.trim();
    if key.is_empty() {
        bail!("{} holds no key", path.display());
    }
    Ok(key.to_owned().into())
}

/// A secret of the environment. It is no option's variable, so that it is known when one came as an option, which
/// other users of the machine could read.
#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn given(name: &str) -> Option<SecretString> {
    std::env::var(name).ok().filter(|text| !text.is_empty()).map(Into::into)
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn default_data_dir() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from).filter(|dir| dir.is_absolute());
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share"));
    let base = base.or_else(home).context("no home folder is known: name a folder with --data-dir")?;
    Ok(base.join("raven-docs"))
}

fn make_private(dir: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).with_context(|| {
        format!("the data folder {} cannot be made: choose a writable one with --data-dir", dir.display())
    })
}
