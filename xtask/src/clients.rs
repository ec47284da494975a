//! Installs the real clients that the black-box tests drive: a Python environment with boto3,
//! the AWS CLI, Flask and the X-Ray SDK, and the Node modules of the Express application.
//!
//! Both are pinned (`tests/clients/`), live under the target directory, and are installed again
//! only when their pins change.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::steps::{repository_root, step, succeed, target_dir};

/// Installs every client; does nothing when they are there.
///
/// # Errors
/// When Python or Node is missing, or a package cannot be installed.
pub(crate) fn install() -> Result<()> {
    step("python clients", install_python)?;
    step("node clients", install_node)
}

fn install_python() -> Result<()> {
    let requirements = repository_root().join("tests/clients/python/requirements.txt");
    let venv = clients_dir().join("venv");
    let installed = Installed::of(&venv, &[&requirements])?;
    if installed.is_current() {
        println!("already installed");
        return Ok(());
    }
    remove_dir(&venv)?;
    fs::create_dir_all(clients_dir()).context("create the clients' directory")?;
    create_venv(&venv)?;
    succeed(
        Command::new(venv.join("bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args([OsStr::new("--requirement"), requirements.as_os_str()]),
    )?;
    installed.record()
}

/// Creates the environment; a bare Debian has Python without the module that does it.
fn create_venv(venv: &Path) -> Result<()> {
    let create = || succeed(Command::new("python3").args(["-m", "venv"]).arg(venv));
    let Err(first) = create() else { return Ok(()) };
    println!("{first:#}; trying to install Debian's python3-venv");
    remove_dir(venv)?;
    succeed(Command::new("apt-get").args(["update", "--quiet"]))
        .and_then(|()| {
            succeed(Command::new("apt-get").args(["install", "--yes", "--quiet", "python3-venv"]))
        })
        .context("install Python 3 with its venv module by hand, then try again")?;
    create()
}

fn install_node() -> Result<()> {
    let source = repository_root().join("tests/clients/node");
    let package = source.join("package.json");
    let lock = source.join("package-lock.json");
    let settings = source.join(".npmrc");
    let node = clients_dir().join("node");
    let installed = Installed::of(&node, &[&package, &lock])?;
    if installed.is_current() {
        println!("already installed");
        return Ok(());
    }
    remove_dir(&node)?;
    fs::create_dir_all(&node).context("create the Node clients' directory")?;
    for file in [&package, &lock, &settings] {
        let name = file
            .file_name()
            .expect("each of the three paths ends in a file name");
        fs::copy(file, node.join(name)).with_context(|| format!("copy `{}`", file.display()))?;
    }
    succeed(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&node),
    )
    .context("the Express test needs Node 20 with npm")?;
    installed.record()
}

/// Where the clients live; the black-box tests look here.
fn clients_dir() -> PathBuf {
    target_dir().join("clients")
}

/// The pins a directory was installed from, kept in a file inside it.
struct Installed {
    record: PathBuf,
    pins: String,
}

impl Installed {
    fn of(dir: &Path, sources: &[&Path]) -> Result<Installed> {
        let mut pins = String::new();
        for source in sources {
            pins += &fs::read_to_string(source)
                .with_context(|| format!("read `{}`", source.display()))?;
        }
        Ok(Installed {
            record: dir.join("installed-from.txt"),
            pins,
        })
    }

    fn is_current(&self) -> bool {
        fs::read_to_string(&self.record).is_ok_and(|found| found == self.pins)
    }

    fn record(&self) -> Result<()> {
        fs::write(&self.record, &self.pins).context("record what was installed")
    }
}

fn remove_dir(dir: &Path) -> Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove `{}`", dir.display()))
        }
        _ => Ok(()),
    }
}
