//! Keys of model providers: which the runtime holds, where each came from, and the file of those that were set by a call.
//!
//! Owns what a key may look like, which source wins, and that no key is ever shown. Must not know HTTP, nor
//! which kind of agent gets which.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use raven_protocol::kind::{KeySource, Provider, ProviderKey};
use secrecy::{ExposeSecret as _, SecretString};

use crate::environment::Environment;
use crate::files::{self, Durability};

/// Shortest and longest key, in characters: shorter is a mistake, longer is not a key.
const LENGTH: std::ops::RangeInclusive<usize> = 8..=512;

/// Length from which a key's end is shown: of a shorter one four characters are too much.
const SHOWN_FROM: usize = 12;

/// Characters of a key that are shown.
const SHOWN: usize = 4;

/// Keys by provider.
pub type ByProvider = BTreeMap<Provider, SecretString>;

/// Why a key is not taken or not removed.
#[derive(Debug, thiserror::Error)]
pub enum KeyRefused {
    /// It does not look like one.
    #[error(
        "a key has {} to {} printable ASCII characters and no spaces",
        LENGTH.start(),
        LENGTH.end()
    )]
    NoKey,
    /// The one that the runtime was started with wins.
    #[error(
        "the runtime was started with a key of {0}, which cannot be changed while it runs: take it out of the \
         flags, environment or file that it is started with, and start it again"
    )]
    FromStart(Provider),
    /// The file could not be written.
    #[error("the provider keys cannot be written: {0}")]
    Io(#[from] io::Error),
}

/// Handle to the keys.
#[derive(Debug, Clone)]
pub struct Keys {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    file: PathBuf,
    from_start: ByProvider,
    set: Mutex<ByProvider>,
}

/// Whether a text can be a key.
///
/// # Errors
/// [`KeyRefused::NoKey`] when it cannot.
pub fn check(key: &SecretString) -> Result<(), KeyRefused> {
    let text = key.expose_secret();
    let fits = LENGTH.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(()).ok_or(KeyRefused::NoKey)
}

impl Keys {
    /// Reads the keys that were set before; those of the start win over them.
    pub fn open(file: PathBuf, from_start: ByProvider) -> io::Result<Self> {
        let set = match files::read(&file) {
            // What is wrong in the file is not told: it may be a key.
            Ok(content) => serde_json::from_slice::<ByProvider>(&content)
                .map_err(|_| io::Error::other(format!("{} is not as it was written", file.display())))?,
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => ByProvider::new(),
            Err(other) => return Err(other),
        };
        Ok(Self { shared: Arc::new(Shared { file, from_start, set: Mutex::new(set) }) })
    }

    fn set(&self) -> MutexGuard<'_, ByProvider> {
        self.shared.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key of a provider.
    pub fn get(&self, provider: Provider) -> Option<SecretString> {
        self.shared.from_start.get(&provider).or(self.set().get(&provider)).cloned()
    }

    /// What may be shown of every key.
    pub fn all(&self) -> Vec<ProviderKey> {
        Provider::ALL.into_iter().filter_map(|provider| self.told(provider)).collect()
    }

    fn told(&self, provider: Provider) -> Option<ProviderKey> {
        let source = match self.shared.from_start.contains_key(&provider) {
            true => KeySource::Start,
            false => KeySource::Api,
        };
        Some(ProviderKey { provider, fingerprint: fingerprint(&self.get(provider)?), source })
    }

    /// The variables by which a program finds its keys: those of the pairs whose provider has one.
    pub fn environment<'a>(&self, wanted: impl IntoIterator<Item = (&'a str, Provider)>) -> Environment {
        let found = |(name, provider): (&str, Provider)| {
            Some((name.to_owned(), self.get(provider)?.expose_secret().to_owned()))
        };
        wanted.into_iter().filter_map(found).collect()
    }

    /// Keeps a key; it is on the disk when the call returns.
    ///
    /// # Errors
    /// [`KeyRefused`]; nothing is changed then.
    pub fn put(&self, provider: Provider, key: SecretString) -> Result<ProviderKey, KeyRefused> {
        check(&key)?;
        let told = ProviderKey { provider, fingerprint: fingerprint(&key), source: KeySource::Api };
        self.change(provider, |set| drop(set.insert(provider, key)))?;
        Ok(told)
    }

    /// Forgets a key that was set by a call; one that is not there is no error.
    ///
    /// # Errors
    /// [`KeyRefused`]; nothing is changed then.
    pub fn remove(&self, provider: Provider) -> Result<(), KeyRefused> {
        self.change(provider, |set| drop(set.remove(&provider)))
    }

    fn change(&self, provider: Provider, how: impl FnOnce(&mut ByProvider)) -> Result<(), KeyRefused> {
        if self.shared.from_start.contains_key(&provider) {
            return Err(KeyRefused::FromStart(provider));
        }
        let mut set = self.set();
        let mut next = set.clone();
        how(&mut next);
        let exposed: BTreeMap<Provider, &str> =
            next.iter().map(|(provider, key)| (*provider, key.expose_secret())).collect();
        files::replace_json(&self.shared.file, &exposed, Durability::Disk)?;
        *set = next;
        Ok(())
    }
}

fn fingerprint(key: &SecretString) -> Option<String> {
    let text = key.expose_secret();
    let end = text.len().checked_sub(SHOWN).filter(|_| text.len() >= SHOWN_FROM)?;
    text.get(end..).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const LONG: &str = "sk-ant-0123456789abcd";

    fn keys(folder: &tempfile::TempDir, from_start: &[(Provider, &str)]) -> Keys {
        let from_start = from_start.iter().map(|(provider, key)| (*provider, SecretString::from(*key)));
        Keys::open(folder.path().join("keys.json"), from_start.collect()).unwrap()
    }

    #[test]
    fn a_key_is_kept_over_a_restart_for_the_owner_alone_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let told = keys(&folder, &[]).put(Provider::Gemini, LONG.into()).unwrap();
        assert_eq!((told.fingerprint.as_deref(), told.source), (Some("abcd"), KeySource::Api));
        let again = keys(&folder, &[]);
        assert_eq!(again.all(), [told]);
        assert_eq!(again.get(Provider::Gemini).unwrap().expose_secret(), LONG);
        assert!(!format!("{again:?}").contains("0123456789"), "{again:?}");
        let mode = std::fs::metadata(folder.path().join("keys.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        again.remove(Provider::Gemini).unwrap();
        again.remove(Provider::Gemini).unwrap();
        assert_eq!(keys(&folder, &[]).all(), []);
    }

    #[test]
    fn a_key_of_the_start_wins_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        keys(&folder, &[]).put(Provider::Openai, LONG.into()).unwrap();
        let started = keys(&folder, &[(Provider::Openai, "from-start")]);
        assert_eq!(started.get(Provider::Openai).unwrap().expose_secret(), "from-start");
        let told = ProviderKey { provider: Provider::Openai, fingerprint: None, source: KeySource::Start };
        assert_eq!(started.all(), [told]);
        let refused = started.put(Provider::Openai, LONG.into()).unwrap_err();
        assert!(matches!(refused, KeyRefused::FromStart(Provider::Openai)), "{refused}");
        assert!(started.remove(Provider::Openai).is_err());
        assert_eq!(keys(&folder, &[]).get(Provider::Openai).unwrap().expose_secret(), LONG);
    }

    #[test]
    fn a_program_gets_the_keys_that_it_takes_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys(&folder, &[(Provider::Gemini, "gemini-key"), (Provider::Openai, "openai-key")]);
        let wanted = [
            ("GEMINI_API_KEY", Provider::Gemini),
            ("GOOGLE_API_KEY", Provider::Gemini),
            ("ANTHROPIC_API_KEY", Provider::Anthropic),
        ];
        let env = keys.environment(wanted);
        assert_eq!(env.keys().collect::<Vec<_>>(), ["GEMINI_API_KEY", "GOOGLE_API_KEY"]);
        assert_eq!(env["GEMINI_API_KEY"], "gemini-key");
    }

    #[test]
    fn what_is_no_key_is_refused_and_a_broken_file_is_told_without_what_is_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let keys = keys(&folder, &[]);
        for bad in ["", "short-7", "with a space", "with-ünicode", "line\nbreak", &"x".repeat(513)] {
            let refused = keys.put(Provider::Openai, bad.into());
            assert!(matches!(refused, Err(KeyRefused::NoKey)), "{bad}");
        }
        keys.put(Provider::Openai, "x".repeat(512).into()).unwrap();
        let file = folder.path().join("keys.json");
        std::fs::write(&file, r#"{"openai": {"sk-secret": 1}}"#).unwrap();
        let broken = Keys::open(file, ByProvider::new()).unwrap_err().to_string();
        assert!(broken.contains("keys.json") && !broken.contains("sk-secret"), "{broken}");
    }
}
