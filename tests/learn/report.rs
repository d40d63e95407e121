//! Reports to the authors of a course, posted to a server that plays GitHub.

use std::time::Duration;

use mastery::curriculum::id::RepositoryUrl;
use mastery::http::{Endpoint, Limits, Retries, Secret};
use mastery::learn::report::Report;
use mastery::learn::report::post::{PostError, Poster};
use mastery::run::interrupt::Interrupt;

use crate::server::{Server, Step, fails};

const TOKEN: &str = "ghp_0123456789abcdef";

fn posted(steps: Vec<Step>) -> (Result<String, PostError>, Server) {
    let server = Server::new(steps);
    let retries = Retries {
        first_wait: Duration::from_millis(1),
        ..Retries::default()
    };
    let limits = Limits {
        retries,
        ..Limits::default()
    };
    let api = Endpoint::parse(&server.url()).unwrap();
    let poster = Poster::with_limits(api, Secret::new(TOKEN).unwrap(), limits);
    let report = Report {
        title: "softmax: wrong".to_owned(),
        body: "The test is wrong.".to_owned(),
    };
    let repository = RepositoryUrl::try_from("https://github.com/example/courses").unwrap();
    let result = poster.post(&report, &repository, &Interrupt::new(), &mut |_| ());
    assert!(!format!("{poster:?} {result:?}").contains(TOKEN));
    (result, server)
}

fn created(address: &str) -> Step {
    let body = format!("{{\"number\": 7, \"html_url\": \"{address}\"}}");
    Step::Answer(201, "", body)
}

#[test]
fn report_becomes_an_issue() {
    let address = "https://github.com/example/courses/issues/7";
    let (result, server) = posted(vec![created(address)]);
    assert_eq!(result.unwrap(), address);
    let request = &server.requests()[0];
    assert_eq!(
        request.line,
        "POST /v1/repos/example/courses/issues HTTP/1.1"
    );
    assert_eq!(request.body["title"], "softmax: wrong");
    assert_eq!(request.body["body"], "The test is wrong.");
    let token = format!("authorization: bearer {TOKEN}");
    assert!(request.headers.contains(&token), "{:?}", request.headers);
    let accept = "accept: application/vnd.github+json".to_owned();
    assert!(request.headers.contains(&accept), "{:?}", request.headers);
}

#[test]
fn report_is_never_posted_twice() {
    let address = "https://github.com/example/courses/issues/7";
    for step in [fails(500, "", "oops"), Step::CutOff] {
        let (result, server) = posted(vec![step, created(address)]);
        assert!(result.is_err());
        assert_eq!(server.requests().len(), 1);
    }
    // One that was turned away before it was looked at is sent again.
    let busy = fails(429, "Retry-After: 0\r\n", "slow down");
    let (result, server) = posted(vec![busy, created(address)]);
    assert_eq!(result.unwrap(), address);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn refusal_is_told_with_a_way_out() {
    let (result, _) = posted(vec![fails(404, "", &format!("Not Found {TOKEN}"))]);
    let error = result.unwrap_err();
    assert_eq!(error.to_string(), "the server says 404: Not Found [secret]");
    assert!(error.hint().unwrap().contains("`GITHUB_TOKEN`"));
}

#[test]
fn address_from_elsewhere_is_not_shown() {
    for odd in ["https://evil.example/7", "https://github.com/a b", ""] {
        let (result, _) = posted(vec![created(odd)]);
        assert_eq!(result, Err(PostError::NoAddress), "{odd}");
    }
    let (result, _) = posted(vec![Step::Answer(201, "", "<html>".to_owned())]);
    assert_eq!(result, Err(PostError::NoAddress));
}
