//! Encryption at rest through the real binary: what is written after `ACTIVE` is unreadable on the disk,
//! a missing key refuses and hides, and comes back (FILE-1, security.md 5).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use roentgen_tests::{Documents, Launch, SEALS_EARLY, Server, eventually};
use serde_json::{Value, json};

const KEY: &str = "1f2e3d4c-0000-4000-8000-123456789abc";
const ARN: &str = "arn:aws:kms:us-east-1:000000000000:key/1f2e3d4c-0000-4000-8000-123456789abc";
/// What a server without its key may say.
const MISSING: [&str; 4] = [
    "an encryption key is not available",
    "the key file is not there",
    "a block waits for its key",
    "request failed",
];

/// Writes the key file in one step.
fn write_key(path: &Path, state: &str) -> Result<()> {
    // 32 times `k`.
    let material = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";
    let text = format!(
        "[[keys]]\nid = \"{KEY}\"\nalias = \"alias/orders\"\nstate = \"{state}\"\nmaterial = \"{material}\"\n"
    );
    let fresh = path.with_extension("fresh");
    fs::write(&fresh, text)?;
    fs::set_permissions(&fresh, fs::Permissions::from_mode(0o600))?;
    Ok(fs::rename(fresh, path)?)
}

fn config(server: &Server) -> Result<Value> {
    Ok(server.ask("EncryptionConfig", &json!({}))?["EncryptionConfig"].clone())
}

/// Changes the configuration and waits until it is active.
fn encrypt(server: &Server, request: &Value) -> Result<Value> {
    let answer = server.ask("PutEncryptionConfig", request)?;
    ensure!(
        answer["EncryptionConfig"]["Status"] == "UPDATING",
        "{answer}"
    );
    eventually("an active configuration", Duration::from_secs(5), || {
        Ok(Some(config(server)?).filter(|config| config["Status"] == "ACTIVE"))
    })
}

/// Every file of the data directory that holds the text.
fn files_with(directory: &Path, text: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files_with(&path, text)?);
            continue;
        }
        // Files come and go while the server works.
        let bytes = fs::read(&path).unwrap_or_default();
        if bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
        {
            found.push(path);
        }
    }
    Ok(found)
}

fn segment(make: &Documents, trace: u32, secret: &str) -> Value {
    let mut segment = make.segment(trace, 1, "shop", 0, 300);
    segment["annotations"] = json!({ "secret": secret });
    segment
}

/// How many documents of a trace are there, and whether it is unprocessed.
fn read(server: &Server, id: &str) -> Result<(usize, bool)> {
    let answer = server.ask("Traces", &json!({ "TraceIds": [id] }))?;
    let traces = answer["Traces"].as_array().context("`Traces` is a list")?;
    let segments = traces
        .first()
        .and_then(|trace| trace["Segments"].as_array());
    let unprocessed = answer["UnprocessedTraceIds"].as_array();
    Ok((
        segments.map_or(0, Vec::len),
        unprocessed.is_some_and(|ids| ids.contains(&json!(id))),
    ))
}

fn await_blocks(server: &Server, blocks: f64) -> Result<()> {
    eventually("blocks", Duration::from_secs(20), || {
        let found = server.metric("roentgen_blocks", "")?;
        let is_sealed = server.metric("roentgen_live_traces", "")? == 0.0;
        Ok((found >= blocks && is_sealed).then_some(()))
    })
}

#[test]
fn encrypted_data_needs_its_key_and_returns_with_it() -> Result<()> {
    let keys = tempfile::tempdir()?;
    let key_file = keys.path().join("keys.toml");
    write_key(&key_file, "enabled")?;
    let key_setting = ("ROENTGEN_ENCRYPTION_KEY_FILE", &*key_file.to_string_lossy());
    let launch = Launch::serve()?
        .settings(&SEALS_EARLY)
        .settings(&[key_setting]);
    let make = Documents::new(77, 60);
    let id = |trace| make.trace_id(trace);

    let server = launch.start()?;
    ensure!(config(&server)? == json!({ "Status": "ACTIVE", "Type": "NONE" }));
    server.put(&[segment(&make, 1, "plain-as-day")])?;
    ensure!(!files_with(server.data_dir(), "plain-as-day")?.is_empty());
    let active = encrypt(&server, &json!({ "Type": "KMS", "KeyId": "alias/orders" }))?;
    ensure!(
        active == json!({ "KeyId": ARN, "Status": "ACTIVE", "Type": "KMS" }),
        "{active}"
    );
    server.put(&[segment(&make, 2, "deep-secret-2")])?;
    await_blocks(&server, 1.0)?;
    server.put(&[segment(&make, 3, "deep-secret-3")])?;
    ensure!(files_with(server.data_dir(), "deep-secret")?.is_empty());
    ensure!(read(&server, &id(2))? == (1, false));
    server.kill()?;

    // Killed and started again: the same, and still unreadable on the disk.
    let server = launch.start()?;
    ensure!(config(&server)? == active);
    for trace in [1, 2, 3] {
        ensure!(read(&server, &id(trace))? == (1, false), "trace {trace}");
    }
    ensure!(files_with(server.data_dir(), "deep-secret")?.is_empty());
    server.finish(&[])?;

    without_the_key(&launch, &make, &key_file)
}

/// What the key covers is not there, writes are refused, the rest is served; until the key is back.
fn without_the_key(launch: &Launch, make: &Documents, key_file: &Path) -> Result<()> {
    let id = |trace| make.trace_id(trace);
    fs::remove_file(key_file)?;
    let server = launch.start()?;
    ensure!(read(&server, &id(2))? == (0, true));
    let documents = [segment(make, 4, "refused").to_string()];
    let refused = server.call(
        "TraceSegments",
        &json!({ "TraceSegmentDocuments": documents }),
    )?;
    ensure!(refused.status == 500, "{refused:?}");
    ensure!(server.metric("roentgen_documents_without_key_total", "")? == 1.0);
    let summaries = json!({ "StartTime": make.start_secs - 10, "EndTime": make.start_secs + 60 });
    server.ask("TraceSummaries", &summaries)?;
    server.ask("ServiceGraph", &summaries)?;

    // The key is back, without a restart.
    write_key(key_file, "enabled")?;
    eventually("the traces", Duration::from_secs(10), || {
        let all = [read(&server, &id(2))?, read(&server, &id(3))?];
        Ok((all == [(1, false); 2]).then_some(()))
    })?;
    server.put(&[segment(make, 5, "deep-secret-5")])?;
    other_keys(&server, make, key_file)?;
    server.finish(&MISSING)
}

/// A disabled key is refused; the server's own key, and plain files again.
fn other_keys(server: &Server, make: &Documents, key_file: &Path) -> Result<()> {
    write_key(key_file, "disabled")?;
    let refused = server.call(
        "PutEncryptionConfig",
        &json!({ "Type": "KMS", "KeyId": KEY }),
    )?;
    ensure!(refused.status == 400, "{refused:?}");
    let own = encrypt(server, &json!({ "Type": "KMS", "KeyId": "alias/aws/xray" }))?;
    let arn = own["KeyId"].as_str().unwrap_or_default();
    ensure!(
        arn.starts_with("arn:aws:kms:us-east-1:000000000000:key/") && arn != ARN,
        "{own}"
    );
    server.put(&[segment(make, 6, "deep-secret-6")])?;
    let plain = encrypt(server, &json!({ "Type": "NONE" }))?;
    ensure!(
        plain == json!({ "Status": "ACTIVE", "Type": "NONE" }),
        "{plain}"
    );
    server.put(&[segment(make, 7, "plain-again")])?;
    ensure!(!files_with(server.data_dir(), "plain-again")?.is_empty());
    ensure!(files_with(server.data_dir(), "deep-secret")?.is_empty());
    Ok(())
}

#[test]
fn broken_key_file_is_refused_at_the_start_without_its_secrets() -> Result<()> {
    let keys = tempfile::tempdir()?;
    let key_file = keys.path().join("keys.toml");
    let secret = "c2VjcmV0";
    fs::write(
        &key_file,
        format!("[[keys]]\nid = \"one\"\nmaterial = \"{secret}\"\n"),
    )?;
    let setting = ("ROENTGEN_ENCRYPTION_KEY_FILE", &*key_file.to_string_lossy());
    let (status, text) = Launch::serve()?.settings(&[setting]).refused()?;
    ensure!(status.code() == Some(1), "{status}: {text}");
    let expected = "key 1, `material`: expected 32 bytes in base64, found 6";
    ensure!(text.contains(expected) && !text.contains(secret), "{text}");
    Ok(())
}
