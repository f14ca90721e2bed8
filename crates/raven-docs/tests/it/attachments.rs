//! Files of pages: kept whole, served so that they can do nothing, gone with their page.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::operator::wait;
use crate::pages::{Wiki, id, path};

/// Uploads a file; answers the status and the body.
fn upload(wiki: &Wiki, page: &Value, (name, content_type): (&str, &str), bytes: Vec<u8>) -> (u16, Value) {
    let url = format!("{}{}/attachments?name={name}", wiki.place.base(), path(page));
    crate::browser::choose_tls();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let request =
        http.post(url).bearer_auth(&wiki.place.owner).header("content-type", content_type).body(bytes);
    let answer = wait(request.send()).unwrap();
    let status = answer.status().as_u16();
    (status, serde_json::from_str(&wait(answer.text()).unwrap()).unwrap_or(Value::Null))
}

/// The headers of a file.
fn headers(wiki: &Wiki, file: &Value) -> reqwest::header::HeaderMap {
    let url = format!("{}/api/attachments/{}", wiki.place.base(), id(file));
    crate::browser::choose_tls();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    wait(http.get(url).bearer_auth(&wiki.place.owner).send()).unwrap().headers().clone()
}

#[test]
fn files_come_back_as_they_went_and_run_nothing() {
    let wiki = Wiki::start();
    let page = wiki.page("P", json!({}));
    for (name, content_type, kind, disposition) in [
        ("a%20b.png", "image/png", "image/png", "inline; filename*=UTF-8''a%20b.png"),
        ("x.svg", "image/svg+xml", "image/svg+xml", "attachment; filename*=UTF-8''x.svg"),
        ("x.html", "text/html; charset=utf-8", "text/html", "attachment; filename*=UTF-8''x.html"),
        (
            "%C3%A4%22.txt",
            "nonsense",
            "application/octet-stream",
            "attachment; filename*=UTF-8''%C3%A4%22.txt",
        ),
    ] {
        let bytes = b"<script>alert(1)</script>\0\xff".to_vec();
        let (status, file) = upload(&wiki, &page, (name, content_type), bytes.clone());
        assert_eq!(
            (status, &file["contentType"], &file["size"]),
            (201, &json!(kind), &json!(bytes.len())),
            "{file}"
        );
        assert_eq!(file["url"], json!(format!("/api/attachments/{}", id(&file))));
        let (status, back) = wiki.place.owner().bytes(file["url"].as_str().unwrap(), None);
        assert_eq!((status, back), (200, bytes));
        let headers = headers(&wiki, &file);
        let header = |name: &str| headers.get(name).unwrap().to_str().unwrap().to_owned();
        assert_eq!(header("content-disposition"), disposition);
        assert_eq!(header("content-type"), kind);
        assert_eq!(header("content-security-policy"), "default-src 'none'; sandbox");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("cache-control").contains("private"));
    }
    let listed = wiki.place.owner().get(&format!("{}/attachments", path(&page))).body;
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
    assert_eq!(listed["items"][0]["name"], "a b.png");
}

#[test]
fn files_are_bounded() {
    let wiki = Wiki::start();
    let page = wiki.page("P", json!({}));
    let most = 10 * 1024 * 1024;
    let large: Vec<u8> = (0..most).map(|nth| u8::try_from(nth % 251).unwrap()).collect();
    let (status, file) = upload(&wiki, &page, ("large.bin", "application/zip"), large.clone());
    assert_eq!(status, 201, "{file}");
    assert_eq!(wiki.place.owner().bytes(file["url"].as_str().unwrap(), None), (200, large));
    let (status, problem) = upload(&wiki, &page, ("x", "a/b"), vec![0; most + 1]);
    assert_eq!((status, &problem["code"]), (413, &json!("TOO_LARGE")), "{problem}");
    for name in ["", "a%2Fb", "..%5Cx", "a%0Ab", &"x".repeat(201)] {
        assert_eq!(upload(&wiki, &page, (name, "a/b"), vec![1]).0, 422, "{name}");
    }
    assert_eq!(upload(&wiki, &page, ("empty", "a/b"), vec![]).0, 422);
    assert_eq!(upload(&wiki, &json!({ "id": "pg_none" }), ("x", "a/b"), vec![1]).0, 404);
    let too_long = json!({ "spaceId": wiki.space, "title": "x", "content": "y".repeat(2 * 1024 * 1024) });
    assert_eq!(wiki.place.owner().post("/api/pages", &too_long).status, 413, "other bodies keep their bound");
}

#[test]
fn a_file_goes_with_its_page_and_its_object_after_it() {
    let mut wiki = Wiki::start();
    let (page, other) = (wiki.page("P", json!({})), wiki.page("Q", json!({})));
    let (_, kept) = upload(&wiki, &other, ("kept", "a/b"), b"kept".to_vec());
    let (_, removed) = upload(&wiki, &page, ("removed", "a/b"), b"removed".to_vec());
    let (_, gone) = upload(&wiki, &page, ("gone", "a/b"), b"gone".to_vec());
    let owner = wiki.place.owner();
    assert_eq!(owner.delete(&format!("/api/attachments/{}", id(&removed))).status, 204);
    assert_eq!(owner.get(&format!("/api/attachments/{}", id(&removed))).status, 404);
    owner.delete(&path(&page));
    assert_eq!(
        owner.get(&format!("/api/attachments/{}", id(&gone))).status,
        404,
        "in the trash with its page"
    );
    owner.post(&format!("{}/untrash", path(&page)), &json!({}));
    assert_eq!(owner.bytes(&format!("/api/attachments/{}", id(&gone)), None).1, b"gone");
    owner.delete(&path(&page));
    wiki.place.sql("UPDATE pages SET trashed_at = 1 WHERE trashed_at IS NOT NULL");
    wiki.place.docs.take().unwrap().crash();
    wiki.place.start_docs();
    crate::programs::wait_for("files without a page", || {
        let left = wiki.place.asked("SELECT count(*) FROM attachments WHERE removed_at IS NOT NULL");
        (left == ["2"]).then_some(())
    });
    wiki.place.sql("UPDATE attachments SET removed_at = 1 WHERE removed_at IS NOT NULL");
    wiki.place.docs.take().unwrap().crash();
    wiki.place.start_docs();
    crate::programs::wait_for("swept objects", || {
        (wiki.place.asked("SELECT id FROM attachments") == [id(&kept)]).then_some(())
    });
    let workspace = wiki.place.owner().get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    let objects = std::fs::read_dir(wiki.place.path("docs/attachments").join(workspace)).unwrap();
    let names: Vec<_> = objects.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, [id(&kept)]);
    assert_eq!(wiki.place.owner().bytes(&format!("/api/attachments/{}", id(&kept)), None).1, b"kept");
}

#[test]
fn an_object_that_cannot_be_removed_keeps_no_other() {
    let mut wiki = Wiki::start();
    let page = wiki.page("P", json!({}));
    let (_, stuck) = upload(&wiki, &page, ("stuck", "a/b"), b"stuck".to_vec());
    let (_, gone) = upload(&wiki, &page, ("gone", "a/b"), b"gone".to_vec());
    let owner = wiki.place.owner();
    for file in [&stuck, &gone] {
        assert_eq!(owner.delete(&format!("/api/attachments/{}", id(file))).status, 204);
    }
    let workspace = owner.get("/api/auth/me").body["workspaceId"].as_str().unwrap().to_owned();
    let object = wiki.place.path("docs/attachments").join(workspace).join(id(&stuck));
    std::fs::remove_file(&object).unwrap();
    std::fs::create_dir_all(object.join("in the way")).unwrap();
    wiki.place.sql("UPDATE attachments SET removed_at = 1");
    wiki.place.docs.take().unwrap().crash();
    wiki.place.start_docs();
    crate::programs::wait_for("a swept object behind one that stays", || {
        (wiki.place.asked("SELECT id FROM attachments") == [id(&stuck)]).then_some(())
    });
}

#[test]
fn a_large_body_of_a_stranger_is_refused_before_it_is_there() {
    let wiki = Wiki::start();
    let page = wiki.page("P", json!({}));
    for (credential, path, size) in [
        ("", format!("{}/attachments?name=x", path(&page)), 10 * 1024 * 1024),
        (
            "authorization: Bearer raven_pat_nobody\r\n",
            format!("{}/attachments?name=x", path(&page)),
            65 * 1024,
        ),
        ("authorization: Bearer raven_mcp_nobody\r\n", "/mcp".to_owned(), 512 * 1024),
        ("", "/api/auth/login".to_owned(), 512 * 1024),
    ] {
        let status = status_without_body(&wiki, (credential, &path), size);
        assert!(status.starts_with("HTTP/1.1 401"), "{path}: {status}");
    }
    let whole = vec![b'x'; 200 * 1024];
    assert_eq!(upload(&wiki, &page, ("x.txt", "text/plain"), whole).0, 201, "who is known sends as before");
}

/// What is answered to a request whose body never comes.
fn status_without_body(wiki: &Wiki, (credential, path): (&str, &str), size: usize) -> String {
    let host = wiki.place.base().trim_start_matches("http://").to_owned();
    let mut stream = TcpStream::connect(&host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nhost: {host}\r\n{credential}content-length: {size}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).expect("an answer before the body");
    line
}
