//! The rules of evidence, each with what a program does to bring it up.

use raven_protocol::agent::AgentType;
use raven_protocol::terminal::TerminalSize;

use super::*;
use crate::agents::kinds::Kinds;
use crate::host::look::{Look, LookRow, Signal, SignalSource};
use crate::host::wire::Motion;

const START: i64 = 1_000_000;

/// A kind that asks for a sign-in, then shows a prompt, and asks before it acts.
const TELLING: &str = r"
type = 'x'
title = 'X'
[[rules]]
name = 'sign in'
status = 'login_required'
all = ['Sign in at']
login = { kind = 'paste_code' }
prompt = { kind = 'login', input = 'code' }
[[rules]]
name = 'permission'
status = 'waiting'
all = ['^Proceed\?']
prompt = { kind = 'permission', question = '^Run .*', option = '^ *(?<id>\d)\. (?<label>.*)$', choose = '{id}' }
[[rules]]
name = 'limit'
status = 'limited'
all = ['limit reached.*']
resets = 'resets (\S+)'
[[rules]]
name = 'prompt'
status = 'ready'
all = ['^> $']
[signals.hooks.Stop]
status = 'ready'
[signals.hooks.Start]
status = 'busy'
[signals.hooks.Ask]
status = 'waiting'
tool = '/tool'
";

fn ours(name: &str) -> Arc<Kind> {
    let ours = Kinds::load("/nonexistent".as_ref()).unwrap();
    ours.find(&AgentType::parse(name).unwrap()).unwrap()
}

fn motion() -> Motion {
    Motion { head: 1, last_output_at: None, held_since: None, unrecorded: None }
}

fn after(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

fn look(text: &str) -> Notice {
    let rows =
        text.lines().map(|text| LookRow { text: text.to_owned(), bright: None, wraps: false }).collect();
    let fingerprint = text.len() as u64;
    Notice::Look(Look { fingerprint, rows, size: TerminalSize::DEFAULT, ..Look::default() })
}

fn signal(source: SignalSource, body: &str, millis: i64) -> Notice {
    Notice::Signal(Signal { seq: 1, at: after(millis), source, name: None, body: body.to_owned() })
}

fn report(state: &str, millis: i64) -> Notice {
    signal(SignalSource::ProgramStatus, &format!("state={state}"), millis)
}

fn hook(name: &str, millis: i64) -> Notice {
    signal(SignalSource::Hook, &format!(r#"{{"hook_event_name":"{name}","tool":"Bash"}}"#), millis)
}

/// A watch, and what it said.
struct Case {
    watch: Watch,
    said: Vec<Observed>,
}

impl Case {
    fn running(kind: Arc<Kind>) -> Self {
        let mut case =
            Self { watch: Watch::new(kind, AgentStatus::Spawning, &Doing::default()), said: Vec::new() };
        case.at(0, Notice::Running { pid: 1, at: after(0) });
        assert_eq!(case.said.pop().map(|said| said.change), Some(AgentChange::Started));
        case.at(1, Notice::Moving(motion()));
        case
    }

    fn telling() -> Self {
        Self::running(Kind::of(TELLING))
    }

    fn at(&mut self, millis: i64, notice: Notice) -> &mut Self {
        self.said.extend(self.watch.on(&notice, after(millis)));
        self
    }

    fn later(&mut self, millis: i64) -> &mut Self {
        self.said.extend(self.watch.again(after(millis)));
        self
    }

    fn changes(&mut self) -> Vec<AgentChange> {
        self.said.drain(..).map(|said| said.change).collect()
    }

    fn last(&mut self) -> Observed {
        self.said.drain(..).next_back().unwrap()
    }
}

#[test]
fn a_custom_agent_is_ready_once_its_screen_is_still_and_stays_so() {
    let mut case = Case::running(ours("custom"));
    assert_eq!(case.at(14_999, Notice::Moving(motion())).changes(), []);
    let ready = case.at(15_500, Notice::Still(motion())).last();
    assert_eq!(ready.change, AgentChange::Ready);
    assert_eq!(ready.evidence, "running, and its screen has been still for 500 ms");
    case.at(99_000, Notice::Moving(motion())).at(100_000, Notice::Still(motion()));
    assert_eq!(case.changes(), []);
}

#[test]
fn a_screen_that_never_rests_is_busy_once_then_ready() {
    let mut case = Case::running(ours("custom"));
    case.at(15_000, Notice::Moving(motion())).at(16_000, Notice::Moving(motion()));
    case.at(17_000, Notice::Still(motion()));
    assert_eq!(case.changes(), [AgentChange::Busy, AgentChange::Ready]);
}

#[test]
fn a_kind_without_rules_is_looked_at_by_a_person() {
    let mut case = Case::running(Kind::of("type = 'x'\ntitle = 'X'"));
    let waiting = case.at(900, Notice::Still(motion())).last();
    assert_eq!(waiting.change, AgentChange::Waiting);
    assert!(waiting.evidence.contains("look at its terminal"), "{}", waiting.evidence);
    assert_eq!(case.at(5_000, Notice::Still(motion())).changes(), []);
}

#[test]
fn an_adopted_agent_keeps_its_status() {
    let mut watch = Watch::new(ours("custom"), AgentStatus::Ready, &Doing::default());
    for notice in
        [Notice::Running { pid: 1, at: after(0) }, Notice::Moving(motion()), Notice::Still(motion())]
    {
        assert_eq!(watch.on(&notice, after(50_000)), None);
    }
}

#[test]
fn what_it_reports_is_not_believed_while_a_dialog_of_its_start_is_up() {
    let mut case = Case::telling();
    case.at(100, report("idle", 100)).at(200, look("Welcome! Choose a theme"));
    assert_eq!(case.later(10_000).changes(), [], "it says idle and shows something else");
    let asks = case.at(11_000, look("Sign in at https://a.example/x")).later(11_300).last();
    assert_eq!(asks.change, AgentChange::LoginRequired);
    assert_eq!(asks.asks.login.unwrap().url.as_deref(), Some("https://a.example/x"));
    let ready = case.at(20_000, look("> ")).later(20_300).last();
    assert_eq!(ready.change, AgentChange::Ready);
    assert_eq!(ready.evidence, "it reports `idle`, and its screen shows `prompt`");
    assert_eq!(ready.asks, Asks::default(), "what was asked is over");
}

#[test]
fn what_fits_no_rule_is_shown_to_a_person_after_a_while() {
    let mut case = Case::telling();
    case.at(100, look("A new dialog that nobody knows\n1. Yes"));
    assert_eq!(case.later(44_999).changes(), []);
    let asks = case.later(45_000).last();
    assert_eq!(asks.change, AgentChange::Waiting);
    let prompt = asks.asks.prompt.unwrap();
    assert_eq!(prompt.kind, PromptKind::Text);
    assert!(prompt.question.contains("nobody knows"), "{}", prompt.question);
}

#[test]
fn a_turn_goes_by_what_is_reported_and_its_failure_is_told() {
    let mut case = Case::telling();
    case.at(0, report("idle", 0)).at(0, look("> ")).later(300);
    case.at(400, report("working", 400)).at(500, report("error:msg=bm8=", 500));
    let said: Vec<_> = case.said.drain(..).collect();
    let changes: Vec<_> = said.iter().map(|said| said.change).collect();
    assert_eq!(changes, [AgentChange::Ready, AgentChange::Busy, AgentChange::Ready]);
    assert_eq!(said[2].failure.as_deref(), Some("no"));
}

/// One that is ready, works, and reports at 1000 that it asks.
fn asking() -> Case {
    let mut case = Case::telling();
    case.at(0, report("idle", 0)).at(0, look("> ")).later(300).at(400, report("working", 400));
    case.said.clear();
    case.at(1_000, report("blocked:kind=permission", 1_000));
    case
}

#[test]
fn a_question_is_told_once_with_its_options_and_that_it_waits_at_once() {
    let mut case = asking();
    let told = case.last();
    assert_eq!((told.change, told.asks), (AgentChange::Waiting, Asks::default()));
    let shown = case.at(1_050, look("Run touch x\nProceed?\n 1. Yes\n 2. No")).later(1_400).last();
    let prompt = shown.asks.prompt.unwrap();
    assert_eq!((prompt.question.as_str(), prompt.options.len()), ("Run touch x", 2));
    // The same again, with a blinking mark above it, is the same question.
    let again = case.at(2_000, look("*\nRun touch x\nProceed?\n 1. Yes\n 2. No")).later(2_300).changes();
    assert_eq!(again, []);
    let other = case.at(3_000, look("Run rm x\nProceed?\n 1. Yes\n 2. No")).later(3_300).last();
    assert_ne!(other.asks.prompt.unwrap().id, prompt.id);
    assert_eq!(case.at(4_000, report("working", 4_000)).changes(), [AgentChange::Busy]);
}

#[test]
fn a_question_that_cannot_be_read_is_told_once_and_keeps_its_id_when_it_can_be() {
    let mut case = asking();
    case.at(1_050, look("May I? y or n"));
    assert_eq!(case.changes(), [AgentChange::Waiting]);
    assert_eq!(case.later(4_000).changes(), [], "it may still be painted");
    let unread = case.later(4_001).last().asks.prompt.unwrap();
    assert_eq!((unread.question.as_str(), unread.options.len()), ("May I? y or n", 0));
    // Whatever moves on its screen, it is one question until its program says otherwise.
    assert_eq!(case.at(5_000, look("* May I? y or n")).later(7_000).changes(), []);
    let read = case.at(8_000, look("Run touch x\nProceed?\n 1. Yes\n 2. No")).later(8_300).last();
    let read = read.asks.prompt.unwrap();
    assert_eq!((&read.id, read.options.len()), (&unread.id, 2));
    case.at(9_000, report("working", 9_000))
        .at(9_050, look("at work"))
        .at(9_100, report("blocked:kind=permission", 9_100));
    assert_eq!(case.changes(), [AgentChange::Busy, AgentChange::Waiting]);
    let next = case.at(9_200, look("And this? y or n")).later(12_101).last().asks.prompt.unwrap();
    assert_ne!(next.id, unread.id, "another question");
}

#[test]
fn a_question_without_a_screen_is_told_by_what_was_said() {
    let mut case = asking();
    case.said.clear();
    case.at(1_000, look("")).at(2_000, report("blocked:kind=permission:msg=bm8=", 2_000));
    let prompt = case.later(5_001).last().asks.prompt.unwrap();
    assert_eq!(prompt.question, "it reports `blocked`: no");
}

#[test]
fn words_of_a_model_that_look_like_a_question_are_none_while_it_works() {
    let mut case = Case::telling();
    case.at(0, report("idle", 0)).at(0, look("> ")).later(300).at(400, report("working", 400));
    case.said.clear();
    let text = "Run it\nProceed?\n 1. Yes";
    case.at(1_000, look(text)).at(2_500, look(&format!("{text} and more"))).later(4_000);
    assert_eq!(case.changes(), []);
    // An unmoved screen is not at work.
    assert_eq!(case.later(4_501).changes(), [AgentChange::Waiting]);
}

#[test]
fn a_hook_that_came_to_nothing_is_not_believed_for_ever() {
    let mut case = Case::telling();
    case.at(0, look("> ")).later(300).at(400, hook("Start", 400)).at(500, hook("Ask", 500));
    let changes = case.changes();
    assert_eq!(changes, [AgentChange::Ready, AgentChange::Busy, AgentChange::Waiting]);
    assert_eq!(case.at(600, look("no question")).later(1_000).changes(), []);
    assert_eq!(case.later(3_400).changes(), []);
    let told = case.later(3_501).last();
    assert_eq!(told.asks.prompt.unwrap().question, "no question", "unknown, so it stays, and is shown once");
    assert_eq!(case.at(3_600, look("nothing")).later(3_900).changes(), []);
    assert_eq!(case.at(4_000, hook("Stop", 4_000)).changes(), [AgentChange::Ready]);
}

#[test]
fn a_program_that_tells_nothing_is_busy_when_its_prompt_is_gone() {
    let mut case = Case::telling();
    case.at(0, look("> ")).later(300);
    case.at(1_000, look("Thinking about it")).later(1_650).later(1_700);
    case.at(9_000, look("done\n> ")).later(9_250);
    assert_eq!(case.changes(), [AgentChange::Ready, AgentChange::Busy, AgentChange::Ready]);
}

#[test]
fn what_was_said_before_is_no_news_but_counts() {
    let doing = Doing::default();
    let mut watch = Watch::new(Kind::of(TELLING), AgentStatus::Busy, &doing);
    watch.on(&Notice::Running { pid: 1, at: after(0) }, after(9_000));
    for said in [report("working", 1), report("idle", 2), report("working", 3), report("done", 4)] {
        assert_eq!(watch.on(&said, after(9_000)), None);
    }
    let now = watch.on(&Notice::Still(motion()), after(9_000)).unwrap();
    assert_eq!(now.change, AgentChange::Ready);
}

#[test]
fn a_limit_is_a_state_with_its_end() {
    let mut case = Case::telling();
    case.at(0, look("> ")).later(300);
    let waits = case.at(1_000, look("Usage limit reached, resets 15:04 ")).later(1_250).last();
    let limit = waits.asks.limit.unwrap();
    assert_eq!(waits.change, AgentChange::Waiting);
    assert_eq!(limit.text, "Usage limit reached, resets 15:04");
    assert!(limit.resets_at.is_some());
}

#[test]
fn trouble_is_told_while_a_turn_goes_on_and_as_its_failure_when_it_ends_without_a_reason() {
    let mut case = Case::running(ours("codex"));
    let composer = "\n\n› Ask Codex to do anything\n\n  stub-model\n  for shortcuts";
    let screen = |text: &str| look(&format!("{text}{composer}"));
    case.at(100, report("idle", 100)).at(200, screen("hi")).later(600);
    case.at(1000, report("working", 1000));
    case.said.clear();
    let trying = "• Reconnecting... 1/5 (2s • esc to interrupt)\n  └ status 401: the key\n    is refused";
    case.at(2000, screen(trying));
    let troubled = case.said.pop().unwrap();
    assert_eq!(troubled.change, AgentChange::Busy);
    assert_eq!(troubled.asks.trouble.as_deref(), Some("status 401: the key is refused"));
    case.at(3000, report("error", 3000));
    let failed = case.said.pop().unwrap();
    assert_eq!(failed.change, AgentChange::Ready);
    assert_eq!(failed.failure.as_deref(), Some("status 401: the key is refused"));
    assert_eq!(failed.asks.trouble, None, "it does not try any more");
}

#[test]
fn trouble_that_is_over_is_told_no_more() {
    let mut case = Case::running(ours("claude-code"));
    let rule = "─".repeat(40);
    let screen = |text: &str| look(&format!("{text}\n{rule}\n❯ \n{rule}\n  ? for shortcuts"));
    case.at(100, report("idle", 100)).at(200, screen("")).later(600).at(1000, report("working", 1000));
    case.at(2000, screen("✻ 529 Overloaded · retrying in 3s · attempt 2/10"));
    assert_eq!(case.said.pop().unwrap().asks.trouble.as_deref(), Some("529 Overloaded"));
    case.at(3000, screen("● it goes on"));
    assert_eq!(case.said.pop().unwrap().asks.trouble, None);
}

#[test]
fn codex_is_read_with_a_folder_of_two_rows_and_with_news_of_models() {
    let folder = "› Ask Codex to do anything\n\n  stub-model default · /home/somebody/runtime/agents/\n  agt_1/work\n  \
                  ← for agents · ? for shortcuts";
    let short = "› Ask Codex to do anything\n\n  stub-model default · /w\n  ← for agents · ? for shortcuts";
    let new = "  Meet GPT-6 Sol\n  Our latest Sol is more efficient.\n\n› 1. Try new model\n  2. Use existing model\n\n  \
               enter/esc confirm · ^c quit";
    let old = "  GPT-5.4 is no longer available\n  Switch to GPT-6 Sol to\n  continue.\n\n  enter/esc continue · ^c quit";
    for (screen, rule, options) in [
        (short, "input line", &[][..]),
        (folder, "input line", &[]),
        (new, "new model", &["Try new model", "Use existing model"]),
        (old, "old model", &["Continue"]),
    ] {
        let Notice::Look(look) = look(screen) else { panic!("a look") };
        let read = ours("codex").rules.read(&look).unwrap();
        let labels: Vec<_> = read
            .asked
            .iter()
            .flat_map(|asked| &asked.choices)
            .map(|(option, _)| option.label.as_str())
            .collect();
        assert_eq!((read.rule.as_str(), &labels[..]), (rule, options));
    }
}

#[test]
fn trouble_of_one_turn_is_not_told_of_another() {
    let mut case = Case::running(ours("codex"));
    let composer = "\n\n› Ask Codex to do anything\n\n  stub-model\n  for shortcuts";
    let screen = |text: &str| look(&format!("{text}{composer}"));
    case.at(100, report("idle", 100)).at(200, screen("■ status 401: the key is refused")).later(600);
    case.at(1000, report("working", 1000));
    assert_eq!(case.said.pop().unwrap().asks.trouble, None, "that was the turn before");
    case.at(2000, screen("• Reconnecting... 1/5 (2s • esc to interrupt)\n  └ status 502"));
    assert_eq!(case.said.pop().unwrap().asks.trouble.as_deref(), Some("status 502"));
    case.at(3000, report("done", 3000));
    assert_eq!(case.said.pop().unwrap().failure, None, "it came through");
}

#[test]
fn a_turn_that_ends_at_a_refused_key_tells_why_a_sign_in_is_wanted() {
    let mut case = Case::running(ours("claude-code"));
    let rule = "─".repeat(40);
    case.at(100, report("idle", 100)).at(200, look(&format!("\n{rule}\n❯ \n{rule}\n  ?"))).later(600);
    case.at(1000, report("working", 1000));
    let words = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "API Error: 401");
    case.at(2000, signal(SignalSource::ProgramStatus, &format!("state=blocked:kind=auth:msg={words}"), 2000));
    let wants = case.said.pop().unwrap();
    assert_eq!(wants.change, AgentChange::LoginRequired);
    assert_eq!(wants.asks.trouble.as_deref(), Some("API Error: 401"));
    assert_eq!(wants.failure.as_deref(), Some("API Error: 401"));
    case.said.clear();
    case.later(3000);
    assert!(case.said.is_empty(), "told once");
}
