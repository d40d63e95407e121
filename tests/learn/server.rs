//! A server on this machine that speaks HTTP as well or as badly as a test wants.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

/// What the server does with one request.
pub(crate) enum Step {
    /// Answers with a status, further headers and a body.
    Answer(u16, &'static str, String),
    /// Answers, byte by byte.
    Dribble(String),
    /// Announces more than it sends.
    CutOff,
    /// Sends without end.
    Huge,
    /// Sends what is no HTTP, before anything is asked.
    Garbage,
    /// Does something, and never answers.
    Hang(Box<dyn Fn() + Send>),
}

/// A request that came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Its first line.
    pub(crate) line: String,
    /// In lower case.
    pub(crate) headers: Vec<String>,
    /// `null` for what is no JSON.
    pub(crate) body: Value,
}

impl Request {
    /// The content of a message.
    pub(crate) fn message(&self, index: usize) -> &str {
        self.body["messages"][index]["content"].as_str().unwrap()
    }

    pub(crate) fn has_key(&self) -> bool {
        self.headers.iter().any(|it| it.contains("authorization"))
    }
}

/// The server. It listens as long as the test process lives.
pub(crate) struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Returns one that takes a step for each connection, in order, and closes all further ones.
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            let mut steps = steps.into_iter();
            // What hangs is held open until the process ends.
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(step) = steps.next() else { continue };
                // The other side may be gone; what it makes of that is what is tested.
                let _ = serve(&mut stream, &step, &seen);
                if matches!(step, Step::Hang(_)) {
                    held.push(stream);
                }
            }
        });
        Self { port, requests }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What has come in so far.
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn serve(stream: &mut TcpStream, step: &Step, seen: &Mutex<Vec<Request>>) -> std::io::Result<()> {
    if let Step::Garbage = step {
        // A handshake is not answered in its own language.
        let mut first = [0; 1];
        stream.read_exact(&mut first)?;
        return stream.write_all(b"220 mail.example ESMTP\r\n\r\n");
    }
    let request = read(stream)?;
    seen.lock().unwrap().push(request);
    match step {
        Step::Answer(status, headers, body) => {
            stream.write_all(head(*status, headers, body.len()).as_bytes())?;
            stream.write_all(body.as_bytes())
        }
        Step::Dribble(body) => {
            stream.set_nodelay(true)?;
            let all = head(200, "", body.len()) + body;
            all.bytes().try_for_each(|byte| stream.write_all(&[byte]))
        }
        Step::CutOff => {
            stream.write_all(head(200, "", 1000).as_bytes())?;
            stream.write_all(b"{\"choices\"")
        }
        Step::Huge => {
            stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"a\":\"")?;
            loop {
                stream.write_all(&[b'a'; 8 * 1024])?;
            }
        }
        Step::Hang(action) => {
            action();
            Ok(())
        }
        Step::Garbage => Ok(()),
    }
}

fn head(status: u16, headers: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n"
    )
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        match header.trim_end() {
            "" => break,
            header => headers.push(header.to_lowercase()),
        }
    }
    let mut length = headers.iter();
    let length = length.find_map(|it| it.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |it| it.parse().unwrap())];
    reader.read_exact(&mut body)?;
    Ok(Request {
        line: line.trim_end().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or(Value::Null),
    })
}

/// A model's reply, as a server of the protocol sends it.
pub(crate) fn says(content: &str) -> Step {
    Step::Answer(200, "", completion(content))
}

pub(crate) fn completion(content: &str) -> String {
    json!({
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{
            "index": 0,
            "message": { "role": "assistant", "content": content },
            "finish_reason": "stop",
        }],
        "usage": { "prompt_tokens": 500, "completion_tokens": 40, "total_tokens": 540 },
    })
    .to_string()
}

/// An error, as a server of the protocol sends it.
pub(crate) fn fails(status: u16, headers: &'static str, message: &str) -> Step {
    let body = json!({ "error": { "message": message, "type": "some_error", "code": null } });
    Step::Answer(status, headers, body.to_string())
}
