//! What programs say beside their screen: status reports (OSC 7501) and notifications (OSC 9).
//!
//! Owns how they are told from other sequences, and how many are kept. Must not know what they mean.

/// Most that are kept until somebody takes them; the oldest go first.
const MAX_KEPT: usize = 64;

/// Longest one, in bytes; a longer one is left out.
const MAX_LENGTH: usize = 8 * 1024;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signal {
    /// The body of an OSC 7501, without that number; questions are not among them.
    Status(String),
    /// The text of an OSC 9.
    Notification(String),
}

/// Those that nobody has taken.
#[derive(Debug, Default)]
pub(crate) struct Signals(std::collections::VecDeque<Signal>);

impl Signals {
    /// Takes an OSC sequence, without its opener and its end.
    pub(crate) fn osc(&mut self, body: &[u8]) {
        if body.len() > MAX_LENGTH {
            return;
        }
        let text = |rest: &[u8]| {
            let clean: Vec<u8> = rest.iter().copied().filter(|byte| *byte >= 0x20).collect();
            String::from_utf8_lossy(&clean).into_owned()
        };
        let signal = match (body.strip_prefix(b"7501;"), body.strip_prefix(b"9;")) {
            (Some(report), _) => Signal::Status(text(report)),
            // Progress of a task bar.
            (None, Some([b'4', b';', ..])) => return,
            (None, Some(said)) => Signal::Notification(text(said)),
            (None, None) => return,
        };
        if self.0.len() == MAX_KEPT {
            self.0.pop_front();
        }
        self.0.push_back(signal);
    }

    pub(crate) fn take(&mut self) -> Vec<Signal> {
        self.0.drain(..).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Screen;

    #[test]
    fn reports_and_notifications_are_kept_in_order_however_they_are_cut() {
        let said =
            b"a\x1b]7501;state=working:app=x\x1b\\b\x1b]9;Look here\x07\x1b]9;4;1;50\x07\x1b]7501;?\x1b\\\
                     \x1b]7501;state=idle\x07";
        for cut in 0..said.len() {
            let mut screen = Screen::new(20, 4, 0);
            let mut answers = screen.feed(&said[..cut]);
            answers.extend(screen.feed(&said[cut..]));
            assert_eq!(
                screen.take_signals(),
                [
                    Signal::Status("state=working:app=x".into()),
                    Signal::Notification("Look here".into()),
                    Signal::Status("state=idle".into()),
                ]
            );
            assert_eq!(screen.take_signals(), []);
            assert_eq!((answers.as_slice(), screen.lines()[0].as_str()), (&b"\x1b]7501;?\x1b\\"[..], "ab"));
        }
    }

    #[test]
    fn a_question_is_answered_before_the_one_that_follows_it() {
        let mut screen = Screen::new(20, 4, 0);
        assert_eq!(screen.feed(b"\x1b]7501;?\x1b\\\x1b[c"), b"\x1b]7501;?\x1b\\\x1b[?62;22c");
    }

    #[test]
    fn nobody_who_listens_is_no_reason_to_grow() {
        let mut screen = Screen::new(20, 4, 0);
        for number in 0..MAX_KEPT + 9 {
            screen.feed(format!("\x1b]9;{number}\x07").as_bytes());
        }
        let kept = screen.take_signals();
        assert_eq!((kept.len(), &kept[0]), (MAX_KEPT, &Signal::Notification("9".into())));
    }

    #[test]
    fn links_that_are_shown_are_told_once() {
        let mut screen = Screen::new(20, 4, 0);
        screen.feed(b"\r\n\x1b]8;id=1;https://a.example/\x1b\\a link\r\nof two\x1b]8;;\x1b\\ rows");
        screen.feed(b"\r\n\x1b]8;;https://b.example/\x1b\\b\x1b]8;;\x1b\\");
        let links = [(String::from("https://a.example/"), 1), (String::from("https://b.example/"), 3)];
        assert_eq!(screen.links(), links);
        screen.feed(b"\x1b[2J");
        assert_eq!(screen.links(), []);
        assert!(!screen.bracketed_paste());
        screen.feed(b"\x1b[?2004h");
        assert!(screen.bracketed_paste());
    }
}
