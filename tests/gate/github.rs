//! As much of GitHub's API as the scripts of the actions ask, on this machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What the server knows, and what it was asked.
#[derive(Default)]
pub(crate) struct State {
    /// Comments of the pull request 7.
    pub(crate) comments: Vec<Value>,
    /// Open pull requests.
    pub(crate) pulls: Vec<Value>,
    /// The artifact of the run, zipped.
    pub(crate) artifact: Option<Vec<u8>>,
    /// Method and path of each request, and whether it had the token.
    pub(crate) requests: Vec<(String, bool)>,
    /// Whether writing is refused.
    pub(crate) is_read_only: bool,
}

/// The server. It listens as long as the test process lives.
pub(crate) struct GitHub {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl GitHub {
    pub(crate) fn new(state: State) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                serve(stream.unwrap(), port, &shared);
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/api", self.port)
    }

    /// Looks at the state, or changes it.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap())
    }
}

/// A comment of the bot, or of somebody else.
pub(crate) fn comment(id: u64, login: &str, kind: &str, body: &str) -> Value {
    json!({"id": id, "user": {"login": login, "type": kind}, "body": body})
}

fn serve(mut stream: TcpStream, port: u16, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    let (mut length, mut has_token) = (0, false);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let header = header.trim().to_lowercase();
        if header.is_empty() {
            break;
        }
        has_token |= header == "authorization: bearer the-token";
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let mut words = line.split(' ');
    let (method, target) = (words.next().unwrap(), words.next().unwrap());
    let mut state = state.lock().unwrap();
    state
        .requests
        .push((format!("{method} {target}"), has_token));
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let (status, headers, answer) = answer(&mut state, method, target, &body, port);
    let head = format!(
        "HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    // The other side may have had enough.
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(&answer);
}

fn answer(
    state: &mut State,
    method: &str,
    target: &str,
    body: &Value,
    port: u16,
) -> (u16, String, Vec<u8>) {
    let json = |status: u16, value: &Value| (status, String::new(), value.to_string().into_bytes());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let asked = |name: &str| {
        let mut parts = query.split('&').filter_map(|part| part.split_once('='));
        parts
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    };
    if path == "/blob" {
        return (200, String::new(), state.artifact.clone().unwrap());
    }
    let path = path.strip_prefix("/api/repos/school/courses").unwrap_or("");
    if method != "GET" && state.is_read_only {
        return json(
            403,
            &json!({"message": "Resource not accessible by integration"}),
        );
    }
    match (method, path) {
        ("GET", "/issues/7/comments") => {
            let page: usize = asked("page").unwrap().parse().unwrap();
            let size: usize = asked("per_page").unwrap().parse().unwrap();
            let page = state.comments.iter().skip((page - 1) * size).take(size);
            json(200, &page.cloned().collect())
        }
        ("POST", "/issues/7/comments") => {
            let id = 1000 + state.comments.len() as u64;
            let text = body["body"].as_str().unwrap();
            state
                .comments
                .push(comment(id, "github-actions[bot]", "Bot", text));
            json(201, &json!({"id": id}))
        }
        ("PATCH", path) if path.starts_with("/issues/comments/") => {
            let id: u64 = path.rsplit('/').next().unwrap().parse().unwrap();
            let comment = state.comments.iter_mut().find(|it| it["id"] == id).unwrap();
            comment["body"] = body["body"].clone();
            json(200, &json!({"id": id}))
        }
        ("GET", "/pulls") => {
            let head = asked("head")
                .unwrap()
                .to_lowercase()
                .replace("%3a", ":")
                .replace("%2f", "/");
            let pulls = state.pulls.iter().filter(|pull| {
                let owner = pull["head"]["repo"]["full_name"].as_str().unwrap();
                let owner = owner.split('/').next().unwrap();
                head == format!("{owner}:{}", pull["head"]["ref"].as_str().unwrap())
            });
            json(200, &pulls.cloned().collect())
        }
        ("GET", path) if path.starts_with("/actions/runs/") => {
            let artifacts = state.artifact.iter().map(|it| {
                json!({"id": 5, "name": "mastery-gate", "expired": false, "size_in_bytes": it.len()})
            });
            json(200, &json!({"artifacts": artifacts.collect::<Vec<_>>()}))
        }
        // What is stored lies elsewhere, where the token has no business.
        ("GET", "/actions/artifacts/5/zip") => (
            302,
            format!("location: http://localhost:{port}/blob\r\n"),
            Vec::new(),
        ),
        _ => json(404, &json!({"message": format!("{method} {target}")})),
    }
}
