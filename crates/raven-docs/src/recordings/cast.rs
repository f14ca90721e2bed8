//! A recording in the forms in which it leaves: asciicast v3, which any asciinema player replays, or the
//! output's bytes alone.
//!
//! Owns both forms. Must not know parts or ranges.

use raven_protocol::terminal::Exit;
use raven_protocol::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::entry::{Begin, Entry, Typed, What};
use crate::terminals::decoder::Decoder;

/// Clears a terminal before the screen is painted on it.
const RESET: &str = "\x1bc";

/// A form.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// asciicast v3: output, input, sizes, markers, exit.
    #[default]
    Cast,
    /// The bytes that the program put out, and nothing else.
    Raw,
}

impl Format {
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Cast => "application/x-asciicast",
            Self::Raw => "application/octet-stream",
        }
    }

    pub fn extension(self) -> &'static str {
        match self {
            Self::Cast => "cast",
            Self::Raw => "raw",
        }
    }
}

/// Whether what people typed is told, or only who typed how much: it may be what they would not show.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Inputs {
    Shown,
    #[default]
    Counted,
}

/// How a recording leaves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Form {
    pub format: Format,
    pub inputs: Inputs,
}

/// Writes entries in a form, one after another.
#[derive(Debug, Clone, Default)]
pub struct Writer {
    form: Form,
    last: Option<Timestamp>,
    decoder: Decoder,
}

impl Writer {
    pub fn new(form: Form) -> Self {
        Self { form, ..Self::default() }
    }

    /// Adds an entry to a buffer.
    pub fn write(&mut self, entry: &Entry, into: &mut Vec<u8>) {
        match self.form.format {
            Format::Raw => {
                if let What::Output { bytes, .. } = &entry.what {
                    into.extend_from_slice(bytes);
                }
            }
            Format::Cast => self.cast(entry, into),
        }
    }

    fn cast(&mut self, entry: &Entry, into: &mut Vec<u8>) {
        let at = entry.at;
        match &entry.what {
            What::Begin(begin) => {
                self.last = Some(at);
                line(into, &header(begin, at));
            }
            What::Output { bytes, .. } => {
                let (text, _) = self.decoder.decode(bytes);
                if !text.is_empty() {
                    self.event(at, "o", &text, into);
                }
            }
            What::Repaint { bytes, .. } => {
                self.decoder = Decoder::default();
                let text = format!("{RESET}{}", String::from_utf8_lossy(bytes));
                self.event(at, "o", &text, into);
            }
            What::Input { by, typed } => {
                // A player skips what it does not know: who typed stands in a comment, and when, in
                // seconds since the last event, where no event of its own tells that.
                into.extend_from_slice(b"# ");
                match typed.told(self.form.inputs) {
                    Typed::Full(bytes) => {
                        line(into, &json!({ "typed": by }));
                        self.event(at, "i", &String::from_utf8_lossy(&bytes), into);
                    }
                    Typed::Length(length) => {
                        let after = self.since_last(at) as f64 / 1000.0;
                        line(into, &json!({ "typed": by, "bytes": length, "after": after }));
                    }
                }
            }
            What::Size(size) => self.event(at, "r", &format!("{}x{}", size.cols, size.rows), into),
            What::Mark(mark) => self.event(at, "m", &mark.label, into),
            What::Gap { from, to, why } => {
                let label = format!("gap: output from byte {from} to {to} is missing: {why}");
                self.event(at, "m", &label, into);
            }
            What::End { exit, why } => {
                self.event(at, "m", why, into);
                if let Some(status) = exit.and_then(status) {
                    self.event(at, "x", &status, into);
                }
            }
        }
    }

    /// Milliseconds since the last event.
    fn since_last(&self, at: Timestamp) -> i64 {
        at.as_millis() - self.last.unwrap_or(at).as_millis()
    }

    fn event(&mut self, at: Timestamp, code: &str, data: &str, into: &mut Vec<u8>) {
        let since = self.since_last(at);
        self.last = Some(at);
        // Written by hand: seconds with three decimals, never in another notation.
        into.extend_from_slice(format!("[{}.{:03}, \"{code}\", ", since / 1000, since % 1000).as_bytes());
        into.extend_from_slice(Value::from(data).to_string().as_bytes());
        into.extend_from_slice(b"]\n");
    }
}

fn line(into: &mut Vec<u8>, value: &Value) {
    into.extend_from_slice(value.to_string().as_bytes());
    into.push(b'\n');
}

fn header(begin: &Begin, at: Timestamp) -> Value {
    json!({
        "version": 3,
        "term": { "cols": begin.size.cols, "rows": begin.size.rows, "type": "xterm-256color" },
        "timestamp": at.as_millis() / 1000,
        "title": begin.agent.name,
    })
}

/// An exit as shells tell it: a signal is 128 and its number.
fn status(exit: Exit) -> Option<String> {
    exit.code.or_else(|| exit.signal.map(|signal| 128 + signal)).map(|status| status.to_string())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use raven_protocol::terminal::TerminalSize;

    use super::*;
    use crate::auth::Named;
    use crate::recordings::entry::{Mark, MarkKind};

    fn rendered(format: Format, entries: &[(i64, What)]) -> String {
        let form = Form { format, inputs: Inputs::Shown };
        let (mut writer, mut bytes) = (Writer::new(form), Vec::new());
        for (at, what) in entries {
            writer.write(&Entry { at: Timestamp::from_millis(*at), what: what.clone() }, &mut bytes);
        }
        String::from_utf8(bytes).unwrap()
    }

    fn output(text: &'static [u8]) -> What {
        What::Output { offset: 0, bytes: Bytes::from_static(text) }
    }

    #[test]
    fn a_cast_has_every_kind_of_event_with_the_time_since_the_last() {
        let by = Named { id: "usr_1".into(), name: "Ada".into() };
        let begin = Begin {
            session: "ses_1".into(),
            workspace: "ws_1".into(),
            agent: Named { id: "agt_1".into(), name: "Builder".into() },
            size: TerminalSize::DEFAULT,
        };
        let exit = Some(Exit { code: None, signal: Some(9) });
        let entries = [
            (1_700_000_000_500, What::Begin(begin)),
            (1_700_000_000_501, output(b"caf\xc3")),
            (1_700_000_001_750, output(b"\xa9\x1b[0m\"\r\n")),
            (
                1_700_000_002_000,
                What::Input { by: by.clone(), typed: Typed::Full(Bytes::from_static(b"ls\r")) },
            ),
            (1_700_000_002_250, What::Input { by, typed: Typed::Length(8) }),
            (1_700_000_003_000, What::Size(TerminalSize { cols: 100, rows: 30 })),
            (1_700_000_063_000, What::Mark(Mark { kind: MarkKind::Agent, label: "status: ready".into() })),
            (1_700_000_063_001, What::Gap { from: 3, to: 9, why: "lost".into() }),
            (1_700_000_063_001, What::Repaint { offset: 9, bytes: Bytes::from_static(b"screen") }),
            (1_700_000_064_000, What::End { exit, why: "ended by signal 9".into() }),
        ];
        let expected = [
            r#"{"term":{"cols":80,"rows":24,"type":"xterm-256color"},"timestamp":1700000000,"title":"Builder","version":3}"#,
            r#"[0.001, "o", "caf"]"#,
            r#"[1.249, "o", "é\u001b[0m\"\r\n"]"#,
            r##"# {"typed":{"id":"usr_1","name":"Ada"}}"##,
            r#"[0.250, "i", "ls\r"]"#,
            r##"# {"after":0.25,"bytes":8,"typed":{"id":"usr_1","name":"Ada"}}"##,
            r#"[1.000, "r", "100x30"]"#,
            r#"[60.000, "m", "status: ready"]"#,
            r#"[0.001, "m", "gap: output from byte 3 to 9 is missing: lost"]"#,
            r#"[0.000, "o", "\u001bcscreen"]"#,
            r#"[0.999, "m", "ended by signal 9"]"#,
            r#"[0.000, "x", "137"]"#,
        ];
        let cast = rendered(Format::Cast, &entries);
        assert_eq!(cast.lines().collect::<Vec<_>>(), expected);
        assert_eq!(rendered(Format::Raw, &entries), "café\x1b[0m\"\r\n");
    }
}
