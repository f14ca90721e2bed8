//! The character sets of old terminals: line drawing, and national variants of ASCII.
//!
//! Owns what each makes of a character. Must not know which one is in use.

/// A set, by the letter that designates it; `B` is ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Charset(pub(crate) u8);

impl Default for Charset {
    fn default() -> Self {
        Self(b'B')
    }
}

/// DEC's special characters, from `` ` `` on.
const DRAWING: &str = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

/// Sets by their letters, and what differs from ASCII.
const NATIONAL: [(&[u8], &str); 11] = [
    (b"A", "#£"),
    (b"4", "#£@¾[i\\½]|{¨|f}¼~´"),
    (b"C5", "[Ä\\Ö]Å^Ü`é{ä|ö}å~ü"),
    (b"R", "#£@à[°\\ç]§{é|ù}è~¨"),
    (b"Q", "@à[â\\ç]ê^î`ô{é|ù}è~û"),
    (b"K", "@§[Ä\\Ö]Ü{ä|ö}ü~ß"),
    (b"Y", "#£@§[°\\ç]é`ù{à|ò}è~ì"),
    (b"E6", "@Ä[Æ\\Ø]Å^Ü`ä{æ|ø}å~ü"),
    (b"Z", "#£@§[¡\\Ñ]¿{°|ñ}ç"),
    (b"H7", "@É[Ä\\Ö]Å^Ü`é{ä|ö}å~ü"),
    (b"=", "#ù@à[é\\ç]ê^î_è`ô{ä|ö}ü~û"),
];

impl Charset {
    /// The set that a letter designates, if it designates one.
    pub(crate) fn designated(letter: u8) -> Option<Self> {
        let known = matches!(letter, b'0' | b'B') || NATIONAL.iter().any(|(all, _)| all.contains(&letter));
        known.then_some(Self(letter))
    }

    pub(crate) fn is_ascii(self) -> bool {
        self.0 == b'B'
    }

    /// What is drawn for a character.
    pub(crate) fn map(self, c: char) -> char {
        match self.0 {
            b'B' => c,
            b'0' => match c {
                '`'..='~' => DRAWING.chars().nth(c as usize - '`' as usize).unwrap_or(c),
                _ => c,
            },
            letter => {
                let set = NATIONAL.iter().find(|(letters, _)| letters.contains(&letter));
                let mut pairs = set.map_or("", |(_, pairs)| pairs).chars();
                while let (Some(from), Some(to)) = (pairs.next(), pairs.next()) {
                    if from == c {
                        return to;
                    }
                }
                c
            }
        }
    }
}
