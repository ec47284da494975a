//! The real binary as a child process.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::eventually;
use crate::wire::{Reply, call};

/// How long a start may take. A debug build on a busy machine of two cores needs a second or two.
const START_PATIENCE: Duration = Duration::from_secs(60);

/// How long a clean stop may take, as the process contract says.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// Settings with which a quiet trace is written to a block within a second or so, and log files
/// are small enough to be recycled in a test.
pub const SEALS_EARLY: [(&str, &str); 3] = [
    ("ROENTGEN_STORE_SEAL_IDLE", "200ms"),
    ("ROENTGEN_STORE_SEAL_WAIT", "200ms"),
    ("ROENTGEN_STORE_LOG_FILE_BYTES", "1MiB"),
];

/// What to start: a command, a data directory, flags.
#[derive(Debug)]
pub struct Launch {
    command: &'static str,
    data_dir: Arc<TempDir>,
    flags: Vec<String>,
    settings: Vec<(String, String)>,
}

impl Launch {
    /// Returns a launch of `roentgen serve` with an empty data directory of its own.
    ///
    /// # Errors
    /// When the directory cannot be created.
    pub fn serve() -> Result<Launch> {
        let data_dir = tempfile::Builder::new()
            .prefix("roentgen-test-")
            .tempdir()?;
        Ok(Launch {
            command: "serve",
            data_dir: Arc::new(data_dir),
            flags: Vec::new(),
            settings: Vec::new(),
        })
    }

    /// Returns a launch of `roentgen demo`.
    ///
    /// # Errors
    /// When the data directory cannot be created.
    pub fn demo() -> Result<Launch> {
        Ok(Launch {
            command: "demo",
            ..Launch::serve()?
        })
    }

    /// Returns a launch of `roentgen export` on the same data directory.
    #[must_use]
    pub fn export(&self) -> Launch {
        Launch {
            command: "export",
            data_dir: Arc::clone(&self.data_dir),
            flags: Vec::new(),
            settings: Vec::new(),
        }
    }

    /// Adds flags.
    #[must_use]
    pub fn flags(mut self, flags: &[&str]) -> Launch {
        self.flags
            .extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Sets the environment variables of settings that have no flag.
    #[must_use]
    pub fn settings(mut self, settings: &[(&str, &str)]) -> Launch {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.settings.extend(settings.iter().map(owned));
        self
    }

    /// Returns the data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// Starts the binary and waits until it says it is ready.
    ///
    /// # Errors
    /// When it ends or is not ready in time; its log is part of the message.
    pub fn start(&self) -> Result<Server> {
        let endpoints_file = self.data_dir().join("endpoints.json");
        // What an earlier process wrote there says nothing about this one.
        let _ = fs::remove_file(&endpoints_file);
        let mut child = self
            .command()?
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("start roentgen")?;
        let log = Log::default();
        let readers = vec![
            log.follow(child.stdout.take().context("take standard output")?),
            log.follow(child.stderr.take().context("take standard error")?),
        ];
        let mut server = Server {
            child,
            log,
            readers,
            data_dir: Arc::clone(&self.data_dir),
            http: SocketAddr::from(([127, 0, 0, 1], 0)),
            daemon: SocketAddr::from(([127, 0, 0, 1], 0)),
            otlp_grpc: None,
            otlp_http: None,
        };
        server.await_ready(&endpoints_file)?;
        Ok(server)
    }

    /// Runs the binary expecting that it refuses to start; returns its exit status and output.
    ///
    /// # Errors
    /// When it is still running after ten seconds.
    pub fn refused(&self) -> Result<(ExitStatus, String)> {
        let mut output = tempfile::tempfile()?;
        let mut child = self
            .command()?
            .stdout(output.try_clone()?)
            .stderr(output.try_clone()?)
            .spawn()
            .context("start roentgen")?;
        let ended = eventually("the refusal", STOP_PATIENCE, || Ok(child.try_wait()?));
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        let text = read_from_start(&mut output)?;
        Ok((
            ended.with_context(|| format!("roentgen said:\n{text}"))?,
            text,
        ))
    }

    fn command(&self) -> Result<Command> {
        let mut command = Command::new(binary()?);
        let data_dir = self.data_dir().to_string_lossy();
        let defaults = [
            ("--data-dir", &*data_dir),
            ("--http", "127.0.0.1:0"),
            ("--daemon", "127.0.0.1:0"),
            ("--otlp-grpc", "127.0.0.1:0"),
            ("--otlp-http", "127.0.0.1:0"),
            ("--log-format", "json"),
        ];
        command
            .arg(self.command)
            .args(&self.flags)
            .stdin(Stdio::null());
        for (flag, value) in defaults {
            if !self.flags.iter().any(|given| given == flag) {
                command.args([flag, value]);
            }
        }
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("ROENTGEN_") || name.starts_with("AWS_") {
                command.env_remove(&*name);
            }
        }
        command.envs(self.settings.iter().map(|(name, value)| (name, value)));
        Ok(command)
    }
}

fn read_from_start(file: &mut File) -> Result<String> {
    use std::io::{Seek, SeekFrom};
    file.seek(SeekFrom::Start(0))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// A running Roentgen. Dropping it kills it; [`Server::finish`] stops it and judges its log.
#[derive(Debug)]
pub struct Server {
    child: Child,
    log: Log,
    readers: Vec<JoinHandle<()>>,
    data_dir: Arc<TempDir>,
    http: SocketAddr,
    daemon: SocketAddr,
    /// Nothing when switched off.
    otlp_grpc: Option<SocketAddr>,
    otlp_http: Option<SocketAddr>,
}

impl Server {
    /// The address of the HTTP API.
    #[must_use]
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// The daemon port: UDP intake and the unsigned TCP proxy.
    #[must_use]
    pub fn daemon(&self) -> SocketAddr {
        self.daemon
    }

    /// Where OpenTelemetry's spans are taken over gRPC.
    ///
    /// # Errors
    /// When that is switched off.
    pub fn otlp_grpc(&self) -> Result<SocketAddr> {
        self.otlp_grpc.context("OTLP over gRPC is off")
    }

    /// Where OpenTelemetry's spans are taken over HTTP.
    ///
    /// # Errors
    /// When that is switched off.
    pub fn otlp_http(&self) -> Result<SocketAddr> {
        self.otlp_http.context("OTLP over HTTP is off")
    }

    /// The URL for `--endpoint-url`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.http)
    }

    /// The data directory.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        self.data_dir.path()
    }

    /// The process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Calls the operation at `path` (`TraceSegments`) with the JSON `body`.
    ///
    /// # Errors
    /// When there is no answer; an error answer is a [`Reply`].
    pub fn call(&self, path: &str, body: &Value) -> Result<Reply> {
        call(self.http, path, body)
    }

    /// As [`Server::call`], for answers that must be 200; returns the body.
    ///
    /// # Errors
    /// When there is no answer or another status.
    pub fn ask(&self, path: &str, body: &Value) -> Result<Value> {
        let reply = self.call(path, body)?;
        ensure!(reply.status == 200, "`{path}` answered {reply:?}");
        Ok(reply.body)
    }

    /// Sends segment documents and expects that all are accepted.
    ///
    /// # Errors
    /// When there is no answer, another status, or an unprocessed document.
    pub fn put(&self, documents: &[Value]) -> Result<()> {
        let documents: Vec<String> = documents.iter().map(Value::to_string).collect();
        let request = serde_json::json!({ "TraceSegmentDocuments": documents });
        let answer = self.ask("TraceSegments", &request)?;
        let unprocessed = answer["UnprocessedTraceSegments"].as_array();
        ensure!(
            unprocessed.is_some_and(Vec::is_empty),
            "documents were refused: {answer}"
        );
        Ok(())
    }

    /// Returns the sum of all series of the Prometheus metric `name` whose labels contain `label`.
    ///
    /// # Errors
    /// When the metrics cannot be read.
    pub fn metric(&self, name: &str, label: &str) -> Result<f64> {
        let text = crate::wire::get(self.http, "/metrics")?;
        let series = text.lines().filter(|line| {
            let rest = line.strip_prefix(name).unwrap_or_default();
            rest.starts_with(['{', ' ']) && line.contains(label)
        });
        Ok(series
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    /// All lines of the log so far.
    #[must_use]
    pub fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Kills the process as `kill -9` does, and waits until it is gone.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Stops the process with SIGTERM; fails unless it exits with 0 in time and its log holds no
    /// WARN or ERROR but lines that contain one of `expected`.
    ///
    /// # Errors
    /// As said, with the log in the message.
    pub fn finish(mut self, expected: &[&str]) -> Result<()> {
        let status = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .context("send SIGTERM")?;
        ensure!(status.success(), "`kill -TERM` ended with {status}");
        let child = &mut self.child;
        let ended = eventually("a clean stop", STOP_PATIENCE, || Ok(child.try_wait()?))?;
        for reader in self.readers.drain(..) {
            let _ = reader.join();
        }
        ensure!(
            ended.success(),
            "roentgen ended with {ended}, its log:\n{}",
            self.log
        );
        let unexpected = self.log.troubles(expected);
        ensure!(
            unexpected.is_empty(),
            "unexpected in the log:\n{}",
            unexpected.join("\n")
        );
        Ok(())
    }

    fn await_ready(&mut self, endpoints_file: &Path) -> Result<()> {
        let ready = eventually("the start", START_PATIENCE, || {
            if let Some(status) = self.child.try_wait()? {
                bail!("roentgen ended with {status}");
            }
            // Half-written or not there yet: look again.
            let Ok(text) = fs::read_to_string(endpoints_file) else {
                return Ok(None);
            };
            let Ok(endpoints) = serde_json::from_str::<Value>(&text) else {
                return Ok(None);
            };
            let address = |name: &str| endpoints[name].as_str()?.parse::<SocketAddr>().ok();
            let (Some(http), Some(daemon)) = (address("http"), address("daemon")) else {
                bail!("`endpoints.json` lacks `http` or `daemon`: {text}");
            };
            (self.http, self.daemon) = (http, daemon);
            (self.otlp_grpc, self.otlp_http) = (address("otlp_grpc"), address("otlp_http"));
            Ok(crate::wire::get(http, "/healthz").ok())
        });
        ready
            .map(|_| ())
            .with_context(|| format!("its log:\n{}", self.log))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server with `flags`, runs `body` on it, stops it and judges its log.
///
/// # Errors
/// That of `body` (with the log), else that of [`Server::finish`].
pub fn with_server(flags: &[&str], body: impl FnOnce(&Server) -> Result<()>) -> Result<()> {
    let server = Launch::serve()?.flags(flags).start()?;
    body(&server).with_context(|| format!("its log:\n{}", server.log))?;
    server.finish(&[])
}

/// What a process wrote, line by line.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn follow(&self, from: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                log.0
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .push(line);
            }
        })
    }

    fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The WARN and ERROR lines, panics included, that contain none of `expected`.
    fn troubles(&self, expected: &[&str]) -> Vec<String> {
        let is_trouble = |line: &String| {
            let level = serde_json::from_str::<Value>(line)
                .ok()
                .and_then(|line| Some(line["level"].as_str()?.to_owned()));
            match level.as_deref() {
                Some("WARN" | "ERROR") => true,
                Some(_) => false,
                None => line.contains("panicked at") || line.contains(" ERROR "),
            }
        };
        let is_expected = |line: &String| expected.iter().any(|expected| line.contains(expected));
        self.lines()
            .into_iter()
            .filter(|line| is_trouble(line) && !is_expected(line))
            .collect()
    }
}

impl std::fmt::Display for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

/// Returns the directory cargo builds into: two above the directory of this test's executable.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let own = std::env::current_exe().context("find the test's own executable")?;
    let dir = own
        .ancestors()
        .nth(3)
        .context("find the target directory")?;
    Ok(dir.to_path_buf())
}

/// Returns the binary under test, built from the sources as they are.
///
/// `CARGO_BIN_EXE_…` exists only inside the binary's own package, and `cargo test` builds a binary
/// only where its own package has integration tests; so it is built here, once a run, which is
/// nothing when it is up to date.
fn binary() -> Result<PathBuf> {
    static BINARY: OnceLock<std::result::Result<PathBuf, String>> = OnceLock::new();
    let built = BINARY.get_or_init(|| build().map_err(|error| format!("{error:#}")));
    built.clone().map_err(anyhow::Error::msg)
}

fn build() -> Result<PathBuf> {
    let own = std::env::current_exe().context("find the test's own executable")?;
    let profile = own
        .parent()
        .and_then(Path::parent)
        .context("find the profile's directory")?;
    let output = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--workspace", "--bins", "--target-dir"])
        .arg(target_dir()?)
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .stdin(Stdio::null())
        .output()
        .context("start cargo")?;
    let errors = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "the binary does not build:\n{errors}"
    );
    let binary = profile.join("roentgen");
    ensure!(binary.is_file(), "`{}` was not built", binary.display());
    Ok(binary)
}
