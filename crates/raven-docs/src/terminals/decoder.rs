//! Terminal output as text.
//!
//! Owns cutting text between characters. Must not know who reads it.

/// Turns a byte stream into strings that are never cut inside a character. What is no UTF-8 shows
/// as U+FFFD; who wants the bytes attaches with `binary: true`.
#[derive(Debug, Clone, Default)]
pub struct Decoder {
    carry: Vec<u8>,
}

impl Decoder {
    /// The text that is complete, and how many bytes of an unfinished character are kept back.
    pub fn decode(&mut self, bytes: &[u8]) -> (String, usize) {
        self.carry.extend_from_slice(bytes);
        let kept = unfinished(&self.carry);
        let tail = self.carry.split_off(self.carry.len() - kept);
        let text = String::from_utf8_lossy(&self.carry).into_owned();
        self.carry = tail;
        (text, kept)
    }
}

/// How many bytes at the end begin a character that is not complete; at most three.
fn unfinished(bytes: &[u8]) -> usize {
    let window = bytes.len().saturating_sub(3);
    let lead = bytes[window..].iter().rposition(|byte| byte & 0xC0 != 0x80).map(|at| window + at);
    let Some(lead) = lead else { return 0 };
    let needed = match bytes[lead] {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return 0,
    };
    let there = bytes.len() - lead;
    if there < needed { there } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_survive_any_cut() {
        let text = "aé€😀z";
        for cut in 0..=text.len() {
            let mut decoder = Decoder::default();
            let (first, _) = decoder.decode(&text.as_bytes()[..cut]);
            let (second, kept) = decoder.decode(&text.as_bytes()[cut..]);
            assert_eq!(first + &second, text, "cut at {cut}");
            assert_eq!(kept, 0);
        }
    }

    #[test]
    fn what_is_no_text_is_not_kept_back() {
        let mut decoder = Decoder::default();
        assert_eq!(decoder.decode(b"\xff\xfe"), ("\u{fffd}\u{fffd}".to_owned(), 0));
        assert_eq!(decoder.decode(b"\x80\x80\x80\x80").1, 0);
        assert_eq!(decoder.decode(b"\xe2\x82"), (String::new(), 2));
        assert_eq!(decoder.decode(b"A").0, "\u{fffd}A");
    }
}
