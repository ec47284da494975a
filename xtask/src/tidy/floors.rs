//! Reads the manifests: who may depend on whom, and on what.

use toml::{Table, Value};

use super::Findings;
use super::repository::Repository;

/// The floors of the house. Arrows point down only; crates of one floor do not know each other.
const FLOORS: &[(&str, u8)] = &[
    ("roentgen-model", 0),
    ("roentgen-store", 1),
    ("roentgen-control", 1),
    ("roentgen-query", 2),
    ("roentgen-api", 3),
    ("roentgen-otlp", 3),
    ("roentgen-daemon", 3),
    ("roentgen", 4),
    // Beside the house: they may look at all of it, and nobody looks at them.
    ("roentgen-bench", 5),
    ("roentgen-tests", 5),
    ("xtask", 5),
];

/// Dependencies that cost build time or carry an architecture decision, and who may have them.
const HEAVY: &[(&str, &[&str])] = &[
    ("arrow", &["roentgen-store", "roentgen-bench"]),
    ("parquet", &["roentgen-store", "roentgen-bench"]),
    ("sqlx", &["roentgen-store", "roentgen-control"]),
    ("axum", &["roentgen-api", "roentgen-otlp", "roentgen"]),
    ("tonic", &["roentgen-otlp"]),
    ("hyper", &["roentgen", "roentgen-bench"]),
    (
        "tokio",
        &[
            "roentgen-store",
            "roentgen-control",
            "roentgen-query",
            "roentgen-api",
            "roentgen-otlp",
            "roentgen-daemon",
            "roentgen",
            "roentgen-bench",
        ],
    ),
    ("clap", &["roentgen", "roentgen-bench"]),
    (
        "anyhow",
        &["roentgen", "roentgen-bench", "roentgen-tests", "xtask"],
    ),
];

/// A crate's manifest.
struct Manifest {
    path: String,
    name: String,
    table: Table,
}

/// One line of a `[dependencies]` table of any kind.
struct Dependency<'a> {
    kind: &'static str,
    name: &'a str,
    value: &'a Value,
}

impl Manifest {
    fn dependencies(&self) -> Vec<Dependency<'_>> {
        let targets = self.table.get("target").and_then(Value::as_table);
        let targets = targets.into_iter().flat_map(|targets| targets.values());
        let mut found = Vec::new();
        for table in targets.filter_map(Value::as_table).chain([&self.table]) {
            for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
                let section = table.get(kind).and_then(Value::as_table);
                for (name, value) in section.into_iter().flatten() {
                    found.push(Dependency { kind, name, value });
                }
            }
        }
        found
    }
}

/// Reads every crate's manifest; the second part says which could not be read.
fn manifests(repository: &Repository) -> (Vec<Manifest>, Findings) {
    let mut manifests = Vec::new();
    let mut findings = Findings::new();
    for file in repository.with_suffix("/Cargo.toml") {
        let name = |table: &Table| Some(table.get("package")?.get("name")?.as_str()?.to_owned());
        match file
            .text
            .parse::<Table>()
            .map(|table| (name(&table), table))
        {
            Ok((Some(name), table)) => {
                manifests.push(Manifest {
                    path: file.path.clone(),
                    name,
                    table,
                });
            }
            Ok((None, _)) => findings.push(format!("{}: no package name", file.path)),
            Err(error) => findings.push(format!("{}: {error}", file.path)),
        }
    }
    (manifests, findings)
}

fn floor(name: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, floor)| *floor)
}

/// Every dependency inside the workspace must lie on a lower floor.
pub(super) fn check_floors(repository: &Repository) -> Findings {
    let (manifests, mut findings) = manifests(repository);
    for manifest in &manifests {
        let Manifest { path, name, .. } = manifest;
        let Some(own) = floor(name) else {
            findings.push(format!(
                "{path}: `{name}` has no floor; give it one in xtask's table"
            ));
            continue;
        };
        for Dependency {
            kind, name: other, ..
        } in manifest.dependencies()
        {
            if floor(other).is_some_and(|other| other >= own) {
                findings.push(format!(
                    "{path}: `{name}` (floor {own}) must not know `{other}` ({kind}): arrows \
                     point down only"
                ));
            }
        }
    }
    findings
}

/// A heavy dependency stays in the crates that were given it.
pub(super) fn check_heavy_dependencies(repository: &Repository) -> Findings {
    let (manifests, _) = manifests(repository);
    let mut findings = Findings::new();
    for manifest in &manifests {
        for Dependency { kind, name, .. } in manifest.dependencies() {
            let heavy = HEAVY.iter().find(|(heavy, _)| *heavy == name);
            // What only a test of the crate itself needs burdens nobody above it.
            let is_runtime = kind != "dev-dependencies";
            if heavy.is_some_and(|(_, may)| is_runtime && !may.contains(&manifest.name.as_str())) {
                findings.push(format!(
                    "{}: `{name}` is a heavy dependency that `{}` was not given",
                    manifest.path, manifest.name
                ));
            }
        }
    }
    findings
}

/// Versions and lints live in the workspace; a folder is named as its package.
pub(super) fn check_manifests(repository: &Repository) -> Findings {
    let (manifests, _) = manifests(repository);
    let mut findings = Findings::new();
    let inherits = |value: Option<&Value>| {
        value?
            .get("workspace")?
            .as_bool()
            .filter(|inherits| *inherits)
    };
    for Manifest { path, name, table } in &manifests {
        let folder = path
            .strip_prefix("crates/")
            .and_then(|rest| rest.strip_suffix("/Cargo.toml"));
        if folder.is_some_and(|folder| folder != name) {
            findings.push(format!(
                "{path}: the folder must be named `{name}`, as the package"
            ));
        }
        if inherits(table.get("lints")).is_none() {
            findings.push(format!("{path}: `[lints] workspace = true` is missing"));
        }
    }
    for manifest in &manifests {
        for Dependency { name, value, .. } in manifest.dependencies() {
            if inherits(Some(value)).is_none() {
                findings.push(format!(
                    "{}: `{name}` must take its version from the workspace",
                    manifest.path
                ));
            }
        }
    }
    findings
}
