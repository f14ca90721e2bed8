//! The parameters of a control sequence, read as xterm.js reads them.
//!
//! Owns their bounds. Must not know what any sequence does.

/// Most parameters, and most subparameters, of one sequence; more are dropped.
const MOST: usize = 32;

/// What names a function, beside its last byte: prefix and intermediates, in one number.
pub(crate) type Collected = u32;

/// Parameters of one sequence.
#[derive(Debug)]
pub(crate) struct Params {
    values: [i32; MOST],
    count: usize,
    /// First and last subparameter of each.
    spans: [(u8, u8); MOST],
    subs: [i32; MOST],
    sub_count: usize,
    rejects: bool,
    rejects_subs: bool,
    in_sub: bool,
}

impl Params {
    pub(crate) fn new() -> Self {
        Self {
            values: [0; MOST],
            count: 0,
            spans: [(0, 0); MOST],
            subs: [0; MOST],
            sub_count: 0,
            rejects: false,
            rejects_subs: false,
            in_sub: false,
        }
    }

    /// Reads what is between the opener and the last byte; `None` when the sequence is to be ignored.
    pub(crate) fn read(&mut self, inside: &[u8]) -> Option<Collected> {
        self.read_plain(inside).or_else(|| self.read_any(inside))
    }

    /// As [`Self::read`], for what nearly all are: a prefix, perhaps, and numbers between semicolons.
    fn read_plain(&mut self, inside: &[u8]) -> Option<Collected> {
        let (collected, mut rest) = match inside {
            [prefix @ b'<'..=b'?', rest @ ..] => (Collected::from(*prefix), rest),
            _ => (0, inside),
        };
        (self.count, self.sub_count) = (0, 0);
        while self.count < MOST {
            let mut value = 0_i32;
            while let [digit @ b'0'..=b'9', more @ ..] = rest {
                value = value.saturating_mul(10).saturating_add(i32::from(digit - b'0'));
                rest = more;
            }
            self.values[self.count] = value;
            self.spans[self.count] = (0, 0);
            self.count += 1;
            match rest {
                [] => return Some(collected),
                [b';', more @ ..] => rest = more,
                _ => return None,
            }
        }
        None
    }

    fn read_any(&mut self, inside: &[u8]) -> Option<Collected> {
        (self.count, self.sub_count) = (0, 0);
        (self.rejects, self.rejects_subs) = (false, false);
        self.param();
        let mut collected: Collected = 0;
        let (mut any, mut intermediate) = (false, false);
        for &byte in inside {
            match byte {
                b'0'..=b'9' if !intermediate => self.digit(i32::from(byte - b'0')),
                b';' if !intermediate => self.param(),
                b':' if !intermediate => self.sub(),
                b'<'..=b'?' if !any => collected = byte.into(),
                b' '..=b'/' => {
                    collected = collected << 8 | Collected::from(byte);
                    intermediate = true;
                }
                // Controls were carried out; they are no part of the sequence.
                0..=0x1f | 0x7f => continue,
                _ => return None,
            }
            any = true;
        }
        Some(collected)
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// A parameter as it was given; 0 for one that was not.
    pub(crate) fn get(&self, index: usize) -> i32 {
        if index < self.count { self.values[index] } else { 0 }
    }

    /// A parameter that says how often or how far: at least 1.
    pub(crate) fn amount(&self, index: usize) -> usize {
        usize::try_from(self.get(index)).unwrap_or(0).max(1)
    }

    /// What follows a parameter after colons; -1 for what was left out.
    pub(crate) fn subs(&self, index: usize) -> &[i32] {
        let (first, end) = self.spans[index];
        &self.subs[usize::from(first)..usize::from(end)]
    }

    fn param(&mut self) {
        self.in_sub = false;
        if self.count == MOST {
            self.rejects = true;
            return;
        }
        let at = u8::try_from(self.sub_count).unwrap_or(u8::MAX);
        self.spans[self.count] = (at, at);
        self.values[self.count] = 0;
        self.count += 1;
    }

    fn sub(&mut self) {
        self.in_sub = true;
        if self.rejects || self.sub_count == MOST {
            self.rejects_subs = true;
            return;
        }
        self.subs[self.sub_count] = -1;
        self.sub_count += 1;
        self.spans[self.count - 1].1 += 1;
    }

    fn digit(&mut self, digit: i32) {
        if self.rejects || self.in_sub && (self.rejects_subs || self.sub_count == 0) {
            return;
        }
        let place =
            if self.in_sub { &mut self.subs[self.sub_count - 1] } else { &mut self.values[self.count - 1] };
        *place = if *place == -1 { digit } else { place.saturating_mul(10).saturating_add(digit) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_with_their_parts() {
        let mut params = Params::new();
        assert_eq!(params.read(b"1;;38:2::7;99999999999"), Some(0));
        assert_eq!((params.count(), params.get(0), params.get(1), params.get(2)), (4, 1, 0, 38));
        assert_eq!((params.subs(2), params.get(3), params.amount(1)), (&[2, -1, 7][..], i32::MAX, 1));
        assert_eq!(params.read(b"?25"), Some(u32::from(b'?')));
        assert_eq!(params.read(b"2 "), Some(u32::from(b' ')));
        for ignored in [&b"1?"[..], b" 1", b"1\xc3"] {
            assert_eq!(params.read(ignored), None);
        }
        let many = "1;".repeat(40);
        assert_eq!((params.read(many.as_bytes()), params.count()), (Some(0), 32));
    }
}
