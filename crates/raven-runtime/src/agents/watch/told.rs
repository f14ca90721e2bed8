//! What a program says of itself: OSC 7501, hooks, its title. Pure.
//!
//! Owns how these are read and which of them counts. Must not know the screen, nor what follows.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use raven_protocol::time::Timestamp;
use serde_json::Value;

use crate::agents::kinds::Kind;
use crate::agents::kinds::description::{Hook, Told};
use crate::host::look::{Signal, SignalSource};

/// Why a turn failed whose program only tells that it did.
pub const UNSAID: &str = "it did not say why";

/// Longest message of a program that is kept, in characters.
const MAX_SAID: usize = 400;

/// One word of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The status that it tells.
    pub status: Told,
    /// What was said, for a person.
    pub evidence: String,
    /// When.
    pub at: Timestamp,
    /// That the last turn failed, and why.
    pub failure: Option<String>,
}

/// A tool that it asks to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolUse {
    /// The tool.
    pub tool: String,
    /// What it is used with.
    pub arguments: Option<Value>,
}

/// Its last words, by the way that they came.
#[derive(Debug, Default)]
pub struct Telling {
    program: Option<Word>,
    hook: Option<Word>,
    title: Option<Word>,
    title_text: Option<String>,
    /// The tool that it asks to use, as its last hook told.
    pub tool: Option<ToolUse>,
}

impl Telling {
    /// What counts now: its status reports; else the later of hooks and title.
    pub fn word(&self) -> Option<&Word> {
        self.program.as_ref().or_else(|| match (&self.hook, &self.title) {
            (Some(hook), Some(title)) if title.at > hook.at => Some(title),
            (hook, title) => hook.as_ref().or(title.as_ref()),
        })
    }

    /// Whether what counts is a report of the program itself, which is never late.
    pub fn is_reported(&self) -> bool {
        self.program.is_some()
    }

    /// Takes a signal.
    pub fn hear(&mut self, kind: &Kind, signal: &Signal) {
        match signal.source {
            SignalSource::ProgramStatus => self.report(&signal.body, signal.at),
            SignalSource::Hook => self.hook(kind, signal),
            // Its text is for people; what it means is told otherwise.
            SignalSource::Notification => {}
        }
    }

    /// Takes a title; the same one again says nothing new.
    pub fn title(&mut self, kind: &Kind, title: Option<&str>, now: Timestamp) {
        if self.title_text.as_deref() == title {
            return;
        }
        self.title_text = title.map(str::to_owned);
        let status = title.and_then(|title| kind.rules.title(title));
        if self.title.as_ref().map(|word| word.status) == status {
            return;
        }
        let evidence = || format!("its title says `{}`", title.unwrap_or("").trim());
        self.title = status.map(|status| Word { status, evidence: evidence(), at: now, failure: None });
    }

    fn report(&mut self, body: &str, at: Timestamp) {
        let fields = || body.split(':').filter_map(|field| field.split_once('='));
        let field = |wanted: &str| fields().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        // A record with an id is of something within it, such as one of several tasks.
        if field("id").is_some() {
            return;
        }
        let message = field("msg").map(decode).filter(|message| !message.is_empty());
        let said = |what: &str| match &message {
            Some(message) => format!("it reports `{what}`: {message}"),
            None => format!("it reports `{what}`"),
        };
        let word = |status, evidence| Word { status, evidence, at, failure: None };
        match field("state") {
            Some(state @ ("idle" | "done")) => self.program = Some(word(Told::Ready, said(state))),
            Some("working") => self.program = Some(word(Told::Busy, said("working"))),
            Some("blocked") if field("kind") == Some("auth") => {
                let failure = message.clone();
                self.program = Some(Word { failure, ..word(Told::LoginRequired, said("blocked")) });
            }
            Some("blocked") => self.program = Some(word(Told::Waiting, said("blocked"))),
            // It is back at its prompt.
            Some("error") => {
                let failure = Some(message.clone().unwrap_or_else(|| UNSAID.to_owned()));
                self.program = Some(Word { failure, ..word(Told::Ready, said("error")) });
            }
            Some("clear") => self.program = None,
            _ => {}
        }
    }

    fn hook(&mut self, kind: &Kind, signal: &Signal) {
        let body: Value = serde_json::from_str(&signal.body).unwrap_or_default();
        let named = signal.name.as_deref().or_else(|| body.get("hook_event_name").and_then(Value::as_str));
        let Some((name, hook)) = named.and_then(|name| kind.is.signals.hooks.get_key_value(name)) else {
            return;
        };
        if !applies(hook, &body) {
            return;
        }
        let at = |pointer: &Option<String>| pointer.as_deref().and_then(|pointer| body.pointer(pointer));
        self.tool = at(&hook.tool)
            .and_then(Value::as_str)
            .map(|tool| ToolUse { tool: bounded(tool), arguments: at(&hook.arguments).cloned() });
        let evidence = format!("its hook `{name}` ran");
        self.hook = Some(Word { status: hook.status, evidence, at: signal.at, failure: None });
    }
}

fn applies(hook: &Hook, body: &Value) -> bool {
    let is = |only: &crate::agents::kinds::description::Only| {
        body.pointer(&only.at).and_then(Value::as_str) == Some(only.is.as_str())
    };
    hook.only.as_ref().is_none_or(is)
}

fn decode(text: &str) -> String {
    let plain = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    bounded(&plain.unwrap_or_else(|| text.to_owned()))
}

fn bounded(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_SAID).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind() -> std::sync::Arc<Kind> {
        Kind::of(
            "type = 'x'\ntitle = 'X'\n\
             [signals.hooks.Stop]\nstatus = 'ready'\n\
             [signals.hooks.Ask]\nstatus = 'waiting'\ntool = '/tool'\narguments = '/with'\n\
             only = { at = '/type', is = 'permission' }\n\
             [[signals.titles]]\nis = '^\\* '\nstatus = 'busy'\n\
             [[signals.titles]]\nis = 'Ready'\nstatus = 'ready'\n",
        )
    }

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn signal(source: SignalSource, body: &str, millis: i64) -> Signal {
        Signal { seq: 1, at: at(millis), source, name: None, body: body.to_owned() }
    }

    #[test]
    fn reports_are_read_as_programs_send_them() {
        for (body, status) in [
            ("state=working:app=codex", Some(Told::Busy)),
            ("state=idle", Some(Told::Ready)),
            ("state=done:app=claude", Some(Told::Ready)),
            ("state=blocked:kind=permission:msg=YXBwcm92ZSBCYXNoOiB0b3VjaCB6eg==", Some(Told::Waiting)),
            ("state=blocked:kind=auth", Some(Told::LoginRequired)),
            ("state=error:msg=bm8=", Some(Told::Ready)),
            ("state=clear", None),
            ("state=working:id=3", None),
            ("state=dancing", None),
            ("", None),
        ] {
            let mut telling = Telling::default();
            telling.hear(&kind(), &signal(SignalSource::ProgramStatus, body, 1));
            assert_eq!(telling.word().map(|word| word.status), status, "{body}");
        }
        let mut telling = Telling::default();
        let asks = signal(SignalSource::ProgramStatus, "state=blocked:kind=permission:msg=YXBwcm92ZQ==", 1);
        telling.hear(&kind(), &asks);
        assert_eq!(telling.word().unwrap().evidence, "it reports `blocked`: approve");
        telling.hear(&kind(), &signal(SignalSource::ProgramStatus, "state=error:msg=bm8=", 1));
        assert_eq!(telling.word().unwrap().failure.as_deref(), Some("no"));
    }

    #[test]
    fn a_report_beats_a_hook_and_of_hook_and_title_the_later_counts() {
        let mut telling = Telling::default();
        telling.title(&kind(), Some("* thinking"), at(1));
        telling.hear(&kind(), &signal(SignalSource::Hook, r#"{"hook_event_name": "Stop"}"#, 2));
        assert_eq!(telling.word().unwrap().evidence, "its hook `Stop` ran");
        telling.title(&kind(), Some("* thinking"), at(3));
        assert_eq!(telling.word().unwrap().status, Told::Ready, "the same title says nothing new");
        telling.title(&kind(), Some("Ready"), at(4));
        telling.title(&kind(), Some("* on"), at(5));
        assert_eq!(telling.word().unwrap().status, Told::Busy);
        telling.hear(&kind(), &signal(SignalSource::ProgramStatus, "state=idle", 0));
        assert_eq!(telling.word().unwrap().status, Told::Ready);
    }

    #[test]
    fn a_hook_tells_of_the_tool_and_only_when_it_is_the_one_meant() {
        let mut telling = Telling::default();
        let body = r#"{"hook_event_name":"Ask","type":"other","tool":"Bash","with":{"command":"ls"}}"#;
        telling.hear(&kind(), &signal(SignalSource::Hook, body, 1));
        assert_eq!(telling.word(), None);
        telling.hear(&kind(), &signal(SignalSource::Hook, &body.replace("other", "permission"), 1));
        assert_eq!(telling.word().unwrap().status, Told::Waiting);
        let tool = telling.tool.clone().unwrap();
        assert_eq!((tool.tool.as_str(), &tool.arguments.unwrap()["command"]), ("Bash", &"ls".into()));
    }
}
