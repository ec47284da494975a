//! Starts that must be refused: what is wrong and what to do stands in the message, the exit code
//! is 1 (2 for wrong usage), and nothing panics.

use std::net::TcpListener;

use anyhow::{Result, ensure};
use roentgen_tests::Launch;

/// Asserts that `launch` is refused with `code` and that its output contains all of `texts`.
fn refused(launch: &Launch, code: i32, texts: &[&str]) -> Result<()> {
    let (status, output) = launch.refused()?;
    ensure!(
        status.code() == Some(code),
        "ended with {status}:\n{output}"
    );
    ensure!(!output.contains("panicked"), "{output}");
    for text in texts {
        ensure!(output.contains(text), "`{text}` is missing from:\n{output}");
    }
    Ok(())
}

#[test]
fn start_names_the_port_that_is_taken() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    refused(
        &Launch::serve()?.flags(&["--http", &address]),
        1,
        &[&address],
    )?;
    for flag in ["--daemon", "--otlp-grpc", "--otlp-http"] {
        refused(&Launch::serve()?.flags(&[flag, &address]), 1, &[&address])?;
    }
    Ok(())
}

#[test]
fn start_names_the_data_directory_that_is_in_use() -> Result<()> {
    let launch = Launch::serve()?;
    let server = launch.start()?;
    let directory = launch.data_dir().to_string_lossy().into_owned();
    refused(&launch, 1, &[&directory])?;
    server.finish(&[])
}

#[test]
fn start_names_the_data_directory_that_cannot_be_made() -> Result<()> {
    // Below a plain file no directory can be made, not even by root.
    let file = tempfile::NamedTempFile::new()?;
    let below = file.path().join("data").to_string_lossy().into_owned();
    refused(
        &Launch::serve()?.flags(&["--data-dir", &below]),
        1,
        &[&below],
    )
}

#[test]
fn start_refuses_wrong_usage_with_code_2() -> Result<()> {
    refused(
        &Launch::serve()?.flags(&["--no-such-flag"]),
        2,
        &["--no-such-flag"],
    )?;
    refused(
        &Launch::serve()?.flags(&["--http", "nonsense"]),
        2,
        &["nonsense"],
    )
}

#[test]
fn start_refuses_to_listen_beyond_loopback_without_authentication() -> Result<()> {
    // Wrong usage: the configuration is judged before any address is opened.
    refused(
        &Launch::serve()?.flags(&["--http", "0.0.0.0:0"]),
        2,
        &["0.0.0.0:0", "auth"],
    )
}
