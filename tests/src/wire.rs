//! HTTP as bytes and as calls.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use ureq::Agent;

/// The longest a call may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

static AGENT: LazyLock<Agent> = LazyLock::new(|| {
    Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE))
        .proxy(None)
        .build()
        .into()
});

/// An answer of the API.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The header `x-amzn-ErrorType`; empty without one.
    pub error_type: String,
    /// The header `x-amzn-RequestId`; empty without one.
    pub request_id: String,
    /// The body; null when it is no JSON.
    pub body: Value,
}

/// Posts `body` to `/path`.
pub(crate) fn call(server: SocketAddr, path: &str, body: &Value) -> Result<Reply> {
    let mut response = AGENT
        .post(format!("http://{server}/{path}"))
        .content_type("application/json")
        .send(body.to_string().as_bytes())
        .with_context(|| format!("call `{path}`"))?;
    let header = |name: &str| {
        let value = response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (error_type, request_id) = (header("x-amzn-ErrorType"), header("x-amzn-RequestId"));
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(256 << 20)
        .read_to_string()
        .with_context(|| format!("read the answer of `{path}`"))?;
    let body = serde_json::from_str(&body).unwrap_or_default();
    Ok(Reply {
        status,
        error_type,
        request_id,
        body,
    })
}

/// Gets `path` and returns the body of a 200.
pub(crate) fn get(server: SocketAddr, path: &str) -> Result<String> {
    let mut response = AGENT.get(format!("http://{server}{path}")).call()?;
    ensure!(
        response.status() == 200,
        "`{path}` answered {}",
        response.status()
    );
    Ok(response.body_mut().read_to_string()?)
}

/// Returns an HTTP/1.1 request with the given header lines, a length and `Connection: close`.
#[must_use]
pub fn http_request(method: &str, path: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    for header in headers {
        request.push_str(header);
        request.push_str("\r\n");
    }
    request.push_str(&format!(
        "Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    ));
    let mut request = request.into_bytes();
    request.extend_from_slice(body);
    request
}

/// Sends `bytes` as they are and returns what comes back until the server closes.
///
/// # Errors
/// When the connection fails, or the server neither answers nor closes in time.
pub fn exchange(server: SocketAddr, bytes: &[u8]) -> Result<Reply> {
    let mut stream = TcpStream::connect(server).context("connect")?;
    receive(&mut stream, bytes)
}

/// As [`exchange`], but the client says that nothing more will come: a body that is shorter than
/// announced then stays so.
///
/// # Errors
/// As for [`exchange`].
pub fn exchange_and_hang_up(server: SocketAddr, bytes: &[u8]) -> Result<Reply> {
    let mut stream = TcpStream::connect(server).context("connect")?;
    stream.write_all(bytes).context("send")?;
    stream.shutdown(Shutdown::Write).context("hang up")?;
    receive(&mut stream, &[])
}

fn receive(stream: &mut TcpStream, bytes: &[u8]) -> Result<Reply> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    // A server may answer and close before it has read all of a body it refuses.
    let sent = stream.write_all(bytes);
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    if answer.is_empty() {
        sent.context("send")?;
        read.context("read the answer")?;
    }
    Ok(parse(&String::from_utf8_lossy(&answer)))
}

fn parse(answer: &str) -> Reply {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    let header = |wanted: &str| {
        let mut headers = head.lines().filter_map(|line| line.split_once(':'));
        let found = headers.find(|(name, _)| name.eq_ignore_ascii_case(wanted));
        found
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    Reply {
        status: head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .unwrap_or_default(),
        error_type: header("x-amzn-ErrorType"),
        request_id: header("x-amzn-RequestId"),
        body: serde_json::from_str(body).unwrap_or_default(),
    }
}
