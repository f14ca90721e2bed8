//! Blocks: entries compressed, sealed, and chained, so that none can be read, changed, left out or added
//! without the key.
//!
//! Owns their layout and the chain. Must not know files or what the entries are.
//!
//! On disk a block is `[length u32 be][link 32][nonce 24][sealed]`, the length being that of the rest. The
//! link is an HMAC over the link before it and the block; what is sealed is the length of the plain bytes
//! and their zstd form.

use anyhow::{Context as _, anyhow, bail};
use bytes::{Buf as _, Bytes};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use secrecy::zeroize::Zeroizing;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::secrets::Secrets;

/// Bytes of a link.
pub const LINK: usize = 32;

/// Bytes of an XChaCha20 nonce.
const NONCE: usize = 24;

/// Bytes of the plain length, in front of what is compressed.
const PLAIN: usize = 4;

/// Largest plain block, in bytes: beyond a batch of entries and the largest single one.
const MAX_PLAIN: usize = 48 * 1024 * 1024;

/// Fast enough for a terminal at full speed, and most of what more effort would save.
const LEVEL: i32 = 1;

/// The end of the chain so far.
pub type Link = [u8; LINK];

/// The keys of all recordings of a data folder.
pub struct Keys {
    seal: Zeroizing<[u8; 32]>,
    link: Zeroizing<[u8; 32]>,
}

impl Keys {
    pub fn of(secrets: &Secrets) -> anyhow::Result<Self> {
        Ok(Self { seal: secrets.derive("recording seal")?, link: secrets.derive("recording chain")? })
    }

    /// A digest that only these keys make, over the end of a chain and what is said of it.
    pub fn digest(&self, parts: &[&[u8]]) -> Link {
        let mut mac = self.mac();
        for part in parts {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn mac(&self) -> Hmac<Sha256> {
        // HMAC takes a key of any length.
        Hmac::new_from_slice(self.link.as_slice()).unwrap_or_else(|_| unreachable!("a key of 32 bytes"))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&(*self.seal).into())
    }
}

/// A place in one recording's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    session: String,
    /// Blocks before this place.
    pub blocks: u64,
    /// The link of the last of them.
    pub link: Link,
}

/// Why a block does not follow at its place.
#[derive(Debug, thiserror::Error)]
pub enum Broken {
    /// Fewer bytes are there than it says.
    #[error("it is cut off")]
    Cut,
    /// It is not the one that was written here.
    #[error("{0}")]
    Changed(String),
}

impl Chain {
    /// The beginning of a recording's chain.
    pub fn new(keys: &Keys, session: &str) -> Self {
        let link = keys.digest(&[b"recording", session.as_bytes()]);
        Self { session: session.to_owned(), blocks: 0, link }
    }

    /// A place that was reached before.
    pub fn at(session: &str, blocks: u64, link: Link) -> Self {
        Self { session: session.to_owned(), blocks, link }
    }

    /// Makes the next block of plain bytes and adds it to a buffer.
    ///
    /// # Errors
    /// When the bytes cannot be compressed or sealed; the chain stays where it was.
    pub fn seal(&mut self, keys: &Keys, plain: &[u8], into: &mut Vec<u8>) -> anyhow::Result<()> {
        let length = u32::try_from(plain.len()).ok().filter(|length| *length as usize <= MAX_PLAIN);
        let mut packed = length.context("a block is too large")?.to_be_bytes().to_vec();
        packed.extend(zstd::bulk::compress(plain, LEVEL)?);
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: &packed, aad: &self.place() };
        let sealed =
            keys.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| anyhow!("sealing failed"))?;
        let link = self.link(keys, &nonce, &sealed);
        let length = LINK + NONCE + sealed.len();
        into.extend_from_slice(&u32::try_from(length)?.to_be_bytes());
        into.extend_from_slice(&link);
        into.extend_from_slice(&nonce);
        into.extend_from_slice(&sealed);
        (self.blocks, self.link) = (self.blocks + 1, link);
        Ok(())
    }

    /// Takes the next block off some bytes and opens it; `None` at their end.
    ///
    /// # Errors
    /// [`Broken`] when it does not follow here; the bytes and the chain stay where they were.
    pub fn open(&mut self, keys: &Keys, from: &mut Bytes) -> Result<Option<Bytes>, Broken> {
        if from.is_empty() {
            return Ok(None);
        }
        let mut rest = from.clone();
        let length = rest.try_get_u32().map_err(|_| Broken::Cut)? as usize;
        if length < LINK + NONCE {
            return Err(Broken::Changed("its length is impossible".to_owned()));
        }
        if rest.len() < length {
            return Err(Broken::Cut);
        }
        let block = rest.split_to(length);
        let (told, sealed) = block.split_at(LINK);
        let (nonce, sealed) = sealed.split_at(NONCE);
        let nonce: [u8; NONCE] = nonce.try_into().map_err(|_| Broken::Cut)?;
        let link = self.link(keys, &nonce, sealed);
        if !bool::from(link.ct_eq(told)) {
            let why = "it was changed, or does not follow the block before it";
            return Err(Broken::Changed(why.to_owned()));
        }
        let payload = Payload { msg: sealed, aad: &self.place() };
        let packed = keys
            .cipher()
            .decrypt(&XNonce::from(nonce), payload)
            .map_err(|_| Broken::Changed("it does not open with this folder's key".to_owned()))?;
        let plain = unpack(&packed).map_err(|error| Broken::Changed(format!("{error:#}")))?;
        (self.blocks, self.link) = (self.blocks + 1, link);
        *from = rest;
        Ok(Some(plain))
    }

    fn place(&self) -> Vec<u8> {
        [self.session.as_bytes(), &self.blocks.to_be_bytes()].concat()
    }

    fn link(&self, keys: &Keys, nonce: &[u8], sealed: &[u8]) -> Link {
        let mut mac = keys.mac();
        mac.update(&self.link);
        mac.update(&self.place());
        mac.update(nonce);
        mac.update(sealed);
        mac.finalize().into_bytes().into()
    }
}

fn unpack(mut packed: &[u8]) -> anyhow::Result<Bytes> {
    if packed.len() < PLAIN {
        bail!("it is too short");
    }
    let length = packed.get_u32() as usize;
    if length > MAX_PLAIN {
        bail!("it is too large");
    }
    let plain = zstd::bulk::decompress(packed, length)?;
    Ok(plain.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(byte: u8) -> Keys {
        Keys { seal: Zeroizing::new([byte; 32]), link: Zeroizing::new([byte + 1; 32]) }
    }

    fn sealed(keys: &Keys, plain: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut chain = Chain::new(keys, "ses_1");
        let mut blocks = Vec::new();
        for plain in plain {
            let mut block = Vec::new();
            chain.seal(keys, plain, &mut block).unwrap();
            blocks.push(block);
        }
        blocks
    }

    /// The plain blocks, and what is wrong with the first that does not follow.
    fn opened(keys: &Keys, session: &str, bytes: Vec<u8>) -> (Vec<Bytes>, Option<Broken>) {
        let (mut chain, mut from, mut plain) = (Chain::new(keys, session), Bytes::from(bytes), Vec::new());
        loop {
            match chain.open(keys, &mut from) {
                Ok(Some(block)) => plain.push(block),
                Ok(None) => return (plain, None),
                Err(broken) => return (plain, Some(broken)),
            }
        }
    }

    const PLAIN: [&[u8]; 4] = [b"one", b"", b"three three three three", b"four"];

    #[test]
    fn blocks_open_in_their_order_and_tell_nothing_before() {
        let keys = keys(1);
        let bytes = sealed(&keys, &PLAIN).concat();
        assert!(!bytes.windows(5).any(|window| window == b"three"));
        let (plain, broken) = opened(&keys, "ses_1", bytes);
        assert_eq!(plain, PLAIN);
        assert!(broken.is_none());
    }

    #[test]
    fn a_changed_moved_missing_or_foreign_block_is_found_at_its_place() {
        let own = keys(1);
        let blocks = sealed(&own, &PLAIN);
        let check = |bytes: Vec<u8>, good: usize| {
            let (plain, broken) = opened(&own, "ses_1", bytes);
            assert_eq!(plain.len(), good);
            assert!(matches!(broken, Some(Broken::Changed(_))), "{broken:?}");
        };
        for at in 0..blocks[1].len() {
            let mut bytes = blocks.clone();
            bytes[1][at] ^= 1;
            let (plain, broken) = opened(&own, "ses_1", bytes.concat());
            assert!(plain.len() == 1 && broken.is_some(), "byte {at} of the second block");
        }
        check([&blocks[0][..], &blocks[2], &blocks[3]].concat(), 1);
        check([&blocks[0][..], &blocks[2], &blocks[1], &blocks[3]].concat(), 1);
        check([&blocks[0][..], &blocks[0], &blocks[1]].concat(), 1);
        check(sealed(&keys(7), &PLAIN).concat(), 0);
        let (plain, broken) = opened(&own, "ses_2", blocks.concat());
        assert!(plain.is_empty() && broken.is_some(), "another session's blocks");
    }

    #[test]
    fn a_cut_is_told_from_a_change() {
        let keys = keys(1);
        let blocks = sealed(&keys, &PLAIN);
        let whole = blocks.concat();
        for cut in 1..blocks[3].len() {
            let bytes = &whole[..whole.len() - cut];
            let (plain, broken) = opened(&keys, "ses_1", bytes.to_vec());
            assert_eq!(plain.len(), 3);
            assert!(matches!(broken, Some(Broken::Cut)), "{broken:?}");
        }
    }
}
