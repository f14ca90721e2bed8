//! The log under test: offsets, bounds, times, and disks that refuse.

use super::*;

fn newest() -> Bounds {
    Bounds { keep: Keep::Newest, limit: 16 * SEGMENT }
}

fn recorded(limit: u64) -> Bounds {
    Bounds { keep: Keep::UntilRecorded, limit }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn pattern(from: u64, count: usize) -> Vec<u8> {
    (from..from + count as u64).map(|at| (at % 251) as u8).collect()
}

fn read_all(journal: &Journal, mut at: u64) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let count = journal.read(at, &mut buffer).unwrap();
        if count == 0 {
            return all;
        }
        all.extend_from_slice(&buffer[..count]);
        at += count as u64;
    }
}

#[test]
fn every_offset_reads_back_across_segments_while_written_and_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path(), newest()).unwrap();
    let total = SEGMENT as usize * 2 + 12_345;
    let all = pattern(0, total);
    for chunk in all.chunks(7_919) {
        journal.append(chunk, at(1));
    }
    for log in [&journal, &Journal::open(folder.path()).unwrap()] {
        assert_eq!((log.base(), log.head()), (0, total as u64));
        for from in [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, total as u64 - 70_000, total as u64 - 1] {
            assert!(read_all(log, from) == all[from as usize..], "from {from}");
        }
        assert_eq!(log.read(total as u64, &mut [0; 8]).unwrap(), 0);
        assert_eq!(log.read(u64::MAX, &mut [0; 8]).unwrap(), 0);
    }
}

#[test]
fn the_oldest_segments_go_and_the_base_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path(), newest()).unwrap();
    let chunk = vec![b'x'; 1024 * 1024];
    for _ in 0..70 {
        journal.append(&chunk, at(1));
    }
    assert_eq!(journal.head(), 70 * 1024 * 1024);
    assert_eq!(journal.base(), 8 * 1024 * 1024);
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        2 * 16,
        "a file of bytes and one of times each"
    );
    assert_eq!(journal.read(0, &mut [0; 8]).unwrap(), 0);
    assert_eq!(read_all(&journal, journal.base()).len(), 62 * 1024 * 1024);
}

#[test]
fn a_disk_that_refuses_costs_old_output_but_no_new_byte() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(&folder.path().join("log"), newest()).unwrap();
    journal.append(&pattern(0, 10), at(1));
    journal.drop_segments();
    std::fs::remove_dir(folder.path().join("log")).unwrap();
    journal.append(&pattern(10, 10), at(2));
    assert_eq!((journal.base(), journal.head()), (0, 20), "the tail in memory still has it all");
    assert_eq!(read_all(&journal, 0), pattern(0, 20));
    journal.append(&vec![1; 3 * TAIL], at(3));
    assert_eq!(journal.head(), 20 + 3 * TAIL as u64);
    assert_eq!(read_all(&journal, journal.base()).len() as u64, journal.head() - journal.base());
}

#[test]
fn what_is_not_recorded_is_kept_and_what_is_goes() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path(), recorded(6 * SEGMENT)).unwrap();
    let chunk = pattern(0, SEGMENT as usize);
    for n in 0..5 {
        journal.append(&chunk, at(n));
    }
    assert!(journal.has_room());
    journal.append(&chunk, at(5));
    assert!(!journal.has_room());
    assert_eq!((journal.base(), journal.unrecorded()), (0, Some(6 * SEGMENT)));
    journal.acknowledge(2 * SEGMENT + 5);
    assert!(journal.has_room());
    assert_eq!((journal.base(), journal.unrecorded()), (2 * SEGMENT, Some(4 * SEGMENT - 5)));
    journal.acknowledge(SEGMENT);
    assert_eq!(journal.unrecorded(), Some(4 * SEGMENT - 5), "an old word changes nothing");
    journal.acknowledge(u64::MAX);
    assert_eq!((journal.unrecorded(), journal.base()), (Some(0), 5 * SEGMENT));
    journal.release();
    assert_eq!(journal.unrecorded(), None);
    for n in 0..7 {
        journal.append(&chunk, at(n));
    }
    assert!(journal.has_room() && journal.base() > 5 * SEGMENT, "the newest is kept from now on");
}

#[test]
fn bytes_know_when_they_came_also_after_the_writer_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(folder.path(), recorded(u64::MAX)).unwrap();
    journal.append(b"abc", at(1_000));
    journal.append(b"de", at(1_004));
    journal.append(b"f", at(1_020));
    journal.append(&vec![b'x'; SEGMENT as usize], at(2_000));
    journal.append(b"y", at(2_001));
    journal.append(&vec![b'z'; 3 * TAIL], at(3_000));
    let after = 6 + SEGMENT + 1;
    for log in [&journal, &Journal::open(folder.path()).unwrap()] {
        for (offset, millis, until) in [(0, 1_000, 5), (4, 1_000, 5), (5, 1_020, 6), (6, 2_000, SEGMENT)] {
            assert_eq!(log.stamp(offset).unwrap(), (at(millis), until), "at {offset}");
        }
        assert_eq!(log.stamp(SEGMENT).unwrap(), (at(2_000), after), "a new segment repeats the time");
        assert_eq!(log.stamp(after).unwrap(), (at(3_000), u64::MAX));
    }
}

#[test]
fn a_disk_that_refuses_makes_a_recorded_log_wait_and_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let mut journal = Journal::create(&path, recorded(u64::MAX)).unwrap();
    journal.append(&pattern(0, SEGMENT as usize - 5), at(1));
    std::fs::rename(&path, folder.path().join("away")).unwrap();
    // The rest of the segment fits its open file; the next segment cannot be made.
    journal.append(&pattern(SEGMENT - 5, 100), at(2));
    assert!(!journal.has_room(), "nothing more until these are safe");
    let whole = pattern(0, SEGMENT as usize + 95);
    assert_eq!(&read_all(&journal, SEGMENT - 5), &whole[SEGMENT as usize - 5..]);
    journal.append(b"the end comes all the same", at(3));
    journal.retry();
    assert!(!journal.has_room());
    std::fs::rename(folder.path().join("away"), &path).unwrap();
    journal.retry();
    assert!(journal.has_room());
    journal.append(&vec![b'x'; 3 * TAIL], at(4));
    let all = [&whole[..], b"the end comes all the same", &vec![b'x'; 3 * TAIL]].concat();
    assert!(read_all(&Journal::open(&path).unwrap(), 0) == all);

    std::fs::rename(&path, folder.path().join("away")).unwrap();
    for _ in 0..SEGMENT as usize / TAIL {
        journal.append(&[b'y'; TAIL], at(5));
    }
    assert!(!journal.has_room());
    journal.acknowledge(u64::MAX);
    assert!(journal.has_room(), "a recorder that has all of it makes room");
}
