//! Secrets at rest: sealing what must be read back, digesting what must only be recognised.
//!
//! Owns every primitive; the key and its rotation have files of their own below. Must not know what the secrets
//! are for.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use argon2::Argon2;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::db::sealed as rows;

use key::Key;

pub mod key;
pub mod rotation;
pub mod sealed;

/// Bytes of an XChaCha20 nonce.
const NONCE: usize = 24;

/// Seals and recognises secrets with the key of one data folder.
#[derive(Clone)]
pub struct Secrets {
    key: Arc<Key>,
}

impl Secrets {
    /// Reads the key file of a data folder, or creates it for its owner alone. A server uses
    /// [`rotation::open`], which looks whether it is the key of the database.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is no key.
    #[cfg(test)]
    pub fn open(data_dir: &std::path::Path) -> anyhow::Result<Self> {
        Ok(Self::with(key::read(&key::Source::Folder, data_dir)?))
    }

    fn with(key: Key) -> Self {
        Self { key: Arc::new(key) }
    }

    /// Seals a secret; `purpose` must be the same when it is opened.
    pub fn seal(&self, purpose: &str, secret: &SecretString) -> anyhow::Result<String> {
        let nonce: [u8; NONCE] = rand::random();
        let sealed = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload(purpose, secret.expose_secret().as_bytes()))
            .map_err(|_| anyhow!("sealing failed"))?;
        Ok(BASE64_STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// Opens a sealed secret.
    ///
    /// # Errors
    /// When it was sealed with another key or for another purpose, or was changed.
    pub fn unseal(&self, purpose: &str, sealed: &str) -> anyhow::Result<SecretString> {
        let bytes = BASE64_STANDARD.decode(sealed).context("a sealed secret is not base64")?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().context("a sealed secret is too short")?;
        let opened = self
            .cipher()
            .decrypt(&XNonce::from(*nonce), payload(purpose, sealed))
            .map_err(|_| anyhow!("a sealed secret does not open with this data folder's secret.key"))?;
        Ok(String::from_utf8(opened).context("a sealed secret is not text")?.into())
    }

    /// A digest that only this data folder's key can make: for secrets that people may have chosen.
    pub fn keyed_digest(&self, purpose: &str, secret: &str) -> anyhow::Result<String> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.root.as_slice())
            .map_err(|_| anyhow!("bad key length"))?;
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(secret.as_bytes());
        Ok(hex(&mac.finalize().into_bytes()))
    }

    /// A key of its own for one purpose, from which neither this folder's key nor another purpose's can be
    /// found.
    pub fn derive(&self, purpose: &str) -> anyhow::Result<Zeroizing<[u8; 32]>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.root.as_slice())
            .map_err(|_| anyhow!("bad key length"))?;
        mac.update(b"derived key\0");
        mac.update(purpose.as_bytes());
        Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.key.seal).into())
    }
}

fn payload<'a>(purpose: &'a str, msg: &'a [u8]) -> chacha20poly1305::aead::Payload<'a, 'a> {
    chacha20poly1305::aead::Payload { msg, aad: purpose.as_bytes() }
}

/// A new random secret of 256 bits, with a prefix that tells what it is for.
pub fn generate(prefix: &str) -> SecretString {
    let random: [u8; 32] = rand::random();
    format!("{prefix}{}", BASE64_URL_SAFE_NO_PAD.encode(random)).into()
}

/// Letters and digits without look-alikes: 5 bits each.
const TYPED: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// Random letters and digits that a person can type, in groups of four.
fn typed<const N: usize>() -> String {
    let random: [u8; N] = rand::random();
    let groups = random
        .chunks(4)
        .map(|group| group.iter().map(|byte| char::from(TYPED[usize::from(byte % 32)])).collect::<String>());
    groups.collect::<Vec<_>>().join("-")
}

/// A code that a person types once, soon after it was shown: 40 bits.
pub fn setup_code() -> SecretString {
    typed::<8>().into()
}

/// A code that a person keeps for years: 80 bits, so that its digest tells nothing.
pub fn recovery_code() -> String {
    typed::<16>()
}

/// The digest under which a random secret is stored.
pub fn digest(secret: &str) -> String {
    digest_of(secret.as_bytes())
}

/// The digest of some bytes, by which they are known again.
pub fn digest_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Whether two secrets are the same, in a time that does not tell how far they agree.
pub fn same(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq as _;
    digest(one).as_bytes().ct_eq(digest(other).as_bytes()).into()
}

/// Hashes a password with argon2id; slow on purpose, so not for the async threads.
pub fn hash_password(password: &SecretString) -> anyhow::Result<String> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    Ok(hash.map_err(|error| anyhow!("hashing failed: {error}"))?.to_string())
}

/// Checks a password against a stored hash; slow on purpose, so not for the async threads.
pub fn password_matches(password: &SecretString, stored: &str) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| {
        Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
    })
}

/// Bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_secret_opens_only_with_its_key_and_purpose() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let secrets = Secrets::open(here.path()).unwrap();
        let sealed = secrets.seal("runtime key of ws_1", &"sk-runtime".to_owned().into()).unwrap();
        assert!(!sealed.contains("sk-runtime"));
        let again = Secrets::open(here.path()).unwrap();
        assert_eq!(again.unseal("runtime key of ws_1", &sealed).unwrap().expose_secret(), "sk-runtime");
        assert!(again.unseal("runtime key of ws_2", &sealed).is_err());
        assert!(Secrets::open(elsewhere.path()).unwrap().unseal("runtime key of ws_1", &sealed).is_err());
    }

    #[test]
    fn the_key_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        Secrets::open(dir.path()).unwrap();
        let mode = std::fs::metadata(dir.path().join("secret.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        std::fs::write(dir.path().join("secret.key"), "short").unwrap();
        assert!(Secrets::open(dir.path()).is_err());
    }

    #[test]
    fn passwords_and_codes() {
        let hash = hash_password(&"correct horse".to_owned().into()).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(password_matches(&"correct horse".to_owned().into(), &hash));
        assert!(!password_matches(&"correct hors".to_owned().into(), &hash));
        assert!(!password_matches(&"x".to_owned().into(), "not a hash"));
        let code = setup_code();
        assert_eq!(code.expose_secret().len(), 9);
        assert_eq!(recovery_code().len(), 19);
        assert!(same(code.expose_secret(), code.expose_secret()) && !same("a", "b"));
    }
}
