//! Installs the real clients that the black-box tests drive: a Python environment with boto3,
//! the AWS CLI, Flask, Powertools, the X-Ray SDK and OpenTelemetry's, the Node modules of the Express
//! applications, and the shops in Java and in Go, of each one with X-Ray's SDK and one with
//! OpenTelemetry's; and the browser that looks at the console.
//!
//! All but Debian's own packages are pinned (`tests/clients/`), live under the target directory, and are installed again
//! only when their pins or sources change. What comes from Maven and from the Go proxy stays in
//! those tools' own caches, so another checkout needs no network.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::steps::{repository_root, step, succeed, target_dir};

/// Installs every client; does nothing when they are there.
///
/// # Errors
/// When Python or Node is missing, or a package cannot be installed.
pub(crate) fn install() -> Result<()> {
    step("python clients", install_python)?;
    step("node clients", install_node)?;
    step("java client", || install_java("java", "Shop", ""))?;
    let agent = "-javaagent:$here/jars/opentelemetry-javaagent-2.33.1.jar ";
    step("java client, OpenTelemetry", || {
        install_java("java-otel", "OtelShop", agent)
    })?;
    step("go client", || install_go("go"))?;
    step("go client, OpenTelemetry", || install_go("go-otel"))?;
    step("browser", install_browser)
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
                // All that is needed has its pin, and AWS's distribution of OpenTelemetry asks for
                // instrumentations of fifty libraries that are not here.
                "--no-deps",
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
    install_packages(&["python3-venv"])?;
    create()
}

/// Installs Debian packages.
fn install_packages(names: &[&str]) -> Result<()> {
    succeed(Command::new("apt-get").args(["update", "--quiet"]))
        .and_then(|()| {
            let mut install = Command::new("apt-get");
            install.args(["install", "--yes", "--quiet", "--no-install-recommends"]);
            succeed(install.args(names))
        })
        .with_context(|| format!("install {names:?} by hand, then try again"))
}

/// Installs `packages` unless all `programs` start.
fn require(programs: &[&str], packages: &[&str]) -> Result<()> {
    let starts = |program: &&str| {
        // Go has a word where the others have a flag.
        let version = if *program == "go" {
            "version"
        } else {
            "--version"
        };
        let mut command = Command::new(program);
        let status = command
            .arg(version)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        status.status().is_ok_and(|status| status.success())
    };
    if programs.iter().all(starts) {
        return Ok(());
    }
    println!("not all of {programs:?} are here; trying to install Debian's {packages:?}");
    install_packages(packages)
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

/// Installs the shop of `folder`, whose program is `class`; `options` are the virtual machine's.
fn install_java(folder: &str, class: &str, options: &str) -> Result<()> {
    let source = repository_root().join("tests/clients").join(folder);
    let [pom, sums] = ["pom.xml", "checksums.txt"].map(|name| source.join(name));
    let shop = source.join(class).with_extension("java");
    let java = clients_dir().join(folder);
    let installed = Installed::of(&java, &[&pom, &sums, &shop])?;
    if installed.is_current() {
        println!("already installed");
        return Ok(());
    }
    require(
        &["java", "javac", "mvn"],
        &["default-jdk-headless", "maven"],
    )?;
    remove_dir(&java)?;
    let jars = java.join("jars");
    fs::create_dir_all(&jars).context("create the Java client's directory")?;
    let mut fetch = Command::new("mvn");
    fetch
        .args(["--quiet", "--batch-mode", "--strict-checksums", "--file"])
        .arg(&pom)
        .arg("dependency:copy-dependencies")
        .arg(format!("-DoutputDirectory={}", jars.display()));
    succeed(&mut fetch)?;
    let mut check = Command::new("sha256sum");
    check.args(["--check", "--strict", "--quiet"]).arg(&sums);
    succeed(check.current_dir(&jars)).context("a jar differs from its pin")?;
    check_none_unpinned(&jars, &sums)?;
    let mut compile = Command::new("javac");
    compile.args(["-encoding", "UTF-8", "-Xlint:all,-serial", "-Werror", "-d"]);
    compile.arg(java.join("classes")).arg("-cp");
    succeed(compile.arg(jars.join("*")).arg(&shop))?;
    launcher(&java.join("shop"), class, options)?;
    installed.record()
}

/// Refuses jars that `sums` does not name.
fn check_none_unpinned(jars: &Path, sums: &Path) -> Result<()> {
    let pinned = fs::read_to_string(sums)?;
    let pinned: Vec<&str> = pinned
        .lines()
        .filter_map(|line| line.split("  ").nth(1))
        .collect();
    for jar in fs::read_dir(jars)? {
        let name = jar?.file_name();
        ensure!(
            pinned.iter().any(|pin| name == *pin),
            "`{}` has no pin in checksums.txt",
            name.display()
        );
    }
    Ok(())
}

/// Writes a program that starts the shop beside it, quickly and small.
fn launcher(path: &Path, class: &str, options: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let script = format!(
        "#!/bin/sh\n\
        here=$(dirname \"$0\")\n\
        exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx128m \\\n  \
        {options}-cp \"$here/classes:$here/jars/*\" {class}\n"
    );
    fs::write(path, script).context("write the shop's launcher")?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .context("make the shop's launcher executable")
}

/// Builds the shop of `folder`.
fn install_go(folder: &str) -> Result<()> {
    let source = repository_root().join("tests/clients").join(folder);
    let [module, sums, shop] = ["go.mod", "go.sum", "main.go"].map(|name| source.join(name));
    let go = clients_dir().join(folder);
    let installed = Installed::of(&go, &[&module, &sums, &shop])?;
    if installed.is_current() {
        println!("already installed");
        return Ok(());
    }
    require(&["go"], &["golang-go", "ca-certificates"])?;
    remove_dir(&go)?;
    fs::create_dir_all(&go).context("create the Go client's directory")?;
    let mut build = Command::new("go");
    build
        .args(["build", "-mod=readonly", "-trimpath", "-o"])
        .arg(go.join("shop"))
        .arg(".");
    succeed(build.current_dir(&source).env("CGO_ENABLED", "0"))?;
    installed.record()
}

/// Chromium, and a typeface for it to draw with, which it only recommends.
fn install_browser() -> Result<()> {
    require(&["chromium"], &["chromium", "fonts-liberation"])
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
