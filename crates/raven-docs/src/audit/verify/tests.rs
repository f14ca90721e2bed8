//! Every way to tamper with a chain, and what is found.

use proptest::prelude::*;
use raven_protocol::time::Timestamp;

use super::*;
use crate::audit::checkpoint::Signer;
use crate::secrets::Secrets;

struct Ledger {
    chains: Chains,
    signer: Signer,
    head: Head,
    rows: Vec<Model>,
    checkpoints: Vec<Checkpoint>,
}

fn entry(seq: i64, detail: &str) -> Model {
    Model {
        chain: "ws_1".into(),
        seq,
        at: seq * 1_000,
        actor_kind: "user".into(),
        actor_id: "usr_1".into(),
        actor_name: "Ada".into(),
        action: "agent.send".into(),
        target_kind: "agent".into(),
        target_id: "agt_1".into(),
        target_name: None,
        agent_id: None,
        outcome: "done".into(),
        request_id: None,
        address: None,
        detail: Some(detail.into()),
        detail_digest: String::new(),
        link: String::new(),
    }
}

impl Ledger {
    /// A chain of some entries, with a checkpoint at the fourth.
    fn of(count: i64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(folder.path()).unwrap();
        let (chains, signer) = (Chains::open(&secrets).unwrap(), Signer::of(&secrets).unwrap());
        let mut head = Head {
            chain: "ws_1".into(),
            first_seq: 1,
            base_link: START.into(),
            seq: 0,
            link: START.into(),
            detail_seq: 0,
            seal: String::new(),
        };
        let (mut rows, mut checkpoints) = (Vec::new(), Vec::new());
        for seq in 1..=count {
            let mut row = entry(seq, &format!("{{\"after\":{seq}}}"));
            row.detail_digest = chains.detail_digest(row.detail.as_deref().unwrap()).unwrap();
            row.link = chains.link(&head.link, &row).unwrap();
            (head.seq, head.link) = (seq, row.link.clone());
            head = chains.sealed(head).unwrap();
            if seq == 4 {
                checkpoints.push(signer.sign(&head, Timestamp::from_millis(4_000)));
            }
            rows.push(row);
        }
        Self { chains, signer, head, rows, checkpoints }
    }

    fn check(&self) -> Vec<(Fault, Option<i64>)> {
        self.check_with(Some(&self.chains))
    }

    fn check_with(&self, chains: Option<&Chains>) -> Vec<(Fault, Option<i64>)> {
        let mut bad = Verdict::default();
        let good = believed(self.signer.public(), self.checkpoints.clone(), &mut bad);
        let mut walk = Walk::new(chains, "ws_1", Some(self.head.clone()), good).unwrap();
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| row.seq);
        for row in &rows {
            walk.entry(row).unwrap();
        }
        let findings = bad.findings.into_iter().chain(walk.end().0.findings);
        findings.map(|finding| (finding.fault, finding.seq)).collect()
    }

    fn renumber(&mut self, from: i64, by: i64) {
        for row in self.rows.iter_mut().filter(|row| row.seq >= from) {
            row.seq += by;
        }
    }

    fn reseal(&mut self) {
        self.head = self.chains.sealed(self.head.clone()).unwrap();
    }
}

type Harm = fn(&mut Ledger);

use Fault::{
    BadSignature, Changed, Contradicted, CutOff, DetailChanged, DetailRemoved, HeadChanged, Inserted, Removed,
};

/// What is done, and the findings that it leads to.
type Case = (&'static str, Harm, &'static [(Fault, Option<i64>)]);

const fn case(what: &'static str, harm: Harm, found: &'static [(Fault, Option<i64>)]) -> Case {
    (what, harm, found)
}

const CASES: &[Case] = &[
    case("nothing", |_| {}, &[]),
    case("an actor", |l| l.rows[2].actor_id = "usr_2".into(), &[(Changed, Some(3))]),
    case("a time", |l| l.rows[0].at += 1, &[(Changed, Some(1))]),
    case("an outcome", |l| l.rows[7].outcome = "refused".into(), &[(Changed, Some(8))]),
    case("a request", |l| l.rows[5].request_id = Some("req_1".into()), &[(Changed, Some(6))]),
    case("another digest", |l| l.rows[5].detail_digest = "00".into(), &[(Changed, Some(6))]),
    case("a link", |l| l.rows[5].link = "00".into(), &[(Changed, Some(6)), (Changed, Some(7))]),
    case("a detail", |l| l.rows[5].detail = Some("{}".into()), &[(DetailChanged, Some(6))]),
    case("a detail removed", |l| l.rows[5].detail = None, &[(DetailRemoved, Some(6))]),
    case("an entry removed", |l| drop(l.rows.remove(5)), &[(Removed, Some(6))]),
    case("several removed", |l| drop(l.rows.drain(5..7)), &[(Removed, Some(6))]),
    case("the first removed", |l| drop(l.rows.remove(0)), &[(Removed, Some(1))]),
    case(
        "one removed, the rest renumbered",
        |l| {
            l.rows.remove(5);
            l.renumber(7, -1);
        },
        &[(Removed, Some(6)), (CutOff, Some(8))],
    ),
    case(
        "one inserted, the rest renumbered",
        |l| {
            l.renumber(6, 1);
            let forged = Model { seq: 6, link: "ab".into(), ..l.rows[2].clone() };
            l.rows.push(forged);
        },
        &[(Inserted, Some(6)), (Inserted, Some(9))],
    ),
    case(
        "two exchanged",
        |l| (l.rows[5].seq, l.rows[6].seq) = (7, 6),
        &[(Inserted, Some(6)), (Changed, Some(8))],
    ),
    case("the end cut off", |l| l.rows.truncate(6), &[(CutOff, Some(7))]),
    case(
        "the end cut off, the head rewritten",
        |l| {
            l.rows.truncate(6);
            (l.head.seq, l.head.link) = (6, l.rows[5].link.clone());
        },
        &[(HeadChanged, None)],
    ),
    case(
        "one appended",
        |l| l.rows.push(Model { seq: 9, ..l.rows[7].clone() }),
        &[(Changed, Some(9)), (Inserted, Some(9))],
    ),
    case(
        "an older whole state",
        |l| {
            l.rows.truncate(3);
            (l.head.seq, l.head.link) = (3, l.rows[2].link.clone());
            l.reseal();
        },
        &[(Contradicted, Some(4))],
    ),
    case(
        "written anew with the key",
        |l| {
            let checkpoints = std::mem::take(&mut l.checkpoints);
            *l = Ledger {
                checkpoints,
                signer: Signer::of(&Secrets::open(tempfile::tempdir().unwrap().path()).unwrap()).unwrap(),
                ..Ledger::of(8)
            };
        },
        &[(BadSignature, Some(4))],
    ),
    case(
        "another chain at the checkpoint",
        |l| {
            l.checkpoints[0].link = "00".into();
            let head = Head { seq: 4, link: "00".into(), ..l.head.clone() };
            l.checkpoints[0] = l.signer.sign(&head, Timestamp::from_millis(4_000));
        },
        &[(Contradicted, Some(4))],
    ),
    case("a forged checkpoint", |l| l.checkpoints[0].seq = 5, &[(BadSignature, Some(5))]),
    case(
        "entries kept long enough",
        |l| {
            (l.head.first_seq, l.head.base_link) = (5, l.rows[3].link.clone());
            l.rows.drain(..4);
            l.reseal();
        },
        &[],
    ),
    case(
        "a front cut off without the key",
        |l| {
            (l.head.first_seq, l.head.base_link) = (5, l.rows[3].link.clone());
            l.rows.drain(..4);
        },
        &[(HeadChanged, None)],
    ),
    case(
        "details kept long enough",
        |l| {
            l.head.detail_seq = 2;
            l.reseal();
            (l.rows[0].detail, l.rows[1].detail) = (None, None);
        },
        &[],
    ),
    case(
        "one detail more",
        |l| {
            l.head.detail_seq = 2;
            l.reseal();
            l.rows.iter_mut().take(3).for_each(|row| row.detail = None);
        },
        &[(DetailRemoved, Some(3))],
    ),
];

#[test]
fn each_manipulation_is_named_with_its_place() {
    for (what, harm, found) in CASES {
        let mut ledger = Ledger::of(8);
        harm(&mut ledger);
        assert_eq!(ledger.check(), *found, "{what}");
    }
}

#[test]
fn without_the_key_numbers_and_checkpoints_are_checked() {
    let mut ledger = Ledger::of(8);
    assert_eq!(ledger.check_with(None), []);
    ledger.rows[6].actor_id = "usr_2".into();
    assert_eq!(ledger.check_with(None), [], "this takes the key");
    ledger.rows[3].link = "00".into();
    assert_eq!(ledger.check_with(None), [(Fault::Contradicted, Some(4))]);
    ledger.rows.remove(6);
    assert!(ledger.check_with(None).contains(&(Fault::Removed, Some(7))));
}

#[test]
fn chains_that_are_gone_or_begun_anew_are_missed() {
    let text = |all: &[&str]| all.iter().map(|chain| (*chain).to_owned()).collect::<Vec<_>>();
    for (begun, there, workspaces, found) in [
        (text(&["a", "b"]), text(&["a", "b"]), text(&["a", "b"]), vec![]),
        (text(&["a", "b"]), text(&["a"]), text(&["a"]), vec![Fault::ChainGone]),
        (text(&["a"]), text(&["a"]), text(&["a", "b"]), vec![Fault::ChainGone]),
        (text(&["a", "a"]), text(&["a"]), text(&["a"]), vec![Fault::BegunAnew]),
        (text(&[]), text(&["a"]), text(&["a"]), vec![Fault::BegunAnew]),
    ] {
        let mut server = Verdict { first_seq: Some(1), ..Verdict::default() };
        check_begun(&mut server, &begun, &there, &workspaces);
        let faults: Vec<Fault> = server.findings.iter().map(|finding| finding.fault).collect();
        assert_eq!(faults, found, "{begun:?} {there:?}");
    }
}

proptest! {
    /// Whatever single field of whatever entry is changed, the first finding is of that entry.
    #[test]
    fn any_change_is_found_where_it_is(at in 0_usize..12, field in 0_usize..12, text in "[a-z]{3,9}") {
        let mut ledger = Ledger::of(12);
        let row = &mut ledger.rows[at];
        match field {
            0 => row.at += 1,
            1 => row.actor_kind = text,
            2 => row.actor_id = text,
            3 => row.actor_name = text,
            4 => row.action = text,
            5 => row.target_kind = text,
            6 => row.target_id = text,
            7 => row.target_name = Some(text),
            8 => row.agent_id = Some(text),
            9 => row.address = Some(text),
            10 => row.detail = Some(text),
            _ => row.outcome = text,
        }
        let found = ledger.check();
        prop_assert_eq!(found[0].1, Some(ledger.rows[at].seq));
    }
}
