//! The real clients, as `cargo xtask test` installs them under the target directory.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::eventually;
use crate::server::target_dir;

/// Credentials that mean nothing, and no way to find others.
const ENVIRONMENT: [(&str, &str); 10] = [
    ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
    ("AWS_DEFAULT_REGION", "us-east-1"),
    ("AWS_REGION", "us-east-1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ("AWS_PAGER", ""),
    ("NO_PROXY", "*"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
];

/// An installed client.
#[derive(Debug, Clone)]
pub struct Client {
    program: PathBuf,
    modules: Option<PathBuf>,
}

/// Returns the Python environment, or nothing when it is not installed.
///
/// # Errors
/// When it is not installed but `ROENTGEN_TEST_CLIENTS=required`.
pub fn python() -> Result<Option<Client>> {
    let dir = target_dir()?.join("clients/venv");
    let client = Client {
        program: dir.join("bin/python"),
        modules: None,
    };
    found("the Python clients", &dir, client)
}

/// Returns Node with the modules of the Express application, or nothing when not installed.
///
/// # Errors
/// When it is not installed but `ROENTGEN_TEST_CLIENTS=required`.
pub fn node() -> Result<Option<Client>> {
    let dir = target_dir()?.join("clients/node");
    let client = Client {
        program: "node".into(),
        modules: Some(dir.join("node_modules")),
    };
    found("the Node clients", &dir, client)
}

/// Returns the shop in Java, or nothing when it is not installed.
///
/// # Errors
/// When it is not installed but `ROENTGEN_TEST_CLIENTS=required`.
pub fn java() -> Result<Option<Client>> {
    shop("the Java client", "clients/java")
}

/// Returns the shop in Go, or nothing when it is not installed.
///
/// # Errors
/// When it is not installed but `ROENTGEN_TEST_CLIENTS=required`.
pub fn go() -> Result<Option<Client>> {
    shop("the Go client", "clients/go")
}

/// Returns the shop in Java with OpenTelemetry's agent, or nothing when it is not installed.
///
/// # Errors
/// When it is not installed but `ROENTGEN_TEST_CLIENTS=required`.
pub fn java_otel() -> Result<Option<Client>> {
    shop("the Java client of OpenTelemetry", "clients/java-otel")
}

/// Returns the shop in Go with OpenTelemetry's SDK, or nothing when it is not installed.
///
/// # Errors
/// When it is not installed but `ROENTGEN_TEST_CLIENTS=required`.
pub fn go_otel() -> Result<Option<Client>> {
    shop("the Go client of OpenTelemetry", "clients/go-otel")
}

/// A client that is one program, `shop`.
fn shop(name: &str, dir: &str) -> Result<Option<Client>> {
    let dir = target_dir()?.join(dir);
    let client = Client {
        program: dir.join("shop"),
        modules: None,
    };
    found(name, &dir, client)
}

fn found(name: &str, dir: &Path, client: Client) -> Result<Option<Client>> {
    // What the installation writes last.
    if dir.join("installed-from.txt").is_file() {
        return Ok(Some(client));
    }
    if std::env::var("ROENTGEN_TEST_CLIENTS").is_ok_and(|value| value == "required") {
        bail!("{name} are not installed, and this run requires them");
    }
    // Past the test harness, which keeps the output of a test that passes to itself.
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    writeln!(
        std::io::stderr(),
        "SKIPPED {test}: {name} are not installed; `cargo xtask test` installs them"
    )?;
    Ok(None)
}

impl Client {
    /// Returns a command of a program installed beside the interpreter (`aws`), or of a script
    /// under `tests/clients/`; with credentials that mean nothing and no way out of the machine.
    #[must_use]
    pub fn command(&self, script_or_program: &str) -> Command {
        let scripts = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/clients"));
        let mut command = if script_or_program.contains('.') {
            let mut command = Command::new(&self.program);
            command.arg(scripts.join(script_or_program));
            command
        } else {
            Command::new(self.program.with_file_name(script_or_program))
        };
        self.prepare(&mut command);
        command
    }

    /// Returns a bash that runs `script`, finding the clients' programs first.
    #[must_use]
    pub fn shell(&self, script: &str) -> Command {
        let mut command = Command::new("bash");
        command.args(["-c", script]);
        self.prepare(&mut command);
        command
    }

    fn prepare(&self, command: &mut Command) {
        if let Some(modules) = &self.modules {
            command.env("NODE_PATH", modules);
        }
        if let Some(programs) = self.program.parent().filter(|dir| dir.is_absolute()) {
            let inherited = std::env::var("PATH").unwrap_or_default();
            command.env("PATH", format!("{}:{inherited}", programs.display()));
        }
        command.envs(ENVIRONMENT).stdin(Stdio::null());
    }

    /// Runs a command of [`Client::command`] to its end and returns its standard output.
    ///
    /// # Errors
    /// When it fails, with what it printed, or runs for more than five minutes.
    pub fn run(&self, command: &mut Command) -> Result<String> {
        let mut output = tempfile::NamedTempFile::new()?;
        let mut errors = tempfile::NamedTempFile::new()?;
        let mut child = command
            .stdout(output.reopen()?)
            .stderr(errors.reopen()?)
            .spawn()
            .with_context(|| format!("start {command:?}"))?;
        let ended = eventually("a client", Duration::from_secs(300), || {
            Ok(child.try_wait()?)
        });
        if ended.is_err() {
            child.kill()?;
            child.wait()?;
        }
        let output = read(&mut output)?;
        let errors = read(&mut errors)?;
        let words: Vec<_> = command
            .get_args()
            .map(|word| word.to_string_lossy())
            .collect();
        let printed = || format!("`{}` printed:\n{output}\n{errors}", words.join(" "));
        let status = ended.with_context(printed)?;
        ensure!(status.success(), "{status}: {}", printed());
        Ok(output)
    }

    /// Starts an application that prints the port it listens on as a line of its own; what its SDK
    /// prints before is passed over.
    ///
    /// # Errors
    /// When it ends without.
    pub fn start(&self, command: &mut Command) -> Result<Application> {
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start {command:?}"))?;
        let mut output = BufReader::new(child.stdout.take().context("take standard output")?);
        let mut application = Application { child, port: 0 };
        let mut printed = String::new();
        application.port = loop {
            let mut line = String::new();
            let read = output.read_line(&mut line)?;
            ensure!(read > 0, "no line is a port:\n{printed}");
            if let Ok(port) = line.trim().parse() {
                break port;
            }
            printed += &line;
        };
        // Keep the pipe drained, or an application that prints would stop.
        std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
        Ok(application)
    }
}

/// An instrumented application; killed when dropped.
#[derive(Debug)]
pub struct Application {
    child: Child,
    /// Where it listens, on loopback.
    pub port: u16,
}

impl Drop for Application {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read(file: &mut tempfile::NamedTempFile) -> Result<String> {
    Ok(String::from_utf8_lossy(&std::fs::read(file.path())?).into_owned())
}
