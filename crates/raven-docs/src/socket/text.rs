//! Terminal payloads as clients send them: text or bytes.
//!
//! Owns how either is read. Must not know terminals.

use std::fmt;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{Deserializer, Visitor};

pub use crate::terminals::decoder::Decoder;

/// A payload that is a string or bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct TextOrBytes(pub Bytes);

impl<'de> Deserialize<'de> for TextOrBytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Payload)
    }
}

struct Payload;

impl Visitor<'_> for Payload {
    type Value = TextOrBytes;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or bytes")
    }

    fn visit_str<E>(self, text: &str) -> Result<TextOrBytes, E> {
        Ok(TextOrBytes(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn visit_string<E>(self, text: String) -> Result<TextOrBytes, E> {
        Ok(TextOrBytes(text.into()))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<TextOrBytes, E> {
        Ok(TextOrBytes(Bytes::copy_from_slice(bytes)))
    }

    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<TextOrBytes, E> {
        Ok(TextOrBytes(bytes.into()))
    }
}
